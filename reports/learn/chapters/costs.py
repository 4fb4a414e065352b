"""What a loop, NumPy, Numba and PyTorch cost: what it says and what it shows."""

from __future__ import annotations

from collections.abc import Iterable

from handgrad.compare.results.bench import Cell, Crossover
from handgrad.compare.results.learn.lessons import EpochCosts, Lessons
from handgrad.compare.results.timing import Estimate, Timing
from handgrad.reports.learn.chapters.content import Content, absent
from handgrad.reports.learn.chapters.timings import cell_words, cost_chart, second_ticks, timed_names, timing_of
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import listed, plural


def chapter(lessons: Lessons) -> Content:
    """All of it."""
    return Content(
        "costs",
        "What a loop, NumPy, Numba and PyTorch cost",
        paragraphs(lessons.costs),
        drawings=[epochs(lessons.costs), starts(lessons.costs)],
    )


def paragraphs(found: EpochCosts) -> list[str]:
    """Who is the fastest where, where they cross, and what is paid once."""
    ways = plural(len([name for name in found.starts if name != "moments"]), "way")
    paragraphs = [
        f"{ways} to write the same epoch. A loop in Python pays for every number. NumPy pays for every call, and then "
        "works on whole arrays. Numba compiles the loop. PyTorch and the tape pay for every call, and for a record "
        "of it. Calls cost the same however many rows there are, rows cost more the more there are: so who wins "
        "depends on n.",
        fastest_told(found),
        start_told(found),
    ]
    if noisy := noise_told(found.cells):
        paragraphs.append(noisy)
    return paragraphs


def fastest_told(found: EpochCosts) -> str:
    """The fastest by size, the distances there, and the crossovers that can be seen."""
    if not found.fastest_ranges:
        return "No backend could be timed here."
    sizes = " ".join(cell_told(cell) for cell in (found.cells[0], found.cells[-1]))
    ruled = "; ".join(f"{shown(r.fastest)} {from_to(r.first, r.last)}{tied_told(r.tied)}" for r in found.fastest_ranges)
    return f"Measured on this machine, the shortest epoch is that of: {ruled}. {sizes}{crossed(found.crossovers)}"


def from_to(first: int, last: int) -> str:
    """The sizes of a range with one fastest backend, in rows."""
    if first == last:
        return f"at {plural(first, 'row')}"
    return f"from {numbers.count(first)} to {plural(last, 'row')}"


def tied_told(tied: tuple[str, ...]) -> str:
    """Who cannot be told apart from the fastest."""
    return f" (not told apart from it: {listed([shown(name) for name in tied])})" if tied else ""


def cell_told(cell: Cell) -> str:
    """One size: every backend's epoch, the fastest first."""
    right = {
        n: m.epoch_seconds for n, m in cell.backends.items() if m.status == "ok" and m.epoch_seconds and n != "moments"
    }
    ordered: list[tuple[str, Timing]] = sorted(right.items(), key=lambda item: item[1].median)
    told = listed([f"{shown(n)} {numbers.seconds(t.median, t.low, t.high)}" for n, t in ordered])
    skipped = [shown(name) for name, m in cell.backends.items() if m.status == "skipped"]
    left = f" ({listed(skipped)} left out: an epoch takes too long for a lesson)" if skipped else ""
    return f"At {plural(cell.rows, 'row')} an epoch takes: {told}{left}."


def crossed(crossovers: Iterable[Crossover]) -> str:
    """Where two backends change places; none is also an answer."""
    every = list(crossovers)
    if not every:
        return " No two of them are told apart one way round at one of these sizes and the other way round at another."
    told = "; ".join(f"{shown(c.faster)} overtakes {shown(c.slower)} at {about(c.rows)} rows" for c in every)
    return f" They change places: {told}."


def about(rows: Estimate) -> str:
    """A number of rows to two digits, with its interval."""
    value, low, high = (numbers.count(round(float(f"{v:.1e}"))) for v in (rows.value, rows.low, rows.high))
    return f"about {value} ({low} to {high})"


