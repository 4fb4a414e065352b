"""Makes results of a sweep's measurements: medians, ratios, noise floor, break-even, scaling and crossovers.

Everything here follows from what the journal holds; no clock is read and no process started.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, groupby
from typing import Any, Literal

import msgspec

from handgrad.backends.catalogue import entry
from handgrad.compare.bench.cell import AGAIN, Size
from handgrad.compare.results.bench import (
    Bench,
    BreakEven,
    Cell,
    Crossover,
    Machine,
    Measured,
    Reign,
    ReignOf,
    Scaling,
    Settings,
    StartUp,
)
from handgrad.compare.results.environment import Environment
from handgrad.compare.results.timing import Timing
from handgrad.compare.timing import statistics
from handgrad.compare.timing.clocks import MACHINE

Found = Mapping[str, Mapping[str, Any]]

#: Sizes whose epoch takes at least so many times the shortest one show how the rows count, and not the calls.
BEYOND_THE_CALLS = 4

#: Above this share of the processors' time that a host took from its virtual machine, times are doubtful.
STOLEN_SHARE = 0.01

#: What is held against what: its key, its words, whether they are a plural, and the other side's words.
CHECKED = (
    ("gradient_ratio", "gradient", False, "the reference's"),
    ("parameters_ratio", "parameters", True, "the reference's"),
    ("timed_ratio", "parameters after a timed run", True, "the true ones"),
)

#: The backends against which a start must pay for itself, where they took part.
PAYS_AGAINST = ("python", "numpy")


def summary(
    settings: Settings,
    environment: Environment,
    reference: str,
    sizes: Sequence[Size],
    unavailable: Mapping[str, str],
    found: Found,
) -> Bench:
    """The finished sweep.

    Args:
        settings: What was asked for.
        environment: Where it ran.
        reference: The backend of the ratios.
        sizes: All cells.
        unavailable: Backends that cannot run, with the reason.
        found: What the journal holds; see `start_up_key` and `cell_key`.
    """
    starts = start_ups(settings, found)
    cells = tuple(
        cell(size, settings, reference, unavailable, starts, answers_by_turn(size, settings, found)) for size in sizes
    )
    return Bench(
        environment=environment,
        settings=settings,
        reference=reference,
        machine=machine(environment.threads, found.get("machine", {})),
        start_ups=starts,
        cells=cells,
        scaling=tuple(scaling(cells)),
        crossovers=tuple(crossovers(cells)),
        reigns=tuple(reign for of in ("epoch", "rows", "run") for reign in reigns(cells, of)),
        warnings=(*warnings(cells), *without_limits(found.get("machine", {}))),
    )


# -- keys of the journal -----------------------------------------------------------------------------------------------


def start_up_key(name: str, features: int, dtype: str) -> str:
    """That of a start-up."""
    return f"start {name} {features} {dtype}"


def cell_key(size: Size, turn: int) -> str:
    """That of a cell in the processes of one turn."""
    return f"cell {size.features} {size.dtype} {size.rows} {turn}"


def answers_by_turn(size: Size, settings: Settings, found: Found) -> list[Mapping[str, Mapping[str, Any]]]:
    """What each contestant answered, turn by turn."""
    return [found.get(cell_key(size, turn), {}) for turn in range(settings.processes)]


# -- one cell ----------------------------------------------------------------------------------------------------------


def cell(
    size: Size,
    settings: Settings,
    reference: str,
    unavailable: Mapping[str, str],
    starts: Mapping[str, Sequence[StartUp]],
    turns: Sequence[Mapping[str, Mapping[str, Any]]],
) -> Cell:
    """One cell, with every backend that was asked for."""
    timings = {
        name: timed for name in (*settings.backends, AGAIN, MACHINE) if (timed := timing(name, turns)) is not None
    }
    base, limit = timings.get(reference), timings.get(MACHINE)
    again = statistics.paired_ratio(timings[AGAIN], base) if base and AGAIN in timings else None
    floor = statistics.noise_floor(again)
    backends = {}
    for name in settings.backends:
        if name in unavailable:
            backends[name] = Measured("unavailable", unavailable[name])
        else:
            backends[name] = measured(name, size, timings, base, limit, floor, turns)
    backends = with_totals(backends, starts, size, settings.epochs)
    return Cell(
        rows=size.rows,
        features=size.features,
        dtype=size.dtype,
        bytes=size.bytes,
        backends=backends,
        limit_seconds=limit,
        again=again,
        noise_floor=floor,
        fastest=fastest(backends, floor),
        stolen=largest([turn.get(MACHINE, {}) for turn in turns], "stolen"),
    )


def timing(name: str, turns: Sequence[Mapping[str, Mapping[str, Any]]]) -> Timing | None:
    """The samples of all turns together; None without any."""
    answers = [turn.get(name, {}) for turn in turns]
    if not any("samples" in answer for answer in answers):
        return None
    changes = [answer.get("largest_change", 0.0) for answer in answers]
    return statistics.timing(
        [answer.get("samples", []) for answer in answers],
        epochs_per_sample=max(answer.get("epochs", 1) for answer in answers),
        changed_answers=sum(answer.get("changed_answers", 0) for answer in answers),
        largest_change=None if None in changes else max(changes),
    )


def measured(
    name: str,
    size: Size,
    timings: Mapping[str, Timing],
    base: Timing | None,
    limit: Timing | None,
    floor: float,
    turns: Sequence[Mapping[str, Mapping[str, Any]]],
) -> Measured:
    """One backend in one cell."""
    answers = [turn.get(name, {}) for turn in turns]
    gone = next((answer for answer in answers if "reason" in answer), None)
    status, reason = (gone["status"], gone["reason"]) if gone else verdict(answers)
    timed = timings.get(name)
    if timed is None:
        return Measured("failed" if status == "ok" else status, reason or "it gave no samples")
    own = [answer["own_bytes"] for answer in answers if answer.get("own_bytes") is not None]
    relative = statistics.paired_ratio(timed, base) if base and timed is not base else None
    return Measured(
        status=status,
        reason=reason,
        epoch_seconds=timed,
        relative=relative,
        told_apart=statistics.told_apart(relative, floor) if relative else None,
        limit_fraction=statistics.paired_ratio(limit, timed) if limit else None,
        bytes_per_epoch=size.bytes if entry(name).reads_all_rows else 0,
        own_bytes=max(own, default=None),
        gradient_ratio=largest(answers, "gradient_ratio"),
        parameters_ratio=largest(answers, "parameters_ratio"),
        timed_ratio=largest(answers, "timed_ratio"),
        bind_seconds=min((a["bind_seconds"] for a in answers if "bind_seconds" in a), default=None),
    )


def verdict(answers: Iterable[Mapping[str, Any]]) -> tuple[Literal["ok", "failed"], str | None]:
    """Whether what was timed is also right: no difference from the reference that rounding does not explain."""
    for answer in answers:
        for key, what, plural, other in CHECKED:
            ratio = answer.get(key, 0.0)
            if ratio is None:
                return "failed", f"its {what} {'are' if plural else 'is'} not finite"
            if ratio > 1:
                return "failed", f"its {what} differ{'' if plural else 's'} from {other} by " + (
                    f"{ratio:.3g} times what rounding explains; its time is that of something else"
                )
    return "ok", None


def largest(answers: Iterable[Mapping[str, Any]], key: str) -> float | None:
    """The largest of the turns; None where none has one."""
    return max((answer[key] for answer in answers if answer.get(key) is not None), default=None)


def ranked(backends: Mapping[str, Measured]) -> dict[str, Timing]:
    """The epochs of all backends that are right, the fastest first."""
    right = {n: m.epoch_seconds for n, m in backends.items() if m.status == "ok" and m.epoch_seconds is not None}
    return dict(sorted(right.items(), key=lambda item: item[1].median))


def fastest(backends: Mapping[str, Measured], floor: float) -> tuple[str, ...]:
    """The fastest one, and those that are not told apart from it."""
    order = ranked(backends)
    if not order:
        return ()
    first, best = next(iter(order.items()))
    tied = [
        name
        for name, timed in order.items()
        if name != first and (ratio := statistics.paired_ratio(timed, best)) and not statistics.told_apart(ratio, floor)
    ]
    return (first, *tied)


# -- start-up, totals and break-even -----------------------------------------------------------------------------------


def start_ups(settings: Settings, found: Found) -> dict[str, tuple[StartUp, ...]]:
    """Those that were measured, by backend."""
    starts: dict[str, tuple[StartUp, ...]] = {}
    for name in settings.backends:
        for features in settings.features:
            for dtype in settings.dtypes:
                answer = found.get(start_up_key(name, features, dtype), {})
                if answer.get("epoch_seconds") is not None:
                    made = msgspec.convert({"features": features, "dtype": dtype, **answer}, StartUp)
                    starts[name] = (*starts.get(name, ()), made)
    return starts


def fixed_seconds(start: StartUp, cold: bool) -> float:
    """What a run costs beside data and epochs: import, set-up, and what the first epoch took longer than others.

    A first epoch that is not even twice as long as others has nothing of its own: it was one sample of them.
    """
    first = start.first_call_cold_seconds if cold else start.first_call_cached_seconds
    own = first - start.epoch_seconds if first >= 2 * start.epoch_seconds else 0.0
    return start.import_seconds + start.set_up_seconds + own


def with_totals(
    backends: dict[str, Measured], starts: Mapping[str, Sequence[StartUp]], size: Size, epochs: int
) -> dict[str, Measured]:
    """The same with the seconds of the whole run, and with what must be run for a start to pay for itself."""
    own = {name: start for name in backends if (start := start_of(starts.get(name, ()), size)) is not None}
    times = {name: m.epoch_seconds.median for name, m in backends.items() if m.epoch_seconds is not None}
    before = {
        name: tuple(fixed_seconds(start, cold) + (backends[name].bind_seconds or 0.0) for cold in (True, False))
        for name, start in own.items()
    }
    return {
        name: replace(
            found,
            total_cold_seconds=before[name][0] + epochs * times[name],
            total_cached_seconds=before[name][1] + epochs * times[name],
            break_even=tuple(
                BreakEven(
                    other,
                    *(
                        epochs_to_pay(own_before - other_before, times[other] - times[name])
                        for own_before, other_before in zip(before[name], before[other], strict=True)
                    ),
                )
                for other in PAYS_AGAINST
                if other != name and other in own and other in times
            ),
        )
        if name in own and name in times
        else found
        for name, found in backends.items()
    }


def start_of(starts: Iterable[StartUp], size: Size) -> StartUp | None:
    """The start-up of that width and dtype."""
    return next((start for start in starts if (start.features, start.dtype) == (size.features, size.dtype)), None)


def epochs_to_pay(later: float, gained: float) -> int | None:
    """The first number of epochs after which a run that begins so much later has caught up; None: never."""
    if later <= 0:
        return 0
    return math.ceil(later / gained) if gained > 0 else None


# -- the machine -------------------------------------------------------------------------------------------------------


def machine(threads: int, answer: Mapping[str, Any]) -> Machine | None:
    """Its limits, if they could be measured."""
    return msgspec.convert({"threads": threads, **answer}, Machine) if "levels" in answer else None


# -- over the sizes ----------------------------------------------------------------------------------------------------


def widths(cells: Sequence[Cell]) -> list[tuple[tuple[int, str], list[Cell]]]:
    """The cells of each width and dtype, their rows ascending."""
    ordered = sorted(cells, key=lambda cell: (cell.features, cell.dtype, cell.rows))
    return [(width, list(group)) for width, group in groupby(ordered, lambda cell: (cell.features, cell.dtype))]


def timed_in(cells: Iterable[Cell], name: str) -> dict[int, Timing]:
    """A backend's epochs by rows, where they are right."""
    found = {}
    for one in cells:
        timed = one.backends[name].epoch_seconds
        if one.backends[name].status == "ok" and timed is not None:
            found[one.rows] = timed
    return found


