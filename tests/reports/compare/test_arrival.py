"""What is said about a run's way: it changes with the facts, and says no more than they do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handgrad.compare.results.arrival import Arrival, Remedy
from handgrad.reports.compare import arrival as words
from handgrad.reports.compare.destination import destination
from handgrad.reports.compare.words import arrival
from tests.reports.conftest import backend, compared

#: Longley after five epochs.
FOUND = Arrival(
    state="not yet",
    epochs=5,
    digits=0.4,
    loss_ratio=106.0,
    epochs_for={"6": 98_307, "9": 140_673, "12": 183_039},
    contraction=0.99821,
    predicted_contraction=1 - 0.000164,
    learning_rate=0.2,
    limit=0.4052,
    full_batch=True,
    nearest_to_start=False,
    dtype="float64",
    loss=5.5e6,
    lowest_loss=52_276.5,
    condition=12_220.0,
    remedies=(Remedy("epochs", 0.2, 98_307),),
)


def said(**facts: object) -> str | None:
    return words.sentence(replace(backend("numpy"), arrival=replace(FOUND, **facts)))


def test_a_run_that_is_on_its_way_is_told_how_far_and_how_long() -> None:
    assert said() == (
        "not converged: 0 digits after 5 epochs; the loss is 110 times the lowest that there is; for 6 digits: about "
        "98,307 epochs at this rate; an epoch leaves 0.99821 of the error (predicted 1 − 0.000164)"
    )
    told = said(window=(50, 100), expected_contraction=0.99821, epochs=100)
    assert told is not None
    assert told.endswith("; from epoch 50 to 100 an epoch left 0.99821 of the error (predicted 0.99821)")


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"loss": 3.0, "lowest_loss": 2.0, "loss_ratio": 1.5}, "the loss is 50 % above the lowest that there is"),
        ({"loss": 3.0, "lowest_loss": 1.0, "loss_ratio": 3.0}, "the loss is 3.0 times the lowest that there is"),
        ({"loss": 1.0, "lowest_loss": 1.0, "loss_ratio": 1.0}, "the loss is the lowest that there is, up to rounding"),
        (
            {"loss": 1.5, "lowest_loss": 0.0, "loss_ratio": None},
            "the loss is 1.50000, and the lowest there is is 0",
        ),
    ],
)
def test_the_loss_is_told_by_how_far_it_is_above_the_lowest(facts: dict[str, float], told: str) -> None:
    assert f"; {told}; " in (said(**facts) or "")


def test_one_is_no_plural() -> None:
    told = said(digits=1.2, epochs=1, remedies=(Remedy("rate", 0.5, 1),), contraction=None)
    assert told == (
        "not converged: 1 digit after 1 epoch; the loss is 110 times the lowest that there is; for 6 digits: about 1 "
        "epoch at the best rate, 0.5"
    )


def test_what_to_change_is_told_with_its_epochs() -> None:
    found = (Remedy("epochs", 0.2, 900), Remedy("rate", 0.4, 450), Remedy("standardize", 0.5, 7))
    assert (
        "for 6 digits: about 900 epochs at this rate, about 450 epochs at the best rate, 0.4, or about 7 epochs on "
        "standardised features at the rate 0.5"
    ) in (said(remedies=found) or "")


def test_epochs_are_not_promised_where_rounding_may_stop_the_run() -> None:
    assert "(if rounding in float64 lets it)" in (said(condition=1e11) or "")
    assert "(if rounding in float32 lets it)" in (said(condition=1e3, dtype="float32") or "")
    assert "lets it" not in (said(condition=1e3) or "")


def test_a_run_that_arrived_says_with_how_many_digits_and_where() -> None:
    arrived = {"state": "yes", "digits": 15.2, "epochs": 100, "contraction": None}
    assert said(**arrived) == "converged: 15 digits of every parameter after 100 epochs"
    assert said(**arrived, nearest_to_start=True) == (
        "converged: 15 digits of every parameter after 100 epochs, at the solution nearest to the start"
    )


def test_what_rounding_stops_is_not_promised_to_arrive_in_epochs_already_done() -> None:
    facts = {"digits": 4.7, "epochs": 100, "epochs_for": {"6": 1}, "dtype": "float32", "contraction": None}
    assert said(**facts, stopped_by_rounding=True, remedies=(Remedy("float64"),)) == (
        "not converged: 4 digits after 100 epochs; the loss is 110 times the lowest that there is; rounding in float32 "
        "stops it, without which 1 epoch would give 6 digits; for 6 digits: float64"
    )


def test_digits_that_never_come_are_not_promised() -> None:
    never = {"6": None, "9": None, "12": None}
    assert said(epochs_for=never, contraction=None, remedies=(), loss=None) == "not converged: 0 digits after 5 epochs"


def test_a_rate_at_the_limit_is_told_with_the_limit() -> None:
    told = said(predicted_contraction=1.0, contraction=None)
    assert "; it never will be at this rate, which must be below 0.4052; " in (told or "")


def test_where_no_rate_gets_there_that_is_said_in_place_of_a_limit() -> None:
    told = said(predicted_contraction=1.0, best_contraction=1.0, condition=8e34, contraction=1.0) or ""
    assert "; no rate gets there in float64: the condition number is 8.0e34; " in told
    assert "must be below" not in told
    assert "of the error" not in told


def test_mini_batches_keep_moving_and_have_no_contraction() -> None:
    nearer = (Remedy("smaller rate"), Remedy("full batch", 0.25, 98_307))
    assert said(full_batch=False, epochs=1000, digits=2.9, remedies=nearer) == (
        "not converged: 2 digits after 1,000 epochs of mini-batches; the loss is 110 times the lowest that there is; "
        "at a constant rate they keep moving around the solution; a smaller rate brings it nearer; for 6 digits: about "
        "98,307 epochs of full batches at the rate 0.25"
    )
    shared = said(full_batch=False, epochs=3, digits=2.9, remedies=nearer[1:]) or ""
    assert "of full batches" in shared
    assert "moving" not in shared  # all batches have one solution, where they come to rest
    assert "smaller rate" not in shared
    assert said(full_batch=False, state="yes", digits=12.0) == (
        "converged: 12 digits of every parameter after 5 epochs of mini-batches"
    )


@pytest.mark.parametrize(("left", "told"), [(0.5, "0.5"), (0.123456789, "0.12346"), (1 - 1e-4, "1 − 0.0001"), (1, "1")])
def test_a_factor_next_to_1_is_told_by_what_it_takes_away(left: float, told: str) -> None:
    assert words.factor(left) == told


def test_nothing_is_said_of_a_run_that_diverged() -> None:
    assert said(state="diverged", digits=None) is None


def test_of_a_run_outside_its_bounds_nothing_is_foretold() -> None:
    right = backend("numpy")
    assert right.accuracy is not None
    wrong = replace(right, accuracy=replace(right.accuracy, passed=False))
    assert words.sentence(replace(wrong, arrival=replace(FOUND, stopped_by_rounding=True))) == (
        "not converged: 0 digits after 5 epochs; the loss is 110 times the lowest that there is; it lies outside its "
        "bounds, so that no rate or number of epochs is foretold for it"
    )
    arrived = replace(FOUND, state="yes", digits=9.0)
    assert words.sentence(replace(wrong, arrival=arrived)) == words.sentence(replace(right, arrival=arrived))


def test_a_run_of_an_earlier_version_says_its_own_sentence() -> None:
    assert words.sentence(replace(backend("numpy"), arrival=None, convergence="converged: 12 digits")) == (
        "converged: 12 digits"
    )
    assert words.sentence(replace(backend("numpy"), arrival=None, convergence=None)) is None


def test_runs_of_one_arrival_share_one_line_and_the_reference_stands_for_all() -> None:
    base = compared(("python", "numpy", "torch"))
    arrived = replace(FOUND, state="yes", digits=12.0, epochs=50, contraction=None)
    at = {"python": arrived, "numpy": arrived, "torch": replace(arrived, digits=11.0)}
    results = {name: replace(result, arrival=at[name]) for name, result in base.backends.items()}
    lines = destination(replace(base, backends=results))
    assert "python and numpy: converged: 12 digits of every parameter after 50 epochs" in lines
    assert "torch: converged: 11 digits of every parameter after 50 epochs" in lines
    assert arrival(replace(base, backends=results)) == (
        "Converged: 12 digits of every parameter after 50 epochs (numpy)."
    )
