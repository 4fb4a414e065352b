"""`handgrad evaluate` fits nothing to the rows it tests on: few of them, one, or a constant column are no obstacle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

TABLES = Path(__file__).parent / "tables"


@pytest.fixture
def trained(cli: Cli) -> Cli:
    """The command line in a folder with a model of 4 features."""
    done = cli("train", TABLES / "train.csv", "--standardize", "--learning-rate", "auto", "--epochs", 500)
    assert done.exit_code == 0, done.stderr
    return cli


def test_fewer_rows_than_parameters_are_enough(trained: Cli) -> None:
    found = json.loads(trained("evaluate", TABLES / "test.csv", "--json").stdout)
    assert found["mse"] == pytest.approx(0.00566561, rel=1e-6)
    assert found["rows"] == 3


def test_of_one_row_r2_is_undefined_and_the_reason_is_told(trained: Cli) -> None:
    done = trained("evaluate", TABLES / "one.csv")
    assert done.exit_code == 0, done.stderr
    assert "R²:     undefined: one row has no spread to explain" in done.stdout
    assert "MSE:    0.00315003" in done.stdout


def test_constant_columns_can_be_tested_on(trained: Cli) -> None:
    Path("still.csv").write_text("a,b,c,d,y\n1,2,3,4,5\n1,3,3,4,5\n1,2,4,4,5\n", encoding="utf-8")
    done = trained("evaluate", "still.csv")
    assert done.exit_code == 0, done.stderr
    assert "R²:     undefined: the target is constant" in done.stdout


def test_the_same_rows_are_too_few_to_train_on(cli: Cli) -> None:
    done = cli("train", TABLES / "test.csv")
    assert done.exit_code == 2
    assert "expected at least 5 rows" in done.stderr
