"""How each format of file is read as columns of numbers: CSV and its relatives, Parquet."""
