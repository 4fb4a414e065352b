"""One table as the backends hold it, checked once, with what the judge works out of it, each once.

Bounds, drift, the true run, closed form, gradient checks and self-test all rest on the same few facts of a table: its
exact inner products, the sums |Z|ᵀ|Z| of its sizes, and the Hessian of the loss on it. Each costs a pass over the rows
(the exact one many), so they are worked out when first asked for, and kept.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.backends.exact import ExactTrainer, Moments, rounded
from handgrad.backends.exact_sums import ExactSums, is_large
from handgrad.backends.interface import DType, FloatArray, Gradient, Parameters, check_data, check_parameters
from handgrad.compare.judge.bounds import (
    BLOCK_ROWS,
    Growth,
    Magnitudes,
    Sizes,
    Tolerance,
    Tolerances,
    gradient_tolerances,
    over,
    ulps,
)
from handgrad.compare.judge.hessian import EXACT_FEATURES, Hessian, centre, exact_centre, exact_hessian, hessian

#: From so many rows on, what a factorisation needs is taken from the exact inner products.
LARGE_ROWS = 200_000

#: Points whose exact answer and bounds are kept: each costs a pass over the rows, and a start is asked for again.
KEPT_POINTS = 4


@dataclass(frozen=True)
class PointErrors:
    """Loss and gradient of a backend against the exact ones at one point; arrays are (d + 2,): loss, dW, db.

    Attributes:
        ulps: In units of the last place of the exact value, in the table's dtype.
        relative: Over the exact value.
        over_likely: Over the bound in which rounding errors grow like √n.
        over_worst: Over the bound in which all of them push one way.
    """

    ulps: FloatArray
    relative: FloatArray
    over_likely: FloatArray
    over_worst: FloatArray


@dataclass(frozen=True)
class ExactPoint:
    """The exact loss and gradient at one point, and how far a correct backend may lie from them.

    Attributes:
        exact: Loss, dW (a list of d) and db, as fractions.
        nearest: (d + 2,), the doubles nearest to loss, dW and db.
        rest: (d + 2,), the doubles nearest to what those leave.
        bounds: Both rounding-error bounds there.
        dtype: The format in which the backends compute.
    """

    exact: Gradient
    nearest: FloatArray
    rest: FloatArray
    bounds: Tolerances
    dtype: DType

    @classmethod
    def of(cls, exact: Gradient, bounds: Tolerances, dtype: DType) -> ExactPoint:
        """That of an exact loss and gradient, as fractions."""
        nearest, rest = two_parts([exact.loss, *exact.weights, exact.bias])
        return cls(exact, nearest, rest, bounds, dtype)

    def errors(self, given: Gradient) -> PointErrors:
        """Errors of a loss and gradient (floats) that a backend gave here."""
        values, error = as_array(given), np.abs(self.difference(given))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            relative = np.where(error == 0, 0.0, error / np.abs(self.nearest))
        return PointErrors(
            ulps(values, self.nearest, self.dtype, self.rest),
            relative,
            over(error, as_array(self.bounds.likely)),
            over(error, as_array(self.bounds.worst)),
        )

    def difference(self, given: Gradient) -> FloatArray:
        """(d + 2,): loss, dW and db as given, less the exact ones."""
        with np.errstate(invalid="ignore", over="ignore"):
            return (as_array(given) - self.nearest) - self.rest

    def bound(self, trusted: bool) -> Tolerance:
        """The bound that decides: that of errors growing like √n where it is `trusted`, or else the worst case."""
        return self.bounds.likely if trusted else self.bounds.worst


@dataclass(frozen=True, eq=False)
class CheckedTable:
    """X and y of a problem, checked and in the format in which backends compute, with what follows from them.

    Make one with `CheckedTable.of`, which checks.

    Attributes:
        X: (n, d), finite, in the dtype.
        y: (n,), finite, in the dtype.
        dtype: "float64" or "float32".
    """

    X: FloatArray
    y: FloatArray
    dtype: DType
    _taking: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _points: deque[tuple[tuple[bytes, float], ExactPoint]] = field(
        default_factory=lambda: deque(maxlen=KEPT_POINTS), init=False, repr=False
    )

    @classmethod
    def of(cls, X: ArrayLike, y: ArrayLike, dtype: DType = "float64") -> CheckedTable:
        """The table of X (n, d) or (n,) and y (n,), rounded to the dtype.

        Raises:
            InputError: As every trainer does: wrong shapes, no rows, what is not finite or beyond the dtype.
        """
        return cls(*check_data(X, y, dtype), dtype)

    @property
    def rows(self) -> int:
        """n."""
        return len(self.y)

    @property
    def features(self) -> int:
        """d."""
        return int(self.X.shape[1])

    @cached_property
    def target(self) -> tuple[float, float]:
        """Mean and standard deviation of y."""
        y = self.y.astype(np.float64)
        return float(np.mean(y)), float(np.std(y))

    @cached_property
    def longest_row(self) -> float:
        """max (1 + ‖xᵢ‖²)."""
        return float(1 + (self.X.astype(np.float64) ** 2).sum(axis=1).max())

    @property
    def exact(self) -> ExactTrainer:
        """Rational arithmetic on the numbers held here, with its exact inner products, taken once whoever asks first.

        It takes parameters as doubles, and does not round them to the dtype.
        """
        with self._taking:
            return self._exact

    @cached_property
    def _exact(self) -> ExactTrainer:
        trainer = ExactTrainer(self.X, self.y)
        _ = trainer.moments
        return trainer

    @cached_property
    def sizes(self) -> Sizes:
        """|Z|ᵀ|Z| (d + 2, d + 2), Z = [X 1 y]: bounds at many points without another pass over the rows."""
        return Sizes.of(self.X, self.y)

    @cached_property
    def hessian(self) -> Hessian:
        """The Hessian of the loss, in its eigenbasis; that of a large table costs no pass of its own."""
        return exact_hessian(self.exact.moments) if self.is_large else hessian(self.X)

    @cached_property
    def centre(self) -> tuple[FloatArray, FloatArray]:
        """Means (d,) of the columns and their scales (d,), root mean squares about them (see `hessian.centre`)."""
        return exact_centre(self.exact.moments) if self.is_large else centre(self.X)

    @property
    def is_large(self) -> bool:
        """Whether a pass over the rows takes longer than elimination with their exact inner products."""
        return self.rows >= LARGE_ROWS and self.features <= EXACT_FEATURES

    def at(self, weights: ArrayLike, bias: float) -> ExactPoint:
        """The exact loss and gradient, and their bounds, at weights (d,) and a bias, rounded to the dtype first."""
        held = check_parameters(weights, bias, self.features, self.dtype)
        key = (held.weights.tobytes(), held.bias)
        kept = next((point for known, point in list(self._points) if known == key), None)
        if kept is None:
            kept = self._at(held)
            self._points.append((key, kept))
        return kept

    def _at(self, held: Parameters) -> ExactPoint:
        bounds = gradient_tolerances(self.X, self.y, *held, self.dtype)
        return ExactPoint.of(self.exact.exactly_at(*held), bounds, self.dtype)

    def plain_sum_is_likely(self, weights: ArrayLike, bias: float) -> bool:
        """Whether a sum from the first row to the last, in the dtype, keeps the √n bound at weights (d,) and a bias.

        The bound presumes errors that do not all push one way, and some tables break that, such as many equal rows.
        """
        errors = self.at(weights, bias).errors(plain_sum(self, weights, bias))
        return bool(errors.over_likely.max() <= 1)

    def flushed_bound(self, weights: ArrayLike, bias: float, growth: Growth) -> Tolerance:
        """How far loss and gradient may lie at weights (d,) and bias where tiny numbers are taken for zero."""
        return Magnitudes.at(self.X, self.y, weights, bias).tolerance(self.dtype, growth, flushed=True)

    def taking(self, rows: NDArray[np.int64]) -> CheckedTable:
        """The table of the rows with these numbers (k,): this one itself, if they are all of them in order."""
        if len(rows) == self.rows and bool((rows == np.arange(self.rows)).all()):
            return self
        return CheckedTable(self.X[rows], self.y[rows], self.dtype)


def point_of_blocks(
    blocks: Iterable[tuple[FloatArray, FloatArray]], weights: ArrayLike, bias: float, dtype: DType = "float64"
) -> tuple[ExactPoint, ExactSums]:
    """The exact loss and gradient over all rows of a stream of blocks, their bounds, and the exact sums, in one pass.

    Of the sums, any other point, the minimum and the curvature follow without another pass (`Moments.from_sums`).

    Args:
        blocks: X (n, d) and y (n,) of some rows each; only one is held at a time.
        weights: (d,), rounded to the dtype first, as the bias and the blocks are.
        bias: The bias.
        dtype: The format in which the backends compute.

    Raises:
        InputError: As every trainer does, and where there are no rows.
    """
    sizes: list[Magnitudes] = []

    def held() -> Iterator[tuple[FloatArray, FloatArray]]:
        for X, y in blocks:
            if len(y):
                part, target = check_data(X, y, dtype)
                before = sizes[0].rows if sizes else 0
                own = Magnitudes.at(part, target, *check_parameters(weights, bias, part.shape[1], dtype), before)
                sizes[:] = [sizes[0] + own if sizes else own]
                yield part, target

    sums = ExactSums.of_blocks(held())
    parameters = check_parameters(weights, bias, sums.features, dtype)
    exact = Moments.from_sums(sums).exactly_at(*parameters)
    return ExactPoint.of(exact, sizes[0].tolerances(dtype), dtype), sums


def plain_sum(table: CheckedTable, weights: ArrayLike, bias: float) -> Gradient:
    """Loss and gradient at weights (d,) and a bias by sums from the first row to the last, in the table's dtype."""
    number = np.dtype(table.dtype).type
    if is_large(*table.X.shape):
        return _compiled_plain_sum(table, np.array([*np.asarray(weights), bias], dtype=table.dtype))
    w, b = np.asarray(weights, dtype=table.dtype), number(bias)
    with np.errstate(over="ignore", invalid="ignore"):
        residual = table.X @ w + b - table.y
        scale = number(2) / number(table.rows)
        slopes = [scale * _in_order(column * residual) for column in table.X.T]
        loss = _in_order(residual * residual) / number(table.rows)
        return Gradient(float(loss), np.array(slopes), float(scale * _in_order(residual)))


