"""Pieces of a table come in their order, a few ahead and no more, and are told from each other by their places."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from handgrad.data.errors import DataError
from handgrad.data.stream.pieces import ReadAhead, RowPiece, TableStream, finite_part, in_order

NAN, INF = np.nan, np.inf


def piece(*columns: Sequence[float]) -> RowPiece:
    return RowPiece([np.array(column, dtype=np.float64) for column in columns], "t: row {}".format)


class Given:
    """A reader of pieces that are there."""

    def __init__(self, *pieces: RowPiece, rows: int | None = 3, seekable: bool = True) -> None:
        self.given, self.rows, self.seekable = pieces, rows, seekable

    def stamps(self) -> object:
        return "stamps"

    def pieces(self, places: Sequence[int], reading: ReadAhead, rows: range | None = None) -> Iterator[RowPiece]:
        yield from self.given


def stream(*pieces: RowPiece, drop_missing: bool = False, places: tuple[int, ...] = (0, 1), **how: Any) -> TableStream:
    return TableStream("t", ("x",), "y", (), Given(*pieces, **how), places, drop_missing)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (([1, 2], [3, 4]), None),
        (([1, 2], [3, NAN]), "t: row 1, column 'y': expected a finite number, got none; correct it, or ask to drop"),
        (([1, INF, NAN], [NAN, 1, 1]), "t: row 1, column 'x': expected a finite number, got inf; correct"),
        (([1, NAN, INF], [1, 1, 1]), "t: row 1, column 'x': expected a finite number, got none; correct"),
        (([1, 1, 1], [-INF, 1, NAN]), "t: row 0, column 'y': expected a finite number, got -inf; correct"),
    ],
)
def test_the_first_cell_that_is_no_number_is_told(columns: Any, told: str | None) -> None:
    if told is None:
        stream().check_finite(piece(*columns))
        return
    with pytest.raises(DataError) as caught:
        stream().check_finite(piece(*columns))
    assert str(caught.value).startswith(told)


def test_rows_with_an_empty_cell_are_left_out_and_the_others_keep_their_places() -> None:
    left = finite_part(piece([1, NAN, 3, 4], [5, 6, -INF, 8]))
    assert [column.tolist() for column in left.columns] == [[1, 4], [5, 8]]
    assert [left.place(row) for row in range(left.rows)] == ["t: row 0", "t: row 3"]
    whole = piece([1, 2, 3], [4, 5, 6])
    assert finite_part(whole) is whole


def test_pieces_without_rows_are_none() -> None:
    pieces = piece([], []), piece([1], [NAN]), piece([2], [3])
    assert [one.rows for one in stream(*pieces).pieces(ReadAhead(1, 0))] == [1, 1]
    (left,) = stream(*pieces, drop_missing=True).pieces(ReadAhead(1, 0))
    assert [column.tolist() for column in left.columns] == [[2], [3]]


@pytest.mark.parametrize(
    ("drop_missing", "can_seek", "rows", "seekable"),
    [(False, True, 3, True), (True, True, None, False), (False, False, 3, False), (True, False, None, False)],
)
def test_rows_are_known_and_can_be_begun_with_where_none_is_left_out(
    drop_missing: bool, can_seek: bool, rows: int | None, seekable: bool
) -> None:
    found = stream(drop_missing=drop_missing, seekable=can_seek)
    assert (found.rows, found.seekable, found.features) == (rows, seekable, 1)


def test_tables_are_told_apart_by_their_files_and_by_what_is_read_of_them() -> None:
    found = {stream().stamp(), stream(drop_missing=True).stamp(), stream(places=(1, 0)).stamp()}
    assert len(found) == 3
    assert all("stamps" in stamp for stamp in found)
    assert stream().stamp() in found


# -- threads -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("threads", "at_most", "begun"), [(1, None, 2), (3, None, 4), (1, 5, 5), (3, 2, 2), (2, 1, 1)])
def test_so_many_are_begun_before_one_is_taken(threads: int, at_most: int | None, begun: int) -> None:
    taken: list[int] = []

    def given() -> Iterator[int]:
        for k in range(20):
            taken.append(k)
            yield k

    made = in_order(lambda k: k * k, given(), threads, at_most)
    for k in range(20):
        assert next(made) == k * k
        assert len(taken) == min(20, begun + k)
    assert list(made) == []


def test_nothing_is_begun_once_nobody_takes_any_more_and_what_was_begun_ends() -> None:
    begun, ended = list[int](), list[int]()
    second, end = threading.Event(), threading.Event()

    def work(k: int) -> int:
        begun.append(k)
        if k == 1:
            second.set()
            end.wait(10)
        ended.append(k)
        return k

    made = in_order(work, range(9), 1, 4)
    assert next(made) == 0
    assert second.wait(10)
    threading.Timer(0.05, end.set).start()
    made.close()
    assert begun == ended == [0, 1]
