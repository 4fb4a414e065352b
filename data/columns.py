"""Which columns of a table are features, which is the target: from the header and what the user asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from handgrad.data.errors import DataError, UnknownColumn, listed, nearest, shown

#: What `generate` calls the target, and the same without its noise.
SYNTHETIC_TARGET = "y"
TRUE_TARGET = "y_true"

#: What counts as a number in a cell: no thousands separators, no units, no digits of other scripts.
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


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
    def indices(self) -> list[int]:
        """Features, target, and then y_true, if there."""
        return [*self.features, self.target, *([self.y_true] if self.y_true is not None else [])]


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


def choose_columns(names: Sequence[str], target: str | None, features: Sequence[str] | None, where: str) -> Columns:
    """Finds the target (default: the last column) and the features (default: all others).

    A column `y_true` beside a column `y` is the target without its noise, as `generate` writes it, unless it
    is asked for by name.

    Raises:
        DataError: On unknown names, a target that is also a feature, features named twice, or none at all.
    """
    asked = (features,) if isinstance(features, str) else features
    y_true = _true_target(names, target, asked)
    others = [i for i in range(len(names)) if i != y_true]
    notes = [] if y_true is None else [f"column {shown(TRUE_TARGET)} is the target without its noise, not a feature"]
    if target is None:
        goal = others[-1]
        notes.append(f"target: {shown(names[goal])}, the last column" + (" but that one" if y_true is not None else ""))
    else:
        goal = _place(target, names, where, "target")
    chosen = _features(names, goal, others, asked, where)
    if names[goal] != SYNTHETIC_TARGET:
        y_true = None
    return Columns(tuple(chosen), goal, y_true, tuple(notes))


def _true_target(names: Sequence[str], target: str | None, features: Sequence[str] | None) -> int | None:
    if not {SYNTHETIC_TARGET, TRUE_TARGET} <= set(names) or target == TRUE_TARGET or TRUE_TARGET in (features or ()):
        return None
    return list(names).index(TRUE_TARGET)


def _features(
    names: Sequence[str], goal: int, others: Sequence[int], asked: Sequence[str] | None, where: str
) -> list[int]:
    if asked is None:
        chosen = _named([i for i in others if i != goal], names, where)
    else:
        chosen = [_place(name, names, where, "feature") for name in asked]
    if not chosen:
        raise DataError(f"{where}: expected at least one feature beside the target {shown(names[goal])}, got none")
    if goal in chosen:
        raise DataError(
            f"{where}: {shown(names[goal])} is the target and also among the features; name another target, "
            "or leave it out of the features"
        )
    if len(set(chosen)) < len(chosen):
        raise DataError(f"{where}: expected every feature once, got {listed(list(asked or ()))}")
    return chosen


def _named(places: list[int], names: Sequence[str], where: str) -> list[int]:
    """The places, if each has a name."""
    for i in places:
        if not names[i]:
            raise DataError(
                f"{where}: column {i + 1} has no name (a row index? a separator at the end of the "
                "line?); name it, save the table without it, or choose the features by name"
            )
    return places


def _place(name: str, names: Sequence[str], where: str, role: str) -> int:
    if name not in names or not name:
        raise UnknownColumn(
            f"{where}: no column is called {shown(name)}{nearest(name, names)}; the {role} can be: {listed(names)}",
            names,
        )
    return list(names).index(name)
