"""A comparison in a notebook: the three answers and the tables, as a fragment that brings no style sheet."""

from __future__ import annotations

from html import escape

from handgrad.compare.results.comparison import Comparison
from handgrad.reports.compare import words
from handgrad.reports.compare.answers import answers
from handgrad.reports.compare.tables import tables
from handgrad.reports.look.answers import MarkedAnswer
from handgrad.reports.look.tables import TextTable


def notebook(comparison: Comparison) -> str:
    """HTML for `_repr_html_`; it inherits the notebook's own look, light or dark."""
    answered = "".join(_answer(answer) for answer in answers(comparison))
    troubles = [f"{name} {happened}: {why}" for name, happened, why in words.troubles(comparison)]
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in troubles)
    return (
        f"<div><p><strong>{escape(words.heading(comparison.problem))}</strong></p>{answered}{paragraphs}"
        f"{''.join(_table(table) for table in tables(comparison))}</div>"
    )


def _answer(answer: MarkedAnswer) -> str:
    head, rest = escape(f"{answer.question} {answer.word}"), escape(" ".join(answer.lines))
    return f"<p>{answer.sign} <strong>{head}</strong>{f': {rest}' if rest else ''}</p>"


def _table(table: TextTable) -> str:
    heads = "".join(f'<th scope="col">{escape(column.title)}</th>' for column in table.columns)
    rows = "".join(f"<tr>{_cells(row)}</tr>" for row in table.rows)
    caption = f"<caption>{escape(table.title)}</caption>"
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _cells(row: tuple[str, ...]) -> str:
    head, *rest = (escape(cell.strip()) for cell in row)
    return f'<th scope="row">{head}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}'
