"""The insurer's answer: opinions level by level, the decision, what the customer confirms, what is never left open."""
