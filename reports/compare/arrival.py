"""What is said about a run's way to the least-squares solution."""

from __future__ import annotations

import math

from handgrad.compare.results.arrival import Arrival, Remedy
from handgrad.compare.results.comparison import BackendResult
from handgrad.reports.look import numbers
from handgrad.reports.look.words import plural

#: Six digits are not promised where the condition number times the format's ε leaves fewer.
EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23}
PROMISED = 1e-6

#: A loss that is so little above the lowest is told as equal to it.
SAME_LOSS = 1e-12


def sentence(result: BackendResult) -> str | None:
    """How far a backend's run has come; None where it diverged, or nobody said.

    Runs of earlier versions hold the sentence itself.
    """
    if result.arrival is None:
        return result.convergence or None
    if result.arrival.digits is None:
        return None
    wrong = result.accuracy is not None and not result.accuracy.passed
    if wrong and result.arrival.state != "yes":
        return astray(result.arrival, result.arrival.digits)
    return of(result.arrival, result.arrival.digits)


def astray(arrival: Arrival, digits: float) -> str:
    """How far a run has come that is not the descent: the Hessian foretells neither its rates nor its epochs."""
    whole, after = plural(math.floor(digits), "digit"), f"after {plural(arrival.epochs, 'epoch')}"
    wrong = "it lies outside its bounds, so that no rate or number of epochs is foretold for it"
    return "; ".join([f"not converged: {whole} {after}", *loss(arrival), wrong])


def of(arrival: Arrival, digits: float) -> str:
    """How far a run has come that has so many digits, and what an epoch left of its error."""
    return progress(arrival, digits) + contraction(arrival)


def progress(arrival: Arrival, digits: float) -> str:
    """How many digits after how many epochs; of a run that has not arrived, its loss, why, and what to change."""
    after, whole = f"after {plural(arrival.epochs, 'epoch')}", plural(math.floor(digits), "digit")
    batches = "" if arrival.full_batch else " of mini-batches"
    if arrival.state == "yes":
        where = ", at the solution nearest to the start" if arrival.nearest_to_start else ""
        return f"converged: {whole} of every parameter {after}{batches}{where}"
    parts = [f"not converged: {whole} {after}{batches}", *loss(arrival), *hindrance(arrival)]
    return "; ".join([*parts, *remedies(arrival)])


def loss(arrival: Arrival) -> list[str]:
    """How far the loss is above the lowest that there is, where that is known."""
    if arrival.loss is None or arrival.lowest_loss is None:
        return []
    if arrival.loss_ratio is None:
        return [f"the loss is {numbers.number(arrival.loss)}, and the lowest there is is 0"]
    above = arrival.loss_ratio - 1
    if above <= SAME_LOSS:
        return ["the loss is the lowest that there is, up to rounding"]
    if above >= 1:
        return [f"the loss is {numbers.ratio(arrival.loss_ratio)} times the lowest that there is"]
    return [f"the loss is {numbers.ratio(100 * above)} % above the lowest that there is"]


def hindrance(arrival: Arrival) -> list[str]:
    """What keeps a run from arriving, apart from too few epochs."""
    if not arrival.full_batch:
        moves = any(remedy.kind == "smaller rate" for remedy in arrival.remedies)
        return ["at a constant rate they keep moving around the solution"] if moves else []
    if arrival.best_contraction is not None and arrival.best_contraction >= 1:
        return [f"no rate gets there in float64: the condition number is {numbers.ratio(arrival.condition)}"]
    if arrival.predicted_contraction >= 1:
        return [f"it never will be at this rate, which must be below {numbers.brief(arrival.limit, 4)}"]
    if arrival.stopped_by_rounding:
        needed = plural(arrival.epochs_for["6"] or 0, "epoch")
        return [f"rounding in {arrival.dtype} stops it, without which {needed} would give 6 digits"]
    return []


def remedies(arrival: Arrival) -> list[str]:
    """What to change, the epochs for six digits beside it; where rounding may stop those, that is said."""
    told = [_remedy(remedy) for remedy in arrival.remedies if remedy.kind != "smaller rate"]
    doubt = (arrival.condition or 0) * EPSILON[arrival.dtype] > PROMISED
    counted = any(one.epochs is not None and one.kind != "standardize" for one in arrival.remedies)
    caution = f" (if rounding in {arrival.dtype} lets it)" if doubt and counted else ""
    nearer = ["a smaller rate brings it nearer"] if any(one.kind == "smaller rate" for one in arrival.remedies) else []
    return [*nearer, *([f"for 6 digits: {_either(told)}{caution}"] if told else [])]


def _either(told: list[str]) -> str:
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])}, or {told[-1]}"


def _remedy(remedy: Remedy) -> str:
    count = "" if remedy.epochs is None else f"about {plural(remedy.epochs, 'epoch')}"
    rate = "" if remedy.learning_rate is None else numbers.brief(remedy.learning_rate, 4)
    return {
        "epochs": f"{count} at this rate",
        "rate": f"{count} at the best rate, {rate}",
        "standardize": f"{count} on standardised features at the rate {rate}",
        "full batch": f"{count} of full batches at the rate {rate}",
        "float64": "float64",
    }[remedy.kind]


def contraction(arrival: Arrival) -> str:
    """What an epoch left of the error, beside what was predicted of the same epochs; nothing where none was seen."""
    if arrival.contraction is None or not arrival.full_batch or (arrival.best_contraction or 0) >= 1:
        return ""
    expected = arrival.expected_contraction
    predicted = factor(arrival.predicted_contraction if expected is None else expected)
    when = "" if arrival.window is None else f"from epoch {arrival.window[0]:,} to {arrival.window[1]:,} "
    left = factor(arrival.contraction)
    return f"; {when}an epoch {'left' if when else 'leaves'} {left} of the error (predicted {predicted})"


def factor(left: float) -> str:
    """Five digits; next to 1, what an epoch takes away, which is what tells one from another there."""
    return f"1 − {numbers.brief(1 - left, 3)}" if 0 < abs(1 - left) < 1e-3 else numbers.brief(left, 5)
