"""A diagnosis in a notebook, as a fragment that brings no style sheet."""

from __future__ import annotations

from html import escape

from handgrad.compare.results.diagnosis import OwnProbe
from handgrad.compare.results.reasons import brief
from handgrad.reports.check.diagnosis import Diagnosis, Evidence
from handgrad.reports.check.own_probe import inferred, rows
from handgrad.reports.check.text import ratio

_HEAD = "<tr><th>where</th><th>given</th><th>expected</th><th>ratio</th></tr>"


def html(diagnosis: Diagnosis) -> str:
    """HTML for `_repr_html_`; what a student named is escaped."""
    title, _, rest = diagnosis.explanation.partition("\n")
    words = (rest, diagnosis.mathematics, diagnosis.hint, *diagnosis.notes)
    lines = [f"<strong>{escape(title)}</strong>", *(f"<p>{escape(text)}</p>" for text in words if text)]
    rows = "".join(map(_row, diagnosis.evidence))
    table = f"<table>{_HEAD}{rows}</table>" if rows else ""
    return f"<div>{''.join(lines)}{table}{_probe(diagnosis.probe)}</div>"


def _probe(probe: OwnProbe | None) -> str:
    if probe is None:
        return ""
    cells = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows(probe))
    head = "<tr><th></th><th>given</th><th>right</th><th></th></tr>"
    table = f"<table>{head}{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
    told = f"<p>{said}</p>" if (said := inferred(probe)) else ""
    return f"<p><code>{escape(probe.call)}</code></p>{table}{told}"


def _row(row: Evidence) -> str:
    cells = (escape(row.where), brief(row.given, 9), brief(row.expected, 9), ratio(row))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
