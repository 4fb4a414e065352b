"""The original three scripts as commands: generate, train, evaluate."""

from __future__ import annotations

import csv
import json
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handgrad.data.generated import WITHIN_A_PACKAGE
from sources import ROOT

Cli = Callable[..., Any]


def test_the_original_scripts_options_work_word_for_word(cli: Cli) -> None:
    made = cli("generate", "--num_samples", 1000, "--train_split", 0.8)
    trained = cli("train", "--learning_rate", 0.01, "--epochs", 100, "--grad_check")
    tested = cli("evaluate", "--data_dir", "data", "--compare")

    assert [made.exit_code, trained.exit_code, tested.exit_code] == [0, 0, 0], trained.output + tested.output
    assert "800 rows in data/train.csv" in made.stdout
    assert "Gradient check before training" in trained.stdout
    assert "Gradient check after training" in trained.stdout
    assert "MSE:" in tested.stdout
    assert "true 2" in tested.stdout
    for name in ("model.json", "loss_curve.png", "history.csv", "predictions.png", "learned_against_true.png"):
        assert Path("models", name).stat().st_size > 0


@pytest.fixture
def in_a_checkout(cli: Cli) -> Cli:
    """In a folder whose `data` is a package, as it is in a checkout of this project."""
    Path("data").mkdir()
    Path("data", "__init__.py").touch()
    return cli


@pytest.mark.parametrize("generated", [(), ("--data-dir", "data"), ("--data_dir", "./data")])
@pytest.mark.parametrize("read", [(), ("--data_dir", "data"), ("--data-dir", "data/")])
def test_the_original_scripts_work_in_a_checkout_and_add_one_folder_to_the_package(
    in_a_checkout: Cli, generated: tuple[str, ...], read: tuple[str, ...]
) -> None:
    made = in_a_checkout("generate", "--num_samples", 1000, "--train_split", 0.8, *generated)
    trained = in_a_checkout("train", "--epochs", 10, *read)
    tested = in_a_checkout("evaluate", "--compare", *read)
    assert [made.exit_code, trained.exit_code, tested.exit_code] == [0, 0, 0], tested.output
    assert "800 rows in data/generated/train.csv" in made.stdout
    assert "200 of data/generated/test.csv" in tested.stdout
    assert "true 2" in tested.stdout
    for done in (made, trained, tested):
        assert "data is a Python package" in done.stderr
        assert "stands in data/generated" in done.stderr
    assert sorted(path.name for path in Path("data").iterdir()) == ["__init__.py", "generated"]


def test_a_checkout_without_generated_data_is_told_to_generate(in_a_checkout: Cli) -> None:
    done = in_a_checkout("train")
    assert done.exit_code == 2
    assert "data/generated/train.csv: no such file; run `handgrad generate --data-dir data`" in done.stderr


def test_what_is_generated_in_this_checkout_is_ignored_by_git() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert [line for line in ignored if line.startswith("/data")] == [f"/data/{WITHIN_A_PACKAGE}/"]


def test_the_truth_is_kept_beside_the_tables(cli: Cli) -> None:
    cli("generate", "--features", 3, "--seed", 5, "--noise", 0)
    truth = json.loads(Path("data/truth.json").read_text())
    with Path("data/train.csv").open() as file:
        rows = list(csv.DictReader(file))
    first = rows[0]
    predicted = truth["bias"] + sum(w * float(first[f"X{j + 1}"]) for j, w in enumerate(truth["weights"]))
    assert list(first) == ["X1", "X2", "X3", "y", "y_true"]
    assert float(first["y"]) == float(first["y_true"]) == pytest.approx(predicted, rel=1e-14)


def test_the_gradient_check_has_a_row_per_parameter_with_both_gradients(cli: Cli) -> None:
    cli("generate", "--features", 3)
    found = json.loads(cli("train", "--grad-check", "--json").stdout)
    assert [check["when"] for check in found["gradient_checks"]] == ["before training", "after training"]
    for check in found["gradient_checks"]:
        assert [one["name"] for one in check["parameters"]] == ["X1", "X2", "X3", "bias"]
        for one in check["parameters"]:
            assert one["passed"]
            assert one["analytic"] == pytest.approx(one["numerical"], rel=1e-9, abs=1e-12)
            assert one["difference"] <= one["tolerance"] < 1e-9


