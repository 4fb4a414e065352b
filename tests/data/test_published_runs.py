"""The published runs as data: complete, checked when they are read, and made by their recipes."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from handgrad.data.errors import DataError
from handgrad.data.published_runs import FOLDER, Printed, PublishedRun, find, made, rows, runs

IDS = [
    "ng-ex1", "ng-mls-c1w2", "ng-mls-c1w1-lab", "google-mlcc", "nedrich", "realpython-performance", "realpython-sgd",
    "mlmastery",
]  # fmt: skip
ROWS = dict(zip(IDS, [97, 97, 2, 7, 100, 10_000, 6, 5], strict=True))


def test_there_are_eight_each_with_its_source_and_why_its_rows_may_be_shipped() -> None:
    assert list(runs()) == IDS
    for run in runs().values():
        assert run.source
        assert run.about
        assert run.licence in ("published facts, not protected", "made by its recipe, nothing is copied")
        assert run.url is None or run.url.startswith("https://")


@pytest.mark.parametrize("name", IDS)
def test_every_run_has_its_rows_and_its_numbers_lie_within_it(name: str) -> None:
    run, table = find(name), rows(find(name))
    assert (table.rows, table.features) == (ROWS[name], 1)
    for number in run.printed:
        assert number.steps is None or number.steps * (run.batch_size or table.rows) <= table.rows
        assert number.rows_lost < table.rows


def test_no_file_of_rows_is_left_unused() -> None:
    assert {run.table for run in runs().values() if run.table} == {path.name for path in FOLDER.glob("*.csv")}


def test_the_rates_of_the_sources_are_those_that_they_print() -> None:
    there = dict(zip(IDS, [0.01, 0.01, 0.01, 0.01, 0.0001, 0.001, 0.0008, 0.01], strict=True))
    assert {name: run.rate_there for name, run in runs().items()} == there


def test_rows_made_by_the_recipe_are_those_of_the_articles_own_lines() -> None:
    before = np.random.get_state()  # noqa: NPY002 - the article's
    np.random.seed(444)  # noqa: NPY002
    noise = 0.1 * np.random.randn(10_000)  # noqa: NPY002
    np.random.set_state(before)  # noqa: NPY002
    x = np.linspace(0, 2, 10_000)
    table = rows(find("realpython-performance"))
    np.testing.assert_array_equal(table.X[:, 0], x)
    np.testing.assert_array_equal(table.y, 3 + 2 * x + noise)


def test_making_rows_leaves_numpys_own_generator_alone() -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[union-attr,index]  # noqa: NPY002
    recipe = find("realpython-performance").recipe
    assert recipe is not None
    made(recipe, "x")
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # type: ignore[index]  # noqa: NPY002


@pytest.mark.parametrize("name", ["NG-EX1", " ng_ex1 ", "ng-ex1"])
def test_a_run_is_found_in_upper_case_and_with_underscores(name: str) -> None:
    assert find(name).id == "ng-ex1"


def test_a_run_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(DataError, match=r"called 'nedrick' \(did you mean 'nedrich'\?\); there are: ng-ex1, "):
        find("nedrick")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"epochs": 1, "steps": 1}, "one of epochs, steps and at"),
        ({}, "one of epochs, steps and at"),
        ({"epochs": 1, "x": 2.0}, "x with a prediction"),
        ({"epochs": 1, "quantity": "prediction"}, "x with a prediction"),
        ({"epochs": 1, "quantity": "weight derivative"}, "the point at which"),
        ({"epochs": 1, "text": "1,5"}, "a number as it is printed, got '1,5'"),
        ({"epochs": 1, "text": "nan"}, "a number as it is printed, got 'nan'"),
        ({"epochs": 1, "quantity": "slope"}, "Invalid enum value 'slope'"),
        ({"epochs": 1, "wieght": 1}, "unknown field `wieght`"),
    ],
)
def test_a_printed_number_that_says_too_little_or_too_much_is_refused(fields: dict[str, object], told: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=told):
        msgspec.convert({"quantity": "weight", "text": "1.5", **fields}, Printed)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"recipe": msgspec.to_builtins(find("realpython-performance").recipe)}, "a table or a recipe"),
        ({"table": None}, "a table or a recipe"),
        ({"printed": []}, "printed numbers of its 1500 epochs, got none"),
        ({"epochs": 1499}, "printed numbers of its 1499 epochs, got"),
        ({"loss_there": "n"}, "Invalid enum value 'n'"),
    ],
)
def test_a_run_that_does_not_fit_together_is_refused(fields: dict[str, object], told: str) -> None:
    described = msgspec.to_builtins(find("ng-ex1")) | fields
    with pytest.raises(msgspec.ValidationError, match=told):
        msgspec.convert(described, PublishedRun)
