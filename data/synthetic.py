"""Data whose truth is known: y = X W + b + noise.

X is uniform on [−5, 5), so that the loss has curvature 2 along the bias and 2 · 25/3 ≈ 17 along a weight: a learning
rate of 0.01 descends safely. With a condition number κ asked for, X = √n U S Vᵀ instead, with U an orthonormal basis of
the centred noise, V a random rotation, and singular values S spread evenly in their logarithm from 5/√3 to 5/(√3 κ).
"""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import DataError, Dataset, FloatArray

#: One feature: the truth is y = 2x + 1.
WEIGHT, BIAS = 2.0, 1.0

#: X is uniform on [−HALF_RANGE, HALF_RANGE).
HALF_RANGE = 5.0

#: Beyond it, rounding X to doubles changes the condition number visibly: its relative error is about κ · 1e-16.
LARGEST_CONDITION = 1e12

#: Numbers of a table; beyond it NumPy fails by their count, below it for want of memory.
LARGEST_TABLE = 2**50

TRUTH_SCHEMA = 1


class GroundTruth(msgspec.Struct, frozen=True, kw_only=True):
    """What a synthetic data set was made of; `truth.json` beside the tables.

    Attributes:
        weights: d, the true ones.
        bias: The true one.
        noise: The standard deviation of what was added to y, in units of y.
        seed: Of everything random.
        num_samples: n, before a split.
        features: d.
        condition: The condition number of the centred X that was asked for; None if none was.
        schema: Of this file.
    """

    weights: tuple[float, ...]
    bias: float
    noise: float
    seed: int
    num_samples: int
    features: int
    condition: float | None = None
    schema: int = TRUTH_SCHEMA


def synthetic(
    num_samples: int = 1000,
    features: int = 1,
    noise: float = 0.5,
    seed: int = 0,
    condition: float | None = None,
) -> tuple[Dataset, GroundTruth]:
    """Makes data and keeps the truth.

    Args:
        num_samples: n ≥ 2.
        features: d ≥ 1. One feature gives y = 2x + 1; more give weights with two decimals, drawn from the seed.
        noise: Standard deviation of the normal noise on y, in units of y.
        seed: The same seed gives the same data, to the bit without `condition`.
        condition: The condition number of the centred X, from 1 to 1e12; needs d ≥ 2 and n > d.

    Raises:
        DataError: On arguments that make no sense.
    """
    _check(num_samples, features, noise, seed, condition)
    draw_X, draw_weights, draw_noise = (np.random.default_rng([seed, stream]) for stream in range(3))
    X = draw_X.uniform(-HALF_RANGE, HALF_RANGE, (num_samples, features))
    if condition is not None:
        X = _conditioned(X, condition, draw_X)
    weights = np.array([WEIGHT]) if features == 1 else np.round(draw_weights.uniform(-3, 3, features), 2)
    y_true = _line(X, weights)
    dataset = Dataset(
        X=X,
        y=y_true + draw_noise.normal(0.0, noise, num_samples),
        feature_names=("X",) if features == 1 else tuple(f"X{j}" for j in range(1, features + 1)),
        target_name="y",
        source=f"synthetic (n = {num_samples}, d = {features}, noise {noise:g}, seed {seed})",
        y_true=y_true,
    )
    truth = GroundTruth(
        weights=tuple(weights.tolist()),
        bias=BIAS,
        noise=float(noise),
        seed=seed,
        num_samples=num_samples,
        features=features,
        condition=None if condition is None else float(condition),
    )
    return dataset, truth


def split(dataset: Dataset, train_split: float = 0.8, seed: int = 0) -> tuple[Dataset, Dataset]:
    """Cuts the rows, in a random order, into two data sets: for training and for testing.

    Args:
        dataset: What to cut.
        train_split: The share of the rows to train on, between 0 and 1.
        seed: Of the order.

    Raises:
        DataError: If a part would be empty.
    """
    if not 0 < train_split < 1:
        raise DataError(f"train split: expected a share between 0 and 1, such as 0.8, got {train_split!r}")
    _check_seed(seed)
    training_rows = round(train_split * dataset.rows)
    if training_rows in (0, dataset.rows):
        raise DataError(
            f"train split: {train_split:g} of {dataset.rows} rows leaves {dataset.rows - training_rows} to test on; "
            "choose another share, or more rows"
        )
    order = np.random.default_rng(seed).permutation(dataset.rows)
    return _rows(dataset, order[:training_rows], "to train"), _rows(dataset, order[training_rows:], "to test")


def _line(X: FloatArray, weights: FloatArray) -> FloatArray:
    """X W + b, (n,), of X (n, d) and weights (d,), feature by feature, so that no BLAS decides the last bit."""
    y = np.full(len(X), BIAS)
    for column, weight in zip(X.T, weights, strict=True):
        y += column * weight
    return y


def _conditioned(noise: FloatArray, condition: float, generator: np.random.Generator) -> FloatArray:
    """A centred X (n, d) whose singular values run from the first to the last by a factor of `condition`."""
    n, d = noise.shape
    basis, _ = np.linalg.qr(noise - noise.mean(axis=0))
    rotation, _ = np.linalg.qr(generator.normal(size=(d, d)))
    spread = HALF_RANGE / math.sqrt(3) * np.geomspace(1.0, 1.0 / condition, d)
    conditioned: FloatArray = math.sqrt(n) * (basis * spread) @ rotation.T
    return conditioned


def _rows(dataset: Dataset, rows: NDArray[np.int64], purpose: str) -> Dataset:
    return replace(
        dataset,
        X=dataset.X[rows],
        y=dataset.y[rows],
        y_true=None if dataset.y_true is None else dataset.y_true[rows],
        source=f"{dataset.source}, {len(rows):,} rows {purpose}",
    )


def _check(num_samples: int, features: int, noise: float, seed: int, condition: float | None) -> None:
    if not isinstance(num_samples, int) or num_samples < 2:
        raise DataError(f"number of samples: expected a whole number, 2 or more, got {num_samples!r}")
    if not isinstance(features, int) or features < 1:
        raise DataError(f"features: expected a whole number, 1 or more, got {features!r}")
    if num_samples * features > LARGEST_TABLE:
        raise DataError(f"expected at most {LARGEST_TABLE:,} numbers, got {num_samples} × {features}; make fewer")
    if not (math.isfinite(noise) and noise >= 0):
        raise DataError(f"noise: expected a standard deviation, 0 or more, got {noise!r}")
    _check_seed(seed)
    if condition is not None:
        _check_condition(condition, num_samples, features)


def _check_condition(condition: float, num_samples: int, features: int) -> None:
    if not 1 <= condition <= LARGEST_CONDITION:
        raise DataError(f"condition: expected a number from 1 to {LARGEST_CONDITION:g}, got {condition!r}")
    if features == 1:
        raise DataError(
            f"condition: one feature always has condition number 1, got {condition:g}; ask for more features"
        )
    if num_samples <= features:
        raise DataError(
            f"condition: expected more samples than features, got {num_samples} and {features}: the centred X would be "
            "singular"
        )


def _check_seed(seed: int) -> None:
    if not isinstance(seed, int) or seed < 0:
        raise DataError(f"seed: expected a whole number, 0 or more, got {seed!r}")
