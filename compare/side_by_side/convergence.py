"""How far a run has come on its way to the least-squares solution, and what the Hessian's eigenvalues had predicted.

Digits are those of NIST's log relative error, −log₁₀(|θⱼ − θ*ⱼ| / |θ*ⱼ|), of the worst parameter in the user's units;
where θ*ⱼ is 0, of the absolute error. Contraction is the factor by which an epoch shrinks the error ‖θ − θ*‖ of the
problem as it is trained; it is observed over the second half of the epochs before rounding stops the descent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.results.comparison import Trajectory
from handgrad.compare.side_by_side.prepare import Prepared

#: From so many digits on, a run counts as converged.
CONVERGED_DIGITS = 6

#: What an unfinished run is told the epochs for: digits that its format holds.
PROMISED_DIGITS = {"float64": (6, 12), "float32": (6,)}

#: The most digits that a double has.
MOST_DIGITS = 16.0

#: The error must lie so far above what rounding leaves before a contraction is read from it.
ABOVE_ROUNDING = 1e4


@dataclass(frozen=True)
class Convergence:
    """Where a run stands.

    Attributes:
        digits: Of the worst parameter; 0 where not even the first is right.
        converged: Whether that is at least `CONVERGED_DIGITS`.
        contraction: Observed; None where too few epochs lie above rounding.
        said: The whole in a sentence.
    """

    digits: float
    converged: bool
    contraction: float | None
    said: str


def convergence(trajectory: Trajectory, prepared: Prepared) -> Convergence:
    """Judges the end of a run by the least-squares solution, and its course by the predicted contraction."""
    digits = common_digits([*trajectory.weights[-1], trajectory.biases[-1]], prepared.own_goal())
    observed = observed_contraction(*errors(trajectory, prepared), rounding=prepared.rounding())
    converged = digits >= CONVERGED_DIGITS
    told = _progress(digits, converged, trajectory.epochs[-1], prepared)
    return Convergence(digits, converged, observed, told + _contraction(observed, prepared))


def common_digits(found: Sequence[float], wanted: Sequence[float]) -> float:
    """The digits that the worst parameter shares with its goal, from 0 to 16."""
    relative = [abs(a - b) / (abs(b) or 1.0) for a, b in zip(found, wanted, strict=True)]
    worst = max(relative)
    return min(MOST_DIGITS, max(0.0, -math.log10(worst))) if worst > 0 else MOST_DIGITS


def errors(trajectory: Trajectory, prepared: Prepared) -> tuple[FloatArray, FloatArray]:
    """Recorded epochs (k,) and ‖θ − θ*‖ (k,) at them, in the units of the problem as it is trained."""
    weights, biases = prepared.standardization.weights_forward(trajectory.weights, trajectory.biases)
    goal = prepared.goal()
    apart = np.column_stack([weights, biases]) - np.array([*goal.weights, goal.bias])
    with np.errstate(over="ignore"):
        return np.array(trajectory.epochs, dtype=np.float64), np.sqrt((apart**2).sum(axis=1))


def observed_contraction(epochs: FloatArray, sizes: FloatArray, rounding: float) -> float | None:
    """The mean factor per epoch over the second half of those whose error is well above rounding."""
    usable = np.flatnonzero(np.isfinite(sizes) & (sizes > ABOVE_ROUNDING * rounding))
    if len(usable) == 0 or usable[-1] == 0:
        return None
    last = int(usable[-1])
    first = int(np.searchsorted(epochs, epochs[last] / 2))
    first = min(first, last - 1)
    return float((sizes[last] / sizes[first]) ** (1 / (epochs[last] - epochs[first])))


def predicted_overflow(prepared: Prepared) -> int | None:
    """The epoch at which the loss is expected to overflow at the plan's rate; None if the run converges."""
    start = prepared.start()
    goal = prepared.goal()
    apart = np.array([*start.weights, start.bias]) - np.array([*goal.weights, goal.bias])
    top = float(prepared.table.hessian.components(apart)[0])
    return prepared.table.hessian.overflow_epoch(prepared.plan.learning_rate, top, prepared.plan.dtype)


def _progress(digits: float, converged: bool, epochs: int, prepared: Prepared) -> str:
    if not prepared.full_batch():
        return f"after {epochs:,} epochs of mini-batches, {math.floor(digits)} digits; they keep moving around it"
    arrived = f"{math.floor(digits)} digits of every parameter after {epochs:,} epochs"
    if converged:
        return f"converged: {arrived}{_nearest(prepared)}"
    if prepared.table.hessian.contraction(prepared.plan.learning_rate) >= 1:
        return f"not converged, and never will be at this rate: it must be below {prepared.table.hessian.limit:.4g}"
    needs = [(d, prepared.epochs_needed(d)) for d in PROMISED_DIGITS[prepared.plan.dtype]]
    first = needs[0][1]
    if first is not None and epochs > first:
        return (
            f"not converged: {arrived}; without rounding in {prepared.plan.dtype}, {first:,} would give {needs[0][0]}"
        )
    promised = " and ".join(f"about {count:,} for {d} digits" for d, count in needs if count is not None)
    takes = f"; at this rate it takes {promised}" if promised else ""
    return f"not converged: {math.floor(digits)} digits after {epochs:,} epochs{takes}"


def _nearest(prepared: Prepared) -> str:
    return ", at the solution nearest to the start" if prepared.table.hessian.deficient else ""


def _contraction(observed: float | None, prepared: Prepared) -> str:
    if observed is None or not prepared.full_batch():
        return ""
    predicted = prepared.table.hessian.contraction(prepared.plan.learning_rate)
    return f"; an epoch leaves {_factor(observed)} of the error (predicted {_factor(predicted)})"


def _factor(left: float) -> str:
    """Five digits; next to 1, what an epoch takes away, which is what tells one from another there."""
    return f"1 − {1 - left:.3g}" if 0 < abs(1 - left) < 1e-3 else f"{left:.5g}"
