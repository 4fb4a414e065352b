"""What every backend in the catalogue must do: one table of cases drives them all.

A backend in a new file, or in another package's entry point, is picked up by itself. One that is not installed
is skipped with its reason; one that is installed and fails is a failure.
"""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from bounds_reference import Bound, Descent, Epoch, Point, bound_at, exact_gradient, fractions, norm
from handgrad.backends.catalogue import catalogue, entry, load
from handgrad.backends.interface import DType, InputError, Order, Parameters, Plan, Trainer, Training

REFERENCE = Path(__file__).parents[1] / "reference"

#: (rows, features): one row, one feature, prime numbers of rows, more features than rows.
SHAPES = [(1, 1), (1, 3), (2, 1), (5, 16), (101, 1), (101, 3), (97, 16)]
#: More rows than a backend takes in one block; not a multiple of any block.
LARGE = [(4099, 16), (40_009, 1)]
DTYPES: list[DType] = ["float64", "float32"]


class Problem(NamedTuple):
    """Rows to fit, and a place to start."""

    X: NDArray[np.floating]
    y: NDArray[np.floating]
    weights: NDArray[np.floating]
    bias: float

    def trainer(self, backend: type[Trainer]) -> Trainer:
        return backend(self.X, self.y, self.dtype)

    @property
    def dtype(self) -> DType:
        return "float64" if self.X.dtype == np.float64 else "float32"

    @property
    def start(self) -> Parameters:
        return Parameters(self.weights, self.bias)

    @property
    def rate(self) -> float:
        """A power of two, at most half of what a trajectory's bound allows; both dtypes hold it."""
        longest = float((self.X.astype(np.float64) ** 2).sum(axis=1).max() + 1)
        return float(2.0 ** -np.ceil(np.log2(2 * longest)))


@cache
def problem(rows: int, features: int, dtype: DType = "float64") -> Problem:
    """Rows off centre, with residuals of both signs and a bias that is not zero; nobody may write to them."""
    random = np.random.default_rng([rows, features])
    X = random.normal(loc=0.7, scale=1.3, size=(rows, features)).astype(dtype)
    y = (X @ random.normal(size=features) - 0.9 + 0.5 * random.normal(size=rows)).astype(dtype)
    weights = random.normal(size=features).astype(dtype)
    for array in (X, y, weights):
        array.setflags(write=False)
    return Problem(X, y, weights, float(np.dtype(dtype).type(random.normal())))


#: Compiles a program for every shape, for seconds each: test_torch_compile.py holds it to the contract's heart.
COMPILED_PER_SHAPE = {"torch-compile"}
HELD = [name for name in catalogue() if name not in COMPILED_PER_SHAPE]


@pytest.fixture(params=HELD)
def backend(request: pytest.FixtureRequest) -> type[Trainer]:
    """Each backend in turn; the one that cannot run here says why."""
    if (reason := entry(request.param).reason()) is not None:
        pytest.skip(reason)
    return load(request.param)


def runnable() -> list[type[Trainer]]:
    return [load(name) for name in HELD if entry(name).reason() is None]


def train(backend: type[Trainer], given: Problem, **plan: Any) -> Training:
    """A run from the problem's start; skipped where the backend says that it takes no mini-batches."""
    wanted = Plan(**{"learning_rate": given.rate, "epochs": 5, "start": given.start, "dtype": given.dtype, **plan})
    if wanted.batch_size is not None and wanted.batch_size < len(given.y) and not backend.minibatch:
        with pytest.raises(InputError, match=f"batch size of {wanted.batch_size}"):
            given.trainer(backend).train(wanted)
        pytest.skip(f"{backend.name} takes full batches only, and says so")
    return given.trainer(backend).train(wanted)


def assert_same_bits(left: Training, right: Training) -> None:
    for field in ("weights", "bias", "losses", "recorded_epochs", "recorded_weights", "recorded_biases"):
        np.testing.assert_array_equal(getattr(left, field), getattr(right, field), err_msg=field, strict=True)
    assert left.diverged_at == right.diverged_at


# -- the gradient --------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Parameters, the exact loss and gradient there, and how far a backend may be from them."""

    weights: NDArray[np.floating]
    bias: float
    exact: Point
    bound: Bound


