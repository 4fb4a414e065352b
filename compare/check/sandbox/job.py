"""What goes to the student's process on its command line: where its file stands, and what it may have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """What a worker is to load, and how.

    Attributes:
        file: The student's file.
        folder: Where it is run: a temporary folder, the only one that it may write into.
        trace: Where the stack goes if the process must be ended.
        memory_limit_bytes: Of address space.
    """

    file: str
    folder: str
    trace: str
    memory_limit_bytes: int

    def arguments(self) -> list[str]:
        """The job as the worker's command line."""
        return [self.file, self.folder, self.trace, str(self.memory_limit_bytes)]

    @classmethod
    def read(cls, arguments: Sequence[str]) -> Job:
        """The job from the worker's command line."""
        file, folder, trace, memory = arguments
        return cls(file, folder, trace, int(memory))
