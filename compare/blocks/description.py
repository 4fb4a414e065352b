"""A stream of blocks as another process can open it: a file that says what to read, and how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from handgrad.backends.interface import DType, FloatArray
from handgrad.compare.blocks.stream_blocks import Budget, StreamBlocks, units
from handgrad.data.errors import DataError
from handgrad.data.standardize import Standardization
from handgrad.data.stream.opening import open_stream
from handgrad.data.stream.pieces import TableStream

#: How such a file begins; one of arrays begins otherwise.
BEGINS = b"{"


class StreamDescription(msgspec.Struct):
    """What to read: the file or folder as it was, its columns, how many rows there must be, and within which memory."""

    path: str
    features: list[str]
    target: str
    separator: str | None
    encoding: str | None
    drop_missing: bool
    state: str
    rows: int
    memory_bytes: int
    threads: int
    means_and_scales: tuple[list[float], list[float]] | None

    @classmethod
    def of(cls, blocks: StreamBlocks) -> StreamDescription:
        """That of blocks whose rows have been counted."""
        stream, units = blocks.stream, blocks.standardization
        return cls(
            path=str(Path(stream.path).absolute()),
            features=list(stream.feature_names),
            target=stream.target_name,
            separator=stream.separator,
            encoding=stream.encoding,
            drop_missing=stream.drop_missing,
            state=stream.state(),
            rows=blocks.rows,
            memory_bytes=blocks.budget.memory_bytes,
            threads=blocks.budget.threads,
            means_and_scales=None if units is None else (units.means.tolist(), units.scales.tolist()),
        )

    def opened(self, dtype: DType) -> StreamBlocks:
        """The blocks.

        Raises:
            DataError: If the table is not there any more, or has other rows.
        """
        stream = self.stream()
        units = None if self.means_and_scales is None else Standardization(*map(np.array, self.means_and_scales))
        blocks = StreamBlocks(stream, Budget(self.memory_bytes, self.threads), units, dtype, self.rows)
        if stream.rows is not None:
            blocks.count(stream.rows)
        return blocks

    def stream(self) -> TableStream:
        """The table.

        Raises:
            DataError: If it is not there any more.
        """
        return open_stream(
            self.path,
            self.target,
            self.features,
            separator=self.separator,
            encoding=self.encoding,
            drop_missing=self.drop_missing,
        )


class StreamPart:
    """Some rows of a stream, which whoever goes through it reads: columns (m,) and y (m,) for each border."""

    def __init__(self, blocks: StreamBlocks, borders: Sequence[tuple[int, int]]) -> None:
        self.blocks, self.borders = blocks, borders

    def __reduce__(self) -> tuple[Any, ...]:
        return reopened, (StreamDescription.of(self.blocks), self.blocks.dtype, self.borders)

    def __iter__(self) -> Iterator[tuple[list[FloatArray], FloatArray]]:
        (first, end), last = self.borders[0], self.borders[-1][1]
        reading, _ = self.blocks.reading()
        with closing(self.blocks.stream.pieces(reading, range(first, last))) as pieces:
            for unit in units(pieces, end - first):
                self.blocks.check(unit)
                *columns, y = self.blocks.in_form(unit)
                yield columns, y


def reopened(description: StreamDescription, dtype: DType, borders: Sequence[tuple[int, int]]) -> StreamPart:
    """Rows of a stream that another process has described, to be read in this one."""
    return StreamPart(description.opened(dtype), borders)


def is_description(path: str) -> bool:
    """Whether a file describes a stream; otherwise it has arrays."""
    with Path(path).open("rb") as file:
        return file.read(len(BEGINS)) == BEGINS


def write_description(blocks: StreamBlocks, path: str) -> None:
    """Writes the file."""
    Path(path).write_bytes(msgspec.json.encode(StreamDescription.of(blocks)))


def described(path: str) -> StreamDescription:
    """What a file describes."""
    return msgspec.json.decode(Path(path).read_bytes(), type=StreamDescription)


def read_description(path: str, dtype: DType) -> StreamBlocks:
    """The blocks that a file describes, on the machine that wrote it; copies elsewhere have other times.

    Raises:
        DataError: If the table is not there any more, or is another.
    """
    what = described(path)
    blocks = what.opened(dtype)
    if blocks.stream.state() != what.state:
        raise DataError(f"{blocks.stream.source}: changed while it was read; run again when nobody writes to it")
    return blocks
