"""Tables that are read piece by piece, in each pass anew, since they need not fit into memory: Parquet folders, CSV."""
