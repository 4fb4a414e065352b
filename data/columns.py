"""Which columns of a table are features, which is the target: from the header and what the user asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from handgrad.data.arrays import FloatArray
from handgrad.data.errors import DataError, UnknownColumn, listed, nearest, shown

#: What `generate` calls the target, and the same without its noise.
SYNTHETIC_TARGET = "y"
TRUE_TARGET = "y_true"

#: What counts as a number in a cell: no thousands separators, no units, no digits of other scripts.
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


#: A column that nobody named, and what pandas calls it.
NO_NAME = ("", "Unnamed: 0")


GIVEN_BY_PANDAS = re.compile(r"Unnamed: [0-9]+")


@dataclass(frozen=True)
class Columns:
    """The chosen columns, as their places in the header.

    Attributes:
        features: d places, in the user's order.
        target: One place.
        y_true: The place of the target without its noise, if the table has it.
        notes: What must be said about the choice.
    """

    features: tuple[int, ...]
    target: int
    y_true: int | None
    notes: tuple[str, ...]

    @property
    def parts(self) -> list[tuple[int, ...]]:
        """The places of the features, of the target, and then of y_true, if there: what becomes an array each."""
        return [self.features, (self.target,), *([(self.y_true,)] if self.y_true is not None else [])]

    @property
    def indices(self) -> list[int]:
        """Features, target, and then y_true, if there."""
        return [place for part in self.parts for place in part]


def clean_header(cells: Sequence[str], where: str) -> tuple[list[str], list[str]]:
    """The names without the spaces around them, and notes on what is odd about them.

    Raises:
        DataError: If a name stands twice.
    """
    names = [cell.strip() for cell in cells]
    notes = []
    if trimmed := [name for name, cell in zip(names, cells, strict=True) if name != cell]:
        notes.append(f"header: spaces around {listed(trimmed)} were trimmed")
    seen: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        if name and name in seen:
            raise DataError(
                f"{where}: column name {shown(name)} stands twice (columns {seen[name]} and {place}); rename "
                "one of them"
            )
        seen[name] = place
    if all(NUMBER.fullmatch(name) for name in names):
        notes.append(
            f"every header cell is a number ({listed(names)}): is there no header? The first row was taken as names"
        )
    return names, notes


def counts_rows(column: FloatArray, first: float | None = None) -> bool:
    """Whether a column (n,) is 0, 1, 2, … or 1, 2, 3, …, which says nothing but where a row stands.

    With `first`, whether it counts on from there.
    """
    if not len(column) or (first is None and column[0] not in (0, 1)):
        return False
    return bool((column == np.arange(len(column)) + (column[0] if first is None else first)).all())


def saved_index(name: str) -> str:
    """The note on a first column that counts the rows and has no name of its own."""
    called = f" ({shown(name)})" if name else ""
    return f"column 1{called} has no name and counts the rows, as a saved index does: left out"


def choose_columns(
    names: Sequence[str],
    target: str | None,
    features: Sequence[str] | None,
    where: str,
    labels: Mapping[int, str] = MappingProxyType({}),
    hint: Callable[[int], str | None] = lambda column: None,
) -> Columns:
    """Finds the target (default: the last column) and the features (default: all others).

    A column `y_true` beside a column `y` is the target without its noise, as `generate` writes it, unless it
    is asked for by name. Columns that only label the rows are used where they are asked for by name.

    Args:
        names: One for each column of the table; empty where a column has none.
        target: The name asked for.
        features: The names asked for.
        where: The table, for messages.
        labels: The places of columns that label the rows and are no data, each with the note on it.
        hint: Says what the column without a name at a place seems to be.

    Raises:
        DataError: On unknown names, a target that is also a feature, features named twice, or none at all.
    """
    asked = (features,) if isinstance(features, str) else features
    y_true = _true_target(names, target, asked)
    others = [i for i in range(len(names)) if i != y_true and i not in labels]
    if not others:
        raise DataError(f"{where}: expected columns of numbers beside the one that labels the rows, got none")
    goal = others[-1] if target is None else _place(target, names, where, "target")
    if hint(goal):  # otherwise it is a target that nobody has named
        _check_names([goal], names, where, hint)
    if asked is None:
        chosen = [i for i in others if i != goal]
        _check_names(chosen, names, where, hint)
    else:
        chosen = [_place(name, names, where, "feature") for name in asked]
    unused = {place: note for place, note in labels.items() if place not in (goal, *chosen)}
    _check_features(chosen, goal, names, where, [names[place] for place in unused if names[place]])
    notes = [*unused.values(), *_notes(names, chosen, y_true, goal if target is None else None)]
    return Columns(tuple(chosen), goal, y_true if names[goal] == SYNTHETIC_TARGET else None, tuple(notes))


def _notes(names: Sequence[str], chosen: Sequence[int], y_true: int | None, last: int | None) -> Iterator[str]:
    """What must be said about the features, about y_true, and about a target taken because it is the last column."""
    for name in (names[i] for i in chosen):
        if GIVEN_BY_PANDAS.fullmatch(name):
            yield f"column {shown(name)}: pandas gives this name to a saved index; is it a feature?"
    if y_true is not None:
        yield f"column {shown(TRUE_TARGET)} is the target without its noise, not a feature"
    if last is not None:
        yield f"target: {shown(names[last])}, the last column" + (" but that one" if y_true is not None else "")


def _true_target(names: Sequence[str], target: str | None, features: Sequence[str] | None) -> int | None:
    if not {SYNTHETIC_TARGET, TRUE_TARGET} <= set(names) or target == TRUE_TARGET or TRUE_TARGET in (features or ()):
        return None
    return list(names).index(TRUE_TARGET)


def _check_features(chosen: Sequence[int], goal: int, names: Sequence[str], where: str, labels: Sequence[str]) -> None:
    if not chosen:
        unused = f"; to use what labels the rows, name it: {listed(labels)}" if labels else ""
        raise DataError(
            f"{where}: expected at least one feature beside the target {shown(names[goal])}, got none{unused}"
        )
    if goal in chosen:
        raise DataError(
            f"{where}: {shown(names[goal])} is the target and also among the features; name another target, "
            "or leave it out of the features"
        )
    if len(set(chosen)) < len(chosen):
        raise DataError(f"{where}: expected every feature once, got {listed([names[i] for i in chosen])}")


def _check_names(places: Sequence[int], names: Sequence[str], where: str, hint: Callable[[int], str | None]) -> None:
    for i in places:
        if not names[i]:
            cause = hint(i) or "a row index? a separator at the end of the line?"
            raise DataError(
                f"{where}: column {i + 1} has no name ({cause}); name it, save the table without it, or choose target "
                "and features by name"
            )


def _place(name: str, names: Sequence[str], where: str, role: str) -> int:
    if name not in names or not name:
        raise UnknownColumn(
            f"{where}: no column is called {shown(name)}{nearest(name, names)}; the {role} can be: {listed(names)}",
            names,
        )
    return list(names).index(name)
