"""Who tried what, allowed or refused, over all services; and whether the chains are whole."""
