"""What goes to the student's process: a job, on its command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """What a worker is to do.

    Attributes:
        file: The student's file.
        answers: Where the messages go.
        trace: Where the stack goes if the process must be ended.
        memory_limit_bytes: Of address space.
        exercise: The number of an exercise, or 0.
        function: The name of the function that is asked for, if any.
    """

    file: str
    answers: str
    trace: str
    memory_limit_bytes: int
    exercise: int = 0
    function: str = ""

    def arguments(self) -> list[str]:
        """The job as the worker's command line."""
        return [self.file, self.answers, self.trace, str(self.memory_limit_bytes), str(self.exercise), self.function]

    @classmethod
    def read(cls, arguments: Sequence[str]) -> Job:
        """The job from the worker's command line."""
        file, answers, trace, memory, exercise, function = arguments
        return cls(file, answers, trace, int(memory), int(exercise), function)
