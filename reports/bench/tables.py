"""The tables of a sweep, before any layout: a terminal, a pipe and a page show the same cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from handgrad.compare.results.bench import Bench, Cell, Level, Measured, StartUp
from handgrad.compare.results.timing import Estimate
from handgrad.reports.bench.heads import heads, row_count, timed
from handgrad.reports.look import numbers
from handgrad.reports.look.disturbed import MARK, is_disturbed
from handgrad.reports.look.names import shown
from handgrad.reports.look.tables import BACKEND_WIDTH, Column, TextTable

_BACKEND = Column("backend", words=True)


def tables(bench: Bench) -> list[TextTable]:
    """Those that have something to show, in the order of the report."""
    of_epochs = passes if bench.settings.streamed else epochs
    made = [*(of_epochs(bench, *width) for width in widths(bench)), *(runs(bench, *width) for width in widths(bench))]
    made += [start_up(bench), scaling(bench), crossovers(bench), machine(bench)]
    return [table for table in made if table.rows]


def widths(bench: Bench) -> list[tuple[int, str]]:
    """Features and dtype of each part of the grid."""
    return list(dict.fromkeys((cell.features, cell.dtype) for cell in bench.cells))


def cells_of(bench: Bench, features: int, dtype: str) -> list[Cell]:
    """The cells of one width and dtype, their rows ascending."""
    found = [cell for cell in bench.cells if (cell.features, cell.dtype) == (features, dtype)]
    return sorted(found, key=lambda cell: cell.rows)


def width_name(features: int, dtype: str) -> str:
    """As in a title: ``16 features, float64``."""
    return f"{features} feature{'s' if features != 1 else ''}, {dtype}"


def epochs(bench: Bench, features: int, dtype: str) -> TextTable:
    """Each backend's steady epoch in each size: its time, over the reference's, and beside the machine's limit."""
    over = f"× {shown(bench.reference, 10)}"
    columns = (
        Column("rows, backend", words=True),
        Column("epoch"),
        Column("interval", page_only=True),
        Column(over),
        Column("interval"),
        Column("of limit"),
        Column("memory", page_only=True),
        Column("remark", words=True),
    )
    rows: list[tuple[str, ...]] = []
    subjects: list[str] = []
    for cell in cells_of(bench, features, dtype):
        limits = heads(bench, cell)
        rows += limits
        subjects += [""] * len(limits)
        rows += [(_indented(name), *_epoch(found), _said(cell, name, found)) for name, found in cell.backends.items()]
        subjects += cell.backends
    title, note = f"Seconds per epoch: {width_name(features, dtype)}", _epochs_note(over)
    if bench.device is not None:
        note += f" What computes on {shown(bench.device.name, 40)} is held against its reading of its own memory."
    return TextTable(f"epochs-{features}-{dtype}", title, columns, tuple(rows), note, tuple(subjects))


def _epochs_note(over: str) -> str:
    return (
        f"Epoch: the median in the steady state, with its 95 % interval. {over}: the median ratio of the same rounds, "
        "with its interval. Beside each size: the time in which this machine reads X and y, with the same threads. "
        "Of limit: that over the epoch; what is far above 100 % does not read them each time. Tied: at the top, "
        "not told apart. Not told apart: from the one that the ratio is of."
        f" {MARK.capitalize()}: the processors were, with something else; the time is an upper bound."
    )


def passes(bench: Bench, features: int, dtype: str) -> TextTable:
    """Each backend's epoch and its pass over a table that memory does not hold, beside the reading of the columns."""
    columns = (
        Column("rows, backend", words=True),
        Column("epoch"),
        Column("interval", page_only=True),
        Column("pass"),
        Column("interval", page_only=True),
        Column("of reading"),
        Column("interval"),
        Column(f"× {shown(bench.reference, 10)}", page_only=True),
        Column("memory", page_only=True),
        Column("remark", words=True),
    )
    rows: list[tuple[str, ...]] = []
    subjects: list[str] = []
    for cell in cells_of(bench, features, dtype):
        rows.append((row_count(cell), *_reading(cell)))
        rows += [(_indented(name), *_pass(found), _said(cell, name, found)) for name, found in cell.backends.items()]
        subjects += ["", *cell.backends]
    note = (
        "Epoch: the median in the steady state, with its 95 % interval. Pass: once over all rows; an epoch is one, but "
        "for those that read them once, before the first. Beside the size: the time in which pyarrow's dataset scanner "
        "alone reads the columns, with the same threads, in the same rounds. Of reading: that over the pass, with its "
        "interval. Tied: at the top, not told apart. Memory: the most that the process held beyond its interpreter. "
        f"{MARK.capitalize()}: the processors were, with something else; the time is an upper bound."
    )
    title = f"Seconds per epoch: {width_name(features, dtype)}"
    return TextTable(f"epochs-{features}-{dtype}", title, columns, tuple(rows), note, tuple(subjects))


