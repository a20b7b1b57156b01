"""Lawsuits and arbitrations about a claim: their days, the result that fixes the liability, settlements."""
