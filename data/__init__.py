"""Synthetic data, tables from files, and the built-in data sets."""