def _reading(cell: Cell) -> tuple[str, ...]:
    """The head of a size: pyarrow, which only reads; how many bytes that are is the format's affair."""
    reads = f"to read {cell.features + 1} columns"
    if cell.limit_seconds is None:
        return ("", "", "", "", "", "", "", "", reads)
    return ("", "", *timed(cell.limit_seconds), "100 %", "", "", "", reads)


def _pass(found: Measured) -> tuple[str, ...]:
    if found.epoch_seconds is None:
        return ("–", "", "–", "", "–", "", "–", "–")
    share = found.pass_fraction or found.limit_fraction
    return (
        *timed(found.epoch_seconds),
        *timed(found.pass_seconds or found.epoch_seconds),
        numbers.percent(share.value, share.low, share.high) if share else numbers.MISSING,
        numbers.ratio_between(100 * share.value, 100 * share.low, 100 * share.high) if share else "",
        _ratio(found.relative)[0],
        numbers.size(found.own_bytes),
    )


def _indented(name: str) -> str:
    """A backend below its size; a page shows its colour instead of the space."""
    return f"  {shown(name, BACKEND_WIDTH)}"


def _epoch(found: Measured) -> tuple[str, ...]:
    if found.epoch_seconds is None:
        return ("–", "", "–", "", "–", "–")
    limit = found.limit_fraction
    return (
        *timed(found.epoch_seconds),
        *_ratio(found.relative),
        numbers.percent(limit.value, limit.low, limit.high) if limit else numbers.MISSING,
        numbers.size(found.own_bytes),
    )


def _ratio(found: Estimate | None) -> tuple[str, str]:
    return (numbers.times(found.value, found.low, found.high), between(found)) if found else ("1×", "")


def between(found: Estimate) -> str:
    """An interval of a pure number."""
    return numbers.ratio_between(found.value, found.low, found.high)


def _said(cell: Cell, name: str, found: Measured) -> str:
    """In a word or two: what became of it, or how it stands to the others."""
    if found.status != "ok":
        return found.status
    words = [_standing(cell, name, found), MARK if is_disturbed(found.epoch_seconds) else ""]
    return ", ".join(word for word in words if word)


def _standing(cell: Cell, name: str, found: Measured) -> str:
    if name in cell.fastest:
        return "fastest" if len(cell.fastest) == 1 else "tied"
    return "not told apart" if found.told_apart is False and not is_disturbed(found.epoch_seconds) else ""


def runs(bench: Bench, features: int, dtype: str) -> TextTable:
    """The whole run asked for, and after how many epochs a start has paid for itself."""
    against = _against(bench)
    columns = (
        Column("rows, backend", words=True),
        Column("run"),
        Column("compiling"),
        *(Column(f"pays v. {shown(other, 10)}") for other in against),
    )
    rows: list[tuple[str, ...]] = []
    subjects: list[str] = []
    for cell in cells_of(bench, features, dtype):
        known = {name: found for name, found in cell.backends.items() if found.total_cached_seconds is not None}
        if known:
            rows.append((row_count(cell), "", "", *("" for _ in against)))
            rows += [
                (_indented(name), *_totals(found), *(_pays(found, o) for o in against)) for name, found in known.items()
            ]
            subjects += ["", *known]
    note = (
        f"Run: import, the data, first call and {numbers.count(bench.settings.epochs)} epochs, with compiled code on "
        "disk; compiling: with everything still to compile. Pays: after so many epochs the later start is made up for "
        "(in brackets: when everything must compile); 0 is ahead from the start. Nothing is said where the epochs are "
        "not told apart. A start is timed once."
    )
    title = f"A run of {numbers.count(bench.settings.epochs)} epochs: {width_name(features, dtype)}"
    return TextTable(f"runs-{features}-{dtype}", title, columns, tuple(rows), note, tuple(subjects))


def _totals(found: Measured) -> tuple[str, str]:
    return numbers.seconds(found.total_cached_seconds), numbers.seconds(found.total_cold_seconds)


def _against(bench: Bench) -> list[str]:
    """The backends that others are held against, in the order of tables."""
    named = {one.against for cell in bench.cells for found in cell.backends.values() for one in found.break_even}
    return [name for name in bench.settings.backends if name in named]


def _pays(found: Measured, against: str) -> str:
    """Epochs with compiled code on disk, and in brackets with everything to compile, where that differs."""
    one = next((one for one in found.break_even if one.against == against), None)
    if one is None:
        return ""
    cached, cold = ("never" if n is None else _rough(n) for n in (one.cached, one.cold))
    return cached if cached == cold else f"{cached} ({cold})"


