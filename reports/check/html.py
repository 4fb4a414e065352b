"""A diagnosis in a notebook, as a fragment that brings no style sheet."""

from __future__ import annotations

from html import escape

from handgrad.reports.check.diagnosis import Diagnosis, Evidence
from handgrad.reports.check.text import ratio

_HEAD = "<tr><th>where</th><th>given</th><th>expected</th><th>ratio</th></tr>"


def html(diagnosis: Diagnosis) -> str:
    """HTML for `_repr_html_`; what a student named is escaped."""
    title, _, rest = diagnosis.explanation.partition("\n")
    words = (rest, diagnosis.mathematics, diagnosis.hint, *diagnosis.notes)
    lines = [f"<strong>{escape(title)}</strong>", *(f"<p>{escape(text)}</p>" for text in words if text)]
    rows = "".join(map(_row, diagnosis.evidence))
    table = f"<table>{_HEAD}{rows}</table>" if rows else ""
    return f"<div>{''.join(lines)}{table}</div>"


def _row(row: Evidence) -> str:
    return (
        f"<tr><td>{escape(row.where)}</td><td>{row.given:.9g}</td><td>{row.expected:.9g}</td><td>{ratio(row)}</td></tr>"
    )
