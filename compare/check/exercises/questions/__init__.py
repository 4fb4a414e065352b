"""What each exercise asks, and nothing of the answers: this is what a student's process may know."""
