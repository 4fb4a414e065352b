"""A comparison in a notebook: the three answers, one table and two figures; it brings no style sheet."""

from __future__ import annotations

from html import escape

from handgrad.compare.results.comparison import Comparison
from handgrad.reports.compare import words
from handgrad.reports.compare.answers import answers
from handgrad.reports.compare.figures.descent import loss
from handgrad.reports.compare.figures.totals import totals
from handgrad.reports.compare.overview import OverviewRow, overview
from handgrad.reports.look import style
from handgrad.reports.look.answers import MarkedAnswer
from handgrad.reports.look.rendering import image

#: What a run takes, and how its loss falls.
FIGURES = (totals, loss)


def notebook(comparison: Comparison) -> str:
    """HTML for `_repr_html_`; it inherits the notebook's own look, light or dark."""
    answered = "".join(_answer(answer) for answer in answers(comparison))
    troubles = [f"{name} {happened}: {why}" for name, happened, why in words.troubles(comparison)]
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in troubles)
    with style.applied():
        drawn = [drawing for figure in FIGURES if (drawing := figure(comparison)) is not None]
    return (
        f"<div><p><strong>{escape(words.heading(comparison.problem))}</strong></p>{answered}{paragraphs}"
        f"{_table(comparison)}{''.join(map(image, drawn))}</div>"
    )


def _answer(answer: MarkedAnswer) -> str:
    head, rest = escape(f"{answer.question} {answer.word}"), escape(" ".join(answer.lines[:1]))
    return f"<p>{answer.sign} <strong>{head}</strong>{f': {rest}' if rest else ''}</p>"


def _table(comparison: Comparison) -> str:
    """The page's own, a row for each backend, without its bars."""
    table = overview(comparison)
    heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    rows = "".join(map(_row, table.rows))
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _row(row: OverviewRow) -> str:
    cells = "".join(f"<td>{escape(cell.text.strip())}</td>" for cell in row.cells)
    return f'<tr><th scope="row">{escape(row.head)}</th>{cells}</tr>'
