"""The shapes that the parts of an answer should have at a probe."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.signatures.kinds import Kind
from handgrad.compare.check.sandbox.answers import Answer
from handgrad.compare.check.student.probes import Probe
from handgrad.compare.results.diagnosis import NoAnswer


def failure_of(answer: Answer, probe: Probe, kind: Kind) -> NoAnswer | None:
    """The answer's failure; a wrong shape is one, too."""
    if answer.failure is not None:
        return answer.failure
    expected = _expected_shapes(probe, kind)
    for (name, shape), block in zip(expected.items(), answer.blocks, strict=True):
        if block.shape != shape:
            return NoAnswer("shape", str(block.shape), str(shape), part=name, place=probe.shape)
    return None


def _expected_shapes(probe: Probe, kind: Kind) -> dict[str, tuple[int, ...]]:
    if kind == "loss":
        return {"loss": ()}
    names = ("new weights", "new bias") if kind == "step" else ("dW", "db")
    return dict(zip(names, ((probe.features,), ()), strict=True))


def shaped(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Columns (d, 1), rows (1, d) and arrays of one number count as (d,) and as a number."""
    size = int(np.prod(shape, dtype=int))
    return array.reshape(shape) if array.size == size and max(array.shape, default=1) == size else array
