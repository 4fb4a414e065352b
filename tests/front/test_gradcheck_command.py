"""`handgrad gradcheck`, and what `handgrad compare` shows of the judge: from the command line to the files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.judge import self_test

Cli = Callable[..., Any]

QUICK = ("--backends", "python,numpy")


def test_gradcheck_leaves_a_report_with_its_figures_and_says_where(cli: Cli) -> None:
    done = cli("gradcheck", "--dataset", "norris", *QUICK, "--out", "run")
    assert done.exit_code == 0, done.output
    assert (
        "PASSED: Every method agrees with the gradient of 2 backends at the start and the optimum"
        in done.stdout.replace("\n  ", " ")
    )
    assert "run/report.html" in done.stdout
    files = {path.relative_to("run").as_posix() for path in Path("run").rglob("*") if path.is_file()}
    curves = (f"figures/v-curve-{where}.{form}" for where in ("start", "optimum") for form in ("png", "svg"))
    assert files == {"result.json", "report.html", *curves}


@pytest.mark.usefixtures("without_figures")
def test_gradcheck_tells_at_the_optimum_that_relative_error_fails_with_its_number(cli: Cli) -> None:
    done = cli("gradcheck", "--dataset", "norris", *QUICK, "--out", "run")
    told = " ".join(done.stdout.split())
    assert "Relative error fails at the optimum" in told
    found = json.loads(Path("run/result.json").read_text())
    worst = max(max(check["relative"]) for check in found["points"][1]["checks"].values())
    assert f"right gradient {100 * worst:,.0f}"[:18] in told
    assert "Use the bound" in told


@pytest.mark.usefixtures("without_figures")
def test_gradcheck_fits_eighty_columns(cli: Cli) -> None:
    for name in ("diabetes", "longley"):
        for line in cli("gradcheck", "--dataset", name, *QUICK, "--out", name).stdout.splitlines():
            assert len(line) <= 80, line


@pytest.mark.usefixtures("without_figures")
def test_gradcheck_at_one_point_checks_only_there_and_at_the_weights_given(cli: Cli) -> None:
    done = cli("gradcheck", "--backends", "numpy", "--at", "start", "--weights", "3", "--bias", "-2", "--json")
    found = json.loads(done.stdout)
    assert [point["where"] for point in found["points"]] == ["start"]
    assert found["points"][0]["checks"]["numpy"]["point"] == [3.0, -2.0]
    assert {method["method"] for method in found["points"][0]["checks"]["numpy"]["methods"]} == {
        "forward", "central", "richardson", "quadratic", "complex",
    }  # fmt: skip


@pytest.mark.usefixtures("without_figures")
def test_gradcheck_in_float32_without_standardising_passes_too(cli: Cli) -> None:
    done = cli("gradcheck", *QUICK, "--dtype", "float32", "--no-standardize", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["problem"]["dtype"] == "float32"
    assert found["problem"]["standardized"] is False


@pytest.mark.usefixtures("without_figures")
def test_a_wrong_gradient_gives_exit_code_1_and_is_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    right = NumPyTrainer.gradient

    def wrong(self: Any, *arguments: Any) -> Any:
        gradient = right(self, *arguments)
        return gradient._replace(bias=gradient.bias * 1.001)

    monkeypatch.setattr(NumPyTrainer, "gradient", wrong)
    done = cli("gradcheck", *QUICK, "--out", "run")
    assert done.exit_code == 1
    assert "FAILED: numpy failed" in done.stdout
    assert '"answer failed"' in Path("run/report.html").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--weights", "1,2"), "expected shape"),
        (("--weights", "one"), "--weights: expected numbers with commas between, got 'one'"),
        (("--backends", "numpi"), "numpi"),
        (("--at", "end"), "end"),
        (("missing.csv",), "missing.csv"),
    ],
)
def test_what_gradcheck_cannot_use_is_told_in_one_line(cli: Cli, words: tuple[str, ...], told: str) -> None:
    done = cli("gradcheck", *words)
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert told in done.stderr


@pytest.mark.usefixtures("without_figures")
def test_compare_puts_the_judge_to_the_test_when_asked(cli: Cli) -> None:
    done = cli("compare", *QUICK, "--budget", 0.02, "--self-test", "--out", "run")
    assert done.exit_code == 0, done.output
    found = json.loads(Path("run/result.json").read_text())["self_test"]
    assert found["rows"] == 1000
    assert found["passed"] is True
    assert found["findings"][0]["smallest"] <= 1e-12
    size = f"{found['findings'][0]['smallest']:.0e}"
    for told in (done.stdout, Path("run/report.html").read_text()):
        assert "What agreement is worth" in told
        assert f"factor of 1 + {size}" in " ".join(told.split())


@pytest.mark.usefixtures("without_figures")
def test_a_judge_that_misses_faults_gives_exit_code_1(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_test, "verdict_on", lambda judge, backend, make: "")
    done = cli("compare", "--backends", "numpy", "--budget", 0.02, "--self-test", "--out", "run")
    assert done.exit_code == 1
    assert "the judge let pass: factor in the gradient" in " ".join(done.stdout.split())


@pytest.mark.usefixtures("without_figures")
def test_compare_sets_float32_beside_float64_when_asked(cli: Cli) -> None:
    done = cli("compare", "--dataset", "longley", *QUICK, "--budget", 0.02, "--precision-table", "--out", "run")
    assert done.exit_code == 0, done.output
    found = json.loads(Path("run/result.json").read_text())["precision"]
    assert [row["dtype"] for row in found["rows"]] == ["float64"] * 3 + ["float32"] * 3
    assert list(found["gradients"]) == ["python", "numpy"]
    for told in (done.stdout, Path("run/report.html").read_text()):
        assert "Correct digits in float64 and float32" in told
        assert "Digits of each backend" in told


def test_compare_shows_the_gradient_by_every_method_and_why_backends_differ(cli: Cli) -> None:
    done = cli("compare", *QUICK, "--budget", 0.02, "--out", "run")
    found = json.loads(Path("run/result.json").read_text())
    assert [point["where"] for point in found["gradchecks"]] == ["start", "optimum"]
    assert Path("run/figures/v-curve.png").exists()
    assert found["self_test"] is None
    assert found["precision"] is None
    page = Path("run/report.html").read_text()
    assert "The gradient by every method" in page
    assert 'id="figure-v-curve"' in page
    expected = "to the bit: dW and db summed from the first row to the last"
    assert found["backends"]["python"]["accuracy"]["explanation"] == expected
    assert f"python: {expected}" in done.stdout
