"""What holds of the judge on any table: whoever is right passes, whoever is not is seen, and the solution is exact."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from handgrad.backends.catalogue import load
from handgrad.backends.exact import ExactTrainer
from handgrad.backends.interface import Parameters, Plan
from handgrad.compare.judge.bounds import likely_growth, over, ulps, unit_roundoff, worst_growth
from handgrad.compare.judge.closed_form import (
    eliminate,
    exact_loss,
    exact_solution,
    independent,
    solve_by_qr,
    solve_exactly,
)
from handgrad.compare.judge.drift import geometric
from handgrad.compare.judge.judge import Judge, Observed
from handgrad.compare.judge.table import CheckedTable
from properties import Made, examples, problems, whole_problems


def judge_of(made: Made, epochs: int = 6, batch_size: int | None = None) -> Judge:
    """A stable run from where the problem stands."""
    table = CheckedTable.of(made.X, made.y, made.dtype)
    start = Parameters(made.weights, made.bias)
    plan = Plan(table.hessian.limit / 4, epochs, batch_size=batch_size, start=start, dtype=made.dtype)
    return Judge(table, plan)


def observed(judge: Judge, backend: str) -> Observed:
    trainer = load(backend)(judge.table.X, judge.table.y, judge.table.dtype)
    return Observed(trainer.gradient_at(*judge.start), trainer.train(judge.plan))


# -- who passes, and who does not --------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["python", "numpy", "tape"])
@given(made=problems(powers=5), batch_size=st.none() | st.integers(1, 50))
@examples()
def test_a_correct_run_passes_on_any_table(backend: str, made: Made, batch_size: int | None) -> None:
    judge = judge_of(made, epochs=6 if batch_size is None else 2, batch_size=batch_size)
    accuracy = judge.accuracy(observed(judge, backend))
    assert accuracy.passed, accuracy.reason


@given(made=problems(powers=5), place=st.integers(0, 5), factor=st.floats(1.1, 1e6), sign=st.sampled_from((-1, 1)))
@examples()
def test_an_error_of_the_start_beyond_the_bound_that_decides_is_seen(
    made: Made, place: int, factor: float, sign: int
) -> None:
    judge = judge_of(made)
    right = judge.at_start.bound(judge.trusted)
    sizes = [right.loss, *right.weights, right.bias]
    place %= len(sizes)
    values = [*map(float, judge.at_start.nearest)]
    values[place] += sign * factor * sizes[place]
    given = judge.at_start.exact._replace(loss=values[0], weights=np.array(values[1:-1]), bias=values[-1])
    held = Fraction(values[place]) - Fraction(float(judge.at_start.nearest[place]))
    assume(abs(held) > Fraction(1.05) * Fraction(sizes[place]))  # an addend below the last place changes nothing
    assert not judge.accuracy(Observed(given)).passed
    values[place] = float(judge.at_start.nearest[place])
    exact = judge.at_start.exact._replace(loss=values[0], weights=np.array(values[1:-1]), bias=values[-1])
    assert judge.accuracy(Observed(exact)).passed


@given(made=problems(powers=3), epoch=st.integers(1, 6), column=st.integers(0, 4), factor=st.floats(1.1, 1e6))
@examples()
def test_a_path_beyond_what_rounding_explains_is_seen_at_its_epoch(
    made: Made, epoch: int, column: int, factor: float
) -> None:
    judge = judge_of(made)
    assert judge.true is not None
    column %= made.X.shape[1] + 1
    path = judge.true.parameters.copy()
    path[epoch, column] += factor * judge.drift[epoch, column]
    path = path.astype(made.dtype).astype(np.float64)
    off = path[epoch, column] - judge.true.parameters[epoch, column] - judge.true.rest[epoch, column]
    assume(abs(off) > 1.05 * judge.drift[epoch, column])  # in whole places of the last digit
    run = observed(judge, "numpy").training
    assert run is not None
    training = replace(run, recorded_weights=path[:, :-1], recorded_biases=path[:, -1])
    found = judge.accuracy(Observed(judge.at_start.exact, training))
    assert ("parameters", epoch) in [(violation.what, violation.epoch) for violation in found.violations]


# -- what the bounds are made of ---------------------------------------------------------------------------------------


@given(value=st.floats(1e-30, 1e30), places=st.integers(0, 1000), dtype=st.sampled_from(("float64", "float32")))
@examples()
def test_ulps_count_the_numbers_that_lie_between(value: float, places: int, dtype: str) -> None:
    held = np.dtype(dtype).type(value)
    other = held + places * np.spacing(held)
    assume(np.frexp(other)[1] == np.frexp(held)[1])
    assert ulps(other, held, dtype) == places  # type: ignore[arg-type]
    assert ulps(-other, -held, dtype) == places  # type: ignore[arg-type]


@given(count=st.integers(1, 10**9), dtype=st.sampled_from(("float64", "float32")))
@examples()
def test_the_growth_of_roundings_is_that_of_its_formula_and_grows(count: int, dtype: str) -> None:
    u = Fraction(unit_roundoff(dtype))  # type: ignore[arg-type]
    worst, likely = worst_growth(count, dtype), likely_growth(count, dtype)  # type: ignore[arg-type]
    if count * u < 1:
        assert worst == pytest.approx(float(count * u / (1 - count * u)), rel=1e-14)
    assert likely <= worst
    assert likely == pytest.approx(min(6 * count**0.5 * float(u), worst), rel=1e-14)
    assert likely_growth(count + 1, dtype) >= likely  # type: ignore[arg-type]


@given(ratio=st.floats(0, 1.5), terms=st.integers(1, 60))
@examples()
def test_the_geometric_sum_is_the_sum_of_its_terms(ratio: float, terms: int) -> None:
    exact = float(sum(Fraction(ratio) ** k for k in range(terms)))
    assert geometric(np.array([ratio]), terms)[0] == pytest.approx(exact, rel=1e-12)


@given(error=st.floats(), tolerance=st.floats(min_value=0))
@examples()
def test_an_error_is_within_its_tolerance_exactly_if_it_is_no_larger_and_finite(error: float, tolerance: float) -> None:
    assert bool(over(error, tolerance) <= 1) == (abs(error) <= tolerance and np.isfinite(error))


# -- the solution ------------------------------------------------------------------------------------------------------

INTEGERS = st.integers(-50, 50)


def matrices(rows: int, columns: int) -> st.SearchStrategy[list[list[int]]]:
    return st.lists(st.lists(INTEGERS, min_size=columns, max_size=columns), min_size=rows, max_size=rows)


def gram(rows: list[list[int]]) -> list[list[int]]:
    return [[sum(a * b for a, b in zip(left, right, strict=True)) for right in zip(*rows, strict=True)]
            for left in zip(*rows, strict=True)]  # fmt: skip


@given(data=st.data(), size=st.integers(1, 6))
@examples()
def test_elimination_solves_every_positive_definite_system_exactly(data: st.DataObject, size: int) -> None:
    matrix = gram(data.draw(matrices(size + 2, size)))
    right = data.draw(st.lists(INTEGERS, min_size=size, max_size=size))
    assume(len(independent(matrix)) == size)
    found = eliminate(matrix, right)
    assert [sum(a * x for a, x in zip(row, found, strict=True)) for row in matrix] == right


@given(data=st.data(), columns=st.integers(1, 4))
@examples()
def test_a_column_is_kept_exactly_if_it_adds_to_those_before_it(data: st.DataObject, columns: int) -> None:
    rows = data.draw(matrices(6, columns))
    sums = [data.draw(st.lists(st.integers(-1, 1), min_size=columns, max_size=columns)) for _ in range(2)]
    table = np.array([[*row, *(sum(a * b for a, b in zip(row, one, strict=True)) for one in sums), 1] for row in rows])
    kept = independent(gram(table.tolist()))
    last = table.shape[1] - 1
    for column in range(last):
        before = table[:, [last, *range(column)]]
        adds = np.linalg.matrix_rank(np.column_stack([before, table[:, column]])) > np.linalg.matrix_rank(before)
        assert (column in kept) == adds
    assert last in kept


def parameters(made: Made) -> list[Fraction]:
    return exact_solution(ExactTrainer(made.X, made.y).moments)


@given(made=whole_problems())
@examples()
def test_the_exact_solution_has_no_gradient_and_of_all_such_the_smallest_norm(made: Made) -> None:
    solution = parameters(made)
    table = [[*map(int, row), 1] for row in made.X.tolist()]
    residual = [
        sum(a * v for a, v in zip(row, solution, strict=True)) - int(t) for row, t in zip(table, made.y, strict=True)
    ]
    assert all(sum(row[j] * r for row, r in zip(table, residual, strict=True)) == 0 for j in range(len(solution)))
    assert exact_loss(ExactTrainer(made.X, made.y).moments, solution) == sum(r * r for r in residual) / len(residual)
    least, *_ = np.linalg.lstsq(np.array(table, dtype=float), made.y, rcond=1e-12)
    np.testing.assert_allclose([float(value) for value in solution], least, rtol=1e-6, atol=1e-9)


@given(made=whole_problems(), power=st.integers(-20, 20), by=st.integers(-9, 9), data=st.data())
@examples()
def test_the_solution_follows_units_offsets_and_knows_no_order(
    made: Made, power: int, by: int, data: st.DataObject
) -> None:
    assume(
        len(independent([row[:-1] for row in ExactTrainer(made.X, made.y).moments.gram[:-1]])) == len(made.weights) + 1
    )
    *weights, bias = parameters(made)
    unit = Fraction(2) ** power
    assert parameters(made._replace(X=made.X * float(unit))) == [*(w / unit for w in weights), bias]
    assert parameters(made._replace(y=made.y * float(unit))) == [*(w * unit for w in weights), bias * unit]
    assert parameters(made._replace(y=made.y + by)) == [*weights, bias + by]
    assert parameters(made._replace(X=made.X + by)) == [*weights, bias - by * sum(weights)]
    rows = np.array(data.draw(st.permutations(range(len(made.y)))))
    assert parameters(made.taking(rows)) == [*weights, bias]


@given(made=whole_problems())
@examples()
def test_the_loss_by_qr_lies_above_the_lowest_by_no_more_than_it_says(made: Made) -> None:
    table = CheckedTable.of(made.X, made.y)
    exact, found = solve_exactly(table), solve_by_qr(table)
    assert found.loss_error is not None
    assert exact.loss * (1 - 1e-12) <= found.loss + 1e-25
    assert found.loss - found.loss_error <= exact.loss * (1 + 1e-12) + 1e-25
    assert [one.column for one in found.dependent] == [one.column for one in exact.dependent]
    np.testing.assert_allclose([*found.weights, found.bias], [*exact.weights, exact.bias], rtol=1e-6, atol=1e-9)
