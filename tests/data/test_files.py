"""Files that appear whole or not at all, and what is said when they cannot be written or read."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

import pytest

from handgrad.data.errors import DataError
from handgrad.data.files import decoded, read_bytes, whole_file, write_whole


def test_a_written_file_has_its_content_and_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "result.json"
    write_whole(path, b"first")
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert [file.name for file in path.parent.iterdir()] == ["result.json"]


@pytest.mark.parametrize("step", ["replace", "unlink", "open"])
def test_a_file_that_cannot_be_written_leaves_the_old_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "result.json"
    write_whole(path, b"first")

    def failing(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, step, failing)
        with pytest.raises(OSError, match="No space left on device") as caught:
            write_whole(path, b"second")
        told = r"result\.json: cannot be written \(No space left on device\)"
        with pytest.raises(DataError, match=told), whole_file(path) as file:
            file.write("third")
    assert caught.value.filename == str(path)
    if step != "unlink":
        assert path.read_bytes() == b"first"
        assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


def half_written(path: Path, error: BaseException) -> None:
    with whole_file(path) as file:
        file.write("half")
        raise error


def test_a_disk_that_fills_up_while_writing_names_the_file(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(DataError, match=r"result\.json: cannot be written \(No space left"):
        half_written(tmp_path / "result.json", full)
    assert list(tmp_path.iterdir()) == []


def test_whoever_interrupts_the_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        half_written(tmp_path / "t.csv", KeyboardInterrupt())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="no such permissions there")
def test_a_written_file_may_be_read_by_whom_the_user_lets(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_whole(tmp_path / "report.html", b"")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "report.html").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xef\xbb\xbf{}", "begins with a byte-order mark; save it as UTF-8 without one"),
        ("{}".encode("utf-16"), "begins with a byte-order mark"),
        (b'{"a": 1, "a": 1}', "the key 'a' stands twice in one object"),
        (b'{"a": [{"b": 1, "\\u0062": 2}]}', "the key 'b' stands twice in one object"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b'{"a": NaN}', "NaN is no number of JSON"),
        (b'{"a": -Infinity}', "-Infinity is no number of JSON"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "has 10,000 digits; expected at most 300"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": ', "Expecting value"),
        (b"", "Expecting value"),
        (b'["a"]', "Expected `object`, got `array`"),
        (b'{"a": "b"}', "Expected `int`, got `str`"),
    ],
)
def test_json_that_two_readers_could_read_differently_is_refused_in_one_line(content: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)) as caught:
        decoded(content, dict[str, int])
    assert "\n" not in str(caught.value)


def test_json_of_its_type_is_read() -> None:
    assert decoded(b'{"a": 1, "b": [{"a": 1.5}, {"a": 1e300}]}', object) == {"a": 1, "b": [{"a": 1.5}, {"a": 1e300}]}


def test_a_file_larger_than_it_may_be_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 101)
    assert len(read_bytes(tmp_path / "f", 101)) == 101
    with pytest.raises(DataError, match="f: expected at most 0 MiB, got more"):
        read_bytes(tmp_path / "f", 100)
