"""What crm keeps of the records of other services."""
