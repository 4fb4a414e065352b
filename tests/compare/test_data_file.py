"""The table that all backends read: none of them can change it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from handgrad.compare import data_file

X, y = np.arange(12.0).reshape(6, 2), np.arange(6.0)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux seals a file")


@pytest.mark.parametrize("mode", ["r+b", "wb", "ab"])
def test_nobody_writes_to_the_table_that_all_read(mode: str) -> None:
    with data_file.data_file(X, y) as path:
        with pytest.raises(PermissionError), Path(path).open(mode) as file:
            file.write(b"other")
        assert (np.load(path)["X"] == X).all()
        assert (np.load(path)["y"] == y).all()
    assert not Path(path).exists()


def test_a_table_that_is_no_small_part_of_the_memory_is_on_disk_and_read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_file, "available_bytes", lambda: 4 * (X.nbytes + y.nbytes) - 1)
    with data_file.data_file(X, y) as path:
        assert "handgrad" not in os.readlink(path)  # noqa: PTH115 - the name of one in memory
        assert Path(path).stat().st_mode & 0o777 == 0o400
        assert (np.load(path)["X"] == X).all()
