"""A table that Python code names by its path: in memory, or as a stream where memory does not hold it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from handgrad.data.dataset import Dataset
    from handgrad.data.stream.pieces import TableStream


class FileWords(NamedTuple):
    """What is said of a file beside its path: its columns, how it is read, and what its data may take."""

    target: str | None = None
    features: Sequence[str] | str | None = None
    memory: str | int | None = None
    separator: str | None = None
    encoding: str | None = None
    drop_missing: bool = False


def is_path(given: Any) -> TypeGuard[str | os.PathLike[str]]:
    """Whether it is a path, and no array."""
    return isinstance(given, str | os.PathLike)


def check_words(
    where: str, X: Any, y: Any, words: FileWords, other: bool = False, alone: str = "the path of a table"
) -> None:
    """Refuses y beside a path, and words of files beside arrays.

    Args:
        where: The function that was called.
        X: A path, or an array.
        y: What was given beside it.
        words: What is said of a file.
        other: Whether X may do without y for another reason.
        alone: What may, in words.

    Raises:
        TypeError: With what to give.
    """
    if is_path(X):
        if y is not None:
            raise TypeError(f"{where}: expected no y beside a file; name its column as target=")
        return
    if words != FileWords():
        said = ", ".join(f"{name}=" for name, one in words._asdict().items() if one not in (None, False))
        raise TypeError(f"{where}: expected {said} only beside the path of a file")
    if y is None and not other:
        raise TypeError(f"{where}: expected y, too, unless X is {alone}")


def table_at(path: str | os.PathLike[str], words: FileWords) -> Dataset | TableStream:
    """The table of a CSV or Parquet file, or of a folder of Parquet files: a stream where `memory` does not hold it.

    Raises:
        DataError: If it is no table of finite numbers, or has no such columns; in one line.
    """
    from handgrad.commands.shared.tables import FileOptions, read_file, stream_of

    named = [words.features] if isinstance(words.features, str) else words.features
    features = None if named is None else list(named)
    how = FileOptions(words.separator, words.encoding, words.drop_missing)
    stream = stream_of(Path(path), words.target, features, how, memory_of(words))
    return stream or read_file(Path(path), words.target, features, how)


def memory_of(words: FileWords) -> int:
    """The bytes that the data of a file may take.

    Raises:
        DataError: If it is no amount.
    """
    from handgrad.commands.shared.tables import memory_bytes
    from handgrad.data.memory import parsed_amount

    return memory_bytes(None) if words.memory is None else parsed_amount(str(words.memory), "memory")


def dataset_of(X: Any, y: ArrayLike | None) -> Dataset:
    """A table in memory, of arrays or as it was given.

    Raises:
        TypeError: If it was given, and y beside it.
    """
    from handgrad.data.dataset import Dataset

    if isinstance(X, Dataset):
        if y is not None:
            raise TypeError("side_by_side: expected no y beside a Dataset, which has its own")
        return X
    assert y is not None
    return Dataset.from_arrays(X, y)


def check_streamed(device: str | None) -> None:
    """Refuses a device for a table that is read block by block.

    Raises:
        InputError: With what to do.
    """
    from handgrad.backends.interface import InputError

    if device not in (None, "cpu"):
        raise InputError(f"device {device!r} needs a table that is not larger than memory=; leave the device out")
