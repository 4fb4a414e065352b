"""A judgement in words: every sentence follows its number, and nothing foreign gets into a page."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from handgrad.compare.results.functions.judgement import Cause, Element, Given, Judgement, Remark
from handgrad.reports.judge import words
from handgrad.reports.judge.text import notebook, text

AT = Element((1,), 2.5, 2.0, 3.0, 1e-9, 0.25, 0.05, 1e-8)
FOUND = Judgement(
    function="kernel", reference="sum", inputs=(Given((2, 3), "float32"),), format="float32", accumulated="float32",
    shape=(2,), exact=(1.0, 2.0), wrong=0, correctly_rounded=1, worst=AT, most_ulps=AT, best_conditioned=AT,
    worst_conditioned=replace(AT, index=(0,), smallest_fault=1e-3), errors_cancel=True, passed=True,
)  # fmt: skip


def test_the_whole_text_reads() -> None:
    assert text(replace(FOUND, cause=Cause("running sums", "float32", 8, True))) == (
        "kernel, held against the exact sum of float32 (2, 3): within rounding\n"
        "  error        3 ULP at [1]: 2.5; the exact value, rounded once, is 2\n"
        "  bound        0.25 of the √n bound, 1.0e-9, 0.050 of the worst case\n"
        "  would catch  a relative fault of 1.0e-8 and more at [1], the best conditioned, "
        "and of 0.0010 at [0], the worst\n"
        "  bits         to the bit: summed in 8 running sums, with fused multiply-add"
    )


def test_a_verdict_follows_its_numbers() -> None:
    exact = replace(AT, given=2.0, ulps=0.0, over_bound=0.0)
    assert words.verdict(replace(FOUND, worst=exact, most_ulps=exact)) == "exact"
    assert words.verdict(replace(FOUND, passed=False, wrong=2)).endswith("explains in 2 of 2 numbers")
    assert words.verdict(replace(FOUND, passed=None)) == "at most 3 ULP off"


def told(found: Judgement) -> dict[str, str]:
    return dict(words.lines(found))


def test_each_line_says_what_is_so() -> None:
    assert "worst-case bound (on these data errors add up)" in told(replace(FOUND, errors_cancel=False))["bound"]
    assert "of sums in float64" in told(replace(FOUND, accumulated="float64"))["bound"]
    assert "bound" not in told(replace(FOUND, worst=replace(AT, bound=None, over_bound=None)))
    assert (
        told(replace(FOUND, worst=replace(AT, bound=0.0)))["bound"] == "nothing is rounded here, so nothing may be off"
    )
    assert told(replace(FOUND, most_ulps=replace(AT, index=(0,), ulps=9.0)))["largest ULP"] == "9 ULP at [0]"
    assert "would catch" not in told(replace(FOUND, passed=False))
    assert told(FOUND)["bits"] == "1 of 2 numbers are correctly rounded"
    nan = replace(AT, given=math.nan, ulps=math.inf)
    assert (
        told(replace(FOUND, worst=nan))["error"]
        == "infinitely far off at [1]: NaN; the exact value, rounded once, is 2"
    )


def test_integers_have_no_last_place() -> None:
    wrong = replace(FOUND, format="int8", worst=replace(AT, given=32.0, exact=20000.0, ulps=19968.0))
    assert told(wrong)["error"] == "off by 19968 at [1]: 32; the exact value, rounded once, is 20000"


@pytest.mark.parametrize(
    ("cause", "sentence"),
    [
        (Cause("pairwise", "float32"), "summed pairwise, as NumPy's sum does"),
        (Cause("in order", "float64"), "summed from the first term to the last in float64, rounded at the end"),
        (Cause("any order", "float64"), "summed in float64, rounded at the end"),
        (Cause("rounded once"), "the exact sum, rounded once: summed in a wider format, or compensated"),
        (Cause("in order", "float32", fused=True), "summed from the first term to the last, with fused multiply-add"),
    ],
)
def test_a_cause_is_told_in_words(cause: Cause, sentence: str) -> None:
    assert words.cause(cause, "float32") == sentence


def test_every_remark_has_words() -> None:
    from typing import get_args

    for remark in get_args(Remark):
        assert told(replace(FOUND, remarks=(remark,)))["note"].endswith(".")


def test_a_notebook_shows_names_as_text() -> None:
    page = notebook(replace(FOUND, function="<script>alert(1)</script>", reference="a & b"))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "a &amp; b" in page
