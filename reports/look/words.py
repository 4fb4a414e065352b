"""Turns of phrase that every report uses."""

from __future__ import annotations

from collections.abc import Sequence

from handgrad.reports.look import numbers


def plural(number: int, word: str) -> str:
    """A number of things: ``1 row``, ``442 rows``."""
    return f"{numbers.count(number)} {word}{'' if number == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """At least one name as a list in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    if not words:
        return "none"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
