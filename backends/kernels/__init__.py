"""What is compiled: vectors, tiles and the passes over them, for the backends of Numba; not for a student to read."""
