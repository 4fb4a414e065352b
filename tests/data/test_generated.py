"""What `generate` writes: the files hold the numbers that were made, and stand where they are looked for."""

from __future__ import annotations

import csv
import os

import numpy as np
import pytest

from handgrad.data.dataset import DataError
from handgrad.data.generated import find, folder_of, generate, read_truth, write_csv
from handgrad.data.synthetic import synthetic
from handgrad.data.tables import load_table


def test_what_is_written_reads_back_to_the_bit(tmp_path):
    dataset, _ = synthetic(300, 3, seed=9, noise=1 / 3)
    write_csv(dataset, tmp_path / "new" / "t.csv")
    read = load_table(tmp_path / "new" / "t.csv")
    for name in ("X", "y", "y_true"):
        np.testing.assert_array_equal(getattr(read, name), getattr(dataset, name))
    assert (read.feature_names, read.target_name) == (dataset.feature_names, dataset.target_name)


def test_generate_writes_both_tables_and_the_truth(tmp_path):
    paths = generate(tmp_path, num_samples=50, features=2, seed=4)
    assert [path.name for path in paths] == ["train.csv", "test.csv", "truth.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["test.csv", "train.csv", "truth.json"]
    assert (load_table(paths[0]).rows, load_table(paths[1]).rows) == (40, 10)
    assert read_truth(paths[2]) == synthetic(50, 2, seed=4)[1]


def test_the_header_for_one_feature_is_the_classic_one(tmp_path):
    with generate(tmp_path)[0].open(newline="") as file:
        assert next(csv.reader(file)) == ["X", "y", "y_true"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("old")
    monkeypatch.setattr("csv.writer", lambda *a, **k: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(DataError, match="No space left"):
        write_csv(synthetic(10)[0], path)
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]
    assert path.read_text() == "old"


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be replaced there")
def test_who_reads_while_a_file_is_written_again_sees_the_old_one_whole(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old\n")
    with path.open() as reader:
        write_csv(synthetic(10)[0], path)
        assert reader.read() == "old\n"
    assert load_table(path).rows == 10


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        generate(tmp_path / "data")
    for path in (tmp_path, "."):
        with pytest.raises(DataError, match=r"cannot be written|got a folder"):
            write_csv(synthetic(10)[0], path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"schema": 1}', "\xff"])
def test_a_damaged_truth_is_told(tmp_path, text):
    path = tmp_path / "truth.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match="generate again"):
        read_truth(path)


def test_within_a_python_package_the_files_stand_in_a_folder_of_their_own(tmp_path):
    (tmp_path / "__init__.py").touch()
    paths = generate(tmp_path, num_samples=20)
    assert {path.parent for path in paths} == {tmp_path / "generated"} == {folder_of(tmp_path)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["__init__.py", "generated"]
    assert [find(tmp_path, path.name) for path in paths] == paths


def test_a_table_of_ones_own_in_a_package_is_found_where_nothing_was_generated(tmp_path):
    (tmp_path / "__init__.py").touch()
    assert find(tmp_path, "train.csv") == tmp_path / "generated" / "train.csv"
    (tmp_path / "train.csv").touch()
    assert find(tmp_path, "train.csv") == tmp_path / "train.csv"
    made, *_ = generate(tmp_path, num_samples=20)
    assert find(tmp_path, "train.csv") == made
