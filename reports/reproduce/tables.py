"""The tables of published runs: a terminal and a pipe show what agrees, a page also what each backend gives."""

from __future__ import annotations

from handgrad.compare.results.reproduction import PublishedNumber, Reproduced, Reproduction
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown
from handgrad.reports.look.tables import BACKEND_WIDTH, Column, TextTable
from handgrad.reports.reproduce import words

#: An exact answer on a page: all its digits.
EXACT_COLUMN = "exact, 25 digits"


def of_run(run: Reproduced) -> TextTable:
    """Every printed number of a run, the exact answer, how many digits hold, and all that backends give."""
    backends = list(dict.fromkeys(name for number in run.numbers for name in number.given))
    columns = (
        Column("number", words=True),
        Column("printed there", words=True),
        Column("exact answer", words=True),
        Column("digits", words=True),
        *(Column(title, words=True, page_only=True) for title in (EXACT_COLUMN, *(shown(n) for n in backends))),
    )
    rows = tuple(_row(number, backends) for number in run.numbers)
    return TextTable(f"numbers-{run.problem.id}", "What it prints", columns, rows)


def _row(number: PublishedNumber, backends: list[str]) -> tuple[str, ...]:
    given = (number.given.get(name) for name in backends)
    return (
        words.label(number),
        shown(number.printed),
        words.exact(number),
        words.digits(number),
        number.exact_digits,
        *(numbers.MISSING if answer is None else numbers.full(answer.value) for answer in given),
    )


def overview(found: Reproduction) -> TextTable:
    """One row per run: how its numbers agree, and whether it had arrived."""
    columns = (
        Column("run", words=True),
        Column("numbers"),
        Column("all digits"),
        Column("settled"),
        Column("different"),
        Column("reproduced", words=True),
    )
    rows = tuple(_counts(run) for run in found.runs)
    note = (
        "All digits: the exact answer and every backend round to what is printed. Settled: more digits are printed "
        "than rounding settles, and all agree as far as it does."
    )
    return TextTable("overview", "All runs", columns, rows, note)


def _counts(run: Reproduced) -> tuple[str, ...]:
    found = [words.agreement(number) for number in run.numbers]
    counted = [numbers.count(found.count(kind)) for kind in ("same", "rounding", "different")]
    return shown(run.problem.id, BACKEND_WIDTH + 8), numbers.count(len(found)), *counted, "yes" if run.passed else "no"
