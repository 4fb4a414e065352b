"""The text of a file, as often as it is asked for, in blocks of whole lines: UTF-8 with line feeds, whatever it was.

What has one meaning for every reader of the text is decided here, once: its encoding, its line ends, what is no text.
"""

from __future__ import annotations

import codecs
import io
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from handgrad.data.errors import DataError, shown
from handgrad.data.formats.stored_file import StoredFile

#: UTF-32's first, which begins as one of UTF-16 does.
BYTE_ORDER_MARKS = {
    b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16",
}  # fmt: skip

#: In UTF-8. In front of the text it is left out; elsewhere it is no part of a number.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

#: Excel's own first line, which names the separator of the others.
SEPARATOR_LINE = re.compile(rb'"?sep=([^\w"\n.+-])"?[,;\t|]*(\n|$)', re.IGNORECASE)

#: Bytes that no text holds, whatever its encoding, except UTF-16 and UTF-32.
BINARY = re.compile(rb"[\0-\x08\x0e-\x19]")

#: Encodings whose mark may be missing, and how many bytes tell.
UNMARKED, TELLING = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"), 512

#: Bytes of a block in which what no text holds is looked for.
HEAD = 2**12

#: A line of more bytes is no row of a table of numbers.
LONGEST_LINE = 2**28


