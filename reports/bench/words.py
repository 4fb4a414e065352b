"""A sweep in sentences: the same in a terminal, in a pipe and on a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from handgrad.compare.results.bench import Bench, FastestOf, FastestRange
from handgrad.reports.bench.tables import rounded, width_name
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown
from handgrad.reports.look.words import listed, plural

#: What the answer is called for those that would do for mini-batches and other losses, too.
THROUGH_ROWS = "Fastest of those that read every row in every epoch"


def heading(bench: Bench) -> str:
    """What was swept."""
    rows = sorted({cell.rows for cell in bench.cells})
    span = numbers.count(rows[0]) if len(rows) == 1 else f"{numbers.count(rows[0])} to {numbers.count(rows[-1])}"
    backends = plural(len(bench.settings.backends), "backend")
    return f"Speed of {backends} over {span} rows, with {plural(bench.environment.threads, 'thread')} each"


def method(bench: Bench) -> str:
    """How it was measured."""
    count = bench.settings.processes
    return (
        f"Full-batch epochs; {count} fresh process{'es' if count > 1 else ''} of each backend, in "
        "rounds of random order; medians with 95 % bootstrap intervals over processes and samples."
    )


def answers(bench: Bench, of: FastestOf) -> list[str]:
    """For each width: who is the fastest from which size on."""
    reigns = [reign for reign in bench.reigns if reign.of == of]
    found = []
    for width in dict.fromkeys((reign.features, reign.dtype) for reign in reigns):
        mine = [reign for reign in reigns if (reign.features, reign.dtype) == width]
        found.append(f"{width_name(*width)}: {'; '.join(_reigns(bench, mine))}")
    return found


def _reigns(bench: Bench, reigns: Sequence[FastestRange]) -> Iterator[str]:
    """One part of a sentence for each."""
    for place, reign in enumerate(reigns):
        tied = f", not told apart from {listed([shown(name) for name in reign.tied])} somewhere" if reign.tied else ""
        yield f"{shown(reign.fastest)} {_where(bench, reigns, place)}{tied}"


def _where(bench: Bench, reigns: Sequence[FastestRange], place: int) -> str:
    """From which size to which a backend is ahead."""
    reign = reigns[place]
    if len(reigns) == 1:
        return "at every size" if reign.first < reign.last else f"at {numbers.count(reign.first)} rows"
    if place == 0:
        return f"up to {plural(reign.last, 'row')}"
    exact = _crossing(bench, reigns[place - 1], reign) if reign.of != "run" else ""
    if place < len(reigns) - 1 and reign.first == reign.last:
        return f"at {plural(reign.first, 'row')}{exact}"
    end = "on" if place == len(reigns) - 1 else f"to {numbers.count(reign.last)}"
    return f"from {plural(reign.first, 'row')} {end}{exact}"


def _crossing(bench: Bench, before: FastestRange, after: FastestRange) -> str:
    """Where the later one overtook, between the two sizes."""
    for one in bench.crossovers:
        same = (one.features, one.dtype, one.slower, one.faster)
        inside = before.last <= one.rows.value <= after.first
        if inside and same == (after.features, after.dtype, before.fastest, after.fastest):
            rows = one.rows
            return f" (ahead from about {rounded(rows.value)}; {rounded(rows.low)} to {rounded(rows.high)})"
    return ""


def noise(bench: Bench) -> str | None:
    """What two copies of one program looked like."""
    apart = sorted(max(cell.again.value, 1 / cell.again.value) - 1 for cell in bench.cells if cell.again is not None)
    if not apart:
        return None
    return (
        f"Noise: {shown(bench.reference)} against itself differed by up to {100 * apart[-1]:.2g} % "
        f"({100 * apart[len(apart) // 2]:.2g} % in the middle cell); a backend is told apart where the whole interval "
        "of its ratio is farther from 1 than its cell's figure, and than 1 %."
    )


def left_out(bench: Bench) -> list[str]:
    """Backends that were not timed somewhere, with the reason; like ones are put together."""
    found: dict[str, list[str]] = {}
    for cell in bench.cells:
        for name, measured in cell.backends.items():
            if measured.status != "ok":
                key = f"{shown(name)} {measured.status}"
                where = f"{numbers.count(cell.rows)} × {cell.features} {cell.dtype}"
                found.setdefault(f"{key}: {shown(measured.reason or '', 300)}", []).append(where)
    return [f"{why} [{', '.join(where)}]" if len(where) < len(bench.cells) else why for why, where in found.items()]