def test_a_wrong_gradient_fails_the_gradient_check(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from handgrad.backends.numpy import NumPyTrainer

    right = NumPyTrainer.gradient

    def off(self: NumPyTrainer, *at: Any) -> Any:
        loss, weights, bias = right(self, *at)
        return type(right(self, *at))(loss, weights * (1 + 1e-10), bias)

    monkeypatch.setattr(NumPyTrainer, "gradient", off)
    cli("generate")
    done = cli("train", "--grad-check")
    assert done.exit_code == 1
    assert "WRONG" in done.stdout


def test_the_model_file_predicts_to_the_bit_what_was_trained(cli: Cli) -> None:
    from handgrad.data.model_file import load

    cli("generate")
    found = json.loads(cli("train", "--standardize", "--learning-rate", "auto", "--json").stdout)
    model = load("models/model.json")
    assert model.weights.tolist() == found["weights"]
    assert model.bias == found["bias"]
    assert model.standardization is not None


def test_a_pickled_model_holds_plain_types_and_evaluates_alike(cli: Cli) -> None:
    cli("generate")
    cli("train", "--model-format", "pickle")
    cli("train", "--model-format", "json")
    content = pickle.loads(Path("models/model.pickle").read_bytes())
    assert type(content) is dict
    from_pickle = json.loads(cli("evaluate", "--model", "models/model.pickle", "--json").stdout)
    from_json = json.loads(cli("evaluate", "--json").stdout)
    assert from_pickle["mse"] == from_json["mse"]


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path("owned").touch, ())


def test_a_pickle_that_would_run_code_is_refused_in_one_line(cli: Cli) -> None:
    cli("generate")
    Path("bad.pickle").write_bytes(pickle.dumps(Evil()))
    done = cli("evaluate", "--model", "bad.pickle")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert not Path("owned").exists()


def test_metrics_are_those_of_the_formulas(cli: Cli) -> None:
    cli("generate", "--num-samples", 50)
    cli("train")
    found = json.loads(cli("evaluate", "--json").stdout)
    with Path("data/test.csv").open() as file:
        rows = [(float(row["X"]), float(row["y"])) for row in csv.DictReader(file)]
    residuals = [found["weights"][0] * x + found["bias"] - y for x, y in rows]
    mean = math.fsum(y for _, y in rows) / len(rows)
    spread = math.fsum((y - mean) ** 2 for _, y in rows)
    squares = math.fsum(r * r for r in residuals)
    assert found["mse"] == pytest.approx(squares / len(rows), rel=1e-12)
    assert found["mae"] == pytest.approx(math.fsum(map(abs, residuals)) / len(rows), rel=1e-12)
    assert found["r2"] == pytest.approx(1 - squares / spread, rel=1e-12)