class Text:
    """The text of a file.

    Args:
        content: Its bytes, not compressed.
        encoding: None reads UTF-8, or what a byte order mark says.

    Attributes:
        separator: What Excel's own first line (`sep=;`) names, in whose place stands an empty line; None without one.

    Raises:
        DataError: If the encoding is not known, or the first block is no text in it.
    """

    def __init__(self, content: StoredFile, encoding: str | None = None) -> None:
        self.content, self.source = content, content.source
        mark = _mark(content.begins(4))
        self.encoding = encoding or (BYTE_ORDER_MARKS[mark] if mark else "utf-8")
        self.codec = _codec(self.encoding, mark)
        found = SEPARATOR_LINE.match(next(self._checked(), b""))
        self.separator = found[1].decode("latin-1") if found else None

    def lines(self) -> Iterator[str]:
        """Line after line, each with its line feed."""
        for block in self.blocks():
            yield from io.StringIO(block.decode(), newline="\n")

    def blocks(self) -> Iterator[bytes]:
        """Blocks of whole lines; only the last line of all may lack its line feed.

        Raises:
            DataError: On bytes that are no text in the encoding, with their line; on null bytes; on an endless line.
        """
        blocks = self._checked()
        if self.separator is None:
            return blocks
        return chain((_emptied(block) for block in islice(blocks, 1)), blocks)

    def _checked(self) -> Iterator[bytes]:
        for number, block in enumerate(self._blocks()):
            if not block.isascii():
                self._check_utf8(block, number)
            if b"\0" in block:
                raise DataError(self._with_null_bytes(block, number))
            yield block

    def _check_utf8(self, block: bytes, number: int) -> None:
        try:
            block.decode()
        except UnicodeDecodeError as error:
            raise DataError(self._undecodable(error, self._lines_before(number))) from None

    def _lines_before(self, number: int) -> int:
        return sum(earlier.count(b"\n") for earlier in islice(self._blocks(), number))

    def _with_null_bytes(self, block: bytes, number: int) -> str:
        """What null bytes in a block say: that of an encoding without its mark, or no text."""
        start = self.content.begins(TELLING)
        encoding = next((name for name in UNMARKED if _readable(start, name)), None)
        if encoding is not None:
            return (
                f"{self.source}: expected text, got null bytes: it seems to be {encoding[:6].upper()} without a byte "
                f"order mark; name the encoding: {encoding}"
            )
        line = self._lines_before(number) + block.count(b"\n", 0, block.index(b"\0")) + 1
        return (
            f"{self.source}: line {line}: expected text, got null bytes: a binary file, or one that is damaged there; "
            "save it as CSV, or get it again"
        )

    def _blocks(self) -> Iterator[bytes]:
        return self._whole_lines(_line_feeds(_unmarked(self._decoded())))

    def _whole_lines(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        rest: list[bytes] = []
        for piece in pieces:
            end = piece.rfind(b"\n") + 1
            if end:
                yield b"".join((*rest, memoryview(piece)[:end]))
                rest = []
            rest.append(piece[end:])
            if sum(map(len, rest)) > LONGEST_LINE:
                raise DataError(
                    f"{self.source}: expected lines of text, got one of more than {LONGEST_LINE:,} bytes; a row stands "
                    "in a line of its own"
                )
        if any(rest):
            yield b"".join(rest)

    def _decoded(self) -> Iterator[bytes]:
        """The pieces in UTF-8; what is said to be UTF-8 already is checked later, where its lines are whole."""
        if self.codec == "utf-8":
            yield from self.content.pieces()
            return
        decoder, lines = codecs.getincrementaldecoder(self.codec)(), 0
        for piece in chain(self.content.pieces(), [b""]):
            lines += piece.count(b"\n")
            try:
                yield decoder.decode(piece, final=not piece).encode()
            except UnicodeDecodeError as error:  # of the last bytes, some of which may have come with earlier pieces
                raise DataError(self._undecodable(error, lines - error.object.count(b"\n"))) from None
            except UnicodeError as error:
                raise DataError(f"{self.source}: cannot be decoded as {self.encoding} ({error})") from None

    def _undecodable(self, error: UnicodeDecodeError, lines_before: int) -> str:
        line = lines_before + error.object.count(b"\n", 0, error.start) + 1
        remedy = "name its encoding: latin-1 (or cp1252) if it comes from an older spreadsheet"
        if self.encoding not in ("utf-8", "utf-8-sig"):
            remedy = "name another encoding, such as utf-8, latin-1 or utf-16"
        if self.codec == "utf-8" and BINARY.search(error.object, 0, HEAD):
            remedy = "it seems to be a binary file: save the table in it as CSV"
        byte = error.object[error.start : error.start + 1].hex()
        return f"{self.source}: line {line}: expected {self.encoding} text, got the byte 0x{byte}; {remedy}"


def _mark(head: bytes) -> bytes | None:
    """The byte order mark with which a file begins."""
    return next((mark for mark in BYTE_ORDER_MARKS if head.startswith(mark)), None)


def _readable(start: bytes, encoding: str) -> bool:
    """Whether the first bytes of a file are the ASCII of a table in an encoding of 2 or 4 bytes a character."""
    width = 4 if "32" in encoding else 2
    text = start[: len(start) // width * width].decode(encoding, "replace")
    return bool(text) and text.isascii() and not BINARY.search(text.encode())


def _codec(encoding: str, mark: bytes | None) -> str:
    """The name under which Python decodes piece by piece as it does at once.

    UTF-8 with a mark is UTF-8, since one in front is left out anyway; what has none to tell its byte order has that of
    this machine.
    """
    try:
        "a".encode(encoding)  # which refuses codecs that are no text encodings
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):  # ValueError: a null character in the name, or a codec that encodes nothing
        raise DataError(f"encoding: {shown(encoding)} is not known; use one such as utf-8, latin-1 or utf-16") from None
    if name in ("utf-16", "utf-32") and (mark is None or BYTE_ORDER_MARKS[mark] != name):
        return f"{name}-{'le' if sys.byteorder == 'little' else 'be'}"
    return "utf-8" if name == "utf-8-sig" else name


def _unmarked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Without the byte order mark in front; a program that adds one to a file that has one makes two."""
    first = next((piece for piece in pieces if piece), b"")
    yield first.removeprefix(BYTE_ORDER_MARK).removeprefix(BYTE_ORDER_MARK)
    yield from pieces


def _line_feeds(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """With a line feed at the end of every line; a carriage return at the end of a piece waits for the next one."""
    held = b""
    for piece in pieces:
        text = held + piece if held else piece
        held = text[-1:] if text.endswith(b"\r") else b""
        if b"\r" in text:
            text = text[: len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield text
    yield held.replace(b"\r", b"\n")


def _emptied(block: bytes) -> bytes:
    """With an empty line in place of Excel's first one, which keeps the count of lines."""
    found = SEPARATOR_LINE.match(block)
    return block if found is None else found[2] + block[found.end() :]
