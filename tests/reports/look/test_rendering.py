"""A figure in both its forms: the same bytes whichever form is made first, and the layout is found once."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from handgrad.reports.look import style
from handgrad.reports.look.colours import LIGHT, OWN
from handgrad.reports.look.rendering import pictures, png, svg
from handgrad.reports.look.style import Drawing


def drawing(name: str = "name") -> Drawing:
    with style.applied():
        figure, [axes] = style.chart(2.0)
        style.strands(axes, {"numpy": ([0.0, 1.0, 2.0], [1.0, 3.0, 2.0])}, OWN)
        axes.set_title("a < b")
    return Drawing(name, "a title", "a caption", 'alt "text"', figure)


def test_pictures_are_the_drawings_in_their_order_in_both_forms() -> None:
    first, second = pictures([drawing("first"), drawing("second")])
    assert (first.name, second.name) == ("first", "second")
    assert (first.title, first.caption, first.alt) == ("a title", "a caption", 'alt "text"')
    assert first.png == second.png == png(drawing().figure)
    assert first.svg == svg(drawing("first"))
    assert pictures([]) == []


def test_which_form_comes_first_changes_neither() -> None:
    one, other = drawing(), drawing()
    assert (svg(one), png(one.figure)) == (png(other.figure), svg(other))[::-1]


def test_the_layout_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    one = drawing()
    engine = one.figure.get_layout_engine()
    assert engine is not None
    found, execute = [], engine.execute
    monkeypatch.setattr(engine, "execute", lambda figure: (found.append(figure), execute(figure)))
    pictures([one, one])
    assert found == [one.figure]


def test_a_file_stands_alone() -> None:
    """On white, in colours and a face of its own, with its words; nothing in it is loaded from elsewhere."""
    [picture] = pictures([drawing()])
    root = ElementTree.fromstring(picture.svg_file)
    title, words, ground = list(root)[:3]
    assert (title.text, words.text) == ("a title", 'alt "text"')
    assert ground.get("fill") == LIGHT.background
    assert OWN["numpy"].light in picture.svg_file
    assert "var(" not in picture.svg_file
    assert "Verdana, sans-serif" in picture.svg_file
    assert not re.search(r"(href|src)=\"(?!#)", picture.svg_file)
    assert picture.svg_file == pictures([drawing()])[0].svg_file


def test_the_page_gives_an_svg_its_colours_its_font_and_its_words() -> None:
    source = svg(drawing("name"))
    assert source.startswith("<svg viewBox=")
    assert 'role="img" aria-label="alt &quot;text&quot;"' in source
    assert f"var({OWN['numpy'].variable})" in source
    assert OWN["numpy"].light not in source
    assert LIGHT.ink not in source
    assert "font-size: 9px" in source
    assert "DejaVu" not in source
    assert {found.partition("-")[0] for found in re.findall(r'\bid="([^"]*)"', source)} == {"name"}
