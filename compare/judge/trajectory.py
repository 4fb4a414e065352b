"""The true trajectory: where a run would go if nothing were ever rounded.

A full-batch step is affine in the parameters, so over v = (W, b, −1) it is one matrix, and m epochs are its
m-th power:

    v ← M v        M = I − η (2/n) 2²ᵉ Ĝ        Ĝ: the exact inner products G of `exact`, the last row 0

M is kept in whole numbers of 2⁻¹²⁸⁰ (385 digits behind the point), so a run costs nothing per row, and little
per epoch that is not recorded. Mini-batches go step by step through the exact backend.

Data and learning rate are those that the backends get: rounded to the dtype. Parameters and arithmetic are
not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.exact import UNIT_BITS, UNITS, ExactTrainer, Moments, Ratios, rounded
from handgrad.backends.interface import FloatArray, Parameters, Plan, check_parameters
from handgrad.compare.judge.table import CheckedTable

#: An array of Python's integers, of any length each.
Integers = NDArray[np.object_]


@dataclass(frozen=True)
class TrueRun:
    """The parameters and losses of a run in which nothing is ever rounded, at the recorded epochs.

    Attributes:
        epochs: (k,), ascending from 0; those after the loss has left float64's range are missing.
        parameters: (k, d + 1), weights and bias: the doubles nearest to the true values.
        rest: (k, d + 1), what those doubles leave of the true values, so that both together have about 32 digits.
        losses: (k,), the doubles nearest to the true losses, in units of y².
    """

    epochs: NDArray[np.int64]
    parameters: FloatArray
    rest: FloatArray
    losses: FloatArray

    @cached_property
    def rows(self) -> dict[int, int]:
        """By epoch, the number of its row."""
        return {epoch: row for row, epoch in enumerate(self.epochs.tolist())}


def true_run(table: CheckedTable, plan: Plan) -> TrueRun:
    """The run of a plan on a table without rounding, at the epochs that the plan records.

    Full batch, it costs O(n d²) once, and then what `full_batch_products` says; with mini-batches about a millisecond a
    step.

    Raises:
        InputError: As every trainer does.
    """
    trainer = table.exact
    exact_plan = as_held(plan, trainer.features)
    start = trainer.start(exact_plan)
    visit = _full_batches if trainer.takes_all(plan) else _mini_batches
    return _finite(exact_plan, trainer.moments, visit(trainer, exact_plan, start))


def as_held(plan: Plan, features: int) -> Plan:
    """The plan in float64, with the learning rate and the start that a backend gets in the plan's dtype."""
    weights, bias = plan.start if plan.start is not None else (np.zeros(features), 0.0)
    start = check_parameters(weights, bias, features, plan.dtype)
    rate = float(np.dtype(plan.dtype).type(plan.learning_rate))
    return replace(
        plan,
        dtype="float64",
        learning_rate=rate,
        start=Parameters(start.weights.astype(np.float64), start.bias),
    )


def _full_batches(trainer: ExactTrainer, plan: Plan, start: Parameters) -> Iterator[list[int]]:
    """The parameters in units at each recorded epoch, by powers of M or step by step, without end."""
    step = step_matrix(trainer.moments, Fraction(plan.learning_rate))
    by_powers, by_steps = full_batch_products(plan, trainer.features)
    jumps: dict[int, Integers] = {1: step}
    v = np.array([*start.weights.numerators, *start.bias.numerators, -UNITS], dtype=object)
    yield v[:-1].tolist()
    for here, there in pairwise(plan.recorded()):
        stride = there - here if by_powers < by_steps else 1
        if stride not in jumps:
            jumps[stride] = power(step, stride)
        for _ in range(here, there, stride):
            v = (jumps[stride] @ v) >> UNIT_BITS
        yield v[:-1].tolist()


def full_batch_products(plan: Plan, features: int) -> tuple[float, float]:
    """How many products of long integers the true run costs, about: by powers of M, or epoch by epoch."""
    size = features + 2
    gaps = [there - here for here, there in pairwise(plan.recorded())]
    powers = sum(1.5 * math.log2(gap) * size**3 for gap in set(gaps))
    return powers + len(gaps) * size**2, plan.epochs * size**2


def _mini_batches(trainer: ExactTrainer, plan: Plan, start: Parameters) -> Iterator[list[int]]:
    """The parameters in units at each recorded epoch, batch by batch, until the loss leaves float64's range."""
    parameters = start
    yield [*parameters.weights.numerators, *parameters.bias.numerators]
    for here, there in pairwise(plan.recorded()):
        parameters, losses = trainer.run(parameters, plan, here, there - here)
        if not math.isfinite(losses[-1]):
            return
        yield [*parameters.weights.numerators, *parameters.bias.numerators]


def step_matrix(moments: Moments, rate: Fraction) -> Integers:
    """M (d + 2, d + 2) in units: an epoch is v ← M v."""
    factor = 2 * rate / (moments.rows << moments.shift)
    size = len(moments.gram)
    matrix: Integers = np.array([[UNITS * (i == j) for j in range(size)] for i in range(size)], dtype=object)
    matrix[:-1] -= np.array(
        [[round(factor * UNITS * entry) for entry in row] for row in moments.gram[:-1]], dtype=object
    )
    return matrix


def power(matrix: Integers, exponent: int) -> Integers:
    """A matrix in units to the power of 1 or more, by repeated squaring."""
    if exponent == 1:
        return matrix
    half = power(matrix, exponent // 2)
    squared: Integers = (half @ half) >> UNIT_BITS
    if exponent % 2 == 0:
        return squared
    once_more: Integers = (squared @ matrix) >> UNIT_BITS
    return once_more


def _finite(plan: Plan, moments: Moments, visited: Iterator[list[int]]) -> TrueRun:
    """As doubles and rests, up to the first loss beyond float64's range."""
    pairs, losses = [], []
    for units in visited:
        loss = _loss(moments, units)
        if not math.isfinite(loss):
            break
        pairs.append([two_doubles(unit) for unit in units])
        losses.append(loss)
    table = np.array(pairs).reshape(len(pairs), len(moments.gram) - 1, 2)
    return TrueRun(
        epochs=np.array(plan.recorded()[: len(pairs)], dtype=np.int64),
        parameters=table[..., 0],
        rest=table[..., 1],
        losses=np.array(losses),
    )


def _loss(moments: Moments, units: list[int]) -> float:
    loss: Ratios = moments.gradient(units)[0]
    return rounded(loss.numerators[0], loss.denominator, "float64")


def two_doubles(units: int) -> tuple[float, float]:
    """A number of units as the nearest double, and the nearest double to the rest."""
    nearest = rounded(units, UNITS, "float64")
    numerator, denominator = nearest.as_integer_ratio()
    return nearest, rounded(units - numerator * (UNITS // denominator), UNITS, "float64")
