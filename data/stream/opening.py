"""Which tables can be streamed, how large they are, and their streams."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from handgrad.data.columns import choose_columns
from handgrad.data.dataset import Dataset
from handgrad.data.errors import DataError, printable
from handgrad.data.files import regular_bytes
from handgrad.data.formats.csv_table import CsvTable
from handgrad.data.formats.parts import Parts
from handgrad.data.formats.stored_file import FIRST_PIECE
from handgrad.data.stream.csv_file import CsvFile
from handgrad.data.stream.pieces import ReadAhead, TableStream
from handgrad.data.tables import is_parquet, load_table, opened_table, stored_content

if TYPE_CHECKING:
    from handgrad.data.stream.parquet_folder import ParquetFolder


def open_stream(
    path: str | os.PathLike[str],
    target: str | None = None,
    features: Sequence[str] | None = None,
    *,
    separator: str | None = None,
    encoding: str | None = None,
    drop_missing: bool = False,
) -> TableStream:
    """A table whose columns are chosen as `load_table` chooses them, and whose numbers are not read yet.

    Args:
        path: A Parquet or CSV file, or a folder of Parquet files.
        target: The column to predict; default: the last one.
        features: The columns to predict from; default: all others but a saved index.
        separator: Between cells, of CSV.
        encoding: Of CSV.
        drop_missing: Leave out rows with an empty or infinite cell in a column in use.

    Raises:
        DataError: If it cannot be read, has no such columns, or is a pipe, which cannot be read twice.
    """
    source = printable(path)
    reader = reader_of(Path(path), source, separator, encoding)
    chosen = choose_columns(reader.names, target, features, source, reader.labels(), reader.hint)
    places = (*chosen.features, chosen.target)
    reader.check_numbers(places)
    return TableStream(
        source=source,
        feature_names=tuple(reader.names[place] for place in chosen.features),
        target_name=reader.names[chosen.target],
        notes=(*reader.notes, *chosen.notes),
        reader=reader,
        places=places,
        drop_missing=drop_missing,
        path=os.fspath(path),
        separator=separator,
        encoding=encoding,
    )


def load_any(
    path: str | os.PathLike[str],
    target: str | None = None,
    features: Sequence[str] | None = None,
    *,
    separator: str | None = None,
    encoding: str | None = None,
    drop_missing: bool = False,
    to_fit: bool = True,
) -> Dataset:
    """A table in memory, as `load_table` reads one file, of a folder of Parquet files, too.

    Raises:
        DataError: See `load_table`.
    """
    if not Path(path).is_dir():
        how = {"separator": separator, "encoding": encoding}
        return load_table(path, target, features, **how, drop_missing=drop_missing, to_fit=to_fit)
    stream = open_stream(path, target, features, drop_missing=drop_missing)
    dataset = gathered(stream)
    return dataset.examined() if to_fit else dataset


def gathered(stream: TableStream) -> Dataset:
    """All rows of a stream.

    Raises:
        DataError: If they do not fit into memory, are no finite numbers, or are none.
    """
    made = Parts(stream.source, [stream.features, 1], stream.rows or 0)
    for piece in stream.pieces(ReadAhead(1, 0)):
        stream.check_finite(piece)
        made.append(piece.columns)
    X, y = made.finished()
    for array in (X, y):
        array.flags.writeable = False
    if not len(X):
        raise DataError(f"{stream.source}: expected rows of numbers, got none")
    return Dataset(X, y[:, 0], stream.feature_names, stream.target_name, stream.source, stream.notes)


def reader_of(path: Path, source: str, separator: str | None, encoding: str | None) -> ParquetFolder | CsvFile:
    """What reads a file or a folder.

    Raises:
        DataError: If it is neither, or no table.
    """
    if path.is_dir():
        return parquet_folder(path, source)
    content = stored_content(path, source)
    if regular_bytes(path) is None:
        raise DataError(f"{source}: expected a file or a folder, got what cannot be read twice; save it first")
    if is_parquet(content):
        return parquet_folder(path, source)
    table = opened_table(source, content, separator, encoding)
    assert isinstance(table, CsvTable)
    return CsvFile(path, table)


def about_bytes(path: str | os.PathLike[str], features: Sequence[str] | None) -> int | None:
    """About how many bytes a table has as float64, of the columns asked for; None for what cannot be streamed."""
    file = Path(path)
    if file.is_dir():
        return _of_folder(file, features)
    if regular_bytes(file) is None:
        return None
    content = stored_content(file, printable(path))
    if is_parquet(content):
        return _of_folder(file, features)
    lines = content.about_lines()
    first = content.begins(FIRST_PIECE).partition(b"\n")[0]
    columns = 1 + max(first.count(mark) for mark in (b",", b";", b"\t", b"|"))
    return 8 * _width(features, columns) * lines if lines is not None else 8 * content.stored_bytes


def parquet_folder(path: Path, source: str) -> ParquetFolder:
    """The Parquet files of a folder, or the one file; needs pyarrow, which CSV alone does not.

    Raises:
        DataError: If there is none, one is damaged, or has other columns than the first.
    """
    from handgrad.data.stream.parquet_folder import ParquetFolder, parquet_files

    return ParquetFolder(source, parquet_files(path) if path.is_dir() else [path])


def _of_folder(path: Path, features: Sequence[str] | None) -> int:
    folder = parquet_folder(path, printable(path))
    assert folder.rows is not None
    return 8 * _width(features, len(folder.names)) * folder.rows


def _width(features: Sequence[str] | None, columns: int) -> int:
    """Columns in use, the target among them."""
    return columns if features is None else len(features) + 1
