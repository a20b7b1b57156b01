"""Payment orders: premium, additional premium and refund, collected or paid once, from and to the right people."""
