"""What stands for all where there is no room for all: one backend, and the features that move the prediction most."""

from __future__ import annotations

from collections.abc import Sequence

from handgrad.compare.results.comparison import Comparison, Problem


def reference(comparison: Comparison) -> str | None:
    """The backend whose parameters stand for all: NumPy's where it ran, or else the first that did."""
    ended_well = [name for name, result in comparison.backends.items() if result.status == "ok" and result.weights]
    return "numpy" if "numpy" in ended_well else next(iter(ended_well), None)


def is_full_batch(problem: Problem) -> bool:
    """Whether an update sees all rows."""
    return problem.batch_size is None or problem.batch_size >= problem.rows


def largest_features(comparison: Comparison, most: int) -> list[int]:
    """The positions of at most so many features, those that move the prediction most, in the table's order."""
    count = len(comparison.problem.features)
    weights = _some_weights(comparison)
    if weights is None or count <= most:
        return list(range(min(count, most)))
    sizes = influence(comparison.problem, weights)
    return sorted(sorted(range(count), key=lambda j: -sizes[j])[:most])


def influence(problem: Problem, weights: Sequence[float]) -> list[float]:
    """How much each weight moves the prediction: |weight| × scale of its feature, in units of the target."""
    scales = problem.scales or (1.0,) * len(weights)
    return [abs(weight * scale) for weight, scale in zip(weights, scales, strict=True)]


def _some_weights(comparison: Comparison) -> tuple[float, ...] | None:
    if comparison.problem.destination is not None:
        return comparison.problem.destination.weights
    return next((result.weights for result in comparison.backends.values() if result.weights), None)
