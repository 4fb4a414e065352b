"""Graded exercises: what they ask, and what is right there."""
