"""How a gradient is computed, step by step, with a switch for every mistake; so each mistake predicts numbers.

The right way is `Recipe()`: residual r = X W + b − y, then dW = (2/n) Xᵀ r and db = (2/n) Σ r. A mistake turns one
switch, two mistakes turn two. What a recipe predicts at a probe is compared with what a function gave there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from handgrad.compare.check.student.probes import Floats, Probe, rounding


@dataclass(frozen=True)
class Scale:
    """A factor that may follow the batch size: constant · n^rows · N^total, N the rows of the whole data."""

    constant: float = 1.0
    rows: int = 0
    total: int = 0

    def __mul__(self, other: Scale) -> Scale:
        return Scale(self.constant * other.constant, self.rows + other.rows, self.total + other.total)

    def at(self, probe: Probe) -> float:
        """The factor at a probe; where N is unknown, the probe is all there is."""
        total = probe.rows if probe.total is None else probe.total
        return float(self.constant * probe.rows**self.rows * float(total) ** self.total)


Residual = Literal[
    "difference",  # ŷ − y
    "prediction",  # ŷ
    "target",  # y
    "minus-target",  # −y
    "sign",  # sign(ŷ − y) / 2: the derivative of |r| has no 2
    "twice-sign",  # sign(ŷ − y)
    "mean-target",  # what averages over k leave of ŷᵢ − y_k
    "mean-prediction",  # the same of ŷ_k − yᵢ
    "matrix",  # ŷᵢ − y_k itself, n × n
    "turned-matrix",  # ŷ_k − yᵢ itself, n × n
]
Factor = Literal[
    "X",  # Xᵀ r
    "ones",  # Σ r, d times
    "table-first",  # R X of an n × n residual R
    "turned",  # X r, where n = d
    "reshaped",  # X reshaped to (d, n), which is not its transpose, times r
    "permuted",  # Xᵀ r in another order
    "sum-over-features",  # Σⱼ xᵢⱼ rᵢ, n numbers
    "mean-over-features",  # n/d of it: the mean over the wrong axis divides by d
    "sum-over-all",  # Σᵢⱼ xᵢⱼ rᵢ, one number
    "mean-over-all",  # 1/d of it
]
Truncated = Literal["", "input", "X", "y", "data", "weights", "parameters", "residual", "dW", "result"]


@dataclass(frozen=True)
class Recipe:
    """One way to compute; the defaults are the right one.

    Attributes:
        forward: ŷ with the bias, without it, or from Xᵀ (where n = d).
        residual: What stands where ŷ − y should.
        factor: What the residual is multiplied with and summed over for dW.
        scale_weights: Factor on dW; of a loss, on the loss.
        scale_bias: Factor on db.
        bias_axis: Of an n × n residual: the axis over which db is summed, one number for each of the others.
        penalty_weights: An unknown multiple of the weights is added to dW, perhaps divided by n.
        penalty_bias: An unknown multiple of b is added to db.
        fixed_rows: Divided by an unknown constant in place of n.
        order: In a step: which parameters move before the others' derivative is taken.
        accumulated: Every call adds to the last answer.
        single_weights: dW is computed in float32, though data and answer are float64.
        single_bias: db is.
        truncated: What is cut off to whole numbers; "input" for a function that fails on integer types alone.
        power: Of a loss: 1 takes its root.
    """

    forward: Literal["full", "no-bias", "turned"] = "full"
    residual: Residual = "difference"
    factor: Factor = "X"
    scale_weights: Scale = Scale()
    scale_bias: Scale = Scale()
    bias_axis: Literal[0, 1] | None = None
    penalty_weights: Literal["", "plain", "per-row"] = ""
    penalty_bias: Literal["", "plain", "per-row"] = ""
    fixed_rows: bool = False
    order: Literal["together", "weights-first", "bias-first"] = "together"
    accumulated: bool = False
    single_weights: bool = False
    single_bias: bool = False
    truncated: Truncated = ""
    power: Literal[1, 2] = 2


@dataclass(frozen=True, eq=False)
class Block:
    """What a recipe predicts for dW, db or the loss: `value + λ unknown`, λ the same at all probes.

    Attributes:
        value: Of the shape in which a function would return it.
        size: The same with all terms made positive: what the rounding errors are proportional to.
        unknown: What the free constant multiplies; None where there is none.
    """

    value: Floats
    size: Floats
    unknown: Floats | None = None


class DoesNotFit(Exception):
    """The recipe's shapes do not fit together here: NumPy would raise."""


