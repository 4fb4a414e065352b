"""What is said about a student's function: in words, as text, as HTML, as JSON."""