def start_told(found: EpochCosts) -> str:
    """Import and first epoch."""
    starts = {name: s.import_seconds + s.first_seconds for name, s in found.starts.items() if name != "moments"}
    ordered = sorted(starts, key=starts.__getitem__)
    told = listed([f"{shown(name)} {numbers.seconds(starts[name])}" for name in ordered])
    return (
        "Before the first epoch comes the start: importing the library, and compiling or loading code. Together: "
        f"{told}.{meanwhile(found)}{absent(found.missing)}"
    )


def meanwhile(found: EpochCosts) -> str:
    """What the plain loop does while the slowest start goes on."""
    cell = found.cells[0]
    loop, starts = timing_of(cell, "python"), {n: s for n, s in found.starts.items() if n not in ("python", "moments")}
    if loop is None or not starts:
        return ""
    slowest = max(starts, key=lambda name: starts[name].import_seconds + starts[name].first_seconds)
    epochs = int((starts[slowest].import_seconds + starts[slowest].first_seconds) / loop.median)
    return (
        f" While {shown(slowest)} starts, the plain loop has time for {numbers.about(epochs)} epochs of "
        f"{plural(cell.rows, 'row')}: a short run on a small table may be over by then."
    )


def noise_told(cells: Iterable[Cell]) -> str:
    """A warning where the same program timed twice looked different."""
    floors = {cell.rows: cell.noise_floor for cell in cells if cell.noise_floor is not None and cell.noise_floor > 0.1}
    if not floors:
        return ""
    told = listed([f"{100 * floor:.0f} % at {numbers.count(rows)} rows" for rows, floor in floors.items()])
    return (
        "The machine was busy with other things: NumPy, timed twice in the same rounds, differed from itself by up "
        f"to {told}. Smaller differences than that mean nothing. Close other programs and make the page again."
    )


def epochs(found: EpochCosts) -> Drawing:
    """Seconds per epoch over the rows, for those that go through the rows."""
    names = [name for name in timed_names(found) if name != "moments"]
    figure = cost_chart(found, names)
    told = "; ".join(cell_words(cell, names) for cell in found.cells)
    return Drawing(
        "epochs",
        "What an epoch costs",
        "Median time of a steady epoch, one feature, float64, with its 95 % interval; both axes logarithmic.",
        f"Seconds per epoch over the number of rows. {told}.",
        figure,
    )


def starts(found: EpochCosts) -> Drawing:
    """What is paid once: import and first epoch."""
    names = [name for name in found.starts if name != "moments"]
    figure, [axes] = style.chart(0.9 + 0.36 * len(names))
    every = looks(names)
    values = [s for name in names for s in (found.starts[name].import_seconds, found.starts[name].first_seconds)]
    style.logarithmic(axes.xaxis, values, pad=0.1)
    for row, name in enumerate(names):
        start, colour = found.starts[name], every[name].light
        axes.plot([start.import_seconds, start.first_seconds], [row, row], color=LIGHT.grid, linewidth=1, zorder=1)
        for seconds, marker in ((start.first_seconds, "D"), (start.import_seconds, "s")):
            axes.plot([seconds], [row], marker=marker, markersize=6, color=colour, markerfacecolor=LIGHT.background)
    for label, marker in (("first epoch", "D"), ("import", "s")):
        hollow = LIGHT.background
        axes.plot([], [], marker, linestyle="none", color=LIGHT.faint, markerfacecolor=hollow, label=label)
    style.rows_of_backends(axes, names)
    axes.grid(visible=True, axis="x")
    second_ticks(axes.xaxis)
    figure.legend(loc="outside upper left", ncols=2, handletextpad=0.2, columnspacing=1.2, borderaxespad=0.1)
    told = "; ".join(
        f"{shown(n)} {numbers.seconds(found.starts[n].import_seconds)} import, "
        f"{numbers.seconds(found.starts[n].first_seconds)} first epoch"
        for n in names
    )
    return Drawing(
        "starts",
        "What is paid once",
        "Import of the library, and the first epoch with whatever it must compile or load, on a logarithmic axis.",
        f"Seconds: {told}.",
        figure,
    )