@cache
def place(rows: int, features: int, dtype: DType, where: str) -> Place:
    """Zero, the start, far away, or (nearly) where the gradient vanishes."""
    given = problem(rows, features, dtype)
    weights, bias = {
        "zero": lambda: (np.zeros_like(given.weights), 0.0),
        "start": lambda: given.start,
        "far": lambda: (1000 * given.weights, float(given.X.dtype.type(-1000 * given.bias))),
        "optimum": lambda: least_squares(given),
    }[where]()
    exact = exact_gradient(given.X, given.y, fractions(weights), Fraction(bias))
    return Place(weights, bias, exact, bound_at(given.X, given.y, weights.astype(np.float64), bias, dtype))


def least_squares(given: Problem) -> tuple[NDArray[np.floating], float]:
    """Where the loss is least, to the dtype's precision."""
    ones = np.column_stack([given.X, np.ones(len(given.y))]).astype(np.float64)
    found = np.linalg.lstsq(ones, given.y.astype(np.float64))[0].astype(given.X.dtype)
    return found[:-1], float(found[-1])


def assert_within_the_bound(trainer: Trainer, at: Place) -> None:
    got = trainer.gradient_at(at.weights, at.bias)
    off = [abs(float(Fraction(a) - e)) for a, e in zip(got.weights.tolist(), at.exact.weights, strict=True)]
    assert (np.array(off) <= at.bound.weights).all(), f"dW off by {off}, allowed {at.bound.weights}"
    assert abs(float(Fraction(got.bias) - at.exact.bias)) <= at.bound.bias
    assert abs(float(Fraction(got.loss) - at.exact.loss)) <= at.bound.loss
    assert abs(float(Fraction(trainer.loss_at(at.weights, at.bias)) - at.exact.loss)) <= at.bound.loss


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_loss_and_gradient_lie_within_the_rounding_bound_of_the_exact_ones(
    backend: type[Trainer], shape: tuple[int, int], dtype: DType
) -> None:
    trainer = problem(*shape, dtype).trainer(backend)
    for where in ("zero", "start", "far", "optimum"):
        assert_within_the_bound(trainer, place(*shape, dtype, where))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", LARGE, ids=str)
def test_the_gradient_of_many_rows_lies_within_the_rounding_bound(
    backend: type[Trainer], shape: tuple[int, int], dtype: DType
) -> None:
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


@pytest.mark.parametrize("dtype", DTYPES)
def test_backends_agree_with_each_other_within_the_sum_of_their_bounds(dtype: DType) -> None:
    given = problem(101, 3, dtype)
    bound = bound_at(given.X, given.y, given.weights.astype(float), given.bias, dtype)
    found = {b.name: given.trainer(b).gradient_at(*given.start) for b in runnable()}
    assert len(found) >= 4
    for name, got in found.items():
        for other, their in found.items():
            assert (np.abs(got.weights - their.weights) <= 2 * bound.weights).all(), f"{name} and {other}"
            assert abs(got.bias - their.bias) <= 2 * bound.bias, f"{name} and {other}"
            assert abs(got.loss - their.loss) <= 2 * bound.loss, f"{name} and {other}"


def test_asking_for_the_gradient_twice_gives_the_same_bits(backend: type[Trainer]) -> None:
    """Autograd adds to the gradient that is there: a backend that forgets to clear it answers 2g."""
    trainer = problem(101, 3).trainer(backend)
    first, second = (trainer.gradient_at(*problem(101, 3).start) for _ in range(2))
    assert (first.loss, first.bias) == (second.loss, second.bias)
    np.testing.assert_array_equal(first.weights, second.weights)


# -- the trajectory ------------------------------------------------------------------------------------------


@cache
def exact_path(
    rows: int, features: int, dtype: DType, batch_size: int | None, order: Order = "shuffled"
) -> list[Epoch]:
    given = problem(rows, features, dtype)
    return Descent(given.X, given.y, given.weights, given.bias, given.rate, 5, batch_size, seed=7, order=order).path()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch_size", [None, 1, 7, 100])
@pytest.mark.parametrize("shape", [(1, 1), (101, 1), (101, 3), (97, 16)], ids=str)
def test_every_epoch_of_a_run_lies_within_the_bound_of_the_exact_descent(
    backend: type[Trainer], shape: tuple[int, int], batch_size: int | None, dtype: DType
) -> None:
    run = train(backend, problem(*shape, dtype), batch_size=batch_size, seed=7)
    assert_near(run, exact_path(*shape, dtype, batch_size))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch_size", [1, 7, 100])
