"""What is shown of a class is what was found, and nothing of a student's is trusted."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from class_grades import BAD, half, of, right, stopped
from handgrad.compare.results.grades.graded import NotGraded
from handgrad.reports.grade.html import html
from handgrad.reports.grade.spreadsheet import spreadsheet
from handgrad.reports.grade.text import text
from handgrad.reports.grade.words import groups
from handgrad.reports.look.text import plain


def test_mistakes_are_counted_with_their_lines_and_students() -> None:
    first, second = groups(of(half("anna"), half("ben"), stopped("cem", "boom"), right("dee")))
    assert (first.key, first.students, first.lines) == ("two-missing", ("anna", "ben"), (("dW = X.T @ r / n", 2),))
    assert (second.key, second.students, second.lines) == ("raises", ("cem",), (("boom", 1),))


def test_a_mistake_is_told_in_terms_of_the_loss_by_which_it_was_judged() -> None:
    grade = half("anna")
    other = replace(grade, assessments=tuple(replace(one, loss="half-mse") for one in grade.assessments))
    (told,) = groups(of(other))
    assert "a ½ too many" in told.title
    assert "(1/n) Xᵀ r" in told.mathematics
    (mixed,) = groups(of(grade, other))
    assert "the 2 of the square is missing" in mixed.title


def test_who_calls_handgrad_is_told_to_the_teacher() -> None:
    grade = right("anna")
    calls = replace(grade, assessments=tuple(replace(one, uses_handgrad=True) for one in grade.assessments))
    assert "right, imports handgrad" in plain(text(of(calls)))
    assert "imports handgrad" not in plain(text(of(grade)))


def test_the_verdict_follows_the_grades() -> None:
    assert "1 of 2 files right." in plain(text(of(half("anna"), right("ben"))))
    assert "PASSED: all 2 files right." in plain(text(of(right("anna"), right("ben"))))
    assert "8.75 of 10 points on average" in plain(text(of(half("anna"), right("ben"))))


def test_no_line_of_the_text_is_wider_than_a_terminal() -> None:
    wide = replace(half("x" * 300), student="名" * 90)
    assert max(map(len, plain(text(of(wide, stopped("y" * 99, "z" * 500)))).splitlines())) <= 80


def test_what_students_wrote_is_escaped_and_cut() -> None:
    shown = html(of(half(BAD, BAD), stopped(BAD * 50, BAD)))
    assert BAD not in shown
    assert "&lt;script&gt;" in shown
    assert max(map(len, shown.split("\n"))) < 5000


def test_a_spreadsheet_computes_nothing_that_a_student_wrote() -> None:
    rows = list(csv.reader(io.StringIO(spreadsheet(of(half("=1+2"), half("@SUM(1)"), right("anna"))).decode())))
    assert [row[0] for row in rows] == ["student", "'=1+2", "'@SUM(1)", "anna"]
    assert rows[0][5:7] == ["gradient.dW", "gradient.db"]
    assert rows[1][5:8] == ["2.5", "5", "two-missing"]
    assert {len(row) for row in rows} == {len(rows[0])}


def test_what_was_left_out_is_said() -> None:
    found = replace(of(right("anna")), left_out=(NotGraded("ben.py", "link"),))
    assert "Not graded: ben.py (a link; links are not followed)." in " ".join(plain(text(found)).split())
    assert "ben.py (a link" in html(found)


def test_a_page_says_what_to_change_only_where_something_is_wrong() -> None:
    assert "What to change" in html(of(half("anna")))
    assert "What to change" not in html(of(right("anna")))
