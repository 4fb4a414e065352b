"""A data set: features X (n, d), a target y (n,), their names, and where they came from.

Everything that trains or compares gets its numbers as a `Dataset`: float64, finite, in C order, read-only.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from handgrad.data.arrays import FloatArray, as_matrix, as_vector, equal_columns, finite_rows
from handgrad.data.columns import NO_NAME, Columns, choose_columns, clean_header, counts_rows, saved_index
from handgrad.data.errors import DataError, cut, listed, shown
from handgrad.data.foreign import NamedColumn, columns_of, row_labels

__all__ = ["DataError", "Dataset", "FloatArray"]

#: Values beyond it are refused: their squares, summed over the rows, leave float64's range (1.8e308).
LARGEST = 1e150

#: A target that stays below it is refused: its squares underflow to 0, and so would the loss.
SMALLEST = 1e-150

PREVIEW_ROWS = 5
PREVIEW_COLUMNS = 8


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A table of numbers to train on. Arrays are copied, unless they are read-only and in form already.

    Attributes:
        X: (n, d) float64, C order, read-only, finite.
        y: (n,) float64, read-only, finite.
        feature_names: d unique names.
        target_name: The name of y.
        source: Where it came from: a file, a built-in name, or how it was made.
        notes: What must be said to the user, a sentence each.
        y_true: (n,), y without its noise, where that is known.

    Raises:
        DataError: On shapes that do not fit, NaN, infinity, names that do not fit, or numbers whose squares
            float64 cannot hold.
    """

    X: FloatArray
    y: FloatArray
    feature_names: tuple[str, ...]
    target_name: str
    source: str
    notes: tuple[str, ...] = ()
    y_true: FloatArray | None = None

    def __post_init__(self) -> None:
        X = _frozen(self.X)
        object.__setattr__(self, "X", X)
        object.__setattr__(self, "y", _frozen(self.y))
        object.__setattr__(self, "y_true", None if self.y_true is None else _frozen(self.y_true))
        object.__setattr__(self, "feature_names", tuple(self.feature_names))
        object.__setattr__(self, "notes", tuple(self.notes))
        self._check_shapes()
        self._check_names()
        self._check_values()

    @classmethod
    def from_arrays(
        cls,
        X: ArrayLike,
        y: ArrayLike,
        feature_names: Sequence[str] | None = None,
        target_name: str | None = None,
        *,
        source: str = "arrays",
        y_true: ArrayLike | None = None,
    ) -> Dataset:
        """Makes a data set of arrays, lists or tables of any library (whose names are taken).

        Args:
            X: (n, d), or (n,) for one feature: an array, a list, a DataFrame, an Arrow table, a dict of columns.
            y: (n,), or (n, 1), or a table of one column.
            feature_names: d names; default: the columns of a table, otherwise X, or X1 … Xd.
            target_name: Default: the name of a Series or of the table's column, otherwise y.
            source: What to call the origin.
            y_true: (n,), y without its noise.

        Raises:
            DataError: See `Dataset`; also when X and y are pandas objects whose rows are labelled
                differently.
        """
        check_same_index(X, y)
        matrix, vector = _frozen(as_matrix(X, "X")), _frozen(as_vector(y, "y"))
        if matrix.ndim != 2:
            raise DataError(f"{source}: X: expected shape (n, d) or (n,), got {matrix.shape}")
        return cls(
            X=matrix,
            y=vector,
            feature_names=tuple(feature_names if feature_names is not None else _names_of(X, matrix.shape[1])),
            target_name=target_name if target_name is not None else _name_of(y),
            source=source,
            y_true=None if y_true is None else _frozen(as_vector(y_true, "y_true")),
        )

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        target: str | None = None,
        features: Sequence[str] | None = None,
        *,
        drop_missing: bool = False,
        source: str = "data frame",
    ) -> Dataset:
        """Makes a data set of a table: of pandas, polars or Arrow, or a dict of columns.

        The arguments and the choice of columns are those of `load_table`.

        Raises:
            DataError: See `load_table`.
        """
        columns = columns_of(frame, source)
        if columns is None:
            raise DataError(f"{source}: expected a table with named columns, got {type(frame).__name__}")
        names, header_notes = clean_header([column.name for column in columns], source)
        chosen = choose_columns(names, target, features, source, _labels(columns))
        table = _frozen(as_matrix({names[index]: columns[index].values for index in chosen.indices}, source))
        kept, dropped = finite_rows([table], [names[i] for i in chosen.indices], source, drop_missing)
        return cls.from_table(table[kept], names, chosen, source, (*header_notes, *dropped)).examined()

    @classmethod
    def from_table(
        cls, table: FloatArray, names: Sequence[str], chosen: Columns, source: str, notes: Sequence[str]
    ) -> Dataset:
        """Cuts a table (n, k), whose columns are `chosen.indices`, into X (n, d), y (n,) and, where known, y_true (n,).

        Raises:
            DataError: See `Dataset`.
        """
        parts = np.split(table, np.cumsum(list(map(len, chosen.parts)))[:-1], axis=1)
        return cls.from_parts(list(map(np.ascontiguousarray, parts)), names, chosen, source, notes)

    @classmethod
    def from_parts(
        cls, parts: Sequence[FloatArray], names: Sequence[str], chosen: Columns, source: str, notes: Sequence[str]
    ) -> Dataset:
        """Takes the columns of `chosen.parts`, each array (n, k) in C order, and makes them read-only; none is copied.

        Raises:
            DataError: See `Dataset`.
        """
        X, *others = parts
        y, *truth = (other[:, 0] for other in others)
        for array in (*parts, y, *truth):
            array.flags.writeable = False
        return cls(
            X=X,
            y=y,
            feature_names=tuple(names[i] for i in chosen.features),
            target_name=names[chosen.target],
            source=source,
            notes=(*notes, *chosen.notes),
            y_true=truth[0] if truth else None,
        )

    @property
    def rows(self) -> int:
        """The number of rows, n."""
        return len(self.X)

    @property
    def features(self) -> int:
        """The number of features, d."""
        return int(self.X.shape[1])

    def examined(self) -> Dataset:
        """This data set, if a line can be fitted to it, with notes on what makes the fit less than it seems.

        Raises:
            DataError: If there are fewer rows than parameters, or a feature is constant.
        """
        self._check_rows()
        for name, column in zip(self.feature_names, self.X.T, strict=True):
            if column.min() == column.max():
                raise DataError(
                    f"{self.source}: column {shown(name)} is constant ({column[0]:g} in all {self.rows:,} "
                    "rows), so its weight cannot be told from the bias; leave it out (features)"
                )
        return replace(self, notes=(*self.notes, *self._warnings()))

    def __repr__(self) -> str:
        lines = [
            f"Dataset from {cut(self.source, 200)}: {self.rows:,} rows",
            f"  features ({self.features:,}): {listed(self.feature_names)}",
            f"  target: {shown(self.target_name)}" + (", also known without noise" if self.y_true is not None else ""),
            *(f"  note: {note}" for note in self.notes),
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        names = [*self.feature_names[:PREVIEW_COLUMNS], self.target_name]
        table = np.column_stack([self.X[:PREVIEW_ROWS, :PREVIEW_COLUMNS], self.y[:PREVIEW_ROWS]])
        head = "".join(f"<th>{html.escape(cut(name))}</th>" for name in names)
        body = "".join("<tr>" + "".join(f"<td>{cell:.6g}</td>" for cell in row) + "</tr>" for row in table)
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return (
            f"<p><b>{html.escape(cut(self.source, 200))}</b>: {self.rows:,} rows, {self.features:,} "
            f"features, target {html.escape(cut(self.target_name))}</p>"
            f"<table><tr>{head}</tr>{body}</table><ul>{notes}</ul>"
        )

    def _check_shapes(self) -> None:
        if self.X.ndim != 2 or self.X.shape[0] == 0 or self.X.shape[1] == 0:
            raise DataError(f"{self.source}: X: expected shape (n, d) with n, d ≥ 1, got {self.X.shape}")
        for name, array in (("y", self.y), ("y_true", self.y_true)):
            if array is not None and array.shape != (self.rows,):
                raise DataError(
                    f"{self.source}: {name}: expected shape ({self.rows},) as X has rows, got {array.shape}"
                )

    def _check_names(self) -> None:
        if len(self.feature_names) != self.features:
            raise DataError(
                f"{self.source}: expected {self.features} feature names, one per column of X, "
                f"got {len(self.feature_names)}"
            )
        names = (*self.feature_names, self.target_name)
        if any(not isinstance(name, str) for name in names):
            raise DataError(f"{self.source}: expected names of type str, got {names!r}")
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise DataError(f"{self.source}: the name {shown(twice)} stands twice; give every column a name of its own")

    def _check_values(self) -> None:
        names = [*self.feature_names, self.target_name, "y_true"]
        parts = [*self.X.T, self.y] + ([self.y_true] if self.y_true is not None else [])
        for name, column in zip(names, parts, strict=False):
            low, high = float(column.min()), float(column.max())
            if not (math.isfinite(low) and math.isfinite(high)):
                finite_rows([column[:, np.newaxis]], [name], self.source, drop_missing=False)
            if max(-low, high) > LARGEST:
                raise DataError(
                    f"{self.source}: column {shown(name)} holds {low if -low > high else high:g}, whose "
                    "square leaves float64's range; give it in a larger unit (divide it by a power of ten)"
                )
        top = max(-float(self.y.min()), float(self.y.max()))
        if 0 < top < SMALLEST:
            raise DataError(
                f"{self.source}: target {shown(self.target_name)} is at most {top:g}, whose square float64 "
                "rounds to 0; give it in a smaller unit (multiply it by a power of ten)"
            )

    def _check_rows(self) -> None:
        parameters = self.features + 1
        if self.rows < parameters:
            raise DataError(
                f"{self.source}: expected at least {parameters:,} rows for {parameters:,} parameters (one "
                f"weight per feature and the bias), got {self.rows:,}; give more rows, or choose fewer features"
            )

    def _warnings(self) -> list[str]:
        notes = []
        if self.rows == self.features + 1:
            notes.append(
                f"as many rows as parameters ({self.rows}): the fit passes through every point and says nothing"
            )
        if self.y.min() == self.y.max():
            notes.append(f"target {shown(self.target_name)} is constant, so R² is undefined")
        return notes + self._equal_columns()

    def _equal_columns(self) -> list[str]:
        """Notes on columns, the target among them, whose numbers are the same in every row."""
        columns = [*zip(self.feature_names, self.X.T, strict=True), (self.target_name, self.y)]
        return [f"columns {shown(one)} and {shown(other)} are equal" for one, other in equal_columns(columns)]


def _labels(columns: Sequence[NamedColumn]) -> dict[int, str]:
    """The first column of a frame, with a note, if it is an index that was saved and read again."""
    if not columns or columns[0].label not in NO_NAME:
        return {}
    first = np.asarray(columns[0].values)
    return {0: saved_index(columns[0].name)} if first.dtype.kind in "iuf" and counts_rows(first) else {}


def _frozen(given: ArrayLike) -> FloatArray:
    """A read-only float64 array in C order: the given one if it is that already, otherwise a copy."""
    array = np.asarray(given)
    if array.flags.writeable or array.dtype != np.float64 or not array.flags.c_contiguous:
        with np.errstate(over="ignore"):  # a long double beyond float64 becomes inf, and is told as that
            array = np.array(array, dtype=np.float64, order="C")
        array.flags.writeable = False
    return array


def _names_of(X: Any, features: int) -> list[str]:
    if (columns := columns_of(X, "X")) is not None:
        return [column.name for column in columns]
    if isinstance(getattr(X, "name", None), str):
        return [X.name]
    return ["X"] if features == 1 else [f"X{j}" for j in range(1, features + 1)]


def _name_of(y: Any) -> str:
    columns = columns_of(y, "y")
    name = columns[0].label if columns else getattr(y, "name", None)
    return name if isinstance(name, str) else "y"


def check_same_index(X: Any, y: Any) -> None:
    """Refuses what pandas would align by label and NumPy by position.

    Raises:
        DataError: If X and y, or columns of one of them, are pandas objects of as many rows whose labels differ.
    """
    parts = [part for given in (X, y) for part in (given.values() if isinstance(given, Mapping) else [given])]
    labels = [index for part in parts if (index := row_labels(part)) is not None]
    if any(len(one) == len(labels[0]) and not one.equals(labels[0]) for one in labels[1:]):
        raise DataError(
            "X and y: expected the same row labels in the same order, got different indexes; align them first"
        )
