"""Prevention plans of work-safety liability: what is done against accidents, how often, by whom, agreed in writing."""
