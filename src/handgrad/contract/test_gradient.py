"""The gradient of a backend: within the rounding bound of the exact one, that of its own loss, and always the same."""

from __future__ import annotations

import numpy as np
import pytest

from handgrad.backends.interface import DType, Trainer
from handgrad.contract.bounds import bound_at
from handgrad.contract.cases import (
    DTYPES,
    LARGE,
    SHAPES,
    assert_within_the_bound,
    place,
    problem,
)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_loss_and_gradient_lie_within_the_rounding_bound_of_the_exact_ones(
    backend: type[Trainer], shape: tuple[int, int], dtype: DType
) -> None:
    """At zero, at a start, far away, and where the gradient nearly vanishes."""
    trainer = problem(*shape, dtype).trainer(backend)
    for where in ("zero", "start", "far", "optimum"):
        assert_within_the_bound(trainer, place(*shape, dtype, where))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", LARGE, ids=str)
def test_the_gradient_of_many_rows_lies_within_the_rounding_bound(
    backend: type[Trainer], shape: tuple[int, int], dtype: DType
) -> None:
    """More rows than are taken in one block."""
    assert_within_the_bound(problem(*shape, dtype).trainer(backend), place(*shape, dtype, "start"))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_gradient_is_the_central_difference_of_the_backends_own_loss(
    backend: type[Trainer], shape: tuple[int, int], dtype: DType
) -> None:
    """MSE is quadratic, so a step of 1 truncates nothing: what remains is the rounding of two losses."""
    given = problem(*shape, dtype)
    trainer = given.trainer(backend)
    one = np.eye(shape[1] + 1, dtype=dtype)
    here = np.append(given.weights, np.array(given.bias, dtype=dtype))
    got = trainer.gradient_at(here[:-1], float(here[-1]))
    allowed = bound_at(given.X, given.y, here[:-1].astype(float), float(here[-1]), dtype)
    for j, analytic in enumerate([*got.weights, got.bias]):
        sides = [(here + sign * one[j]) for sign in (+1, -1)]
        losses = [trainer.loss_at(side[:-1], float(side[-1])) for side in sides]
        steps = [float(abs(side[j].astype(float) - here[j].astype(float))) for side in sides]
        rounding = [bound_at(given.X, given.y, s[:-1].astype(float), float(s[-1]), dtype).loss for s in sides]
        # the steps are 1 up to the rounding of θ ± 1, which moves each loss by at most |g| + λ times that
        moved = max(abs(step - 1) for step in steps) * (abs(analytic) + 2 * (given.X.astype(float) ** 2).sum() + 2)
        tolerance = sum(rounding) / 2 + moved + np.append(allowed.weights, allowed.bias)[j]
        assert abs((losses[0] - losses[1]) / 2 - analytic) <= tolerance


def test_asking_for_the_gradient_twice_gives_the_same_bits(backend: type[Trainer]) -> None:
    """Autograd adds to the gradient that is there: a backend that forgets to clear it answers 2g."""
    trainer = problem(101, 3).trainer(backend)
    first, second = (trainer.gradient_at(*problem(101, 3).start) for _ in range(2))
    assert (first.loss, first.bias) == (second.loss, second.bias)
    np.testing.assert_array_equal(first.weights, second.weights)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", LARGE, ids=str)
def test_the_gradient_of_many_rows_repeats_to_the_bit(
    backend: type[Trainer], shape: tuple[int, int], dtype: DType
) -> None:
    """Here threads have a share each; whichever is first must not show."""
    given = problem(*shape, dtype)
    trainer = given.trainer(backend)
    first = trainer.gradient_at(*given.start)
    for again in (trainer, given.trainer(backend)):
        found = again.gradient_at(*given.start)
        assert (found.loss, found.bias) == (first.loss, first.bias)
        np.testing.assert_array_equal(found.weights, first.weights)


def test_float32_is_computed_in_float32_and_not_only_stored_in_it(backend: type[Trainer]) -> None:
    """A backend that sums in float64 and rounds at the end always hits the float32 next to the exact value.

    So does one that declares its sums to be compensated, or exact: those must.
    """
    given = problem(4099, 16, "float32")
    got = given.trainer(backend).gradient_at(*given.start)
    exact = place(4099, 16, "float32", "start").exact
    rounded_once = (got.weights == np.array([float(w) for w in exact.weights], dtype=np.float32)).all()
    assert rounded_once == (backend.compensated or backend.kind == "exact")
