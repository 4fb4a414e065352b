"""One page of each kind, and the odd ones: from runs made here or by hand, each the HTML that a command writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from class_grades import BAD, half, of, right, stopped
from handgrad.compare.learn.explanation import explain
from handgrad.compare.learn.sources import excerpts
from handgrad.compare.results.comparison import Comparison
from handgrad.compare.side_by_side.prepare import Options
from handgrad.compare.side_by_side.side_by_side import side_by_side
from handgrad.data import builtin_sets
from handgrad.data.synthetic import synthetic
from handgrad.reports.bench.html import html as bench_page
from handgrad.reports.compare.html import html as comparison_page
from handgrad.reports.explain.html import html as explanation_page
from handgrad.reports.gradcheck.html import html as gradcheck_page
from handgrad.reports.grade.html import html as class_page
from handgrad.reports.learn.html import html as course_page
from handgrad.reports.reproduce.html import html as reproduction_page
from tests.reports.bench.test_bench import made as made_bench
from tests.reports.conftest import compared, hostile
from tests.reports.gradcheck.test_gradcheck import checks
from tests.reports.gradcheck.test_gradcheck import hostile as hostile_checks
from tests.reports.learn.test_learn import made as made_lessons
from tests.reports.reproduce.test_reproduce import FULL, PREDICTED, problem, reproduced, together


def run(table: str | None = None, **options: Any) -> Comparison:
    dataset = synthetic(200)[0] if table is None else builtin_sets.load(table)
    return side_by_side(dataset, Options(**{"backends": ["numpy"], "budget_seconds": 0.01, **options}))


def course() -> str:
    return course_page(replace(made_lessons(), excerpts=excerpts()))


def explanation(table: str, **options: Any) -> str:
    return explanation_page(explain(builtin_sets.load(table), **options))


PAGES: dict[str, Callable[[], str]] = {
    "compare": lambda: comparison_page(run(backends=["python", "numpy"], epochs=40, learning_rate=0.15)),
    "compare, diverged": lambda: comparison_page(run(epochs=300, learning_rate=15.0)),
    "compare, mini-batch": lambda: comparison_page(run(epochs=10, batch_size=16)),
    "compare, one backend, Longley": lambda: comparison_page(run("longley", epochs=20)),
    "compare, 200 features": lambda: comparison_page(compared(("python", "numpy"), features=200, rate=1e-3)),
    "compare, hostile": lambda: comparison_page(hostile()),
    "bench": lambda: bench_page(made_bench()),
    "learn": course,
    "gradcheck": lambda: gradcheck_page(checks(10)),
    "gradcheck, hostile": lambda: gradcheck_page(hostile_checks()),
    "explain": lambda: explanation("norris"),
    "explain, Longley": lambda: explanation("longley"),
    "grade": lambda: class_page(of(half("anna"), half("ben", BAD), stopped("cem", "x" * 300), right("dee"))),
    "reproduce": lambda: reproduction_page(together(FULL, reproduced(PREDICTED, problem=problem(id="an-article")))),
}
