"""A student's gradient function: right, or which mistake was made."""