@dataclass(frozen=True, eq=False)
class Operands:
    """The numbers of a probe as floats. With `minus` = 1 all are absolute and every difference is a sum."""

    X: Floats
    y: Floats
    weights: Floats
    bias: float
    rate: float
    minus: float = -1.0

    @classmethod
    def of(cls, probe: Probe) -> Operands:
        """The numbers themselves."""
        X, y, weights = (array.astype(np.float64) for array in (probe.X, probe.y, probe.weights))
        return cls(X, y, weights, float(probe.bias), probe.learning_rate)

    def absolute(self) -> Operands:
        """Their sizes."""
        return Operands(abs(self.X), abs(self.y), abs(self.weights), abs(self.bias), self.rate, minus=1.0)

    def moved(self, weights: Any = 0.0, bias: Any = 0.0) -> Operands:
        """After a step along the given gradient; one of another shape than the parameters' is no step."""
        if np.shape(weights) not in ((), self.weights.shape) or np.shape(bias) != ():
            raise DoesNotFit
        step = self.minus * self.rate
        return replace(self, weights=self.weights + step * weights, bias=self.bias + step * float(bias))

    def cut(self, what: Truncated) -> Operands:
        """With the named parts cut off to whole numbers."""
        return replace(
            self,
            X=np.trunc(self.X) if what in ("X", "data") else self.X,
            y=np.trunc(self.y) if what in ("y", "data") else self.y,
            weights=np.trunc(self.weights) if what in ("weights", "parameters") else self.weights,
            bias=float(np.trunc(self.bias)) if what == "parameters" else self.bias,
        )


@lru_cache(maxsize=8192)  # the same for every function that is checked
def predict_gradient(recipe: Recipe, probe: Probe) -> tuple[Block, Block]:
    """What a function that follows the recipe returns for dW and db.

    Raises:
        DoesNotFit: If it would raise an error instead.
    """
    at = Operands.of(probe)
    weights, bias = _gradient(recipe, probe, at.cut(recipe.truncated))
    weights_size, bias_size = sizes(recipe, probe)
    return (
        _block(weights, weights_size, recipe.penalty_weights, at.weights, recipe, probe),
        _block(bias, bias_size, recipe.penalty_bias, np.array(at.bias), recipe, probe),
    )


def predict_loss(recipe: Recipe, probe: Probe) -> tuple[Block]:
    """What a function that follows the recipe returns for the loss."""
    at = Operands.of(probe)
    value = _loss(recipe, probe, at.cut(recipe.truncated))
    return (Block(value, abs(_loss(recipe, probe, at.absolute()))),)


def tolerance(block: Block, probe: Probe, precision: str) -> Floats:
    """How far rounding alone may carry an answer from the block."""
    return np.asarray(rounding(probe, precision) * block.size)


def sizes(recipe: Recipe, probe: Probe) -> tuple[Floats, Floats]:
    """The terms' sizes by hand, (2/n) Σ |xᵢⱼ| aᵢ with aᵢ = |xᵢ|ᵀ|w| + |b| + |yᵢ|, and by differences of the loss.

    Central differences with h = 1 are exact for a quadratic but for rounding: γ times the losses that are subtracted,
    (1/n) Σ (aᵢ + |xᵢⱼ|)².
    """
    weights, bias = _gradient(recipe, probe, Operands.of(probe).absolute())
    by_weights, by_bias = _losses_subtracted(probe)
    if weights.shape == by_weights.shape:
        weights = weights + abs(recipe.scale_weights.at(probe)) * by_weights
    return weights, np.asarray(bias + abs(recipe.scale_bias.at(probe)) * by_bias)


@lru_cache(maxsize=256)
def _losses_subtracted(probe: Probe) -> tuple[Floats, Floats]:
    at = Operands.of(probe).absolute()
    terms = at.X @ at.weights + at.bias + at.y
    return ((terms[:, np.newaxis] + at.X) ** 2).mean(axis=0), np.asarray(((terms + 1) ** 2).mean())


def _block(value: Floats, size: Floats, penalty: str, parameter: Floats, recipe: Recipe, probe: Probe) -> Block:
    if penalty:
        if value.shape not in ((), parameter.shape):
            raise DoesNotFit
        every = np.ones_like(parameter)
        return Block(value * every, size * every, parameter / (probe.rows if penalty == "per-row" else 1))
    if recipe.fixed_rows:
        return Block(np.zeros_like(value), size, probe.rows * value)
    return Block(value, size)


def _gradient(recipe: Recipe, probe: Probe, at: Operands) -> tuple[Floats, Floats]:
    first_bias = _bias(recipe, probe, at)
    moved = at.moved(bias=first_bias) if recipe.order == "bias-first" else at
    weights = _weights(recipe, probe, moved)
    if recipe.order == "weights-first":
        return weights, _bias(recipe, probe, at.moved(weights=weights))
    return weights, first_bias


