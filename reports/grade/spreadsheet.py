"""A class as CSV: one row a file, which a spreadsheet opens as text and numbers, never as a formula."""

from __future__ import annotations

import csv
import io

from handgrad.compare.results.grades.graded import ClassGrades, Grade
from handgrad.reports.check.diagnosis import diagnosis
from handgrad.reports.grade.words import number
from handgrad.reports.look.names import shown

CSV = "grades.csv"
#: What makes a spreadsheet compute a cell; OWASP, *CSV Injection*.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet(found: ClassGrades) -> bytes:
    """The rows: student, file, right, points, points per function and block, keys, the first line of what is said."""
    columns = list(dict.fromkeys(_column(b.function, b.block) for g in found.grades for b in g.blocks if b.block))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["student", "file", "right", "points", "most", *columns, "mistakes", "said"])
    for grade in found.grades:
        own = {_column(b.function, b.block): number(b.given) for b in grade.blocks}
        numbers = [str(grade.correct).lower(), number(grade.points), number(grade.most)]
        blocks = [own.get(column, "") for column in columns]
        writer.writerow([cell(grade.student), cell(grade.file), *numbers, *blocks, " ".join(grade.keys), _said(grade)])
    return out.getvalue().encode("utf-8")


def cell(text: str) -> str:
    """A name on one line, of at most 200 columns; a quote before what a spreadsheet would compute."""
    safe = shown(text, 200)
    return f"'{safe}" if safe.startswith(_FORMULA) else safe


def _column(function: str, block: str) -> str:
    return cell(f"{function}.{block}")


def _said(grade: Grade) -> str:
    return cell("; ".join(diagnosis(one).explanation.partition("\n")[0] for one in grade.assessments))
