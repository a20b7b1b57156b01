"""What is answered by link, once: stored so that an anonymous answer leads back to nobody."""
