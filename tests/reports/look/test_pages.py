"""What all pages share stands once."""

from __future__ import annotations

from collections import Counter

import pytest
from jinja2 import UndefinedError

from handgrad.reports.look.pages import TEMPLATES, page

PAGES = ("report.html", "bench.html", "gradcheck.html", "explain.html", "learn.html")


def test_the_head_of_all_pages_stands_once() -> None:
    holding = [path.name for path in TEMPLATES.glob("*.html") if "<!DOCTYPE html>" in path.read_text(encoding="utf-8")]
    assert holding == ["page.html"]
    for name in PAGES:
        assert (TEMPLATES / name).read_text(encoding="utf-8").startswith('{% extends "page.html" %}\n')


def test_no_rule_of_style_stands_in_two_files() -> None:
    rules = Counter(
        line
        for path in TEMPLATES.glob("*.css")
        for line in set(path.read_text(encoding="utf-8").splitlines())
        if line.endswith("}") and "{" in line and not line.startswith(" ")
    )
    assert len(rules) > 50
    assert [rule for rule, files in rules.items() if files > 1] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_without_its_content_is_an_error_and_not_an_empty_page(name: str) -> None:
    with pytest.raises(UndefinedError, match="is undefined"):
        page(name)
