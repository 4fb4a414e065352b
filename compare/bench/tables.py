"""What a sweep has in its cells: random numbers of any size, or one table that was given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace

from handgrad.backends.catalogue import Entry
from handgrad.compare.bench.problem import CellProblem, Size, TimedProblem, given_problem, problem
from handgrad.compare.results.bench import BenchTable
from handgrad.compare.timing.journal import fingerprint
from handgrad.data.dataset import Dataset

#: So few rows take no time to move: what a process needs for its first ones is that of libraries that load late.
TINY_ROWS = 16


class SweepTables(ABC):
    """The tables of a sweep, one for each of its sizes."""

    @abstractmethod
    def cell(self, size: Size) -> TimedProblem:
        """The rows of a cell.

        Raises:
            DataError: If they cannot be read, or descent cannot start on them.
        """

    def start_up(self, size: Size, seed: int) -> CellProblem:
        """Rows on which a backend is started up: random numbers, as in any table of that size."""
        return problem(size, seed)

    def tiny(self, size: Size, seed: int) -> CellProblem:
        """A few rows of that width."""
        return self.start_up(replace(size, rows=TINY_ROWS), seed)

    def check(self, size: Size) -> None:  # noqa: B027 - random numbers need none
        """Looks at the rows of a cell before anything is timed.

        Raises:
            DataError: As `cell` does.
        """

    def digest(self) -> str:
        """By which it is known whether they are those of another sweep; empty where the settings tell."""
        return ""

    def left_out(self, entries: Mapping[str, Entry]) -> Mapping[str, str]:
        """Which backends take no part in any cell, with the reason."""
        return {}

    def passing(self, entries: Mapping[str, Entry]) -> list[str]:
        """The backends whose one pass over the rows is timed apart from their epochs."""
        return []


class RandomTables(SweepTables):
    """Random numbers."""

    def cell(self, size: Size) -> TimedProblem:
        """Those of a cell, which are always the same."""
        return problem(size, 0)


@dataclass(frozen=True, eq=False)
class GivenTable(SweepTables):
    """One table, all of it in memory."""

    dataset: Dataset

    def cell(self, size: Size) -> TimedProblem:
        """The table in the size's dtype, centred and scaled.

        Raises:
            DataError: If a feature is constant.
        """
        return given_problem(self.dataset, size.dtype)

    def check(self, size: Size) -> None:
        """Refuses a table that cannot be centred and scaled."""
        self.cell(size)

    def digest(self) -> str:
        """Of all numbers."""
        return fingerprint(self.dataset.X.tobytes(), self.dataset.y.tobytes())


def facts_of(dataset: Dataset, memory_bytes: int | None) -> BenchTable:
    """What a result says of a table in memory, for which so many bytes were allowed, if anybody has said how many."""
    return BenchTable(
        source=dataset.source,
        features=tuple(dataset.feature_names),
        target=dataset.target_name,
        streamed=False,
        memory_bytes=memory_bytes,
        notes=tuple(dataset.notes),
    )
