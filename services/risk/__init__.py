"""Risk: surveys, inspections, hazards and the risk files of customers that need one."""
