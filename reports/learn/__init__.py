"""The course as one HTML file."""
