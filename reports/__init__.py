"""Turns a finished comparison into text, PNG and HTML: shows, never computes."""
