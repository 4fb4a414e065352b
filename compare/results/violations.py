"""What rounding does not explain of a backend, and what is remarkable of one that passes: facts, one record each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Which bound decides: that of errors growing like √n, or the worst case where the data break it.
Bound = Literal["likely", "worst"]


@dataclass(frozen=True)
class Violation:
    """One thing that a backend gave and that rounding does not explain.

    Attributes:
        what: "start": loss or gradient at the start. "parameters": those after an epoch, against the true run's.
            "loss": that after an epoch, against the one at its own parameters. "missing": an epoch that the plan
            records and the run does not. "losses": their number. "diverged": where the true loss stays in range.
            "final": a parameter of the finished run that is not the one recorded after its last epoch.
        component: Of the start: "loss", "dW1", "dW2" and so on, or "db". Of the final parameters: "W1" and so on, or
            "b". Null for all else.
        epoch: The first one of which this is true; null at the start, and for a number of losses.
        relative: The error over the exact value, at the start; null where it is not finite.
        bound_ratio: The error over its bound, the √n one at the start; null where it is not finite.
        worst_case_ratio: The error over its worst case, at the start; null where it is not finite.
        given: The loss, the number of losses, or the final parameter that the backend gave.
        expected: The exact loss at those parameters, the number of losses, the true loss of a run that diverged, or the
            parameter as it was recorded.
        flushed: Whether it is explained by a machine that takes numbers below the smallest normal one for zero.
    """

    what: Literal["start", "parameters", "loss", "missing", "losses", "diverged", "final"]
    component: str | None = None
    epoch: int | None = None
    relative: float | None = None
    bound_ratio: float | None = None
    worst_case_ratio: float | None = None
    given: float | None = None
    expected: float | None = None
    flushed: bool = False


@dataclass(frozen=True)
class Remark:
    """One thing that a reader should know of a backend.

    Attributes:
        kind: "beside peers": its largest error over its bound is far above that of the others. "faster than reading":
            its epoch, which goes through all rows, takes less time than the machine takes to read them. "changes": the
            same lap, run twice, did not end at the same parameters to the bit.
        value: Its error over its bound; the machine's reading over its epoch; the largest change over the largest
            parameter (null: not finite).
        other: The median of the others; the ratio that caches explain; how many laps changed.
    """

    kind: Literal["beside peers", "faster than reading", "changes"]
    value: float | None
    other: float
