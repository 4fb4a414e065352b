"""Every claim of speed in a sweep's text follows from the numbers in `result.json`, however the times came about."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from itertools import count

import numpy as np
import pytest
from made_up_worker import World

from handgrad.compare.bench.sweep import bench
from handgrad.compare.results.bench import Bench, Cell, Settings
from handgrad.compare.results.files import from_json, to_json
from handgrad.compare.results.timing import Estimate
from handgrad.compare.strain.strain import Strain
from handgrad.compare.timing import statistics
from handgrad.reports.bench.tables import rounded, tables
from handgrad.reports.bench.words import answers

ROWS = (100, 1000, 10_000)
NAMES = ("python", "numpy", "tape")
SCALES = {"s": 0, "ms": -3, "µs": -6, "ns": -9}

Factor = Callable[[np.random.Generator], float]


def drifting() -> Factor:
    lap = count()
    return lambda noise: (1 + next(lap) / 300) * (1 + 0.01 * noise.random())


FACTORS: dict[str, Callable[[], Factor]] = {
    "quiet": lambda: lambda noise: 1 + 0.004 * noise.random(),
    "drifting": drifting,
    "heavy-tailed": lambda: lambda noise: 1 + 0.05 * noise.pareto(1.2),
    "bimodal": lambda: lambda noise: (1.0 if noise.random() < 0.6 else 1.7) * (1 + 0.01 * noise.random()),
    "disturbed": lambda: lambda noise: 1 + 3 * noise.random(),
}


@pytest.fixture(scope="module", params=[(kind, seed) for kind in FACTORS for seed in range(2)], ids=str)
def found(request: pytest.FixtureRequest) -> Bench:
    kind, seed = request.param
    draw = np.random.default_rng(seed)
    world = World(noise=draw, factor=FACTORS[kind]())
    for name in NAMES:  # costs that are near each other, so that they cross, tie or neither
        world.costs[name] = (2e-5 * 4 ** draw.uniform(-1, 1), 1e-8 * 4 ** draw.uniform(-1, 1))
    if kind == "disturbed":
        world.strains = {name: Strain(0.6, int(draw.integers(1, 3)), waited=0.5 * draw.random()) for name in NAMES}
    settings = Settings(ROWS, (1,), ("float64",), NAMES, 100, 2, 0.01, 0.05, seed)
    return from_json(to_json(bench(settings, threads=2, start=world.start)), Bench)


def ahead(cell: Cell, one: str, other: str) -> bool:
    """Whether the samples tell that the one is faster, by the rule of the noise note and nothing else."""
    left, right = (cell.backends[name].epoch_seconds for name in (other, one))
    assert left is not None
    assert right is not None
    assert cell.noise_floor is not None
    ratio = statistics.paired_ratio(left, right)
    return ratio is not None and ratio.low > 1 + cell.noise_floor


def told(found: Bench) -> list[tuple[set[str], set[int]]]:
    """The parts of the answer: who, and at which of the sizes."""
    (answer,) = answers(found, "epoch")
    parts = re.sub(r" \((noise|ahead|disturbed)[^)]*\)", "", answer).removeprefix("1 feature, float64: ").split("; ")
    return [(names(part), sizes(part)) for part in parts]


def names(part: str) -> set[str]:
    return {name for name in NAMES if re.search(rf"\b{name}\b", part)}


def sizes(part: str) -> set[int]:
    numbers = [int(found.replace(",", "")) for found in re.findall(r"\b\d[\d,]*\b", part)]
    if "at every size" in part:
        return set(ROWS)
    if " up to " in part:
        return {n for n in ROWS if n <= numbers[0]}
    if part.endswith(" on"):
        return {n for n in ROWS if n >= numbers[0]}
    return {n for n in ROWS if numbers[0] <= n <= numbers[-1]}


def test_who_is_called_the_fastest_is_told_apart_at_every_size_that_is_named(found: Bench):
    parts = told(found)
    assert sorted(n for _, at in parts for n in at) == list(ROWS)
    for best, at in parts:
        for cell in (cell for cell in found.cells if cell.rows in at):
            others = set(NAMES) - best
            if len(best) == 1:
                (winner,) = best
                assert all(ahead(cell, winner, other) for other in others)
            else:  # one of them has the shortest median, and is ahead of none of the others named
                first = min(best, key=lambda name: cell.backends[name].epoch_seconds.median)
                assert not any(ahead(cell, first, other) for other in best - {first})
                assert all(ahead(cell, first, other) for other in others)


def test_a_crossover_has_a_size_on_each_side_at_which_both_are_told_apart(found: Bench):
    by_rows = {cell.rows: cell for cell in found.cells}
    for one in found.crossovers:
        assert ahead(by_rows[round(one.rows.low)], one.slower, one.faster)
        assert ahead(by_rows[round(one.rows.high)], one.faster, one.slower)
        assert one.rows.low <= one.rows.value <= one.rows.high
    shown = [row for table in tables(found) if table.name == "crossovers" for row in table.rows]
    assert [(row[0], row[1], row[4]) for row in shown] == [
        (one.faster, one.slower, rounded(one.rows.value)) for one in found.crossovers
    ]


def test_no_figure_of_a_table_lies_outside_of_its_interval(found: Bench):
    (table,) = (table for table in tables(found) if table.name == "epochs-1-float64")
    for row in table.rows:
        assert between(row[1], row[2])
        assert row[4] == "" or between(row[3].removesuffix("×"), row[4])
    for cell in found.cells:
        for one in cell.backends.values():
            assert one.epoch_seconds is not None
            assert one.epoch_seconds.low <= one.epoch_seconds.median <= one.epoch_seconds.high
            for ratio in (one.relative, one.limit_fraction):
                assert ratio is None or holds(ratio)


def test_what_is_marked_is_so(found: Bench):
    (table,) = (table for table in tables(found) if table.name == "epochs-1-float64")
    marks = iter(row[-1] for row in table.rows)
    for cell in sorted(found.cells, key=lambda cell: cell.rows):
        next(marks)
        for name in cell.backends:
            mark = next(marks)
            assert mark.startswith("fastest") == all(ahead(cell, name, other) for other in NAMES if other != name)


def holds(ratio: Estimate) -> bool:
    return ratio.low <= ratio.value <= ratio.high


def between(figure: str, interval: str) -> bool:
    low, high = interval.split("–")
    unit = high.partition(" ")[2]
    ends = [amount(end if " " in end or not unit else f"{end} {unit}") for end in (low, high)]
    return ends[0] <= amount(figure) <= ends[1]


def amount(text: str) -> Decimal:
    number, _, unit = text.replace(",", "").partition(" ")
    return Decimal(number).scaleb(SCALES[unit] if unit else 0)
