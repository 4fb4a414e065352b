"""How a shell completes the values of options.

Each function gets what has been typed of a value, and gives the values that begin so, each with its explanation.
Nothing heavy is imported for it: the catalogue and the built-in sets are described by their files.
"""

from __future__ import annotations

#: A value, and what a shell may show beside it.
Suggestion = tuple[str, str]


def complete_dataset(incomplete: str) -> list[Suggestion]:
    """The built-in tables whose names begin so."""
    from handgrad.data import builtin_sets

    begun = [name for name in builtin_sets.names() if name.startswith(incomplete)]
    return [(name, builtin_sets.describe(name).title) for name in begun]


def complete_published(incomplete: str) -> list[Suggestion]:
    """The published runs whose names begin so."""
    from handgrad.data.published_runs import runs

    return [(name, run.source) for name, run in runs().items() if name.startswith(incomplete)]


def complete_backend(incomplete: str) -> list[Suggestion]:
    """The backends whose names begin so."""
    from handgrad.backends.catalogue import catalogue

    return [(name, entry.summary) for name, entry in catalogue().items() if name.startswith(incomplete)]


def complete_backends(incomplete: str) -> list[Suggestion]:
    """The backends whose names begin as the last of a list does; those before it are kept, and not named twice."""
    return complete_last(incomplete, complete_backend(incomplete.rpartition(",")[2]))


def complete_dtypes(incomplete: str) -> list[Suggestion]:
    """The formats of numbers, for the last part of a list."""
    begun = incomplete.rpartition(",")[2]
    return complete_last(incomplete, [(name, "") for name in ("float64", "float32") if name.startswith(begun)])


def complete_last(incomplete: str, suggestions: list[Suggestion]) -> list[Suggestion]:
    """A list with commas between, with each of the suggestions in place of its last part."""
    before, comma, _ = incomplete.rpartition(",")
    given = {name.strip().lower() for name in before.split(",")}
    return [(before + comma + name, told) for name, told in suggestions if name not in given]
