"""The reply: decided at the branch, told to the complainant, or ended by withdrawal or merger."""
