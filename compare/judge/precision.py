"""float32 against float64 on the same table: where digits are lost, and what centring and standardising save.

Three preparations of the columns (as they are, centred, standardised) times two dtypes. For each, the digits of

    the data       that are left when the prepared columns are rounded to the dtype,
    the gradient   at zero, against the exact one of the columns before that rounding,
    the solution   by normal equations, by QR and by descent, in the user's units, against the exact solution.

A solver that is backward stable loses about log₁₀ κ of the dtype's digits, κ the condition number of [X 1]; normal
equations lose twice as many, since they square it (Higham, *Accuracy and Stability of Numerical Algorithms*,
chapter 20). Descent loses its digits another way: it stands still where a step is smaller than half a unit in the last
place. Columns are prepared in float64, as every run is, so only what comes after differs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from handgrad.backends.interface import DType, FloatArray, Plan, Trainer
from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.judge.closed_form import solve
from handgrad.compare.judge.hessian import centre, hessian
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.results.checks import Precision, PrecisionRow, Preparation

PREPARATIONS: tuple[Preparation, ...] = ("as given", "centred", "standardised")
DTYPES: tuple[DType, ...] = ("float64", "float32")


def precision(
    table: CheckedTable, epochs: int = 1000, backends: Mapping[str, type[Trainer]] | None = None
) -> Precision:
    """Correct digits for each dtype and preparation of a table.

    Args:
        table: X (n, d) and y (n,) in float64, in the user's units.
        epochs: Of descent.
        backends: Those whose gradients are held against the exact one, by name; NumPy's is part of every row.

    Raises:
        InputError: As every trainer does.
    """
    known = solve(table)
    true = np.array([*known.weights, known.bias])
    prepared = {name: _prepared(table, name) for name in PREPARATIONS}
    rows = tuple(_row(prepared[name], true, dtype, epochs) for dtype in DTYPES for name in PREPARATIONS)
    gradients = {
        name: tuple(prepared[way].gradient_digits(dtype, backend) for dtype in DTYPES for way in PREPARATIONS)
        for name, backend in (backends or {}).items()
    }
    return Precision(epochs, rows, gradients)


def correct_digits(given: ArrayLike, true: ArrayLike, dtype: DType) -> float:
    """−log₁₀ of the largest relative error of numbers (k,): 0 if there are none, or NaN; at most what the dtype holds.

    A true value of 0 counts as right if it is met, and else against the largest of the true values.
    """
    value, goal = np.asarray(given, dtype=np.float64), np.asarray(true, dtype=np.float64)
    most = -math.log10(float(np.finfo(dtype).eps) / 2)
    size = np.where(goal != 0, np.abs(goal), np.abs(goal).max(initial=0.0) or 1.0)
    error = float((np.abs(value - goal) / size).max())
    if math.isnan(error):
        return 0.0
    return most if error == 0 else min(most, max(0.0, -math.log10(error)))


@dataclass(frozen=True)
class _Prepared:
    """A table with prepared columns (X − shift) / scale, in float64: what the gradients and solutions are held to.

    Attributes:
        preparation: Its name.
        table: The prepared columns (n, d), and y (n,).
        shift: (d,), what was taken from the columns.
        scale: (d,), what they were divided by then.
    """

    preparation: Preparation
    table: CheckedTable
    shift: FloatArray
    scale: FloatArray

    @cached_property
    def exact(self) -> FloatArray:
        """(d + 1,): the gradient at zero, before the columns are rounded to a dtype."""
        given = self.table.exact.gradient_at(np.zeros(self.table.features), 0.0)
        return np.array([*given.weights, given.bias])

    def gradient_digits(self, dtype: DType, backend: type[Trainer] = NumPyTrainer) -> float:
        """The digits of a backend's gradient at zero, computed in the dtype."""
        given = backend(self.table.X, self.table.y, dtype).gradient_at(np.zeros(self.table.features), 0.0)
        return correct_digits([*given.weights, given.bias], self.exact, dtype)

    def digits(self, parameters: FloatArray, true: FloatArray, dtype: DType) -> float:
        """The digits of parameters (d + 1,) of the prepared columns, against true ones in the user's units."""
        weights = parameters[:-1].astype(np.float64) / self.scale
        return correct_digits([*weights, float(parameters[-1]) - weights @ self.shift], true, dtype)


def _prepared(table: CheckedTable, preparation: Preparation) -> _Prepared:
    means, scales = centre(table.X)
    shift = np.zeros_like(means) if preparation == "as given" else means
    scale = scales if preparation == "standardised" else np.ones_like(scales)
    return _Prepared(preparation, CheckedTable.of((table.X - shift) / scale, table.y), shift, scale)


def _row(prepared: _Prepared, true: FloatArray, dtype: DType, epochs: int) -> PrecisionRow:
    """One row of the table: what is left of data, gradient and parameters in this dtype."""
    held, target = prepared.table.X.astype(dtype), prepared.table.y.astype(dtype)
    found = hessian(held)
    normal = _by_normal_equations(held, target)
    return PrecisionRow(
        dtype=dtype,
        preparation=prepared.preparation,
        condition=None if found.deficient else math.sqrt(found.condition),
        data_digits=correct_digits(held, prepared.table.X, dtype),
        gradient_digits=prepared.gradient_digits(dtype),
        normal_digits=None if normal is None else prepared.digits(normal, true, dtype),
        qr_digits=prepared.digits(_by_qr(held, target), true, dtype),
        descent_digits=prepared.digits(_by_descent(held, target, dtype, found.best_rate, epochs), true, dtype),
    )


def _by_normal_equations(X: FloatArray, y: FloatArray) -> FloatArray | None:
    """(d + 1,), all in the dtype of X; None when the matrix that it computes is singular, or overflows."""
    table = _with_ones(X)
    with np.errstate(over="ignore", invalid="ignore"):
        matrix, right = table.T @ table, table.T @ y
    if not (np.isfinite(matrix).all() and np.isfinite(right).all()):
        return None
    try:
        solution: FloatArray = np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:  # a pivot that rounding made exactly 0
        return None
    return solution


def _by_qr(X: FloatArray, y: FloatArray) -> FloatArray:
    """(d + 1,), all in the dtype of X; of minimum norm where a column is lost to rounding."""
    Q, R = np.linalg.qr(_with_ones(X))
    solution: FloatArray = np.linalg.lstsq(R, Q.T @ y, rcond=0)[0]
    return solution


def _by_descent(X: FloatArray, y: FloatArray, dtype: DType, rate: float, epochs: int) -> FloatArray:
    run = NumPyTrainer(X, y, dtype).train(Plan(rate, epochs, dtype=dtype, record=(0, epochs)))
    return np.array([*run.weights, run.bias])


def _with_ones(X: FloatArray) -> FloatArray:
    return np.column_stack([X, np.ones(len(X), dtype=X.dtype)])
