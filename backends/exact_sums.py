"""Exact sums of a table's columns and of their products, which merge without rounding.

All that the mean squared error knows of the data are the sums of [X y]'s columns z, and the inner products of any two:

    Σ zⱼ        Σ zⱼ zₖ        n

A product of two doubles is a whole number times 2⁻²¹⁴⁸, so each sum is a Python integer that counts in that unit.
Adding integers is associative: a table cut into blocks of rows, anywhere and in any order, on any number of threads,
processes or machines, gives equal `ExactSums`, and equal bytes.

    sums = ExactSums.of(X[:1000], y[:1000]) + ExactSums.of(X[1000:], y[1000:])
    sums == ExactSums.of(X, y)

Two ways take them, with equal results. For many rows a compiled pass does (`kernels/exact_pass.py`). For few, or where
Numba does not compile, BLAS does: columns are cut into slices of 20 bits; of 2¹³ rows at once, every sum of products
that BLAS can meet is then an integer of at most 53 bits, which float64 holds, whatever the order, with FMA or without.
Source: Ozaki, Ogita, Oishi, Rump (2012), "Error-free transformations of matrix multiplication by using fast routines of
matrix multiplication".
"""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from operator import add
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.backends.inputs import FloatArray, InputError, check_data

#: Sums count in 2⁻²¹⁴⁸: the smallest double is 2⁻¹⁰⁷⁴.
SHIFT = 2148

SLICE_BITS = 20
#: Each product of two slices stays below 2⁴⁰, so that 2¹³ of them stay below 2⁵³.
ROWS_AT_ONCE = 2 ** (53 - 2 * SLICE_BITS)
#: So many of those sums are added up in 64 bits before they become Python's integers.
SUMS_AT_ONCE = 2**10

#: From so many products on, n (d + 1)², the compiled pass is worth its start: part of a second to import Numba, and
#: once, some seconds to compile.
COMPILED_FROM = 3_000_000
#: Rows that a compiled call takes, as doubles in one piece: its numbers stay in a near cache.
ROWS_A_CALL = 2**14

#: How bytes begin, with the version of their form.
MARK = b"HGES\x01"


@dataclass(frozen=True)
class ExactSums:
    """The exact sums of a block of rows; `+` merges those of two blocks.

    Attributes:
        rows: n.
        features: d.
        integers: In units of 2⁻²¹⁴⁸: for each column of [X y], Σ z, then its inner products with itself and with
            those behind it; (d + 1)(d + 4) / 2 in all.
    """

    rows: int
    features: int
    integers: tuple[int, ...]

    @classmethod
    def nothing(cls, features: int) -> ExactSums:
        """Of no rows."""
        return cls(0, features, (0,) * count_of(features))

    @classmethod
    def of(cls, X: ArrayLike, y: ArrayLike, threads: int | None = None) -> ExactSums:
        """Of a block X (n, d) or (n,) and y (n,), in float64 or float32; a block without rows gives zeros.

        Args:
            X: The features.
            y: The target.
            threads: How many may work on it; None takes what Numba is set to. The result is equal.

        Raises:
            InputError: On shapes that do not fit, on what is not a number, and on NaN and infinity.
        """
        table, target = as_block(X, y)
        return cls.nothing(table.shape[1])._with(table, target, threads)

    @classmethod
    def of_blocks(cls, blocks: Iterable[tuple[ArrayLike, ArrayLike]], threads: int | None = None) -> ExactSums:
        """Of all rows of a stream of blocks, X (n, d) and y (n,) each, of which only one is held at a time.

        Raises:
            InputError: On a block that `of` refuses, on blocks with unlike numbers of features, and on no block.
        """
        total: ExactSums | None = None
        for X, y in blocks:
            table, target = as_block(X, y)
            total = (total or cls.nothing(table.shape[1]))._with(table, target, threads)
        if total is None:
            raise InputError("blocks: expected at least one, got none")
        return total

    def _with(self, X: FloatArray, y: FloatArray, threads: int | None) -> ExactSums:
        """These and those of a block; from so many rows in all on, the compiled pass takes it."""
        if y.size == 0:
            return self + ExactSums.nothing(X.shape[1])
        large = is_large(self.rows + len(y), X.shape[1])
        return self + (compiled_sums(X, y, threads) if large else sliced_sums(X, y))

    def __add__(self, other: object) -> ExactSums:
        """Of the rows of both.

        Raises:
            InputError: If they have another number of features.
        """
        if not isinstance(other, ExactSums):
            return NotImplemented
        if self.features != other.features:
            raise InputError(f"exact sums: expected {self.features} features in both, got {other.features}")
        together = tuple(map(add, self.integers, other.integers))
        return ExactSums(self.rows + other.rows, self.features, together)

    def inner(self, left: int, right: int) -> Fraction:
        """The inner product of two columns of [X 1 y], by their numbers from 0 to d + 1."""
        return Fraction(self.gram()[left][right], 1 << SHIFT)

    def gram(self) -> list[list[int]]:
        """The inner products of the columns of [X 1 y], (d + 2, d + 2), in units of 2⁻²¹⁴⁸."""
        size, numbers = self.features + 2, iter(self.integers)
        matrix = [[0] * size for _ in range(size)]
        ones = self.features
        columns = [*range(ones), ones + 1]
        for place, j in enumerate(columns):
            for k in (ones, *columns[place:]):
                matrix[j][k] = matrix[k][j] = next(numbers)
        matrix[ones][ones] = self.rows << SHIFT
        return matrix

    def to_bytes(self) -> bytes:
        """A compact form, the same for equal sums: some 20 bytes a sum where the exponents are of one kind."""
        head = MARK + self.rows.to_bytes(8, "little") + self.features.to_bytes(4, "little")
        return head + b"".join(map(_packed, self.integers))

    @classmethod
    def from_bytes(cls, given: bytes) -> ExactSums:
        """The sums that `to_bytes` wrote.

        Raises:
            InputError: If those are no such bytes, or not all of them.
        """
        head, features = given[: len(MARK)], int.from_bytes(given[len(MARK) + 8 : len(MARK) + 12], "little")
        numbers = list(_unpacked(given[len(MARK) + 12 :]))
        if head != MARK or len(numbers) != count_of(features) or None in numbers:
            raise InputError(f"exact sums: expected the bytes of to_bytes(), got {len(given)} others")
        rows = int.from_bytes(given[len(MARK) : len(MARK) + 8], "little")
        return cls(rows, features, tuple(number for number in numbers if number is not None))


