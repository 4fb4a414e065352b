"""Code of somebody else as a backend: functions, steps, classes, shared libraries, programs."""
