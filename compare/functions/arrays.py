"""Arrays of NumPy, PyTorch and JAX, lists and DataFrames, brought to NumPy without rounding.

PyTorch is asked only where it is loaded: who has a tensor has loaded it. JAX's arrays are NumPy's to NumPy, with
bfloat16 among their types; float64 holds every number of all formats here but long integers, which stay integers.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from reprlib import repr as shortened
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, InputError
from handgrad.compare.functions.formats import FORMATS, INTEGER_BITS
from handgrad.data.foreign import is_tensor, tensor_as_array, unreadable

#: Integers up to here are doubles.
LARGEST_EXACT = 2**53


@dataclass(frozen=True, eq=False)
class Operand:
    """What an array holds, exactly.

    Attributes:
        values: float64, or Python's integers (object) where float64 would round them.
        type: The name of the format or the integer type it came in; None of plain Python numbers.
    """

    values: NDArray[Any]
    type: str | None

    @property
    def integers(self) -> bool:
        """Whether they came as integers."""
        return self.type in INTEGER_BITS

    def floats(self) -> FloatArray:
        """The values as float64; long integers are rounded."""
        return self.values.astype(np.float64)

    def described(self) -> str:
        """Its type, as NumPy calls it; that of a Python float is float64."""
        return self.type or "float64"


def numbers(what: str, given: Any) -> Operand:
    """An array, a tensor, a list or a number, of floats or integers.

    Args:
        what: What it is called in a message.
        given: Anything that becomes an array of numbers, or has become `Operand`.

    Raises:
        InputError: If it is none, or of a format that is not known here.
    """
    if isinstance(given, Operand):
        return given
    array, name = _as_numpy(what, given)
    plain = isinstance(given, int | float) and not isinstance(given, np.generic | bool)
    if name not in FORMATS and name not in INTEGER_BITS:
        known = f"{', '.join(FORMATS)} or integers"
        raise InputError(f"{what}: expected numbers in {known}, got {_told(given, array, name)}")
    return Operand(_exactly(array), "int64" if plain and name in INTEGER_BITS else None if plain else name)


def finite(what: str, found: Operand) -> Operand:
    """The operand as it is, if it has numbers, and all are finite.

    Raises:
        InputError: Otherwise: no rounding bound speaks of infinity or NaN.
    """
    if not found.values.size:
        raise InputError(f"{what}: expected at least one number, got shape {found.values.shape}")
    bad = np.argwhere(~np.isfinite(found.floats()))
    if len(bad):
        where = tuple(bad[0].tolist())
        raise InputError(
            f"{what}: expected finite numbers, got {found.values[where]} at {list(where)} ({len(bad)} such in all); "
            "what becomes of them is no matter of rounding: judge them by a test of their own"
        )
    return found


def reordered(given: Any, order: NDArray[np.int64], axis: int) -> Any:
    """An input of its own kind with its entries along an axis, k of them, in another order (k,)."""
    if is_tensor(given):
        return given.index_select(axis, sys.modules["torch"].as_tensor(order, device=given.device))
    if hasattr(given, "iloc"):
        return given.iloc[order] if axis in (0, -given.ndim) else given.iloc[:, order]
    if isinstance(given, list | tuple):
        if axis in (0, -np.ndim(given)):
            return type(given)(given[i] for i in order.tolist())
        return type(given)(reordered(row, order, -1) for row in given)
    return given.take(order, axis=axis)


def _as_numpy(what: str, given: Any) -> tuple[NDArray[Any], str]:
    """The numbers, and the name of the type that they came in."""
    if isinstance(given, np.ma.MaskedArray) and np.ma.is_masked(given):
        raise InputError(f"{what}: expected numbers everywhere, got masked entries")
    try:
        if is_tensor(given):
            return tensor_as_array(given, what), str(given.dtype).removeprefix("torch.")
        array = np.asarray(given)
    except Exception as error:  # another library's: whatever it raises
        raise InputError(str(unreadable(given, what, error))) from None
    return array, array.dtype.name


def _exactly(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind in "iu" and array.size:
        integers = array.astype(object)
        if max(abs(integers.max()), abs(integers.min())) > LARGEST_EXACT:
            return integers
    return array.astype(np.float64)


def _told(given: Any, array: NDArray[Any], name: str) -> str:
    return shortened(given) if array.dtype.kind in "OSU" else name
