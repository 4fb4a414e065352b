"""The learning rate: runs below, at and beyond the limit, beside what the Hessian's eigenvalues predict."""

from __future__ import annotations

import numpy as np

from handgrad.backends.interface import FloatArray, Plan
from handgrad.compare.learn.one_feature import DIGITS, OneFeature
from handgrad.compare.learn.runs import path_of
from handgrad.compare.results.learn.descent import Bowl, DescentPath, RateRun, Rates

#: Epochs of the runs.
SHOWN_EPOCHS = 60

#: The rates that are shown: over the best one, and over the limit.
TOO_SMALL, JUST_BELOW, JUST_OVER = 0.05, 0.98, 1.02


def rates(table: OneFeature) -> Rates:
    """From zero at four rates: too small, best, just below the limit and just over it."""
    hessian = table.checked.hessian
    chosen = {
        "too small": TOO_SMALL * hessian.best_rate,
        "best": hessian.best_rate,
        "just below": JUST_BELOW * hessian.limit,
        "just over": JUST_OVER * hessian.limit,
    }
    runs = tuple(rate_run(table, name, rate) for name, rate in chosen.items())
    converging = [run.path for run in runs if run.overflow is None]
    return Rates(
        largest=hessian.largest,
        smallest=hessian.smallest,
        limit=hessian.limit,
        best=hessian.best_rate,
        grid=table.grid(converging),
        bowl=bowl(table),
        runs=runs,
    )


def bowl(table: OneFeature) -> Bowl:
    """The table's loss as the quadratic that it is."""
    vectors, values = table.checked.hessian.eigenvectors, table.checked.hessian.eigenvalues
    (by_weight, mixed), (_, by_bias) = (vectors * values @ vectors.T).tolist()
    return Bowl((by_weight, mixed, by_bias), table.subject.minimum, table.subject.lowest)


def rate_run(table: OneFeature, name: str, rate: float) -> RateRun:
    """One run, and what the eigenvalues say about it."""
    hessian = table.checked.hessian
    error = -table.minimum
    overflow = hessian.overflow_epoch(rate, float(hessian.components(error)[0]), "float64")
    training = table.numpy.train(Plan(rate, epochs=SHOWN_EPOCHS))
    path = path_of(training)
    return RateRun(
        name=name,
        rate=rate,
        contraction=hessian.contraction(rate),
        observed=observed_contraction(path, table.minimum),
        path=path,
        excess=excess(table, path),
        diverged_at=None if overflow is None else diverged_at(table, rate, overflow),
        overflow=overflow,
        epochs_for_six=hessian.epochs_for(DIGITS, rate),
    )


def observed_contraction(path: DescentPath, minimum: FloatArray) -> float | None:
    """The mean factor per epoch of ‖θ − θ*‖, θ* (2,), over the second half of the epochs not yet down to rounding."""
    sizes = np.hypot(np.array(path.weights) - minimum[0], np.array(path.biases) - minimum[1])
    alive = np.flatnonzero(sizes > 1e-10 * sizes[0])
    last = int(alive[-1])
    first = last // 2
    return float((sizes[last] / sizes[first]) ** (1 / (last - first))) if last > first else None


def excess(table: OneFeature, path: DescentPath) -> tuple[float, ...]:
    """The loss above the minimum at each point of a path, without cancellation: ½ eᵀHe of the error e."""
    errors = np.column_stack([path.weights, path.biases]) - table.minimum
    parts = errors @ table.checked.hessian.eigenvectors
    above: list[float] = (0.5 * (parts**2 @ table.checked.hessian.eigenvalues)).tolist()
    return tuple(above)


def diverged_at(table: OneFeature, rate: float, overflow: int) -> int | None:
    """The epoch at which the run really left float64's range, looked for a little beyond the prediction."""
    epochs = overflow + overflow // 10 + 10
    return table.numpy.train(Plan(rate, epochs=epochs, record=())).diverged_at
