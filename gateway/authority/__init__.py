"""Who may do what: positions and permissions, tables of limits, delegations and rule sets."""
