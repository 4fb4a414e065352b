"""One step of descent, explained as text and HTML."""
