"""The chapters of the course, a file each: what it says and what it shows."""
