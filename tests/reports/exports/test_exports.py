"""Each format is valid by a schema that is written after its tool's own document, or by the tool itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handgrad.compare.results.bench import Bench
from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.diff import Diff, OtherChange, TimeChange
from handgrad.compare.results.files import from_json
from handgrad.compare.results.timing import Estimate, Timing
from handgrad.compare.results.verdict import Objection, Verdict
from handgrad.reports.exports.catalogue import MODULES, OF_TIMES, export
from handgrad.reports.exports.markdown import escaped
from handgrad.reports.exports.pytest_benchmark import stats

pytest.importorskip("jsonschema", reason="jsonschema is not installed")
import jsonschema

WRITTEN = Path(__file__).parents[2] / "compare" / "results" / "written"
NUMBER, TEXT = {"type": "number"}, {"type": "string"}

#: bencher.dev/docs/reference/bencher-metric-format, "BMF JSON Schema"; a benchmark has no more than these here.
BENCHER: dict[str, Any] = {
    "type": "object",
    "propertyNames": {"maxLength": 1024, "minLength": 1},
    "additionalProperties": {
        "type": "object",
        "propertyNames": {"maxLength": 64},
        "additionalProperties": {
            "type": "object", "required": ["value"], "additionalProperties": False,
            "properties": {"value": NUMBER, "lower_value": NUMBER, "upper_value": NUMBER},
        },
    },
}  # fmt: skip
#: `BenchmarkResult` in src/extract.ts of benchmark-action/github-action-benchmark, and its README.
ACTION: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object", "required": ["name", "unit", "value"], "additionalProperties": False,
        "properties": {"name": TEXT, "unit": TEXT, "value": NUMBER, "range": TEXT, "extra": TEXT},
    },
}  # fmt: skip
STATS = (
    "min", "max", "mean", "stddev", "rounds", "median", "iqr", "q1", "q3", "iqr_outliers", "stddev_outliers",
    "ld15iqr", "hd15iqr", "ops", "total", "iterations",
)  # fmt: skip
#: src/pytest_benchmark/stats.py and session.py of ionelmc/pytest-benchmark; `PytestBenchmarkJson` of that action.
PYTEST: dict[str, Any] = {
    "type": "object",
    "required": ["machine_info", "commit_info", "benchmarks", "datetime", "version"],
    "properties": {
        "benchmarks": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["group", "name", "fullname", "params", "param", "extra_info", "options", "stats"],
                "properties": {
                    "stats": {
                        "type": "object",
                        "required": [*STATS, "data", "outliers"],
                        "additionalProperties": False,
                        "properties": {
                            **dict.fromkeys(STATS, NUMBER),
                            "data": {"type": "array", "items": NUMBER, "minItems": 1},
                            "outliers": {"type": "string", "pattern": r"^\d+;\d+$"},
                        },
                    }
                },
            },
        }
    },
}
SCHEMAS = {"bencher": BENCHER, "github-action-benchmark": ACTION, "pytest-benchmark": PYTEST}


def sweep() -> Bench:
    return from_json((WRITTEN / "bench.json").read_bytes(), Bench)


def run() -> Comparison:
    return from_json((WRITTEN / "compare.json").read_bytes(), Comparison)


def difference(slower: bool, wrong: bool) -> Diff:
    """Two backends of two cells, of which one became slower or wrong."""
    ratio = Estimate(1.2, 1.1, 1.3)
    times = (
        TimeChange("100 × 1", "numpy", 1.0, 1.2, ratio, None, True, "slower" if slower else "same"),
        TimeChange("200 × 1", "numba", 1.0, 1.0, ratio, None, False, "faster"),
    )
    others = (
        OtherChange("100 × 1", "torch", "outcome", "ok", "failed", wrong),
        OtherChange("100 × 1", "numpy", "parameters", "", "differ by up to 1e-16", False),
    )
    reasons = (*(["numpy: slower"] if slower else []), *(["torch: outcome was ok, is failed"] if wrong else []))
    return Diff("a", "b", "bench", 0.05, ("cpu: x before, y after",), times, others, not reasons, reasons)


@pytest.mark.parametrize("name", OF_TIMES)
def test_a_comparison_is_valid(name: str, comparison: Comparison) -> None:
    jsonschema.validate(json.loads(export(comparison, name)), SCHEMAS[name], jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", OF_TIMES)
def test_a_sweep_is_valid(name: str) -> None:
    found = json.loads(export(sweep(), name))
    jsonschema.validate(found, SCHEMAS[name], jsonschema.Draft202012Validator)
    timed = sum(one.epoch_seconds is not None for cell in sweep().cells for one in cell.backends.values())
    assert len(found["benchmarks"] if name == "pytest-benchmark" else found) == timed > 0


def test_the_three_trackers_are_told_the_same_medians_and_intervals() -> None:
    found = run()
    assert {name for name, result in found.backends.items() if result.speed} >= {"python", "numpy"}
    bencher, action = json.loads(export(found, "bencher")), json.loads(export(found, "github-action-benchmark"))
    pytest_benchmark = json.loads(export(found, "pytest-benchmark"))["benchmarks"]
    assert list(bencher) == [one["name"] for one in action]
    for one, other, (name, measures) in zip(action, pytest_benchmark, bencher.items(), strict=True):
        speed = found.backends[name.rpartition("/")[2]].speed
        assert speed is not None
        timing = speed.epoch_seconds
        assert measures["latency"]["value"] == one["value"] == 1e9 * timing.median
        assert measures["latency"]["lower_value"] == 1e9 * timing.low
        assert measures["latency"]["upper_value"] == 1e9 * timing.high
        assert one["unit"] == "ns"
        assert float(one["range"].removeprefix("± ")) == pytest.approx(
            1e9 * max(timing.high - timing.median, timing.median - timing.low), rel=1e-5
        )
        assert other["stats"]["data"] == list(timing.samples)
        assert other["param"] == name.rpartition("/")[2]


def test_the_time_of_a_wrong_backend_is_not_followed(comparison: Comparison) -> None:
    followed = {name.rpartition("/")[2] for name in json.loads(export(comparison, "bencher"))}
    for name, result in comparison.backends.items():
        if result.accuracy is not None and not result.accuracy.passed:
            assert name not in followed


def test_samples_are_summarised_as_pytest_benchmark_does() -> None:
    """The numbers of its own `Stats` for the same samples; quartiles of an odd number are between two methods."""
    found = stats(Timing(3.0, 2.0, 4.0, (5.0, 1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 30.0, 4.0), epochs_per_sample=7))
    assert (found["min"], found["max"], found["rounds"], found["iterations"]) == (1.0, 30.0, 9, 7)
    assert (found["q1"], found["median"], found["q3"], found["iqr"]) == (2.0, 3.0, 4.0, 2.0)
    assert (found["ld15iqr"], found["hd15iqr"], found["outliers"]) == (1.0, 5.0, "1;1")
    assert found["ops"] == pytest.approx(9 / 54)
    assert found["stddev"] == pytest.approx(9.08295, abs=1e-5)
    assert stats(Timing(3.0, 3.0, 3.0, (3.0,)))["outliers"] == "0;0"


def test_pytest_benchmark_is_told_what_is_known_of_python_and_of_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.python_implementation", lambda: "PyPy")
    told = json.loads(export(run(), "pytest-benchmark"))
    assert told["machine_info"]["python_implementation"] == "PyPy"
    assert "dirty" not in told["commit_info"]


def test_pytest_benchmark_itself_compares_two_files(tmp_path: Path) -> None:
    pytest.importorskip("pytest_benchmark", reason="pytest-benchmark is not installed")
    for file in ("first.json", "second.json"):
        (tmp_path / file).write_text(export(run(), "pytest-benchmark"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest_benchmark", "compare", "first.json", "second.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Failed to load" not in done.stdout + done.stderr
    assert {"epoch[numpy] (first)", "epoch[numpy] (second)"} <= set(
        re.findall(r"^epoch\[numpy\] \(\w+\)", done.stdout, re.M)
    )


# -- JUnit -------------------------------------------------------------------------------------------------------------


def cases(text: str) -> dict[str, ET.Element]:
    """The cases by suite and name, after the counts were seen to be right."""
    root = ET.fromstring(text)
    assert root.get("tests") == str(len(root.findall("./testsuite/testcase")))
    assert root.get("failures") == str(len(root.findall("./testsuite/testcase/failure")))
    for suite in root:
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
        assert suite.get("skipped") == str(len(suite.findall("testcase/skipped")))
    return {f"{suite.get('name')}: {case.get('name')}": case for suite in root for case in suite}


def failures(text: str) -> dict[str, str]:
    return {
        name: failure.get("message", "")
        for name, case in cases(text).items()
        if (failure := case.find("failure")) is not None
    }


def test_junit_fails_where_the_comparison_does(comparison: Comparison) -> None:
    assert bool(failures(export(comparison, "junit"))) is not comparison.verdict.passed


def test_junit_blames_the_backend_that_is_wrong() -> None:
    objection = Objection("accuracy", "numpy")
    found = replace(run(), verdict=Verdict(False, ("numpy: outside its bound",), (objection,)))
    (told,) = failures(export(found, "junit")).items()
    assert told[0].endswith(": numpy")
    assert told[1] == "numpy: outside its bound"


def test_junit_has_a_case_for_what_concerns_no_backend() -> None:
    found = replace(run(), verdict=Verdict(False, ("the judge is blunt",), (Objection("blunt judge"),)))
    (told,) = failures(export(found, "junit")).items()
    assert told[0].endswith(": verdict: blunt judge")
    assert told[1] == "the judge is blunt"


def test_junit_has_a_case_for_each_objection_though_a_backend_failed() -> None:
    objections = (Objection("failed", "numpy"), Objection("missed faults"), Objection("false accusation"))
    found = replace(run(), verdict=Verdict(False, ("numpy: broke", "missed one", "accused one"), objections))
    told = {name.partition(": ")[2]: message for name, message in failures(export(found, "junit")).items()}
    assert told == {
        "numpy": "numpy: broke",
        "verdict: missed faults": "missed one",
        "verdict: false accusation": "accused one",
    }


def test_junit_of_a_run_of_an_earlier_version_has_the_reasons_in_one_case() -> None:
    found = replace(run(), verdict=Verdict(False, ("one", "two"), ()))
    (told,) = failures(export(found, "junit")).items()
    assert (told[0].endswith(": verdict"), told[1]) == (True, "one")


@pytest.mark.parametrize(("slower", "wrong"), [(False, False), (True, False), (False, True), (True, True)])
def test_junit_of_a_difference_fails_what_became_worse(slower: bool, wrong: bool) -> None:
    text = export(difference(slower, wrong), "junit")
    expected = {"100 × 1: numpy: epoch": "numpy: slower"} if slower else {}
    expected |= {"100 × 1: torch: outcome": "torch: outcome was ok, is failed"} if wrong else {}
    assert failures(text) == expected
    assert set(cases(text)) == {
        "100 × 1: numpy: epoch", "200 × 1: numba: epoch", "100 × 1: torch: outcome", "100 × 1: numpy: parameters",
    }  # fmt: skip


def test_junit_of_a_sweep_tells_what_failed_and_what_was_skipped() -> None:
    found = sweep()
    cell = found.cells[0]
    (first, one), (second, other) = list(cell.backends.items())[:2]
    told = {
        first: replace(one, status="failed", reason="ZeroDivisionError"),
        second: replace(other, status="skipped", reason="slow"),
    }
    changed = replace(found, cells=(replace(cell, backends=told), *found.cells[1:]))
    where = f"{cell.rows}x{cell.features} {cell.dtype}"
    text = export(changed, "junit")
    assert failures(text) == {f"{where}: {first}": "ZeroDivisionError"}
    skipped = cases(text)[f"{where}: {second}"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "slow"


# -- Markdown ----------------------------------------------------------------------------------------------------------


def test_markdown_has_the_answers_then_one_table_and_the_rest_folded() -> None:
    told = export(run(), "markdown")
    places = [told.index(part) for part in ("Do the backends agree?", "Which one?", "| backend | agrees", "<details>")]
    assert places == sorted(places)
    assert told.partition("<details>")[0].count("\n| ") == 2 + len(run().backends)
    assert "| numpy | ✓ yes |" in told
    assert "The bar" not in told
    assert told.count("<details>") == told.count("</details>") > 0


def test_rows_of_a_markdown_table_have_the_columns_of_its_head(comparison: Comparison) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", export(comparison, "markdown"), re.M)
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table
    assert tables or not comparison.ran()


@pytest.mark.parametrize("name", ["markdown", "junit"])
def test_a_name_from_a_file_is_text(name: str) -> None:
    evil = "<img src=x onerror=alert(1)>|`a`\n# @team [x](y) **b**"
    written = (WRITTEN / "compare.json").read_text(encoding="utf-8")
    found = from_json(re.sub('"numpy"', lambda _: json.dumps(evil), written).encode(), Comparison)
    told = export(found, name)
    assert "<img" not in told
    if name == "markdown":
        assert "`a`" not in told.replace("\\`", "")
        assert "](y)" not in told.replace("\\]", "")


def test_what_is_escaped_reads_as_it_was() -> None:
    assert escaped("a|b_c*d<e>[f]`g`~h&i#1\\") == r"a\|b\_c\*d&lt;e&gt;\[f\]\`g\`\~h&amp;i\#1" + "\\\\"
    assert escaped("× − ŷ 95 %.") == "× − ŷ 95 %."
    assert escaped("for @team") == "for @<!-- -->team"


def test_no_address_becomes_a_link_and_no_dollar_a_formula() -> None:
    """GitHub links `https://…` and `www.…` without any brackets, and sets `$…$` as a formula."""
    told = escaped("see https://evil.example and WWW.evil.example: $x$ ftp://e.example")
    assert "://" not in told
    assert "www." not in told.lower()
    assert told.count(r"\$") == told.count("$") == 2
    assert re.sub(r"<!-- -->|\\", "", told) == "see https://evil.example and WWW.evil.example: $x$ ftp://e.example"


@pytest.mark.parametrize(("slower", "word"), [(True, "✗ **Failed**"), (False, "✓ **Passed**")])
def test_markdown_of_a_difference_says_whether_it_passed(slower: bool, word: str) -> None:
    told = export(difference(slower, False), "markdown")
    assert word in told
    assert ("- numpy: slower" in told) is slower
    assert "cpu: x before, y after" in told


def test_markdown_of_a_sweep_has_the_answers_open() -> None:
    told = export(sweep(), "markdown")
    opened = told.partition("<details>")[0]
    assert "**Fastest for" in opened
    assert "| backend |" not in opened


def test_every_format_ends_with_one_newline() -> None:
    for name in MODULES:
        for found in (run(), sweep()):
            assert re.search(r"[^\n]\n\Z", export(found, name)), name