def scaling(cells: Sequence[Cell]) -> list[Scaling]:
    """The exponent of each backend over the sizes where the rows make the time."""
    made = []
    for (features, dtype), group in widths(cells):
        for name in group[0].backends:
            timed = timed_in(group, name)
            least = min((t.median for t in timed.values()), default=0.0)
            large = {rows: t for rows, t in timed.items() if t.median >= BEYOND_THE_CALLS * least}
            found = statistics.exponent(list(large), list(large.values()))
            if found is not None:
                made.append(Scaling(name, features, dtype, tuple(large), found))
    return made


def crossovers(cells: Sequence[Cell]) -> list[Crossover]:
    """Where one backend overtakes another, for every two of them."""
    made = []
    for (features, dtype), group in widths(cells):
        for one, other in combinations(group[0].backends, 2):
            left, right = timed_in(group, one), timed_in(group, other)
            rows = [n for n in left if n in right]
            for at, one_wins in statistics.crossovers(rows, [left[n] for n in rows], [right[n] for n in rows]):
                slower, faster = (other, one) if one_wins else (one, other)
                made.append(Crossover(slower, faster, features, dtype, at))
    return made


def reigns(cells: Sequence[Cell], of: ReignOf) -> list[Reign]:
    """From which size to which one backend is the fastest; it stays so while it is not told apart from the fastest."""
    made: list[Reign] = []
    for (features, dtype), group in widths(cells):
        past_rows = not_reading(group)
        if of == "rows" and not past_rows:
            continue
        held: Reign | None = None
        for one in group:
            best = shortest_run(one) if of == "run" else one.fastest
            if of == "rows":
                through = {name: found for name, found in one.backends.items() if name not in past_rows}
                best = fastest(through, statistics.noise_floor(one.again))
            if not best:
                continue
            if held is not None and held.fastest in best:
                tied = tuple(dict.fromkeys((*held.tied, *(name for name in best if name != held.fastest))))
                held = replace(held, last=one.rows, tied=tied)
                made[-1] = held
            else:
                held = Reign(features, dtype, of, best[0], best[1:], one.rows, one.rows)
                made.append(held)
    return made


