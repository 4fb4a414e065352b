"""What grading a class found, as frozen types. Nothing here computes."""
