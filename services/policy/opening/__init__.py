"""Opening an application: who may, about what, at which unit."""
