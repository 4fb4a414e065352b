"""What is said about a run's way: it changes with the facts, and says no more than they do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handgrad.compare.results.arrival import Arrival
from handgrad.reports.compare import arrival as words
from handgrad.reports.compare.words import arrival, destination
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
)


def said(**facts: object) -> str | None:
    return words.sentence(replace(backend("numpy"), arrival=replace(FOUND, **facts)))


def test_a_run_that_is_on_its_way_is_told_how_long_it_takes() -> None:
    assert said() == (
        "not converged: 0 digits after 5 epochs; at this rate it takes about 98,307 for 6 digits and about 183,039 for "
        "12 digits; an epoch leaves 0.99821 of the error (predicted 1 − 0.000164)"
    )


def test_a_run_that_arrived_says_with_how_many_digits_and_where() -> None:
    arrived = {"state": "yes", "digits": 15.2, "epochs": 100, "contraction": None}
    assert said(**arrived) == "converged: 15 digits of every parameter after 100 epochs"
    assert said(**arrived, nearest_to_start=True) == (
        "converged: 15 digits of every parameter after 100 epochs, at the solution nearest to the start"
    )


def test_what_rounding_stops_is_not_promised_to_arrive_in_epochs_already_done() -> None:
    assert said(digits=4.7, epochs=100, epochs_for={"6": 1}, dtype="float32", contraction=None) == (
        "not converged: 4 digits of every parameter after 100 epochs; without rounding in float32, 1 would give 6"
    )


def test_float32_is_promised_no_twelve_digits() -> None:
    told = said(dtype="float32")
    assert told is not None
    assert "98,307 for 6 digits" in told
    assert "12 digits" not in told


def test_digits_that_never_come_are_not_promised() -> None:
    never = {"6": None, "9": None, "12": None}
    assert said(epochs_for=never, contraction=None) == "not converged: 0 digits after 5 epochs"


def test_a_rate_at_the_limit_is_told_with_the_limit() -> None:
    assert said(predicted_contraction=1.0, contraction=None) == (
        "not converged, and never will be at this rate: it must be below 0.4052"
    )


def test_mini_batches_keep_moving_and_have_no_contraction() -> None:
    assert said(full_batch=False, epochs=1000, digits=2.9) == (
        "after 1,000 epochs of mini-batches, 2 digits; they keep moving around it"
    )


@pytest.mark.parametrize(("left", "told"), [(0.5, "0.5"), (0.123456789, "0.12346"), (1 - 1e-4, "1 − 0.0001"), (1, "1")])
def test_a_factor_next_to_1_is_told_by_what_it_takes_away(left: float, told: str) -> None:
    assert words.factor(left) == told


def test_nothing_is_said_of_a_run_that_diverged() -> None:
    assert said(state="diverged", digits=None) is None


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