@pytest.mark.parametrize("shape", [(101, 1), (97, 16)], ids=str)
def test_batches_in_the_files_order_lie_within_the_bound_of_the_exact_descent_in_that_order(
    backend: type[Trainer], shape: tuple[int, int], batch_size: int, dtype: DType
) -> None:
    run = train(backend, problem(*shape, dtype), batch_size=batch_size, order="file")
    assert_near(run, exact_path(*shape, dtype, batch_size, "file"))


def test_batches_in_the_files_order_do_not_depend_on_the_seed(backend: type[Trainer]) -> None:
    first, second = (train(backend, problem(101, 3), batch_size=7, seed=seed, order="file") for seed in (1, 2))
    assert_same_bits(first, second)
    assert (first.weights != train(backend, problem(101, 3), batch_size=7).weights).any()


def assert_near(run: Training, path: list[Epoch]) -> None:
    """Every epoch of a run lies within the bound of the exact descent."""
    assert len(run.losses) == len(run.recorded_epochs) == len(path) == 6
    for k, (exact, parameters_off, loss_off) in enumerate(path):
        weights = [Fraction(w) - e for w, e in zip(run.recorded_weights[k].tolist(), exact.weights, strict=True)]
        assert norm(weights, Fraction(run.recorded_biases[k]) - exact.bias) <= parameters_off, f"epoch {k}"
        assert abs(float(Fraction(run.losses[k]) - exact.loss)) <= loss_off, f"epoch {k}"


def published() -> list[Any]:
    runs: list[dict[str, Any]] = json.loads((REFERENCE / "gd.json").read_text())["runs"]
    assert len(runs) == 2
    return [pytest.param(run, id=run["name"]) for run in runs]


@pytest.mark.parametrize("run", published())
def test_published_runs_are_reproduced_to_12_digits(backend: type[Trainer], run: dict[str, Any]) -> None:
    """The ones are our bias; the loss there is SSE / 2n, so their rate is twice ours and their cost half."""
    table = np.array(run["X"], dtype=np.float64)
    assert (table[:, 0] == 1).all()
    bias, *weights = (float(value) for value in run["start"])
    plan = Plan(float(run["alpha"]) / 2, run["iterations"], start=Parameters(weights, bias))
    got = backend(table[:, 1:], np.array(run["y"], dtype=np.float64)).train(plan)
    assert run["trajectory"][-1]["iteration"] == run["iterations"] == got.recorded_epochs[-1]
    for expected in run["trajectory"]:
        k = expected["iteration"]
        theta = [float(value) for value in expected["theta"]]
        assert [got.recorded_biases[k], *got.recorded_weights[k]] == pytest.approx(theta, rel=1e-12, abs=0)
        assert got.losses[k] / 2 == pytest.approx(float(expected["cost"]), rel=1e-12, abs=0)
    for theirs, ours in zip(run["published"]["theta"], [got.bias, *got.weights], strict=True):
        assert f"{ours:.{len(theirs.split('.')[1])}f}" == theirs


def test_the_start_of_the_plan_is_where_the_run_starts(backend: type[Trainer]) -> None:
    given = problem(101, 3)
    run = train(backend, given, epochs=0)
    np.testing.assert_array_equal(run.weights, given.weights)
    assert run.bias == given.bias
    np.testing.assert_array_equal(run.recorded_epochs, [0])
    assert run.losses.tolist() == [given.trainer(backend).loss_at(*given.start)]


def test_without_a_start_a_run_starts_at_zero(backend: type[Trainer]) -> None:
    given = problem(101, 3)
    run = train(backend, given, start=None)
    np.testing.assert_array_equal(run.recorded_weights[0], np.zeros(3))
    assert run.recorded_biases[0] == 0


@pytest.mark.parametrize("batch_size", [None, 7])
def test_what_is_recorded_does_not_change_the_run(backend: type[Trainer], batch_size: int | None) -> None:
    full = train(backend, problem(101, 3), batch_size=batch_size)
    some = train(backend, problem(101, 3), batch_size=batch_size, record=(3, 1, 3, 99))
    assert some.recorded_epochs.tolist() == [0, 1, 3, 5]
    np.testing.assert_array_equal(some.recorded_weights, full.recorded_weights[[0, 1, 3, 5]])
    np.testing.assert_array_equal(some.recorded_biases, full.recorded_biases[[0, 1, 3, 5]])
    np.testing.assert_array_equal(some.losses, full.losses)
    np.testing.assert_array_equal(some.weights, full.weights)


