"""Rows on the workers of a Dask cluster: each holds some, and answers with sums."""
