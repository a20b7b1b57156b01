"""From the notice to the closed hazard: one extension, evidence, another visit, and the day that passes."""
