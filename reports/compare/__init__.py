"""A comparison as text, figures, HTML and notebook."""
