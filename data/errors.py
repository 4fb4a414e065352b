"""The exceptions of this folder, and how foreign text appears in its messages. Imports nothing heavy."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

#: Characters of a cell or a name that a message or a table shows.
SHOWN = 60

#: Names that a list in a message shows.
LISTED = 10


class DataError(ValueError):
    """What was given is no data to train on; the message says what was expected, what came, and the remedy."""


class UnknownColumn(DataError):
    """A column was asked for that the table lacks; `there` are the names that it has."""

    def __init__(self, message: str, there: Sequence[str]) -> None:
        super().__init__(message)
        self.there = tuple(there)


def cut(text: str, limit: int = SHOWN) -> str:
    """The text, shortened to `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def printable(path: object) -> str:
    r"""A path as text that can be written anywhere: bytes that are no UTF-8 are escaped, as in "caf\udce9.csv"."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def shown(text: str) -> str:
    """A cell or a name for a message: cut, quoted, with control characters and direction marks escaped."""
    return repr(cut(text))


def listed(names: Sequence[str]) -> str:
    """Names for a message: the first ten, and how many more there are."""
    more = len(names) - LISTED
    text = ", ".join(shown(name) for name in names[:LISTED])
    return f"{text} and {more:,} more" if more > 0 else text


def nearest(name: str, names: Sequence[str]) -> str:
    """' (did you mean …?)' where a name is near enough, otherwise nothing. Case does not count."""
    by_lower = {other.lower(): other for other in reversed(names)}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f" (did you mean {shown(by_lower[near[0]])}?)" if near else ""
