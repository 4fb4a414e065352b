"""The problems of the contract, where their exact answers lie, and how near a backend must be to them."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from handgrad.backends.interface import DType, InputError, Order, Parameters, Plan, Trainer, Training
from handgrad.contract.bounds import (
    Descent,
    Epoch,
    RoundingBound,
    TruePoint,
    bound_at,
    exact_gradient,
    fractions,
    norm,
)

#: (rows, features): one row, one feature, prime numbers of rows, more features than rows.
SHAPES = [(1, 1), (1, 3), (2, 1), (5, 16), (101, 1), (101, 3), (97, 16)]


#: More rows than a backend takes in one block; not a multiple of any block.
LARGE = [(4099, 16), (40_009, 1)]


DTYPES: list[DType] = ["float64", "float32"]


class ContractProblem(NamedTuple):
    """Rows to fit, and a place to start."""

    X: NDArray[np.floating]
    y: NDArray[np.floating]
    weights: NDArray[np.floating]
    bias: float

    def trainer(self, backend: type[Trainer]) -> Trainer:
        """A trainer on the rows, of their dtype; skipped for a backend that says that it does not compute in that."""
        if self.dtype not in getattr(backend, "dtypes", DTYPES):
            pytest.skip(f"{backend.name} does not compute in {self.dtype}, and says so")
        return backend(self.X, self.y, self.dtype)

    @property
    def dtype(self) -> DType:
        """The format of all its numbers."""
        return "float64" if self.X.dtype == np.float64 else "float32"

    @property
    def start(self) -> Parameters:
        """The place to start, as a plan wants it."""
        return Parameters(self.weights, self.bias)

    @property
    def rate(self) -> float:
        """A power of two, at most half of what a trajectory's bound allows; both dtypes hold it."""
        longest = float((self.X.astype(np.float64) ** 2).sum(axis=1).max() + 1)
        return float(2.0 ** -np.ceil(np.log2(2 * longest)))


@cache
def problem(rows: int, features: int, dtype: DType = "float64") -> ContractProblem:
    """Rows off centre, with residuals of both signs and a bias that is not zero; nobody may write to them."""
    random = np.random.default_rng([rows, features])
    X = random.normal(loc=0.7, scale=1.3, size=(rows, features)).astype(dtype)
    y = (X @ random.normal(size=features) - 0.9 + 0.5 * random.normal(size=rows)).astype(dtype)
    weights = random.normal(size=features).astype(dtype)
    for array in (X, y, weights):
        array.setflags(write=False)
    return ContractProblem(X, y, weights, float(np.dtype(dtype).type(random.normal())))


def train(backend: type[Trainer], given: ContractProblem, **plan: Any) -> Training:
    """A run from the problem's start; skipped where the backend says that it takes no mini-batches."""
    wanted = Plan(**{"learning_rate": given.rate, "epochs": 5, "start": given.start, "dtype": given.dtype, **plan})
    if wanted.batch_size is not None and wanted.batch_size < len(given.y) and not backend.minibatch:
        with pytest.raises(InputError, match=f"batch size of {wanted.batch_size}"):
            given.trainer(backend).train(wanted)
        pytest.skip(f"{backend.name} takes full batches only, and says so")
    return given.trainer(backend).train(wanted)


def assert_same_bits(left: Training, right: Training) -> None:
    """Two runs have left the same numbers, to the last bit."""
    for field in ("weights", "bias", "losses", "recorded_epochs", "recorded_weights", "recorded_biases"):
        np.testing.assert_array_equal(getattr(left, field), getattr(right, field), err_msg=field, strict=True)
    assert left.diverged_at == right.diverged_at


class ContractPlace(NamedTuple):
    """Parameters, the exact loss and gradient there, and how far a backend may be from them."""

    weights: NDArray[np.floating]
    bias: float
    exact: TruePoint
    bound: RoundingBound


@cache
def place(rows: int, features: int, dtype: DType, where: str) -> ContractPlace:
    """Zero, the start, far away, or (nearly) where the gradient vanishes."""
    given = problem(rows, features, dtype)
    places: dict[str, tuple[NDArray[np.floating], float]] = {
        "zero": (np.zeros_like(given.weights), 0.0),
        "start": (given.weights, given.bias),
        "far": (1000 * given.weights, float(given.X.dtype.type(-1000 * given.bias))),
        "optimum": least_squares(given),
    }
    weights, bias = places[where]
    exact = exact_gradient(given.X, given.y, fractions(weights), Fraction(bias))
    return ContractPlace(weights, bias, exact, bound_at(given.X, given.y, weights.astype(np.float64), bias, dtype))


def least_squares(given: ContractProblem) -> tuple[NDArray[np.floating], float]:
    """Where the loss is least, to the dtype's precision."""
    ones = np.column_stack([given.X, np.ones(len(given.y))]).astype(np.float64)
    found = np.linalg.lstsq(ones, given.y.astype(np.float64))[0].astype(given.X.dtype)
    return found[:-1], float(found[-1])


def assert_within_the_bound(trainer: Trainer, at: ContractPlace) -> None:
    """Loss and gradient at a place lie within their bounds of the exact ones."""
    got = trainer.gradient_at(at.weights, at.bias)
    off = [abs(float(Fraction(a) - e)) for a, e in zip(got.weights.tolist(), at.exact.weights, strict=True)]
    assert (np.array(off) <= at.bound.weights).all(), f"dW off by {off}, allowed {at.bound.weights}"
    assert abs(float(Fraction(got.bias) - at.exact.bias)) <= at.bound.bias
    assert abs(float(Fraction(got.loss) - at.exact.loss)) <= at.bound.loss
    assert abs(float(Fraction(trainer.loss_at(at.weights, at.bias)) - at.exact.loss)) <= at.bound.loss


@cache
def exact_path(
    rows: int, features: int, dtype: DType, batch_size: int | None, order: Order = "shuffled"
) -> list[Epoch]:
    """Where exact descent stands after each of five epochs; `batch_size` as in a plan."""
    given = problem(rows, features, dtype)
    return Descent(given.X, given.y, given.weights, given.bias, given.rate, 5, batch_size, seed=7, order=order).path()


def assert_near(run: Training, path: list[Epoch]) -> None:
    """Every epoch of a run lies within the bound of the exact descent."""
    assert len(run.losses) == len(run.recorded_epochs) == len(path) == 6
    for k, (exact, parameters_off, loss_off) in enumerate(path):
        weights = [Fraction(w) - e for w, e in zip(run.recorded_weights[k].tolist(), exact.weights, strict=True)]
        assert norm(weights, Fraction(run.recorded_biases[k]) - exact.bias) <= parameters_off, f"epoch {k}"
        assert abs(float(Fraction(run.losses[k]) - exact.loss)) <= loss_off, f"epoch {k}"
