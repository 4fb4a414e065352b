"""How a long job says what it is doing: to a bar on a terminal, or to nobody."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

#: Told what is going on: a short sentence, how many pieces of work are done, and how many there are.
Progress = Callable[[str, int, int], None]

#: Between two words on passes: so many seconds, and such a part of the time since the first.
PAUSE_SECONDS, PAUSE_SHARE = 0.5, 0.02


def silent(what: str, done: int, of: int) -> None:
    """Tells nobody."""


@dataclass
class PassTeller:
    """Tells of passes over rows, and from time to time, as a pass may take a millisecond or an hour.

    Attributes:
        progress: Who is told.
        what: Whose passes.
        of: How many there will be, as far as that is known.
    """

    progress: Progress
    what: str
    of: int
    done: int = 0
    begun: float = field(default_factory=time.monotonic)
    told: float = 0.0

    def __post_init__(self) -> None:
        self.told = self.begun

    def __call__(self, share: float) -> None:
        """So much of a pass is done; 1 at its end."""
        self.done += share >= 1
        now = time.monotonic()
        if now - self.told >= max(PAUSE_SECONDS, PAUSE_SHARE * (now - self.begun)):
            self.told = now
            part = f", {share:.0%} of this one" if share < 1 else ""
            self.progress(f"{self.what}: passes over the rows{part}", self.done, max(self.of, self.done))
