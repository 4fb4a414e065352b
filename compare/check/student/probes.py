"""The points at which `check` asks a gradient.

A mistake hides where the data is kind to it: a missing bias shows only for b ≠ 0, a transposed matrix only raises an
error where n ≠ d, float32 is exact on small integers. So the probes differ in every way in which a mistake can show:
prime numbers of rows and features, n < d, n = d, data off centre, residuals of both signs, of no size at all and tiny
beside y, a zero bias, two learning rates, float32, and integers beside the same numbers as floats.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.compare.results.diagnosis import ProbeShape

#: Rows and features of the large probe, at which it shows if only the first rows, or features, are looked at.
LARGE = 2_000, 12

Floats = NDArray[np.float64]

#: Of steps from whole parameters: a fraction that leaves no gradient whole, be it a sum.
_SMALL_RATE = 0.125

#: Unit roundoff: half the distance from 1 to the next number.
UNIT_ROUNDOFF = {"float64": 2.0**-53, "float32": 2.0**-24}


@dataclass(frozen=True, eq=False)
class Probe:
    """One point: data, parameters, and how often the function is asked there.

    Attributes:
        X: (n, d), of the type in which the function gets it.
        y: (n,).
        weights: (d,).
        bias: A float, or an int where the weights are integers.
        learning_rate: For a `step`; a power of two, so that dividing by it rounds nothing.
        precision: The format that a function may compute in here.
        kind: "generic"; "fitted", where residuals are tiny beside y; "whole" numbers as floats; "small" ones, on which
            float32 is exact, too; "integer" types.
        total: Rows of the whole data of which these are a batch; None where a function cannot know.
        calls: Times that the function is asked.
    """

    X: NDArray[Any]
    y: NDArray[Any]
    weights: NDArray[Any]
    bias: float
    learning_rate: float = 0.25
    precision: Literal["float64", "float32"] = "float64"
    kind: Literal["generic", "fitted", "whole", "small", "integer"] = "generic"
    total: int | None = None
    calls: int = 1

    @property
    def rows(self) -> int:
        """How many: n."""
        return len(self.y)

    @property
    def features(self) -> int:
        """How many: d."""
        return int(self.X.shape[1])

    @property
    def wraps(self) -> bool:
        """Whether its integers are of a type in which sums and products of data wrap around."""
        return self.kind == "integer" and self.X.dtype in (np.int32, np.uint8)

    @property
    def shape(self) -> ProbeShape:
        """What tells it from the others."""
        return ProbeShape(self.rows, self.features, str(self.X.dtype), zero_bias=self.bias == 0)


#: Two rows of one feature, which can be computed in the head: ŷ is 3 and 7, r is 1 and 2, dW is 7 and db is 3.
IN_THE_HEAD = Probe(np.array([[1.0], [3.0]]), np.array([2.0, 5.0]), np.array([2.0]), 1.0)


def rounding(probe: Probe, precision: str) -> float:
    """γ_k = k u / (1 − k u) with k = n + d + 10: two dot products and a few operations more.

    Source: Higham, *Accuracy and Stability of Numerical Algorithms* (2002), lemma 3.1.
    """
    ku = (probe.rows + probe.features + 10) * UNIT_ROUNDOFF[precision]
    return ku / (1 - ku)


@lru_cache(maxsize=4)
def table_probes(seed: int = 0) -> tuple[tuple[Probe, ...], ...]:
    """The probes with X (n, d), in groups of one d, since a function with a memory cannot change d.

    With another `seed`, their numbers are drawn anew; what they have to show stays.
    """
    drawn = _Drawn(seed)
    return (
        drawn.every_kind(features=3),
        (drawn.generic(11, 1), drawn.generic(17, 1), drawn.integers(16, 1)),
        (drawn.generic(5, 5), drawn.generic(23, 5), drawn.generic(3, 5)),
        (drawn.generic(7, 7), drawn.generic(2, 7)),
        (drawn.generic(*LARGE),),
    )


@lru_cache(maxsize=4)
def single_feature_probes(seed: int = 0) -> tuple[tuple[Probe, ...], ...]:
    """The probes for functions that take one feature as plain numbers: d = 1."""
    drawn = _Drawn(seed)
    return (drawn.every_kind(features=1), (drawn.generic(LARGE[0], 1),))


@dataclass(frozen=True)
class _Drawn:
    """Probes whose numbers follow from a seed."""

    seed: int

    def every_kind(self, features: int) -> tuple[Probe, ...]:
        """One probe, or several, of every kind, with that many features."""
        generic = self.generic(13, features)
        whole, large, bytes_ = self.integers(11, features), self.large(11, features), self.bytes(11, features)
        return (
            replace(self.generic(7, features), calls=3),
            generic,
            replace(generic, bias=0.0),
            self.generic(101, features),
            self.generic(257, features),
            self.fitted(19, features),
            replace(self.integers(8, features), kind="small"),
            replace(self.integers(64, features), kind="small"),
            replace(_without_residuals(self.integers(16, features)), kind="small"),
            _single(self.generic(31, features)),
            whole,
            _typed(whole, np.int64, parameters=np.int64),
            large,
            _typed(large, np.int32),
            bytes_,
            _typed(bytes_, np.uint8),
        )

    def _random(self, *which: int) -> np.random.Generator:
        return np.random.default_rng([*which, self.seed] if self.seed else which)

    def generic(self, rows: int, features: int) -> Probe:
        """Off centre by another amount in every column; residuals from −1.5 to 3."""
        random = self._random(20, rows, features)
        centre = np.array([1.5, -2.5, 0.75, 3.25, -1.25, 2.25, -0.5])
        X = np.resize(centre, features) + 2 * random.random((rows, features)) - 0.6
        weights = (
            random.random(features)
            * np.array([1.5, -1.2, 0.9, -0.7, 1.1, 0.8, -1.3]).take(range(features), mode="wrap")
            + 0.3
        )
        bias = 0.4 + random.random()
        return Probe(X, X @ weights + bias - _residuals(random, rows), weights, bias, _rate(rows))

    def fitted(self, rows: int, features: int) -> Probe:
        """Residuals of a millionth of y: float64 tells them well, float32 not at all."""
        probe = self.generic(rows, features)
        predicted = probe.X @ probe.weights + probe.bias
        return replace(probe, y=predicted + 1e-6 * (predicted - probe.y), kind="fitted")

    def integers(self, rows: int, features: int) -> Probe:
        """Small whole numbers as floats: all sums are exact, in float32, too."""
        random = self._random(21, rows, features)
        X = random.integers(-5, 10, (rows, features)).astype(np.float64)
        y = random.integers(-20, 30, rows).astype(np.float64)
        weights = np.array([2.0, -3.0, 1.0])[:features]
        return Probe(X, y, weights, 3.0, _SMALL_RATE, kind="whole")

    def large(self, rows: int, features: int) -> Probe:
        """Whole numbers whose squares do not fit into 32 bits."""
        random = self._random(22, rows, features)
        X = random.integers(50_000, 90_000, (rows, features)).astype(np.float64)
        y = random.integers(50_000, 90_000, rows).astype(np.float64)
        return Probe(X, y, np.array([0.7, -0.4, 0.6])[:features], 12.5, _rate(rows), kind="whole")

    def bytes(self, rows: int, features: int) -> Probe:
        """Whole numbers up to 100, as in an image: −y does not fit into 8 bits without a sign, 2 X does."""
        random = self._random(23, rows, features)
        X = random.integers(1, 100, (rows, features)).astype(np.float64)
        y = random.integers(1, 100, rows).astype(np.float64)
        return Probe(X, y, np.array([0.7, -0.4, 0.6])[:features], 12.5, _rate(rows), kind="whole")


def _residuals(random: np.random.Generator, rows: int) -> Floats:
    """Of both signs, even for two rows, with a mean that is not 0."""
    size = random.random(rows)
    return np.where(np.arange(rows) % 2, -0.5 - size, 1 + 2 * size)


def _rate(rows: int) -> float:
    return 0.25 if rows % 4 == 1 else 0.5


def _without_residuals(probe: Probe) -> Probe:
    """A perfect fit: the gradient is 0."""
    return replace(probe, y=probe.X @ probe.weights + probe.bias)


def _single(probe: Probe) -> Probe:
    """A probe rounded to float32, which a function may then compute in."""
    X, y, weights = (array.astype(np.float32) for array in (probe.X, probe.y, probe.weights))
    return replace(probe, X=X, y=y, weights=weights, bias=float(np.float32(probe.bias)), precision="float32")


def _typed(probe: Probe, data: DTypeLike, parameters: DTypeLike = np.float64) -> Probe:
    """A probe with its numbers in another type."""
    whole = np.dtype(parameters).kind == "i"
    return replace(
        probe,
        X=probe.X.astype(data),
        y=probe.y.astype(data),
        weights=probe.weights.astype(parameters),
        bias=int(probe.bias) if whole else probe.bias,
        kind="integer",
    )
