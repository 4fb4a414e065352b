"""Text in blocks is the same text, wherever its pieces are cut; and both readers of CSV read it alike."""

from __future__ import annotations

import codecs
import gzip
import io
import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from handgrad.data.errors import DataError
from handgrad.data.formats import stored_file as contents
from handgrad.data.formats.csv_blocks import Unsure, end_of_rows
from handgrad.data.formats.csv_table import CsvTable
from handgrad.data.formats.stored_file import StoredFile
from handgrad.data.formats.text import Text
from handgrad.data.tables import load_table


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Sets how long the first piece of a file is, and all others."""

    def lengths(first: int, others: int) -> None:
        monkeypatch.setattr(contents, "FIRST_PIECE", first)
        monkeypatch.setattr(contents, "PIECE", others)

    return lengths


def at_once(content: bytes, encoding: str) -> str:
    """What the text is, by Python's own decoding of all of it."""
    text = content.decode(encoding).removeprefix("\ufeff")
    return io.StringIO(text, newline=None).read()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1", "shift_jis"])
def test_text_is_the_same_wherever_its_pieces_are_cut(cut: Callable[[int, int], None], encoding: str) -> None:
    draw = random.Random(5)
    for _ in range(60):
        letters = 'ab,\n\r\n"é' if encoding in ("latin-1",) else 'ab,\n\r\n"あ\u2028'
        letters = letters.replace("\u2028", "") if encoding == "shift_jis" else letters
        stored = "".join(draw.choices(letters, k=40)).encode(encoding)
        expected = at_once(stored, encoding)
        cut(draw.randint(4, 12), draw.randint(1, 9))
        text = Text(StoredFile.of("t", stored), encoding)
        blocks = list(text.blocks())
        assert b"".join(blocks).decode() == expected, stored
        assert all(block.endswith(b"\n") for block in blocks[:-1])
        assert list(text.lines()) == io.StringIO(expected, newline="\n").readlines()


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF8 * 2, b""])
def test_a_byte_order_mark_in_front_is_no_text(mark: bytes) -> None:
    assert list(Text(StoredFile.of("t", mark + b"a\n")).blocks()) == [b"a\n"]


@pytest.mark.parametrize(
    ("lines", "codec", "told"),
    [
        (["a", "b", "ü"], "latin-1", "line 3: expected utf-8 text, got the byte 0xfc; name its encoding: latin-1"),
        (["a"] * 50 + ["ü"], "latin-1", "line 51: expected utf-8"),
        (
            ["a", "b", "\0"],
            "utf-8",
            "line 3: expected text, got null bytes: a binary file, or one that is damaged there",
        ),
        (["a", "b", "\x01\xff"], "latin-1", "line 3: .* the byte 0xff; it seems to be a binary file: save the table"),
        (["a", "b"], "utf-16-be", "UTF-16 without a byte order mark; name the encoding: utf-16-be"),
        (["a,b", "1,2"], "utf-32-le", "UTF-32 without a byte order mark; name the encoding: utf-32-le"),
    ],
)
def test_what_is_no_text_is_told_with_its_line_wherever_pieces_are_cut(
    cut: Callable[[int, int], None], lines: list[str], codec: str, told: str
) -> None:
    for first, others in ((64, 64), (4, 3), (7, 1)):
        cut(first, others)
        with pytest.raises(DataError, match=told):
            list(Text(StoredFile.of("t", "\n".join(lines).encode(codec))).blocks())


