"""A report as GitHub's Markdown: the answers first, then the one table that matters, all else folded away.

After *GitHub Flavored Markdown Spec* (tables, backslash escapes) and *Organizing information with collapsed sections*
of GitHub's documentation. What came from a file is text, and no markup, link or mention.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import filterfalse
from typing import TYPE_CHECKING

from handgrad.compare.results.bench import Bench
from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.diff import Diff
from handgrad.reports.look.answers import SIGNS
from handgrad.reports.look.tables import Column, TextTable
from handgrad.reports.look.text import TextReport, TextSection

if TYPE_CHECKING:
    from handgrad.reports.compare.overview import Overview


def export(found: Comparison | Bench | Diff) -> str:
    """The report of a result, with a newline at its end."""
    from handgrad.reports.bench.diff import text as text_of_diff
    from handgrad.reports.bench.text import text as text_of_bench
    from handgrad.reports.compare.overview import overview
    from handgrad.reports.compare.text import text as text_of_comparison

    if isinstance(found, Diff):
        return markdown(text_of_diff(found), unfolded=lambda part: True)
    if isinstance(found, Bench):
        return markdown(text_of_bench(found), unfolded=lambda part: isinstance(part, TextSection))
    report, one = text_of_comparison(found), _one_table(overview(found))
    return markdown(replace(report, parts=[one, *report.parts]), unfolded=lambda part: part is one)


def _one_table(shown: Overview) -> TextTable:
    """The page's table of all backends, without its bars."""
    words = [True, *(not cell.number for cell in shown.rows[0].cells)] if shown.rows else [True] * len(shown.columns)
    columns = tuple(map(Column, shown.columns, words))
    rows = tuple((row.head, *(cell.text for cell in row.cells)) for row in shown.rows)
    return TextTable("overview", "The backends", columns, rows, shown.note_without_bars)


def markdown(report: TextReport, unfolded: Callable[[TextTable | TextSection], bool]) -> str:
    """The whole report; the parts that are folded come last."""
    blocks = [f"### {escaped(report.heading)}", *_answers(report)]
    for part in filter(unfolded, report.parts):
        blocks += [f"**{escaped(part.title)}**", *_content(part)]
    for part in filterfalse(unfolded, report.parts):
        blocks += _folded(part.title, _content(part))
    blocks += _folded("How", [_bullets(report.preface)]) if report.preface else []
    return "\n\n".join(blocks) + "\n"


def escaped(text: str) -> str:
    """The text as it is read: nothing in it is markup, a link or a formula, and `@name` tells nobody."""
    marked = re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", html.escape(text, quote=False))
    return re.sub(r"(@|:(?=//)|www(?=\.))", r"\1<!-- -->", marked, flags=re.IGNORECASE)


def table(shown: TextTable) -> str:
    """Words to the left, figures to the right."""
    head = [escaped(column.title) for column in shown.columns]
    rule = [":--" if column.words else "--:" for column in shown.columns]
    rows = [[escaped(cell.strip()) for cell in row] for row in shown.rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def _answers(report: TextReport) -> Iterator[str]:
    """The verdict in bold with its reasons, and each answer with its mark."""
    if report.passed is not None:
        sign, word = (SIGNS["good"], "Passed") if report.passed else (SIGNS["bad"], "Failed")
        yield f"{sign} **{word}**\n\n{_bullets([*report.verdict, *report.after])}"
    for answer in report.answers:
        said = "".join(f"\n- {escaped(line)}" for line in answer.lines)
        yield f"{answer.sign} **{escaped(answer.question)} {escaped(answer.word)}**{said}"


def _content(part: TextTable | TextSection) -> list[str]:
    if isinstance(part, TextSection):
        return [_bullets(part.lines)]
    return [table(part), *([escaped(part.note)] if part.note else [])]


def _folded(head: str, content: Iterable[str]) -> list[str]:
    return [f"<details><summary>{html.escape(head)}</summary>", *content, "</details>"]


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {escaped(line)}" for line in lines)
