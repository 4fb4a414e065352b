"""Where descent is heading: the least-squares solution, exactly, or by QR where there are many features.

`solve_exactly` solves the normal equations S θ = c in integers, by fraction-free elimination (Bareiss 1968,
"Sylvester's identity and multistep integer-preserving Gaussian elimination"). Squaring the condition number
costs nothing there.

`solve_by_qr` factors [1, (X − m)/s] = QR, columns centred and scaled, which loses as few digits as float64
can, and then refines once: the exact gradient g at the solution found gives the correction −(n/2) (RᵀR)⁻¹ g
in the scaled basis (Björck 1996, *Numerical Methods for Least Squares Problems*, section 2.9, corrected
seminormal equations).

When columns depend on others there are many solutions. Both give the one with the smallest Σ W² + b² of its
basis: the one that descent from zero reaches, on the columns as they are given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from handgrad.backends.exact import ExactTrainer, Moments, rounded
from handgrad.backends.interface import FloatArray, Gradient, InputError
from handgrad.compare.judge.hessian import EXACT_FEATURES, dependence_limit, numerical_rank, triangle
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.results.comparison import Dependence

#: A column's share in a dependence is named from this size on, of columns scaled alike.
NAMED_FROM = 1e-6

#: What a bound that is computed in float64 is taken larger by.
LOSS_MARGIN = 1.1


@dataclass(frozen=True)
class ClosedForm:
    """The minimum of the loss.

    Attributes:
        weights: (d,), the doubles nearest to the solution ("exact"), or close to it ("qr").
        bias: Likewise.
        method: "exact": in rational arithmetic, rounded once. "qr": in float64, refined once. "moments": in float64,
            from the moments of rows that are nowhere whole.
        loss: The mean squared error, in units of y². "exact": the lowest, at the solution before it is rounded. "qr":
            the exact one at weights and bias. "moments": the lowest, but for rounding.
        dependent: The columns that others make redundant; the solution is then the one of minimum norm.
        loss_error: By how much the loss lies above the lowest at most; None where it is that, rounded once.
    """

    weights: FloatArray
    bias: float
    method: Literal["exact", "qr", "moments"]
    loss: float
    dependent: tuple[Dependence, ...] = ()
    loss_error: float | None = None


def solve(table: CheckedTable, names: Sequence[str] | None = None) -> ClosedForm:
    """The least-squares solution of a table: exact up to `EXACT_FEATURES`, however many rows, and else by QR.

    Args:
        table: X (n, d) and y (n,); float32 is taken at its own values.
        names: (d,), what to call the columns that depend on others; `X1`, `X2`, … if not given.
    """
    return (solve_exactly if table.features <= EXACT_FEATURES else solve_by_qr)(table, names)


# -- exactly -----------------------------------------------------------------------------------------------------------


def solve_exactly(table: CheckedTable, names: Sequence[str] | None = None) -> ClosedForm:
    """The least-squares solution of a table in rational arithmetic, rounded once; `names` (d,) as in `solve`.

    Raises:
        InputError: If a parameter of the solution lies outside float64.
    """
    return exact_closed_form(table.exact.moments, names or default_names(table.features))


def exact_closed_form(moments: Moments, called: Sequence[str]) -> ClosedForm:
    """The least-squares solution from exact moments, rounded once; columns are `called` (d,).

    Raises:
        InputError: If a parameter of the solution lies outside float64.
    """
    solution = exact_solution(moments)
    *weights, bias = (_rounded_once(value, name) for value, name in zip(solution, [*called, None], strict=True))
    lowest = exact_loss(moments, solution)
    return ClosedForm(
        weights=np.array(weights),
        bias=bias,
        method="exact",
        loss=rounded(lowest.numerator, lowest.denominator, "float64"),
        dependent=tuple(_exact_dependence(moments, column, called) for column in _redundant(moments)),
    )


def exact_loss(moments: Moments, solution: Sequence[Fraction]) -> Fraction:
    """The loss at a solution θ* of the normal equations S θ = c: (yᵀy − cᵀθ*) / n."""
    explained = sum((row[-1] * value for row, value in zip(moments.gram, solution, strict=False)), Fraction(0))
    return (moments.gram[-1][-1] - explained) / (moments.rows << moments.shift)


def _rounded_once(value: Fraction, name: str | None) -> float:
    """The double nearest to a parameter: the slope of a column, or the bias (None)."""
    nearest = rounded(value.numerator, value.denominator, "float64")
    if math.isinf(nearest):
        power = math.floor((value.numerator.bit_length() - value.denominator.bit_length()) * math.log10(2))
        what = "the bias" if name is None else f"the slope of {name!r}"
        raise InputError(
            f"least squares: {what}, about 1e{power:+d}, lies outside float64 (1.8e+308); give the column or the "
            "target in another unit"
        )
    return nearest


def exact_solution(moments: Moments) -> list[Fraction]:
    """θ* (d + 1,), weights and bias, as fractions; of minimum norm when columns are dependent."""
    gram, target = _normal_equations(moments)
    kept = independent(gram)
    if len(kept) == len(gram):
        return eliminate(gram, target)
    # The solution of minimum norm is a combination of S's rows, S_kᵀ z, and S_k S_kᵀ z = c_k has one solution z.
    rows = [gram[i] for i in kept]
    squared = [[_dot(left, right) for right in rows] for left in rows]
    z = eliminate(squared, [target[i] for i in kept])
    return [sum((row[j] * factor for row, factor in zip(rows, z, strict=True)), Fraction(0)) for j in range(len(gram))]


def _normal_equations(moments: Moments) -> tuple[list[list[int]], list[int]]:
    """S (d + 1, d + 1) and c (d + 1,) of S θ = c, in whole numbers of one unit."""
    rows = moments.gram[:-1]
    return [row[:-1] for row in rows], [row[-1] for row in rows]


def eliminate(matrix: list[list[int]], right: list[int]) -> list[Fraction]:
    """The solution of a positive definite system of integers: Bareiss elimination, then back substitution."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    previous = 1
    for k in range(size):
        pivot = rows[k]
        for i in range(k + 1, size):
            factor = rows[i][k]
            # exact division: every entry is a minor of the matrix
            rows[i] = [(pivot[k] * a - factor * b) // previous for a, b in zip(rows[i], pivot, strict=True)]
        previous = pivot[k]
    # By Cramer's rule the solution's common denominator is the determinant, the last pivot.
    determinant = rows[-1][-2]
    numerators = [0] * size
    for i in reversed(range(size)):
        known = _dot(rows[i][i + 1 : size], numerators[i + 1 :])
        numerators[i] = (rows[i][size] * determinant - known) // rows[i][i]
    return [Fraction(numerator, determinant) for numerator in numerators]


def independent(gram: list[list[int]]) -> list[int]:
    """The columns that are no combination of the bias and the columns before them: (d + 1,) or fewer, ascending.

    The Gram matrix (d + 1, d + 1) of columns (X, 1) is eliminated with the bias first; a zero pivot is a
    dependence.
    """
    size = len(gram)
    order = [size - 1, *range(size - 1)]
    rows = {i: list(gram[i]) for i in order}
    kept: list[int] = []
    previous = 1
    for position, k in enumerate(order):
        if rows[k][k] == 0:  # the pivot of a positive semidefinite matrix: the rest of its row is zero, too
            continue
        kept.append(k)
        for i in order[position + 1 :]:
            factor = rows[i][k]
            rows[i] = [(rows[k][k] * a - factor * b) // previous for a, b in zip(rows[i], rows[k], strict=True)]
        previous = rows[k][k]
    return sorted(kept)


def _redundant(moments: Moments) -> list[int]:
    gram, _ = _normal_equations(moments)
    kept = set(independent(gram))
    return [column for column in range(len(gram)) if column not in kept]


def _exact_dependence(moments: Moments, column: int, names: Sequence[str]) -> Dependence:
    """Which of the columns before it, and the bias, a column is made of: its own regression on them."""
    gram, _ = _normal_equations(moments)
    kept = [i for i in independent(gram) if i < column or i == len(names)]
    shares = eliminate([[gram[i][j] for j in kept] for i in kept], [gram[i][column] for i in kept])
    others = [names[i] for i, share in zip(kept, shares, strict=True) if share != 0 and i < len(names)]
    return Dependence(names[column], tuple(others))


def _dot(left: list[int], right: list[int]) -> int:
    return sum(a * b for a, b in zip(left, right, strict=True))


# -- by QR -------------------------------------------------------------------------------------------------------------


def solve_by_qr(table: CheckedTable, names: Sequence[str] | None = None, *, refine: bool = True) -> ClosedForm:
    """The least-squares solution of a table by QR on centred and scaled columns, in float64.

    Args:
        table: X (n, d) and y (n,).
        names: (d,), what to call the columns that depend on others; `X1`, `X2`, … if not given.
        refine: Whether to add one step from the exact gradient.
    """
    d = table.features
    means, scales = table.centre
    R, projected = _factor(table.X, table.y, means, scales)
    dependent: tuple[Dependence, ...] = ()
    if numerical_rank(R) <= d:
        weights, bias, dependent = _minimum_norm(R, projected, means, scales, names or default_names(d))
    else:
        weights, bias = _in_units(np.linalg.solve(R, projected), means, scales)
        if refine:
            weights, bias = _refined(table.exact, weights, bias, R, means, scales)
    at = table.exact.exactly_at(weights, bias)
    loss = rounded(at.loss.numerator, at.loss.denominator, "float64")
    return ClosedForm(weights, bias, "qr", loss, dependent, _above_lowest(at, R, means, scales, table.rows))


def _above_lowest(at: Gradient, R: FloatArray, means: FloatArray, scales: FloatArray, rows: int) -> float:
    """How far the loss at a point with that exact gradient is above the lowest at most: ½ gᵀH⁺g, H = (2/n) X̃ᵀX̃.

    The loss is quadratic, so that this is so but for the rounding of R, which `LOSS_MARGIN` covers.
    """
    apart = np.linalg.lstsq(R.T, _scaled_slope(at, means, scales), rcond=None)[0]
    return LOSS_MARGIN * rows / 4 * float(apart @ apart)


def _scaled_slope(at: Gradient, means: FloatArray, scales: FloatArray) -> FloatArray:
    """An exact gradient (weights, bias) in the basis of [1, (X − m)/s], (d + 1,), its offsets taken out exactly."""
    fractions = [Fraction(m) for m in means.tolist()]
    centred = [float(g - m * at.bias) for g, m in zip(at.weights, fractions, strict=True)]
    return np.array([float(at.bias), *(np.array(centred) / scales)])


def near_dependences(table: CheckedTable, names: Sequence[str]) -> tuple[Dependence, ...]:
    """The columns that float64 cannot tell from a combination of others, after centring and scaling; `names` (d,)."""
    _, shares = _dependences(triangle(table.X, *table.centre))
    return tuple(_named(column, share, names) for column, share in shares.items())


def default_names(features: int) -> list[str]:
    """What columns without a name are called: X1, X2 and so on."""
    return [f"X{j + 1}" for j in range(features)]


def _factor(X: FloatArray, y: FloatArray, means: FloatArray, scales: FloatArray) -> tuple[FloatArray, FloatArray]:
    """R (d + 1, d + 1) and Qᵀy (d + 1,) of [1, (X − m)/s] = QR: both stand in the R of that table with y beside it."""
    with_target = triangle(np.column_stack([X, y]), np.array([*means, 0.0]), np.array([*scales, 1.0]))
    size = X.shape[1] + 1
    padded = np.zeros((size, size + 1))
    padded[: min(size, len(with_target))] = with_target[:size]
    return padded[:, :size], padded[:, size]


def _refined(
    exact: ExactTrainer, weights: FloatArray, bias: float, R: FloatArray, means: FloatArray, scales: FloatArray
) -> tuple[FloatArray, float]:
    """One Newton step from the exact gradient; the bias is summed exactly, since offsets cancel in it."""
    scaled = _scaled_slope(exact.exactly_at(weights, bias), means, scales)
    fractions = [Fraction(m) for m in means.tolist()]
    intercept, *slopes = np.linalg.solve(R, np.linalg.solve(R.T, -exact.rows / 2 * scaled))
    moved = [Fraction(w) + Fraction(s) for w, s in zip(weights.tolist(), (slopes / scales).tolist(), strict=True)]
    shift = Fraction(float(intercept)) - sum(
        (m * (new - Fraction(old)) for m, new, old in zip(fractions, moved, weights.tolist(), strict=True)), Fraction(0)
    )
    return np.array([float(w) for w in moved]), float(Fraction(bias) + shift)


def _minimum_norm(
    R: FloatArray, projected: FloatArray, means: FloatArray, scales: FloatArray, names: Sequence[str]
) -> tuple[FloatArray, float, tuple[Dependence, ...]]:
    """A solution with the redundant columns left out, less its part in the null space, which changes no prediction."""
    kept, shares = _dependences(R)
    solution = np.zeros(len(R))
    solution[kept] = np.linalg.lstsq(R[:, kept], projected, rcond=None)[0]
    particular = _in_one(solution, means, scales)
    null = np.array([_in_one(share, means, scales) for share in shares.values()]).reshape(-1, len(R)).T
    null /= np.linalg.norm(null, axis=0)
    least = particular - null @ np.linalg.lstsq(null, particular, rcond=None)[0]
    dependent = tuple(_named(column, share, names) for column, share in shares.items())
    return least[:-1], float(least[-1]), dependent


def _dependences(R: FloatArray) -> tuple[list[int], dict[int, FloatArray]]:
    """Columns of R (bias first) independent of those before them; for each other one, the combination that is 0."""
    kept: list[int] = []
    shares: dict[int, FloatArray] = {}
    for column in range(len(R)):
        combination = np.zeros(len(R))
        combination[column] = -1
        combination[kept] = np.linalg.lstsq(R[:, kept], R[:, column], rcond=None)[0]
        if np.linalg.norm(R @ combination) > dependence_limit(R):
            kept.append(column)
        else:
            shares[column] = combination
    return kept, shares


def _in_units(scaled: FloatArray, means: FloatArray, scales: FloatArray) -> tuple[FloatArray, float]:
    """Parameters of [1, (X − m)/s], (d + 1,), as weights (d,) and bias of X."""
    weights: FloatArray = scaled[1:] / scales
    return weights, float(scaled[0] - weights @ means)


def _in_one(scaled: FloatArray, means: FloatArray, scales: FloatArray) -> FloatArray:
    """Parameters of [1, (X − m)/s], (d + 1,), as weights and bias of X in one array (d + 1,), the bias last."""
    weights, bias = _in_units(scaled, means, scales)
    return np.array([*weights, bias])


def _named(column: int, share: FloatArray, names: Sequence[str]) -> Dependence:
    others = [names[j] for j in range(len(names)) if j + 1 != column and abs(share[j + 1]) > NAMED_FROM]
    return Dependence(names[column - 1], tuple(others))
