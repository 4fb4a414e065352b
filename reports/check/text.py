"""A diagnosis for a terminal of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from handgrad.compare.results.diagnosis import OwnProbe
from handgrad.compare.results.reasons import brief, tidy
from handgrad.reports.check.diagnosis import Diagnosis, Evidence
from handgrad.reports.check.own_probe import inferred, rows

WIDTH = 80


def text(diagnosis: Diagnosis) -> str:
    """The verdict in the first line, then the numbers, the mathematics, the hint and the notes."""
    parts = [_wrapped(diagnosis.explanation)]
    if diagnosis.evidence:
        parts.append(_table(diagnosis.evidence))
    if diagnosis.probe is not None:
        parts.append(f"{_wrapped(diagnosis.probe.call, 'By hand:  ')}\n{_steps(diagnosis.probe)}")
    if diagnosis.mathematics:
        parts.append(_wrapped(diagnosis.mathematics, "It breaks:  "))
    if diagnosis.hint:
        parts.append(_wrapped(diagnosis.hint, "Hint:  "))
    parts += [_wrapped(note, "Note:  ") for note in diagnosis.notes]
    return "\n\n".join(parts)


def ratio(row: Evidence) -> str:
    """Six digits; next to 1, how far from it; "right" where that is rounding alone."""
    if row.is_right:
        return "right"
    if row.ratio is None:
        return "–"
    return tidy(f"1{row.ratio - 1:+.1e}") if 0 < abs(row.ratio - 1) < 1e-5 else brief(row.ratio, 6)


def _wrapped(words: str, label: str = "") -> str:
    lines = words.split("\n")
    indents = [label] + [" " * len(label)] * (len(lines) - 1)
    return "\n".join(
        textwrap.fill(line, WIDTH, initial_indent=indent, subsequent_indent=" " * len(label), break_on_hyphens=False)
        for line, indent in zip(lines, indents, strict=True)
    )


def _table(evidence: Sequence[Evidence]) -> str:
    width = max(len(row.where) for row in evidence)
    head = f"  {'':<{width}}  {'given':>14} {'expected':>14} {'ratio':>10}"
    return "\n".join([head] + [_line(row, width) for row in evidence])


def _steps(probe: OwnProbe) -> str:
    """The steps as a table, from the prediction to the answer."""
    table = [("", "given", "right", ""), *rows(probe)]
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    lines = [f"  {a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}  {d}" for a, b, c, d in table]
    if told := inferred(probe):
        lines.append(_wrapped(told, "  "))
    return "\n".join(line.rstrip() for line in lines)


def _line(row: Evidence, width: int) -> str:
    return f"  {row.where:<{width}}  {row.given:>14.8g} {row.expected:>14.8g} {ratio(row):>10}"