def _rough(epochs: int) -> str:
    """Two digits of it: the figures that it comes from support no more."""
    return numbers.count(int(float(f"{epochs:.1e}")))


def start_up(bench: Bench) -> TextTable:
    """What each backend costs before its epochs are steady."""
    columns = (
        _BACKEND,
        Column("features"),
        Column("dtype", words=True),
        Column("import"),
        Column("first call"),
        Column("cached"),
        Column("epoch"),
    )
    rows, subjects = [], []
    for name, starts in bench.start_ups.items():
        for start in starts:
            rows.append((shown(name, BACKEND_WIDTH), numbers.count(start.features), start.dtype, *_costs(start)))
            subjects.append(name)
    stored = " of random numbers in a Parquet file" if bench.settings.streamed else ""
    at = " and ".join(dict.fromkeys(numbers.count(s.rows) for starts in bench.start_ups.values() for s in starts))
    note = (
        f"Each in two processes of its own, on {at} rows{stored}: the first call with everything still to compile, "
        "then in a new process with the compiled code that the first has left on disk."
    )
    return TextTable("start-up", "Before the first epoch", columns, tuple(rows), note, tuple(subjects))


def _costs(start: StartUp) -> Iterator[str]:
    for cost in (start.import_seconds, start.first_call_cold_seconds, start.first_call_cached_seconds):
        yield numbers.seconds(cost)
    yield numbers.seconds(start.epoch_seconds)


def scaling(bench: Bench) -> TextTable:
    """The exponents."""
    columns = (
        _BACKEND,
        Column("features"),
        Column("dtype", words=True),
        Column("exponent"),
        Column("interval"),
        Column("from rows"),
    )
    rows = [
        (
            shown(one.backend, BACKEND_WIDTH),
            numbers.count(one.features),
            one.dtype,
            numbers.ratio(one.exponent.value, one.exponent.low, one.exponent.high),
            between(one.exponent),
            numbers.count(one.rows[0]),
        )
        for one in bench.scaling
    ]
    note = "An epoch takes seconds ~ rows^p: 1 is linear, less means that a part of it does not depend on the rows."
    return TextTable("scaling", "How it grows", columns, tuple(rows), note, tuple(one.backend for one in bench.scaling))


def crossovers(bench: Bench) -> TextTable:
    """Where one backend overtakes another."""
    columns = (
        Column("faster beyond", words=True),
        Column("slower beyond", words=True),
        Column("features"),
        Column("dtype", words=True),
        Column("rows"),
        Column("interval"),
    )
    rows = [
        (
            shown(one.faster, BACKEND_WIDTH),
            shown(one.slower, BACKEND_WIDTH),
            numbers.count(one.features),
            one.dtype,
            rounded(one.rows.value),
            f"{rounded(one.rows.low)}–{rounded(one.rows.high)}",
        )
        for one in bench.crossovers
    ]
    note = (
        "Where the steady epochs of two backends take the same time. Interval: from the last size at which they are "
        "told apart one way round to the first at which they are told apart the other way round."
    )
    subjects = tuple(one.faster for one in bench.crossovers)
    return TextTable("crossovers", "Who overtakes whom", columns, tuple(rows), note, subjects)


def rounded(rows: float) -> str:
    """A number of rows to two digits."""
    return numbers.count(round(float(f"{rows:.1e}")))


def machine(bench: Bench) -> TextTable:
    """How fast this machine reads, by the size of what it reads over and over; and its multiply-adds."""
    columns = (Column("working set"), Column("reads per second"))
    if bench.machine is None:
        return TextTable("machine", "The machine's limits", columns, ())
    levels = bench.machine.levels
    rows = [(numbers.size(level.bytes), _per_second(level.bytes_per_second)) for level in _thinned(levels)]
    peaks = ", ".join(
        f"{numbers.brief(rate / 1e9, 3)} billion in {dtype}"
        for dtype, rate in bench.machine.operations_per_second.items()
    )
    note = (
        f"With {bench.machine.threads} threads. Additions and multiplications per second, in a matrix product: {peaks}."
    )
    return TextTable("machine", "The machine's limits", columns, tuple(rows), note)


def _thinned(levels: Sequence[Level]) -> Sequence[Level]:
    """Every so many of them, the last one always: it alone lies beyond the caches."""
    return levels[::-1][:: max(1, -(-len(levels) // 8))][::-1]


def _per_second(rate: float) -> str:
    return f"{numbers.brief(rate / 1e9, 3)} GB"
