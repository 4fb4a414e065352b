"""The processes of a sweep: one of each contestant, which lives through all cells, and some for one use."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from handgrad.backends.catalogue import Entry
from handgrad.compare.device.placed import PlacedWorker
from handgrad.compare.timing.clocks import MACHINE
from handgrad.compare.timing.messages import Load
from handgrad.compare.timing.process import WorkerHandle

#: Starts a process of a backend: its threads, its patience in seconds, and more of its environment.
Start = Callable[[str | Entry, int, float, Mapping[str, str] | None], WorkerHandle]


@dataclass
class Fleet:
    """One process of each contestant, started when it is first asked for, and anew when it has died.

    Attributes:
        start: Starts a process.
        threads: How many each may use.
        timeout_seconds: How long one answer may take.
        workers: Those that live, by contestant.
        given: What is known of the backends that are not in the catalogue.
        places: Where a backend computes that is on a device.
    """

    start: Start
    threads: int
    timeout_seconds: float
    workers: dict[str, WorkerHandle] = field(default_factory=dict)
    given: Mapping[str, Entry] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    def started(self, backend: str, variables: Mapping[str, str] | None) -> WorkerHandle:
        """A new process of a backend, with more of its environment."""
        worker = self.start(self.given.get(backend, backend), self.threads, self.timeout_seconds, variables)
        return PlacedWorker(worker, self.places[backend]) if backend in self.places else worker

    def get(self, name: str, backend: str) -> WorkerHandle:
        """The process of that contestant.

        Raises:
            WorkerError: When it cannot load its library.
        """
        if name not in self.workers:
            worker = self.workers[name] = self.started(backend, None)
            if name != MACHINE:
                worker.ask(Load())
            worker.rest()
        return self.workers[name]

    @contextlib.contextmanager
    def alone(self, backend: str, variables: Mapping[str, str] | None = None) -> Iterator[WorkerHandle]:
        """A process for one use, with more of its environment; it is ended afterwards."""
        worker = self.started(backend, variables)
        try:
            yield worker
        finally:
            worker.close()

    def drop(self, name: str) -> None:
        """Ends a process that failed."""
        if name in self.workers:
            self.workers.pop(name).close()

    def close(self) -> None:
        """Ends all processes."""
        for name in list(self.workers):
            self.drop(name)
