"""The exact answer, how far a correct backend may lie from it, and the judgement."""
