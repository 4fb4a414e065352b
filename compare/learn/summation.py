"""Float32 and the order of summation: the same numbers added up in different orders."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.exact import ExactTrainer
from handgrad.backends.interface import FloatArray, Trainer
from handgrad.compare.judge.bounds import gradient_tolerances, likely_growth, over, worst_growth
from handgrad.compare.learn.runs import ready
from handgrad.compare.results.learn.lessons import SinglePrecision, Summation

#: How many numbers are added up, and the rows on which the backends work in float32.
SUMMED_ROWS = (100, 1000, 10_000, 100_000, 1_000_000)
SINGLE_ROWS = 20_000


def summation(seed: int) -> Summation:
    """Squares of residuals in float32, added up in different orders, against their exact sum."""
    squares = (np.random.default_rng(seed).normal(size=max(SUMMED_ROWS)).astype(np.float32)) ** 2
    sums = [sums_of(squares[:n]) for n in SUMMED_ROWS]
    backends, _ = ready()
    x, y = single_table(seed)
    totals = np.cumsum(squares)
    swallowed = np.cumsum((np.diff(totals) == 0) & (squares[1:] > 0))
    return Summation(
        rows=SUMMED_ROWS,
        errors={order: tuple(found[order] for found in sums) for order in sums[0]},
        worst=tuple(worst_growth(n, "float32") for n in SUMMED_ROWS),
        likely=tuple(likely_growth(n, "float32") for n in SUMMED_ROWS),
        swallowed=tuple(int(swallowed[n - 2]) for n in SUMMED_ROWS),
        backends={name: single(made, x, y) for name, made in backends.items()},
        backend_rows=SINGLE_ROWS,
    )


def sums_of(numbers: NDArray[np.float32]) -> dict[str, float]:
    """The relative error of each order of summing numbers (n,); the exact sum is `math.fsum`'s, of the same numbers."""
    exact = math.fsum(numbers.tolist())
    ordered = {
        "one after the other": np.cumsum(numbers)[-1],
        "smallest first": np.cumsum(np.sort(numbers))[-1],
        "in blocks of 128": np.cumsum(in_blocks(numbers, 128))[-1],
        "pairwise (np.sum)": numbers.sum(),
        "float64, rounded at the end": np.float32(numbers.sum(dtype=np.float64)),
    }
    return {name: abs(float(found) - exact) / exact for name, found in ordered.items()}


def in_blocks(numbers: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """The sums (blocks,) of so many of the numbers (n,) each, added up one after the other within a block."""
    padded = np.zeros(-(-len(numbers) // size) * size, dtype=np.float32)
    padded[: len(numbers)] = numbers
    sums: NDArray[np.float32] = np.cumsum(padded.reshape(-1, size), axis=1)[:, -1]
    return sums


def single_table(seed: int) -> tuple[FloatArray, FloatArray]:
    """X (n,) and y (n,) for the backends' float32, off centre so that sums do not cancel."""
    random = np.random.default_rng([seed, 7])
    x = random.uniform(0, 1, SINGLE_ROWS)
    return x, 2 * x + 1 + 0.1 * random.normal(size=SINGLE_ROWS)


def single(made: type[Trainer], x: FloatArray, y: FloatArray) -> SinglePrecision:
    """Loss and gradient at zero in float32 of x (n,) and y (n,), against the exact ones of the same float32 numbers."""
    exact = ExactTrainer(x.astype(np.float32), y.astype(np.float32)).gradient_at([0.0], 0.0)
    found = made(x, y, "float32").gradient_at([0.0], 0.0)
    held = x.astype(np.float32)[:, np.newaxis]
    bound = gradient_tolerances(held, y.astype(np.float32), [0.0], 0.0, "float32").likely
    ratio = over([found.weights[0] - exact.weights[0], found.bias - exact.bias], [bound.weights[0], bound.bias]).max()
    return SinglePrecision(abs(found.loss - exact.loss) / exact.loss, float(ratio))
