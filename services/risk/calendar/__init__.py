"""Who goes where and when: the calendar of visits, and giving many of them to another engineer."""
