"""When a customer was last asked, and until when he is left alone."""
