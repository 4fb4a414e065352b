"""What two runs differ in, as text."""

from __future__ import annotations

from handgrad.compare.results.diff import Diff, OtherChange, TimeChange
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown
from handgrad.reports.look.tables import Column, TextTable
from handgrad.reports.look.text import TextReport, sections
from handgrad.reports.look.words import plural


def text(found: Diff) -> TextReport:
    """Environment first, then times, then all else; the verdict is last."""
    warning = "The runs are from different environments; their times are less comparable:"
    before = sections((warning, [shown(one, 300) for one in found.environment]))
    table = times(found)
    after = sections(("Other changes", [_other(one) for one in found.others]))
    return TextReport(
        f"{shown(found.before, 60)} → {shown(found.after, 60)}",
        [],
        [*before, *([table] if table.rows else []), *after],
        found.passed,
        verdict(found),
    )


def times(found: Diff) -> TextTable:
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
        f"out; with its 95 % interval. A change counts when all of it lies beyond "
        f"{numbers.brief(100 * found.threshold, 3)} %."
    )
    return TextTable("times", "Seconds per epoch", columns, rows, note, tuple(one.backend for one in found.times))


def _time(one: TimeChange) -> tuple[str, ...]:
    ratio = one.beside or one.ratio
    return (
        shown(one.cell, 24),
        shown(one.backend, 14),
        numbers.seconds(one.before_seconds),
        numbers.seconds(one.after_seconds),
        numbers.times(ratio.value, ratio.low, ratio.high),
        numbers.ratio_between(ratio.value, ratio.low, ratio.high),
        one.change,
    )


def _other(one: OtherChange) -> str:
    was = f"{one.before} before, " if one.before else ""
    return f"{shown(one.backend)}, {one.cell}: {one.what}: {was}{one.after}{' (worse)' if one.regression else ''}"


def verdict(found: Diff) -> list[str]:
    """Why it passed or did not, in at least one sentence."""
    if not found.passed:
        return [shown(reason, 400) for reason in found.reasons]
    faster = sum(one.change == "faster" for one in found.times)
    unclear = sum(one.change == "unclear" for one in found.times)
    extra = [f"{faster} faster"] if faster else []
    extra += [f"{unclear} unclear: give more --budget"] if unclear else []
    compared = ", ".join([f"{plural(len(found.times), 'time')} compared", *extra])
    return [f"nothing became worse ({compared})"]
