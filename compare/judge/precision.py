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

import numpy as np
from numpy.typing import ArrayLike

from handgrad.backends.exact import ExactTrainer
from handgrad.backends.interface import DType, FloatArray, Plan, Trainer, check_data
from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.judge.closed_form import solve
from handgrad.compare.judge.curvature import centre, curvature
from handgrad.compare.results.checks import Precision, PrecisionRow, Preparation

PREPARATIONS: tuple[Preparation, ...] = ("as given", "centred", "standardised")
DTYPES: tuple[DType, ...] = ("float64", "float32")


def precision(
    X: ArrayLike, y: ArrayLike, epochs: int = 1000, backends: Mapping[str, type[Trainer]] | None = None
) -> Precision:
    """Correct digits for each dtype and preparation of X (n, d) or (n,) and y (n,).

    Args:
        X: (n, d) or (n,), in the user's units.
        y: (n,).
        epochs: Of descent.
        backends: Those whose gradients are held against the exact one, by name; NumPy's is part of every row.

    Raises:
        InputError: As every trainer does.
    """
    table, target = check_data(X, y, "float64")
    known = solve(table, target)
    true = np.array([*known.weights, known.bias])
    rows = tuple(
        _row(table, target, true, preparation, dtype, epochs) for dtype in DTYPES for preparation in PREPARATIONS
    )
    gradients = {name: _of_backend(table, target, backend) for name, backend in (backends or {}).items()}
    return Precision(epochs, rows, gradients)


def correct_digits(given: ArrayLike, true: ArrayLike, dtype: DType) -> float:
    """−log₁₀ of the largest relative error: 0 if there are none, or NaN; at most what the dtype holds.

    A true value of 0 counts as right if it is met, and else against the largest of the true values.
    """
    value, goal = np.asarray(given, dtype=np.float64), np.asarray(true, dtype=np.float64)
    most = -math.log10(float(np.finfo(dtype).eps) / 2)
    size = np.where(goal != 0, np.abs(goal), np.abs(goal).max(initial=0.0) or 1.0)
    error = float((np.abs(value - goal) / size).max())
    if math.isnan(error):
        return 0.0
    return most if error == 0 else min(most, max(0.0, -math.log10(error)))


def _row(
    X: FloatArray, y: FloatArray, true: FloatArray, preparation: Preparation, dtype: DType, epochs: int
) -> PrecisionRow:
    shift, scale = _preparation(X, preparation)
    prepared = (X - shift) / scale
    held, target = prepared.astype(dtype), y.astype(dtype)
    bent = curvature(held)

    def digits(parameters: FloatArray) -> float:
        """Of parameters (d + 1,) of the prepared columns, brought back to the user's units."""
        weights = parameters[:-1].astype(np.float64) / scale
        return correct_digits([*weights, float(parameters[-1]) - weights @ shift], true, dtype)

    normal = _by_normal_equations(held, target)
    return PrecisionRow(
        dtype=dtype,
        preparation=preparation,
        condition=None if bent.deficient else math.sqrt(bent.condition),
        data_digits=correct_digits(held, prepared, dtype),
        gradient_digits=_gradient_digits(prepared, y, dtype),
        normal_digits=None if normal is None else digits(normal),
        qr_digits=digits(_by_qr(held, target)),
        descent_digits=digits(_by_descent(held, target, dtype, bent.best_rate, epochs)),
    )


def _of_backend(X: FloatArray, y: FloatArray, backend: type[Trainer]) -> tuple[float, ...]:
    """The digits of its gradient, in the order of the rows."""
    prepared = [(X - shift) / scale for shift, scale in (_preparation(X, name) for name in PREPARATIONS)]
    return tuple(_gradient_digits(columns, y, dtype, backend) for dtype in DTYPES for columns in prepared)


def _preparation(X: FloatArray, preparation: Preparation) -> tuple[FloatArray, FloatArray]:
    """What is taken from the columns (d,), and what they are divided by (d,)."""
    means, scales = centre(X)
    shift = np.zeros_like(means) if preparation == "as given" else means
    return shift, scales if preparation == "standardised" else np.ones_like(scales)


def _gradient_digits(prepared: FloatArray, y: FloatArray, dtype: DType, backend: type[Trainer] = NumPyTrainer) -> float:
    zero = np.zeros(prepared.shape[1])
    exact = ExactTrainer(prepared, y).gradient_at(zero, 0.0)
    given = backend(prepared, y, dtype).gradient_at(zero, 0.0)
    return correct_digits([*given.weights, given.bias], [*exact.weights, exact.bias], dtype)


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
