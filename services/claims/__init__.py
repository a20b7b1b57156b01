"""Claims: from the first notice of loss to the archived file, one claim one volume."""
