"""An enquiry: whose it is, what was promised, what was done about it."""