def _compiled_plain_sum(table: CheckedTable, parameters: FloatArray) -> Gradient:
    from handgrad.backends.kernels.size_pass import add_plainly

    number = np.dtype(table.dtype).type
    sums = np.zeros(table.features + 2, dtype=table.dtype)
    for first in range(0, table.rows, BLOCK_ROWS):
        rows = slice(first, first + BLOCK_ROWS)
        add_plainly(np.ascontiguousarray(table.X[rows]), np.ascontiguousarray(table.y[rows]), parameters, sums)
    slopes = number(2) / number(table.rows) * sums[:-1]
    return Gradient(float(sums[-1] / number(table.rows)), slopes[:-1], float(slopes[-1]))


def two_parts(exact: Sequence[Fraction]) -> tuple[FloatArray, FloatArray]:
    """The doubles (k,) nearest to the fractions, and those nearest to what they leave; an infinite one leaves 0."""
    nearest = [_float(fraction) for fraction in exact]
    rest = [_float(f - Fraction(n)) if math.isfinite(n) else 0.0 for f, n in zip(exact, nearest, strict=True)]
    return np.array(nearest), np.array(rest)


def as_array(given: Gradient | Tolerance) -> FloatArray:
    """Loss, dW and db in one array (d + 2,) of doubles."""
    return np.array([given.loss, *given.weights, given.bias], dtype=np.float64)


def _in_order(terms: FloatArray) -> FloatArray:
    last: FloatArray = np.add.accumulate(terms)[-1]  # unlike sum, from the first to the last
    return last


def _float(fraction: Fraction) -> float:
    return rounded(fraction.numerator, fraction.denominator, "float64")
