"""Arguments on their way into the student's process: arrays, lists and plain values."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from handgrad.backends.signatures.arguments import ByRole


class PackedArray(msgspec.Struct, frozen=True, tag="array"):
    """An array of any type of number, its `values` in C order; `listed` as lists in lists, or as a plain number.

    `is_matrix`: as the matrix of numpy, whose * is a product of matrices.
    """

    shape: tuple[Annotated[int, msgspec.Meta(ge=0)], ...]
    values: tuple[int | float, ...]
    dtype: str = "float64"
    listed: bool = False
    is_matrix: bool = False

    @classmethod
    def of(cls, array: NDArray[Any], listed: bool = False) -> PackedArray:
        """The array, packed to the bit."""
        plain = np.asarray(array)
        return cls(array.shape, tuple(plain.ravel().tolist()), str(array.dtype), listed, isinstance(array, np.matrix))

    def array(self) -> NDArray[Any]:
        """The array.

        Raises:
            ValueError: If its shape does not fit its numbers.
        """
        array = np.array(self.values, dtype=self.dtype).reshape(self.shape)
        return array.view(np.matrix) if self.is_matrix else array


class PackedList(msgspec.Struct, frozen=True, tag="list"):
    """A list, or a tuple."""

    items: tuple[Packed, ...]
    is_tuple: bool = False


class Plain(msgspec.Struct, frozen=True, tag="plain"):
    """A number, a text or None."""

    value: bool | int | float | str | None


class PackedRoles(msgspec.Struct, frozen=True, tag="roles"):
    """Weights and bias as a dictionary."""

    weights: Packed
    bias: Packed


Packed = PackedArray | PackedList | Plain | PackedRoles


def packed(value: Any) -> Packed:
    """The value as it crosses."""
    if isinstance(value, np.ndarray):
        return PackedArray.of(value)
    if isinstance(value, list | tuple):
        if (numbers := _numbers(value)) is not None:
            return PackedArray.of(numbers, listed=True)
        return PackedList(tuple(map(packed, value)), isinstance(value, tuple))
    if isinstance(value, ByRole):
        return PackedRoles(packed(value["w"]), packed(value["b"]))
    return Plain(value)


def _numbers(value: list[Any] | tuple[Any, ...]) -> NDArray[Any] | None:
    """Lists of floats, and lists of these of one length, as an array, which packs a hundred times as fast."""
    row = value[0] if value else None
    if isinstance(value, tuple) or not isinstance(row, list | float):
        return None
    rows = value if isinstance(row, list) else [value]
    if any(len(r) != len(rows[0]) or any(type(x) is not float for x in r) for r in rows):
        return None
    return np.array(value)


def unpacked(value: Packed) -> Any:
    """The value as the student's function gets it, a new one each time."""
    if isinstance(value, PackedArray):
        array = value.array()
        return array.tolist() if value.listed else array
    if isinstance(value, PackedList):
        items = [unpacked(item) for item in value.items]
        return tuple(items) if value.is_tuple else items
    if isinstance(value, PackedRoles):
        return ByRole(w=unpacked(value.weights), b=unpacked(value.bias))
    return value.value