def _weights(recipe: Recipe, probe: Probe, at: Operands) -> Floats:
    """dW; of another shape than (d,) where the mistake makes it so."""
    residual = _residual(recipe, at)
    products = _WEIGHTED[recipe.factor](at.X, residual)
    return _cut_result(_scaled(recipe.scale_weights, probe, products, at), recipe, at, ("dW", "result"))


def _bias(recipe: Recipe, probe: Probe, at: Operands) -> Floats:
    """db; of an n × n residual, the mean over one axis and the sum over the other, or that sum alone."""
    residual = _residual(recipe, at)
    if recipe.bias_axis is None:
        total = residual.sum() / (len(at.y) if residual.ndim == 2 else 1)
    else:
        total = residual.sum(axis=recipe.bias_axis)
    return _cut_result(_scaled(recipe.scale_bias, probe, total, at), recipe, at, ("result",))


def _loss(recipe: Recipe, probe: Probe, at: Operands) -> Floats:
    residual = _residual(recipe, at)
    if recipe.residual == "sign":  # stands for the mean absolute error
        difference = at.X @ at.weights + at.bias + at.minus * at.y
        mean = np.abs(difference).mean()
    else:
        mean = (residual**2).mean()
    factor = recipe.scale_weights.at(probe)
    root = np.sqrt(mean) if recipe.power == 1 else mean
    return np.asarray((abs(factor) if at.minus > 0 else factor) * root)


def _scaled(scale: Scale, probe: Probe, total: Any, at: Operands) -> Floats:
    factor = scale.at(probe) * 2 / probe.rows
    return np.asarray((abs(factor) if at.minus > 0 else factor) * total)


def _cut_result(value: Floats, recipe: Recipe, at: Operands, when: tuple[str, ...]) -> Floats:
    return np.trunc(value) if recipe.truncated in when and at.minus < 0 else value


def _residual(recipe: Recipe, at: Operands) -> Floats:
    predicted = _predicted(recipe, at)
    residual = _RESIDUALS[recipe.residual](predicted, at.minus * at.y, at)
    return np.trunc(residual) if recipe.truncated == "residual" and at.minus < 0 else residual


def _predicted(recipe: Recipe, at: Operands) -> Floats:
    if recipe.forward == "turned":
        _needs_square(at.X)
        return np.asarray(at.X.T @ at.weights + at.bias)
    return np.asarray(at.X @ at.weights + (0.0 if recipe.forward == "no-bias" else at.bias))


def _needs_square(X: Floats) -> None:
    if X.shape[0] != X.shape[1]:
        raise DoesNotFit


def _turned(X: Floats, residual: Floats) -> Floats:
    _needs_square(X)
    return np.asarray(X @ residual)


def _sign(difference: Floats, at: Operands) -> Floats:
    return np.ones_like(difference) if at.minus > 0 else np.sign(difference)


#: Residuals from ŷ (n,), −y (n,) and the operands.
_RESIDUALS: dict[str, Callable[[Floats, Floats, Operands], Floats]] = {
    "difference": lambda predicted, minus_y, at: predicted + minus_y,
    "prediction": lambda predicted, minus_y, at: predicted,
    "target": lambda predicted, minus_y, at: at.y,
    "minus-target": lambda predicted, minus_y, at: minus_y,
    "sign": lambda predicted, minus_y, at: _sign(predicted + minus_y, at) / 2,
    "twice-sign": lambda predicted, minus_y, at: _sign(predicted + minus_y, at),
    "mean-target": lambda predicted, minus_y, at: predicted + minus_y.mean(),
    "mean-prediction": lambda predicted, minus_y, at: predicted.mean() + minus_y,
    "matrix": lambda predicted, minus_y, at: predicted[:, np.newaxis] + minus_y,
    "turned-matrix": lambda predicted, minus_y, at: predicted + minus_y[:, np.newaxis],
}

#: n/2 · dW from X (n, d) and the residual (n,) or (n, n).
_WEIGHTED: dict[str, Callable[[Floats, Floats], Floats]] = {
    "X": lambda X, residual: X.T @ residual,
    "ones": lambda X, residual: np.full(X.shape[1], residual.sum()),
    "table-first": lambda X, residual: residual @ X,
    "turned": _turned,
    "reshaped": lambda X, residual: X.reshape(X.shape[1], -1) @ residual,
    "permuted": lambda X, residual: X.T @ residual,  # the order is read off the answer: see `check`
    "sum-over-features": lambda X, residual: X.sum(axis=1) * residual,
    "mean-over-features": lambda X, residual: X.mean(axis=1) * residual * len(X),
    "sum-over-all": lambda X, residual: X.sum(axis=1) @ residual,
    "mean-over-all": lambda X, residual: X.mean(axis=1) @ residual,
}
