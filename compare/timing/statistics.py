"""What samples of time support: a median with its interval, outliers, whether two backends can be told apart.

Samples come in groups, one for each process that was started anew: a process keeps the luck of its memory layout for
life, so that samples of one process are more alike than samples of several (Kalibera and Jones 2013, "Rigorous
benchmarking in reasonable time"). Intervals are therefore bootstrapped in two levels: first processes are drawn with
replacement, then samples within each (Davison and Hinkley 1997, *Bootstrap Methods and their Application*, section
3.8; percentile interval: Efron 1979). With one process it is the usual bootstrap. Times are skewed, hence medians.

Nothing here reads a clock: the same samples give the same answer.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from handgrad.compare.results.timing import Disturbance, Estimate, Timing

Groups = Sequence[Sequence[float]]
Draws = NDArray[np.float64]

CONFIDENCE = 0.95
RESAMPLES = 1000

#: Two programs whose medians are closer than this are never told apart: alignment alone moves a loop by as much
#: (Mytkowicz et al. 2009, "Producing wrong data without doing anything obviously wrong!").
NOISE_FLOOR_AT_LEAST = 0.01

#: Above this share of severe outliers, or this relative half-width, the machine is called noisy.
SEVERE_SHARE = 0.05
NOISY_WIDTH = 0.05


# -- one backend -------------------------------------------------------------------------------------------------------


def timing(
    groups: Groups,
    epochs_per_sample: int = 1,
    changed_answers: int = 0,
    largest_change: float | None = 0.0,
    disturbance: Disturbance | None = None,
) -> Timing:
    """The summary of seconds per epoch, one group for each process, in the order in which they were taken.

    What disturbs only ever adds time, so the interval reaches down to what is left without it.
    """
    samples = tuple(float(sample) for group in groups for sample in group)
    middle = median(groups)
    mild, severe = outliers(samples)
    return Timing(
        median=middle.value,
        low=middle.low * (disturbance.kept if disturbance else 1.0),
        high=middle.high,
        samples=samples,
        mild_outliers=mild,
        severe_outliers=severe,
        processes=tuple(len(group) for group in groups),
        epochs_per_sample=epochs_per_sample,
        changed_answers=changed_answers,
        largest_change=largest_change,
        disturbance=disturbance,
    )


def kept(timed: Timing) -> float:
    """The part of a measured time that the backend may have taken undisturbed."""
    return timed.disturbance.kept if timed.disturbance else 1.0


def groups_of(timed: Timing) -> list[tuple[float, ...]]:
    """The samples of each process."""
    ends = list(accumulate(timed.processes or (len(timed.samples),), initial=0))
    return [timed.samples[first:last] for first, last in pairwise(ends)]


def median(groups: Groups, seed: int = 0) -> Estimate:
    """The median of all samples and its bootstrap interval."""
    return estimate(statistics.median(sample for group in groups for sample in group), medians(groups, seed))


def medians(groups: Groups, seed: int = 0, resamples: int = RESAMPLES) -> Draws:
    """(resamples,): the median of each two-level resample.

    Raises:
        ValueError: When there are no samples.
    """
    groups = [group for group in groups if len(group)]
    if not groups:
        raise ValueError("expected at least one sample, got none")
    random, sizes = np.random.default_rng(seed), np.array([len(group) for group in groups])
    table = np.full((len(groups), sizes.max()), np.nan)
    for row, group in zip(table, groups, strict=True):
        row[: len(group)] = group
    picked = random.integers(len(groups), size=(resamples, len(groups), 1))
    at = (random.random((resamples, len(groups), sizes.max())) * sizes[picked]).astype(np.intp)
    drawn = np.where(np.arange(sizes.max()) < sizes[picked], table[picked, at], np.nan)
    return _row_medians(drawn.reshape(resamples, -1))


def _row_medians(drawn: Draws) -> Draws:
    """The median of each row without its NaNs, which sorting puts last: some fifty times faster than `nanmedian`."""
    ordered, counts = np.sort(drawn, axis=1), np.count_nonzero(~np.isnan(drawn), axis=1)
    rows = np.arange(len(drawn))
    middle: Draws = (ordered[rows, (counts - 1) // 2] + ordered[rows, counts // 2]) / 2
    return middle


def estimate(value: float, draws: Draws) -> Estimate:
    """A value with the interval that holds `CONFIDENCE` of the draws (and never excludes the value)."""
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(float(value), min(float(low), float(value)), max(float(high), float(value)))


def half_width(timed: Timing) -> float:
    """Half the interval, relative to the median."""
    return (timed.high - timed.low) / (2 * timed.median) if timed.median > 0 else math.inf


def outliers(samples: Sequence[float]) -> tuple[int, int]:
    """How many samples lie beyond Tukey's inner fences (1.5 interquartile ranges), and how many beyond the outer (3).

    An outlier counts once: a severe one is not mild as well (Tukey 1977, *Exploratory Data Analysis*; criterion.rs).
    """
    first, third = np.quantile(samples, [0.25, 0.75])
    beyond = np.maximum(first - np.asarray(samples), np.asarray(samples) - third) / ((third - first) or math.inf)
    severe = int(np.count_nonzero(beyond > 3))
    return int(np.count_nonzero(beyond > 1.5)) - severe, severe


def noise_warnings(timings: Mapping[str, Timing]) -> list[str]:
    """What makes timings doubtful, the worst one named, and what to do about it; nothing where nothing does."""
    wide = {name: width for name, timed in timings.items() if (width := half_width(timed)) > NOISY_WIDTH}
    severe = {name: share for name, timed in timings.items() if (share := severe_share(timed)) > SEVERE_SHARE}
    doubts = []
    if wide:
        worst = max(wide, key=wide.__getitem__)
        doubts.append(
            f"{len(wide)} of {len(timings)} medians are known to ±{100 * NOISY_WIDTH:.0f} % or worse "
            f"({worst}: ±{100 * wide[worst]:.0f} %)"
        )
    if severe:
        worst = max(severe, key=severe.__getitem__)
        doubts.append(
            f"{len(severe)} of {len(timings)} timings have many severe outliers "
            f"({worst}: {timings[worst].severe_outliers} of {len(timings[worst].samples)} samples)"
        )
    remedy = "the machine is noisy: close other programs, plug it in, or give more --budget"
    return [f"{', and '.join(doubts)}; {remedy}"] if doubts else []


def severe_share(timed: Timing) -> float:
    """Severe outliers among the samples."""
    return timed.severe_outliers / len(timed.samples)


# -- two backends ------------------------------------------------------------------------------------------------------


def ratios(over: Groups, under: Groups) -> list[list[float]]:
    """over/under round by round, for each process pair; a round that one of them missed has no ratio."""
    return [[a / b for a, b in zip(x, y, strict=False)] for x, y in zip(over, under, strict=False)]


def paired_ratio(over: Timing, under: Timing, seed: int = 0) -> Estimate | None:
    """The median over the rounds of the ratio of two backends' times; None without a common round.

    Both were timed in the same round, so a machine that drifts from round to round changes both alike. One that is
    disturbed need not have been slowed as much as the other: the interval reaches to what both may have taken.
    """
    paired = ratios(groups_of(over), groups_of(under))
    return widened(median(paired, seed), over, under) if any(paired) else None


def widened(ratio: Estimate, over: Timing, under: Timing) -> Estimate:
    """A ratio of two times, its interval as wide as what disturbed them allows."""
    return Estimate(ratio.value, ratio.low * kept(over), ratio.high / kept(under))


def independent_ratio(over: Timing, under: Timing) -> Estimate:
    """The ratio of two medians from different runs, whose rounds have nothing in common."""
    draws = medians(groups_of(over), seed=1) / medians(groups_of(under), seed=2)
    return widened(estimate(over.median / under.median, draws), over, under)


def noise_floor(same: Estimate | None) -> float:
    """How different two copies of one program looked in the same rounds (an A/A run): their ratio's distance from 1.

    That is what processes differ by of themselves. How well it is known is not part of it, since the intervals of all
    ratios hold that already. At least `NOISE_FLOOR_AT_LEAST`, which is also what is taken without an A/A run.
    """
    if same is None:
        return NOISE_FLOOR_AT_LEAST
    return max(NOISE_FLOOR_AT_LEAST, same.value - 1, 1 / same.value - 1)


def told_apart(ratio: Estimate, floor: float = NOISE_FLOOR_AT_LEAST) -> bool:
    """Whether the whole interval of a ratio lies farther from 1 than the noise floor."""
    return ratio.low > 1 + floor or ratio.high < 1 / (1 + floor)


# -- several sizes -----------------------------------------------------------------------------------------------------


def exponent(rows: Sequence[int], timings: Sequence[Timing]) -> Estimate | None:
    """The p of seconds ~ rowsᵖ over the sizes given, by least squares on the logarithms; None for fewer than two."""
    if len(rows) < 2:
        return None
    x = np.log(np.asarray(rows, dtype=np.float64))
    x -= x.mean()
    slope = x / (x @ x)
    draws = np.array([medians(groups_of(timed), seed) for seed, timed in enumerate(timings)])
    middles = np.log([timed.median for timed in timings])
    return estimate(float(slope @ middles), slope @ np.log(draws))


def crossovers(
    rows: Sequence[int], over: Sequence[Timing], under: Sequence[Timing], floors: Sequence[float]
) -> list[tuple[Estimate, bool]]:
    """The numbers of rows at which two backends change places, ascending.

    They do so between two sizes at which they are told apart, at one each way round; what noise explains is none. The
    interval goes from the one size to the other. The figure is where the logarithm of the ratio, taken as linear in the
    logarithm of the rows, is 0.

    Args:
        rows: The sizes, ascending; at each, both have rounds in common.
        over: The times of the one.
        under: Those of the other.
        floors: The noise floor at each size.

    Returns:
        Each with whether it is `over` that is the faster one beyond.
    """
    found = [paired_ratio(a, b) for a, b in zip(over, under, strict=True)]
    logs = [(n, ratio, floor) for n, ratio, floor in zip(rows, found, floors, strict=True) if ratio is not None]
    told = [at for at, (_, ratio, floor) in enumerate(logs) if told_apart(ratio, floor)]
    line = [(math.log(n), math.log(ratio.value)) for n, ratio, _ in logs]
    return [
        (Estimate(math.exp(_zero(line[first : last + 1])), logs[first][0], logs[last][0]), line[last][1] < 0)
        for first, last in pairwise(told)
        if (line[first][1] < 0) != (line[last][1] < 0)
    ]


def _zero(line: Sequence[tuple[float, float]]) -> float:
    """Where a broken line whose ends differ in sign is 0; where noise lets it cross several times, the middle one."""
    zeros = [x0 + (x1 - x0) * v0 / (v0 - v1) for (x0, v0), (x1, v1) in pairwise(line) if (v0 < 0) != (v1 < 0)]
    return zeros[len(zeros) // 2]
