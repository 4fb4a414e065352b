"""The exact answers, against arithmetic that shares no code with the judge: fractions, and decimals of 60 digits."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest

from handgrad.compare.reproduce.digits import count, settled
from handgrad.compare.reproduce.exact import ExactRun
from handgrad.compare.reproduce.parts import parts
from handgrad.data.published_runs import PublishedRun, find, rows, runs

#: Full-batch runs of long arithmetic; a step costs the same for any number of rows.
FULL = [name for name, run in runs().items() if run.batch_size is None]


def answers(run: PublishedRun) -> dict[int, tuple[Fraction, float]]:
    """The exact answers and their roundings, by the numbers' places."""
    table = rows(run)
    return {
        place: exact.answer(number)
        for exact in (ExactRun(part, run.factor) for part in parts(run, table))
        for place, number in exact.part.numbers.items()
    }


def close(value: Fraction, expected: Fraction | Decimal) -> bool:
    """Whether two answers have 24 digits in common."""
    apart = abs(value - Fraction(expected))
    return apart <= abs(Fraction(expected)) / 10**24


def descent(name: str, lost: int = 0) -> list[tuple[Decimal, Decimal]]:
    """Weight and bias after every epoch of a full-batch run, by sums that are taken once."""
    run, table = find(name), rows(find(name))
    xs = [Fraction(x) for x in table.X[lost:, 0].tolist()]
    ys = [Fraction(y) for y in table.y[lost:].tolist()]
    n = len(ys)
    with localcontext(prec=60):
        sums = [sum(xs), sum(x * x for x in xs), sum(ys), sum(x * y for x, y in zip(xs, ys, strict=True))]
        x, xx, y, xy = (Decimal(s.numerator) / Decimal(s.denominator) / n for s in sums)
        step = 2 * Decimal(run.learning_rate)
        w, b = Decimal(run.start.weight), Decimal(run.start.bias)
        path = [(w, b)]
        for _ in range(run.epochs):
            w, b = w - step * (xx * w + x * b - xy), b - step * (x * w + b - y)
            path.append((w, b))
    return path


@pytest.mark.parametrize("name", FULL)
def test_the_parameters_of_full_batch_runs_are_those_of_long_decimals(name: str) -> None:
    run, found = find(name), answers(find(name))
    paths = {lost: descent(name, lost) for lost in {number.rows_lost for number in run.printed}}
    checked = 0
    for place, number in enumerate(run.printed):
        if number.quantity in ("weight", "bias") and number.epochs is not None:
            expected = paths[number.rows_lost][number.epochs][number.quantity == "bias"]
            assert close(found[place][0], expected), number
            checked += 1
    assert checked >= 2


def test_one_row_at_a_time_is_followed_in_fractions() -> None:
    """Of an epoch of five updates; the numerators double with each, so that four epochs are too long to write."""
    run, table = find("mlmastery"), rows(find("mlmastery"))
    found, w, b, step = answers(run), Fraction(0), Fraction(0), 2 * Fraction(run.learning_rate)
    after: list[tuple[Fraction, Fraction]] = [(w, b)]
    for _ in range(run.epochs):
        for x, y in zip(table.X[:, 0].tolist(), table.y.tolist(), strict=True):
            residual = Fraction(x) * w + b - Fraction(y)
            w, b = w - step * residual * Fraction(x), b - step * residual
            after.append((w, b))
    for place, number in enumerate(run.printed):
        steps = number.steps if number.steps is not None else 5 * (number.epochs or 0)
        if number.quantity != "root mean square error":
            assert close(found[place][0], after[steps][number.quantity == "bias"]), number
    squares = [(Fraction(x) * w + b - Fraction(y)) ** 2 for x, y in zip(table.X[:, 0], table.y, strict=True)]
    assert close(found[len(run.printed) - 1][0] ** 2, sum(squares) / 5)


@pytest.mark.parametrize("name", ["ng-mls-c1w2", "google-mlcc", "ng-ex1"])
def test_losses_and_derivatives_at_a_point_are_those_of_fractions_in_the_sources_convention(name: str) -> None:
    run, table, found = find(name), rows(find(name)), answers(find(name))
    pairs = [(Fraction(x), Fraction(y)) for x, y in zip(table.X[:, 0].tolist(), table.y.tolist(), strict=True)]
    at_points = [(place, number) for place, number in enumerate(run.printed) if number.at is not None]
    assert at_points
    for place, number in at_points:
        assert number.at is not None
        residuals = [x * Fraction(number.at.weight) + Fraction(number.at.bias) - y for x, y in pairs]
        terms = {
            "loss": [r * r / 2 for r in residuals],
            "weight derivative": [r * x for r, (x, _) in zip(residuals, pairs, strict=True)],
            "bias derivative": residuals,
        }[number.quantity]
        half = Fraction(sum(terms), table.rows)  # of the loss (1/2n) Σ r²
        assert found[place][0] == (half if run.loss_there == "1/(2n)" else 2 * half)


def test_a_prediction_is_taken_at_the_exact_parameters() -> None:
    found, (w, b) = answers(find("ng-ex1")), descent("ng-ex1")[-1]
    with localcontext(prec=60):
        assert close(found[4][0], 10_000 * (Decimal("3.5") * w + b))


@pytest.mark.parametrize("name", list(runs()))
def test_rounding_is_bounded_by_something_that_settles_most_of_what_is_printed(name: str) -> None:
    """A bound that is too large would explain everything: it leaves eleven digits, or all that are printed."""
    found = answers(find(name))
    for place, number in enumerate(find(name).printed):
        rounding = found[place][1]
        assert rounding >= 0
        assert settled(Fraction(rounding), number.text) >= min(11, count(number.text)), number
