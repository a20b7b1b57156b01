"""Time that passes: a broken promise climbs one level after the other, silence is told, an answered enquiry ends."""
