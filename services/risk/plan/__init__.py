"""Planning visits: from a policy's risk level, after a grave accident, and telling what is due."""
