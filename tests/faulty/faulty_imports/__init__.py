"""Libraries whose import goes wrong; each is the one that a faulty backend requires."""
