"""The CSV that `nbgrader export` writes: one row for each student.

After nbgrader/plugins/export.py (`CsvExportPlugin`). What handgrad does not know, such as first names, stays empty.
"""

from __future__ import annotations

import csv
import io

from handgrad.compare.results.grades.graded import ClassGrades
from handgrad.reports.grade.spreadsheet import cell
from handgrad.reports.grade.words import number

COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
)  # fmt: skip


def files(found: ClassGrades) -> dict[str, bytes]:
    """`grades.csv`, with the name of what was graded as the assignment."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for grade in found.grades:
        points = number(grade.points)
        known = {"assignment": cell(found.source), "student_id": cell(grade.student), "timestamp": found.time}
        scores = {"raw_score": points, "late_submission_penalty": "0.0", "score": points}
        writer.writerow(known | scores | {"max_score": number(grade.most)})
    return {"nbgrader.csv": out.getvalue().encode("utf-8", "replace")}
