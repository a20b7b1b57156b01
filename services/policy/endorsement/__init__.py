"""Endorsement: an approved change of a policy is paid for and takes effect as a new version."""
