"""A low limit on addresses costs one line, whatever a library does under it."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from handgrad import limits
from handgrad.limits import TooFewAddresses, check_limit, told

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limit holds on Linux")

TABLE = "x,y\n1,3\n2,5\n3,8\n4,9\n"


def under(limit: int, command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    shell = f"ulimit -v {limit}; '{sys.executable}' -m handgrad {command}"
    return subprocess.run(shell, shell=True, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("limit", [120_000, 350_000])
def test_a_limit_that_is_too_low_is_told_before_a_library_ends_the_process(limit: int, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    done = under(limit, "compare t.csv", tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"(ulimit -v {limit}) leaves {limit / 1024:,.0f} MiB of addresses" in done.stderr
    assert under(limit, "compare --help", tmp_path).returncode == 0


def test_what_a_library_raises_under_a_limit_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    done = under(500_000, "train t.csv --backend torch", tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    if find_spec("torch") is not None:
        assert done.stderr.startswith("handgrad: out of memory")


def test_only_under_a_limit_and_with_a_sign_is_the_limit_named(monkeypatch: pytest.MonkeyPatch) -> None:
    mapped = ImportError("libtorch.so: failed to map segment from shared object")
    outer = OSError("could not load")
    outer.__cause__ = mapped
    assert told(mapped) is None
    check_limit()
    monkeypatch.setattr(limits, "limit_bytes", lambda: 500 * 2**20)
    check_limit()
    assert told(ValueError("x")) is None
    assert told(MemoryError("Unable to allocate 9 MiB")) == (
        "out of memory (Unable to allocate 9 MiB): the limit of this shell (ulimit -v 512000) leaves 500 MiB of "
        "addresses; raise it (ulimit -v 4000000 holds all libraries), or take fewer rows"
    )
    for error in (mapped, outer, RuntimeError("can't start new thread")):
        assert "(ulimit -v 512000) leaves 500 MiB of addresses" in (told(error) or "")
    monkeypatch.setattr(limits, "limit_bytes", lambda: limits.LEAST_BYTES - 1)
    with pytest.raises(TooFewAddresses, match="NumPy with pyarrow needs 430"):
        check_limit()
