"""Backends side by side on a table that memory does not hold: what `handgrad compare` does with `--memory`.

Each backend that takes blocks reads the table itself, in a process of its own, one backend after the other. All are
judged by the exact answer, as in memory: its sums are exact however rows are cut. What needs rows at hand is left out:
the slider over epochs, predicted against true, the gradient by other methods, and how fast this machine reads.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from handgrad.backends.catalogue import Entry, entry, usual
from handgrad.compare.blocks.description import StreamDescription, write_description
from handgrad.compare.blocks.stream_blocks import Budget, StreamBlocks
from handgrad.compare.laps.ends import LapJudge
from handgrad.compare.laps.remarks import remarked
from handgrad.compare.lifetime import passing_file
from handgrad.compare.results import reasons
from handgrad.compare.results.comparison import BackendResult, Comparison
from handgrad.compare.results.environment import Environment
from handgrad.compare.scale.judged import StreamedTable
from handgrad.compare.scale.run import check_backend, check_batches, in_file_units, plan_for, prepared_of
from handgrad.compare.scale.standard import standardization
from handgrad.compare.scale.survey import survey
from handgrad.compare.side_by_side.prepare import Options, Prepared
from handgrad.compare.side_by_side.runs import Run, RunContext, closing, time_epochs
from handgrad.compare.side_by_side.side_by_side import NothingRan, compared, problem_print, result, set_up
from handgrad.compare.side_by_side.verdict import judged, verdict
from handgrad.compare.timing import environment
from handgrad.compare.timing.journal import Journal, fingerprint
from handgrad.compare.timing.laps import LapPlans
from handgrad.compare.timing.progress import Progress, silent
from handgrad.data.standardize import Standardization
from handgrad.data.stream.pieces import TableStream


@dataclass(frozen=True)
class StreamedPrepared(Prepared):
    """The problem as backends get it, whose rows are read by each of them."""

    blocks: StreamBlocks

    @property
    def data_bytes(self) -> int:
        """Of X and y, in the dtype."""
        return self.blocks.rows * (self.blocks.features + 1) * np.dtype(self.plan.dtype).itemsize

    @property
    def explained(self) -> bool:
        """Whether it is found out how gradients come about; that needs rows at hand."""
        return False

    @property
    def standardised(self) -> None:
        """Not worked out: that would be another pass."""
        return

    def fingerprint(self) -> str:
        """Identifies data and plan, by the files' sizes and times of change."""
        return fingerprint(repr(StreamDescription.of(self.blocks)), self.blocks.stream.stamp(), self.plan)

    @contextlib.contextmanager
    def data_file(self) -> Iterator[str]:
        """A file that says what to read."""
        with passing_file() as path:
            write_description(self.blocks, path)
            yield path

    def lap_plans(self) -> LapPlans:
        """Where timed laps start."""
        *width, _, height = self.blocks_table.sums.largest.tolist()
        return LapPlans.within(self.plan, self.blocks.rows, np.array(width), height, self.table.hessian.largest)

    @property
    def blocks_table(self) -> StreamedTable:
        """The table as the judge has it."""
        assert isinstance(self.forecast.table, StreamedTable)
        return self.forecast.table


def side_by_side_streamed(
    stream: TableStream,
    options: Options,
    memory_bytes: int,
    folder: Path | None = None,
    progress: Progress = silent,
    meanwhile: Mapping[str, Callable[[], object]] | None = None,
    named: bool = True,
) -> Comparison:
    """Runs those backends side by side that take blocks, and judges them.

    Args:
        stream: The table, in the user's units.
        options: See `Options`; the backends that are named must take blocks.
        memory_bytes: Of data that may be in a process at once.
        folder: Where `measurements.jsonl` grows while it runs; None keeps it in memory.
        progress: Called before each piece of work.
        meanwhile: What the caller will need afterwards anyway, such as an import, by name.
        named: Whether the backends of the options were named; of the usual ones, those that take none are left out.

    Raises:
        UnknownBackend: If a name is not in the catalogue.
        DataError, InputError: If the data or an option cannot be used, or a named backend takes no blocks.
        NothingRan: If no backend ran.
    """
    captured = environment.capture(options.thread_count())
    asked, left = contestants(options.backends, stream, named)
    runs = {one.name: Run(one) for one in asked}
    steps = len(runs) + len(meanwhile or {}) + 3
    progress("preparing: reading the table for its exact sums", 0, steps)
    prepared = prepare_streamed(stream, options, memory_bytes)
    journal = Journal(folder, problem_print(prepared, runs), options.resume)
    with prepared.data_file() as data, ThreadPoolExecutor(1) as pool, closing(runs):
        context = RunContext(prepared, options, journal, data, None, LapJudge(prepared.table))
        set_up(pool, runs, context, meanwhile or {}, lambda at_work, done: progress(at_work, done + 1, steps))
        progress("timing", steps - 2, steps)
        time_epochs(runs, context)
    if not any(run.answers for run in runs.values()):
        raise NothingRan("; ".join(run.why_not() for run in runs.values()) or "no backend was named")
    progress("judging", steps - 1, steps)
    return judgement(runs, left, prepared, captured)


def contestants(
    asked: Sequence[str | Entry] | None, stream: TableStream, named: bool
) -> tuple[list[Entry], list[Entry]]:
    """The backends that take part, and those that take no blocks, if they were not named.

    Raises:
        InputError: If one that was named takes none.
    """
    every = list(map(entry, usual().values() if asked is None else asked))
    for one in every:
        if named or one.code is not None:
            check_backend(one, stream)
    return [one for one in every if one.takes_blocks], [one for one in every if not one.takes_blocks]


def prepare_streamed(stream: TableStream, options: Options, memory_bytes: int) -> StreamedPrepared:
    """The problem, from two passes over the rows, and one more to standardise them.

    Raises:
        DataError: If a cell is no finite number, a column is constant, or there are too few rows.
        InputError: If an option is out of range.
    """
    raw = StreamBlocks(stream, Budget(memory_bytes, options.thread_count()))
    units = standardization(raw) if options.standardize else Standardization.identity(stream.features)
    given = raw.like(standardization=units) if options.standardize else raw
    seen = survey(given)
    check_batches(options.batch_size, given.rows, "all")
    blocks = given.like(dtype=options.dtype)
    table = StreamedTable.over(blocks, seen.table)
    solution = table.solution or in_file_units(seen.table.solution, units)
    prepared = prepared_of(stream, table, solution, plan_for(table, options), units, options)
    return StreamedPrepared(prepared.forecast, prepared.problem, blocks)


def judgement(runs: Mapping[str, Run], left: Sequence[Entry], prepared: Prepared, captured: Environment) -> Comparison:
    """What the runs gave, judged; those that take no blocks are named with that reason."""
    answers = {name: run.answers for name, run in runs.items() if run.answers}
    found = {name: result(run, prepared) for name, run in runs.items()}
    begun = {name: run.gradient for name, run in runs.items() if run.gradient is not None}
    results = judged(found, answers, begun, {}, prepared)
    readers = {name for name, run in runs.items() if run.entry.reads_all_rows}
    results = remarked(compared(results, {}), {}, readers)
    return Comparison(
        environment=captured,
        problem=prepared.problem,
        backends=results | {one.name: left_out(one) for one in left},
        verdict=verdict(results, prepared),
    )


def left_out(one: Entry) -> BackendResult:
    """A backend that needs all rows in memory."""
    return BackendResult(
        status="skipped",
        gradient=one.kind,  # type: ignore[arg-type]
        summary=one.summary,
        reason=reasons.OF_NO_BLOCKS,
        version=one.version(),
    )
