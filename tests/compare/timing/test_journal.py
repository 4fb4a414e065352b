"""A folder holds one run: the one before is left alone until it can be moved aside whole."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from handgrad.compare.timing.journal import FILE, Journal, earlier

FILES = ("result.json", "report.html", "figures/loss.png", "figures/loss.svg", FILE)


def a_run(folder: Path, mark: str) -> dict[str, str]:
    """A finished run's files, by name."""
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{mark} {name}\n")
    return files(folder)


def files(folder: Path) -> dict[str, str]:
    """What stands in a folder, but for the runs before."""
    found = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())
    return {name: (folder / name).read_text() for name in found if not name.startswith("earlier/")}


def held(journal: Journal) -> dict[str, object]:
    """All measurements of a journal."""
    return {key: journal.get(key, dict) for key in journal.found}


def test_a_run_that_measures_nothing_leaves_the_earlier_one_as_it_was(tmp_path: Path) -> None:
    before = a_run(tmp_path, "first")
    Journal(tmp_path, "abc")
    assert files(tmp_path) == before
    assert earlier(tmp_path) == []


def test_with_the_first_measurement_the_earlier_run_is_set_aside_whole(tmp_path: Path) -> None:
    before = a_run(tmp_path, "first")
    Journal(tmp_path, "abc").append("run numpy", {"seconds": 1})
    assert list(files(tmp_path)) == [FILE]
    assert "run numpy" in files(tmp_path)[FILE]
    assert files(tmp_path / "earlier" / "1") == before


def test_no_run_is_ever_written_over(tmp_path: Path) -> None:
    kept = []
    for mark in map(str, range(11)):
        kept.append(a_run(tmp_path, mark))
        Journal(tmp_path, "abc").append("run numpy", {})
        (tmp_path / FILE).unlink()
    assert [path.name for path in earlier(tmp_path)] == [str(number) for number in range(1, 12)]
    assert [files(path) for path in earlier(tmp_path)] == kept


def test_measurements_of_a_killed_run_are_kept_when_nobody_resumes_it(tmp_path: Path) -> None:
    Journal(tmp_path, "abc").append("run numpy", {"seconds": 1})
    Journal(tmp_path, "abc").append("run numba", {"seconds": 2})
    (moved,) = earlier(tmp_path)
    assert held(Journal(moved, "abc", resume=True)) == {"run numpy": {"seconds": 1}}
    assert held(Journal(tmp_path, "abc", resume=True)) == {"run numba": {"seconds": 2}}


def test_a_resumed_run_stays_where_it_is(tmp_path: Path) -> None:
    Journal(tmp_path, "abc").append("run numpy", {"seconds": 1})
    (tmp_path / "report.html").write_text("its own")
    Journal(tmp_path, "abc", resume=True).append("run numba", {"seconds": 2})
    assert earlier(tmp_path) == []
    assert set(Journal(tmp_path, "abc", resume=True).found) == {"run numpy", "run numba"}


@pytest.mark.parametrize("gone", ["run", "run/measurements.jsonl"])
def test_what_was_measured_is_written_again_where_somebody_has_deleted_it(tmp_path: Path, gone: str) -> None:
    journal = Journal(tmp_path / "run", "p")
    journal.append("a", {"value": 1})
    (shutil.rmtree if gone == "run" else os.unlink)(tmp_path / gone)
    journal.append("b", {"value": 2})
    again = Journal(tmp_path / "run", "p", resume=True)
    assert [again.get(key, dict) for key in "ab"] == [{"value": 1}, {"value": 2}]
    assert len((tmp_path / "run" / "measurements.jsonl").read_text().splitlines()) == 2


def test_what_is_not_of_a_run_is_not_moved(tmp_path: Path) -> None:
    a_run(tmp_path, "first")
    (tmp_path / "figures" / "mine.svg").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "earlier").mkdir()
    (tmp_path / "earlier" / "notes.txt").write_text("mine")
    Journal(tmp_path, "abc").append("run numpy", {})
    assert set(files(tmp_path)) == {FILE, "figures/mine.svg", "notes.txt"}
    assert (tmp_path / "earlier" / "notes.txt").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # the tests may run as root, who may write anywhere
    with pytest.raises(PermissionError, match="denied"):
        Journal(tmp_path, "abc")


