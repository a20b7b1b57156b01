"""The spine of a complaint: states, registration, owner, recusal, decision, statistics."""
