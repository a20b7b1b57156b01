"""What follows a dispatch: the surveyor's answer, its time limits, a further survey."""
