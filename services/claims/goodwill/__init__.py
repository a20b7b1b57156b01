"""Ex gratia payments: a part of what is not owed, paid all the same (通融赔付)."""
