"""The learning rate: runs below, at and beyond the limit, beside what the Hessian's eigenvalues predict."""

from __future__ import annotations

import numpy as np

from handgrad.backends.interface import Plan
from handgrad.compare.learn.one_feature import DIGITS, OneFeature
from handgrad.compare.learn.runs import path_of
from handgrad.compare.results.learn.descent import Bowl, DescentPath, RateRun, Rates

#: Epochs of the runs.
SHOWN_EPOCHS = 60

#: The rates that are shown: over the best one, and over the limit.
TOO_SMALL, JUST_BELOW, JUST_OVER = 0.05, 0.98, 1.02

#: Eigenvalues that differ by no more, relatively, bend the loss alike.
ALIKE = 1e-12


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
    steepest = hessian.eigenvalues >= (1 - ALIKE) * hessian.largest
    along = float(np.linalg.norm(hessian.components(error)[steepest]))
    overflow = hessian.overflow_epoch(rate, along, "float64")
    training = table.numpy.train(Plan(rate, epochs=SHOWN_EPOCHS))
    path = path_of(training)
    expected, observed = contractions(table, path, rate)
    return RateRun(
        name=name,
        rate=rate,
        contraction=hessian.contraction(rate),
        expected=expected,
        observed=observed,
        path=path,
        excess=excess(table, path),
        diverged_at=None if overflow is None else diverged_at(table, rate, overflow),
        overflow=overflow,
        epochs_for_six=hessian.epochs_for(DIGITS, rate),
    )


def contractions(table: OneFeature, path: DescentPath, rate: float) -> tuple[float | None, float | None]:
    """The mean factor per epoch of ‖θ − θ*‖ over the second half of the epochs not yet down to rounding.

    The first is what the eigenvalues say of these epochs, the second what was seen; None: there are no such epochs.
    """
    sizes = np.hypot(np.array(path.weights) - table.minimum[0], np.array(path.biases) - table.minimum[1])
    expected = np.linalg.norm(table.checked.hessian.path(-table.minimum, rate, range(len(sizes))), axis=1)
    last = int(np.flatnonzero(sizes > 1e-10 * sizes[0])[-1])
    first = last // 2
    if last == first:
        return None, None
    of_expected, of_seen = (float((s[last] / s[first]) ** (1 / (last - first))) for s in (expected, sizes))
    return of_expected, of_seen


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
