"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
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
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:50]}.", suffix=".part")
    except OSError as error:
        raise DataError(f"{target}: cannot be written ({error.strerror})") from None
    try:
        text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
        with os.fdopen(descriptor, mode, **text) as file:  # type: ignore[call-overload]
            yield file
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(target)
    except OSError as error:
        raise DataError(f"{target}: cannot be written ({error.strerror})") from None
    finally:
        Path(name).unlink(missing_ok=True)


def _umask() -> int:
    """The permissions that a new file does not get. mkstemp makes files that only their owner may read."""
    current = os.umask(0)
    os.umask(current)
    return current


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
