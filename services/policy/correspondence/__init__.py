"""Letters and forms of applications and policies: what each tells, and when it may be issued."""
