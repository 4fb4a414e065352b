"""What is read of a stream to tell how fast it can be read: its columns in use, all rows, by the threads named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from handgrad.compare.blocks.description import write_description
from handgrad.compare.blocks.scanning import ColumnScan
from handgrad.compare.blocks.stream_blocks import Budget, StreamBlocks
from handgrad.data.stream.opening import open_stream

COLUMNS = {"a": [1.0, 2.0, 4.0], "unused": [0.5, 0.25, 0.125], "y": [3.0, 5.0, 8.0]}


@pytest.fixture
def threads() -> Iterator[None]:
    before = pyarrow.cpu_count()
    yield
    pyarrow.set_cpu_count(before)


def in_parquet(folder: Path) -> Path:
    for k in range(2):
        pyarrow.parquet.write_table(pyarrow.table(COLUMNS), folder / f"{k}.parquet", row_group_size=2)
    return folder


def in_csv(folder: Path) -> Path:
    path = folder / "t.csv"
    rows = [";".join(map(str, row)) for row in zip(*COLUMNS.values(), strict=True)]
    path.write_text("\n".join([";".join(COLUMNS), *rows, *rows]) + "\n")
    return path


@pytest.mark.parametrize("made", [in_parquet, in_csv])
@pytest.mark.usefixtures("threads")
def test_a_scan_reads_the_columns_in_use_and_all_rows_with_the_threads_of_the_stream(
    made: Callable[[Path], Path], tmp_path: Path
) -> None:
    stream = open_stream(made(tmp_path), "y", ["a"])
    write_description(StreamBlocks(stream, Budget(2**24, 3), None, "float64", 6), str(tmp_path / "told"))
    scan = ColumnScan.described(str(tmp_path / "told"))
    assert pyarrow.cpu_count() == 3
    assert scan.columns == ["a", "y"]
    read = scan.files.to_table(columns=scan.columns)
    assert read.to_pydict() == {name: 2 * COLUMNS[name] for name in ("a", "y")}
    assert set(read.schema.types) == {pyarrow.float64()}
    assert scan.run() == 6
    assert scan.run() == 6
