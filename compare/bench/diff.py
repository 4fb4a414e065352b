"""Compares two runs, of `compare` or of `bench`: what became slower or faster, and whether the numbers changed.

Times of different runs were never taken side by side, and a machine drifts between them. What was taken side by side is
a backend and the others in the same rounds. So a backend is held against each of the others in its cell (the witnesses,
among them the machine's own reading): the median ratio of their rounds, after over before. It became slower when it did
so beside more than half of them; one witness that changed cannot accuse the others, and what slows all alike is the
machine. Without witnesses there is only the ratio of its own medians.
"""

from __future__ import annotations

import statistics as averages
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Literal

import numpy as np

from handgrad.compare.results.bench import Bench, BenchTable
from handgrad.compare.results.comparison import BackendResult, Comparison
from handgrad.compare.results.diff import Change, Diff, OtherChange, TimeChange
from handgrad.compare.results.environment import Environment
from handgrad.compare.results.files import ResultError, content_of, from_json, head_of
from handgrad.compare.results.timing import Estimate, Timing
from handgrad.compare.timing.statistics import (
    NOISE_FLOOR_AT_LEAST,
    Groups,
    estimate,
    groups_of,
    independent_ratio,
    medians,
    noise_floor,
    ratios,
    told_apart,
)
from handgrad.data.errors import cut

#: What else was timed in a cell of a sweep.
MACHINE = "(machine)"

#: So many others must have been timed in a cell to tell a backend's change from the machine's.
WITNESSES = 2

#: Facts of an environment that make times comparable; `load` is apart, since it never is the same.
FACTS = ("cpu", "cores", "threads", "platform", "python", "blas", "governor", "memory_bytes", "cache_bytes")

#: A load average that differs by more is worth a warning.
LOAD_APART = 0.5


class DiffError(ResultError):
    """Two runs that cannot be compared; the message says why."""


def diff(before: Path, after: Path, threshold: float = 0.05) -> Diff:
    """Compares two run folders (or two `result.json`).

    Args:
        before: The baseline.
        after: What is held against it.
        threshold: The relative change of a time that matters; smaller ones pass however certain they are.

    Raises:
        ResultError: When one cannot be read, or they are of different kinds or problems.
    """
    (left, right), kind = read_both(before, after)
    times, others = [], []
    if isinstance(left, Bench) and isinstance(right, Bench):
        times, others = list(bench_times(left, right, threshold)), list(bench_others(left, right))
    elif isinstance(left, Comparison) and isinstance(right, Comparison):
        times, others = list(compare_times(left, right, threshold)), list(compare_others(left, right))
    if not times and not others:
        raise DiffError(f"{before} and {after}: expected backends that ran in both, got none in common")
    reasons = [
        *(worse_time(one) for one in times if one.change == "slower"),
        *(worse(o) for o in others if o.regression),
    ]
    return Diff(
        before=str(before),
        after=str(after),
        kind=kind,
        threshold=threshold,
        environment=tuple(environment_changes(left.environment, right.environment)),
        times=tuple(times),
        others=tuple(others),
        passed=not reasons,
        reasons=tuple(reasons),
    )


def read_both(
    before: Path, after: Path
) -> tuple[tuple[Bench, Bench] | tuple[Comparison, Comparison], Literal["compare", "bench"]]:
    """Both results.

    Raises:
        ResultError: When one cannot be read, or they are of different kinds or problems.
    """
    (left_path, left), (right_path, right) = (content_of(run) for run in (before, after))
    kinds = [
        head_of(content, str(path)).kind == Bench.kind for path, content in ((left_path, left), (right_path, right))
    ]
    if kinds == [True, True]:
        both = from_json(left, Bench, str(left_path)), from_json(right, Bench, str(right_path))
        same_table(*both)
        return both, "bench"
    if kinds == [False, False]:
        pair = from_json(left, Comparison, str(left_path)), from_json(right, Comparison, str(right_path))
        same_problem(*pair)
        return pair, "compare"
    names = ["a run of bench" if kind else "a run of compare" for kind in kinds]
    raise DiffError(f"expected two runs of one command, got {names[0]} ({before}) and {names[1]} ({after})")


def same_table(before: Bench, after: Bench) -> None:
    """Refuses to compare times on tables of unlike columns, or on one in memory with one that was read in each epoch.

    Raises:
        DiffError: With both.
    """
    old, new = before.settings.table, after.settings.table
    if (old and (old.streamed, old.features, old.target)) != (new and (new.streamed, new.features, new.target)):
        told = f"{told_table(old)} and {told_table(new)}"
        raise DiffError(f"expected both runs on one table, got {told}; compare runs of one table")


