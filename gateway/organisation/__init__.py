"""The tree of units, sales teams, people and the positions they hold."""
