"""Policies: applications, versions, documents and money of the contract."""
