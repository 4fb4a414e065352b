"""Questions on descent: a training loop, a search for the learning rate, an epoch of mini-batches, momentum."""

from __future__ import annotations

import numpy as np

from handgrad.compare.check.exercises.questions.question import Arguments, ExerciseQuestion, tables


def _steep(weight: float, bias: float) -> tuple[float, float]:
    """The gradient of a bowl whose axes lie askew, so that each derivative depends on both parameters."""
    return 6 * weight + 2 * bias - 4, 2 * weight + 3 * bias + 1


def _shallow(weight: float, bias: float) -> tuple[float, float]:
    """The gradient of a loss that is no quadratic."""
    return 0.5 * weight * weight * weight - bias, bias - weight + 0.25 * bias * bias * bias


def _walks() -> list[Arguments]:
    starts = ((_steep, 0.0, 0.0, 0.1, 5), (_shallow, 2.0, -1.0, 0.05, 7), (_steep, 1.5, -0.5, 0.02, 1))
    return [
        {"gradient": gradient, "weight": weight, "bias": bias, "learning_rate": rate, "epochs": epochs}
        for gradient, weight, bias, rate, epochs in starts
    ]


DESCENT = ExerciseQuestion("descend", ("weight", "bias"), _walks)


def _after(rate: float) -> float:
    """The loss after 60 epochs on a valley: too small a rate is slow, too large a one grows."""
    u, v = 3.0, 2.0
    for _ in range(60):
        u, v = u - rate * 8 * u, v - rate * 0.5 * v
    return 4 * u * u + 0.25 * v * v


def _overflowing(rate: float) -> float:
    """The loss after 3,000 epochs: infinity where the rate is beyond the limit, and then NaN, infinity − infinity."""
    u, v = 1.0, 1.0
    for _ in range(3000):
        u, v = u - rate * (3 * u + v), v - rate * (u + 2 * v)
    return 1.5 * u * u + u * v + v * v + 0.01 * rate


def _searches() -> list[Arguments]:
    tried = (
        (_after, (0.001, 0.01, 0.1, 0.2, 0.3)),
        (_overflowing, (3.0, 0.001, 0.0003, 0.0001)),
        (_overflowing, (0.0003, 2.0, 0.001, 0.7)),
        (_after, (0.2, 0.02, 0.002)),
    )
    return [{"loss_after": loss_after, "rates": list(rates)} for loss_after, rates in tried]


RATE_SEARCH = ExerciseQuestion("best_rate", ("rate",), _searches)


def _epochs() -> list[Arguments]:
    """Batches of unlike size, and one that stands alone."""
    cut = {7: (3, 6), 11: (4, 8), 13: (13,), 10: (5,)}
    made = []
    for X, y, weights, bias in tables((7, 2), (11, 3), (13, 1), (10, 2)):
        rows = np.random.default_rng(len(y)).permutation(len(y))
        batches = [part for part in np.split(rows, cut[len(y)]) if len(part)]
        made.append({"X": X, "y": y, "weights": weights, "bias": bias, "learning_rate": 0.03, "batches": batches})
    return made


EPOCH = ExerciseQuestion("epoch", ("weights", "bias"), _epochs)


def _steps() -> list[Arguments]:
    return [
        {
            "parameters": random.normal(size=d),
            "gradient": random.normal(size=d),
            "velocity": random.normal(size=d),
            "learning_rate": rate,
            "momentum": momentum,
        }
        for d, rate, momentum in ((2, 0.1, 0.9), (3, 0.25, 0.5), (5, 0.01, 0.8), (1, 0.5, 0.0))
        for random in (np.random.default_rng([6, d]),)
    ]


MOMENTUM = ExerciseQuestion("momentum_step", ("parameters", "velocity"), _steps)
