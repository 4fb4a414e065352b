"""Published runs in a terminal, as plain lines and as a page."""