def not_reading(group: Iterable[Cell]) -> set[str]:
    """The backends that do not go through X and y in every epoch."""
    return {name for one in group for name, found in one.backends.items() if found.bytes_per_epoch == 0}


def shortest_run(one: Cell) -> tuple[str, ...]:
    """The backend with the shortest run of the length asked for, compiled code on disk."""
    totals = {n: m.total_cached_seconds for n, m in one.backends.items() if m.status == "ok" and m.total_cached_seconds}
    return (min(totals, key=totals.__getitem__),) if totals else ()


def warnings(cells: Sequence[Cell]) -> list[str]:
    """What a reader must know before believing the times."""
    timed = {
        f"{name}, {one.rows} × {one.features} {one.dtype}": found.epoch_seconds
        for one in cells
        for name, found in one.backends.items()
        if found.epoch_seconds is not None
    }
    return [
        *statistics.noise_warnings(timed),
        *stolen(cells),
        *(changed(name, one) for name, one in timed.items() if one.changed_answers),
    ]


def stolen(cells: Sequence[Cell]) -> list[str]:
    """That the host of this machine gave its processors to others; nothing where it did not."""
    struck = {
        f"{one.rows} × {one.features} {one.dtype}": one.stolen for one in cells if (one.stolen or 0) > STOLEN_SHARE
    }
    if not struck:
        return []
    worst = max(struck, key=lambda name: struck[name] or 0.0)
    return [
        f"the host of this virtual machine took up to {100 * (struck[worst] or 0.0):.2g} % of its processors' time "
        f"while epochs were timed ({worst}; {len(struck)} of {len(cells)} sizes above {100 * STOLEN_SHARE:g} %): "
        "run again at another hour, or on a machine of its own"
    ]


def without_limits(answer: Mapping[str, Any]) -> list[str]:
    """That the machine's limits are not known, and why."""
    return [f"the machine's limits could not be measured: {answer['reason']}"] if "reason" in answer else []


def changed(name: str, timed: Timing) -> str:
    """That a backend does not always compute the same."""
    change = "not finite" if timed.largest_change is None else f"by up to {timed.largest_change:.2g} of the largest"
    return f"{name}: {timed.changed_answers} timed runs ended at other parameters than the same run before ({change})"
