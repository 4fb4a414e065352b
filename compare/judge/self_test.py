"""What agreement is worth: known faults are put into a backend, and the judge must catch them.

A graded fault is made ten times smaller until the judge lets it pass, and the smallest size that was caught is
reported. A backend without a fault goes through the same wrapping and must pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from handgrad.backends.interface import FloatArray, InputError, Plan, Trainer
from handgrad.compare.judge.bounds import over
from handgrad.compare.judge.faults import (
    DroppedRow,
    DuplicatedRow,
    Fault,
    LostBias,
    NotANumber,
    Scaled,
    ScaledBias,
    ScaledLoss,
    ScaledStep,
    ScaledWeight,
    SingleAccumulator,
    StaleGradient,
    SwappedSign,
    WeakenedRow,
    with_fault,
)
from handgrad.compare.judge.judge import Judge, Observed
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.judge.violations import recorded_parameters
from handgrad.compare.results.checks import FaultFinding, SelfTest

#: A judge that lets this through in a float64 gradient is not good enough.
REQUIRED_FACTOR = 1e-10

#: Fractions of gradient and parameters that a fault must change before the judge must catch it: what a dtype's rounding
#: may cause lies below.
HARMLESS = {"float64": REQUIRED_FACTOR, "float32": 1e-3}

#: The sizes that are tried of a graded fault, from the largest on.
SIZES = tuple(10.0**-k for k in range(1, 17))


@dataclass(frozen=True)
class Kind:
    """A kind of fault: of every size, or (without sizes) there or not. `only` limits it to a dtype."""

    name: str
    make: Callable[..., Fault]
    graded: bool
    only: Literal["float64"] | None = None


KINDS = (
    Kind("factor in the gradient", Scaled, graded=True),
    Kind("factor in one weight's derivative", ScaledWeight, graded=True),
    Kind("factor in the bias's derivative", ScaledBias, graded=True),
    Kind("factor in the loss", ScaledLoss, graded=True),
    Kind("factor in the step", ScaledStep, graded=True),
    Kind("part of a row lost", WeakenedRow, graded=True),
    Kind("dropped row", DroppedRow, graded=False),
    Kind("duplicated row", DuplicatedRow, graded=False),
    Kind("swapped sign", SwappedSign, graded=False),
    Kind("bias lost in the forward pass", LostBias, graded=False),
    Kind("stale gradient", StaleGradient, graded=False),
    Kind("float32 sums", SingleAccumulator, graded=False, only="float64"),
    Kind("NaN", NotANumber, graded=False),
)


def self_test(table: CheckedTable, plan: Plan, backend: type[Trainer]) -> SelfTest:
    """Puts every kind of fault into a backend and reports the smallest that the judge catches.

    Args:
        table: X (n, d) and y (n,), in the plan's dtype.
        plan: A full-batch run of at least two epochs, since some faults only show after the first.
        backend: The trainer class that is made to fail.

    Raises:
        InputError: If the plan has batches, or fewer than two epochs.
    """
    if plan.batch_size is not None or plan.epochs < 2:
        raise InputError(
            f"self-test: expected a full-batch plan of two epochs or more, got {plan.epochs} epochs and "
            f"batch size {plan.batch_size}; leave the batch size out"
        )
    judge = Judge(table, plan)
    accused = verdict_on(judge, backend, Fault)
    kinds = [kind for kind in KINDS if kind.only in (None, plan.dtype)]
    findings = tuple(smallest_caught(judge, backend, kind) for kind in kinds)
    sharp = plan.dtype == "float32" or (findings[0].smallest is not None and findings[0].smallest <= REQUIRED_FACTOR)
    return SelfTest(
        backend=backend.name,
        rows=table.rows,
        features=table.features,
        dtype=plan.dtype,
        findings=findings,
        accused=accused,
        passed=not accused and sharp and all(finding.caught or finding.harmless for finding in findings),
    )


def smallest_caught(judge: Judge, backend: type[Trainer], kind: Kind) -> FaultFinding:
    """Tries a kind of fault from its largest size down to the first that passes."""
    smallest, reason = None, ""
    makes = {
        size: partial(kind.make, size) if kind.graded else kind.make for size in (SIZES if kind.graded else (None,))
    }
    for size, make in makes.items():
        found = verdict_on(judge, backend, make)
        if not found:
            break
        smallest, reason = size, found
    description = " ".join((kind.make.__doc__ or "").split())
    harmless = not reason and harm(judge, backend, next(iter(makes.values()))) < HARMLESS[judge.table.dtype]
    return FaultFinding(kind.name, description, bool(reason), smallest, reason, harmless)


def harm(judge: Judge, backend: type[Trainer], make_fault: Callable[[], Fault]) -> float:
    """How much a fault changes: of the gradient at the start, or of the parameters after an epoch, as a fraction."""
    right, wrong = (_numbers(observed(judge, backend, make)) for make in (Fault, make_fault))
    if [table.shape for table in right] != [table.shape for table in wrong]:  # it has diverged
        return math.inf
    changes = [np.abs(a - b).max(axis=1) for a, b in zip(right, wrong, strict=True)]
    sizes = [np.abs(table).max(axis=1) for table in right]
    return float(np.max(over(np.concatenate(changes), np.concatenate(sizes))))


def _numbers(seen: Observed) -> tuple[FloatArray, FloatArray]:
    """The gradient at the start (1, d + 1), and the recorded parameters (k, d + 1)."""
    assert seen.training is not None
    gradient = np.array([[*seen.gradient.weights, seen.gradient.bias]], dtype=np.float64)
    return gradient, recorded_parameters(seen.training)


def verdict_on(judge: Judge, backend: type[Trainer], make_fault: Callable[[], Fault]) -> str:
    """What the judge says against the backend with that fault; empty if it passes."""
    judged = judge.accuracy(observed(judge, backend, make_fault))
    return "" if judged.passed else judged.reason


def observed(judge: Judge, backend: type[Trainer], make_fault: Callable[[], Fault]) -> Observed:
    """What the backend with that fault gives: the gradient at the start, and the run."""
    faulty, table = with_fault(backend, make_fault), judge.table
    with np.errstate(all="ignore"):  # a fault may well overflow
        return Observed(
            faulty(table.X, table.y, table.dtype).gradient_at(*judge.start),
            faulty(table.X, table.y, table.dtype).train(judge.plan),
        )
