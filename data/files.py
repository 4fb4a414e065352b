"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from handgrad.data.errors import DataError, nearest


@contextmanager
def whole_file(path: str | os.PathLike[str], mode: str = "w") -> Iterator[IO[Any]]:
    """Opens a file for writing that takes its name only when everything has been written.

    The text is UTF-8 with line feeds. Missing folders are made. When the block raises, nothing is left
    behind and an older file of that name stays as it was.

    Raises:
        DataError: If the file cannot be written.
    """
    target = Path(path)
    if not target.name:
        raise DataError(f"{path}: expected the name of a file to write, got a folder")
    part = target.parent / f".{target.name[:50]}.{secrets.token_hex(8)}.part"
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        file: IO[Any] = part.open(mode.replace("w", "x"), **text)  # type: ignore[call-overload]
    except OSError as error:
        raise DataError(f"{target}: cannot be written ({error.strerror})") from None
    try:
        with file:
            yield file
        part.replace(target)
    except OSError as error:
        raise DataError(f"{target}: cannot be written ({error.strerror})") from None
    finally:
        part.unlink(missing_ok=True)


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The file's content.

    Raises:
        DataError: If there is no such file, or it cannot be read.
    """
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


def _beside(path: Path) -> str:
    """A file of nearly that name in the same folder, for the message."""
    try:
        return nearest(path.name, sorted(other.name for other in path.parent.iterdir()))
    except OSError:  # no such folder, either: then there is nothing to suggest
        return ""
