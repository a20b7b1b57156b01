"""What colleagues write to each other about an enquiry; never sent to anybody."""
