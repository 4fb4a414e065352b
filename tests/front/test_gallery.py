"""The pages of the gallery are those of the commands beside them, small, and without a path of their machine."""

from __future__ import annotations

import html
import re

import pytest

from sources import ROOT

GALLERY = ROOT / "docs" / "gallery"
ROWS = re.findall(
    r"\[[^]]+\]\(gallery/([\w-]+)\.html\).*?`(handgrad [^`]+)`", (ROOT / "docs" / "gallery.md").read_text("utf-8")
)


def test_every_page_is_in_the_list() -> None:
    assert sorted(page for page, _ in ROWS) == sorted(file.stem for file in GALLERY.iterdir())


@pytest.mark.parametrize(("page", "command"), ROWS)
def test_a_page_is_of_its_command_and_shows_no_path(page: str, command: str) -> None:
    content = (GALLERY / f"{page}.html").read_bytes()
    told = html.unescape(re.sub(r"<[^>]+>", "", content.decode("utf-8")))
    assert len(content) <= 450_000
    assert f"{command} --out {page}\n" in told
    assert not re.search(r"(?<![\w.])/(home|root|tmp|work|usr|Users|opt)/", content.decode("utf-8"))
