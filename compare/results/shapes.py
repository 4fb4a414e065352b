"""What the parts of a result have to do with one another: lengths that go together, names that stand for something.

A result checks itself when it is made, and so when it is read from a file: `msgspec` turns the ValueError into one that
says where in the file it is. A report can rely on all of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sized


def same_length(**parts: Sized) -> None:
    """Refuses lists of which one is longer than another.

    Raises:
        ValueError: With their names and lengths.
    """
    if len({len(part) for part in parts.values()}) > 1:
        told = ", ".join(f"{len(part)} {name.replace('_', ' ')}" for name, part in parts.items())
        raise ValueError(f"expected as many of each, got {told}")


def length(what: str, expected: int, *given: Sized) -> None:
    """Refuses what has not as many entries as it must.

    Raises:
        ValueError: With both numbers.
    """
    for one in given:
        if len(one) != expected:
            raise ValueError(f"{what}: expected {expected}, got {len(one)}")


def at_least_one(what: str, given: Sized) -> None:
    """Refuses an empty list where there is something to show of each result.

    Raises:
        ValueError: With its name.
    """
    if not len(given):
        raise ValueError(f"{what}: expected at least one, got none")


def known(what: str, names: Iterable[str | None], there: Collection[str]) -> None:
    """Refuses a name that stands for nothing; None stands for nothing on purpose.

    Raises:
        ValueError: With the name.
    """
    for name in names:
        if name is not None and name not in there:
            raise ValueError(f"{what}: {name[:60]!r} stands for nothing in this result")