@pytest.mark.parametrize("batch_size", [101, 102, 10_000])
def test_a_batch_of_all_rows_or_more_is_the_full_batch(backend: type[Trainer], batch_size: int) -> None:
    assert_same_bits(
        train(backend, problem(101, 3), batch_size=batch_size),
        train(backend, problem(101, 3), batch_size=None),
    )


@pytest.mark.parametrize("batch_size", [None, 7])
def test_a_run_in_two_pieces_is_the_run_in_one(backend: type[Trainer], batch_size: int | None) -> None:
    given = problem(101, 3)
    whole = train(backend, given, batch_size=batch_size)
    trainer, plan = given.trainer(backend), Plan(given.rate, 5, batch_size, given.start)
    parameters, first = trainer.run(trainer.start(plan), plan, 0, 2)
    parameters, second = trainer.run(parameters, plan, 2, 3)
    end = trainer.to_numpy(*parameters)
    np.testing.assert_array_equal(end.weights, whole.weights)
    assert end.bias == whole.bias
    assert [*first, *second] == whole.losses[:-1].tolist()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("shape", [(101, 1), (101, 3), (97, 16)], ids=str)
def test_a_run_repeats_to_the_bit(
    backend: type[Trainer], shape: tuple[int, int], batch_size: int | None, dtype: DType
) -> None:
    given = problem(*shape, dtype)
    first = train(backend, given, batch_size=batch_size)
    assert_same_bits(first, train(backend, given, batch_size=batch_size))
    trainer = given.trainer(backend)
    for _ in range(2):
        assert_same_bits(first, trainer.train(Plan(given.rate, 5, batch_size, given.start, dtype=dtype)))


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


def test_batches_follow_the_seed(backend: type[Trainer]) -> None:
    first, second = (train(backend, problem(101, 3), batch_size=7, seed=seed) for seed in (1, 2))
    assert (first.weights != second.weights).any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("record", [None, (0, 3, 4, 11)], ids=str)
@pytest.mark.parametrize("diverges", [False, True])
def test_what_is_recorded_is_what_the_shared_loop_passes_to_the_bit(
    backend: type[Trainer], diverges: bool, record: tuple[int, ...] | None, dtype: DType
) -> None:
    """Compiled loops record inside; one of these runs leaves the dtype's range on its way."""
    if backend.name == "jax":
        pytest.skip("its loop is a program of XLA, which may round otherwise than that of one gradient")
    given = problem(101, 3, dtype)
    rate = given.rate * 2.0 ** (diverges * {"float64": 100, "float32": 12}[dtype])
    shared = type("Shared", (backend,), {"run": Trainer.run, "run_recording": Trainer.run_recording})
    ours, theirs = (train(b, given, learning_rate=rate, epochs=12, record=record) for b in (backend, shared))
    assert_same_bits(ours, theirs)
    assert (3 < ours.diverged_at < 12) if diverges else ours.diverged_at is None


# -- float32 -------------------------------------------------------------------------------------------------


def test_float32_gives_float32(backend: type[Trainer]) -> None:
    given = problem(101, 3, "float32")
    run = train(backend, given)
    assert run.weights.dtype == run.recorded_weights.dtype == np.float32
    assert given.trainer(backend).gradient_at(*given.start).weights.dtype == np.float32
    for number in (
        run.bias,
        *run.recorded_biases.tolist(),
        *given.trainer(backend).gradient_at(*given.start)[::2],
    ):
        assert number == float(np.float32(number))


def test_float32_differs_from_float64_by_more_than_float64_rounds(backend: type[Trainer]) -> None:
    single = train(backend, problem(101, 3, "float32"))
    double = train(backend, problem(101, 3, "float64"))
    apart = np.abs(single.weights - double.weights).max()
    assert 1e-12 < apart < 1e-4


def test_float32_is_computed_in_float32_and_not_only_stored_in_it(backend: type[Trainer]) -> None:
    """A backend that sums in float64 and rounds at the end always hits the float32 next to the exact value.

    So does one that declares its sums to be compensated, or exact: those must.
    """
    given = problem(4099, 16, "float32")
    got = given.trainer(backend).gradient_at(*given.start)
    exact = place(4099, 16, "float32", "start").exact
    rounded_once = (got.weights == np.array([float(w) for w in exact.weights], dtype=np.float32)).all()
    assert rounded_once == (backend.compensated or backend.kind == "exact")


