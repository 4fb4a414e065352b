"""What the course measured, and the names of its chapters."""
