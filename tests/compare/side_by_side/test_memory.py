"""A comparison that does not fit into the memory is refused with figures, before anything is made of its table."""

from __future__ import annotations

import numpy as np
import pytest

from handgrad.compare.side_by_side import side_by_side as module
from handgrad.compare.side_by_side.prepare import Options, check_memory
from handgrad.data import memory
from handgrad.data.dataset import DataError, Dataset

TABLE = Dataset.from_arrays(np.arange(1000.0), np.arange(1000.0) ** 2)
BYTES = 16_000


@pytest.mark.parametrize(
    ("backends", "dtype", "copies"),
    [
        (["numpy"], "float64", 6.5),
        (["numpy", "tape"], "float64", 8.0),
        (["numpy", "python"], "float64", 12.5),
        (["numpy", "python"], "float32", 8.25),
    ],
)
def test_what_a_comparison_needs_beside_its_table_is_foretold(
    monkeypatch: pytest.MonkeyPatch, backends: list[str], dtype: str, copies: float
) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: int(copies * BYTES))
    check_memory(TABLE, backends, dtype)  # type: ignore[arg-type]
    monkeypatch.setattr(memory, "available_bytes", lambda: int(copies * BYTES) - 1)
    with pytest.raises(DataError, match=rf"comparing {len(backends)} backends? on 1,000 rows .* are free; name fewer"):
        check_memory(TABLE, backends, dtype)  # type: ignore[arg-type]


def test_it_is_refused_before_a_process_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: BYTES)
    monkeypatch.setattr(module, "prepare", None)
    with pytest.raises(DataError, match="comparing 1 backend on 1,000 rows of 1 feature needs about"):
        module.side_by_side(TABLE, Options(backends=("numpy",)))
