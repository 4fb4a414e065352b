"""Nothing from a file can break a line, hide a character, or fill the screen."""

from __future__ import annotations

import unicodedata

import pytest

from handgrad.reports.look.names import columns, safe_lines, shown


@pytest.mark.parametrize(
    "name",
    ["a\nb", "a\x1b[31mb", "\u202eabc", "\u2066x\u2069", "\x00", "\u200bzero", "\ud800", "\u2028", "\x85", "\ufeffy"],
)
def test_what_cannot_be_seen_is_shown_as_its_code_point_or_a_space(name):
    text = shown(name)
    assert all(unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text)
    text.encode("utf-8")


@pytest.mark.parametrize("name", ["x" * 100_000, "漢" * 1000, "e\u0301" * 1000, "\u202e" * 1000, "a " * 1000])
@pytest.mark.parametrize("width", [8, 32])
def test_a_long_name_is_cut_to_the_width_and_says_so(name, width):
    assert columns(shown(name, width)) <= width
    assert shown(name, width).endswith("…")


def test_a_name_that_fits_is_left_alone():
    assert shown("s5 (log of triglycerides)") == "s5 (log of triglycerides)"


def test_no_name_has_one():
    assert shown("") == shown(" \t") == "(no name)"


def test_source_keeps_its_indentation_and_is_cut_in_both_directions():
    assert safe_lines("def f():\n\treturn 1\n") == "def f():\n    return 1"
    long = safe_lines("y" * 1000 + "\n" + "\n".join("z" * 3 for _ in range(900)), lines=10, width=80)
    assert max(map(len, long.splitlines())) == 80
    assert long.splitlines()[-1] == "… 891 more lines"
