"""Registration of a claim and the history of its reserve."""