def told_table(table: BenchTable | None) -> str:
    """What was timed on, whatever the path to it."""
    if table is None:
        return "random numbers"
    columns = f"{cut(table.target)} of {len(table.features)} features, the first {cut(table.features[0])}"
    return f"{'files that are read in each epoch' if table.streamed else 'a table in memory'} ({columns})"


def same_problem(before: Comparison, after: Comparison) -> None:
    """Refuses to compare times of different problems.

    Raises:
        DiffError: When rows, features, dtype, batch size or order of the batches' rows differ.
    """
    for what in ("rows", "features", "dtype", "batch_size", "order"):
        old, new = getattr(before.problem, what), getattr(after.problem, what)
        if old != new:
            old, new = (len(value) if what == "features" else value for value in (old, new))
            raise DiffError(f"{what}: expected the same in both runs, got {old} and {new}; compare runs of one problem")


# -- times -------------------------------------------------------------------------------------------------------------


def bench_times(before: Bench, after: Bench, threshold: float) -> Iterator[TimeChange]:
    """All backends in all cells that both sweeps have."""
    old = {(cell.rows, cell.features, cell.dtype): cell for cell in before.cells}
    for cell in after.cells:
        base = old.get((cell.rows, cell.features, cell.dtype))
        if base is None:
            continue
        floor = max(noise_floor(base.again), noise_floor(cell.again))
        both = [{n: m.epoch_seconds for n, m in one.backends.items() if m.epoch_seconds} for one in (base, cell)]
        for timings, one in zip(both, (base, cell), strict=True):
            if one.limit_seconds is not None:
                timings[MACHINE] = one.limit_seconds
        yield from time_changes(f"{cell.rows} × {cell.features} {cell.dtype}", both[0], both[1], threshold, floor)


def compare_times(before: Comparison, after: Comparison, threshold: float) -> Iterator[TimeChange]:
    """All backends that both comparisons timed."""
    both = [{n: r.speed.epoch_seconds for n, r in one.backends.items() if r.speed} for one in (before, after)]
    yield from time_changes(f"{after.problem.rows} × {len(after.problem.features)}", both[0], both[1], threshold)


def time_changes(
    cell: str,
    before: Mapping[str, Timing],
    after: Mapping[str, Timing],
    threshold: float,
    floor: float = NOISE_FLOOR_AT_LEAST,
) -> Iterator[TimeChange]:
    """What was timed in both runs of one cell; the machine itself is a witness only."""
    common = [name for name in after if name in before]
    for name in common:
        if name == MACHINE:
            continue
        witnesses = [other for other in common if other != name]
        beside = beside_witnesses(name, witnesses, before, after) if len(witnesses) >= WITNESSES else None
        ratio = independent_ratio(after[name], before[name])
        seen = beside or ratio
        yield TimeChange(
            cell=cell,
            backend=name,
            before_seconds=before[name].median,
            after_seconds=after[name].median,
            ratio=ratio,
            beside=beside,
            significant=told_apart(seen, floor),
            change=change(seen, max(threshold, floor)),
        )


def beside_witnesses(
    name: str, witnesses: Sequence[str], before: Mapping[str, Timing], after: Mapping[str, Timing]
) -> Estimate | None:
    """How much slower a backend became beside the others: the middle one of the ratios to each of them.

    Of an even number the one nearer to 1 is taken: the lower one for the lower end, the upper one for the upper. None
    when some pair has no common round.
    """
    pairs = [
        [ratios(groups_of(run[name]), groups_of(run[witness])) for run in (after, before)] for witness in witnesses
    ]
    if not all(any(groups) for pair in pairs for groups in pair):
        return None
    values = np.array([pooled_median(new) / pooled_median(old) for new, old in pairs])
    draws = np.array([medians(new, seed=1) / medians(old, seed=2) for new, old in pairs])
    ordered, lower, upper = np.sort(draws, axis=0), (len(pairs) - 1) // 2, len(pairs) // 2
    value = float(np.median(values))
    low, high = estimate(value, ordered[lower]).low, estimate(value, ordered[upper]).high
    return Estimate(value, low, high)


def pooled_median(groups: Groups) -> float:
    """The median of all ratios."""
    return averages.median(ratio for group in groups for ratio in group)


def change(seen: Estimate, threshold: float) -> Change:
    """Slower or faster when the whole interval lies beyond the threshold, the same when it lies within it.

    The threshold is no smaller than what the machine's noise makes of one program.
    """
    if seen.low > 1 + threshold:
        return "slower"
    if seen.high < 1 / (1 + threshold):
        return "faster"
    if 1 / (1 + threshold) <= seen.low and seen.high <= 1 + threshold:
        return "same"
    return "unclear"


