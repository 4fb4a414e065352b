"""A function's answers as gradients or losses: a step's parameters turned back, float32 seen for what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from handgrad.backends.signatures.kinds import Kind
from handgrad.compare.check.conventions import FACTORS
from handgrad.compare.check.sandbox.answers import Answer
from handgrad.compare.check.student.forms import Series
from handgrad.compare.check.student.probes import UNIT_ROUNDOFF, Floats, Probe, rounding
from handgrad.compare.check.student.shapes import failure_of
from handgrad.compare.check.truth import exact_gradient
from handgrad.compare.results.diagnosis import LossName, NoAnswer


@dataclass(frozen=True, eq=False)
class Observation:
    """What came back from one call, as a gradient or a loss, however it was given.

    Attributes:
        probe: Where.
        given: dW and db, or the loss; empty where there was no answer.
        rounded: What turning parameters into a gradient may have added, per block.
        precisions: In which format each block may have been computed.
        failure: Why there is no answer of the right shape.
        excused: Whether it does not count: its integers wrap around, and that is a note.
    """

    probe: Probe
    given: tuple[Floats, ...]
    rounded: tuple[Any, ...]
    precisions: tuple[str, ...]
    failure: NoAnswer | None
    excused: bool = False


def observe(series: Series, answers: Sequence[Answer], loss: LossName) -> list[Observation]:
    """Every call of a series with what came back from it, of which `loss` tells how large float32's errors may be."""
    answers = [_completed(a, p, series.kind, loss) for p, a in zip(series.calls(), answers, strict=True)]
    single = wholly_float32(series, answers, loss)
    return [_observe(p, a, series.kind, single) for p, a in zip(series.calls(), answers, strict=True)]


def _completed(answer: Answer, probe: Probe, kind: Kind, loss: LossName) -> Answer:
    """With the right number for a block that was not asked for."""
    if kind == "loss" or not any(np.isnan(block).any() for block in answer.blocks):
        return answer
    right = [FACTORS[loss].at(probe) * block for block in exact_gradient(probe)]
    if kind == "step":
        before = probe.weights, np.array(float(probe.bias))
        right = [old - probe.learning_rate * new for old, new in zip(before, right, strict=True)]
    blocks = tuple(r if np.isnan(b).any() else b for r, b in zip(right, answer.blocks, strict=True))
    return replace(answer, blocks=blocks)


def _observe(probe: Probe, answer: Answer, kind: Kind, single: bool) -> Observation:
    failure = failure_of(answer, probe, kind)
    precision = "float32" if single or probe.precision == "float32" else "float64"
    precisions = (precision,) * len(answer.blocks)
    if kind != "step" or failure is not None:
        return Observation(probe, answer.blocks if kind != "step" else (), (0.0,) * 2, precisions, failure)
    before = (probe.weights.astype(np.float64), np.array(float(probe.bias)))
    steps = zip(before, answer.blocks, strict=True)
    given = tuple((old - new) / probe.learning_rate for old, new in steps)
    unit = 2 * UNIT_ROUNDOFF[precision] / probe.learning_rate
    rounded = tuple(unit * (abs(old) + abs(new)) for old, new in zip(before, answer.blocks, strict=True))
    return Observation(probe, given, rounded, precisions, None)


def wholly_float32(series: Series, answers: Sequence[Answer], loss: LossName) -> bool:
    """Whether this is an implementation in float32, and says so, rather than one that loses digits on the way.

    For float64 data it returns float32 (or a plain number that is one), and its residuals are float32's, too: where y
    is a million times as large as they are, the answer is further off than float32 sums of exact residuals could be.
    """
    calls = [(p, a) for p, a in zip(series.calls(), answers, strict=True) if a.failure is None]
    doubles = [(p, a) for p, a in calls if p.precision == "float64" and p.kind != "integer"]
    if not doubles or not all(_is_float32(answer) for _, answer in doubles):
        return False
    if series.kind != "gradient":
        return True
    return all(_residuals_are_float32(p, a, loss) for p, a in doubles if p.kind == "fitted")


def _is_float32(answer: Answer) -> bool:
    return "float32" in answer.types and all((np.float32(b) == b).all() for b in answer.blocks)


def _residuals_are_float32(probe: Probe, answer: Answer, loss: LossName) -> bool:
    factor = FACTORS[loss].at(probe)
    residual = abs(probe.X @ probe.weights + probe.bias - probe.y)
    sums = 2 / probe.rows * (abs(probe.X).T @ residual), 2 / probe.rows * residual.sum()
    return any(
        block.shape == truth.shape
        and bool((abs(block - factor * truth) > rounding(probe, "float32") * factor * size).any())
        for block, truth, size in zip(answer.blocks, exact_gradient(probe), sums, strict=True)
    )


def refuses_integers(seen: Observation) -> bool:
    """Whether it raised an error on integers, which is no wrong answer."""
    return seen.probe.kind == "integer" and seen.failure is not None and seen.failure.key == "raises"


def counts(seen: Observation) -> bool:
    """Whether an answer must be right; one to integers need not be there, and may be excused."""
    return not seen.excused and not refuses_integers(seen)


def increments(seen: Sequence[Observation]) -> list[Observation]:
    """What each call added to the answer of the one before."""
    return [_increment(before, after) for before, after in pairwise(seen) if before.given and after.given]


def _increment(before: Observation, after: Observation) -> Observation:
    unit = UNIT_ROUNDOFF[after.precisions[0]]
    blocks = list(zip(before.given, after.given, strict=True))
    same = all(old.shape == new.shape for old, new in blocks)
    given = tuple(new - old for old, new in blocks) if same else ()
    rounded = tuple(
        r + 4 * unit * (abs(old) + abs(new)) if same else 0.0
        for r, (old, new) in zip(after.rounded, blocks, strict=False)
    )
    return Observation(after.probe, given, rounded, after.precisions, after.failure, after.excused)
