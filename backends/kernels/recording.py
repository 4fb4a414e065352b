"""Recording inside a compiled loop."""

from __future__ import annotations

from handgrad.backends.kernels.compiling import compiled
from handgrad.backends.kernels.track import Track


@compiled
def record(track: Track, run: int, kept: int) -> int:
    """Writes theta down if it is wanted after so many epochs of the run; returns how many points are kept by now."""
    if track.epochs[kept] != track.epochs[0] + run:
        return kept
    track.points[kept] = track.theta
    return kept + 1
