"""The memory that can be taken, within every limit, and the refusal of what needs more."""

from __future__ import annotations

import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import psutil
import pytest

from handgrad.data import memory
from handgrad.data.errors import DataError
from handgrad.data.formats.csv_table import CsvTable
from handgrad.data.memory import amount, available_bytes, refuse_beyond
from handgrad.data.tables import load_table

MEMORY = namedtuple("MEMORY", "total available")


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of 1000 bytes, 600 of them available; in this folder stand what its control group says."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: MEMORY(1000, 600))
    monkeypatch.setattr(memory, "GROUP", tmp_path)
    monkeypatch.setattr(memory, "_left_of_addresses", lambda: None)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "left"),
    [
        ({}, 600),
        ({"max": "max\n", "current": "100\n"}, 600),
        ({"max": "500\n", "current": "200\n"}, 300),
        ({"max": "5000\n", "current": "200\n"}, 600),
        ({"max": "500\n", "current": "499\n", "stat": "anon 9\ninactive_file 250\n"}, 251),
        ({"max": "500\n", "current": "600\n", "stat": ""}, 0),
    ],
)
def test_a_containers_limit_holds_and_what_it_read_from_files_gives_way(
    group: Path, files: dict[str, str], left: int
) -> None:
    for name, content in files.items():
        (group / f"memory.{name}").write_text(content)
    assert available_bytes() == left


def test_the_memory_of_this_machine_is_known() -> None:
    assert 2**20 < available_bytes() <= psutil.virtual_memory().total


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_the_limit_of_addresses_holds() -> None:
    code = "from handgrad.data.memory import available_bytes; print(available_bytes())"
    shell = f"ulimit -v 1000000; '{sys.executable}' -c '{code}'"
    done = subprocess.run(shell, shell=True, capture_output=True, check=True)
    assert 0 < int(done.stdout) < 1000000 * 1024


def test_what_needs_more_is_refused_with_both_figures(group: Path) -> None:
    refuse_beyond(600, "t.csv", "take less")
    with pytest.raises(DataError) as caught:
        refuse_beyond(601 * 2**30, "t.csv: a table", "take less")
    assert str(caught.value) == "t.csv: a table needs about 601 GiB of memory, 5.6e-07 GiB are free; take less"
    assert [amount(count * 2**30) for count in (0.05, 9.649, 99.6, 1e4)] == [
        "0.05 GiB", "9.6 GiB", "100 GiB", "10,000 GiB",
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_is_refused_before_it_is_loaded_by_the_columns_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    import pandas

    path = tmp_path / f"t.{suffix}"
    frame = pandas.DataFrame({f"c{j}": range(10_000) for j in range(30)})
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    monkeypatch.setattr(memory, "available_bytes", lambda: 3 * 2**20)
    with pytest.raises(DataError) as caught:
        load_table(path)
    assert "a table of about 1" in str(caught.value)
    assert "rows and 30 columns needs about 0.00" in str(caught.value)
    assert "are free; choose fewer columns (features)" in str(caught.value)
    assert load_table(path, features=["c0"]).rows == 10_000


def test_a_table_that_grows_beyond_what_it_seemed_to_be_is_refused_on_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gzip

    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"x,y\n" + b"1,2\n3,5\n" * 100_000))
    assert load_table(path).rows == 200_000
    monkeypatch.setattr(memory, "available_bytes", lambda: 3 * 2**20)
    with pytest.raises(DataError, match=r"t.csv.gz: a table of about .* rows and 2 columns needs about"):
        load_table(path)


def test_text_of_a_column_that_is_not_in_use_needs_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 3 * 2**20)
    cell = '"' + "many\nlines\n" * 200 + '"'
    table = CsvTable("t", ("name,x,y\n" + f"{cell},1,2\n{cell},3,5\n" * 1000).encode())
    assert [len(part) for part in table.numbers([1], [2])] == [2000, 2000]
