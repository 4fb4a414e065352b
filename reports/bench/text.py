"""A sweep in a terminal, and as plain lines for a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from handgrad.compare.results.bench import Bench
from handgrad.reports.bench import words as bench_words
from handgrad.reports.bench.tables import tables
from handgrad.reports.compare.tables import narrow
from handgrad.reports.compare.text import dim, plain_table, styled, wrapped

if TYPE_CHECKING:
    from rich.console import Group
    from rich.text import Text


def terminal(bench: Bench) -> Group:
    """A renderable for `rich.console.Console.print`, for 80 columns and more: tables first, the answer last."""
    from rich.console import Group
    from rich.text import Text

    parts: list[Text] = [Text(bench_words.heading(bench), style="bold"), *dim(bench_words.method(bench))]
    for table in map(narrow, tables(bench)):
        parts += [Text(), Text(table.title, style="bold"), *styled(table), *dim(table.note)]
    for title, lines in sections(bench):
        parts += [Text(), Text(title, style="bold"), *(Text(line) for line in wrapped(lines))]
    return Group(*parts)


def plain(bench: Bench) -> str:
    """The same as plain lines: no colours, no boxes; columns are two spaces apart."""
    lines = [bench_words.heading(bench), *wrapped([bench_words.method(bench)])]
    for table in map(narrow, tables(bench)):
        lines += ["", table.title, *plain_table(table), *wrapped([table.note])]
    for title, section in sections(bench):
        lines += ["", title, *wrapped(section)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def sections(bench: Bench) -> Iterator[tuple[str, list[str]]]:
    """Titles with their sentences, without those that have nothing to say; the answer is the last."""
    noise = bench_words.noise(bench)
    every = (
        ("Left out", bench_words.left_out(bench)),
        ("Noise", [*([noise] if noise else []), *bench.warnings]),
        (f"Fastest for a run of {bench.settings.epochs} epochs, start included", bench_words.answers(bench, "run")),
        (bench_words.THROUGH_ROWS, bench_words.answers(bench, "rows")),
        ("Fastest for your table, epoch by epoch", bench_words.answers(bench, "epoch")),
    )
    return ((title, lines) for title, lines in every if lines)
