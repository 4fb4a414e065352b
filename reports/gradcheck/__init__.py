"""Gradient checks as text, figures and HTML."""
