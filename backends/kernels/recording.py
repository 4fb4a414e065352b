"""Recording inside a compiled loop."""

from __future__ import annotations

from handgrad.backends.kernels.compiling import compiled
from handgrad.backends.kernels.track import Track


@compiled
def record(track: Track, kept: int) -> tuple[int, int]:
    """Writes theta down as the next point; returns how many are kept by now, and after which epoch the next one is due.

    A loop compares that number itself: handing a track on costs as much as a third of a small epoch.
    """
    track.points[kept] = track.theta
    return kept + 1, track.epochs[min(kept + 1, track.epochs.size - 1)] - track.epochs[0]
