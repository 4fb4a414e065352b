"""Result files, the same way for every command: a result as JSON and back, found in a run's folder, written whole.

Every float is written with the digits that give the same double back; what is not finite is written as null. A result
is a frozen dataclass. Where it has the fields `schema` and `kind`, their defaults say what a file must hold to be read
as one; a comparison, the first kind that there was, has no `kind`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec

from handgrad.data.errors import DataError, cut
from handgrad.data.files import decoded as decoded
from handgrad.data.files import read_bytes as read_bytes
from handgrad.data.files import write_whole as write_whole

#: The file of a run's folder that holds its result.
NAME = "result.json"

#: Bytes that it may have; a comparison of ten thousand features has a hundredth of it.
LARGEST_FILE = 2**28


class ResultError(ValueError):
    """A result file that cannot be read; the message says why and what to do."""


class ResultType(Protocol):
    """A dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


Result = TypeVar("Result", bound=ResultType)


class Head(msgspec.Struct, frozen=True):
    """What the top level of a result file says of the rest. None: nothing."""

    kind: object = None
    schema: object = None


def to_json(result: ResultType) -> bytes:
    """A result as the content of its file: UTF-8, indented by one blank, no newline at the end."""
    return msgspec.json.format(msgspec.json.encode(result), indent=1)


def from_json(content: bytes, of: type[Result], name: str = NAME) -> Result:
    """The result that `to_json` wrote.

    Args:
        content: Of the file.
        of: Its type, with the defaults of `kind` and `schema` that the file must hold.
        name: Of the file, for messages.

    Raises:
        ResultError: When it is not JSON, of another kind or schema, or lacks what a report needs.
    """
    head, expected = head_of(content, name), Head(getattr(of, "kind", None), getattr(of, "schema", None))
    command = expected.kind or "compare"
    if head.kind != expected.kind:
        raise ResultError(f"{name}: expected a run of `handgrad {command}`, got kind {cut(repr(head.kind))}")
    if head.schema != expected.schema or isinstance(head.schema, bool):
        raise ResultError(
            f"{name}: expected schema {expected.schema}, got {cut(repr(head.schema))}; use the handgrad that wrote it"
        )
    try:
        return msgspec.json.decode(content, type=of)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ResultError(f"{name}: {_line(error)}; run `handgrad {command}` again") from None


def head_of(content: bytes, name: str = NAME) -> Head:
    """The kind and the schema of a result file, whatever else it holds.

    Raises:
        ResultError: When it is not JSON, or not such that every reader reads the same.
    """
    try:
        found = decoded(content, object)
    except ValueError as error:
        raise ResultError(f"{name}: not JSON ({error}); run the command again") from None
    return Head(found.get("kind"), found.get("schema")) if isinstance(found, dict) else Head()


def _line(error: Exception) -> str:
    return cut(str(error).partition("\n")[0], 300)


def content_of(run: Path) -> tuple[Path, bytes]:
    """The result file of a run folder (or the file itself), and what it holds.

    Raises:
        ResultError: When there is none.
    """
    path = run / NAME if run.is_dir() else run
    try:
        return path, read_bytes(path, LARGEST_FILE)
    except DataError as error:
        raise ResultError(f"{error}; expected a run folder with a {NAME}") from None


def read(run: Path, of: type[Result]) -> Result:
    """The result of a run folder, or of a `result.json`.

    Raises:
        ResultError: When there is none, or it cannot be read as one of that type.
    """
    path, content = content_of(run)
    return from_json(content, of, str(path))