def count_of(features: int) -> int:
    """How many sums d features and a target have."""
    return (features + 1) * (features + 4) // 2


def _packed(number: int) -> bytes:
    """Its zero bytes at the end, counted in two bytes, the length of what is left, in two, and that."""
    zeros = ((number & -number).bit_length() - 1) // 8 if number else 0
    rest = number >> (8 * zeros)
    size = rest.bit_length() // 8 + 1
    return zeros.to_bytes(2, "little") + size.to_bytes(2, "little") + rest.to_bytes(size, "little", signed=True)


def _unpacked(given: bytes) -> Iterator[int | None]:
    """The numbers in the bytes; None for one that is cut off."""
    at = 0
    while at < len(given):
        zeros, size = (int.from_bytes(given[at + k : at + k + 2], "little") for k in (0, 2))
        rest = given[at + 4 : at + 4 + size]
        yield int.from_bytes(rest, "little", signed=True) << (8 * zeros) if 0 < size == len(rest) else None
        at += 4 + size


def as_block(X: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """X (n, d) and y (n,) as arrays of floats; n may be 0, and whether all are finite is not looked at.

    Raises:
        InputError: On shapes that do not fit, and on what is not a number.
    """
    floats = all(isinstance(given, np.ndarray) and given.dtype in (np.float64, np.float32) for given in (X, y))
    table, target = np.asarray(X), np.asarray(y)
    if not floats or np.ma.isMaskedArray(X) or np.ma.isMaskedArray(y):
        table, target = check_data(X, y, "float64") if len(target) else (table, target)
    table = table[:, np.newaxis] if table.ndim == 1 else table
    if table.ndim != 2 or target.shape != (len(table),) or table.shape[1] == 0:
        raise InputError(f"block: expected X (n, d) and y (n,), got {table.shape} and {target.shape}")
    return table, target


def not_finite() -> InputError:
    """What is wrong with a block that holds NaN or infinity."""
    return InputError("block: expected finite numbers, got NaN or infinity; remove such rows first")


# -- compiled ----------------------------------------------------------------------------------------------------------


def settings() -> Any:
    """Numba's settings; None where it is not there."""
    try:
        from numba import config
    except ImportError:
        return None
    return config


def is_large(rows: int, features: int) -> bool:
    """Whether the passes over a table are to be compiled ones."""
    return rows * (features + 1) ** 2 >= COMPILED_FROM and compiles()


def compiles() -> bool:
    """Whether Numba is there, and compiles."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0") and not getattr(settings(), "DISABLE_JIT", True)


def compiled_sums(X: FloatArray, y: FloatArray, threads: int | None = None) -> ExactSums:
    """The exact sums of X (n, d) and y (n,), n of 1 or more, by the compiled pass on so many threads.

    Raises:
        InputError: On NaN and infinity.
    """
    share = max(ROWS_A_CALL, -(-len(y) // (threads or settings().NUMBA_NUM_THREADS)))
    parts = [slice(first, first + share) for first in range(0, len(y), share)]
    with ThreadPoolExecutor(len(parts)) as pool:  # the compiled pass lets other threads run
        limbs: Any = sum(pool.map(lambda rows: _limbs(X[rows], y[rows]), parts))
    return ExactSums(len(y), X.shape[1], tuple(map(_whole, limbs)))


def _limbs(X: FloatArray, y: FloatArray) -> NDArray[np.int64]:
    """The sums of some rows as limbs (sums, LIMBS) of less than 2³³ each, but for the last, which has the sign."""
    from handgrad.backends.kernels.exact_pass import BLOCK_ROWS, DIGITS, LIMBS, NOT_FINITE, add_block

    columns = X.shape[1] + 1
    limbs = np.zeros((count_of(X.shape[1]), LIMBS), dtype=np.int64)
    mantissas, exponents = np.empty((2, columns, BLOCK_ROWS), dtype=np.int64)
    digits, bases = np.empty((columns, DIGITS, BLOCK_ROWS), dtype=np.int32), np.empty(columns, dtype=np.int64)
    for first in range(0, len(y), ROWS_A_CALL):
        rows = slice(first, first + ROWS_A_CALL)
        table, target = _bits(X[rows]), _bits(y[rows, np.newaxis])
        if add_block(table, target, mantissas, exponents, digits, bases, limbs) == NOT_FINITE:
            raise not_finite()
    return limbs


def _bits(part: FloatArray) -> NDArray[np.int64]:
    """Some rows (k, d) as the bits of doubles in one piece."""
    return np.ascontiguousarray(part, dtype=np.float64).view(np.int64)


def _whole(limbs: NDArray[np.int64]) -> int:
    """Limbs (LIMBS,), each worth 2³² of the one before, as one integer; only the last may be negative."""
    low, high = (limbs & 0xFFFFFFFF).astype("<u4"), limbs >> 32
    carried = int.from_bytes(high[:-1].astype("<u4").tobytes(), "little")
    last = int(high[-1]) << (32 * len(limbs))
    return int.from_bytes(low.tobytes(), "little") + (carried << 32) + last


# -- by BLAS -----------------------------------------------------------------------------------------------------------


class _Gathered:
    """Sums of products by power of two, (d + 2, d + 2) each: in 64 bits as long as they fit, and then in any length."""

    def __init__(self) -> None:
        self.long: defaultdict[int, Any] = defaultdict(int)
        self.short: defaultdict[int, Any] = defaultdict(int)
        self.most = 0  # how many products any of the short ones has been made of

    def add(self, slices: int, products: Iterable[tuple[int, NDArray[np.int64]]]) -> None:
        if self.most + slices > SUMS_AT_ONCE:
            self.empty()
        self.most += slices
        for power, part in products:
            self.short[power] = self.short[power] + part

    def empty(self) -> None:
        for power, part in self.short.items():
            self.long[power] = self.long[power] + part.astype(object)
        self.short.clear()
        self.most = 0

    def gram(self) -> Any:
        """All of them in units of 2⁻²¹⁴⁸, (d + 2, d + 2) integers."""
        self.empty()
        # parts of a power below the unit's are whole numbers of units even so: so small are the last bits of doubles
        return sum(
            part << (power + SHIFT) if power >= -SHIFT else part >> -(power + SHIFT)
            for power, part in self.long.items()
        )


def sliced_sums(X: FloatArray, y: FloatArray) -> ExactSums:
    """The exact sums of X (n, d) and y (n,) by BLAS, on slices of their numbers.

    Raises:
        InputError: On NaN and infinity.
    """
    gathered = _Gathered()
    for first in range(0, len(y), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        table = np.column_stack([X[rows], np.ones(len(y[rows])), y[rows]]).astype(np.float64, copy=False)
        if not np.isfinite(table).all():
            raise not_finite()
        cut = sliced(table)
        gathered.add(len(cut), inner_products(cut))
    gram, ones = gathered.gram(), X.shape[1]
    columns = [*range(ones), ones + 1]
    chosen = [gram[j, [ones, *columns[place:]]] for place, j in enumerate(columns)]
    return ExactSums(len(y), ones, tuple(np.concatenate(chosen).tolist()))


def inner_products(cut: list[tuple[int, FloatArray]]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Pairs (p, C) whose Σ 2ᵖ C are the inner products of the columns of a table (n, m) in slices, n ≤ 2¹³.

    Nothing is rounded. Each C is (m, m), of at most 53 bits and a sign.
    """
    stacked = np.hstack([part for _, part in cut])
    products = (stacked.T @ stacked).astype(np.int64).reshape(len(cut), -1, len(cut), stacked.shape[1] // len(cut))
    for i, (p, _) in enumerate(cut):
        for j, (q, _) in enumerate(cut):
            yield p + q, products[i, :, j, :]


def sliced(table: FloatArray) -> list[tuple[int, FloatArray]]:
    """Pairs (p, part), p a multiple of 20, whose Σ 2ᵖ part is the table (n, k); parts hold integers below 2²⁰."""
    rest = table.copy()
    parts: list[tuple[int, FloatArray]] = []
    while largest := float(np.abs(rest).max()):
        power = SLICE_BITS * (-(-math.frexp(largest)[1] // SLICE_BITS) - 1)
        part = np.trunc(np.ldexp(rest, -power))
        rest -= np.ldexp(part, power)  # without error: it clears leading bits
        parts.append((power, part))
    return parts
