"""Files that appear whole or not at all, and that are read so: none waits for ever, and JSON means one thing."""

from __future__ import annotations

import json
import os
import secrets
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, TypeVar

from handgrad.data.errors import DataError, nearest, shown

#: How long a pipe may have nobody who writes to it.
PIPE_SECONDS = 3.0

#: Of the memory that is free, what may come out of a pipe.
PIPE_SHARE = 0.25

#: How text begins that is saved with a byte-order mark: UTF-8, UTF-16, UTF-32.
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")

#: Digits that a whole number may have in JSON: with more, it is beyond the doubles.
LONGEST_NUMBER = 300

Content = TypeVar("Content")


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


def read_bytes(path: str | os.PathLike[str], at_most: int | None = None) -> bytes:
    """The file's content; a pipe's, once what writes to it has ended.

    Args:
        path: Of a file or a pipe.
        at_most: So many bytes; None takes any file, and of a pipe what a share of the free memory holds.

    Raises:
        DataError: If there is no such file, it cannot be read, or is larger; if nobody writes to the pipe, or it is
            something that may never end.
    """
    file = Path(path)
    with _told(file):
        kind = _kind(file)
        if kind is not None and kind != "a pipe":
            raise DataError(f"{path}: expected a file, got {kind}")
        if kind == "a pipe" and at_most is None:
            at_most = _share_of_memory()
        with _opened_pipe(file) if kind == "a pipe" else file.open("rb") as stream:
            content = stream.read() if at_most is None else stream.read(at_most + 1)
    if at_most is not None and len(content) > at_most:
        raise DataError(f"{path}: expected at most {at_most / 2**20:,.0f} MiB, got more; is it the right file?")
    return content


def open_bytes(path: str | os.PathLike[str]) -> BinaryIO:
    """An ordinary file, opened.

    Raises:
        DataError: If it cannot be.
    """
    with _told(Path(path)):
        return Path(path).open("rb")


def regular_bytes(path: str | os.PathLike[str]) -> int | None:
    """The size of an ordinary file, which can be read as often as is wished; None for all else."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):  # reading it will say why
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tells why a file cannot be read."""
    try:
        yield
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"{path}: no such file{_beside(path)}") from None
    except PermissionError:
        raise DataError(f"{path}: no permission to read it") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise DataError(f"{path}: cannot be read ({error})") from None


def _kind(path: Path) -> str | None:
    """What stands there if it is no file, for a message."""
    mode = path.stat().st_mode
    kinds = {
        stat.S_ISDIR: "a folder; name a file in it",
        stat.S_ISCHR: "a device, which may never end",
        stat.S_ISBLK: "a device, which may never end",
        stat.S_ISSOCK: "a socket",
        stat.S_ISFIFO: "a pipe",
    }
    return next((kind for is_one, kind in kinds.items() if is_one(mode)), None)


def _opened_pipe(path: Path) -> IO[bytes]:
    """A pipe, as soon as somebody writes to it.

    Raises:
        DataError: If nobody does for some seconds: opening it would wait for ever.
    """
    opened = list[IO[bytes]]()
    waiting = threading.Thread(target=lambda: opened.append(path.open("rb")), daemon=True)
    waiting.start()
    waiting.join(PIPE_SECONDS)
    if waiting.is_alive():
        os.close(os.open(path, os.O_RDWR))  # is a writer, so that the thread ends
        waiting.join()
        opened[0].close()
        raise DataError(f"{path}: expected a file, got a pipe to which nobody writes")
    return opened[0]


def _share_of_memory() -> int:
    from handgrad.data.memory import available_bytes

    return int(available_bytes() * PIPE_SHARE)


def decoded(content: bytes, of: type[Content]) -> Content:
    """What JSON text stands for, by a schema, with nothing in it that two readers could read differently.

    Raises:
        ValueError: In one line, if it is not of that type, not JSON in UTF-8 without a byte-order mark, names a key
            twice, is nested too deep, or holds a number with thousands of digits.
    """
    import msgspec

    if content.startswith(BYTE_ORDER_MARKS):
        raise ValueError("it begins with a byte-order mark; save it as UTF-8 without one")
    try:
        json.loads(content, object_pairs_hook=_once, parse_constant=_no_number, parse_int=_short)
        return msgspec.json.decode(content, type=of)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise ValueError(str(error).partition("\n")[0].partition("; use sys.set")[0]) from None


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Refuses an object that names a key twice; of all else nothing is kept."""
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        twice = next(key for number, key in enumerate(keys) if key in keys[:number])
        raise ValueError(f"the key {shown(twice)} stands twice in one object")


def _short(digits: str) -> None:
    """Refuses a whole number that is no double, either."""
    if len(digits) > LONGEST_NUMBER:
        raise ValueError(f"a whole number has {len(digits):,} digits; expected at most {LONGEST_NUMBER}")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _beside(path: Path) -> str:
    """A file of nearly that name in the same folder, for the message."""
    try:
        return nearest(path.name, sorted(other.name for other in path.parent.iterdir()))
    except OSError:  # no such folder, either: then there is nothing to suggest
        return ""