def worse_time(one: TimeChange) -> str:
    """A regression of a time in a sentence."""
    seen, how = (one.beside, "beside the others") if one.beside else (one.ratio, "by itself")
    return (
        f"{one.backend}, {one.cell}: {seen.value:.3g} times as long as before {how} "
        f"({seen.low:.3g} to {seen.high:.3g}; at least {100 * (seen.low - 1):.0f} % slower)"
    )


# -- all else ----------------------------------------------------------------------------------------------------------


def bench_others(before: Bench, after: Bench) -> Iterator[OtherChange]:
    """Outcomes that changed."""
    old = {(cell.rows, cell.features, cell.dtype): cell for cell in before.cells}
    for cell in after.cells:
        base = old.get((cell.rows, cell.features, cell.dtype))
        for name, found in cell.backends.items() if base else ():
            assert base is not None
            was = base.backends.get(name)
            if was is not None and was.status != found.status:
                where = f"{cell.rows} × {cell.features} {cell.dtype}"
                yield OtherChange(
                    where, name, "outcome", was.status, found.status, found.status in ("failed", "timeout")
                )


def compare_others(before: Comparison, after: Comparison) -> Iterator[OtherChange]:
    """Outcomes, accuracy and parameters that changed."""
    where = f"{after.problem.rows} × {len(after.problem.features)}"
    for name, found in after.backends.items():
        was = before.backends.get(name)
        if was is None:
            continue
        if was.status != found.status:
            bad = found.status in ("failed", "timeout", "diverged")
            yield OtherChange(where, name, "outcome", was.status, found.status, bad)
        else:
            yield from accuracy_changes(where, name, was, found)
            yield from parameter_changes(where, name, was, found, same_plan(before, after))


def accuracy_changes(where: str, name: str, was: BackendResult, found: BackendResult) -> Iterator[OtherChange]:
    """Whether the judge thinks otherwise, and how far the gradient is from the exact one."""
    if was.accuracy is None or found.accuracy is None:
        return
    old, new = was.accuracy, found.accuracy
    if old.passed != new.passed:
        words = ("within its bound", "outside its bound")
        yield OtherChange(where, name, "accuracy", words[not old.passed], words[not new.passed], not new.passed)
    ulps = old.start_gradient.max_ulp, new.start_gradient.max_ulp
    if ulps[0] != ulps[1]:
        yield OtherChange(where, name, "gradient error (ULP)", repr(ulps[0]), repr(ulps[1]), regression=False)


def parameter_changes(
    where: str, name: str, was: BackendResult, found: BackendResult, comparable: bool
) -> Iterator[OtherChange]:
    """Whether the same plan ended at other parameters: told, and judged by the accuracy above."""
    old, new = ((*one.weights, one.bias) for one in (was, found))
    if comparable and old != new:
        largest = max(abs(b - a) for a, b in zip(old, new, strict=True) if a is not None and b is not None)
        yield OtherChange(where, name, "parameters", "", f"differ by up to {largest:.3g}", regression=False)


def same_plan(before: Comparison, after: Comparison) -> bool:
    """Whether both should end at the same parameters."""
    plan = ("epochs", "learning_rate", "seed", "standardized", "means", "scales", "source")
    return all(getattr(before.problem, what) == getattr(after.problem, what) for what in plan)


def worse(one: OtherChange) -> str:
    """A regression of anything else in a sentence."""
    return f"{one.backend}, {one.cell}: {one.what} was {one.before}, is {one.after}"


# -- where they ran ----------------------------------------------------------------------------------------------------


def environment_changes(before: Environment, after: Environment) -> Iterator[str]:
    """What makes the two runs' times less comparable, one sentence for each fact."""
    assert set(FACTS) <= {field.name for field in fields(Environment)}
    for fact in FACTS:
        old, new = getattr(before, fact), getattr(after, fact)
        if old != new:
            yield f"{fact.removesuffix('_bytes')}: {shown(old)} before, {shown(new)} after"
    for package in sorted(before.packages.keys() | after.packages.keys()):
        old, new = before.packages.get(package), after.packages.get(package)
        if old != new:
            yield f"{package}: {shown(old)} before, {shown(new)} after"
    if before.load is not None and after.load is not None and abs(before.load - after.load) > LOAD_APART:
        yield f"load: {before.load:.2g} before, {after.load:.2g} after"


def shown(fact: object) -> str:
    """A fact, or that it is not known."""
    if isinstance(fact, dict):
        return ", ".join(f"{name} {value}" for name, value in fact.items()) or "unknown"
    return "unknown" if fact is None else str(fact)
