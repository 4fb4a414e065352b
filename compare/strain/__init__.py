"""What a worker went without while it was timed: counters of the system, and how far that may have slowed it."""
