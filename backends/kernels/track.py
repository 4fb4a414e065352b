"""What a compiled loop over epochs writes, so that Python is not asked in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, Parameters, Recording


class Track(NamedTuple):
    """Where a run is, and what it leaves behind.

    It stands in this folder as compiled code is made for these attributes, in this order; see `compiling.py`.

    Attributes:
        theta: (d + 1,), the parameters, the bias last; the loop moves them.
        epochs: (k,), ascending, at which they are recorded: the run starts at the first and ends at the last.
        points: (k, d + 1), theta at those epochs.
        losses: (epochs[-1] − epochs[0],), before each epoch.
    """

    theta: FloatArray
    epochs: NDArray[np.int64]
    points: FloatArray
    losses: FloatArray

    @classmethod
    def of(cls, parameters: Parameters, epochs: Sequence[int]) -> Track:
        """The track of a run from these parameters on, past the epochs (k,); `record` and the loop fill it in."""
        theta = np.append(*parameters)
        points = np.empty((len(epochs), theta.size), theta.dtype)
        return cls(theta, np.array(epochs, dtype=np.int64), points, np.empty(epochs[-1] - epochs[0], theta.dtype))

    def recording(self, done: int) -> Recording:
        """What there is after so many losses; the epoch of one that is not finite, the last, was not run."""
        run = done - 1 if done and not np.isfinite(self.losses[done - 1]) else done
        reached = int(self.epochs.searchsorted(self.epochs[0] + run, side="right"))
        parameters = Parameters(self.theta[:-1], self.theta[-1])
        return Recording(parameters, self.losses[:done].tolist(), self.points[:reached])
