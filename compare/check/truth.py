"""The right answers of `check`: exact for the given numbers, since every float is a rational number, and rounded once.

With r = X W + b − y: L = (1/n) Σ r², dW = (2/n) Xᵀ r, db = (2/n) Σ r, each times the factor of the loss that is asked
for (`conventions`). They never leave the process that judges.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache, partial

import numpy as np

from handgrad.compare.check.conventions import FACTORS, right_recipe
from handgrad.compare.check.recipes import Block, predict_loss, sizes
from handgrad.compare.check.student.forms import Kind
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
    residuals = _residuals(probe)
    scale = Fraction(2, probe.rows)
    columns = probe.X.T.tolist()
    weights = [scale * sum(Fraction(x) * r for x, r in zip(column, residuals, strict=True)) for column in columns]
    return np.array([float(w) for w in weights]), np.array(float(scale * sum(residuals)))


@lru_cache(maxsize=256)
def exact_loss(probe: Probe) -> float:
    """The mean squared error."""
    return float(sum(r * r for r in _residuals(probe)) / probe.rows)


def _residuals(probe: Probe) -> list[Fraction]:
    weights = [Fraction(w) for w in probe.weights.tolist()]
    bias = Fraction(probe.bias)
    return [
        sum((Fraction(x) * w for x, w in zip(row, weights, strict=True)), bias) - Fraction(target)
        for row, target in zip(probe.X.tolist(), probe.y.tolist(), strict=True)
    ]
