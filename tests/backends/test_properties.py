"""What holds of a gradient on any table: agreement, other units, other offsets, another order of the rows."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from handgrad.backends.catalogue import catalogue, load
from handgrad.backends.interface import Gradient
from handgrad.compare.judge.bounds import gradient_tolerances, over
from handgrad.contract.bounds import exact_gradient, fractions
from properties import Made, examples, problems, whole_problems

RUNNABLE = [name for name, entry in catalogue().items() if entry.by_default and entry.reason() is None]

#: `moments` takes no residuals: what cancels in the others does not in it (see its docstring).
BY_RESIDUALS = [name for name in RUNNABLE if name != "moments"]

#: Sums first and divides at the end; autodiff hands 1/n down to every row.
BY_HAND = [name for name in BY_RESIDUALS if catalogue()[name].kind == "manual"]


def at(backend: str, made: Made) -> NDArray[np.float64]:
    """Loss, dW and db of a backend, (d + 2,)."""
    return flat(load(backend)(made.X, made.y, made.dtype).gradient_at(made.weights, made.bias))


def flat(gradient: Gradient) -> NDArray[np.float64]:
    return np.array([gradient.loss, *gradient.weights, gradient.bias], dtype=np.float64)


def exact(made: Made) -> list[Fraction]:
    """The same without any rounding, by arithmetic that shares nothing with handgrad."""
    found = exact_gradient(made.X, made.y, fractions(made.weights), Fraction(made.bias))
    return [found.loss, *found.weights, found.bias]


def worst_case(made: Made) -> NDArray[np.float64]:
    bound = gradient_tolerances(made.X, made.y, made.weights, made.bias, made.dtype).worst
    return np.array([bound.loss, *bound.weights, bound.bias])


@pytest.mark.parametrize("backend", BY_RESIDUALS)
@given(made=problems())
@examples()
def test_every_gradient_lies_within_the_worst_case_of_the_exact_one(backend: str, made: Made) -> None:
    error = [float(Fraction(value) - true) for value, true in zip(at(backend, made), exact(made), strict=True)]
    assert over(error, worst_case(made)).max() <= 1


@pytest.mark.parametrize("backend", BY_HAND)
@given(made=whole_problems())
@examples()
def test_whole_numbers_are_off_by_the_roundings_of_the_mean_alone(backend: str, made: Made) -> None:
    true = np.array([float(value) for value in exact(made)])
    np.testing.assert_allclose(at(backend, made), true, rtol=3 * np.finfo(made.dtype).eps / 2, atol=0)


@pytest.mark.parametrize("backend", RUNNABLE)
@given(made=problems(powers=4), power=st.integers(-12, 12), powers=st.lists(st.integers(-6, 6), min_size=4, max_size=4))
@examples()
def test_another_unit_that_is_a_power_of_two_changes_no_bit(
    backend: str, made: Made, power: int, powers: list[int]
) -> None:
    of_columns, of_target = 2.0 ** np.array(powers[: made.X.shape[1]]), 2.0**power
    units = of_target * np.array([of_target, *of_columns, 1.0])
    np.testing.assert_array_equal(at(backend, made.scaled(of_columns, of_target)), at(backend, made) * units)


@pytest.mark.parametrize("backend", BY_RESIDUALS)
@given(made=whole_problems(), by=st.integers(-99, 99))
@examples()
def test_target_and_bias_moved_alike_leave_the_gradient_as_it_is(backend: str, made: Made, by: int) -> None:
    np.testing.assert_array_equal(at(backend, made.shifted(by)), at(backend, made))


@pytest.mark.parametrize("backend", BY_RESIDUALS)
@given(made=problems(), data=st.data())
@examples()
def test_another_order_of_the_rows_moves_the_gradient_within_both_bounds(
    backend: str, made: Made, data: st.DataObject
) -> None:
    rows = np.array(data.draw(st.permutations(range(len(made.y)))))
    assert over(at(backend, made.taking(rows)) - at(backend, made), 2 * worst_case(made)).max() <= 1
