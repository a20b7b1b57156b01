"""Delivering policies, endorsements, refunds, receipts and invoices, with proof."""
