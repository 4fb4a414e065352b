"""The published runs: what each source printed, and the rows it was computed from."""
