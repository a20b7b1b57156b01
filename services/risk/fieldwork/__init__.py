"""Work without a connection: what is taken along, and sections sent one by one whenever there is one."""
