"""The clock of what is timed, taken before any backend is imported: one that puts another in its place finds it gone.

A library that freezes the time, or a test's leftover of one, would make every epoch as long as it likes, or a warm-up
endless.
"""

from __future__ import annotations

from time import perf_counter as perf_counter
from time import process_time as process_time
