"""Two or three mistakes at once are named where they can be told from all others; no name is of one that is not there.

The functions are put together here, from the mistakes of this file alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from checked import check

from handgrad.compare.results.diagnosis import UNKNOWN

pytestmark = pytest.mark.mutation

#: Ways to go wrong, by the step at which it happens: a name of its own for each, and the key that `check` has for it.
#: Of one step, one way at most.
STEPS: dict[str, dict[str, str]] = {
    "forward": {"no bias": "bias-left-out"},
    "residual": {
        "prediction": "not-the-residual",
        "minus y": "not-the-residual",
        "y": "not-the-residual",
        "signs": "absolute-error",
        "twice signs": "absolute-error",
    },
    "products": {"ones": "x-left-out", "reversed": "transposed"},
    "turn": {"-": "sign"},
    "two": {"half": "two-missing", "double": "two-twice"},
    "rows": {"sum": "sum-instead-of-mean", "n squared": "mean-twice"},
    "one row fewer": {"n - 1": "one-row-fewer"},
    "dW alone": {
        "dW -": "sign",
        "dW half": "two-missing",
        "dW double": "two-twice",
        "dW sum": "sum-instead-of-mean",
        "dW n squared": "mean-twice",
        "dW half a sum": "one-block-only",
    },
    "db alone": {
        "db -": "sign",
        "db half": "two-missing",
        "db double": "two-twice",
        "db sum": "sum-instead-of-mean",
        "db n squared": "mean-twice",
        "db half a sum": "one-block-only",
    },
    "dW plus": {"weights": "penalty-without-factor"},
    "db plus": {"bias": "bias-penalised"},
    "order": {"swapped": "swapped-answer"},
}
KEYS = {way: key for step in STEPS.values() for way, key in step.items()}
FACTORS: dict[str, Callable[[int], float]] = {
    "-": lambda n: -1.0,
    "half": lambda n: 0.5,
    "double": lambda n: 2.0,
    "sum": lambda n: n,
    "n - 1": lambda n: n / (n - 1),
    "n squared": lambda n: 1 / n,
    "half a sum": lambda n: n / 2,
}
MOST = 3
#: Said where no mistake is known to explain the answers; of the shape where dW and db change places.
NONE = ([UNKNOWN], ["wrong-shape"])


def made_of(*ways: str) -> Callable[..., Any]:
    """A gradient with these mistakes."""

    def gradient(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        n = len(y)
        predicted = X @ weights + (0 if "no bias" in ways else bias)
        r = _residual(predicted, y, ways)
        dW = np.full(X.shape[1], r.sum()) if "ones" in ways else X.T @ r
        both = 2 / n * np.prod([FACTORS[way](n) for way in ways if way in FACTORS])
        only = {b: np.prod([FACTORS[w[3:]](n) for w in ways if w.startswith(f"{b} ")]) for b in ("dW", "db")}
        dW, db = both * only["dW"] * dW, both * only["db"] * r.sum()
        dW = dW[::-1] if "reversed" in ways else dW
        dW, db = dW + 0.3 * weights * ("weights" in ways), db + 0.7 * bias * ("bias" in ways)
        return (db, dW) if "swapped" in ways else (dW, db)

    return gradient


def _residual(predicted: Any, y: Any, ways: tuple[str, ...]) -> Any:
    every = {
        "prediction": predicted,
        "minus y": -np.asarray(y, float),
        "y": y,
        "signs": np.sign(predicted - y) / 2,
        "twice signs": np.sign(predicted - y),
    }
    return next((every[way] for way in ways if way in every), predicted - y)


def names(ways: tuple[str, ...]) -> list[str]:
    """What `check` is to say: of one block, whose factor alone is wrong, that it is one block only."""
    blocks = {way[:2] for way in ways if way[:3] in ("dW ", "db ")}
    return sorted("one-block-only" if len(blocks) == 1 and way[:3] in ("dW ", "db ") else KEYS[way] for way in ways)


@cache
def separable(size: int) -> list[tuple[str, ...]]:
    """Those which are another function than each of as many mistakes or of fewer."""
    every = [ways for k in range(MOST + 1) for steps in combinations(STEPS, k) for ways in _products(steps)]
    answers = {ways: _answer(ways) for ways in every}
    alike: dict[tuple[float, ...], list[tuple[str, ...]]] = {}
    for ways, answer in answers.items():
        alike.setdefault(answer, []).append(ways)
    return [ways for ways in every if len(ways) == size and alike[answers[ways]] == [ways]]


def _products(steps: tuple[str, ...]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    for step in steps:
        found = [(*ways, way) for ways in found for way in STEPS[step]]
    return found


def _answer(ways: tuple[str, ...]) -> tuple[float, ...]:
    """At two points, to ten digits."""
    numbers: list[float] = []
    for n in (5, 7):
        draw = np.random.default_rng(n)
        blocks = made_of(*ways)(1 + draw.random((n, 3)), 3 * draw.random(n), draw.random(3), draw.random())
        numbers += [float(f"{x:.10g}") for block in blocks for x in np.ravel(block)]
    return tuple(numbers)


def _drawn(size: int, count: int) -> list[tuple[str, ...]]:
    return random.Random(7).sample(separable(size), count)


@pytest.mark.parametrize(("size", "count"), [(2, 10), (3, 25)])
def test_mistakes_at_once_are_named_all_and_no_others(size: int, count: int) -> None:
    for ways in _drawn(size, count):
        told = check(made_of(*ways))
        assert sorted(told.mistakes) in (names(ways), *NONE), f"{ways}: {told}"
        assert list(told.mistakes) not in NONE or _is_let_be(ways), f"{ways}: {told}"


def _is_let_be(ways: tuple[str, ...]) -> bool:
    """A half and a sum in one block are known alone; an order is read off an answer that nothing is added to."""
    return "half a sum" in str(ways) or {"reversed", "weights"} <= set(ways)
