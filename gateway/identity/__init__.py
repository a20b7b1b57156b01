"""Who somebody is: accounts, sign-in and lock-out, tokens, and the caller behind each request."""
