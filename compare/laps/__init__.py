"""Where each timed lap ended, against where it must: what is fast because it did something else has no time."""
