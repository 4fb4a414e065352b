"""NIST's Statistical Reference Datasets (StRD), linear: data, certified parameters, and an exact refit if there is one.

Source: NIST/ITL, public domain. The files in `reference/nist` name the original references.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent / "reference" / "nist"
NAMES = ("Norris", "Longley", "NoInt1", "Wampler1", "Wampler2")
#: NIST fits NoInt1 without an intercept, so its certified slope is not ours.
WITH_INTERCEPT = ("Norris", "Longley", "Wampler1", "Wampler2")


class Table(NamedTuple):
    """X (n, d), y (n,), and the certified parameters (d + 1,), weights first, as the nearest doubles."""

    X: NDArray[np.float64]
    y: NDArray[np.float64]
    certified: NDArray[np.float64]


def table(name: str) -> Table:
    rows = np.loadtxt(FOLDER / f"{name}.csv", delimiter=",", skiprows=1)
    content = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    X = rows[:, 1:]
    if name.startswith("Wampler"):
        X = np.column_stack([X[:, 0] ** k for k in range(1, 6)])
    known = content.get("exact_refit_30_digits", content["certified"])["parameters"]
    bias, *weights = [float(parameter["estimate"]) for parameter in known]
    return Table(X, rows[:, 0], np.array([*weights, bias]))


def standardized(X: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled: NDArray[np.float64] = (X - X.mean(axis=0)) / X.std(axis=0)
    return scaled


def correct_digits(given: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    """−log₁₀ of the largest relative error; 16 at most."""
    largest = float((np.abs(given - true) / np.abs(true)).max())
    return min(16.0, -math.log10(largest)) if largest else 16.0
