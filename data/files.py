"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from handgrad.data.errors import DataError, nearest


@contextmanager
def replacing(path: str | os.PathLike[str], mode: Literal["w", "wb"] = "w") -> Iterator[IO[Any]]:
    """Opens a file for writing that takes its name only when everything has been written.

    Text is UTF-8 with line feeds. Missing folders are made. When the block raises, nothing is left behind, and an older
    file of that name stays as it was.

    Raises:
        OSError: If the file cannot be written; it names the file, whatever step failed.
    """
    target = Path(path)
    part = target.parent / f".{target.name[:50]}.{secrets.token_hex(8)}.part"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with _new(part, mode) as file:
                yield file
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(target)) from None


def _new(path: Path, mode: Literal["w", "wb"]) -> IO[Any]:
    """A file that was not there before."""
    return path.open("xb") if mode == "wb" else path.open("x", encoding="utf-8", newline="\n")


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Writes a file so that it appears whole or not at all; its folder is made.

    Raises:
        OSError: If it cannot be written; nothing of it is left.
    """
    with replacing(path, "wb") as file:
        file.write(content)


@contextmanager
def whole_file(path: str | os.PathLike[str], mode: Literal["w", "wb"] = "w") -> Iterator[IO[Any]]:
    """Opens a file for writing as `replacing` does; what goes wrong is told as an error of the data.

    Raises:
        DataError: If the file cannot be written.
    """
    if not Path(path).name:
        raise DataError(f"{path}: expected the name of a file to write, got a folder")
    try:
        with replacing(path, mode) as file:
            yield file
    except OSError as error:
        raise DataError(f"{Path(path)}: cannot be written ({error.strerror})") from None


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The file's content.

    Raises:
        DataError: If there is no such file, or it cannot be read.
    """
    if _is_device(Path(path)):
        raise DataError(f"{path}: expected a file, got a device, which may never end")
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file{_beside(Path(path))}") from None
    except IsADirectoryError:
        raise DataError(f"{path}: expected a file, got a folder; name a table in it") from None
    except PermissionError:
        if Path(path).is_dir():  # how Windows says it
            raise DataError(f"{path}: expected a file, got a folder; name a table in it") from None
        raise DataError(f"{path}: no permission to read it") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise DataError(f"{path}: cannot be read ({error})") from None


def _is_device(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # reading it will say why
        return False
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode)


def _beside(path: Path) -> str:
    """A file of nearly that name in the same folder, for the message."""
    try:
        return nearest(path.name, sorted(other.name for other in path.parent.iterdir()))
    except OSError:  # no such folder, either: then there is nothing to suggest
        return ""
