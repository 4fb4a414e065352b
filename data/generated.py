"""The files of `handgrad generate`: train.csv, test.csv, and truth.json with what they were made of.

They stand in the folder that the user names, unless that is a Python package, as `data` is in a checkout of handgrad:
then they stand in its sub-folder `generated`, so that what is made does not lie among what is kept.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import msgspec

from handgrad.data.dataset import Dataset
from handgrad.data.errors import DataError
from handgrad.data.files import decoded, read_bytes, whole_file
from handgrad.data.model_file import LARGEST_FILE
from handgrad.data.synthetic import TRUTH_SCHEMA, GroundTruth, split, synthetic

TRAIN, TEST, TRUTH = "train.csv", "test.csv", "truth.json"

#: Where the files of a folder stand that is a Python package.
WITHIN_A_PACKAGE = "generated"


def generate(
    folder: str | os.PathLike[str] = "data",
    num_samples: int = 1000,
    train_split: float = 0.8,
    noise: float = 0.5,
    features: int = 1,
    seed: int = 0,
    condition: float | None = None,
) -> list[Path]:
    """Writes train.csv and test.csv, and what they were made of into truth.json; returns the three paths.

    Args:
        folder: Where to, see `folder_of`.
        num_samples: n of both tables together.
        train_split: The share of the rows in train.csv, between 0 and 1.
        noise: Standard deviation of the normal noise on y, in units of y.
        features: d. One gives y = 2x + 1.
        seed: Of everything random.
        condition: The condition number of the centred X; None leaves X uniform.

    Raises:
        DataError: On arguments that make no sense (see `synthetic` and `split`), or a folder that cannot be written to.
    """
    dataset, truth = synthetic(num_samples, features, noise, seed, condition)
    train, test = split(dataset, train_split, seed)
    into = folder_of(folder)
    write_csv(train, into / TRAIN)
    write_csv(test, into / TEST)
    with whole_file(into / TRUTH, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(truth), indent=1) + b"\n")
    return [into / TRAIN, into / TEST, into / TRUTH]


def folder_of(folder: str | os.PathLike[str]) -> Path:
    """Where the files stand that are written for a folder: in it, or in `generated` within a Python package."""
    path = Path(folder)
    return path / WITHIN_A_PACKAGE if (path / "__init__.py").is_file() else path


def find(folder: str | os.PathLike[str], name: str) -> Path:
    """Where `generate` wrote that file for a folder; where it did not, the folder's own file of that name, if there."""
    written, own = folder_of(folder) / name, Path(folder, name)
    return own if own.exists() and not written.exists() else written


def write_csv(dataset: Dataset, path: str | os.PathLike[str]) -> None:
    """Writes features, target and (where known) y_true under their names, such that every number reads back the same.

    The file appears whole or not at all.

    Raises:
        DataError: If it cannot be written.
    """
    names = [*dataset.feature_names, dataset.target_name]
    columns = [*dataset.X.T, dataset.y]
    if dataset.y_true is not None:
        names, columns = [*names, "y_true"], [*columns, dataset.y_true]
    with whole_file(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(zip(*(column.tolist() for column in columns), strict=True))


def read_truth(path: str | os.PathLike[str]) -> GroundTruth:
    """Reads the truth.json that `generate` wrote.

    Raises:
        DataError: If it is not there, or is something else.
    """
    try:
        truth = decoded(read_bytes(path, LARGEST_FILE), GroundTruth)
    except DataError:
        raise
    except ValueError as error:
        raise DataError(
            f"{path}: expected what `generate` writes, got something else ({error}); generate again"
        ) from None
    if truth.schema != TRUTH_SCHEMA or len(truth.weights) != truth.features:
        raise DataError(
            f"{path}: expected schema {TRUTH_SCHEMA} and a weight per feature, got schema {truth.schema}, "
            f"{len(truth.weights)} weights and {truth.features} features; generate again"
        )
    return truth
