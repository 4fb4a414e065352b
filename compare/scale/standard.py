"""Standardising a table that is a stream: the means and scales of rows in memory, to the bit, from one pass or two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from handgrad.backends.blocks import Summing, merged
from handgrad.backends.interface import FloatArray
from handgrad.compare.blocks.stream_blocks import StreamBlocks
from handgrad.data.standardize import (
    SpreadPoint,
    Standardization,
    is_far,
    merged_spreads,
    nearer,
    spread_sums,
    standardization_of,
)


class SpreadSums(Summing):
    """The sums about a point, and the extremes, of d columns, (4, d)."""

    def bind(self, columns: Sequence[FloatArray], y: FloatArray) -> Sequence[FloatArray]:
        """The columns (m,) as they are."""
        return columns

    def block_sums(self, bound: Any, point: SpreadPoint) -> Any:
        """Those of the blocks, merged in the tree; `bound` is d columns (m,)."""
        rows = StreamBlocks.block_rows
        blocks = ([column[k : k + rows] for column in bound] for k in range(0, len(bound[0]), rows))
        found: Any = merged((spread_sums(block, point) for block in blocks), merged_spreads)
        return found

    def merge(self, left: Any, right: Any) -> Any:
        """Sums (4, d) of both."""
        return merged_spreads(left, right)


def standardization(blocks: StreamBlocks) -> Standardization:
    """The standardisation of the features of a stream, of which none has been standardised yet.

    Raises:
        DataError: If a cell is no finite number, or a column is constant.
    """
    about = first_point(blocks)
    sums = blocks.total(SpreadSums(), about)
    if is_far(sums, blocks.rows):
        about = nearer(sums, blocks.rows, about)
        sums = blocks.total(SpreadSums(), about)
    return standardization_of(sums, blocks.rows, about, blocks.stream.feature_names)


def first_point(blocks: StreamBlocks) -> SpreadPoint:
    """The point that the first block tells."""
    X, _ = blocks.head(blocks.block_rows)
    return SpreadPoint.near(list(X.T), np.abs(X).max(axis=0))


def names_of_one_value(blocks: StreamBlocks) -> set[str]:
    """The features that have one value in all rows, by a pass that compares them."""
    _, _, lows, highs = blocks.total(SpreadSums(), first_point(blocks))
    return {name for name, low, high in zip(blocks.stream.feature_names, -lows, highs, strict=True) if low == high}
