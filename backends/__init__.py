"""The trainer interface and one file per backend."""
