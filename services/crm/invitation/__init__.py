"""Who is invited to a survey, drawn so that it can be drawn again, each with a link that can be used once."""
