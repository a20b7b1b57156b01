"""Who may be given a piece of work: the people of the organisation, and what the services say of each."""
