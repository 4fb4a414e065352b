"""Exercises on scaling: standardised features, and parameters back in the user's units."""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.check.exercises.task import Arguments, Blocks, Slip, Task, tables


def _standardize_calls() -> list[Arguments]:
    units = np.array([100.0, 1.0, 0.01, 10.0])
    return [{"X": X * units[: X.shape[1]]} for X, *_ in tables((5, 2), (11, 3), (7, 4), (3, 3))]


def _standardize(X: FloatArray, **options: Any) -> Blocks:
    """`options` are those of NumPy's `mean` and `std`."""
    means, scales = X.mean(axis=options.get("axis", 0)), X.std(**({"axis": 0} | options))
    return (X - means) / scales, means, scales


def _by_row(X: FloatArray) -> Blocks:
    means, scales = X.mean(axis=1), X.std(axis=1)
    return (X - means[:, np.newaxis]) / scales[:, np.newaxis], means, scales


STANDARDIZE = Task(
    function="standardize",
    parts=("Z", "means", "scales"),
    calls=_standardize_calls,
    right=_standardize,
    slips=(
        Slip("sample-deviation", lambda X: _standardize(X, ddof=1)),
        Slip("variance", lambda X: ((X - X.mean(axis=0)) / X.var(axis=0), X.mean(axis=0), X.var(axis=0))),
        Slip("not-centred", lambda X: (X / X.std(axis=0), X.mean(axis=0), X.std(axis=0))),
        Slip("by-row", _by_row),
    ),
)


def _back_calls() -> list[Arguments]:
    return [
        {"weights": weights, "bias": bias, "means": X.mean(axis=0), "scales": X.std(axis=0) + 0.5}
        for X, _, weights, bias in tables((5, 1), (7, 2), (11, 3), (13, 5))
    ]


def _back(weights: FloatArray, bias: float, means: FloatArray, scales: FloatArray) -> Blocks:
    own = weights / scales
    return own, bias - float(means @ own)


BACK = Task(
    function="parameters_back",
    parts=("weights", "bias"),
    calls=_back_calls,
    right=_back,
    slips=(
        Slip("bias-not-moved", lambda **a: (_back(**a)[0], a["bias"])),
        Slip(
            "times-the-scale",
            lambda **a: (a["weights"] * a["scales"], a["bias"] - float(a["means"] @ (a["weights"] * a["scales"]))),
        ),
        Slip("bias-of-other-weights", lambda **a: (_back(**a)[0], a["bias"] - float(a["means"] @ a["weights"]))),
        Slip("bias-the-other-way", lambda **a: (_back(**a)[0], 2 * a["bias"] - _back(**a)[1])),
    ),
)
