"""Statistics on known samples: no test here reads a clock."""

from __future__ import annotations

import numpy as np
import pytest

from handgrad.compare.results.timing import Estimate, Timing
from handgrad.compare.timing import statistics


def samples(seed: int, count: int = 31, middle: float = 1e-3, spread: float = 0.02) -> list[float]:
    """Times as a machine gives them: most near the middle, skewed to the right."""
    random = np.random.default_rng(seed)
    return [float(t) for t in middle * (1 + spread * random.gamma(2.0, size=count))]


def run(seed: int, factor: float = 1.0, processes: int = 3, rounds: int = 20) -> tuple[Timing, Timing]:
    """Two backends in the same rounds, the first `factor` times slower.

    The machine drifts by 30 % over the rounds, each process has its own luck of up to 0.5 %, and each sample 2 % noise.
    """
    random = np.random.default_rng(seed)
    groups: tuple[list[list[float]], list[list[float]]] = ([], [])
    for _ in range(processes):
        drift = 1 + 0.3 * np.sort(random.random(rounds))
        for place, times in enumerate(groups):
            luck = 1 + random.uniform(-0.0025, 0.0025)
            noise = 1 + 0.02 * random.gamma(1.0, size=rounds)
            slower = factor if place == 0 else 1.0
            times.append([float(t) for t in 1e-3 * slower * drift * luck * noise])
    return statistics.timing(groups[0]), statistics.timing(groups[1])


def ratio(pair: tuple[Timing, Timing]) -> Estimate:
    found = statistics.paired_ratio(*pair)
    assert found is not None
    return found


# -- one backend -------------------------------------------------------------------------------------------------------


def test_the_median_is_that_of_all_samples_and_lies_within_its_interval():
    timed = statistics.timing([[3.0, 1.0], [2.0, 5.0, 4.0]])
    assert timed.median == 3.0
    assert timed.low <= 3.0 <= timed.high
    assert timed.samples == (3.0, 1.0, 2.0, 5.0, 4.0)
    assert timed.processes == (2, 3)
    assert statistics.groups_of(timed) == [(3.0, 1.0), (2.0, 5.0, 4.0)]


def test_the_interval_holds_the_true_median_about_nineteen_times_out_of_twenty():
    true = float(np.median(samples(10**6, count=200_001)))
    held = 0
    for seed in range(200):
        found = statistics.median([samples(seed)])
        held += found.low <= true <= found.high
    assert 0.91 * 200 <= held <= 0.985 * 200


def test_samples_that_are_all_alike_have_an_interval_of_no_width():
    timed = statistics.timing([[2.0] * 7])
    assert (timed.low, timed.median, timed.high) == (2.0, 2.0, 2.0)
    assert (timed.mild_outliers, timed.severe_outliers) == (0, 0)


def test_processes_that_differ_widen_the_interval_beyond_that_of_their_samples():
    groups = [samples(1, middle=1.0), samples(2, middle=1.1), samples(3, middle=0.9)]
    apart = statistics.median(groups)
    together = statistics.median([[sample for group in groups for sample in group]])
    assert apart.high - apart.low > 2 * (together.high - together.low)


def test_resamples_of_processes_of_unlike_length_are_medians_of_real_samples():
    drawn = statistics.medians([[1.0, 2.0, 3.0], [10.0]])
    assert np.isfinite(drawn).all()
    assert drawn.min() >= 1.0
    assert drawn.max() <= 10.0


def test_row_medians_without_their_gaps_equal_those_of_numpy():
    table = np.array([[3.0, np.nan, 1.0, 2.0], [4.0, 1.0, 2.0, 3.0], [np.nan, np.nan, 5.0, np.nan]])
    assert statistics._row_medians(table).tolist() == np.nanmedian(table, axis=1).tolist()


def test_no_samples_are_refused():
    with pytest.raises(ValueError, match="at least one sample"):
        statistics.medians([[]])


def test_outliers_are_told_by_their_fences_and_counted_once():
    body = [float(k) for k in range(1, 12)]  # with one more above: quartiles 3.75 and 9.25, fences at 17.5 and 25.75
    assert statistics.outliers(body) == (0, 0)
    assert statistics.outliers([*body, 17.4]) == (0, 0)
    assert statistics.outliers([*body, 17.6]) == (1, 0)
    assert statistics.outliers([*body, 25.7]) == (1, 0)
    assert statistics.outliers([*body, 25.8]) == (0, 1)
    assert statistics.outliers([*body, -30.0]) == (0, 1)


def test_a_noisy_timing_is_named_with_what_to_do_and_a_quiet_one_is_not():
    quiet = statistics.timing([samples(1, spread=0.001)])
    wide = statistics.timing([[1.0, 2.0, 3.0, 4.0, 5.0]])
    struck = statistics.timing([[1.0, 1.01, 1.02, 1.03] * 8 + [9.0, 9.0, 9.0]])
    assert statistics.noise_warnings({"numpy": quiet}) == []
    (line,) = statistics.noise_warnings({"numpy": quiet, "tape": wide})
    assert line.startswith("1 of 2 medians")
    assert "tape" in line
    assert "close other programs" in line
    (line,) = statistics.noise_warnings({"numba": struck})
    assert "numba: 3 of 35 samples" in line


# -- two backends ------------------------------------------------------------------------------------------------------


def test_a_backend_against_itself_is_not_told_apart_in_nineteen_of_twenty_tries():
    apart = sum(statistics.told_apart(ratio(run(seed))) for seed in range(100))
    assert apart <= 5


