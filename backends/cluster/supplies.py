"""Where a cluster's rows come from: arrays of this process, files that workers read, a Dask collection that they make.

A worker that is lost is lost with its rows, so a supply gives the same ones as often as it is asked for.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import dask
import dask.array
import numpy as np
from distributed import Client

from handgrad.backends.blocks import Blocks
from handgrad.backends.cluster.holder import Unit
from handgrad.backends.inputs import DType, FloatArray, InputError

#: From the first row of a unit to before its last one.
Border = tuple[int, int]


class Supply(ABC):
    """n rows of d features and a target, of which any part can be had on a worker."""

    rows: int
    features: int

    @abstractmethod
    def sent(self, client: Client, borders: Sequence[Border], worker: str) -> Any:
        """What is an iterable of `Unit` once it is on that worker: one for each border, in their order."""

    @abstractmethod
    def head(self, client: Client, rows: int) -> Unit:
        """The first rows, or all if there are fewer."""


class ArraySupply(Supply):
    """Arrays of this process, X (n, d) and y (n,) of the dtype and checked: they are sent."""

    def __init__(self, X: FloatArray, y: FloatArray) -> None:
        self.X, self.y = X, y
        self.rows, self.features = X.shape

    def unit(self, border: Border) -> Unit:
        """Copies of the rows."""
        some = slice(*border)
        return Unit(list(np.ascontiguousarray(self.X[some].T)), np.ascontiguousarray(self.y[some]))

    def sent(self, client: Client, borders: Sequence[Border], worker: str) -> Any:
        """Futures of the rows, which need not be kept once the worker has them."""
        return client.scatter([self.unit(border) for border in borders], workers=[worker], hash=False)

    def head(self, client: Client, rows: int) -> Unit:
        """Copies of the first rows."""
        return self.unit((0, rows))


class SourceSupply(Supply):
    """Rows that each worker reads itself, from a file that it sees.

    Raises:
        InputError: If others cannot read them.
    """

    def __init__(self, source: Blocks) -> None:
        source.between(())
        self.source, self.rows, self.features = source, source.rows, source.features

    def sent(self, client: Client, borders: Sequence[Border], worker: str) -> Any:
        """What reads the rows once it is there."""
        return self.source.between(borders)

    def head(self, client: Client, rows: int) -> Unit:
        """The first rows, read here."""
        X, y = self.source.head(rows)
        return Unit(list(X.T), y)


class CollectionSupply(Supply):
    """Rows of a Dask collection, which workers make where they are wanted, and nobody holds whole.

    Args:
        X: (n, d), or (n,) for one feature: a Dask array or DataFrame.
        y: (n,) or (n, 1): a Dask array, DataFrame or Series, or an array.
        dtype: Of the rows that it gives.

    Raises:
        InputError: On unlike numbers of rows, on other shapes, and on none.
    """

    def __init__(self, X: Any, y: Any, dtype: DType) -> None:
        features, target = (by_columns(one, name) for one, name in ((X, "X"), (y, "y")))
        if target.shape[1] != 1:
            raise InputError(f"y: expected shape (n,) or (n, 1), got {target.shape}")
        if len(features) != len(target):
            raise InputError(f"X and y: expected as many rows, got {len(features)} and {len(target)}")
        if 0 in features.shape:
            raise InputError(f"X: expected at least one row and one feature, got shape {features.shape}")
        self.table, self.dtype = dask.array.concatenate([features, target], axis=1), dtype
        self.rows, self.features = features.shape

    def unit(self, rows: Any, first: int) -> Any:
        """Rows, not worked out yet, of which the first has that number."""
        return dask.delayed(unit_of, pure=False)(rows, self.dtype, first)  # a key of its own, on a worker of its own

    def rows_of(self, border: Border) -> Any:
        """The rows as one chunk, not worked out yet."""
        first, last = border
        return self.table[first:last].rechunk((last - first, -1)).to_delayed().item()

    def sent(self, client: Client, borders: Sequence[Border], worker: str) -> Any:
        """Futures of the rows on that worker; a partition that several need is made once, by any.

        What has the same key whoever asks is bound to no worker: the scheduler would keep it bound to one that is lost.
        """
        rows = [self.rows_of(border) for border in borders]
        with dask.annotate(workers=[worker], allow_other_workers=False):
            units = [self.unit(some, first) for some, (first, _) in zip(rows, borders, strict=True)]
        return client.compute(units)

    def head(self, client: Client, rows: int) -> Unit:
        """The first rows, worked out by some worker."""
        found: Unit = client.compute(self.unit(self.rows_of((0, min(rows, self.rows))), 0)).result()
        return found


def by_columns(given: Any, name: str) -> Any:
    """A collection, or an array, as a Dask array (n, k) whose chunks are of known sizes.

    Raises:
        InputError: On another shape.
    """
    array = given.to_dask_array(lengths=True) if hasattr(given, "to_dask_array") else as_dask_array(given)
    if any(math.isnan(size) for size in array.shape):
        array = array.compute_chunk_sizes()
    if array.ndim not in (1, 2):
        raise InputError(f"{name}: expected shape (n, d) or (n,), got {array.shape}")
    return array if array.ndim == 2 else array[:, np.newaxis]


def as_dask_array(given: Any) -> Any:
    """An array as one of Dask; a Series or frame of pandas as the array (n,) or (n, k) that it has."""
    return dask.array.asarray(given if dask.is_dask_collection(given) else np.asarray(given))


def unit_of(rows: Any, dtype: DType, first: int) -> Unit:
    """Rows [X y] (m, d + 1) in the dtype, of which the first has that number.

    Raises:
        InputError: On what is no number, or not a finite one.
    """
    table = np.asarray(rows)
    if table.dtype.kind not in "fiub":
        raise InputError(f"expected columns of numbers, got {table.dtype}; turn them into numbers, or leave them out")
    columns = np.ascontiguousarray(table.T, dtype)
    if not np.isfinite(columns).all():
        row, column = map(int, np.argwhere(~np.isfinite(columns.T))[0])
        where = "y" if column == len(columns) - 1 else f"X, column {column}"
        raise InputError(f"{where}: expected finite numbers, got {columns[column, row]:g} in row {first + row}")
    return Unit(list(columns[:-1]), columns[-1])
