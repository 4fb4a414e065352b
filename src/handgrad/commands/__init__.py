"""One file per command: its options, and the few lines that call the rest. Nothing heavy is imported at the top."""
