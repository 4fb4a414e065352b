"""Raises."""

raise OSError("no device\nwas\x1b[2J found")
