"""A table that is a stream, as a source of blocks, here and in the processes of backends."""
