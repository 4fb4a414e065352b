"""The table that a command works on: a file, a built-in one, what `generate` wrote, or a synthetic one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

if TYPE_CHECKING:
    from handgrad.data.dataset import Dataset
    from handgrad.data.stream.pieces import TableStream


#: How often a table is in memory while a backend trains on it: as it was read, standardised, in the backend's form.
TIMES_IN_MEMORY = 4

#: Of the memory that is free, what a table may take where nobody says.
FREE_SHARE = 0.5


class FileOptions(NamedTuple):
    """How a file is to be read.

    Attributes:
        separator: Between cells; None finds it.
        encoding: None is UTF-8, or what a byte order mark says.
        drop_missing: Whether rows with an empty or infinite cell are left out.
    """

    separator: str | None
    encoding: str | None
    drop_missing: bool


def read_file(
    path: Path, target: str | None, features: list[str] | None, options: FileOptions, *, to_fit: bool = True
) -> Dataset:
    """The table of a file; `to_fit` says whether a line is to be fitted to it, and not only predicted on it.

    Raises:
        DataError: If it is no table of finite numbers, or (`to_fit`) none that a line can be fitted to.
    """
    from handgrad.data.stream.opening import load_any

    return load_any(
        path,
        target,
        features,
        separator=options.separator,
        encoding=options.encoding,
        drop_missing=options.drop_missing,
        to_fit=to_fit,
    )


def stream_of(
    path: Path, target: str | None, features: list[str] | None, options: FileOptions, memory: int
) -> TableStream | None:
    """The table of a file or a folder as a stream, where so much memory does not hold it with what training needs.

    Raises:
        DataError: If it is no table, or has no such columns.
    """
    from handgrad.data.stream.opening import about_bytes, open_stream

    if not path.exists():
        return None  # reading it will say so
    needed = about_bytes(path, features)
    if needed is None or TIMES_IN_MEMORY * needed <= memory:
        return None
    return open_stream(path, target, features, **options._asdict())


def memory_bytes(given: str | None) -> int:
    """The bytes of --memory, or half of what is free.

    Raises:
        DataError: If it is no amount.
    """
    from handgrad.data.memory import available_bytes, parsed_amount

    return int(FREE_SHARE * available_bytes()) if given is None else parsed_amount(given)


def read_table(
    file: Path | None,
    dataset: str | None,
    target: str | None,
    features: list[str] | None,
    options: FileOptions,
    seed: int,
) -> Dataset:
    """The table of a file, the built-in one, or a synthetic one made from the seed.

    Raises:
        BadParameter: If the options do not go together.
        DataError: If the table cannot be used.
    """
    from handgrad.data import builtin_sets
    from handgrad.data.synthetic import synthetic

    not_both(file, dataset)
    if file is not None:
        return read_file(file, target, features, options)
    if target is not None or features is not None:
        raise typer.BadParameter("--target and --features choose columns of a file; give the file")
    if dataset is not None:
        return builtin_sets.load(dataset)
    made, _ = synthetic(seed=seed)
    return made


def not_both(file: Path | None, dataset: str | None) -> None:
    """Refuses a file beside the name of a built-in table."""
    if file is not None and dataset is not None:
        raise typer.BadParameter("give a file or --dataset, not both")


def given_or_generated(file: Path | None, data_dir: Path, name: str) -> Path:
    """The file that was given, or the one of that name which `generate` wrote for --data-dir.

    Raises:
        BadParameter: If no file was given, and `generate` has not run.
    """
    from handgrad.data.generated import find

    if file is not None:
        return file
    path = find(data_dir, name)
    if not path.exists():
        raise typer.BadParameter(
            f"{path}: no such file; run `handgrad generate --data-dir {data_dir}`, or name a table"
        )
    say_if_elsewhere(path, data_dir)
    return path


def say_if_elsewhere(path: Path, data_dir: Path) -> None:
    """Tells where a file of --data-dir stands when it does not stand right in it."""
    if path.parent != data_dir:
        typer.echo(f"handgrad: {data_dir} is a Python package: {path.name} stands in {path.parent}", err=True)
