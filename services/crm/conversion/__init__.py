"""An enquiry that becomes a claim, an application or a complaint: linked to it, never replaced by it."""
