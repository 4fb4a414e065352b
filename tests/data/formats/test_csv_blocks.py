"""The fast reader's parts: blocks of whole rows, threads that keep the order, quotes that fit, arrays that grow."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.data.errors import DataError
from handgrad.data.formats import csv_blocks, parts
from handgrad.data.formats.csv_blocks import (
    THREADS,
    Unsure,
    below,
    end_of_rows,
    floats,
    has_rows,
    in_threads,
    parsed_blocks,
    whole_rows,
)
from handgrad.data.formats.parts import Parts, beyond_exact, refuse_table
from properties import examples

BLOCKS = st.lists(st.sampled_from([b"1", b",", b'"', b'"', b"\n", b"\n", b"x"]), max_size=25).map(b"".join)


@given(content=BLOCKS, cuts=st.lists(st.integers(0, 25), max_size=3))
@examples(100)
def test_blocks_of_whole_rows_are_the_text_and_end_outside_of_quotes(content: bytes, cuts: list[int]) -> None:
    lines = content.splitlines(keepends=True)
    edges = sorted({0, len(lines), *(cut % (len(lines) + 1) for cut in cuts)})
    given_blocks = [b"".join(lines[a:b]) for a, b in pairwise(edges)]
    found = list(whole_rows(given_blocks))
    assert b"".join(found) == content
    for block in found[:-1]:
        assert block.endswith(b"\n")
        assert block.count(b'"') % 2 == 0
    assert len(found) <= len(given_blocks) + 1


def test_the_last_whole_row_ends_before_an_open_quote() -> None:
    assert end_of_rows(b'1,2\n3,"4\n5"\n') == 12
    assert end_of_rows(b'1,2\n3,"4\n') == 4
    assert end_of_rows(b'"1\n2\n') == 0
    assert end_of_rows(b"1,2\n3") == 5
    assert end_of_rows(b'"1",2\n3') == 7
    assert end_of_rows(b'1\n"2\n"\n3\n"4\n') == 9


def test_a_row_longer_than_rows_are_is_left_to_the_careful_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_blocks, "LONGEST_ROW", 5)
    assert list(whole_rows([b'1,"3\n', b'"\n'])) == [b'1,"3\n"\n']
    with pytest.raises(Unsure):
        list(whole_rows([b'1,"34\n', b'"\n']))


@pytest.mark.parametrize("lines", range(5))
def test_the_first_lines_are_left_out_wherever_blocks_end(lines: int) -> None:
    for blocks in ([b"a\nb\nc\nd"], [b"a\nb\n", b"c\nd"], [b"a\n", b"b\n", b"c\n", b"d"]):
        assert b"".join(below(blocks, lines)) == b"".join([b"a\n", b"b\n", b"c\n", b"d"][lines:])
        assert b"" not in list(below(blocks, lines))


def test_empty_lines_alone_are_no_rows() -> None:
    assert [has_rows(block) for block in (b"\n", b"\n\n", b"\nx\n", b"x\n", b"x")] == [False, False, True, True, True]


# -- threads -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 3, 20])
def test_what_threads_make_comes_in_order_and_whole(count: int) -> None:
    def slow(k: int) -> int:
        time.sleep(0.004 if k % 3 == 0 else 0)
        return k * k

    assert list(in_threads(slow, iter(range(count)))) == [k * k for k in range(count)]


def test_one_block_alone_is_read_without_a_thread_and_more_are_read_a_few_ahead() -> None:
    assert list(in_threads(lambda _: threading.current_thread(), iter([0]))) == [threading.current_thread()]
    taken: list[int] = []

    def given_one_by_one() -> Iterator[int]:
        for k in range(50):
            taken.append(k)
            yield k

    made = in_threads(lambda k: k, given_one_by_one())
    for k in range(10):
        assert next(made) == k
        assert len(taken) == k + 1 + THREADS
    made.close()


def test_what_goes_wrong_in_a_thread_is_raised() -> None:
    def work(k: int) -> int:
        if k == 3:
            raise Unsure
        return k

    with pytest.raises(Unsure):
        list(in_threads(work, iter(range(9))))


# -- numbers -----------------------------------------------------------------------------------------------------------


def parsed(*blocks: bytes, wanted: tuple[int, ...] = (0, 1)) -> list[csv_blocks.RowBlock]:
    return list(parsed_blocks(iter(blocks), ",", 2, wanted, ("", "NA")))


def test_numbers_of_chunks_are_those_of_pyarrow_wherever_they_begin() -> None:
    whole = pyarrow.array([1.0, None, 3.0, None, 5.0, 6.0, 7.0, None, 9.0, 10.0])
    plain = pyarrow.array(np.arange(12.0))
    for pieces in ([whole], [whole[3:8]], [plain[2:7]], [whole[1:4], plain[5:6], whole[8:]], [plain, whole], []):
        column = pyarrow.chunked_array(pieces, type=pyarrow.float64())
        expected = np.array([np.nan if value is None else value for value in column.to_pylist()])
        np.testing.assert_array_equal(floats(column), expected)
    assert not floats(pyarrow.chunked_array([plain])).flags.owndata


def test_blocks_are_parsed_one_after_another_into_the_wanted_columns() -> None:
    one, two = parsed(b"1,2\n3,NA\n", b"5,6\n", wanted=(1, 0))
    np.testing.assert_array_equal(one.columns, [[2, np.nan], [1, 3]])
    np.testing.assert_array_equal(two.columns, [[6], [5]])
    assert [column.large for column in parsed(b"1,9007199254740992\n", b"1e300,2\n", b"1,9007199254740991\n")] == [
        {1}, {0}, set(),
    ]  # fmt: skip
    assert parsed(b"\n\n", b"1,2\n")[0].columns[0].tolist() == [1]


@pytest.mark.parametrize("block", [b"\xef\xbb\xbf1,2\n", b'1,"2"3\n', b"1,two\n", b"1\n", b'"1,2\n'])
def test_what_another_reader_might_take_otherwise_is_left_to_the_careful_one(block: bytes) -> None:
    with pytest.raises(Unsure):
        parsed(b"1,2\n", block)
    with pytest.raises(Unsure):
        parsed(block)


def test_without_pyarrow_everything_is_left_to_the_careful_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.csv", None)
    with pytest.raises(Unsure):
        parsed(b"1,2\n")


@pytest.mark.parametrize(
    ("values", "beyond"),
    [
        ([], False), ([1.0, -7.0], False), ([8.0], True), ([-8.0, 1.0], True), ([np.nan], False), ([np.nan, 9.0], True),
        ([np.inf, 1.0], False), ([-np.inf, np.nan], False), ([np.inf, 8.0], True), ([-np.inf, -9.0], True),
    ],
)  # fmt: skip
def test_large_numbers_are_found_among_what_is_none(values: list[float], beyond: bool) -> None:
    assert beyond_exact(np.array(values), 8.0) is beyond


# -- arrays that grow --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("expected", [0, 1, 6, 7, 100])
def test_rows_are_kept_however_many_were_expected(expected: int) -> None:
    table = Parts("t", [2, 1], expected)
    blocks = [np.arange(9.0).reshape(3, 3), np.arange(9.0, 18).reshape(3, 3), np.arange(18.0, 21).reshape(3, 1)]
    for block in blocks:
        table.append(block)
    X, y = table.finished()
    whole = np.hstack(blocks)
    np.testing.assert_array_equal(X, whole[:2].T, strict=True)
    np.testing.assert_array_equal(y, whole[2:].T, strict=True)


def test_arrays_grow_by_a_quarter_at_least_and_not_where_the_rows_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, int]] = []
    monkeypatch.setattr(
        parts, "refuse_table", lambda source, rows, columns, have=0: asked.append((rows, columns, have))
    )
    table = Parts("t", [1, 2], 100)
    table.append(np.zeros((3, 100)))
    assert asked == [(100, 3, 0)]
    table.append(np.zeros((3, 1)))
    assert asked[1:] == [(125, 3, 100)]
    table.append(np.zeros((3, 24)))
    table.append(np.zeros((3, 300)))
    assert asked[2:] == [(425, 3, 125)]


def test_what_a_table_needs_is_asked_for_beyond_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, str]] = []
    monkeypatch.setattr(parts, "refuse_beyond", lambda needed, what, remedy: asked.append((needed, what)))
    refuse_table("t.csv", 123_456, 3)  # what is read ahead is no more than the table
    refuse_table("t.csv", 10_000_000, 2, have=4_000_000)
    assert asked[0][0] == pytest.approx(2.2 * 8 * 123_456 * 3)
    assert asked[0][1] == "t.csv: a table of about 120,000 rows and 3 columns"
    assert asked[1][0] == pytest.approx(1.2 * 8 * 6_000_000 * 2 + 2**26)


def test_a_table_beyond_the_memory_is_refused() -> None:
    with pytest.raises(DataError, match="rows and 5 columns"):
        Parts("t.csv", [5], 10**12)
