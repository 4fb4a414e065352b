"""Each grader's file is valid by a schema that is written after that grader's own document, named beside it."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from class_grades import BAD, half, of, right, stopped
from handgrad.cli import app
from handgrad.compare.results.diagnosis import NoAnswer, failed
from handgrad.compare.results.grades.graded import BlockPoints, ClassGrades, Grade
from handgrad.reports.grade.formats import classroom50, gradescope, junit, nbgrader, otter, prairielearn
from handgrad.reports.grade.formats.catalogue import FORMATS, export

pytest.importorskip("jsonschema", reason="jsonschema is not installed")
import jsonschema

SCORES = {"type": "number", "minimum": 0}
VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
#: gradescope-autograders.readthedocs.io/en/latest/specs: every field of it, and no other.
GRADESCOPE: dict[str, Any] = {
    "type": "object",
    "anyOf": [{"required": ["score"]}, {"required": ["tests"]}],
    "additionalProperties": False,
    "properties": {
        "score": SCORES, "execution_time": SCORES, "output": {"type": "string"}, "visibility": VISIBILITY,
        "output_format": {"enum": ["text", "html", "simple_format", "md", "ansi"]},
        "stdout_visibility": VISIBILITY, "extra_data": {"type": "object"}, "leaderboard": {"type": "array"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["score"],
                "additionalProperties": False,
                "properties": {
                    "score": SCORES, "max_score": SCORES, "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"}, "number": {"type": "string"}, "output": {"type": "string"},
                    "tags": {"type": "array", "items": {"type": "string"}}, "visibility": VISIBILITY,
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
}  # fmt: skip
#: docs/externalGrading.md of PrairieLearn, "Grading results".
PRAIRIELEARN: dict[str, Any] = {
    "type": "object",
    "if": {"properties": {"gradable": {"const": False}}, "required": ["gradable"]},
    "else": {"required": ["score"]},
    "properties": {
        "gradable": {"type": "boolean"}, "score": {"type": "number", "minimum": 0, "maximum": 1},
        "format_errors": {"type": ["string", "array"]}, "message": {"type": "string"}, "output": {"type": "string"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "points", "max_points"],
                "properties": {
                    "name": {"type": "string"}, "points": SCORES, "max_points": SCORES, "message": {"type": "string"},
                },
            },
        },
    },
}  # fmt: skip
#: otter/test_files/__init__.py, `to_gradescope_dict`: a summary without points, then tests with them.
OTTER: dict[str, Any] = {
    "type": "object",
    "required": ["tests"],
    "properties": {
        "tests": {
            "type": "array",
            "prefixItems": [
                {
                    "required": ["name", "visibility", "output"],
                    "properties": {"name": {"const": "Public Tests"}},
                    "not": {"required": ["score"]},
                }
            ],
            "items": {"required": ["name", "score", "max_score", "visibility", "output"]},
        }
    },
}
WHOLE = {"type": "integer", "minimum": 0}
TEXT = {"type": "string", "minLength": 1}
#: wiki/Advanced-Autograding of foundation50/classroom50, "The result.json contract"; the runner stamps the owner.
CLASSROOM50: dict[str, Any] = {
    "type": "object",
    "required": [
        "schema", "classroom", "assignment", "submission", "commit", "release", "review", "datetime", "score",
        "max-score", "tests",
    ],
    "properties": {
        "schema": {"const": "classroom50/result/v1"}, "classroom": TEXT, "assignment": TEXT, "submission": TEXT,
        "commit": TEXT, "release": TEXT, "review": TEXT, "score": WHOLE, "max-score": WHOLE,
        "datetime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["test-name", "passed", "score", "max-score"],
                "properties": {"test-name": TEXT, "passed": {"type": "boolean"}, "score": WHOLE, "max-score": WHOLE},
            },
        },
    },
}  # fmt: skip

NO_PYTHON = Grade(
    "d/../../dee", "dee.py", "3" * 64, (failed("dee.py", NoAnswer("syntax", given="x\x00\ud800")),),
    (BlockPoints("dee.py", "", 0.0, 10.0),),
)  # fmt: skip
CLASS = of(half("anna"), right("ben"), stopped(BAD, "boom\x01"), NO_PYTHON)


def read(files: dict[str, bytes]) -> list[Any]:
    return [json.loads(content) for content in files.values()]


@pytest.mark.parametrize(
    ("module", "schema"),
    [(gradescope, GRADESCOPE), (prairielearn, PRAIRIELEARN), (otter, OTTER), (classroom50, CLASSROOM50)],
)
def test_a_students_file_is_valid(module: Any, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    values = read(module.files(CLASS))
    assert len(values) == 4
    for value in values:
        jsonschema.validate(value, schema, jsonschema.Draft202012Validator)


def test_each_format_has_the_points_of_the_policy() -> None:
    modules = {"gradescope": gradescope, "prairielearn": prairielearn, "otter": otter, "classroom50": classroom50}
    values = {name: json.loads(module.files(CLASS)["anna.json"]) for name, module in modules.items()}
    assert [test["score"] for test in values["gradescope"]["tests"]] == [2.5, 5.0]
    assert values["prairielearn"]["score"] == 0.75
    assert [test.get("score") for test in values["otter"]["tests"]] == [None, 2.5, 5.0]
    assert (values["classroom50"]["score"], values["classroom50"]["max-score"]) == (750, 1000)


def test_what_is_no_python_costs_no_attempt_in_prairielearn() -> None:
    assert [value["gradable"] for value in read(prairielearn.files(CLASS))] == [True, True, True, False]


def test_nbgraders_columns_are_its_own() -> None:
    rows = list(csv.DictReader(io.StringIO(nbgrader.files(CLASS)["nbgrader.csv"].decode())))
    assert tuple(rows[0]) == (
        "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
        "late_submission_penalty", "score", "max_score",
    )  # fmt: skip
    assert [row["score"] for row in rows] == ["7.5", "10", "0", "0"]


def test_junit_counts_what_it_holds() -> None:
    """The attributes that junit-10.xsd of Jenkins' xUnit plug-in demands, and the counts are right."""
    root = ET.fromstring(junit.files(CLASS)["junit.xml"])
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "6", "3")
    for suite in root:
        cases = list(suite)
        assert suite.tag == "testsuite"
        assert {"name", "tests", "failures", "errors", "skipped"} <= set(suite.attrib)
        assert int(suite.attrib["tests"]) == len(cases)
        assert int(suite.attrib["failures"]) == sum(case.find("failure") is not None for case in cases)
        assert all(case.tag == "testcase" and {"name", "classname"} <= set(case.attrib) for case in cases)


