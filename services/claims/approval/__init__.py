"""The approval of a claim level by level (逐级审批): opinions in order, one decision, co-signatures where asked."""
