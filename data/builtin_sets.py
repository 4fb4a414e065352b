"""The built-in data sets: what there is, where it comes from, and the coefficients that were published for it.

A set is two files in `builtin/`: `NAME.csv`, the table with its target in the last column, and `NAME.json`, the rest.
Describing reads the JSON alone; nothing heavy is imported before a set is loaded.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from handgrad.data.errors import DataError, nearest, shown

if TYPE_CHECKING:
    from handgrad.data.dataset import Dataset

FOLDER = Path(__file__).parent / "builtin"

#: The order of lists: the main example first.
ORDER = ("diabetes", "auto-mpg", "norris", "longley", "anscombe1", "anscombe2", "anscombe3", "anscombe4")

#: The key of the bias among the coefficients; all others are features.
BIAS = "bias"


@dataclass(frozen=True)
class BuiltIn:
    """One built-in set.

    Attributes:
        name: What `load` knows it by.
        title: What it is about.
        rows: n.
        features: d names, in the table's order.
        target: The name of y.
        source: Who made and who published the table.
        licence: Under which it is used here.
        published: Least-squares coefficients as published or certified, decimal strings by feature, and "bias"; empty
            where none were published in the table's own units.
        published_r2: R² as published, a decimal string.
        published_in: Where.
        exact: The same from rational arithmetic on the table's decimals, correct to all 20 digits.
        exact_r2: The same for R².
    """

    name: str
    title: str
    rows: int
    features: tuple[str, ...]
    target: str
    source: str
    licence: str
    published: dict[str, str]
    published_r2: str
    published_in: str
    exact: dict[str, str]
    exact_r2: str

    @property
    def coefficients(self) -> tuple[list[float], float]:
        """The exact weights, in the order of `features`, and the exact bias, each rounded once."""
        return [float(self.exact[name]) for name in self.features], float(self.exact[BIAS])


def names() -> list[str]:
    """The names of all built-in sets, in the order of lists."""
    rank = {name: i for i, name in enumerate(ORDER)}
    return sorted((file.stem for file in FOLDER.glob("*.json")), key=lambda name: (rank.get(name, len(rank)), name))


def describe(name: str) -> BuiltIn:
    """What is known about a set, without its numbers. Upper case and underscores are accepted.

    Raises:
        DataError: If there is no set of that name.
    """
    known = canonical(name)
    described = json.loads((FOLDER / f"{known}.json").read_text(encoding="utf-8"))
    return BuiltIn(**{**described, "name": known, "features": tuple(described["features"])})


def load(name: str, target: str | None = None, features: Sequence[str] | None = None) -> Dataset:
    """The set's table, or some columns of it. Its notes say where it comes from and under which licence.

    Args:
        name: One of `names`; upper case and underscores are accepted.
        target: The column to predict; default: the set's own target.
        features: The columns to predict from; default: all others.

    Raises:
        DataError: If there is no set of that name, or it has no such column.
    """
    import numpy as np

    from handgrad.data.columns import choose_columns
    from handgrad.data.dataset import Dataset

    described = describe(name)
    with (FOLDER / f"{described.name}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    chosen = choose_columns(header, target or described.target, features, described.name)
    cells = np.array(rows, dtype=np.float64)[:, chosen.indices]
    note = f"{described.title}; source: {described.source}; licence: {described.licence}"
    return Dataset.from_table(cells, header, chosen, described.name, [note]).examined()


def canonical(name: str) -> str:
    """The name as `names` has it.

    Raises:
        DataError: If there is no such set.
    """
    wanted = name.strip().lower().replace("_", "-")
    if wanted not in names():
        raise DataError(
            f"no built-in data set is called {shown(name)}{nearest(wanted, names())}; there are: {', '.join(names())}"
        )
    return wanted