# -- what goes in --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [None, 7])
def test_arrays_that_were_given_stay_as_they_were(backend: type[Trainer], batch_size: int | None) -> None:
    given = Problem(*(np.array(part) for part in problem(101, 3)[:3]), problem(101, 3).bias)
    train(backend, given, batch_size=batch_size)
    given.trainer(backend).gradient_at(given.weights, given.bias)
    for now, before in zip(given[:3], problem(101, 3)[:3], strict=True):
        np.testing.assert_array_equal(now, before)


def test_a_run_leaves_arrays_that_nobody_else_holds(backend: type[Trainer]) -> None:
    """Writing into a result must not reach the trainer, nor a later run the result of an earlier one."""
    given = problem(101, 3)
    trainer, plan = given.trainer(backend), Plan(given.rate, 3, start=given.start)
    first = trainer.train(plan)
    kept = first.weights.copy(), first.recorded_weights.copy()
    trainer.train(replace(plan, epochs=5))
    np.testing.assert_array_equal(first.weights, kept[0])
    np.testing.assert_array_equal(first.recorded_weights, kept[1])
    first.weights[:] = np.nan
    np.testing.assert_array_equal(trainer.train(plan).weights, kept[0])
    own = trainer.start(plan)
    trainer.to_numpy(*own).weights[:] = np.nan
    np.testing.assert_array_equal(trainer.to_numpy(*own).weights, given.start.weights)


def variants(X: NDArray[np.floating], y: NDArray[np.floating]) -> dict[str, tuple[Any, Any]]:
    """The same numbers in other clothes."""
    apart_X, apart_y = np.zeros((2 * len(X), 2 * X.shape[1])), np.zeros(3 * len(y))
    apart_X[::2, 1::2], apart_y[::3] = X, y
    swapped = X.astype(">f8"), y.astype(">f8")
    return {
        "lists": (X.tolist(), y.tolist()),
        "tuples": (tuple(map(tuple, X.tolist())), tuple(y.tolist())),
        "a DataFrame and a Series": (
            pd.DataFrame(X, index=range(7, 7 + len(X))),
            pd.Series(y, index=range(3, 3 + len(y))),
        ),
        "a DataFrame of objects": (pd.DataFrame(X).astype(object), pd.Series(y).astype(object)),
        "Fortran order": (np.asfortranarray(X), y),
        "strides": (apart_X[::2, 1::2], apart_y[::3]),
        "backwards": (X[::-1].copy()[::-1], y[::-1].copy()[::-1]),
        "the other byte order": swapped,
        "writeable": (X.copy(), y.copy()),
    }


@pytest.mark.parametrize("variant", list(variants(np.ones((2, 1)), np.ones(2))))
def test_the_same_numbers_in_another_form_give_the_same_bits(backend: type[Trainer], variant: str) -> None:
    given = problem(101, 3)
    X, y = variants(given.X, given.y)[variant]
    plan = Plan(given.rate, 3, start=given.start)
    assert_same_bits(backend(X, y).train(plan), given.trainer(backend).train(plan))


@pytest.mark.parametrize("integers", [np.int64, np.int32, np.uint8, np.bool_])
def test_integers_are_computed_with_as_floats(backend: type[Trainer], integers: type[np.generic]) -> None:
    """uint8 wraps at 256 and int32 squares overflow, where a backend computes with what it is given."""
    X = np.arange(24).reshape(12, 2).astype(integers)
    y = (9 * np.arange(12)).astype(integers)
    plan = Plan(2**-12, 3, start=Parameters([1000, -1000], 100))
    assert_same_bits(backend(X, y).train(plan), backend(X.astype(float), y.astype(float)).train(plan))


def test_one_feature_may_come_as_a_vector(backend: type[Trainer]) -> None:
    given = problem(101, 1)
    plan = Plan(given.rate, 3, start=Parameters(float(given.weights[0]), given.bias))
    assert_same_bits(backend(given.X[:, 0], given.y).train(plan), given.trainer(backend).train(plan))


