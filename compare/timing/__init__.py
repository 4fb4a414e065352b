"""Clocks: a process per backend, rounds in random order, and what samples of time support."""
