"""Speed over sizes, and two runs against each other."""
