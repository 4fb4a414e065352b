"""Synthetic data: the truth is what it says, and the files hold the same numbers."""

from __future__ import annotations

import csv
import os

import numpy as np
import pytest

from handgrad.data.dataset import DataError
from handgrad.data.synthetic import generate, read_truth, split, synthetic, write_csv
from handgrad.data.tables import load_table


def test_one_feature_is_two_x_plus_one_and_noise_of_the_size_asked_for():
    dataset, truth = synthetic(num_samples=20_000, noise=0.3, seed=5)
    np.testing.assert_array_equal(dataset.y_true, 2 * dataset.X[:, 0] + 1)
    assert np.std(dataset.y - dataset.y_true) == pytest.approx(0.3, rel=0.02)
    assert (truth.weights, truth.bias, truth.noise, truth.seed) == ((2.0,), 1.0, 0.3, 5)


def test_without_noise_the_target_is_the_truth():
    dataset, _ = synthetic(50, noise=0)
    np.testing.assert_array_equal(dataset.y, dataset.y_true)


def test_more_features_follow_the_weights_told():
    dataset, truth = synthetic(200, features=4, noise=0)
    X1 = np.c_[dataset.X, np.ones(200)]
    found = np.linalg.lstsq(X1, dataset.y, rcond=None)[0]
    np.testing.assert_allclose(found, [*truth.weights, truth.bias], rtol=1e-12)
    assert dataset.feature_names == ("X1", "X2", "X3", "X4")


def test_the_seed_decides_everything():
    first, second, other = (synthetic(30, 2, seed=s)[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(first.X, second.X)
    np.testing.assert_array_equal(first.y, second.y)
    assert not np.array_equal(first.X, other.X)


@pytest.mark.parametrize(("features", "condition"), [(2, 1), (2, 10), (5, 1e4), (3, 1e8)])
def test_the_condition_number_is_the_one_asked_for(features, condition):
    dataset, truth = synthetic(101, features, condition=condition)
    centred = dataset.X - dataset.X.mean(axis=0)
    assert np.linalg.cond(centred) == pytest.approx(condition, rel=1e-15 * condition + 1e-12)
    assert truth.condition == condition


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"num_samples": 1}, "2 or more"),
        ({"num_samples": 2.5}, "whole number"),
        ({"features": 0}, "1 or more"),
        ({"noise": -1}, "0 or more"),
        ({"noise": float("nan")}, "0 or more"),
        ({"seed": -1}, "seed"),
        ({"features": 3, "condition": 0.5}, "from 1 to"),
        ({"features": 3, "condition": 1e13}, "from 1 to"),
        ({"features": 3, "condition": float("nan")}, "from 1 to"),
        ({"condition": 5}, "one feature"),
        ({"num_samples": 3, "features": 3, "condition": 5}, "more samples than features"),
    ],
)
def test_nonsense_is_refused(options, says):
    with pytest.raises(DataError, match=says):
        synthetic(**options)


def test_a_split_keeps_every_row_once_and_rows_together():
    dataset, _ = synthetic(101, 2)
    train, test = split(dataset, 0.8, seed=3)
    assert (train.rows, test.rows) == (81, 20)
    both = np.r_[np.c_[train.X, train.y, train.y_true], np.c_[test.X, test.y, test.y_true]]
    whole = np.c_[dataset.X, dataset.y, dataset.y_true]
    np.testing.assert_array_equal(both[np.lexsort(both.T)], whole[np.lexsort(whole.T)])
    assert not np.array_equal(train.X, dataset.X[:81])


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan"), 0.01, 0.99])
def test_a_split_with_an_empty_part_is_refused(share):
    with pytest.raises(DataError, match="train split"):
        split(synthetic(10)[0], share)


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
