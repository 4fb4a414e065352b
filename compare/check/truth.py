"""The right answers of `check`: exact for the given numbers, since every float is a rational number, and rounded once.

With r = X W + b − y: L = (1/n) Σ r², dW = (2/n) Xᵀ r, db = (2/n) Σ r, each times the factor of the loss that is asked
for (`conventions`). They never leave the process that judges.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache, partial
from operator import mul
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.signatures.kinds import Kind
from handgrad.compare.check.conventions import FACTORS, right_recipe
from handgrad.compare.check.recipes import Block, predict_loss, sizes
from handgrad.compare.check.student.probes import Floats, Probe
from handgrad.compare.results.diagnosis import LossName

Blocks = tuple[Block, ...]


def truth(kind: Kind, loss: LossName) -> Callable[[Probe], Blocks]:
    """What gives the right answer of that kind at a probe; a step's is told by its gradient."""
    return partial(right_loss if kind == "loss" else right_gradient, loss=loss)


def right_gradient(probe: Probe, loss: LossName) -> tuple[Block, Block]:
    """The exact dW (d,) and db () of that loss, with the sizes of the terms that a function adds up for them."""
    factor, (weights, bias) = FACTORS[loss].at(probe), exact_gradient(probe)
    weights_size, bias_size = sizes(right_recipe(loss), probe)
    return Block(factor * weights, weights_size), Block(np.asarray(factor * bias), bias_size)


def right_loss(probe: Probe, loss: LossName) -> tuple[Block]:
    """The exact loss (), with the size of its terms."""
    value = FACTORS[loss].at(probe) * exact_loss(probe)
    return (Block(np.array(value), predict_loss(right_recipe(loss), probe)[0].size),)


@lru_cache(maxsize=256)
def exact_gradient(probe: Probe) -> tuple[Floats, Floats]:
    """The derivatives dW (d,) and db () of the mean squared error."""
    residuals, unit = _residuals(probe)
    X, x_unit = _whole(probe.X)
    scale = Fraction(2, probe.rows) * unit
    weights = [scale * x_unit * sum(map(mul, column, residuals)) for column in zip(*X, strict=True)]
    return np.array([float(w) for w in weights]), np.array(float(scale * sum(residuals)))


@lru_cache(maxsize=256)
def exact_loss(probe: Probe) -> float:
    """The mean squared error."""
    residuals, unit = _residuals(probe)
    return float(sum(r * r for r in residuals) * unit**2 / probe.rows)


def _residuals(probe: Probe) -> tuple[list[int], Fraction]:
    """The residuals, exactly: whole numbers, and the unit in which they are told."""
    X, x_unit = _whole(probe.X)
    (weights,), w_unit = _whole(probe.weights[np.newaxis])
    (rest,), unit = _whole(np.concatenate([[probe.bias], probe.y])[np.newaxis])
    common = min(x_unit * w_unit, unit)
    products, added = int(x_unit * w_unit / common), int(unit / common)
    bias, y = added * rest[0], [added * target for target in rest[1:]]
    return [products * sum(map(mul, row, weights)) + bias - t for row, t in zip(X, y, strict=True)], common


def _whole(table: NDArray[Any]) -> tuple[list[list[int]], Fraction]:
    """The numbers of a table (n, d) as whole multiples of a power of two, and that power."""
    ratios = [[value.as_integer_ratio() for value in row] for row in table.tolist()]
    unit = max((below for row in ratios for _, below in row), default=1)
    return [[above * (unit // below) for above, below in row] for row in ratios], Fraction(1, unit)
