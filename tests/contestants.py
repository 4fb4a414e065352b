"""Correct implementations of the judged functions, every operation rounded to a format: what no bound may accuse.

Exponentials and logarithms are off by up to 2 ULP on purpose, at random.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handgrad.compare.functions.causes import _compensated, _fused, _in_lanes, _pairwise
from handgrad.compare.functions.formats import FORMATS, Format

Array = NDArray[np.float64]


@dataclass
class Chance:
    """Which of the ways to compute a function a trial takes, and how its library errs."""

    rng: np.random.Generator
    format: Format

    def one_of(self, *ways: Callable[[], Array]) -> Array:
        return ways[self.rng.integers(len(ways))]()

    def library(self, values: Array) -> Array:
        """A value of `exp` or `log`, rounded, and then up to one place beside: 1.5 ULP off at most."""
        rounded = self.format.round(values)
        return self.format.round(
            rounded + self.rng.integers(-1, 2, size=np.shape(values)) * self.format.spacing(rounded)
        )

    def total(self, terms: Array) -> Array:
        """Of (n, q)."""
        inner, wide = self.format, FORMATS["float32" if self.format.precision < 24 else "float64"]
        return self.one_of(
            lambda: inner.total(terms),
            lambda: inner.total(terms[::-1]),
            lambda: _pairwise(terms, inner),
            lambda: _in_lanes(4)(terms, inner) if len(terms) >= 8 else inner.total(terms),
            lambda: inner.round(wide.total(terms)),
            lambda: _compensated(terms, inner),
        )


def total(x: Array, by: Chance) -> Array:
    return by.total(x[:, None])[0]


def mean(x: Array, by: Chance) -> Array:
    r, n = by.format.round, len(x)
    return by.one_of(lambda: r(total(x, by) / n), lambda: r(total(x, by) * r(np.array(1 / n))))


def dot(x: Array, y: Array, by: Chance) -> Array:
    return products(x[None], y[:, None], by)[0, 0]


def products(a: Array, b: Array, by: Chance) -> Array:
    """(m, n) of (m, k) and (k, n)."""
    left = np.repeat(a.T[:, :, None], b.shape[1], axis=2).reshape(a.shape[1], -1)
    right = np.repeat(b[:, None, :], a.shape[0], axis=1).reshape(a.shape[1], -1)
    found = by.one_of(
        lambda: by.total(by.format.round(left * right)),
        lambda: _fused(1)(left, right, by.format),
        lambda: _fused(4)(left, right, by.format),
    )
    return found.reshape(a.shape[0], b.shape[1])


def two_passes(x: Array, by: Chance) -> Array:
    r = by.format.round
    d = r(x - mean(x, by))
    return r(total(r(d * d), by) / len(x))


def welford(x: Array, by: Chance) -> Array:
    r = by.format.round
    middle, squares = np.array(0.0), np.array(0.0)
    for k, value in enumerate(x, start=1):
        apart = r(value - middle)
        middle = r(middle + r(apart / k))
        squares = r(squares + r(apart * r(value - middle)))
    return r(squares / len(x))


def norm(x: Array, by: Chance) -> Array:
    r, largest = by.format.round, np.abs(x).max()
    if largest == 0:
        return largest
    scaled = r(x / largest)
    return r(r(np.sqrt(total(r(scaled * scaled), by))) * largest)


def exponentials(x: Array, by: Chance) -> Array:
    r = by.format.round
    shifted = r(x - x.max())
    log2e = r(np.array(np.log2(np.e)))
    powers = by.one_of(lambda: by.library(np.exp(shifted)), lambda: by.library(np.exp2(r(shifted * log2e))))
    return np.where(shifted == 0, 1.0, np.maximum(powers, 0.0))


def softmax(x: Array, by: Chance) -> Array:
    r, powers = by.format.round, exponentials(x, by)
    whole = total(powers, by)
    return by.one_of(lambda: r(powers / whole), lambda: r(powers * r(1 / whole)))


def logsumexp(x: Array, by: Chance) -> Array:
    r = by.format.round
    whole = total(exponentials(x, by), by)
    return r(x.max() + (by.library(np.log(whole)) if whole != 1 else 0.0))


CONTESTANTS: dict[str, Callable[..., Array]] = {
    "sum": total,
    "mean": mean,
    "dot product": dot,
    "matrix-vector": lambda a, x, by: products(a, x[:, None], by)[:, 0],
    "matrix-matrix": products,
    "variance": lambda x, by: by.one_of(lambda: two_passes(x, by), lambda: welford(x, by)),
    "two-pass variance": two_passes,
    "2-norm": norm,
    "1-norm": lambda x, by: total(np.abs(x), by),
    "max-norm": lambda x, by: np.abs(x).max(),
    "softmax": softmax,
    "logsumexp": logsumexp,
}
