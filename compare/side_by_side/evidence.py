"""What stands behind a verdict: the judge put to the test, a gradient by every method, float32 beside float64."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.catalogue import load
from handgrad.backends.interface import Parameters, Trainer
from handgrad.compare.judge.gradcheck import gradcheck
from handgrad.compare.judge.precision import precision
from handgrad.compare.judge.self_test import self_test
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.results.checks import PointChecks, Precision, SelfTest, Where
from handgrad.compare.side_by_side.prepare import Prepared
from handgrad.data.dataset import Dataset

#: A gradient is checked by the way while n (d + 1) is at most this, so that it costs a fraction of a second.
CHEAP_NUMBERS = 10_000
CHEAP_PARAMETERS = 12
#: V-curves that are drawn by the way.
CURVES = 2

#: Backends by hand that this process may load: their libraries are here anyway.
AT_HAND = ("numpy", "python")

#: The judge is tested on so many rows, evenly taken, over so many epochs.
TEST_ROWS = 2000
TEST_EPOCHS = 5

#: float32 is set beside float64 on so many rows, evenly taken, with descent of so many epochs.
PRECISION_ROWS = 10_000
PRECISION_EPOCHS = 1000


def gradchecks(prepared: Prepared, ran: Collection[str]) -> tuple[PointChecks, ...]:
    """One backend's gradient by every method at the start and at the optimum; nothing where it is not cheap."""
    name = next((name for name in AT_HAND if name in ran), None)
    parameters = prepared.X.shape[1] + 1
    if name is None or parameters > CHEAP_PARAMETERS or len(prepared.y) * parameters > CHEAP_NUMBERS:
        return ()
    trainer = load(name)(prepared.X, prepared.y, prepared.plan.dtype)
    return check_points(prepared, {name: trainer}, ("start", "optimum"), {name: most_moving(prepared, CURVES)})


def check_points(
    prepared: Prepared, trainers: Mapping[str, Trainer], points: Sequence[Where], swept: Mapping[str, Sequence[int]]
) -> tuple[PointChecks, ...]:
    """Every method against every trainer, at every point.

    Args:
        prepared: The problem.
        trainers: By name, bound to its data.
        points: Where.
        swept: For each trainer whose V-curves are wanted, the parameters that they are of; d is the bias.
    """
    return tuple(
        PointChecks(
            where,
            {
                name: gradcheck(trainer, prepared.table, *point(prepared, where), sweep=swept.get(name, ()))
                for name, trainer in trainers.items()
            },
        )
        for where in points
    )


def point(prepared: Prepared, where: Where) -> Parameters:
    """The parameters there, in the units of the problem as it is trained."""
    return prepared.forecast.start if where == "start" else prepared.forecast.goal


def most_moving(prepared: Prepared, most: int) -> list[int]:
    """The numbers of at most so many parameters, ascending: of the weights that move the prediction most, and d."""
    sizes = np.abs(prepared.forecast.goal.weights) * prepared.X.std(axis=0)
    weights = np.argsort(-sizes, kind="stable")[: most - 1]
    return [*sorted(weights.tolist()), prepared.X.shape[1]]


def judge_under_test(prepared: Prepared) -> SelfTest:
    """Known faults put into NumPy's backend, on this problem: full batch, few epochs, at most `TEST_ROWS` rows."""
    rows = spread(len(prepared.y), TEST_ROWS)
    plan = replace(prepared.plan, epochs=TEST_EPOCHS, batch_size=None, record=None)
    return self_test(prepared.table.taking(rows), plan, load("numpy"))


def precision_table(dataset: Dataset, ran: Collection[str]) -> Precision:
    """float32 beside float64 on the table as it was given, for the backends that ran; at most `PRECISION_ROWS` rows."""
    rows = spread(dataset.rows, PRECISION_ROWS)
    return precision(
        CheckedTable.of(dataset.X[rows], dataset.y[rows]), PRECISION_EPOCHS, {name: load(name) for name in ran}
    )


def spread(count: int, most: int) -> NDArray[np.int64]:
    """The numbers (k,) of at most so many rows of `count`, evenly taken, with the first and the last."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(np.int64)
