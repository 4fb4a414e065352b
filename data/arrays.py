"""What others give (lists, arrays, pandas, polars) as floats, without a number changed and without text let in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from handgrad.data.errors import DataError, listed, shown
from handgrad.data.foreign import as_array, columns_of, is_plain

FloatArray = NDArray[np.float64]
Sums = TypeVar("Sums")

#: Integers beyond it have neighbours that float64 cannot tell apart.
EXACT_INTEGERS = 2**53

#: Rows to a block, whose sums are merged in a tree: so many that a call costs little beside its work, so few that some
#: of them are nothing in memory.
BLOCK_ROWS = 65536

#: Columns that are equal in about so many rows are held against each other in all.
SAMPLED_ROWS = 1000

#: What to do about a column that holds no numbers.
REMEDY = "turn it into numbers, or choose other columns"

#: The same by the kind of a NumPy dtype, where more can be said.
REMEDIES = {
    "c": "give its real part or its absolute value",
    "M": "count days or seconds from a first date",
    "m": 'divide it by a unit of time, such as numpy.timedelta64(1, "s")',
}


def as_numbers(given: Any, where: str) -> FloatArray:
    """One column or array of any library as float64, always a copy; NaN where a value is missing or masked.

    Raises:
        DataError: See `as_floats`.
    """
    with np.errstate(over="ignore"):  # a long double beyond float64 becomes inf, and is told as that
        return as_floats(given, where).astype(np.float64)


def as_floats(given: Any, where: str) -> NDArray[np.floating[Any]]:
    """Numbers of any library as an array of floats: one that is so already as it is, all else as float64.

    Args:
        given: An array, a tensor, a list, a column, a number.
        where: Its name, for the message.

    Returns:
        Of the shape given; NaN where a value is None, masked, or a library's own mark of what is missing.

    Raises:
        DataError: On text, even where it looks like a number; on dates and complex numbers; on rows of unlike length;
            on a number beyond float64's range, and on a whole number that it would round; on what is no array, or only
            once.
    """
    array = as_array(given, where)
    if isinstance(array, np.ma.MaskedArray):
        return _uncovered(array, where)
    if array.dtype.kind == "f":
        return _from_objects(np.asarray(given, dtype=object), given, where) if _rounds(array, given) else array
    if array.dtype.kind in "iu":
        _check_exact(array, where)
    elif array.dtype.kind in "OSU":
        return _from_objects(array.astype(object), given, where)
    elif array.dtype.kind != "b":
        raise DataError(f"{where}: expected numbers, got {array.dtype}; {REMEDIES.get(array.dtype.kind, REMEDY)}")
    return array.astype(np.float64)


def as_matrix(given: Any, where: str) -> NDArray[np.floating[Any]]:
    """A table or an array of any library as floats: a table's columns side by side, (n,) as one column.

    Returns:
        (n, d); an array of another shape as it is.

    Raises:
        DataError: See `as_floats`; a table's message names the column. On columns of unlike length, too.
    """
    columns = None if is_plain(given) else columns_of(given, where)
    if columns is None:
        array = as_floats(given, where)
        return array[:, np.newaxis] if array.ndim == 1 else array
    if not columns:
        raise DataError(f"{where}: expected at least one column, got none")
    parts = [as_floats(one.values, f"{where}: column {shown(one.name)}") for one in columns]
    for one, part in zip(columns, parts, strict=True):
        if part.ndim != 1 or len(part) != len(parts[0]):
            expected = f"({parts[0].shape[0]},)" if parts[0].ndim == 1 else "(n,)"
            raise DataError(f"{where}: column {shown(one.name)}: expected shape {expected}, got {part.shape}")
    return np.column_stack(parts)


def as_vector(given: Any, where: str) -> NDArray[np.floating[Any]]:
    """One column of any library as floats (n,): an array of (n,) or (n, 1), a table of one column.

    An array of another shape comes as it is.

    Raises:
        DataError: See `as_floats`; on a table of several columns.
    """
    columns = columns_of(given, where)
    if columns is None:
        array = as_floats(given, where)
        return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if len(columns) != 1:
        names = listed([one.name for one in columns])
        raise DataError(f"{where}: expected one column, got {len(columns)} ({names}); choose one of them")
    return as_floats(columns[0].values, f"{where}: column {shown(columns[0].name)}")


def _rounds(array: NDArray[Any], given: Any) -> bool:
    """Whether a list may have held whole numbers beside floats, and NumPy rounded them."""
    return isinstance(given, list | tuple) and array.size > 0 and bool((np.abs(array) >= EXACT_INTEGERS).any())


def _uncovered(array: np.ma.MaskedArray[Any, Any], where: str) -> NDArray[np.floating[Any]]:
    """NaN in place of what is masked."""
    hidden = np.ma.getmaskarray(array)
    found = as_floats(np.where(hidden, np.zeros((), array.dtype), array.data), where)
    if hidden.any():
        found = found.copy()
        found[hidden] = math.nan
    return found


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
        number = math.nan if isinstance(value, Decimal) and value.is_nan() else float(value)
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
    parts: Sequence[FloatArray],
    names: Sequence[str],
    source: str,
    drop_missing: bool,
    place: Callable[[int], str] | None = None,
) -> tuple[NDArray[np.int64] | slice, list[str]]:
    """Which rows of a table to keep, and a note when some are left out.

    Args:
        parts: Side by side, each (n, k); NaN stands for what is missing.
        names: Of all columns.
        source: For the message.
        drop_missing: Whether rows with NaN or infinity may be dropped.
        place: Names the place of the k-th row in the source, such as "line 7"; default: "row 6", from 0.

    Raises:
        DataError: If there are such rows, and they may not be dropped, or nothing would be left.
    """
    if all(np.isfinite(part).all() for part in parts):
        return slice(None), []
    table = np.hstack(parts)
    finite = np.isfinite(table)
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


def equal_columns(columns: Iterable[tuple[str, FloatArray]]) -> Iterator[tuple[str, str]]:
    """The names of columns (n,) whose numbers are the same to the bit: the first of them, and another."""
    alike: dict[bytes, list[tuple[str, FloatArray]]] = {}
    for name, column in columns:
        sampled = column[:: max(1, len(column) // SAMPLED_ROWS)]
        others = alike.setdefault(sampled.tobytes(), [])
        first = next((other for other, numbers in others if _same_bits(numbers, column)), None)
        if first is None:
            others.append((name, column))
        else:
            yield first, name


def _same_bits(one: FloatArray, other: FloatArray) -> bool:
    return np.array_equal(one.view(np.int64), other.view(np.int64))


def merged(parts: Iterable[Sums], merge: Callable[[Sums, Sums], Sums]) -> Sums:
    """The total of parts, of which there is at least one, in the tree that their number makes.

    Part k, counted from 0, is merged with as many finished branches as k has ones at its binary end; what is left at
    the end is merged from the last to the first.
    """
    waiting: list[tuple[int, Sums]] = []
    for part in parts:
        height, branch = 0, part
        while waiting and waiting[-1][0] == height:
            height, branch = height + 1, merge(waiting.pop()[1], branch)
        waiting.append((height, branch))
    total = waiting.pop()[1]
    while waiting:
        total = merge(waiting.pop()[1], total)
    return total