def test_the_history_has_every_digit_of_every_epoch(cli: Cli) -> None:
    cli("generate")
    found = json.loads(cli("train", "--epochs", 7, "--json").stdout)
    with Path("models/history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == list(range(8))
    assert [float(row["loss"]) for row in rows] == found["losses"]
    assert float(rows[-1]["weight X"]) == found["weights"][0]


def test_a_diverging_run_keeps_its_history_and_names_limit_and_remedy(cli: Cli) -> None:
    cli("generate")
    done = cli("train", "--learning-rate", 3, "--epochs", 500)
    assert done.exit_code == 1
    assert "above the stability limit" in done.stdout
    with Path("models/history.csv").open() as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert len(losses) > 50
    assert all(map(math.isfinite, losses))


def test_predictions_beyond_float64_are_told_in_one_line(cli: Cli) -> None:
    cli("generate")
    cli("train")
    model = json.loads(Path("models/model.json").read_text())
    Path("models/model.json").write_text(json.dumps(model | {"weights": [1e308]}))
    done = cli("evaluate")
    assert done.exit_code == 2
    assert "did its training diverge?" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_nested_json_too_deep_to_read_is_told_in_one_line(cli: Cli) -> None:
    cli("generate")
    Path("deep.json").write_text("[" * 100_000)
    for words in (("evaluate", "--model", "deep.json"), ("report", "deep.json")):
        done = cli(*words)
        assert done.exit_code == 2, done.output
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("train",), "handgrad generate"),
        (("train", "missing.csv"), "missing.csv: no such file"),
        (("train", "--epochs", "-1"), "--epochs"),
        (("train", "--learning-rate", "fast"), "expected a number or 'auto'"),
        (("train", "--backend", "nmpy"), "no backend is called 'nmpy'"),
        (("evaluate", "--model", "missing.json"), "missing.json"),
        (("generate", "--noise", "-1"), "noise"),
        (("generate", "--train-split", "1.5"), "train split"),
        (("nonsense",), "nonsense"),
        (("compare", "--dataset", "norriss"), "norris"),
        (("compare", "a.csv", "--dataset", "norris"), "not both"),
        (("compare", "--backends", "pyton"), "no backend is called 'pyton'"),
        (("compare", "--resume"), "--out"),
        (("report", "nowhere"), "nowhere"),
    ],
)
def test_wrong_input_gets_one_line_and_exit_code_2(cli: Cli, words: tuple[str, ...], told: str) -> None:
    if words[0] != "train" or len(words) > 2:
        cli("generate")
    done = cli(*words)
    assert done.exit_code == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("a,b,y", "was trained on features 'X1', 'X2', 'X3', which"),
        ("X1,X3,y", "was trained on feature 'X2', which"),
        ("X1,X2,X3,z", "was trained on target 'y', which"),
        ("X1,X2,z", "was trained on feature 'X3' and target 'y', which"),
    ],
)
def test_a_table_that_lacks_what_the_model_needs_is_told_with_the_model(cli: Cli, header: str, told: str) -> None:
    cli("generate", "--features", 3)
    cli("train")
    cells = ",".join("1" for _ in header.split(","))
    Path("other.csv").write_text(f"{header}\n{cells}\n")
    done = cli("evaluate", "other.csv")
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("handgrad: other.csv: the model models/model.json was trained on")
    assert told in line
    assert "it has " + ", ".join(f"'{name}'" for name in header.split(",")) in line
    assert line.endswith("name its columns as the model does, or train a model on such a table")


def test_a_backend_is_known_in_any_case(cli: Cli) -> None:
    cli("generate")
    assert json.loads(cli("train", "--backend", "NumPy", "--json").stdout)["backend"] == "numpy"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("train --learning-rate fast", "--learning-rate: expected a number or 'auto', got 'fast'"),
        ("compare --resume", "--resume needs --out, the folder of the run to go on with"),
        ("train --epochs -1", "Invalid value for '--epochs': "),
    ],
)
def test_the_line_about_an_option_names_it_once(cli: Cli, words: str, line: str) -> None:
    cli("generate")
    said = cli(*words.split()).stderr
    assert said.startswith(f"handgrad: {line}")
    assert said.count("--") == line.count("--")


def test_a_loss_that_grows_is_told_before_it_leaves_the_range(cli: Cli) -> None:
    cli("generate")
    done = cli("train", "--learning-rate", 1.3, "--epochs", 30)
    assert done.exit_code == 0
    assert "Grows:  the loss grows and will leave the range of float64: the learning rate 1.3 is above" in done.stdout
    assert "Grows" not in cli("train", "--learning-rate", 0.1, "--epochs", 30).stdout
    found = json.loads(cli("train", "--learning-rate", 1.3, "--epochs", 30, "--json").stdout)
    assert found["diverged_at"] is None
    assert found["reason"].startswith("the loss grows and will leave the range of float64: ")


def test_a_diverged_models_numbers_come_with_a_warning(cli: Cli) -> None:
    cli("generate")
    cli("train")
    model = json.loads(Path("models/model.json").read_text())
    model["details"]["diverged_at"] = 91
    Path("models/model.json").write_text(json.dumps(model))
    done = cli("evaluate")
    assert done.exit_code == 0
    assert "training diverged at epoch 91" in done.stdout
