"""What is done because of a survey: by whom, until when, and whether it was."""