def test_a_backend_slowed_by_five_percent_is_told_apart_from_a_drifting_machine():
    for seed in range(20):
        again = statistics.noise_floor(ratio(run(1000 + seed)))
        assert statistics.told_apart(ratio(run(seed, factor=1.05)), again), seed


def test_a_ratio_of_pairs_is_narrow_where_the_machine_drifts_and_a_ratio_of_medians_is_not():
    pair = run(7, factor=1.5)
    paired, independent = ratio(pair), statistics.independent_ratio(*pair)
    assert paired.low < 1.5 < paired.high
    assert paired.high - paired.low < (independent.high - independent.low) / 3


def test_rounds_that_one_backend_missed_have_no_ratio():
    assert statistics.ratios([[2.0, 4.0, 6.0], [8.0]], [[1.0, 2.0], [2.0, 2.0]]) == [[2.0, 2.0], [4.0]]
    left = statistics.timing([[1.0], []])
    right = statistics.timing([[], [1.0]])
    assert statistics.paired_ratio(left, right) is None


@pytest.mark.parametrize(
    ("same", "floor"),
    [
        (None, 0.01),
        (Estimate(1.0, 0.999, 1.002), 0.01),
        (Estimate(1.02, 0.98, 1.03), 0.02),
        (Estimate(0.97, 0.95, 0.99), 1 / 0.97 - 1),
    ],
)
def test_the_noise_floor_is_what_two_copies_differed_by(same: Estimate | None, floor: float):
    assert statistics.noise_floor(same) == pytest.approx(floor)


def test_a_wide_interval_of_two_copies_does_not_hide_what_is_told_apart_by_its_own():
    again, slower = Estimate(1.002, 0.96, 1.06), Estimate(1.05, 1.03, 1.07)
    assert statistics.told_apart(slower, statistics.noise_floor(again))


@pytest.mark.parametrize(
    ("low", "high", "apart"),
    [(1.011, 1.2, True), (1.009, 1.2, False), (0.9, 1.1, False), (0.5, 0.98, True), (0.5, 0.995, False)],
)
def test_told_apart_needs_the_whole_interval_beyond_the_floor(low: float, high: float, apart: bool):
    assert statistics.told_apart(Estimate((low + high) / 2, low, high), 0.01) is apart
    assert statistics.told_apart(Estimate(2 / (low + high), 1 / high, 1 / low), 0.01) is apart


# -- several sizes -----------------------------------------------------------------------------------------------------


def test_the_exponent_of_a_linear_cost_is_one_and_of_a_root_a_half():
    rows = [1000, 10_000, 100_000]
    for power in (1.0, 0.5):
        timings = [statistics.timing([samples(n, middle=1e-9 * n**power)]) for n in rows]
        found = statistics.exponent(rows, timings)
        assert found is not None
        assert found.low < power < found.high
        assert found.high - found.low < 0.02


def test_one_size_has_no_exponent():
    assert statistics.exponent([10], [statistics.timing([[1.0]])]) is None


def times(rows: list[int], call: float, row: float, spread: float = 0.002, first: int = 0) -> list[Timing]:
    made = [samples(first + n, middle=call + row * n) for n in rows]
    rng = np.random.default_rng(first)
    return [statistics.timing([[s * (1 + spread * rng.standard_normal()) for s in one]]) for one in made]


FLOORS = [0.01] * 4


def test_a_crossover_is_found_where_the_models_cross_with_who_wins_beyond():
    rows = [100, 1000, 10_000, 100_000]
    steep, flat = times(rows, 0.0, 1e-8), times(rows, 3e-5, 0.0, first=1)
    ((at, first_wins),) = statistics.crossovers(rows, steep, flat, FLOORS)
    assert at.value == pytest.approx(3000, rel=0.1)
    assert (at.low, at.high) == (1000, 10_000)
    assert first_wins is False
    ((mirrored, first_wins),) = statistics.crossovers(rows, flat, steep, FLOORS)
    assert mirrored.value == pytest.approx(at.value)
    assert first_wins is True


def test_what_noise_explains_is_no_crossover():
    """Seen: "python faster than numpy beyond 87,000 rows (82,000 to 89,000)" over sizes that were not told apart."""
    rows = [100, 1000, 10_000, 100_000]
    one = [statistics.timing([[a * 10**k for a in (1.0, 1.03, 0.97, 1.01)]]) for k in range(4)]
    other = [
        statistics.timing([[a * f * 10**k for a in (1.01, 0.99, 1.02, 0.98)]])
        for k, f in enumerate((1.004, 0.995, 1.006, 0.994))
    ]
    middles = [a.median / b.median for a, b in zip(one, other, strict=True)]
    assert min(middles) < 1 < max(middles)  # they do change places, in the medians
    assert statistics.crossovers(rows, one, other, FLOORS) == []


def test_a_crossover_reaches_over_the_sizes_at_which_nobody_is_told_apart():
    rows = [100, 1000, 10_000, 100_000]
    one = [statistics.timing([[1.0, 1.01]]) for _ in rows]
    other = [statistics.timing([[f, f * 1.01]]) for f in (1.2, 1.004, 0.997, 0.8)]
    ((at, first_wins),) = statistics.crossovers(rows, one, other, FLOORS)
    assert (at.low, at.high, first_wins) == (100, 100_000, False)
    assert 1000 < at.value < 10_000
    assert statistics.crossovers(rows, one, other, [0.3, 0.01, 0.01, 0.01]) == []  # told apart on one side only


def test_curves_that_never_cross_have_no_crossover():
    rows = [100, 1000]
    low = [statistics.timing([[1.0, 1.1]])] * 2
    high = [statistics.timing([[2.0, 2.2]])] * 2
    assert statistics.crossovers(rows, low, high, [0.01, 0.01]) == []
