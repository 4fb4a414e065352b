"""A table keeps its columns in line, whatever its names are made of, and a narrow terminal keeps all of its cells."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from handgrad.reports.look.names import columns
from handgrad.reports.look.tables import Column, aligned
from handgrad.reports.look.text import TextReport, TextSection, plain, table_lines, terminal, wrapped

NAMES = ("plain", "漢字の列名", "e\u0301te\u0301", "각하", "한", "👍 ok")
FIGURES = ("1", "12.5", "–", "0.25", "3", "4")
TABLE = aligned(
    "name",
    "A title",
    [Column("feature", words=True), Column("a long heading"), Column("outcome", words=True), Column("end")],
    [
        [name, number, "no harm", "7.25"]
        for name, number in zip(NAMES, ("1", "12.5", "–", "0.25", "3", "4"), strict=True)
    ],
)


def printed(report: TextReport, width: int) -> list[str]:
    target = io.StringIO()
    Console(file=target, width=width).print(terminal(report))
    return target.getvalue().splitlines()


def report(*parts: TextSection) -> TextReport:
    return TextReport("A heading", ["how"], [TABLE, *parts])


def test_wide_and_combining_characters_keep_the_columns_in_line():
    head, *lines = table_lines(TABLE)
    assert {columns(line[: line.index("no harm")]) for line in lines} == {columns(head[: head.index("outcome")])}
    assert {columns(line) for line in lines} == {columns(head)}


def test_decimal_points_stand_in_line():
    assert len({columns(line[: line.index("7.25") + 1]) for line in table_lines(TABLE)[1:]}) == 1
    places = {columns(line.partition(".")[0]) for line in table_lines(TABLE)[1:] if line.count(".") == 2}
    assert len(places) == 1


@pytest.mark.parametrize("width", [80, 300])
def test_a_terminal_and_a_pipe_show_the_same_lines(width: int):
    made = report(TextSection("Notes", ["a sentence " * 20, "漢字 " * 60]), TextSection("", ["at the margin"]))
    assert [line.rstrip() for line in printed(made, width)] == plain(made).splitlines()


@pytest.mark.parametrize("width", [44, 30, 20])
def test_a_narrow_terminal_breaks_headings_and_drops_no_column(width: int):
    lines = printed(report(), width)
    assert max(map(columns, lines)) <= width
    first = next(line for line in lines if line.startswith("plai"))
    assert len(first.split()) >= 4


def test_a_terminal_that_has_room_for_the_cells_shows_all_of_them_whole():
    lines = printed(report(), 34)
    assert [line.split()[-1] for line in lines[-len(NAMES) :]] == ["7.25"] * len(NAMES)
    assert all("no harm" in line for line in lines[-len(NAMES) :])
    assert "long" in {word for line in lines for word in line.split()}
    assert "a long heading" not in " ".join(lines)


@pytest.mark.parametrize("sentence", ["漢" * 200, "漢字 と " * 40, "e\u0301a " * 60, "word " * 60, "x" * 300])
def test_no_sentence_is_wider_than_the_page_and_none_loses_a_character(sentence: str):
    lines = wrapped([sentence])
    assert max(map(columns, lines)) <= 80
    assert "".join("".join(lines).split()) == "".join(sentence.split())


def test_what_a_cell_is_made_of_is_no_markup():
    hostile = aligned("name", "[bold]title[/bold]", [Column("[red]x[/red]", words=True)], [["[bold]rich[/bold] :+1:"]])
    for text in (plain(TextReport("[b]h[/b]", [], [hostile])), "\n".join(printed(TextReport("h", [], [hostile]), 80))):
        for written in ("[bold]title[/bold]", "[red]x[/red]", "[bold]rich[/bold] :+1:"):
            assert written in text
