"""How a gradient is computed, step by step, with a switch for every mistake; so each mistake predicts numbers.

The right way is `Recipe()`: residual r = X W + b − y, then dW = (2/n) Xᵀ r and db = (2/n) Σ r. A mistake turns one
switch, two mistakes turn two. What a recipe predicts at a probe is compared with what a function gave there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from handgrad.compare.check.operands import RESIDUALS, WEIGHTED, DoesNotFit, Operands, Truncated, needs_square
from handgrad.compare.check.student.probes import Floats, Probe, rounding


@dataclass(frozen=True)
class Scale:
    """A factor that may follow the batch size: constant · n^rows · N^total · (n − 1)^fewer, of N rows in all."""

    constant: float = 1.0
    rows: int = 0
    total: int = 0
    fewer: int = 0

    def __mul__(self, other: Scale) -> Scale:
        return Scale(
            self.constant * other.constant,
            self.rows + other.rows,
            self.total + other.total,
            self.fewer + other.fewer,
        )

    def at(self, probe: Probe) -> float:
        """The factor at a probe; where N is unknown, the probe is all there is."""
        total = probe.rows if probe.total is None else probe.total
        fewer = float(probe.rows - 1) ** self.fewer
        return float(self.constant * float(probe.rows) ** self.rows * float(total) ** self.total * fewer)


Residual = Literal[
    "difference",  # ŷ − y
    "prediction",  # ŷ
    "target",  # y
    "minus-target",  # −y
    "sign",  # sign(ŷ − y) / 2: the derivative of |r| has no 2
    "twice-sign",  # sign(ŷ − y)
    "sign-up",  # the first, with 1 for the sign of 0
    "sign-down",  # with −1
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
    "residual",  # r itself, n numbers: the derivative by ŷ
    "total",  # Σ of all that belongs to dW and db, d times, and once more as db
    "sum-over-features",  # Σⱼ xᵢⱼ rᵢ, n numbers
    "mean-over-features",  # n/d of it: the mean over the wrong axis divides by d
    "sum-over-all",  # Σᵢⱼ xᵢⱼ rᵢ, one number
    "mean-over-all",  # 1/d of it
]


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
        order: In a step: which parameters move before the others' derivative is taken; with "each", every one of them.
        free: An unknown constant, the same in both blocks: a factor; the rate of a step whose parameters are given in
            place of the gradient; the h of (L(θ + h) − L(θ)) / h.
        swapped: db and dW are given in this order.
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
    order: Literal["together", "weights-first", "bias-first", "each-bias-first", "each-weights-first"] = "together"
    free: Literal["", "factor", "step", "difference"] = ""
    swapped: bool = False
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


@lru_cache(maxsize=8192)  # the same for every function that is checked
def predict_gradient(recipe: Recipe, probe: Probe) -> tuple[Block, Block]:
    """What a function that follows the recipe returns for dW and db.

    Raises:
        DoesNotFit: If it would raise an error instead.
    """
    at = Operands.of(probe)
    weights, bias = _gradient(recipe, probe, at.cut(recipe.truncated))
    weights_size, bias_size = sizes(recipe, probe)
    if recipe.free:
        return _with_free_constant(recipe, probe, at, (weights, weights_size), (bias, bias_size))
    by_weights = _block(weights, weights_size, recipe.penalty_weights, at.weights, recipe, probe)
    by_bias = _block(bias, bias_size, recipe.penalty_bias, np.array(at.bias), recipe, probe)
    return (by_bias, by_weights) if recipe.swapped else (by_weights, by_bias)


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


def _with_free_constant(
    recipe: Recipe, probe: Probe, at: Operands, *blocks: tuple[Floats, Floats]
) -> tuple[Block, Block]:
    parameters = at.weights, np.asarray(at.bias)
    curvatures = (at.X**2).sum(axis=0) / probe.rows, np.asarray(1.0)
    made = []
    for (value, size), parameter, curvature in zip(blocks, parameters, curvatures, strict=True):
        if value.shape != parameter.shape:
            raise DoesNotFit
        if recipe.free == "factor":
            made.append(Block(np.zeros_like(value), size, value))
        elif recipe.free == "step":
            made.append(Block(parameter, size + abs(parameter), -value))
        else:
            made.append(Block(value, size, recipe.scale_bias.at(probe) * curvature))
    return made[0], made[1]


def _gradient(recipe: Recipe, probe: Probe, at: Operands) -> tuple[Floats, Floats]:
    if recipe.order.startswith("each"):
        return _one_after_the_other(recipe, probe, at)
    first_bias = _bias(recipe, probe, at)
    moved = at.moved(bias=first_bias) if recipe.order == "bias-first" else at
    weights = _weights(recipe, probe, moved)
    if recipe.order == "weights-first":
        return weights, _bias(recipe, probe, at.moved(weights=weights))
    return weights, first_bias


def _one_after_the_other(recipe: Recipe, probe: Probe, at: Operands) -> tuple[Floats, Floats]:
    """Each parameter moves before the derivative by the next is taken."""
    bias, moved = _bias(recipe, probe, at), at
    if recipe.order == "each-bias-first":
        moved = moved.moved(bias=bias)
    weights = np.zeros_like(at.weights)
    for j in range(len(weights)):
        derivatives = _weights(recipe, probe, moved)
        if derivatives.shape != weights.shape:
            raise DoesNotFit
        weights[j] = derivatives[j]
        moved = moved.moved(weights=weights[j] * np.eye(len(weights))[j])
    return weights, bias if recipe.order == "each-bias-first" else _bias(recipe, probe, moved)


def _weights(recipe: Recipe, probe: Probe, at: Operands) -> Floats:
    """dW; of another shape than (d,) where the mistake makes it so."""
    residual = _residual(recipe, at)
    products = WEIGHTED[recipe.factor](at.X, residual)
    return _cut_result(_scaled(recipe.scale_weights, probe, products, at), recipe, at, ("dW", "result"))


def _bias(recipe: Recipe, probe: Probe, at: Operands) -> Floats:
    """db; of an n × n residual, the mean over one axis and the sum over the other, or that sum alone."""
    residual = _residual(recipe, at)
    if recipe.factor == "total":
        residual = residual * (1 + at.X.sum(axis=1))
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
    residual = RESIDUALS[recipe.residual](predicted(recipe, at), at.minus * at.y, at)
    return np.trunc(residual) if recipe.truncated == "residual" and at.minus < 0 else residual


def predicted(recipe: Recipe, at: Operands) -> Floats:
    """ŷ (n,) as the recipe has it.

    Raises:
        DoesNotFit: If the shapes do not fit together.
    """
    if recipe.forward == "turned":
        needs_square(at.X)
        return np.asarray(at.X.T @ at.weights + at.bias)
    return np.asarray(at.X @ at.weights + (0.0 if recipe.forward == "no-bias" else at.bias))
