"""A class: every student's file checked, and points given for it."""
