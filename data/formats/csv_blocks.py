"""The fast reader of CSV: pyarrow, which rounds correctly, on one block of whole rows after another.

Blocks are parsed by several threads, while the next are read; so no more of the file is in memory than a few of them.
What this reader might take for something else than the careful one does, it leaves to that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import Any, NamedTuple, TypeVar

import numpy as np

from handgrad.data.arrays import EXACT_INTEGERS, FloatArray
from handgrad.data.formats.csv_layout import well_formed_quotes
from handgrad.data.formats.parts import beyond_exact
from handgrad.data.formats.text import BYTE_ORDER_MARK

#: Threads that parse; more would wait for what is read.
THREADS = 2

Given = TypeVar("Given")
Made = TypeVar("Made")

#: Rows of more bytes, which only quoted cells of many lines have, are left to the careful reader.
LONGEST_ROW = 2**25


class Unsure(Exception):
    """The careful reader has to read it: it knows what is wrong, or what this one does not know."""


class RowBlock(NamedTuple):
    """The columns (m,) of some rows, and which of them hold large numbers."""

    columns: Sequence[FloatArray]
    large: frozenset[int] = frozenset()

    @property
    def rows(self) -> int:
        """m."""
        return len(self.columns[0])


def parsed_blocks(
    blocks: Iterator[bytes], separator: str, names: int, wanted: Sequence[int], missing: Sequence[str]
) -> Iterator[RowBlock]:
    """The wanted columns, block after block.

    Args:
        blocks: Whole lines below the header.
        separator: A character of ASCII.
        names: How many cells a row has.
        wanted: The places of columns; none twice.
        missing: Cells that stand for NaN.

    Raises:
        Unsure: If the careful reader might read a block otherwise, or refuse it; without pyarrow.
    """
    try:
        import pyarrow
        import pyarrow.csv
    except ImportError:
        raise Unsure from None

    places = list(map(str, wanted))
    convert = pyarrow.csv.ConvertOptions(
        include_columns=places,
        column_types=dict.fromkeys(places, pyarrow.float64()),
        null_values=list(missing),
    )

    def parse(block: bytes) -> RowBlock:
        quoted = b'"' in block
        if block.startswith(BYTE_ORDER_MARK) or not well_formed_quotes(block, separator):
            raise Unsure
        read = pyarrow.csv.ReadOptions(
            use_threads=False, block_size=len(block), column_names=list(map(str, range(names)))
        )
        try:
            table = pyarrow.csv.read_csv(
                pyarrow.BufferReader(block),
                read,
                pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=quoted),
                convert,
            )
        except pyarrow.ArrowInvalid:
            raise Unsure from None
        columns = [floats(table.column(name)) for name in places]
        large = {k for k, column in enumerate(columns) if beyond_exact(column, EXACT_INTEGERS)}
        return RowBlock(columns, frozenset(large))

    return in_threads(parse, (block for block in whole_rows(blocks) if has_rows(block)))


def floats(column: Any) -> FloatArray:
    """The numbers of a column of pyarrow, NaN for what is missing; its own conversion imports pandas."""
    chunks = [np.empty(0), *map(_floats_of_chunk, column.chunks)]
    return chunks.pop() if len(chunks) == 2 else np.concatenate(chunks)


def _floats_of_chunk(chunk: Any) -> FloatArray:
    present, numbers = chunk.buffers()
    values = np.frombuffer(numbers, dtype=np.float64)[chunk.offset : chunk.offset + len(chunk)]
    if not chunk.null_count:
        return values
    bits = np.unpackbits(np.frombuffer(present, dtype=np.uint8), bitorder="little")
    return np.where(bits[chunk.offset : chunk.offset + len(chunk)], values, np.nan)


def in_threads(work: Callable[[Given], Made], given: Iterator[Given]) -> Iterator[Made]:
    """What is made of each, in order; a few at a time, and one alone without a thread."""
    first = list(islice(given, 2))
    if len(first) < 2:
        yield from map(work, first)
        return
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for one in chain(first, given):
            waiting.append(pool.submit(work, one))
            if len(waiting) > THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def has_rows(block: bytes) -> bool:
    """Whether there is more than empty lines, which pyarrow takes for no file."""
    return bool(block.strip(b"\n"))


def below(blocks: Iterable[bytes], lines: int) -> Iterator[bytes]:
    """The blocks without so many first lines."""
    for block in blocks:
        kept = block
        while lines and kept:
            kept = kept[kept.find(b"\n") + 1 or len(kept) :]
            lines -= 1
        if kept:
            yield kept


def whole_rows(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Blocks of whole rows from blocks of whole lines, of which a quoted cell may hold some.

    Raises:
        Unsure: On a row that is longer than rows are.
    """
    rest = b""
    for block in blocks:
        lines = rest + block if rest else block
        end = end_of_rows(lines)
        if end:
            yield lines if end == len(lines) else lines[:end]
        rest = lines[end:]
        if len(rest) > LONGEST_ROW:
            raise Unsure
    if rest:
        yield rest


def end_of_rows(lines: bytes) -> int:
    """Where the last whole row ends, if every quote opens a cell, closes one, or is doubled within one."""
    if not lines.count(b'"') % 2:
        return len(lines)
    text = np.frombuffer(lines, dtype=np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    quotes_before = np.searchsorted(np.flatnonzero(text == ord('"')), ends)
    outside = ends[quotes_before % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0
