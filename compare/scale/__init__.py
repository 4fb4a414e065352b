"""Tables that memory does not hold: surveyed in one pass, and trained on block by block."""
