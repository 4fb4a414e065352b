"""The right answers of the exercises, and what known mistakes answer."""
