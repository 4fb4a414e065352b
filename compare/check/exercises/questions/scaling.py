"""Questions on scaling: standardised features, and parameters back in the user's units."""

from __future__ import annotations

import numpy as np

from handgrad.compare.check.exercises.questions.question import Arguments, ExerciseQuestion, tables


def _unlike_units() -> list[Arguments]:
    units = np.array([100.0, 1.0, 0.01, 10.0])
    return [{"X": X * units[: X.shape[1]]} for X, *_ in tables((5, 2), (11, 3), (7, 4), (3, 3))]


STANDARDIZE = ExerciseQuestion("standardize", ("Z", "means", "scales"), _unlike_units)


def _found_on_z() -> list[Arguments]:
    return [
        {"weights": weights, "bias": bias, "means": X.mean(axis=0), "scales": X.std(axis=0) + 0.5}
        for X, _, weights, bias in tables((5, 1), (7, 2), (11, 3), (13, 5))
    ]


BACK = ExerciseQuestion("parameters_back", ("weights", "bias"), _found_on_z)
