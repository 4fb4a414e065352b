"""`--format` of compare, bench and diff, as it is typed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handgrad.commands.shared.exports import SUMMARY_VARIABLE
from sources import ROOT

CLI = Callable[..., Any]
WRITTEN = Path(__file__).parents[1] / "compare" / "results" / "written"
COMPARED, SWEPT = WRITTEN / "compare.json", WRITTEN / "bench.json"


@pytest.fixture(autouse=True)
def no_runner_of_github(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SUMMARY_VARIABLE, raising=False)


@pytest.mark.usefixtures("without_figures")
def test_compare_prints_markdown_and_appends_the_summary(
    cli: CLI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv(SUMMARY_VARIABLE, str(summary))
    words = ("compare", "--backends", "python,numpy", "--epochs", 3, "--budget", 0, "--out", "run")
    result = cli(*words, "--markdown", "--format", "github-summary")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("### synthetic")
    assert "**Do the backends agree? Yes**" in result.stdout
    assert "Report:" not in result.stdout
    assert summary.read_text(encoding="utf-8") == f"before\n{result.stdout}\n"


def test_a_summary_is_written_only_when_asked(cli: CLI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv(SUMMARY_VARIABLE, str(summary))
    assert cli("diff", COMPARED, COMPARED).exit_code == 0
    assert not summary.exists()
    told = cli("diff", COMPARED, COMPARED, "--format", "github-summary")
    assert told.exit_code == 0
    assert "PASSED" in told.stdout
    assert "✓ **Passed**" in summary.read_text(encoding="utf-8")


@pytest.mark.parametrize("run", [COMPARED, SWEPT])
@pytest.mark.parametrize("name", ["bencher", "github-action-benchmark", "pytest-benchmark"])
def test_a_difference_gives_trackers_the_later_run(cli: CLI, tmp_path: Path, run: Path, name: str) -> None:
    earlier = tmp_path / "earlier.json"
    shutil.copy(run, earlier)
    text = run.read_text(encoding="utf-8").replace("2026-", "2020-")
    earlier.write_text(text, encoding="utf-8")
    result = cli("diff", earlier, run, "--format", name)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found
    if name == "pytest-benchmark":
        assert found["datetime"].startswith("2026-")


def test_a_regression_fails_in_junit_and_by_the_exit_code(cli: CLI, tmp_path: Path) -> None:
    worse = json.loads(COMPARED.read_text(encoding="utf-8"))
    worse["backends"]["numpy"] |= {"status": "failed", "reason": "no answer", "losses": [], "speed": None}
    (tmp_path / "worse.json").write_text(json.dumps(worse), encoding="utf-8")
    result = cli("diff", COMPARED, tmp_path / "worse.json", "--format", "junit")
    assert result.exit_code == 1
    assert ET.fromstring(result.stdout).get("failures") == "1"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--json", "--markdown"), "expected one thing to print, got --json and --format markdown"),
        (("--format", "junit", "--format", "bencher"), "got --format junit and --format bencher"),
        (("--format", "github-summary"), "expected GITHUB_STEP_SUMMARY to name a file"),
        (("--format", "toml"), "'toml' is not one of"),
    ],
)
@pytest.mark.parametrize("command", [("compare",), ("bench",), ("diff", COMPARED, COMPARED)])
def test_what_cannot_be_printed_is_refused_before_the_run(cli: CLI, command: Any, words: Any, told: str) -> None:
    result = cli(*command, *words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
    assert not Path("runs").exists()


def test_the_commands_of_the_workflow_in_docs_are_commands(cli: CLI) -> None:
    """Every option is one, whatever the runs are."""
    text = (ROOT / "docs" / "pull-requests.md").read_text(encoding="utf-8")
    lines = re.findall(r"handgrad (?:[a-z]+ )[^#\n]*", text.replace("\\\n", " ").replace('"', ""))
    typed = [shlex.split(line.partition(">")[0]) for line in lines if line.split()[1] in ("bench", "diff", "compare")]
    asked = {words[1]: {word for word in words if word.startswith("--")} for words in typed if len(words) > 2}
    assert asked.keys() >= {"bench", "diff"}
    for command, options in asked.items():
        assert options <= set(re.findall(r"--[a-z-]+", cli(command, "--help").stdout)), command


def test_github_runs_what_is_run_by_hand() -> None:
    """And nothing beside it that could hold there and not here."""
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert re.findall(r"^ *- run: (.*)$", text, re.M) == [".ci/run"]
