"""The functions that are judged: what each is exactly, how far rounding may take it, and what NumPy makes of it.

Reductions take x (n,), or any array: over all elements, or along an axis. Internally every one works on rows: x (m, n),
each row summed by itself, or the rows of two arrays (m, k) and (n, k), multiplied with one another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, InputError
from handgrad.compare.functions import bounds, irrational
from handgrad.compare.functions.arrays import Operand
from handgrad.compare.functions.bounds import Rounding
from handgrad.compare.functions.exact import Exact, Rationals, each_with_each, each_with_its_own, exactly, products

#: An axis; None means all elements, and "own" what the function itself takes without being told.
Axis = int | str | None


@dataclass(frozen=True, eq=False)
class Rows:
    """The inputs in the form in which they are worked on.

    Attributes:
        left: (m, n), float64 or Python's integers.
        right: Of products, (p, n); otherwise None.
        shape: Of the result.
        back: Brings what is found for the rows into that shape.
    """

    left: NDArray[Any]
    right: NDArray[Any] | None
    shape: tuple[int, ...]
    back: Callable[[NDArray[Any]], NDArray[Any]]

    @property
    def floats(self) -> FloatArray:
        """The left rows (m, n) as float64; long integers are rounded."""
        return self.left.astype(np.float64)

    @property
    def other(self) -> NDArray[Any]:
        """The right rows of a product, (p, n)."""
        assert self.right is not None
        return self.right


@dataclass(frozen=True)
class Reference:
    """A mathematical function, and all that is known of it.

    Attributes:
        name: As messages and reports have it.
        inputs: How many arrays it takes.
        rows: Makes rows of them, or says what is wrong with their shapes.
        exact: The exact values of the rows.
        bound: What rounding may do to them, from their nearest doubles.
        terms: The terms (n, q) of its sums, at most so many sums, in float64.
        by_numpy: NumPy's own, for whoever names a function and gives none.
        axis: Along which it works unless told.
        rational: Whether its values are rational.
    """

    name: str
    inputs: int
    rows: Callable[[Sequence[Operand], int | None], Rows]
    exact: Callable[[Rows], Exact]
    bound: Callable[[Rows, FloatArray, Rounding], FloatArray]
    terms: Callable[[Rows, int], FloatArray]
    by_numpy: Callable[..., Any]
    axis: int | None = None
    rational: bool = True


def reference_named(name: str) -> Reference:
    """The function of that name, or of another that it goes by.

    Raises:
        InputError: If there is none.
    """
    key = name.strip().lower().replace("_", " ")
    key = OTHER_NAMES.get(key, key)
    if key not in REFERENCES:
        raise InputError(f"reference: expected one of {', '.join(REFERENCES)}, got {name!r}")
    return REFERENCES[key]


# -- inputs as rows ------------------------------------------------------------------------------------------------


def _reduced(inputs: Sequence[Operand], axis: int | None) -> Rows:
    moved = _rows_of(inputs[0].values, axis)
    shape = moved.shape[:-1]
    return Rows(moved.reshape(-1, moved.shape[-1]), None, shape, lambda found: found.reshape(shape))


def _elementwise(inputs: Sequence[Operand], axis: int | None) -> Rows:
    values = inputs[0].values
    moved = _rows_of(values, axis)

    def back(found: NDArray[Any]) -> NDArray[Any]:
        placed = found.reshape(moved.shape)
        return placed.reshape(values.shape) if axis is None else np.moveaxis(placed, -1, axis)

    return Rows(moved.reshape(-1, moved.shape[-1]), None, values.shape, back)


def _rows_of(values: NDArray[Any], axis: int | None) -> NDArray[Any]:
    if values.ndim == 0:
        raise InputError("x: expected an array of at least one axis, got one number")
    if axis is None:
        return values.reshape(-1)
    if not -values.ndim <= axis < values.ndim:
        raise InputError(f"axis: expected one of {values.ndim} axes of x {values.shape}, got {axis}")
    return np.moveaxis(values, axis, -1)


def _multiplied(allowed: Sequence[tuple[int, int]], inputs: Sequence[Operand], axis: int | None) -> Rows:
    a, b = (one.values for one in inputs)
    if (a.ndim, b.ndim) not in allowed:
        expected = " or ".join(f"{_SHAPES[0][m]} and {_SHAPES[1][n]}" for m, n in allowed)
        raise InputError(f"inputs: expected shapes {expected}, got {a.shape} and {b.shape}")
    inner = a.shape[-1], b.shape[0]
    if inner[0] != inner[1]:
        raise InputError(f"inputs: expected as many columns as rows, got {a.shape} and {b.shape}")
    shape = a.shape[:-1] + b.shape[1:]
    left, right = a.reshape(-1, inner[0]), b.reshape(inner[0], -1).T
    return Rows(left, right, shape, lambda found: found.reshape(shape))


_SHAPES = {1: "(k,)", 2: "(m, k)"}, {1: "(k,)", 2: "(k, n)"}


# -- exact values --------------------------------------------------------------------------------------------------


def _sums(rows: NDArray[Any]) -> Rationals:
    return products(rows, np.ones_like(rows), each_with_its_own)


def _mean(rows: Rows) -> Exact:
    return exactly(_sums(rows.left).times(Fraction(1, rows.left.shape[1])))


def _variance(removed: int, rows: Rows) -> Exact:
    n = rows.left.shape[1]
    if n <= removed:
        raise InputError(f"x: expected at least {removed + 1} numbers for a sample variance, got {n}")
    squares = products(rows.left, rows.left, each_with_its_own).times(Fraction(1, n - removed))
    return exactly(squares + _sums(rows.left).squared().times(Fraction(-1, n * (n - removed))))


def _largest(rows: Rows) -> Exact:
    return exactly(_sums(np.abs(rows.left).max(axis=1, keepdims=True)))


# -- the terms of their sums ---------------------------------------------------------------------------------------


def _terms_of_sum(rows: Rows, most: int) -> FloatArray:
    return rows.floats[:most].T


def _terms_of_products(rows: Rows, most: int) -> FloatArray:
    """Of the first rows, or columns, evenly."""
    left, right = rows.floats, rows.other.astype(np.float64)
    side = max(1, int(most**0.5))
    down = min(len(left), max(side, most // len(right)))
    across = min(len(right), max(1, most // down))
    terms = left[:down, None, :] * right[None, :across, :]
    return terms.reshape(-1, left.shape[1]).T


def _terms_of_squares(rows: Rows, most: int) -> FloatArray:
    scaled = rows.floats[:most] / np.maximum(np.abs(rows.floats[:most]).max(axis=1, keepdims=True), 1e-300)
    squares: FloatArray = (scaled**2).T
    return squares


def _terms_of_powers(rows: Rows, most: int) -> FloatArray:
    found: FloatArray = np.exp(rows.floats[:most] - rows.floats[:most].max(axis=1, keepdims=True)).T
    return found


def _terms_of_variance(rows: Rows, most: int) -> FloatArray:
    """Of the mean, and of the squares."""
    x = rows.floats[: max(1, most // 2)]
    return np.concatenate([x, (x - x.mean(axis=1, keepdims=True)) ** 2]).T


# -- the table -----------------------------------------------------------------------------------------------------


def _product(name: str, allowed: Sequence[tuple[int, int]]) -> Reference:
    return Reference(
        name,
        2,
        partial(_multiplied, allowed),
        lambda rows: exactly(products(rows.left, rows.other, each_with_each)),
        lambda rows, exact, by: bounds.of_products(
            rows.floats, rows.other.astype(np.float64), each_with_each, exact, by
        ),
        _terms_of_products,
        np.matmul,
    )


def _variances(name: str, removed: int, bound: Callable[..., FloatArray]) -> Reference:
    return Reference(
        name,
        1,
        _reduced,
        partial(_variance, removed),
        lambda rows, exact, by: bound(rows.floats, exact, by, removed),
        _terms_of_variance,
        partial(np.var, ddof=removed),
    )


def _softmax_by_numpy(x: Any, axis: int | None = -1) -> Any:
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _logsumexp_by_numpy(x: Any, axis: int | None = None) -> Any:
    largest = np.max(x, axis=axis, keepdims=True)
    return np.squeeze(largest, axis=axis) + np.log(np.sum(np.exp(x - largest), axis=axis))


def _norm_by_numpy(order: float, x: Any, axis: int | None = None) -> Any:
    return np.linalg.norm(np.ravel(x) if axis is None else x, ord=order, axis=axis)


_ALL = (
    _product("dot product", [(1, 1)]),
    _product("matrix-vector", [(2, 1)]),
    _product("matrix-matrix", [(2, 2)]),
    _product("product", [(1, 1), (2, 1), (1, 2), (2, 2)]),
    Reference(
        "sum", 1, _reduced, lambda rows: exactly(_sums(rows.left)),
        lambda rows, exact, by: bounds.of_sum(rows.floats, exact, by), _terms_of_sum, np.sum,
    ),
    Reference(
        "mean", 1, _reduced, _mean,
        lambda rows, exact, by: bounds.of_mean(rows.floats, exact, by), _terms_of_sum, np.mean,
    ),
    _variances("variance", 0, bounds.of_variance),
    _variances("sample variance", 1, bounds.of_variance),
    _variances("two-pass variance", 0, bounds.of_two_passes),
    _variances("two-pass sample variance", 1, bounds.of_two_passes),
    Reference(
        "2-norm", 1, _reduced, lambda rows: irrational.roots(products(rows.left, rows.left, each_with_its_own)),
        lambda rows, exact, by: bounds.of_norm(rows.floats, exact, by), _terms_of_squares,
        partial(_norm_by_numpy, 2), rational=False,
    ),
    Reference(
        "1-norm", 1, _reduced, lambda rows: exactly(_sums(np.abs(rows.left))),
        lambda rows, exact, by: bounds.of_sum(rows.floats, exact, by),
        lambda rows, most: np.abs(_terms_of_sum(rows, most)),
        partial(_norm_by_numpy, 1),
    ),
    Reference(
        "max-norm", 1, _reduced, _largest,
        lambda rows, exact, by: by.finished(exact, np.zeros(exact.shape)) * (by.inner != by.outer or by.wider),
        lambda rows, most: np.abs(rows.floats[:most]).max(axis=1, keepdims=True).T, partial(_norm_by_numpy, np.inf),
    ),
    Reference(
        "softmax", 1, _elementwise, lambda rows: irrational.softmax(rows.floats),
        lambda rows, exact, by: bounds.of_softmax(rows.floats, exact, by), _terms_of_powers, _softmax_by_numpy,
        axis=-1, rational=False,
    ),
    Reference(
        "logsumexp", 1, _reduced, lambda rows: irrational.logsumexp(rows.floats),
        lambda rows, exact, by: bounds.of_logsumexp(rows.floats, exact, by), _terms_of_powers, _logsumexp_by_numpy,
        rational=False,
    ),
)  # fmt: skip
REFERENCES = {one.name: one for one in _ALL}
OTHER_NAMES = {
    "dot": "dot product", "matvec": "matrix-vector", "matrix-vector product": "matrix-vector", "mv": "matrix-vector",
    "matmul": "matrix-matrix", "mm": "matrix-matrix", "matrix-matrix product": "matrix-matrix", "var": "variance",
    "norm": "2-norm", "euclidean norm": "2-norm", "log-sum-exp": "logsumexp",
}  # fmt: skip
