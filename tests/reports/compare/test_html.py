"""The page: one file that needs no network, whose parts have names, and in which nothing from a file is markup."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.image import imread

from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.files import from_json, to_json
from handgrad.reports.compare.answers import answers
from handgrad.reports.compare.figures.drawings import drawings
from handgrad.reports.compare.html import _apart, html
from handgrad.reports.compare.notebook import notebook
from handgrad.reports.compare.text import text as report_text
from handgrad.reports.look import style
from handgrad.reports.look.rendering import pictures
from handgrad.reports.look.text import plain
from tests.reports.conftest import CASES, compared, nothing_ran, troubled

FRAGMENT = {"div", "p", "strong", "br", "img", "table", "thead", "tbody", "tr", "th", "td"}
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """All elements with their attributes, all text, and whether every tag is closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="session")
def drawn(comparison):
    return pictures(drawings(comparison))


@pytest.fixture(scope="session")
def source(comparison, drawn):
    return html(comparison, drawn)


@pytest.fixture(scope="session")
def page(source):
    return Page(source)


def test_every_picture_opens_and_is_not_blank(drawn):
    for picture in drawn:
        pixels = imread(io.BytesIO(picture.png))
        assert pixels.shape[1] == style.WIDTH * style.FILE_DPI
        dark = np.mean(pixels[..., :3].min(axis=2) < 0.9)
        assert 0.005 < dark < 0.6, picture.name


def test_every_tag_is_closed(page):
    assert page.open == []


def test_nothing_is_loaded_from_elsewhere(source, page):
    without_script = re.sub(r"<script>.*?</script>", "", source, flags=re.DOTALL)
    assert "//" not in re.sub(r"&[^;]+;", "", without_script.replace("\\u", ""))
    assert not re.search(r"https?:|fetch|XMLHttp|import\(|WebSocket|sendBeacon", source.split("<script>")[1])
    for tag, attributes in page.elements:
        assert tag not in ("link", "iframe", "object", "embed", "img", "base", "form")
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("href", "src", "xlink:href"):
                assert value is not None
                assert value.startswith("#")


def test_the_policy_forbids_everything_but_styles_and_the_one_script(page, source):
    [policy] = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    [script] = re.findall(r"<script>(.*?)</script>", source, re.DOTALL)
    pinned = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{pinned}'; base-uri")


def test_ids_are_unique_and_references_lead_somewhere(page, source):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r"url\(#([^)]*)\)", source))
    for _, attributes in page.elements:
        wanted |= {v[1:] for k, v in attributes.items() if k == "href" and v}
        wanted |= {v for k, v in attributes.items() if k == "aria-labelledby" and v}
    assert wanted <= set(ids)


def test_every_figure_has_words_for_who_does_not_see_it(page):
    pictures = [picture for picture in page.all("svg") if picture.get("aria-hidden") != "true"]
    assert len(pictures) == len(page.all("figure"))
    for picture in pictures:
        assert picture["role"] == "img"
        assert len(picture["aria-label"] or "") > 40


def test_alternative_texts_tell_the_numbers(drawn):
    for drawing in drawn:
        assert re.search(r"\d", drawing.alt), drawing.name
        assert len(drawing.alt) < 1500


def test_tables_have_captions_and_scopes(page):
    named = [table for table in page.all("table") if table.get("class") == "overview"]  # by the heading above it
    assert len(page.all("caption")) + len(named) == len(page.all("table"))
    assert {heading["scope"] for heading in page.all("th")} <= {"col", "row"}


def test_headings_come_in_order(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(there in range(2, here + 2) for here, there in pairwise(levels)), levels


def test_colours_are_the_pages_own(source):
    for picture in re.findall(r"<svg.*?</svg>", source, re.DOTALL):
        assert re.findall(r"#[0-9a-f]{6}\b", picture) == []


def test_the_page_is_small(source):
    assert len(source.encode()) < 1_500_000  # hostile data and thousands of features; see test_run for the usual


@pytest.mark.parametrize("comparison", ["hostile"], indirect=True, scope="session")
def test_hostile_names_are_shown_and_are_no_markup(source, page):
    for name in (
        "<script>alert(1)</scrip",
        "\\u202egnp.exe",
        "<img src=x on",
        "{{ 7*7 }}",
        '" onload="alert(1)',
        "漢字の列名",
    ):
        assert name in page.words
    assert "x" * 1000 not in source
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", source)


def test_troubles_and_their_remedies_stand_under_the_answer():
    words = Page(html(troubled(), [])).words
    before = words[: words.index("The problem")]
    for told in ("pip install", "ZeroDivisionError", "raise --budget", "above the limit 0.909"):
        assert told in before


def test_the_answer_comes_first():
    words = Page(html(compared(), [])).words
    assert words.index("All 5 backends agree") < words.index("numba is the fastest") < words.index("The problem")


def test_digits_are_marked_where_they_part():
    from dataclasses import replace

    base = compared(("numpy", "torch"))
    other = replace(base.backends["torch"], weights=(base.backends["numpy"].weights[0] + 1e-12,))
    page = html(replace(base, backends={**base.backends, "torch": other}), [])
    [marked] = re.findall(r"<mark>([^<]*)</mark>", page)
    assert repr(other.weights[0]).endswith(marked)
    assert 3 <= len(marked) <= 6


def test_a_value_with_fewer_digits_than_the_reference_is_marked_too():
    assert _apart("1.25", "1.2500000000000002").apart == "5"
    assert _apart("1.2500000000000002", "1.25").apart == "00000000000002"
    assert _apart("1.25", "1.25").apart == ""


def test_a_report_from_the_file_is_the_report_from_memory(comparison):
    again = from_json(to_json(comparison), Comparison)
    assert html(again, []) == html(comparison, [])
    assert plain(report_text(again)) == plain(report_text(comparison))


@pytest.mark.parametrize("case", ["one feature", "troubled", "hostile", "bare", "nothing ran"])
def test_a_notebook_shows_the_answers_the_table_and_figures(case):
    """As a fragment that is closed, and asks for nothing."""
    comparison = CASES[case]()
    page = Page(notebook(comparison))
    assert page.open == []
    assert {tag for tag, _ in page.elements} <= FRAGMENT
    assert all(answer.question in page.words for answer in answers(comparison))
    assert len(page.all("tr")) == 1 + len(comparison.backends)
    pictures = page.all("img")
    assert len(pictures) == (0 if case == "nothing ran" else 1)  # none of these knows what whole runs take
    assert all(one["alt"] and one["src"].startswith("data:image/svg+xml;base64,") for one in pictures)


def test_an_empty_comparison_says_so():
    assert "Nothing was judged" in Page(html(nothing_ran(), [])).words
