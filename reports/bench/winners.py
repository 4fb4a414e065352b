"""Who wins where: for each time that counts, a grid of rows by features with the name of the fastest in each cell.

A cell whose best are not told apart names them all, and no winner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from handgrad.compare.results.bench import Bench, Cell, FastestOf, FastestRange, Measured
from handgrad.reports.bench.tables import width_name, widths
from handgrad.reports.look import numbers
from handgrad.reports.look.colours import looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.words import plural

#: The longest name that a cell has room for.
NAME = 17


@dataclass(frozen=True)
class Winner:
    """A cell of a grid: who, the shortest time among them, and the CSS variable of the winner; empty without one."""

    names: str
    seconds: str
    mark: str


@dataclass(frozen=True)
class WinnerGrid:
    """A row for each number of rows, a column for each width; None where nothing was measured or nothing is right."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Winner | None, ...]], ...]


@dataclass(frozen=True)
class _Time:
    """A time by which somebody wins: who does in a cell, the seconds of a backend, and how they are shown."""

    fastest: Callable[[Cell], Sequence[str]]
    seconds: Callable[[Measured], float]
    shown: Callable[[Measured], str]


def grids(bench: Bench) -> list[WinnerGrid]:
    """The winners of a whole run and of an epoch; a grid in which nobody stands is left out."""
    epochs = numbers.count(bench.settings.epochs)
    run = _Time(lambda cell: _fastest_run(bench, cell), _run, lambda found: numbers.seconds(_run(found)))
    made = [
        _grid(bench, "run", f"A run of {epochs} epochs, start included", run),
        _grid(bench, "epoch", "A steady epoch", _Time(lambda cell: cell.fastest, _epoch, _shown_epoch)),
    ]
    return [grid for grid in made if any(winner for _, winners in grid.rows for winner in winners)]


def _grid(bench: Bench, name: FastestOf, title: str, time: _Time) -> WinnerGrid:
    cells = {(cell.rows, cell.features, cell.dtype): cell for cell in bench.cells}
    rows = [
        (numbers.count(rows), tuple(_winner(bench, cells.get((rows, *width)), time) for width in widths(bench)))
        for rows in sorted({cell.rows for cell in bench.cells})
    ]
    return WinnerGrid(f"winners-{name}", title, tuple(_columns(bench)), tuple(rows))


def _columns(bench: Bench) -> list[str]:
    """The widths; their format, too, where there are several."""
    formats = {dtype for _, dtype in widths(bench)}
    return [plural(w[0], "feature") if len(formats) == 1 else width_name(*w) for w in widths(bench)]


def _winner(bench: Bench, cell: Cell | None, time: _Time) -> Winner | None:
    best = time.fastest(cell) if cell is not None else ()
    if cell is None or not best:
        return None
    names = [shown(name, NAME) for name in best]
    told = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    shortest = min((cell.backends[name] for name in best), key=time.seconds)
    mark = looks(bench.settings.backends)[best[0]].variable if len(best) == 1 else ""
    return Winner(told, time.shown(shortest), mark)


def _fastest_run(bench: Bench, cell: Cell) -> Sequence[str]:
    """As the ranges of the whole run tell it; none in a cell where no run is known."""
    known = [name for name, found in cell.backends.items() if found.status == "ok" and found.total_cached_seconds]
    one = next((one for one in bench.reigns if _holds(one, cell)), None)
    return [name for name in (one.fastest, *one.tied) if name in known] if one else ()


def _holds(one: FastestRange, cell: Cell) -> bool:
    same = (one.of, one.features, one.dtype) == ("run", cell.features, cell.dtype)
    return same and one.first <= cell.rows <= one.last


def _run(found: Measured) -> float:
    return found.total_cached_seconds or 0.0


def _epoch(found: Measured) -> float:
    return found.epoch_seconds.median if found.epoch_seconds else 0.0


def _shown_epoch(found: Measured) -> str:
    timed = found.epoch_seconds
    return numbers.seconds(timed.median, timed.low, timed.high) if timed else numbers.MISSING
