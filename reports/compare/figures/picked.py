"""What a figure, a table and a sentence pick of the same accuracy."""

from __future__ import annotations

from handgrad.compare.results.comparison import Accuracy


def bound_ratios(accuracy: Accuracy) -> tuple[float | None, float | None]:
    """Error over bound: of the gradient at the start, and the largest of the parameters of any recorded epoch."""
    along = accuracy.epochs.bound_ratio if accuracy.epochs else (accuracy.parameters.bound_ratio,)
    known = [ratio for ratio in along if ratio is not None]
    return accuracy.start_gradient.bound_ratio, max(known, default=None)


def worst_ratio(accuracy: Accuracy) -> float | None:
    """The larger of the two; None where neither is known."""
    return max((ratio for ratio in bound_ratios(accuracy) if ratio is not None), default=None)
