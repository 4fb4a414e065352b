"""What two runs differ in, as plain lines of at most 80 columns."""

from __future__ import annotations

from handgrad.compare.results.diff import Diff, OtherChange, TimeChange
from handgrad.compare.results.timing import Estimate
from handgrad.reports.compare import words
from handgrad.reports.compare.tables import Column, Table
from handgrad.reports.compare.text import plain_table, wrapped
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown


def plain(found: Diff) -> str:
    """Environment first, then times, then all else; the verdict is the last line."""
    lines = [f"{shown(found.before, 60)} → {shown(found.after, 60)}"]
    if found.environment:
        warning = "The runs are from different environments; their times are less comparable:"
        lines += ["", *wrapped([warning], ""), *wrapped([shown(one, 300) for one in found.environment])]
    table = times(found)
    if table.rows:
        lines += ["", table.title, *plain_table(table), *wrapped([table.note])]
    if found.others:
        lines += ["", "Other changes", *wrapped([_other(one) for one in found.others])]
    return "\n".join([*(line.rstrip() for line in lines), "", *verdict(found)]) + "\n"


def times(found: Diff) -> Table:
    """One row for each backend and cell."""
    columns = (
        Column("cell", words=True),
        Column("backend", words=True),
        Column("before"),
        Column("after"),
        Column("ratio"),
        Column("interval"),
        Column("", words=True),
    )
    rows = tuple(_time(one) for one in found.times)
    note = (
        "Ratio: after over before, beside the others of the cell in the same rounds, so that the machine's drift is "
        f"out; with its 95 % interval. A change counts when all of it lies beyond {100 * found.threshold:.3g} %."
    )
    return Table("times", "Seconds per epoch", columns, rows, note, tuple(one.backend for one in found.times))


def _time(one: TimeChange) -> tuple[str, ...]:
    ratio = one.beside or one.ratio
    return (
        shown(one.cell, 24),
        shown(one.backend, 14),
        numbers.seconds(one.before_seconds),
        numbers.seconds(one.after_seconds),
        f"{ratio.value:.2f}×",
        _between(ratio),
        one.change,
    )


def _between(ratio: Estimate) -> str:
    return f"{ratio.low:.2f}–{ratio.high:.2f}"


def _other(one: OtherChange) -> str:
    was = f"{one.before} before, " if one.before else ""
    return f"{shown(one.backend)}, {one.cell}: {one.what}: {was}{one.after}{' (worse)' if one.regression else ''}"


def verdict(found: Diff) -> list[str]:
    """Passed or not, and why."""
    if not found.passed:
        return wrapped([f"FAILED: {shown(reason, 400)}" for reason in found.reasons], "")
    faster = sum(one.change == "faster" for one in found.times)
    unclear = sum(one.change == "unclear" for one in found.times)
    extra = [f"{faster} faster"] if faster else []
    extra += [f"{unclear} unclear: give more --budget"] if unclear else []
    compared = ", ".join([f"{words.plural(len(found.times), 'time')} compared", *extra])
    return wrapped([f"PASSED: nothing became worse ({compared})"], "")
