"""Whether two reports tell of one loss, and which claims are one accident."""