X32, Y3 = np.ones((3, 2)), np.ones(3)
OBJECT = np.array([[1, "two"], [3, 4], [5, 6]], dtype=object)
REFUSED: dict[str, tuple[Any, Any, list[str]]] = {
    "y too short": (X32, np.ones(2), ["rows", "3 and 2"]),
    "y as a row": (X32, np.ones((1, 3)), ["y: expected shape (n,) or (n, 1)", "(1, 3)", "give y[0]"]),
    "y as a table": (X32, np.ones((3, 2)), ["y: expected shape (n,)", "(3, 2)"]),
    "y as a number": (X32, 1.0, ["y: expected shape (n,)", "()"]),
    "X as a number": (1.0, Y3, ["X: expected shape (n, d) or (n,)", "()"]),
    "X with three axes": (np.ones((3, 2, 1)), Y3, ["X: expected shape (n, d) or (n,)", "(3, 2, 1)"]),
    "no rows": (np.ones((0, 2)), np.ones(0), ["at least one row", "(0, 2)"]),
    "nothing at all": ([], [], ["at least one row", "(0, 1)"]),
    "no features": (np.ones((3, 0)), Y3, ["one feature", "(3, 0)"]),
    "NaN in X": ([[1, 2], [3, np.nan], [5, 6]], Y3, ["X", "finite", "nan", "row 1, column 1"]),
    "infinity in X": ([[1, 2], [3, 4], [-np.inf, 6]], Y3, ["X", "finite", "-inf", "row 2, column 0"]),
    "NaN in y": (X32, [1, np.nan, np.nan], ["y", "finite", "nan", "row 1", "2 such in all"]),
    "infinity in y": (X32, [1, 2, np.inf], ["y", "finite", "inf", "row 2"]),
    "missing values": (pd.DataFrame({"a": [1, None, 3]}, dtype="Int64"), Y3, ["X", "expected"]),
    "None": (None, Y3, ["X: expected", "None"]),
    "text": ([["a", "b"]] * 3, Y3, ["X: expected numbers", "str"]),
    "numbers as text": ([["1", "2"]] * 3, Y3, ["X: expected numbers", "str"]),
    "text among numbers": (OBJECT, Y3, ["X: expected numbers", "two"]),
    "numbers as text among numbers": (X32, np.array([1, "2", 3], dtype=object), ["y: expected numbers", "'2'"]),
    "ragged rows": ([[1, 2], [3], [5, 6]], Y3, ["X", "unlike"]),
    "complex numbers": (np.ones((3, 2)) * 1j, Y3, ["X: expected numbers", "complex"]),
    "complex objects": (X32, np.array([1, 2j, 3], dtype=object), ["y: expected numbers", "complex"]),
    "dates": (np.array(["2020-01-01"] * 3, dtype="datetime64[D]"), Y3, ["X: expected numbers", "datetime"]),
    "integers beyond float64": ([[10**400], [1], [2]], Y3, ["X", "float64", "range"]),
    "columns of unlike length": ({"a": [1, 2, 3], "b": [1, 2]}, Y3, ["X: column 'b'", "expected shape (3,)", "(2,)"]),
    "a generator": ((row for row in X32), Y3, ["X: expected an array", "a generator", "a list"]),
    "hidden entries": (np.ma.masked_equal([[1.0], [2.0], [3.0]], 2.0), Y3, ["X", "masked"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_data_that_cannot_be_trained_on_is_refused_with_what_was_expected_and_what_came(
    backend: type[Trainer], case: str
) -> None:
    X, y, said = REFUSED[case]
    with pytest.raises(InputError) as caught:
        backend(X, y)
    for words in said:
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_number_beyond_float32_is_refused_and_named(backend: type[Trainer]) -> None:
    with pytest.raises(InputError, match=r"X: .*float32.*1e\+300.*row 1, column 0"):
        backend([[1.0], [1e300]], [1.0, 2.0], "float32")


@pytest.mark.parametrize(
    ("weights", "bias", "said"),
    [
        ([1.0, 2.0], 0.0, ["weights: expected shape (3,)", "(2,)"]),
        (np.ones((3, 1)), 0.0, ["weights: expected shape (3,)", "(3, 1)"]),
        (1.0, 0.0, ["weights: expected shape (3,)", "(1,)"]),
        ([1.0, np.nan, 2.0], 0.0, ["weights", "finite", "nan"]),
        ([1.0, 2.0, 3.0], np.inf, ["bias", "finite", "inf"]),
        ([1.0, 2.0, 3.0], [1.0, 2.0], ["bias: expected one number", "(2,)"]),
        ([1.0, 2.0, 3.0], None, ["bias: expected", "None"]),
        (["a", "b", "c"], 0.0, ["weights: expected numbers", "str"]),
    ],
)  # fmt: skip
def test_parameters_that_do_not_fit_are_refused(
    backend: type[Trainer], weights: Any, bias: Any, said: list[str]
) -> None:
    trainer = problem(101, 3).trainer(backend)
    for use in (
        lambda: trainer.gradient_at(weights, bias),
        lambda: trainer.loss_at(weights, bias),
        lambda: trainer.train(Plan(0.01, 1, start=Parameters(weights, bias))),
    ):
        with pytest.raises(InputError) as caught:
            use()
        assert all(words in str(caught.value) for words in said), str(caught.value)


def test_a_plan_in_another_dtype_than_the_data_is_refused(backend: type[Trainer]) -> None:
    with pytest.raises(InputError, match=r"float32.*float64"):
        problem(101, 3).trainer(backend).train(Plan(0.01, 1, dtype="float32"))


# -- divergence ----------------------------------------------------------------------------------------------


def test_a_run_that_diverges_stops_at_the_epoch_where_exact_descent_leaves_float64(
    backend: type[Trainer],
) -> None:
    """Each epoch multiplies the loss by about 10¹⁶, so no rounding moves the epoch at which it overflows."""
    X, y = np.array([[1e3], [-2e3], [3e3]]), np.array([1.0, 2.0, -1.0])
    losses = overflowing(X, y, rate=10.0, epochs=40)
    overflow = next(k for k, loss in enumerate(losses) if loss > Fraction(np.finfo(np.float64).max))
    assert losses[overflow - 1] * 1000 < Fraction(np.finfo(np.float64).max) < losses[overflow] / 1000
    run = backend(X, y).train(Plan(10.0, 40, record=range(0, 41, 3)))
    assert run.diverged_at == overflow
    assert run.losses == pytest.approx([float(loss) for loss in losses[:overflow]], rel=1e-9)
    assert_finite_history(run, list(range(0, 41, 3)))


def overflowing(X: NDArray[np.float64], y: NDArray[np.float64], rate: float, epochs: int) -> list[Fraction]:
    """The exact losses of a full-batch descent from zero on one feature; they grow without limit."""
    weight, bias, losses = Fraction(0), Fraction(0), []
    for _ in range(epochs + 1):
        loss, (d_weight,), d_bias = exact_gradient(X, y, [weight], bias)
        losses.append(loss)
        weight, bias = weight - Fraction(rate) * d_weight, bias - Fraction(rate) * d_bias
    return losses


def assert_finite_history(run: Training, marks: list[int]) -> None:
    assert np.isfinite(run.losses).all()
    assert np.isfinite(run.recorded_weights).all()
    assert np.isfinite(run.recorded_biases).all()
    assert run.recorded_epochs.tolist() == marks[: len(run.recorded_epochs)]
    assert len(run.recorded_epochs) == len(run.recorded_weights) == len(run.recorded_biases) >= 1
    assert run.recorded_epochs[-1] <= run.diverged_at
    np.testing.assert_array_equal(run.weights, run.recorded_weights[-1])
    assert run.bias == run.recorded_biases[-1]
    assert "diverged" in repr(run)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch_size", [None, 2])
def test_a_run_that_diverges_keeps_a_finite_history_and_says_so(
    backend: type[Trainer], batch_size: int | None, dtype: DType
) -> None:
    given = problem(5, 16, dtype)
    run = train(backend, given, learning_rate=1e4, epochs=200, batch_size=batch_size)
    assert run.diverged_at is not None
    assert len(run.losses) <= run.diverged_at
    assert_finite_history(run, list(range(201)))


def test_all_backends_diverge_at_the_same_epoch() -> None:
    given = problem(5, 3)
    epochs = {b.name: train(b, given, learning_rate=1e4, epochs=200).diverged_at for b in runnable()}
    assert len(set(epochs.values())) == 1, epochs


def test_a_start_whose_loss_is_beyond_float64_is_a_run_without_losses_that_says_so(
    backend: type[Trainer],
) -> None:
    run = backend([[1.0], [2.0]], [1.0, 2.0]).train(Plan(0.01, 3, start=Parameters([1e200], 0.0)))
    assert run.diverged_at == 0
    assert len(run.losses) == 0
    assert "diverged" in repr(run)
