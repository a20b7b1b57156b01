"""What the core makes of an application that was approved here."""
