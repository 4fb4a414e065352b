"""What a run leaves behind: its parameters, its losses, and where it stopped being finite."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.inputs import FloatArray, Parameters


class Recording(NamedTuple):
    """Epochs that were run: `parameters` at the end, in the backend's own form, and the loss before each epoch.

    If the last loss is not finite, that epoch was not run. `points` (k, d + 1), of the dtype, are the parameters at the
    epochs that were asked for, as far as the run came, the bias last.
    """

    parameters: Parameters
    losses: list[float]
    points: FloatArray


@dataclass(frozen=True)
class Training:
    """What a run left behind.

    Attributes:
        weights: (d,), at the end.
        bias: At the end.
        losses: (epochs + 1,), in units of y²: `losses[0]` at the start, `losses[k]` over all rows after epoch k.
            A run that diverged ends with its last finite loss.
        recorded_epochs: (k,), ascending, from 0 on.
        recorded_weights: (k, d), at those epochs.
        recorded_biases: (k,), at those epochs.
        diverged_at: The first epoch after which loss or parameters were no longer finite; None if none was.
    """

    weights: FloatArray
    bias: float
    losses: FloatArray
    recorded_epochs: NDArray[np.int64] = field(repr=False)
    recorded_weights: FloatArray = field(repr=False)
    recorded_biases: FloatArray = field(repr=False)
    diverged_at: int | None = None

    def __repr__(self) -> str:
        end = f"diverged at epoch {self.diverged_at}" if self.diverged_at is not None else "done"
        losses = f"{self.losses[0]:.6g} → {self.losses[-1]:.6g}" if len(self.losses) else "never finite"
        weights = np.array2string(np.asarray(self.weights), precision=6, threshold=6)
        return (
            f"Training({max(0, len(self.losses) - 1)} epochs, {end}: loss {losses}, "
            f"weights {weights}, bias {self.bias:.6g})"
        )


def training_of(marks: NDArray[np.int64], points: FloatArray, losses: FloatArray) -> Training:
    """Cuts a run where it stopped being finite; points (k, d + 1) at the first k marks."""
    finite_losses, finite_points = _finite_rows(losses[:, np.newaxis]), _finite_rows(points)
    beyond = [*range(finite_losses, len(losses)), *marks[finite_points : len(points)].tolist()]
    points = points[: max(1, finite_points)]
    return Training(
        weights=points[-1, :-1].copy(),
        bias=float(points[-1, -1]),
        losses=losses[:finite_losses],
        recorded_epochs=marks[: len(points)],
        recorded_weights=points[:, :-1].copy(),
        recorded_biases=points[:, -1].astype(np.float64),
        diverged_at=min(beyond, default=None),
    )


def _finite_rows(table: FloatArray) -> int:
    """How many rows from the first on are finite throughout."""
    finite = np.append(np.isfinite(table).all(axis=1), False)
    return int(finite.argmin())
