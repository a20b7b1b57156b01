"""First notice of loss: never refused for want of a policy or a unit."""
