"""Gradient descent as a scikit-learn estimator: `GradientDescentRegressor`, on any of the backends.

    from handgrad.sklearn import GradientDescentRegressor

    model = GradientDescentRegressor(backend="numba").fit(X, y)
    model.predict(X), model.coef_, model.history_.losses

It needs scikit-learn, an extra: pip install "handgrad[sklearn]".
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.backends.catalogue import load
from handgrad.backends.interface import DType, FloatArray, InputError, Parameters, Plan, Trainer, Training
from handgrad.compare.judge.hessian import Hessian, hessian
from handgrad.data.standardize import Standardization

try:
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as missing:
    raise ImportError('handgrad.sklearn needs scikit-learn: pip install "handgrad[sklearn]"') from missing

#: Epochs between two looks at whether descent has arrived; twice as many each time.
FIRST_LOOK = 64


@dataclass(frozen=True)
class History:
    """A training run epoch by epoch, in the user's units; row 0 is the start.

    Attributes:
        losses: (n_iter_ + 1,), the mean squared error over all rows, in units of y².
        weights: (n_iter_ + 1, d).
        biases: (n_iter_ + 1,).
    """

    losses: FloatArray = field(repr=False)
    weights: FloatArray = field(repr=False)
    biases: FloatArray = field(repr=False)


@dataclass(frozen=True)
class _Stillness:
    """When descent has arrived.

    Attributes:
        tol: The share of the first epoch's largest move.
        eps: A small multiple of the dtype's machine epsilon.
        reach: (d + 1,), η √(mean xⱼ²) / √(1 − ρ²): ε times this and √(mean y²) is how far rounding errors of gradients
            move a parameter, those of earlier epochs included, of which each epoch leaves ρ, the contraction.
    """

    tol: float
    eps: float
    reach: FloatArray

    def first(self, run: Training) -> int | None:
        """The first epoch that moved no parameter by more; None if none did, or if nothing was asked."""
        points = np.column_stack([run.recorded_weights, run.recorded_biases]).astype(np.float64)
        if self.tol == 0 or len(points) < 2 or not len(run.losses):
            return None
        moves = np.abs(np.diff(points, axis=0))
        rounding = self.eps * (self.reach * math.sqrt(run.losses[0]) + np.abs(points[1:]))
        still = (moves <= np.maximum(self.tol * moves[0].max(), rounding)).all(axis=1)
        return int(still.argmax()) + 1 if still.any() else None


class GradientDescentRegressor(RegressorMixin, BaseEstimator):
    """Linear regression by gradient descent on the mean squared error, with gradients written by hand.

    ŷ = X W + b minimises L = (1/n) Σ (ŷ − y)²; every update is W ← W − η dW, b ← b − η db with dW = (2/n) Xᵀ(ŷ − y) and
    db = (2/n) Σ (ŷ − y), from zero on. Parameters come back in the units of X.

    Args:
        backend: A name from `handgrad backends`; all of them compute the same.
        learning_rate: η. None takes the best fixed one, 2/(λ_max + λ_min) of the Hessian H = (2/n) [Z 1]ᵀ[Z 1] of the
            problem as it is descended on; with batches at most 1/max ‖(zᵢ, 1)‖², with which no batch can diverge.
        epochs: How often to go through all rows, at most.
        tol: Descent has arrived when an epoch moves no parameter by more than this share of the first epoch's largest
            move, in full batch the share of the first gradient that is left, or by no more than rounding does. 0 makes
            all epochs.
        standardize: Whether features are centred and scaled to a standard deviation of 1 first, as unlike scales make
            descent slow. A constant feature has the weight 0.
        batch_size: Rows per update; None takes all rows at once.
        seed: Of the batches.
        dtype: The format in which everything is computed, "float64" or "float32".

    Attributes:
        coef_: (d,), W.
        intercept_: b.
        n_iter_: Epochs that were made.
        history_: `History`: losses, weights and biases after every epoch.
        converged_: Whether descent arrived; otherwise `fit` warns, and says why. Not asked, and False, with a tol of 0.
        condition_number_: κ = λ_max/λ_min of H: an epoch at the best rate leaves (κ − 1)/(κ + 1) of the error. Infinite
            where columns depend on one another.
        learning_rate_: η as it was used.
        n_features_in_: d.
        feature_names_in_: (d,), where X has names.
    """

    coef_: FloatArray
    intercept_: float
    n_iter_: int
    history_: History
    converged_: bool
    condition_number_: float
    learning_rate_: float

    def __init__(
        self,
        backend: str = "numpy",
        learning_rate: float | None = None,
        epochs: int = 10_000,
        tol: float = 1e-8,
        standardize: bool = True,
        batch_size: int | None = None,
        seed: int = 0,
        dtype: DType = "float64",
    ) -> None:
        self.backend = backend
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.tol = tol
        self.standardize = standardize
        self.batch_size = batch_size
        self.seed = seed
        self.dtype = dtype

    def fit(self, X: ArrayLike, y: ArrayLike) -> GradientDescentRegressor:
        """Descends on X (n, d), y (n,), from zero.

        Raises:
            InputError: On a parameter out of range.
            ValueError: On X or y that scikit-learn does not take: not finite, of wrong shapes, sparse.
            UnknownBackend, BackendUnavailable: The message says what there is, or how to install it.

        Warns:
            ConvergenceWarning: If it did not arrive.
        """
        table, target = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        self._check()
        units = _units(table) if self.standardize else Standardization.identity(table.shape[1])
        Z = units.apply(table)
        bent = hessian(Z)
        self.condition_number_ = float("inf") if bent.deficient else bent.condition
        self.learning_rate_ = self._rate(bent, Z)
        trainer = load(self.backend)(Z, np.asarray(target, dtype=np.float64), self.dtype)
        still = _Stillness(self.tol, 8 * float(np.finfo(self.dtype).eps), _reach(Z, bent, self.learning_rate_))
        run = self._descend(trainer, still)
        self._keep(run, units, still.first(run))
        self._warn(run, bent)
        return self

    def predict(self, X: ArrayLike) -> FloatArray:
        """ŷ = X W + b, (n,), of X (n, d)."""
        check_is_fitted(self)
        table = validate_data(self, X, reset=False, dtype=np.float64)
        predicted: FloatArray = table @ self.coef_ + self.intercept_
        return predicted

    def _check(self) -> None:
        """What a plan does not check: it sees the rate only when it is known."""
        if not isinstance(self.tol, int | float) or not 0 <= self.tol < 1:
            raise InputError(f"tol: expected a number from 0 to 1, without 1, got {self.tol!r}")
        Plan(1.0 if self.learning_rate is None else self.learning_rate, self.epochs, self.batch_size, None, self.seed,
             self.dtype)  # fmt: skip

    def _rate(self, bent: Hessian, Z: FloatArray) -> float:
        if self.learning_rate is not None:
            return float(self.learning_rate)
        if self.batch_size is None or self.batch_size >= len(Z):
            return bent.best_rate
        return min(bent.best_rate, 1 / float((Z**2).sum(axis=1).max() + 1))

    def _descend(self, trainer: Trainer, still: _Stillness) -> Training:
        """All epochs with batches; in full batch, as many as it takes to arrive."""
        looks = [self.epochs]
        if trainer.takes_all(self._plan(self.epochs, None)):
            looks = _looks(self.epochs)
        run = trainer.train(self._plan(looks[0], None))
        for epochs in looks[1:]:
            if run.diverged_at is not None or still.first(run) is not None:
                break
            run = _joined(run, trainer.train(self._plan(epochs, Parameters(run.weights, run.bias))))
        return run

    def _plan(self, epochs: int, start: Parameters | None) -> Plan:
        every = range(epochs + 1)
        return Plan(self.learning_rate_, epochs, self.batch_size, start, self.seed, self.dtype, record=every)

    def _keep(self, run: Training, units: Standardization, arrived: int | None) -> None:
        self.converged_ = arrived is not None and run.diverged_at is None
        last = len(run.recorded_epochs) - 1 if arrived is None else arrived
        weights, biases = units.weights_back(run.recorded_weights[: last + 1], run.recorded_biases[: last + 1])
        self.history_ = History(run.losses[: last + 1], weights, biases)
        self.coef_, self.intercept_, self.n_iter_ = weights[-1], float(biases[-1]), last

    def _warn(self, run: Training, bent: Hessian) -> None:
        why = None
        if run.diverged_at is not None:
            batches = "" if self.batch_size is None else " in full batch, and batches bear less"
            why = (
                f"diverged in epoch {run.diverged_at}: the learning rate is {self.learning_rate_:g}, the limit "
                f"{bent.limit:g}{batches}; leave learning_rate out, or standardize"
            )
        elif self.tol and not self.converged_:
            why = (
                f"did not arrive in {self.n_iter_:,} epochs, with a condition number of {self.condition_number_:.3g}; "
                "give more epochs, a larger tol, or standardize"
            )
        if why is not None:
            warnings.warn(f"{type(self).__name__} {why}", ConvergenceWarning, stacklevel=3)


def _units(table: NDArray[np.float64]) -> Standardization:
    """Means and standard deviations of the columns (n, d); a constant one is centred, and not scaled."""
    varies = table.min(axis=0) < table.max(axis=0)
    means, scales = table[0].copy(), np.ones(table.shape[1])
    if varies.any():
        found = Standardization.fit(table[:, varies])
        means[varies], scales[varies] = found.means, found.scales
    return Standardization(means, scales)


def _looks(epochs: int) -> list[int]:
    """Segments of 64, 128, 256, … epochs, and what is left of them all."""
    sizes, size, left = list[int](), FIRST_LOOK, epochs
    while left > size:
        sizes.append(size)
        left, size = left - size, 2 * size
    return [*sizes, left]


def _reach(Z: FloatArray, bent: Hessian, rate: float) -> FloatArray:
    """See `_Stillness`; of the columns of Z (n, d) and of the ones, (d + 1,)."""
    sizes = np.sqrt(np.append((Z**2).mean(axis=0), 1.0))
    rho = bent.contraction(rate)
    reach: FloatArray = rate * sizes / math.sqrt(1 - rho**2) if rho < 1 else rate * sizes
    return reach


def _joined(first: Training, then: Training) -> Training:
    """A run, and the one that went on from where it ended."""
    epochs = int(first.recorded_epochs[-1])
    return Training(
        weights=then.weights,
        bias=then.bias,
        losses=np.concatenate([first.losses, then.losses[1:]]),
        recorded_epochs=np.concatenate([first.recorded_epochs, then.recorded_epochs[1:] + epochs]),
        recorded_weights=np.concatenate([first.recorded_weights, then.recorded_weights[1:]]),
        recorded_biases=np.concatenate([first.recorded_biases, then.recorded_biases[1:]]),
        diverged_at=None if then.diverged_at is None else then.diverged_at + epochs,
    )


__all__: list[Any] = ["GradientDescentRegressor", "History"]
