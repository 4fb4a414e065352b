"""How far a correct run may drift from the true trajectory, and so two correct runs from each other.

A step adds its own rounding errors τ to the error e that it finds: e ← (I − ηH) e + τ. They come from the
gradient, the product with η, and the difference W − η dW, so to first order, with G(θ) the gradient's bound
(see `bounds`),

    |τⱼ| ≤ η Gⱼ(θ) + u |θⱼ| + ε

with ε the smallest subnormal number, as the product with η may underflow, and so may the difference's own rounding.

Full batch, this is followed in H's eigenbasis, where no component feeds another: from one recorded epoch to
the next, m epochs later, |c| ← |μ|ᵐ |c| + (1 + |μ| + … + |μ|ᵐ⁻¹) |V|ᵀτ, μ = 1 − ηλ. The sum is linear on
purpose, not √m: near the minimum the same error comes back in every epoch, and descent stands still where
ηλ|c| < u|θ|.

G needs sums over the rows in every epoch; `Sizes` bounds them by the true loss.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from handgrad.backends.interface import FloatArray, Plan, batches
from handgrad.compare.judge.bounds import Growth, Magnitudes, smallest, unit_roundoff
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.judge.trajectory import TrueRun


def drift(table: CheckedTable, plan: Plan, true: TrueRun, growth: Growth) -> FloatArray:
    """The most by which rounding explains that weights and bias (k, d + 1) differ from the true ones.

    Args:
        table: X and y as the backends hold them.
        plan: The run, with the learning rate that the dtype holds.
        true: Its true trajectory, k recorded epochs.
        growth: `worst_growth` or `likely_growth`.
    """
    all_rows = plan.batch_size is None or plan.batch_size >= table.rows
    with np.errstate(over="ignore", invalid="ignore"):
        band = (_full_batches if all_rows else _mini_batches)(table, plan, true, growth)
    band = np.where(np.isnan(band), np.inf, band)
    return band + unit_roundoff(plan.dtype) * np.abs(true.parameters) + smallest(plan.dtype)


def _full_batches(table: CheckedTable, plan: Plan, true: TrueRun, growth: Growth) -> FloatArray:
    shrink = np.abs(1 - plan.learning_rate * table.hessian.eigenvalues)
    spread = np.abs(table.hessian.eigenvectors)
    added = step_errors(table, plan, true, growth) @ spread
    components = np.zeros(len(shrink))
    followed = [components]
    for i, (here, there) in enumerate(pairwise(true.epochs.tolist())):
        at_most = np.maximum(added[i], added[i + 1])
        components = shrink ** (there - here) * components + geometric(shrink, there - here) * at_most
        followed.append(components)
    return np.array(followed) @ spread.T


def _mini_batches(table: CheckedTable, plan: Plan, true: TrueRun, growth: Growth) -> FloatArray:
    """By norms: batches have no common eigenbasis. A step that stretches no direction passes the error on as it is."""
    X, y, norm = table.X, table.y, 0.0
    followed = [norm]
    for i, (here, there) in enumerate(pairwise(true.epochs.tolist())):
        for epoch in range(here, there):
            for rows in batches(len(y), plan, epoch):
                ends = [_step_error(X[rows], y[rows], plan, true.parameters[k], growth) for k in (i, i + 1)]
                norm = _stretch(X[rows], plan.learning_rate) * norm + max(map(float, map(np.linalg.norm, ends)))
        followed.append(norm)
    return np.array(followed)[:, np.newaxis] * np.ones(X.shape[1] + 1)


def step_errors(table: CheckedTable, plan: Plan, true: TrueRun, growth: Growth) -> FloatArray:
    """τ (k, d + 1) of a full-batch step at each recorded epoch."""
    slopes = table.sizes.slopes(true.parameters, true.losses, plan.dtype, growth)
    return _with_update(slopes, true.parameters, plan)


def geometric(ratio: FloatArray, terms: int) -> FloatArray:
    """1 + ratio + … + ratio^(terms − 1), of 1 term or more, for each of the ratios (d + 1,), which are 0 and more."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # expm1 and log1p keep the digits of 1 − ratio where it is small
        closed = np.expm1(terms * np.log1p(ratio - 1)) / (ratio - 1)
    return np.where(ratio == 1, float(terms), closed)


def _step_error(X: FloatArray, y: FloatArray, plan: Plan, parameters: FloatArray, growth: Growth) -> FloatArray:
    """τ (d + 1,) of one step on one batch."""
    bound = Magnitudes.at(X, y, parameters[:-1], float(parameters[-1])).tolerance(plan.dtype, growth)
    return _with_update(np.array([*bound.weights, bound.bias]), parameters, plan)


def _with_update(slopes: FloatArray, parameters: FloatArray, plan: Plan) -> FloatArray:
    """τ from the gradient's bound; the product with η is one more rounding, which the bound's n + 2 has room for."""
    return plan.learning_rate * slopes + unit_roundoff(plan.dtype) * np.abs(parameters) + smallest(plan.dtype)


def _stretch(X: FloatArray, rate: float) -> float:
    """‖I − ηH‖ of one batch; at least 1, since a small batch leaves some direction alone."""
    table = np.column_stack([X, np.ones(len(X))]).astype(np.float64)
    largest = float(np.linalg.norm(table, 2)) ** 2 * 2 / len(X)
    return max(1.0, abs(1 - rate * largest))
