"""Chapters 2 and 3, the chain rule by hand and on a tape: a few rows number by number, all rows on all backends."""

from __future__ import annotations

import numpy as np

from handgrad.backends.exact import ExactTrainer
from handgrad.backends.interface import Gradient, Trainer
from handgrad.backends.python import PythonTrainer
from handgrad.compare.judge.bounds import ulps
from handgrad.compare.learn.explanation import explain
from handgrad.compare.learn.one_feature import OneFeature
from handgrad.compare.learn.runs import ready
from handgrad.compare.results.learn.lessons import ByHand, Slopes
from handgrad.data.dataset import Dataset

#: Rows that are taken apart number by number.
FEW_ROWS = 2


def by_hand(table: OneFeature) -> ByHand:
    """The first rows number by number, and all backends' gradients of all rows."""
    weight, bias = table.point()
    few = Dataset.from_arrays(
        table.x[:FEW_ROWS], table.y[:FEW_ROWS], [table.subject.feature], table.subject.target, source="the first rows"
    )
    plain = PythonTrainer(table.x, table.y)
    residuals = np.array(plain.residuals(*plain.data, [weight], bias))
    exact = ExactTrainer(table.x, table.y).gradient_at([weight], bias)
    backends, _ = ready()
    return ByHand(
        weight=weight,
        bias=bias,
        few=explain(few, FEW_ROWS, [weight], bias),
        pulls=(tuple((2 * residuals * table.x).tolist()), tuple((2 * residuals).tolist())),
        found={name: slopes(made(table.x, table.y), weight, bias, exact) for name, made in backends.items()},
        exact=(exact.loss, float(exact.weights[0]), exact.bias),
    )


def slopes(trainer: Trainer, weight: float, bias: float, exact: Gradient) -> Slopes:
    """One backend's loss and gradient, and their distance from the exact ones."""
    found = trainer.gradient_at([weight], bias)
    errors = ulps([found.weights[0], found.bias], [exact.weights[0], exact.bias], "float64")
    return Slopes(found.loss, float(found.weights[0]), found.bias, *map(float, errors))
