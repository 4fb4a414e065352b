"""The experiments behind the course and the explanation of one step."""
