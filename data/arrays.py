"""What others give (lists, arrays, pandas, polars) as floats, without a number changed and without text let in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.errors import DataError, shown

FloatArray = NDArray[np.float64]

#: Integers beyond it have neighbours that float64 cannot tell apart.
EXACT_INTEGERS = 2**53

#: What to do about a column that holds no numbers.
REMEDY = "turn it into numbers, or choose other columns"


def as_numbers(given: Any, where: str) -> FloatArray:
    """One column or array of any library as float64, always a copy; NaN where a value is missing or masked.

    Raises:
        DataError: See `as_floats`.
    """
    if isinstance(given, np.ma.MaskedArray):  # asarray would uncover what is masked
        given = np.ma.filled(given.astype(np.float64), np.nan)
    return as_floats(given, where).astype(np.float64)


def as_floats(given: Any, where: str) -> NDArray[np.floating[Any]]:
    """Numbers of any library as an array of floats: one that is so already as it is, all else as float64.

    Args:
        given: An array, a list, a column, a frame, a number. What a mask hides is not hidden here.
        where: Its name, for the message.

    Returns:
        Of the shape given; NaN where an object is None or a library's own mark of what is missing.

    Raises:
        DataError: On text, even where it looks like a number; on dates and complex numbers; on rows of unlike length;
            on a number beyond float64's range, and on a whole number that it would round.
    """
    try:
        array = np.asarray(given)
    except ValueError as error:  # rows of unlike length
        raise DataError(
            f"{where}: expected numbers in rows of one length, got rows of unlike shape ({error})"
        ) from None
    if array.dtype.kind == "f":
        return array
    if array.dtype.kind in "iu":
        _check_exact(array, where)
    elif array.dtype.kind in "OSU":
        return _from_objects(array.astype(object), given, where)
    elif array.dtype.kind != "b":
        raise DataError(f"{where}: expected numbers, got {array.dtype}; {REMEDY}")
    return array.astype(np.float64)


def _from_objects(array: NDArray[Any], given: Any, where: str) -> FloatArray:
    """Numbers of mixed types; NumPy alone would also read the text "1.5" as one."""
    missing = np.asarray(given.isna()) if hasattr(given, "isna") else np.zeros(array.shape, dtype=bool)
    converted = np.empty(array.shape, dtype=np.float64)
    for place, value in np.ndenumerate(array):
        if value is None or missing[place]:
            converted[place] = math.nan
        elif isinstance(value, Real | Decimal | np.bool_):
            converted[place] = _exact_float(value, where + at(place))
        else:
            found = f"{shown(str(value))} ({type(value).__name__}){at(place)}"
            raise DataError(f"{where}: expected numbers, got {found}; {REMEDY}")
    return converted


def _exact_float(value: Any, where: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        raise DataError(f"{where}: {shown(str(value))} is beyond float64's range; give it in a larger unit") from None
    if isinstance(value, Integral) and number != value:
        raise DataError(inexact_integer(where, str(value)))
    return number


def _check_exact(array: NDArray[Any], where: str) -> None:
    """Refuses integers that float64 would round: neighbours in the table would become equal."""
    suspects = np.argwhere((array > EXACT_INTEGERS) | (array < -EXACT_INTEGERS))
    for place in map(tuple, suspects):
        if int(array[place]) != int(float(array[place])):
            raise DataError(inexact_integer(where + at(place), str(array[place])))


def at(place: Sequence[int]) -> str:
    """An entry's indices for a message: " at row 3, column 1"; nothing for a single number."""
    return "".join(f"{sep} {i}" for sep, i in zip((" at row", ", column", ","), place, strict=False))


def inexact_integer(where: str, digits: str) -> str:
    """The message for an integer with more digits than float64 has."""
    return (
        f"{where}: {shown(digits)} has more digits than float64 holds (whole numbers are exact up to "
        f"{EXACT_INTEGERS}); subtract a common offset, or leave the column out (features)"
    )


def finite_rows(
    table: FloatArray, names: Sequence[str], source: str, drop_missing: bool, place: Callable[[int], str] | None = None
) -> tuple[NDArray[np.int64] | slice, list[str]]:
    """Which rows of the table (n, k) to keep, and a note when some are left out.

    Args:
        table: NaN stands for what is missing.
        names: k names.
        source: For the message.
        drop_missing: Whether rows with NaN or infinity may be dropped.
        place: Names the place of the k-th row in the source, such as "line 7"; default: "row 6", from 0.

    Raises:
        DataError: If there are such rows, and they may not be dropped, or nothing would be left.
    """
    finite = np.isfinite(table)
    if finite.all():
        return slice(None), []
    bad_rows = np.flatnonzero(~finite.all(axis=1))
    for name, column in zip(names, table.T, strict=True):
        if np.isnan(column).all():
            raise DataError(
                f"{source}: column {shown(name)} has no value in any of {len(table):,} rows; leave it out (features)"
            )
    if not drop_missing or len(bad_rows) == len(table):
        row = int(bad_rows[0])
        column = int(np.flatnonzero(~finite[row])[0])
        found = "none" if np.isnan(table[row, column]) else f"{table[row, column]:g}"
        where = place(row) if place is not None else f"row {row}"
        what = f"missing: {np.count_nonzero(np.isnan(table)):,}, infinite: {np.count_nonzero(np.isinf(table)):,}"
        raise DataError(
            f"{source}: expected a finite number in every cell, got {found} in {where}, column "
            f"{shown(names[column])} ({what}, in {len(bad_rows):,} of {len(table):,} rows); correct them, or "
            "ask to drop such rows (drop_missing)"
        )
    note = f"dropped {len(bad_rows):,} of {len(table):,} rows with a missing or infinite value"
    return np.flatnonzero(finite.all(axis=1)), [note]
