"""Mini-batches: the gradient of a few rows is that of all, but for noise; what it saves, and where the noise ends.

Of m rows drawn without putting back from n whose pulls have the standard deviation σ, the mean has

    σ/√m · √((n − m)/(n − 1))

(Cochran, *Sampling Techniques*, 1977, theorem 2.2, with σ² = (1/n) Σ (gᵢ − ḡ)²).
"""

from __future__ import annotations

import math

import numpy as np

from handgrad.backends.interface import FloatArray, Plan
from handgrad.compare.learn.one_feature import OneFeature
from handgrad.compare.learn.rates import excess
from handgrad.compare.learn.runs import path_of
from handgrad.compare.results.learn.descent import BatchRun, MiniBatches

#: Epochs of the runs, and how many of the last are averaged.
EPOCHS, AVERAGED = 30, 10

#: A batch has so many rows, or a quarter of a smaller table's; the others have all rows and one.
BATCH_ROWS = 32

#: Batches whose gradient is looked at.
DRAWN = 500

#: By so much the rate of the last run is smaller.
SLOWER = 4


def mini_batches(table: OneFeature, seed: int) -> MiniBatches:
    """From zero at one rate, in batches of all rows, of a few, and of one."""
    rows, rate = len(table.y), safe_rate(table)
    sizes = sorted({rows, max(1, min(BATCH_ROWS, rows // 4)), 1}, reverse=True)
    runs = tuple(batch_run(table, size, rate, seed) for size in sizes)
    return MiniBatches(
        rate=rate,
        epochs=EPOCHS,
        averaged=AVERAGED,
        drawn=DRAWN,
        runs=runs,
        slower=batch_run(table, sizes[-1], rate / SLOWER, seed),
        slower_rate=rate / SLOWER,
    )


def safe_rate(table: OneFeature) -> float:
    """Half of the largest rate at which no row alone makes a step too long: each bends its own loss by 2 (x² + 1)."""
    return 0.5 / float((table.x**2).max() + 1)


def batch_run(table: OneFeature, size: int, rate: float, seed: int) -> BatchRun:
    """One run, and the spread of such batches' dW at the start."""
    plan = Plan(rate, epochs=EPOCHS, batch_size=None if size == len(table.y) else size, seed=seed)
    above = excess(table, path_of(table.numpy.train(plan)))
    pulls = -2 * table.y * table.x  # at W = b = 0
    return BatchRun(
        size=size,
        steps=math.ceil(len(table.y) / size),
        predicted_spread=predicted_spread(pulls, size),
        seen_spread=seen_spread(pulls, size, seed),
        excess=above,
        final=float(np.mean(above[-AVERAGED:])),
    )


def predicted_spread(pulls: FloatArray, size: int) -> float:
    """The standard deviation of the mean of so many of the pulls (n,), drawn without putting back."""
    n = len(pulls)
    return float(pulls.std() / math.sqrt(size) * math.sqrt((n - size) / (n - 1)))


def seen_spread(pulls: FloatArray, size: int, seed: int) -> float:
    """The standard deviation of the means of `DRAWN` batches of the pulls (n,), around the mean of all."""
    random = np.random.default_rng([seed, size])
    means = np.array([random.choice(pulls, size, replace=False).mean() for _ in range(DRAWN)])
    return 0.0 if size == len(pulls) else float(np.sqrt(np.mean((means - pulls.mean()) ** 2)))