@pytest.mark.parametrize(
    ("content", "line", "byte"),
    [
        (b"x,y\n1,2\n1,\xfc2\n3,4\n", 3, "fc"),
        (b"\n\xe4\n\xfc\n", 2, "e4"),
        (b"\xff\xf1x\n", 1, "ff"),
        (b"\xc3\xbc\n\n\n\xc3\n", 4, "c3"),
    ],
)
def test_the_first_byte_that_is_no_text_is_told_wherever_pieces_are_cut(
    cut: Callable[[int, int], None], content: bytes, line: int, byte: str
) -> None:
    for first, others in ((64, 64), (4, 3), (5, 1)):
        cut(first, others)
        with pytest.raises(DataError) as caught:
            list(Text(StoredFile.of("t", content)).blocks())
        assert str(caught.value).startswith(f"t: line {line}: expected utf-8 text, got the byte 0x{byte}; name")
        with pytest.raises(DataError) as caught:
            list(Text(StoredFile.of("t", content.replace(b"\xc3\xbc", b"u")), "ascii").blocks())
        assert str(caught.value).startswith(f"t: line {line}: expected ascii text, got the byte 0x{byte}; name")


def test_what_an_encoding_says_of_itself_is_told() -> None:
    with pytest.raises(DataError, match=r"^t: cannot be decoded as idna \(.*Invalid extended code point"):
        Text(StoredFile.of("t", b"xn--a-\n"), "idna")


def test_the_line_that_names_the_separator_is_the_first_alone(cut: Callable[[int, int], None]) -> None:
    for first, others in ((64, 64), (7, 7), (6, 1)):
        cut(first, others)
        text = Text(StoredFile.of("t", b"sep=;\r\nsep=;\nx;y\nsep=;\n"))
        assert text.separator == ";"
        assert list(text.lines()) == ["\n", "sep=;\n", "x;y\n", "sep=;\n"]


def test_bytes_beyond_a_named_encoding_are_told_with_their_line(cut: Callable[[int, int], None]) -> None:
    cut(4, 3)
    with pytest.raises(DataError, match="line 3: expected ascii text, got the byte 0xc3; name another encoding"):
        list(Text(StoredFile.of("t", "x,y\n1,2\n1,é\n".encode()), "ascii").blocks())
    with pytest.raises(DataError, match="expected utf-16 text"):
        list(Text(StoredFile.of("t", codecs.BOM_UTF16_LE + "x\n".encode("utf-16-le") + b"1"), "utf-16").blocks())


@pytest.mark.parametrize("name", ["klingon", "rot13", "hex", "a\0b"])
def test_what_is_no_encoding_of_text_is_told(name: str) -> None:
    with pytest.raises(DataError, match="is not known"):
        Text(StoredFile.of("t", b"x\n"), name)


def test_a_mark_of_another_encoding_than_the_one_that_is_named_is_text() -> None:
    stored = b"\xef\xbb\xbf1" + "a\n".encode(f"utf-16-{sys.byteorder[0]}e")
    assert "".join(Text(StoredFile.of("t", stored), "utf-16").lines()) == at_once(stored, "utf-16")


def test_a_long_line_is_a_line(cut: Callable[[int, int], None]) -> None:
    cut(2**12, 2**12)
    assert list(Text(StoredFile.of("t", b"1" * 100_000 + b"\n2")).blocks()) == [b"1" * 100_000 + b"\n", b"2"]


@pytest.mark.parametrize("width", [16, 32])
@pytest.mark.parametrize("order", ["little", "big"])
def test_the_order_of_bytes_is_that_of_the_mark_or_else_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, width: int, order: str
) -> None:
    codec = f"utf-{width}-{order[0]}e"
    plain = "x\n1\n".encode(codec)
    marked = "\ufeff".encode(codec) + plain
    for encoding in (None, f"utf-{width}", codec):
        assert list(Text(StoredFile.of("t", marked), encoding).lines()) == ["x\n", "1\n"]
    for machine in ("little", "big"):
        monkeypatch.setattr(sys, "byteorder", machine)
        assert list(Text(StoredFile.of("t", plain), codec).lines()) == ["x\n", "1\n"]
    monkeypatch.setattr(sys, "byteorder", order)
    assert list(Text(StoredFile.of("t", plain), f"utf-{width}").lines()) == ["x\n", "1\n"]


