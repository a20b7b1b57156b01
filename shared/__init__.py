"""Technical pieces that at least three deployables need: boring, small, free of business and of I/O at import."""
