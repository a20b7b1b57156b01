"""Notices to customers: those of every service in one list, and crm's own, also where a person has to tell them."""
