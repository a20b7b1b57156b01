"""Who handles a complaint: eligible officers, and nobody with an interest in it."""
