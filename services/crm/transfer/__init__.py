"""An enquiry passed on: with a reason, to a desk, seldom."""
