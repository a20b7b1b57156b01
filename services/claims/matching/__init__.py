"""Which version of which policy was in force at the loss."""
