"""What trainers are given, checked: rows and parameters as arrays of numbers of one dtype, all finite.

What counts as a number, and when one would be changed, is told once for the whole project, in `handgrad.data.arrays`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.data.arrays import as_floats, as_matrix, as_vector, at
from handgrad.data.errors import DataError, cut

FloatArray = NDArray[np.floating[Any]]
DType = Literal["float64", "float32"]


class InputError(DataError):
    """What a trainer or a plan was given cannot be used; the message says what was expected, what came, what to do."""


class Parameters(NamedTuple):
    """Where a model stands: `weights` (d,) and `bias`."""

    weights: Any
    bias: Any


def check_data(X: ArrayLike, y: ArrayLike, dtype: DType) -> tuple[FloatArray, FloatArray]:
    """X as (n, d) and y as (n,) of the dtype, all finite; the arrays given when they already are that.

    Args:
        X: (n, d), or (n,) for one feature: an array, a list or a table of any library (`handgrad.data.foreign`).
        y: (n,) or (n, 1), or a table of one column.
        dtype: "float64" or "float32".

    Raises:
        InputError: On a wrong shape, on what is not a number, on NaN and infinity, and on no rows at all.
    """
    check_dtype(dtype)
    X, y = _numbers("X", X, dtype, as_matrix), _numbers("y", y, dtype, as_vector)
    if X.ndim != 2:
        raise InputError(f"X: expected shape (n, d) or (n,), got {X.shape}")
    if y.ndim != 1:
        remedy = "; give y[0]" if y.shape == (1, len(X)) else ""
        raise InputError(f"y: expected shape (n,) or (n, 1), got {y.shape}{remedy}")
    if len(X) != len(y):
        raise InputError(f"X and y: expected as many rows, got {len(X)} and {len(y)}")
    if X.shape[0] == 0 or X.shape[1] == 0:
        raise InputError(f"X: expected at least one row and one feature, got shape {X.shape}")
    return X, y


def check_parameters(weights: ArrayLike, bias: float, features: int, dtype: DType) -> Parameters:
    """The weights as a new (d,) array of the dtype and the bias as a float that the dtype holds.

    Raises:
        InputError: On another number of weights, or what is not a finite number.
    """
    array = np.atleast_1d(_numbers("weights", weights, dtype))
    if array.shape != (features,):
        raise InputError(f"weights: expected shape ({features},), one per feature, got {array.shape}")
    number = _numbers("bias", bias, dtype)
    if number.size != 1:
        raise InputError(f"bias: expected one number, got shape {number.shape}")
    return Parameters(array.copy(), float(number.reshape(())))


def check_dtype(given: Any) -> None:
    """Refuses what is not the name of a format that trainers compute in.

    Raises:
        InputError: On any other.
    """
    if given not in ("float64", "float32"):
        raise InputError(f"dtype: expected 'float64' or 'float32', got {given!r}")


def check_whole(what: str, given: Any, least: int, most: int | None = None) -> None:
    """Refuses what is not a whole number of at least so much, and of at most so much, if that is given.

    Raises:
        InputError: With `what` as its name.
    """
    if isinstance(given, bool) or not isinstance(given, Integral) or given < least:
        raise InputError(f"{what}: expected a whole number, {least} or more, got {given!r}")
    if most is not None and int(given) > most:
        raise InputError(f"{what}: expected at most {most:,}, got {cut(repr(given))}")


def _numbers(what: str, given: Any, dtype: DType, read: Callable[[Any, str], FloatArray] = as_floats) -> FloatArray:
    """An array of the dtype, in the shape that `read` gives, without what is missing or beyond the dtype's range."""
    if isinstance(given, np.ma.MaskedArray) and np.ma.is_masked(given):
        raise InputError(f"{what}: expected numbers everywhere, got masked entries; remove such rows first")
    try:
        array = read(given, what)
    except DataError as error:
        raise InputError(str(error)) from None
    with np.errstate(over="ignore"):  # a double beyond float32's range becomes inf, and is told below
        converted = array.astype(dtype, copy=False)
    finite = np.isfinite(converted)
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise InputError(
            f"{what}: expected finite {dtype} numbers, got {_as_given(given, place, array[place])}{at(place)} "
            f"({np.count_nonzero(~finite)} such in all); remove such rows first"
        )
    return converted


def _as_given(given: Any, place: Sequence[int], number: Any) -> Any:
    """What stands at a place of a list, such as None; elsewhere the number that was made of it."""
    for index in place:
        given = given[index] if isinstance(given, list | tuple) else given
    return given if given is None else number
