"""What the judge of functions found. Nothing here computes."""
