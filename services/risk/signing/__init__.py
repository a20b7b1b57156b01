"""The report is signed by both sides, and what contradicts the claims is explained before."""