def test_a_line_without_an_end_is_no_row(monkeypatch: pytest.MonkeyPatch, cut: Callable[[int, int], None]) -> None:
    from handgrad.data.formats import text

    cut(64, 64)
    monkeypatch.setattr(text, "LONGEST_LINE", 500)
    for lines in (b"1" * 500, b"1" * 500 + b"\n" + b"2" * 500, b"1,2\n" * 500):
        assert b"".join(Text(StoredFile.of("t", lines)).blocks()) == lines
    for line in (b"1" * 501, b"1,2\n" + b"1" * 600 + b"\n1,2\n"):
        with pytest.raises(DataError, match="got one of more than 500 bytes"):
            list(Text(StoredFile.of("t", line)).blocks())
    with pytest.raises(DataError, match="got one of more than 500 bytes"):
        list(Text(StoredFile.of("t", b"1" * 1000)).blocks())


@pytest.mark.parametrize(
    ("lines", "end"),
    [(b"1,2\n", 4), (b'"a",2\n"b', 6), (b'"a\nb",2\n"c\nd', 8), (b'"a\nb', 0), (b'"a""\n",2\n"\n', 9), (b"1,2", 3)],
)
def test_rows_end_where_no_quote_is_open(lines: bytes, end: int) -> None:
    assert end_of_rows(lines) == end


def test_both_readers_read_blocks_as_they_read_the_whole(cut: Callable[[int, int], None]) -> None:
    """Rows of sound and damaged cells, cut anywhere: where the fast reader is sure, the careful one reads the same."""
    draw = random.Random(17)
    sound = ["1", "2.5", "-3e2", '"4"', "", '""', "NA", "inf", '"5\n"', " 6", '"7\n\n"', '" 8"', "nan", "0.1", "1e400"]
    damaged = ['"1"2', '1"2', '"1"" 2"', "\ufeff1", '"', '""1', "1\u00a0", "x", '"1,2"', "\n\ufeff1", "\n9", "1\n"]
    read = refused = 0
    for _ in range(1500):
        rows = [[draw.choice(sound if draw.random() < 0.98 else damaged) for _ in "xy"] for _ in range(5)]
        stored = (
            "x,y\n" + draw.choice(["\n", "\r\n", "\r"]).join(map(",".join, rows)) + "\n" * draw.randint(0, 3)
        ).encode()
        cut(10**6, 10**6)
        whole = outcome(stored, "_slow")
        cut(draw.randint(4, 20), draw.randint(1, 15))
        assert outcome(stored, "_slow") == whole, stored
        fast = outcome(stored, "_fast")
        read, refused = read + (fast is not None), refused + (fast is None)
        assert fast in (None, whole), stored
    assert min(read, refused) > 200


def outcome(stored: bytes, reader: str) -> list[list[str]] | str | None:
    """What a reader gives, its numbers as text (NaN is not itself), or its message; None where it is not sure."""
    table = CsvTable("t", stored, ",")
    try:
        (values,) = getattr(table, reader)([0, 1])
    except Unsure:
        return None
    except DataError as error:
        return str(error)
    return [[str(number) for number in row] for row in values.tolist()]


@pytest.mark.parametrize("packed", [False, True])
def test_a_large_file_is_read_in_pieces(tmp_path: Path, packed: bool, cut: Callable[[int, int], None]) -> None:
    cut(2**12, 2**14)
    x = np.random.default_rng(3).normal(size=(60_000, 3))
    stored = ("a,b,y\n" + "".join("%r,%r,%r\n" % tuple(row) for row in x.tolist())).encode()  # noqa: UP031
    path = tmp_path / "t.csv"
    path.write_bytes(gzip.compress(stored, 1) if packed else stored)
    dataset = load_table(path)
    np.testing.assert_array_equal(dataset.X, x[:, :2])
    np.testing.assert_array_equal(dataset.y, x[:, 2])
    assert dataset.X.flags.c_contiguous
    assert not dataset.X.flags.writeable
