"""What somebody else's code says is one line that can be printed."""

from __future__ import annotations

import pytest

from handgrad.compare.foreign_text import one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  a\r\n\tb  c\u2028d ", "a b c d"),
        ("\x1b[2J\x07\x00", r"\x1b[2J\x07\x00"),
        ("\u202eabc\ud800", r"\u202eabc\ud800"),
        ("ŷ − y", "ŷ − y"),
        ("", ""),
        ("x" * 10_000_000, "x" * 299 + "…"),
        ("\n" * 10_000_000 + "never looked at", ""),
    ],
)
def test_foreign_text_is_one_printable_line(text: str, shown: str) -> None:
    assert one_line(text) == shown
    assert one_line(text).isprintable()
