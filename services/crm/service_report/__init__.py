"""The service report of a unit's month: made of figures alone, published when the month is over, as page and table."""
