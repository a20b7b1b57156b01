"""The page of a survey: what a customer opens by his link, on a phone, without a script."""
