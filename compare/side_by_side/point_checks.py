"""Gradient checks of one problem at its start and at its optimum, where relative error fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from handgrad.backends.interface import Parameters, Trainer
from handgrad.compare.judge.gradcheck import gradcheck
from handgrad.compare.results.checks import PointChecks, Where
from handgrad.compare.side_by_side.prepare import Prepared


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
