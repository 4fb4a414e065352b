"""How a long job says what it is doing: to a bar on a terminal, or to nobody."""

from __future__ import annotations

from collections.abc import Callable

#: Told what is going on: a short sentence, how many pieces of work are done, and how many there are.
Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, of: int) -> None:
    """Tells nobody."""
