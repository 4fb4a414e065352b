"""An explanation as text and as a page: shown numbers add up, lines fit, pages load nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from fractions import Fraction
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from handgrad.compare.learn.explanation import explain
from handgrad.compare.results.explanation import Explanation
from handgrad.data import builtin_sets
from handgrad.data.dataset import Dataset
from handgrad.reports.explain import calculator
from handgrad.reports.explain.html import html
from handgrad.reports.explain.steps import Equation
from handgrad.reports.explain.tape_graph import layers_of, layout
from handgrad.reports.explain.text import plain, written
from handgrad.reports.explain.words import stages
from handgrad.reports.look.mathml import mathml, pieces
from handgrad.reports.look.names import columns

CASES = [("norris", 2), ("norris", 12), ("diabetes", 3), ("longley", 5), ("auto-mpg", 2), ("anscombe4", 1)]
NUMBER = re.compile(r"-?\d[\d.]*(?:e[+-]?\d+)?")


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def explanation(request: Any) -> Explanation:
    return explain(builtin_sets.load(request.param[0]), rows=request.param[1])


@pytest.fixture(scope="module")
def norris() -> Explanation:
    return explain(builtin_sets.load("norris"))


def equations(explanation: Explanation) -> list[Equation]:
    return [line for s in stages(explanation) for stop in s.stops for line in stop.lines if isinstance(line, Equation)]


def calculated(side: str) -> Any:
    """What a pocket calculator makes of a side, without rounding; None for a formula or for numbers left out."""
    code = re.sub(r"\{([^{}]*)\}/\{([^{}]*)\}", r"(\1)/(\2)", side).replace("×", "*").replace("−", "-")
    if re.search(r"[^\d\s.e()\[\],*/+-]", code):
        return None
    lists = [eval(NUMBER.sub(r"Fraction('\g<0>')", part)) for part in code.split(" * ")] if "[" in code else []
    if any(isinstance(part, list) for part in lists):
        return elementwise(lists)
    return eval(NUMBER.sub(r"Fraction('\g<0>')", code), {"Fraction": Fraction})


def elementwise(factors: list[Any]) -> Any:
    length = max(len(factor) for factor in factors if isinstance(factor, list))
    stretched = [factor if isinstance(factor, list) else [factor] * length for factor in factors]
    product: list[Any] = [Fraction(1)] * length
    for factor in stretched:
        product = [a * b for a, b in zip(product, factor, strict=True)] if not isinstance(factor[0], list) else factor
    return product if length > 1 else product[0]


def flat(value: Any) -> list[Fraction]:
    return [number for part in value for number in flat(part)] if isinstance(value, list) else [value]


def test_on_norris_the_shown_numbers_add_up_exactly(norris: Explanation) -> None:
    checked = 0
    for equation in equations(norris):
        numeric = [side for side in map(calculated, equation.sides) if side is not None]
        for left, right in pairwise(numeric):
            assert flat(left) == flat(right), equation
            checked += 1
    assert checked >= 20


def kind(equation: Equation) -> str:
    """Numbers of one kind are shown with the same decimals."""
    symbol = equation.sides[0]
    if "←" in symbol:
        return f"new {symbol.split()[0]}"
    if symbol in ("ŷ", "r", "∂L/∂r", "∂L/∂ŷ", "∂L/∂XW", "XW"):
        return "target"
    return "square" if symbol in ("r²", "L") else symbol.rpartition("∂")[2]


def last_place(explanation: Explanation, of: str) -> Fraction:
    """The unit of the last decimal of that kind."""
    results = [equation.sides[-1] for equation in equations(explanation) if kind(equation) == of]
    decimals = [len(number.partition(".")[2]) for side in results for number in NUMBER.findall(side)]
    return Fraction(1, 10 ** max(decimals))


def test_on_any_table_the_shown_numbers_add_up_to_the_last_places(explanation: Explanation) -> None:
    """Each term may be off by half a place, and a factor that was rounded counts as often as its other factor says."""
    for equation in equations(explanation):
        numeric = [flat(side) for side in map(calculated, equation.sides) if side is not None]
        allowed = last_place(explanation, kind(equation)) * max(6, len(explanation.rows))
        for left, right in pairwise(numeric):
            assert max(abs(a - b) for a, b in zip(left, right, strict=True)) <= allowed, equation


def test_the_check_on_shown_numbers_would_see_a_wrong_one() -> None:
    assert calculated("{2 × (-0.9)}/{2}") == Fraction(-9, 10)
    assert calculated("0.12 + (-303.66)") != calculated("-303.53")
    assert flat(calculated("[0.5, 0.5] × [1.2, -1.8]")) == [Fraction(6, 10), Fraction(-9, 10)]
    assert calculated("ŷ − y") is None


def test_the_text_tells_the_whole_of_norris(norris: Explanation) -> None:
    text = plain(norris)
    for line in (
        "row 2     ŷ = 337.4 × 1 + 0.5 = 337.4 + 0.5 = 337.9",
        "L = (1/n) Σ r² = (0.36 + 0.81) / 2 = 1.17 / 2 = 0.585",
        "sum       ∂L/∂W = 0.12 + (-303.66) = -303.54",
        "W ← W − η ∂L/∂W = 1 − 0.000001 × (-303.54) = 1.00030354",
        "square    ∂L/∂r = ∂L/∂r² × 2 r = [0.5, 0.5] × [1.2, -1.8] = [0.6, -0.9]",
        "matmul    ∂L/∂W = Xᵀ ∂L/∂XW = 0.2 × 0.6 + 337.4 × (-0.9) = [-303.54]",
    ):
        assert line in text
    titles = [line for line in text.splitlines() if line and not line.startswith(" ")]
    assert titles[1:] == [
        "The problem", "Forward", "Loss", "Chain rule", "Update", "The tape, forward", "The tape, backward", "PyTorch",
    ]  # fmt: skip


def test_no_line_is_wider_than_80_columns(explanation: Explanation) -> None:
    wide = [line for line in plain(explanation).splitlines() if columns(line) > 80]
    assert wide == []


def test_without_pytorch_the_text_says_how_to_get_it(norris: Explanation) -> None:
    text = plain(without_torch(norris))
    assert 'pip install "handgrad[torch]"' in text
    assert "the tape" in text.split("PyTorch")[-1]


def without_torch(explanation: Explanation) -> Explanation:
    from dataclasses import replace

    reason = "backend 'torch' needs torch: pip install \"handgrad[torch]\""
    witnesses = [
        replace(w, reason=reason, weights=(), bias=None, ulps_from_exact=(), ulps_from_hand=(), bound_ratios=())
        if w.name == "torch"
        else w
        for w in explanation.witnesses
    ]
    return replace(explanation, witnesses=tuple(witnesses))


@pytest.mark.parametrize(
    ("size", "value", "shown"),
    [
        (338.8, -0.9000000000000341, "-0.9"),
        (338.8, 337.9, "337.9"),
        (1.0, 1 / 3, "0.33333333333"),
        (1e6, 1234567.891234567, "1234567.89123"),
        (5.0, -0.0, "0"),
        (1e200, 1.5e200, "1.50000000000e200"),
        (0.0, 0.0, "0"),
    ],
)
def test_numbers_end_at_the_twelfth_digit_of_the_largest(size: float, value: float, shown: str) -> None:
    assert calculator.fixed(size)(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.000001, "0.000001"), (1e-30, "1e-30"), (338.8, "338.8"), (100.0, "100")]
)
def test_what_was_given_is_shown_with_all_digits(value: float, shown: str) -> None:
    assert calculator.plain(value) == shown
    assert float(shown) == value


# -- the page --------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", {}))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script":
            self.scripts.append(data)


def test_the_page_needs_no_network(explanation: Explanation) -> None:
    page = Page(html(explanation))
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "img", "object"), attributes
        assert not {"src", "href", "onclick", "onload"} & set(attributes), (tag, attributes)
    assert "url(" not in html(explanation)
    assert "@import" not in html(explanation)


def test_the_policy_admits_the_pages_script_and_no_other(norris: Explanation) -> None:
    page = Page(html(norris))
    (script,) = page.scripts
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert re.findall(r"script-src ([^;]*)", policy or "") == [f"'sha256-{digest}'"]
    assert "default-src 'none'" in (policy or "")


def test_without_script_everything_is_visible(norris: Explanation) -> None:
    """Nothing is hidden but the bar of buttons, which would do nothing."""
    hidden = [a.get("id") for _, a in Page(html(norris)).tags if "hidden" in a or "later" in (a.get("class") or "")]
    assert hidden == ["walk"]


def test_every_stop_of_the_walk_is_on_the_page_in_order(explanation: Explanation) -> None:
    count = sum(len(stage.stops) for stage in stages(explanation))
    page = Page(html(explanation))
    numbers = [int(a["data-stop"] or 0) for _, a in page.tags if a.get("class") == "stop"]
    assert numbers == list(range(1, count + 1))


def test_the_graph_appears_as_the_walk_goes_on(norris: Explanation) -> None:
    """Values in the order of the tape, adjoints after them and against it."""
    page = Page(html(norris))
    nodes = [
        int(a["data-stop"] or 0) for tag, a in page.tags if tag == "g" and (a.get("class") or "").startswith("node")
    ]
    inner = [int(a["data-stop"] or 0) for tag, a in page.tags if tag == "g" and "data-stop" in a and "class" not in a]
    assert len(set(nodes)) == len(norris.tape)
    assert max(inner) > max(nodes)


def test_graph_and_formulas_are_well_formed(explanation: Explanation) -> None:
    text = html(explanation)
    for element in re.findall(r"<svg.*?</svg>|<math.*?</math>", text, re.DOTALL):
        ElementTree.fromstring(element)
    assert text.count("<math") > 50


def test_edges_of_the_graph_point_down_and_boxes_do_not_overlap(norris: Explanation) -> None:
    layers, places = layers_of(norris.tape), layout(norris.tape)
    for node in norris.tape:
        for edge in node.edges:
            assert layers[edge.parent] < layers[node.name]
    assert len({(place.x, place.y) for place in places.values()}) == len(norris.tape)
    assert max(place.x for place in places.values()) <= 190


def test_names_from_a_file_cannot_become_markup() -> None:
    hostile = Dataset.from_arrays(
        [[0.5], [1.5], [2.0]],
        [1.0, 2.0, 3.5],
        ["<script>alert(1)</script>"],
        "{<b>}/{</b>}",
        source="</title><img src=x>",
    )
    page = html(explain(hostile))
    assert "<script>alert" not in page
    assert "<b>" not in page
    assert "<img" not in page


def test_formulas_are_typeset() -> None:
    assert "<mfrac><mrow><mo>∂</mo><mrow><mi>L</mi></mrow></mrow>" in mathml("∂L/∂r")
    assert "<mn>−0.9</mn>" in mathml("= -0.9")
    assert "<msup><mi>r</mi><mn>2</mn></msup>" in mathml("r²")
    assert "<msub><mi>W</mi><mn>12</mn></msub>" in mathml("W12")
    assert "&lt;b&gt;" in mathml("<b>") or "&lt;" in mathml("<b>")


def test_long_equations_can_break_between_terms_and_in_lists_but_not_in_fractions() -> None:
    assert len(pieces(("a", "1 + 2", "{(1 + 2)}/{3}"))) == 4
    assert len(pieces(("a", "[1, 2] × [3, 4]", "2 × 3"))) == 1 + 4 + 1
    assert all("<mo form=" in piece for piece in pieces(("a", "1 + 2"))[1:])


def test_fractions_are_written_out_in_text() -> None:
    assert written("{1}/{n} Σ r² + {2 × 3}/{4}") == "(1/n) Σ r² + 2 × 3 / 4"
