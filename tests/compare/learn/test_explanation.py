"""One step of descent explained: what is done by hand, what the tape did, and what the backends say."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from handgrad.backends.catalogue import Entry, load
from handgrad.backends.interface import InputError
from handgrad.compare.learn.explanation import MOST_FEATURES, MOST_ROWS, explain
from handgrad.compare.results.explanation import Explanation, TapeNode
from handgrad.compare.results.files import to_json
from handgrad.data import builtin_sets
from handgrad.data.dataset import Dataset

CASES = [("norris", 2), ("norris", 1), ("diabetes", 3), ("longley", 5), ("auto-mpg", 12), ("anscombe1", 7)]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def explanation(request: Any) -> Explanation:
    return explain(builtin_sets.load(request.param[0]), rows=request.param[1])


def node(explanation: Explanation, name: str) -> TapeNode:
    (found,) = [node for node in explanation.tape if node.name == name]
    return found


def test_norris_by_hand_is_what_a_pocket_calculator_says() -> None:
    explained = explain(builtin_sets.load("norris"))
    first, second = explained.rows
    assert (first.x, first.target, second.x, second.target) == ((0.2,), 0.1, (337.4,), 338.8)
    assert [round(row.residual, 10) for row in explained.rows] == [0.6, -0.9]
    assert explained.loss == pytest.approx(0.585, rel=1e-12)
    assert [step.gradient for step in explained.steps] == pytest.approx([-303.54, -0.3], rel=1e-12)
    assert [step.new for step in explained.steps] == pytest.approx([1.00030354, 0.5000003], rel=1e-15)


def test_the_tapes_numbers_are_the_same_as_those_by_hand(explanation: Explanation) -> None:
    """To a few roundings: a matrix product and a mean may add up in another order."""
    rows, steps = explanation.rows, explanation.steps
    by_hand = {
        "ŷ": [row.predicted for row in rows],
        "r": [row.residual for row in rows],
        "r²": [row.square for row in rows],
        "L": explanation.loss,
    }
    size = max(abs(v) for row in rows for v in (*row.products, row.predicted, row.target))
    for name, expected in by_hand.items():
        unit = size if name in ("ŷ", "r") else size * max(abs(row.residual) for row in rows)
        assert node(explanation, name).value == pytest.approx(expected, rel=1e-14, abs=1e-15 * unit), name
    slopes = [row.slope for row in rows]
    assert node(explanation, "r").adjoint == pytest.approx(slopes, rel=1e-13, abs=1e-15 * size)
    assert node(explanation, "W").adjoint == pytest.approx([s.gradient for s in steps[:-1]], rel=1e-12)
    assert node(explanation, "b").adjoint == pytest.approx(steps[-1].gradient, rel=1e-12)


def test_on_norris_tape_and_hand_agree_to_the_last_bit() -> None:
    explained = explain(builtin_sets.load("norris"))
    assert node(explained, "r").value == tuple(row.residual for row in explained.rows)
    assert node(explained, "W").adjoint == (explained.steps[0].gradient,)
    assert node(explained, "b").adjoint == explained.steps[1].gradient


def test_the_tape_stands_in_topological_order(explanation: Explanation) -> None:
    seen: set[str] = set()
    for one in explanation.tape:
        assert {edge.parent for edge in one.edges} <= seen
        seen.add(one.name)
    assert seen == {"X", "W", "XW", "b", "ŷ", "y", "r", "r²", "L"}


def test_local_derivatives_read_off_the_tape_are_those_of_the_formulas(explanation: Explanation) -> None:
    n, residuals = len(explanation.rows), [row.residual for row in explanation.rows]
    expected = {
        "1": [1.0] * n,
        "2 r": pytest.approx([2 * r for r in residuals], rel=1e-13, abs=1e-12),
        "1/n": [1 / n] * n,
        "X": [list(row.x) for row in explanation.rows],
    }
    followed = [edge for one in explanation.tape for edge in one.edges if edge.local is not None]
    assert {edge.formula for edge in followed} == set(expected)
    for edge in followed:
        assert np.array(edge.local).tolist() == expected[edge.formula], edge


def test_an_adjoint_is_the_users_adjoint_times_the_local_derivative(explanation: Explanation) -> None:
    for user in explanation.tape:
        for edge in user.edges:
            if edge.local is None:
                assert node(explanation, edge.parent).adjoint is None
                continue
            arriving, local = np.array(user.adjoint), np.array(edge.local)
            share = arriving @ local if local.ndim == 2 or edge.parent == "b" else arriving * local
            assert np.array(node(explanation, edge.parent).adjoint) == pytest.approx(share, rel=1e-13)


def test_every_witness_is_within_its_rounding_bound(explanation: Explanation) -> None:
    heard = [w for w in (explanation.hand, *explanation.witnesses) if w.weights]
    assert {"by hand", "exact", "tape", "numpy", "python"} <= {w.name for w in heard}
    for witness in heard:
        assert max(witness.bound_ratios) < 1, witness
        assert len(witness.ulps_from_exact) == len(witness.ulps_from_hand) == len(explanation.steps)


def test_the_exact_witness_is_rounded_once(explanation: Explanation) -> None:
    (exact,) = [w for w in explanation.witnesses if w.name == "exact"]
    assert max(exact.ulps_from_exact) <= 0.5


def test_pytorch_is_a_witness_where_it_is_installed() -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    explained = explain(builtin_sets.load("norris"))
    (torch,) = [w for w in explained.witnesses if w.name == "torch"]
    assert torch.reason is None
    given = load("torch")([[0.2], [337.4]], [0.1, 338.8]).gradient_at([1.0], 0.5)
    assert (torch.weights, torch.bias) == (tuple(given.weights), given.bias)
    assert max(torch.ulps_from_hand) == 0


def test_without_pytorch_the_rest_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Entry.missing
    monkeypatch.setattr(Entry, "missing", lambda self: ["torch"] if self.name == "torch" else missing(self))
    (torch,) = [w for w in explain(builtin_sets.load("norris")).witnesses if w.reason is not None]
    assert torch.name == "torch"
    assert 'pip install "handgrad[torch]"' in (torch.reason or "")
    assert torch.weights == ()


def test_at_the_rate_that_is_chosen_the_loss_falls(explanation: Explanation) -> None:
    assert explanation.learning_rate_choice == "auto"
    assert explanation.loss_after < explanation.loss
    assert f"{explanation.learning_rate:e}".startswith("1.000000e")


def test_a_rate_that_is_given_is_used() -> None:
    explained = explain(builtin_sets.load("norris"), learning_rate=0.5, weights=[2.0], bias=-1.0)
    assert explained.learning_rate_choice == "given"
    for step, old in zip(explained.steps, (2.0, -1.0), strict=True):
        assert (step.old, step.new) == (old, old - 0.5 * step.gradient)
    assert explained.loss_after > explained.loss


def test_json_has_every_number_to_the_last_digit(explanation: Explanation) -> None:
    told = json.loads(to_json(explanation))
    assert told == json.loads(json.dumps(asdict(explanation)))
    assert [step["new"] for step in told["steps"]] == [step.new for step in explanation.steps]


def wide(features: int) -> Dataset:
    random = np.random.default_rng(1)
    return Dataset.from_arrays(random.random((20, features)), random.random(20))


NORRIS = builtin_sets.load("norris")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param({"dataset": NORRIS, "rows": 0}, "1 to 12 rows", id="no rows"),
        pytest.param({"dataset": NORRIS, "rows": MOST_ROWS + 1}, "1 to 12 rows", id="many rows"),
        pytest.param({"dataset": builtin_sets.load("anscombe1"), "rows": 12}, "1 to 11 rows", id="more than there are"),
        pytest.param({"dataset": wide(MOST_FEATURES + 1)}, "at most 12 features", id="many features"),
        pytest.param({"dataset": NORRIS, "weights": [1.0, 2.0]}, "expected shape (1,)", id="two weights for one"),
        pytest.param({"dataset": NORRIS, "bias": np.nan}, "bias", id="NaN"),
        pytest.param({"dataset": NORRIS, "learning_rate": -0.1}, "positive", id="negative rate"),
    ],
)
def test_what_cannot_be_explained_is_told(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as caught:
        explain(**arguments)
    assert told in str(caught.value)
