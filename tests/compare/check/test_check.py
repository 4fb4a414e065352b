"""What `check` accepts, what it says, and how small a mistake it sees."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from checked import check
from numpy.typing import NDArray

from handgrad.compare.check.student.probes import Probe, single_feature_probes, table_probes
from handgrad.compare.check.truth import exact_gradient, exact_loss
from handgrad.reports.check.diagnosis import Diagnosis
from handgrad.reports.check.failures import place_words

Array = NDArray[np.float64]


def gradient(X: Array, y: Array, weights: Array, bias: float) -> tuple[Array, Any]:
    r = X @ weights + bias - y
    return 2 / len(y) * X.T @ r, 2 * r.mean()


def halved(X: Array, y: Array, weights: Array, bias: float) -> tuple[Array, Any]:
    dW, db = gradient(X, y, weights, bias)
    return dW / 2, db / 2


ALL_PROBES = [probe for groups in (table_probes(), single_feature_probes()) for group in groups for probe in group]


@pytest.mark.parametrize("probe", ALL_PROBES, ids=lambda p: f"{place_words(p.shape)}-{p.kind}")
def test_the_reference_gradient_of_every_probe_is_that_of_the_definition(probe: Probe) -> None:
    X, y, w = (a.astype(np.longdouble) for a in (probe.X, probe.y, probe.weights))
    r = X @ w + probe.bias - y
    size = np.longdouble(2) / len(y) * (abs(X).T @ (abs(X) @ abs(w) + abs(probe.bias) + abs(y)))
    assert np.all(abs(exact_gradient(probe)[0] - 2 / np.longdouble(len(y)) * (X.T @ r)) <= 1e-14 * size)
    assert exact_gradient(probe)[1] == pytest.approx(float(2 * r.mean()), rel=1e-9, abs=1e-12)
    assert exact_loss(probe) == pytest.approx(float((r * r).mean()), rel=1e-9)


@pytest.mark.parametrize("probe", [p for p in ALL_PROBES if p.kind == "generic"], ids=lambda p: place_words(p.shape))
def test_residuals_of_every_generic_probe_have_both_signs_and_data_is_off_centre(probe: Probe) -> None:
    r = probe.X @ probe.weights + probe.bias - probe.y
    if probe.bias:
        assert r.min() < 0 < r.max()
    assert np.all(abs(probe.X.mean(axis=0)) > 0.1)


def test_probes_hold_all_that_tells_mistakes_apart() -> None:
    probes = [probe for group in table_probes() for probe in group]
    shapes = {probe.X.shape for probe in probes}
    assert any(n == d for n, d in shapes)
    assert any(n < d for n, d in shapes)
    assert any(probe.bias == 0 for probe in probes)
    assert any(probe.calls > 1 for probe in probes)
    assert {probe.X.dtype.name for probe in probes} == {"float64", "float32", "int64", "int32", "uint8"}
    assert len({probe.learning_rate for probe in probes}) > 1


@pytest.mark.parametrize("block", [0, 1])
@pytest.mark.parametrize("part", range(3))
def test_an_error_of_the_smallest_detectable_size_is_seen_in_any_component(block: int, part: int) -> None:
    smallest = check(gradient).smallest_detectable
    assert 0 < smallest < 1e-12

    def nearly(X: Array, y: Array, weights: Array, bias: float) -> tuple[Array, Any]:
        dW, db = gradient(X, y, weights, bias)
        if block:
            return dW, db * (1 + smallest)
        dW[part % len(dW)] *= 1 + smallest
        return dW, db

    assert not check(nearly).correct


def test_rounding_at_a_tenth_of_the_bound_is_not_seen() -> None:
    def other_order(X: Array, y: Array, weights: Array, bias: float) -> tuple[Array, Any]:
        return gradient(X[::-1], y[::-1], weights, bias)

    assert check(other_order).correct


def test_a_torch_gradient_is_right_and_float32_is_said() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    def by_autograd(X: Array, y: Array, weights: Array, bias: float) -> tuple[Any, Any]:
        W = torch.tensor(weights, dtype=torch.float32, requires_grad=True)
        b = torch.tensor(bias, dtype=torch.float32, requires_grad=True)
        X, y = (torch.tensor(a, dtype=torch.float32) for a in (X, y))
        torch.nn.functional.mse_loss(X @ W + b, y).backward()
        return W.grad, b.grad

    diagnosis = check(by_autograd)
    assert diagnosis.correct
    assert any("float32" in note for note in diagnosis.notes)
    assert diagnosis.smallest_detectable > 1e-9


def test_a_right_function_that_refuses_integers_passes_and_that_is_said() -> None:
    def strict(X: Array, y: Array, weights: Array, bias: float) -> tuple[Array, Any]:
        if X.dtype.kind != "f":
            raise TypeError("floats only")
        return gradient(X, y, weights, bias)

    diagnosis = check(strict)
    assert diagnosis.correct
    assert any("uint8" in note for note in diagnosis.notes)


def test_a_function_for_one_feature_passes_and_that_is_said() -> None:
    def of_one_feature(x: Array, y: Array, w: float, b: float) -> tuple[Any, Any]:
        r = w * x + b - y
        return 2 * np.mean(x * r), 2 * np.mean(r)

    diagnosis = check(of_one_feature)
    assert diagnosis.correct
    assert any("one feature" in note for note in diagnosis.notes)


def test_changing_the_given_arrays_is_a_mistake_of_its_own() -> None:
    def in_place(X: Array, y: Array, weights: Array, bias: float) -> tuple[Array, Any]:
        dW, db = gradient(X, y, weights, bias)
        X[0] = 0
        return dW, db

    diagnosis = check(in_place)
    assert diagnosis.mistakes == ("changes-its-input",)
    assert "changes X" in diagnosis.explanation


@pytest.mark.parametrize(
    ("loss", "mistake"),
    [
        (lambda X, y, w, b: np.mean((X @ w + b - y) ** 2), None),
        (lambda X, y, w, b: np.mean((X @ w + b - y) ** 2) / 2, "halved-loss"),
        (lambda X, y, w, b: np.sum((X @ w + b - y) ** 2), "sum-instead-of-mean"),
        (lambda X, y, w, b: np.sqrt(np.mean((X @ w + b - y) ** 2)), "root-of-loss"),
        (lambda X, y, w, b: np.mean(abs(X @ w + b - y)), "absolute-error"),
        (lambda X, y, w, b: np.mean((X @ w - y) ** 2), "bias-left-out"),
        (lambda X, y, w, b: np.mean(((X @ w + b)[:, None] - y) ** 2), "broadcast-residual"),
        (lambda X, y, w, b: np.mean(abs(X @ w + b - y) ** 3), "of-no-known-kind"),
        (lambda X, y, w, b: np.mean((X @ w + b - y).astype(np.float32) ** 2).astype(float), "float32-accumulation"),
    ],
)
def test_a_loss_is_held_against_the_mean_squared_error(loss: Any, mistake: str | None) -> None:
    assert check(loss, kind="loss").mistake == mistake


@pytest.mark.parametrize(
    ("function", "failure", "word"),
    [
        (lambda X, y, w, b: None, "returns-nothing", "return"),
        (lambda X, y, w, b: X.nothing, "raises", "nothing"),
        (lambda X, y, w, b: 3.0, "wrong-shape", "pair"),
        (lambda X, y, w, b: (w, X), "wrong-shape", "db"),
        (lambda X, y, w, b: (w, 1.0, 2.0), "wrong-shape", "3 values"),
        (lambda X, y, w, b: (w * np.nan, 1.0), "not-finite", "NaN"),
        (lambda X, y, w, b: (w + 1j, 1.0), "not-numbers", "complex"),
        (lambda X, y, w, b: ("a", "b"), "not-numbers", "str"),
        (lambda X, y, w, b: exec("raise SystemExit(3)"), "exits", "3"),
        (lambda X, y, w, b: (w, np.zeros((len(y), 10_000))), "wrong-shape", "10000"),
    ],
)
def test_what_is_no_answer_is_wrong_with_a_name_of_its_own(function: Any, failure: str, word: str) -> None:
    diagnosis = check(function)
    assert (diagnosis.correct, diagnosis.mistake) == (False, failure)
    assert word in diagnosis.explanation.splitlines()[0]


def test_endless_recursion_is_told_with_its_line() -> None:
    def again(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        return again(X, y, weights, bias)

    diagnosis = check(again)
    assert diagnosis.mistake == "recursion"
    assert "return again(X, y, weights, bias)" in diagnosis.explanation


def test_an_exception_points_at_the_line_that_raised_it_in_the_students_file() -> None:
    def crashing(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        return np.linalg.solve(X, y)  # this line, not NumPy's

    diagnosis = check(crashing)
    assert diagnosis.mistake == "raises"
    assert "test_check.py" in diagnosis.explanation
    assert "this line, not NumPy's" in diagnosis.explanation


@pytest.mark.parametrize("function", [gradient, halved, lambda X, y, w, b: X.nothing], ids=["right", "half", "raises"])
def test_text_is_at_most_80_columns_wide_and_its_first_line_is_the_verdict(function: Any) -> None:
    text = str(check(function))
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith(("Correct: ", "Wrong: ", "Undecided: "))


def test_evidence_gives_given_expected_and_ratio() -> None:
    diagnosis = check(halved)
    assert {round(row.ratio or 0, 12) for row in diagnosis.evidence} == {0.5}
    assert {row.where.split(", ")[1] for row in diagnosis.evidence} == {"7 rows × 3 features", "13 rows × 3 features"}


def test_json_has_all_that_a_program_needs_and_survives_a_round_trip() -> None:
    for function in (gradient, halved):
        values = check(function).to_json()
        assert json.loads(json.dumps(values)) == values
        assert {"correct", "mistake", "mistakes", "explanation", "evidence", "smallest_detectable"} <= values.keys()
    assert check(gradient).to_json()["mistake"] is None


def test_a_hint_does_not_give_the_answer_away() -> None:
    hint = check(halved).as_hint()
    assert not hint.correct
    shown = json.dumps(hint.to_json()) + str(hint) + hint._repr_html_() + repr(hint)
    for word in ("two-missing", "half", "0.5", "missing", "(2/n)"):
        assert word not in shown
    assert hint.hint.endswith("?")
    assert check(gradient).as_hint().correct


def test_html_escapes_what_a_student_named() -> None:
    html = Diagnosis(False, "x", ("x",), "Wrong: <b>&", hint="<script>")._repr_html_()
    assert "<script>" not in html
    assert "&lt;b&gt;&amp;" in html


def test_wrong_numbers_are_told_before_what_fails_after_them() -> None:
    """Of the root of the loss, the gradient is wrong everywhere; where the fit is perfect, it is 0/0 besides."""

    def gradient(X, y, weights, bias):  # type: ignore[no-untyped-def]
        r = X @ weights + bias - y
        root = np.sqrt(np.mean(r**2))
        return X.T @ r / len(y) / root, r.mean() / root

    found = check(gradient)
    assert found.mistakes == ("of-no-known-kind",)
    assert "dW[" in found.explanation
    assert found.evidence


def test_the_numbers_are_drawn_anew_by_a_seed_and_stay_the_same_without_one() -> None:
    assert [p.X.tolist() for g in table_probes() for p in g] == [p.X.tolist() for g in table_probes(0) for p in g]
    for other in (1, 2):
        pairs = zip((p for g in table_probes() for p in g), (p for g in table_probes(other) for p in g), strict=True)
        assert all(a.X.shape == b.X.shape and not np.array_equal(a.X, b.X) for a, b in pairs)


def test_a_table_of_the_usual_answers_is_no_solution_at_other_numbers() -> None:
    known = {tuple(p.X.ravel()[:3]): p for group in table_probes() for p in group}

    def learned_by_heart(X: Array, y: Array, weights: Array, bias: float) -> Any:
        probe = known.get(tuple(X.ravel()[:3]))
        return gradient(X, y, weights, bias) if probe is not None else (0 * weights, 0.0)

    told = check(learned_by_heart)
    assert told.correct
    assert not check(learned_by_heart, seed=5).correct
    assert check(gradient, seed=5).correct


def test_a_wrong_answer_is_followed_in_the_head_to_where_it_parts() -> None:
    def wrong(x_data: Array, targets: Array, w: Array, b: float) -> Any:
        r = x_data @ w - targets
        return 2 / len(targets) * x_data.T @ r, 2 * r.mean()

    probe = check(wrong).probe
    assert probe is not None
    assert probe.call == "wrong(x_data=[[1], [3]], targets=[2, 5], w=[2], b=1)"
    assert probe.parts_at == "prediction"
    assert [(s.step, s.given, s.expected) for s in probe.steps] == [
        ("prediction", (2.0, 6.0), (3.0, 7.0)),
        ("residual", (0.0, 1.0), (1.0, 2.0)),
        ("sums", (3.0, 1.0), (7.0, 3.0)),
        ("gradient", (3.0, 1.0), (7.0, 3.0)),
    ]
    told = str(check(wrong))
    assert "ŷ = x W + b     2, 6   3, 7  they part here" in told
    assert "Only the last line is your own answer" in told
    assert check(gradient).probe is None


def test_of_an_unknown_mistake_only_the_answer_is_followed() -> None:
    probe = check(lambda X, y, weights, bias: (weights, bias)).probe
    assert probe is not None
    assert probe.parts_at is None
    assert [s.given for s in probe.steps] == [None, None, None, (2.0, 1.0)]
    assert "your own answer" not in str(check(lambda X, y, weights, bias: (weights, bias)))


def test_a_step_and_a_loss_are_followed_too() -> None:
    def step(X: Array, y: Array, weights: Array, bias: float, learning_rate: float) -> Any:
        dW, db = gradient(X, y, weights, bias)
        return weights + learning_rate * dW, bias + learning_rate * db

    probe = check(step).probe
    assert probe is not None
    assert (probe.steps[-1].step, probe.steps[-1].given, probe.steps[-1].expected) == (
        "parameters", (3.75, 1.75), (0.25, 0.25),
    )  # fmt: skip
    probe = check(lambda X, y, weights, bias: ((X @ weights + bias - y) ** 2).sum(), kind="loss").probe
    assert probe is not None
    assert (probe.steps[-1].given, probe.steps[-1].expected) == ((5.0,), (2.5,))


@pytest.mark.parametrize("rung", [1, 2, 3, 4])
def test_the_ladder_of_hints_tells_more_from_rung_to_rung(rung: int) -> None:
    def one_block(X: Array, y: Array, weights: Array, bias: float) -> tuple[Array, Any]:
        dW, db = gradient(X, y, weights, bias)
        return dW, db * len(y)

    whole = check(one_block)
    hint = str(whole.as_hint(rung))
    shown = ["Look at db; dW is right." in hint, whole.mathematics.split(":")[0] in hint]
    shown.append("Compute the factor before the sums" in hint)
    assert shown == [rung >= 2, rung >= 3, rung >= 4]
    assert "Which factor stands before the sum in dW" in hint
    assert "one-block-only" not in hint
    assert whole.as_hint(rung).evidence == ()
    assert whole.as_hint(rung).probe is None


def test_a_number_that_is_right_reads_so() -> None:
    def one_block(X: Array, y: Array, weights: Array, bias: float) -> tuple[Array, Any]:
        dW, db = gradient(X[::-1], y[::-1], weights, bias)
        return dW, db * len(y)

    told = check(one_block)
    assert [row.is_right for row in told.evidence] == [True, True, True, False] * 2
    assert str(told).count("      right\n") == 6
    assert "1+" not in str(told)