@pytest.mark.parametrize("name", FORMATS)
def test_names_cannot_lead_out_of_the_folder(name: str, tmp_path: Path) -> None:
    paths = export(CLASS, name, tmp_path / "in")
    assert {path.parent for path in paths} == {tmp_path / "in"}
    assert all(path.resolve().parent == (tmp_path / "in").resolve() for path in paths)


def test_two_students_of_one_name_have_a_file_each() -> None:
    twice: ClassGrades = of(half("anna"), right("anna"))
    assert list(gradescope.files(twice)) == ["anna.json", "anna-2.json"]


RIGHT = "def gradient(X, y, w, b):\n    r = X @ w + b - y\n    return 2 / len(y) * X.T @ r, 2 * r.mean()\n"


def unpacked(root: Path, *options: str) -> Path:
    """An autograder as Gradescope lays it out; what stands in its folder `source`."""
    archive = root.parent / "autograder.zip"
    assert CliRunner().invoke(app, ["grade", "--make-autograder", str(archive), *options]).exit_code == 0
    with zipfile.ZipFile(archive) as opened:
        scripts = {e.filename for e in opened.infolist() if e.external_attr >> 16 & stat.S_IXUSR}
        assert scripts == {"setup.sh", "run_autograder"}
        opened.extractall(root / "source")
    return root / "source"


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
@pytest.mark.parametrize(("is_old", "python"), [(0, "python3"), (1, "python3.11")])
@pytest.mark.parametrize("has_wheel", [False, True])
def test_gradescope_sets_it_up_with_a_python_that_is_new_enough(
    tmp_path: Path, is_old: int, python: str, has_wheel: bool
) -> None:
    """With commands that only tell how they were called; CONTRIBUTING has the command that truly installs it."""
    root, log = tmp_path / "autograder", tmp_path / "log"
    wheel = tmp_path / "handgrad-9.9-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    source = unpacked(root, *(["--wheel", str(wheel)] if has_wheel else []))
    tell = f'echo "$(basename "$0") $@" >> {log}'
    script(tmp_path / "bin" / "apt-get", tell)
    for name in ("python3", "python3.11"):
        script(tmp_path / "bin" / name, f'[ "$1" = -c ] && exit {is_old}\n{tell}')
    script(tmp_path / "home" / "bin" / "pip", f'{tell}\n[ ! -e "$2" ] || cat "$2" >> {log}')
    environment = os.environ | {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "AUTOGRADER": str(root),
        "HANDGRAD_HOME": str(tmp_path / "home"),
    }
    subprocess.run(["bash", str(source / "setup.sh")], env=environment, check=True, timeout=60)
    installed = (
        f"pip install source/{wheel.name}\na wheel" if has_wheel else f"pip install handgrad=={version('handgrad')}"
    )
    assert log.read_text(encoding="utf-8").strip() == (
        f"apt-get update\napt-get install -y python3\napt-get install -y {python} {python}-venv\n"
        f"{python} -m venv {tmp_path / 'home'}\n{installed}"
    )


def test_what_is_no_wheel_of_handgrad_is_refused(tmp_path: Path) -> None:
    command = ["grade", "--make-autograder", str(tmp_path / "a.zip"), "--wheel", str(tmp_path / "numpy-2.0.whl")]
    assert CliRunner().invoke(app, command).exit_code == 2


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
@pytest.mark.parametrize(
    ("text", "loss", "points"),
    [
        (RIGHT, "mse", 4.0),
        (RIGHT.replace("2 ", "-2 "), "mse", 1.0),
        (RIGHT.replace("2 / len", "1 / len").replace("2 * r", "r"), "half-mse", 4.0),
        (None, "mse", 0.0),
    ],
)
def test_gradescope_runs_the_autograder(tmp_path: Path, text: str | None, loss: str, points: float) -> None:
    (tmp_path / "policy.toml").write_text("points = 4\nnamed = 0.25\n", encoding="utf-8")
    root = tmp_path / "autograder"
    source = unpacked(root, "--policy", str(tmp_path / "policy.toml"), "--loss", loss)
    (root / "submission").mkdir()
    if text is not None:
        (root / "submission" / "mine.py").write_text(text, encoding="utf-8")
    launcher = script(root / "handgrad", f'exec {sys.executable} -m handgrad "$@"')
    environment = os.environ | {"AUTOGRADER": str(root), "HANDGRAD": str(launcher)}
    subprocess.run(["bash", str(source / "run_autograder")], env=environment, check=True, timeout=100)
    results = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(results, GRADESCOPE, jsonschema.Draft202012Validator)
    assert sum(test["score"] for test in results.get("tests", [])) + results.get("score", 0) == points
