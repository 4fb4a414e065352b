"""A table that is larger than --memory, by the commands: the same model, and one line for what cannot be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

import handgrad as hg
from handgrad.data.memory import parsed_amount

Cli = Callable[..., Any]
ROWS = 180_001


@pytest.fixture
def folder(cli: Cli) -> Path:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(ROWS, 2))
    table = pyarrow.table({"a": X[:, 0], "b": X[:, 1], "y": X.sum(axis=1) + rng.normal(size=ROWS)})
    Path("t").mkdir()
    for k, part in enumerate((table[:70_003], table[70_003:])):
        pyarrow.parquet.write_table(part, f"t/{k}.parquet", row_group_size=30_011)
    return Path("t")


def test_a_folder_larger_than_memory_gives_the_model_of_memory(cli: Cli, folder: Path) -> None:
    told = cli("train", folder, "--backend", "moments", "--memory", "16MiB", "--out", "small")
    whole = cli("train", folder, "--backend", "moments", "--out", "whole")
    assert [told.exit_code, whole.exit_code] == [0, 0], told.output + whole.output
    assert "Read:   block by block, in 1 pass; no gradient was held against the exact one" in told.stdout
    assert "Read:" not in whole.stdout
    assert Path("small/history.csv").read_bytes() == Path("whole/history.csv").read_bytes()
    left = [json.loads(Path(out, "model.json").read_text()) for out in ("small", "whole")]
    assert left[0]["weights"] == left[1]["weights"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--memory", "lots"), "--memory: expected an amount such as 1GiB, 500MB or 2G, got 'lots'"),
        (("--memory", "1KiB"), "--memory: expected from 16 MiB to 2^60 bytes, got '1KiB'"),
        (("--memory", "16MiB", "--backend", "tape"), "backend 'tape' needs all rows in memory, and t is larger than"),
        (
            ("--memory", "16MiB", "--batch-size", "32"),
            "backend 'numpy': expected all 180001 rows in a batch",
        ),
        (("--memory", "16MiB", "--grad-check"), "--grad-check needs all rows in memory, and the table is larger than"),
        (("--memory", "16MiB", "--target", "z"), "t: no column is called 'z'"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(cli: Cli, folder: Path, words: tuple[str, ...], told: str) -> None:
    done = cli("train", folder, *words)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"handgrad: {told}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--backends", "moments,tape"), "backend 'tape' needs all rows in memory, and t is larger than --memory"),
        (("--self-test",), "--self-test and --precision-table need a table that is not larger than --memory"),
    ],
)
def test_compare_refuses_by_name_what_needs_rows_at_hand(
    cli: Cli, folder: Path, words: tuple[str, ...], told: str
) -> None:
    done = cli("compare", folder, "--memory", "16MiB", *words)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].startswith(f"handgrad: {told}")


def test_amounts_are_read_as_they_are_written() -> None:
    same = ("1GiB", "1 gib", "1G", "1024MiB", "1048576k", "1073741824", "1073741824B", "1.0g")
    assert {parsed_amount(text) for text in same} == {2**30}
    assert parsed_amount("0.5GB") == 500_000_000


@pytest.mark.parametrize("backend", ["moments", "numba-tiled"])
def test_a_path_in_python_gives_the_bits_of_arrays_whatever_memory_holds(folder: Path, backend: str) -> None:
    table = pyarrow.parquet.read_table(folder)
    how: dict[str, Any] = {"backend": backend, "epochs": 3, "weights": [0.5, 0.25], "bias": 1.0, "record": [1]}
    runs = [hg.train(np.column_stack([table["a"], table["b"]]), table["y"].to_numpy(), **how)]
    runs += [hg.train(str(folder), target="y", features=["a", "b"], memory=memory, **how) for memory in (2**24, None)]
    for run in runs[1:]:
        assert type(run) is type(runs[0])
        np.testing.assert_array_equal(run.losses, runs[0].losses)
        np.testing.assert_array_equal([*run.weights, run.bias], [*runs[0].weights, runs[0].bias])
        assert run.recorded_epochs.tolist() == [0, 1, 3]


def test_a_path_that_memory_does_not_hold_is_compared_from_where_it_is_told(folder: Path) -> None:
    found = hg.side_by_side(folder, backends="numpy", epochs=1, bias=2.0, memory="16MiB", budget_seconds=0.0)
    assert found.verdict.passed, found.verdict.reasons
    y = pyarrow.parquet.read_table(folder)["y"].to_numpy()
    assert found.backends["numpy"].losses[0] == pytest.approx(np.mean((2.0 - y) ** 2), rel=1e-12)


def test_what_cannot_be_said_of_a_path_is_told_in_one_line(folder: Path) -> None:
    for words, told in (
        ({"backend": "tape", "memory": "16MiB"}, "backend 'tape' needs all rows in memory, and t is larger than"),
        ({"backend": "numpy", "batch_size": 32, "memory": "16MiB"}, "got a batch size of 32"),
        ({"target": "z"}, "t: no column is called 'z'"),
        ({"memory": "lots"}, "memory: expected an amount such as 1GiB, 500MB or 2G, got 'lots'"),
        ({"y": [1.0]}, "train: expected no y beside a file; name its column as target="),
    ):
        with pytest.raises((hg.InputError, hg.DataError, TypeError), match=re.escape(told)) as caught:
            hg.train(folder, **words)
        assert "\n" not in str(caught.value)
    with pytest.raises(TypeError, match="train: expected target= only beside the path of a file"):
        hg.train([1.0, 2.0], [1.0, 3.0], target="y")
