"""Gradient checks as text, figures and a page: complete, within 80 columns, with nothing from a file as markup."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from handgrad.compare.results.checks import (
    FaultFinding,
    GradientCheck,
    MethodResult,
    PointChecks,
    Precision,
    PrecisionRow,
    SelfTest,
    Sweep,
    Taylor,
)
from handgrad.compare.results.comparison import Comparison, GradientChecks
from handgrad.compare.results.files import from_json, to_json
from handgrad.reports.compare import tables, words
from handgrad.reports.compare.html import html as comparison_html
from handgrad.reports.compare.text import text as comparison_text
from handgrad.reports.gradcheck import figures as gradcheck_figures
from handgrad.reports.gradcheck import words as gradcheck_words
from handgrad.reports.gradcheck.html import html
from handgrad.reports.gradcheck.tables import gradients
from handgrad.reports.gradcheck.text import text as report_text
from handgrad.reports.gradcheck.words import lessons
from handgrad.reports.look.text import plain
from tests.reports.compare.test_html import Page
from tests.reports.conftest import ENVIRONMENT, HOSTILE, compared, problem

STEPS = tuple(10.0**-k for k in range(16, -2, -1))


def sweep(parameter: int) -> Sweep:
    forward = tuple(max(1e-16 / h, h) for h in STEPS)
    central = (*(1e-16 / h for h in STEPS[:-1]), 0.0)
    return Sweep(parameter, STEPS, forward, central, STEPS, 1e-8, STEPS[-1], 2e-8)


def check(name: str, features: int, optimum: bool, swept: bool, passed: bool = True) -> GradientCheck:
    count = features + 1
    size = 1e-17 if optimum else 2.0
    exact = (size,) * count
    methods = tuple(
        MethodResult(method, (1e-6,) * count, exact, (1e-12,) * count, (1e-9,) * count, 0.01 if passed else 40.0)
        for method in ("forward", "central", "richardson", "quadratic")
    )
    return GradientCheck(
        backend=name,
        dtype="float64",
        point=(0.0,) * count,
        exact=exact,
        analytic=tuple(e + 3e-17 for e in exact),
        relative=((3.0 if optimum else 1e-16),) * count,
        bound_ratio=0.02 if passed else 1e9,
        methods=(*methods, MethodResult("complex", unavailable="no complex numbers")),
        sweeps=tuple(map(sweep, range(count))) if swept else (),
        taylor=Taylor((1.0, 0.5), (1.0, 0.25), 2.0),
        passed=passed,
        ulps=(0.5,) * count,
    )


def checks(features: int = 1, names: tuple[str, ...] = ("python", "numpy"), passed: bool = True) -> GradientChecks:
    points = tuple(
        PointChecks(where, {n: check(n, features, where == "optimum", n == names[-1], passed) for n in names})
        for where in ("start", "optimum")
    )
    return GradientChecks(ENVIRONMENT, problem(features), points, {}, passed)


def hostile() -> GradientChecks:
    found = checks(len(HOSTILE), ("a" * 300, "<script>alert(1)</script>"))
    changed = replace(found.problem, features=HOSTILE, name="<img src=x onerror=alert(1)>", target="</pre>")
    return replace(found, problem=changed, left_out={"torch": "<b>\x1b[31m needs PyTorch"})


CASES = {
    "one": checks,
    "ten": lambda: checks(10),
    "hostile": hostile,
    "failed": lambda: checks(passed=False),
    "no curves": lambda: replace(
        checks(), points=tuple(PointChecks(p.where, {"python": p.checks["python"]}) for p in checks().points)
    ),
}


@pytest.fixture(params=CASES, scope="module")
def found(request):
    return CASES[request.param]()


def test_text_fits_eighty_columns_and_ends_with_the_verdict(found):
    lines = plain(report_text(found)).splitlines()
    assert all(len(line) <= 80 for line in lines), max(lines, key=len)
    assert any(line.startswith("PASSED:" if found.passed else "FAILED:") for line in lines[-3:])


def test_the_page_closes_its_tags_has_unique_ids_and_loads_nothing(found):
    source = html(found)
    page = Page(source)
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in page.elements}
    assert len(page.all("caption")) == len(page.all("table"))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", source)


def test_a_derivative_that_is_nearly_0_does_not_alarm():
    point = checks().points[1]
    found = replace(point, checks={n: replace(c, ulps=(4e16, 0.5)) for n, c in point.checks.items()})
    made = gradients(found)
    assert {row[1] for row in made.rows} == {"near 0"}
    assert "Near 0: the exact value nearly is" in made.note
    wrong = replace(found, checks={n: replace(c, bound_ratio=1e9) for n, c in found.checks.items()})
    assert {row[1] for row in gradients(wrong).rows} == {"4.0e16"}
    assert "Near 0" not in gradients(point).note


@pytest.mark.parametrize(("orders", "told"), [((1.9999, 2.0001), "power 2.00: 2"), ((1.5, 2.0), "power 1.50 to 2.00:")])
def test_orders_that_round_alike_are_told_once(orders, told):
    first, second = checks().points
    points = [
        replace(p, checks={n: replace(c, taylor=replace(c.taylor, order=order)) for n, c in p.checks.items()})
        for p, order in zip((first, second), orders, strict=True)
    ]
    assert told in lessons(checks().problem, points)[-1]


def test_v_curves_are_drawn_for_few_parameters_at_each_point():
    one, ten = checks(), checks(10)
    for found, panels in ((one, 2), (ten, 4)):
        drawn = gradcheck_figures.drawings(found.problem, found.points)
        assert [drawing.name for drawing in drawn] == ["v-curve-start", "v-curve-optimum"]
        assert sum(axes.get_visible() for axes in drawn[0].figure.axes) == panels
        assert "predicted 2.0e-8" in drawn[0].alt


def test_a_v_curve_marks_the_best_steps_and_shows_the_truncation():
    found = checks()
    drawing = gradcheck_figures.v_curves(found.problem, found.points[0])
    marks = [line for line in drawing.figure.axes[0].lines if line.get_linestyle() == "None"]
    assert [line.get_xdata()[0] for line in marks] == [1e-8, STEPS[-1]]
    dotted = [line for line in drawing.figure.axes[0].lines if list(line.get_xdata()) == [2e-8, 2e-8]]
    assert len(dotted) == 1
    assert "no error stands at the bottom" in drawing.caption


def test_the_bound_is_named_where_relative_error_fails_and_only_there():
    found = checks()
    assert gradcheck_words.lessons(found.problem, found.points[:1])[0].startswith("X: a forward difference is best")
    (told,) = [line for line in gradcheck_words.lessons(found.problem, found.points) if "Relative error fails" in line]
    assert "at the optimum" in told
    assert "300 % wrong. Use the bound: the error is 0.020" in told


def test_a_failed_gradient_is_named_in_the_verdict():
    assert gradcheck_words.verdict(checks(passed=False)).startswith("python and numpy failed at the start")


TESTED = SelfTest(
    "numpy", 1000, 1, "float64",
    (
        FaultFinding("factor in the gradient", "a factor", True, 1e-13, "off"),
        FaultFinding("NaN", "one is NaN", False, None, ""),
    ),
    "", False,
)  # fmt: skip
DIGITS = Precision(
    1000,
    tuple(
        PrecisionRow(dtype, how, None, 16.0, 15.2, None, 12.1, 3.4)
        for dtype in ("float64", "float32")
        for how in ("as given", "centred", "standardised")
    ),
    {"numpy": (16.0, 15.0, 14.0, 7.0, 6.0, 5.0)},
)


def test_a_comparison_shows_its_evidence_and_its_json_gives_it_back():
    whole = replace(compared(), gradchecks=checks().points, self_test=TESTED, precision=DIGITS)
    assert from_json(to_json(whole), Comparison) == whole
    page, text = Page(comparison_html(whole)), plain(comparison_text(whole))
    assert page.open == []
    for told in ("The judge, put to the test", "The gradient by every method", "float32 beside float64"):
        assert told in page.words
    assert "factor of 1 + 1e-13 is caught" in " ".join(text.split())
    assert "16.0, 7.0" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_a_comparison_without_evidence_has_no_empty_sections():
    page = Page(comparison_html(compared(), []))
    for told in ("put to the test", "by every method", "float32 beside"):
        assert told not in page.words
    assert tables.self_test(compared()).rows == ()


def test_what_agreement_is_worth_says_when_it_is_worth_nothing():
    assert "1 + 1e-13" in words.worth(TESTED)
    blind = replace(TESTED, findings=(replace(TESTED.findings[0], smallest=None, caught=False),))
    assert "worth nothing" in words.worth(blind)
    assert "worth nothing" in words.worth(replace(TESTED, accused="dW1 is off"))
