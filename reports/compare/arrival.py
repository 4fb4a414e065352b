"""What is said about a run's way to the least-squares solution."""

from __future__ import annotations

import math

from handgrad.compare.results.arrival import Arrival
from handgrad.compare.results.comparison import BackendResult

#: What an unfinished run is told the epochs for: digits that its format holds.
PROMISED_DIGITS = {"float64": ("6", "12"), "float32": ("6",)}


def sentence(result: BackendResult) -> str | None:
    """How far a backend's run has come; None where it diverged, or nobody said.

    Runs of earlier versions hold the sentence itself.
    """
    if result.arrival is None:
        return result.convergence or None
    return None if result.arrival.digits is None else of(result.arrival, result.arrival.digits)


def of(arrival: Arrival, digits: float) -> str:
    """How far a run has come that has so many digits, and what an epoch leaves of its error."""
    return progress(arrival, digits) + contraction(arrival)


def progress(arrival: Arrival, digits: float) -> str:
    """How many digits, after how many epochs, and how many more it takes."""
    epochs, whole = f"{arrival.epochs:,} epochs", math.floor(digits)
    if not arrival.full_batch:
        return f"after {epochs} of mini-batches, {whole} digits; they keep moving around it"
    if arrival.state == "yes":
        where = ", at the solution nearest to the start" if arrival.nearest_to_start else ""
        return f"converged: {whole} digits of every parameter after {epochs}{where}"
    if arrival.predicted_contraction >= 1:
        return f"not converged, and never will be at this rate: it must be below {arrival.limit:.4g}"
    return not_yet(arrival, whole)


def not_yet(arrival: Arrival, whole: int) -> str:
    """How many digits a run has that would arrive, and how many epochs that takes."""
    needs = {digits: arrival.epochs_for.get(digits) for digits in PROMISED_DIGITS[arrival.dtype]}
    first = needs["6"]
    if first is not None and arrival.epochs > first:
        return (
            f"not converged: {whole} digits of every parameter after {arrival.epochs:,} epochs; without rounding in "
            f"{arrival.dtype}, {first:,} would give 6"
        )
    promised = " and ".join(
        f"about {count:,} for {digits} digits" for digits, count in needs.items() if count is not None
    )
    takes = f"; at this rate it takes {promised}" if promised else ""
    return f"not converged: {whole} digits after {arrival.epochs:,} epochs{takes}"


def contraction(arrival: Arrival) -> str:
    """What an epoch left of the error, beside what was predicted; nothing where that was not seen."""
    if arrival.contraction is None or not arrival.full_batch:
        return ""
    predicted = factor(arrival.predicted_contraction)
    return f"; an epoch leaves {factor(arrival.contraction)} of the error (predicted {predicted})"


def factor(left: float) -> str:
    """Five digits; next to 1, what an epoch takes away, which is what tells one from another there."""
    return f"1 − {1 - left:.3g}" if 0 < abs(1 - left) < 1e-3 else f"{left:.5g}"
