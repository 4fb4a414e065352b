"""The chain rule by hand and on a tape: a few rows number by number, all rows on all backends."""

from __future__ import annotations

from handgrad.backends.exact import ExactTrainer
from handgrad.backends.interface import Gradient, Trainer
from handgrad.compare.judge.bounds import ulps
from handgrad.compare.learn import plain
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
    x, y = table.x.tolist(), table.y.tolist()
    by_weight, by_bias = plain.pulls(x, y, weight, bias)
    sums = plain.sums(x, y)
    exact = ExactTrainer(table.x, table.y).gradient_at([weight], bias)
    backends, _ = ready()
    return ByHand(
        weight=weight,
        bias=bias,
        few=explain(few, FEW_ROWS, [weight], bias),
        pulls=(tuple(by_weight), tuple(by_bias)),
        sums=sums,
        from_sums=judged(exact.loss, *plain.gradient_from(sums, weight, bias), exact),
        found={name: slopes(made(table.x, table.y), weight, bias, exact) for name, made in backends.items()},
        exact=(exact.loss, float(exact.weights[0]), exact.bias),
    )


def slopes(trainer: Trainer, weight: float, bias: float, exact: Gradient) -> Slopes:
    """One backend's loss and gradient, and their distance from the exact ones."""
    found = trainer.gradient_at([weight], bias)
    return judged(found.loss, float(found.weights[0]), found.bias, exact)


def judged(loss: float, by_weight: float, by_bias: float, exact: Gradient) -> Slopes:
    """A loss and a gradient with the distance of the gradient from the exact one."""
    errors = ulps([by_weight, by_bias], [exact.weights[0], exact.bias], "float64")
    return Slopes(loss, by_weight, by_bias, *map(float, errors))