def test_going_on_with_another_problem_moves_the_run_that_is_there_aside(tmp_path: Path) -> None:
    Journal(tmp_path, "one").append("key", {"value": 1})
    tmp_path.joinpath("result.json").write_text("of one", encoding="utf-8")
    other = Journal(tmp_path, "two", resume=True)
    assert other.get("key", dict) is None
    assert tmp_path.joinpath("result.json").exists()  # until something is measured
    other.append("key", {"value": 2})
    assert tmp_path.joinpath("earlier/1/result.json").read_text(encoding="utf-8") == "of one"
    assert not tmp_path.joinpath("result.json").exists()
    assert Journal(tmp_path / "earlier/1", "one", resume=True).get("key", dict) == {"value": 1}


@pytest.mark.parametrize(
    "line", [b"\xff\xfe", b"[1, 2]", b'"x"', b'{"problem": "one"}', b'{"problem": "one", "key": "k", "measured": 5}']
)
def test_a_damaged_line_is_measured_again(line: bytes, tmp_path: Path) -> None:
    Journal(tmp_path, "one").append("key", {"value": 1})
    with tmp_path.joinpath(FILE).open("ab") as stream:
        stream.write(line + b"\n")
    again = Journal(tmp_path, "one", resume=True)
    assert held(again) == {"key": {"value": 1}}


class Measured(msgspec.Struct, frozen=True):
    """A record as a command keeps it."""

    seconds: float
    samples: list[float] = []


GOOD = b'{"problem":"abc","key":"good","measured":{"seconds":1.5}}'
#: Lines that nobody can rely on; each says of the key "bad" what it may.
BAD = [
    b"", b"null", b"[]", b"{}", b"\xff\xfe", b"{" * 100_000, b'{"problem":"abc","key":"bad"}',
    b'{"problem":"abc","measured":{}}', b'{"key":"bad","measured":{}}', b'{"problem":1,"key":"bad","measured":{}}',
    b'{"problem":"abc","key":["bad"],"measured":{}}', b'{"problem":"abc","key":"bad","measured":1}',
    b'{"problem":"abc","key":"bad","measured":[1]}', b'{"problem":"abc","key":"bad","measured":null}',
    b'{"problem":"abc","key":"bad","measured":{"seconds":null}}',
    b'{"problem":"abc","key":"bad","measured":{"seconds":"1"}}',
    b'{"problem":"abc","key":"bad","measured":{"samples":[]}}',
    b'{"problem":"abc","key":"bad","measured":{"seconds":1,"samples":3}}',
    b'{"problem":"abc","key":"bad","measured":{"seconds":1,"seconds":2}}',
    b'{"problem":"abc","key":"good","key":"bad","measured":{"seconds":1}}',
    b'{"problem":"abc","key":"bad","measured":{"seconds":' + b"9" * 10_000 + b"}}",
    b'{"problem":"abc","key":"bad","measured":{"seconds":1,"more":' + b"9" * 10_000 + b"}}",
    b'{"problem":"abc","key":"bad","measured":{"seconds":NaN}}',
    b'{"problem":"abc","key":"bad","measured":{"seconds":1e999}}',
    b'{"problem":"abc","key":"bad","measured":{"seconds":' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
    b'{"problem":"abc","key":"bad","measured":{"seconds":1,"more":' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
    b'{"problem":"abc","key":"bad","measured":{"seconds":1}',
    b'\xef\xbb\xbf{"problem":"abc","key":"bad","measured":{}}',
]  # fmt: skip


@pytest.mark.parametrize("line", BAD, ids=range(len(BAD)))
def test_a_line_that_cannot_be_relied_on_is_measured_again_and_the_others_are_not(tmp_path: Path, line: bytes) -> None:
    (tmp_path / FILE).write_bytes(b"\n".join([line, GOOD, line]))
    journal = Journal(tmp_path, "abc", resume=True)
    assert journal.get("good", Measured) == Measured(1.5)
    assert journal.get("bad", Measured) is None
    journal.append("bad", Measured(2.5))
    assert Journal(tmp_path, "abc", resume=True).get("bad", Measured) == Measured(2.5)
