"""A class is graded: each file alone, each result kept, and points by the policy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from handgrad.compare.grade.grading import Checked, GradeOptions, checked, grade_class
from handgrad.compare.grade.policy import PolicyError, read_policy
from handgrad.compare.grade.submissions import Submission, SubmissionError, submissions, unpack
from handgrad.compare.results.files import from_json, to_json
from handgrad.compare.results.grades.graded import ClassGrades, Grade, Policy

RIGHT = """
def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * X.T @ r, 2 * r.mean()
"""
HALF = RIGHT.replace("2 / len(y) *", "1 / len(y) *").replace("2 * r", "r")
BIAS_HALF = RIGHT.replace("2 * r.mean()", "r.mean()  # by Mueller")


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def by_student(found: ClassGrades) -> dict[str, Grade]:
    return {grade.student: grade for grade in found.grades}


def test_every_file_has_its_mistake_and_points_for_each_block(tmp_path: Path) -> None:
    grades = by_student(grade_class([write(tmp_path / "c", anna=RIGHT, ben=HALF, cem=BIAS_HALF, dee="x = (")]))
    assert {name: (grade.keys, grade.points) for name, grade in grades.items()} == {
        "anna": ((), 10.0),
        "ben": (("two-missing",), 5.0),
        "cem": (("one-block-only",), 7.5),
        "dee": (("syntax-error",), 0.0),
    }
    assert [(block.block, block.given, block.most) for block in grades["cem"].blocks] == [
        ("dW", 5.0, 5.0),
        ("db", 2.5, 5.0),
    ]
    assert [(line.number, line.text) for line in grades["cem"].lines] == [
        (3, "r = X @ weights + bias - y"),
        (4, "return (2 / len(y) * X.T @ r, r.mean())"),
    ]
    assert grades["anna"].lines == ()


def test_a_student_cannot_import_another_students_file(tmp_path: Path) -> None:
    folder = write(tmp_path / "c", anna=RIGHT, ben="from anna import gradient")
    assert by_student(grade_class([folder]))["ben"].keys == ("raises",)


def test_a_students_folder_is_copied_with_what_its_file_imports(tmp_path: Path) -> None:
    folder = write(tmp_path / "c", other=RIGHT)
    write(folder / "anna", main="from parts.own import gradient")
    write(folder / "anna" / "parts", own=RIGHT)
    found = grade_class([folder], GradeOptions(name="main.py"))
    assert by_student(found)["anna"].correct
    assert grade_class([folder]).left_out[0].reason == "several-files"


def test_the_policy_decides(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        "points = 4\n[mistakes]\ntwo-missing = 0.75\n[functions]\ngradient = 6\nstep = 4\n", encoding="utf-8"
    )
    policy = read_policy(path)
    grade = grade_class([write(tmp_path / "c", ben=HALF)], GradeOptions(policy)).grades[0]
    assert (grade.points, grade.most, grade.correct) == (4.5, 10.0, False)
    right = grade_class([write(tmp_path / "d", anna=RIGHT)], GradeOptions(policy)).grades[0]
    assert (right.points, right.keys, right.correct) == (6.0, (), False)  # a step is missing


@pytest.mark.parametrize(
    "text", ["points = 0", "named = 1.5", "nmed = 1", "points = 'ten'", "points = nan", "= 3", "[mistakes]\na = -1"]
)
def test_a_policy_that_cannot_be_followed_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=r"policy\.toml: "):
        read_policy(path)


def test_a_changed_file_is_checked_again_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, out = write(tmp_path / "c", anna=RIGHT, ben=HALF), tmp_path / "out"
    grade_class([folder], folder=out)
    asked: list[str] = []

    def counted(one: Submission, options: GradeOptions) -> Checked:
        asked.append(one.student)
        return checked(one, options)

    monkeypatch.setattr("handgrad.compare.grade.grading.checked", counted)
    write(folder, ben=BIAS_HALF)
    found = grade_class([folder], folder=out, resume=True)
    assert (asked, found.reused) == (["ben"], 1)
    assert by_student(found)["ben"].keys == ("one-block-only",)
    (folder / "ben.py").rename(folder / "zoe.py")  # the same content under another name
    assert [grade.student for grade in grade_class([folder], folder=out, resume=True).grades] == ["anna", "zoe"]
    assert asked == ["ben"]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_killed_run_loses_nothing_finished(tmp_path: Path) -> None:
    hangs = "import time\ntime.sleep(60)\n"
    folder, out = write(tmp_path / "c", anna=RIGHT, ben=hangs), tmp_path / "out"
    command = [sys.executable, "-m", "handgrad", "grade", str(folder), "--out", str(out), "--time-limit", "50"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        journal = out / "measurements.jsonl"
        until = time.monotonic() + 60
        while not (journal.exists() and journal.read_bytes().endswith(b"\n")):
            assert time.monotonic() < until
            time.sleep(0.05)
        run.send_signal(signal.SIGKILL)
    write(folder, ben=HALF)
    found = grade_class([folder], GradeOptions(time_limit_seconds=50.0), out, resume=True)
    assert (found.reused, [grade.keys for grade in found.grades]) == (1, [(), ("two-missing",)])


def test_names_do_not_stand_in_an_anonymous_class(tmp_path: Path) -> None:
    raises = RIGHT.replace("    r =", "    raise ValueError('Anna Mueller was here')  # Anna\n    r =")
    folder = write(tmp_path / "c", Mueller_Anna=raises, Zoe=BIAS_HALF)
    found = grade_class([folder], GradeOptions(anonymous=True))
    text = to_json(found).decode()
    assert not any(name in text.lower() for name in ("anna", "mueller", "zoe", str(tmp_path)))
    assert sorted(grade.student for grade in found.grades) == ["1", "2"]
    assert {line.file for grade in found.grades for line in grade.lines} <= {"1.py", "2.py"}
    assert from_json(to_json(found), ClassGrades) == found


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def test_a_zip_is_graded(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "c.zip", {"class/anna/g.py": RIGHT, "class/ben/g.py": HALF, "__MACOSX/x.py": "("})
    found = grade_class([archive])
    assert {name: grade.keys for name, grade in by_student(found).items()} == {"anna": (), "ben": ("two-missing",)}


@pytest.mark.parametrize("name", ["../evil.py", "/evil.py", "a/../../evil.py", "..\\evil.py", "C:\\evil.py"])
def test_a_zip_that_leads_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SubmissionError, match="leads out"):
        unpack(zipped(tmp_path / "c.zip", {name: RIGHT}), tmp_path / "in")
    assert not list(tmp_path.rglob("evil.py"))


def test_a_zip_is_unpacked_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.compare.grade.submissions.MOST_BYTES", 1000)
    with pytest.raises(SubmissionError, match="unpacked"):
        unpack(zipped(tmp_path / "c.zip", {"a.py": "#" * 2000}), tmp_path / "in")
    monkeypatch.setattr("handgrad.compare.grade.submissions.MOST_FILES", 1)
    with pytest.raises(SubmissionError, match="at most 1 files"):
        unpack(zipped(tmp_path / "d.zip", {"a.py": "", "b.py": ""}), tmp_path / "in2")


def test_links_are_never_followed(tmp_path: Path) -> None:
    secret = write(tmp_path, solution=RIGHT) / "solution.py"
    folder = write(tmp_path / "c", anna=HALF)
    try:
        (folder / "ben.py").symlink_to(secret)
    except OSError:
        pytest.skip("the system lets nobody make links")
    found = grade_class([folder])
    assert [grade.student for grade in found.grades] == ["anna"]
    assert [(one.file, one.reason) for one in found.left_out] == [("ben.py", "link")]


def test_nothing_to_grade_is_told(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="found none"):
        submissions([write(tmp_path / "c")], tmp_path)
    with pytest.raises(SubmissionError, match="expected a folder"):
        submissions([tmp_path / "nowhere"], tmp_path)


def test_the_policy_is_kept_with_the_grades(tmp_path: Path) -> None:
    found = grade_class([write(tmp_path / "c", anna=RIGHT)], GradeOptions(Policy(points=3.0)))
    assert json.loads(to_json(found))["policy"]["points"] == 3.0


def test_nothing_that_a_student_hands_in_stops_the_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = RIGHT.replace("2 * r.mean()", "2 * r.mean()" + " + 0" * 900).replace("2 / len", "1 / len")
    folder = write(tmp_path / "c", anna=RIGHT, deep=deep, escape=HALF + "\nx = '\\d'\n", nul="x = 1\x00")
    (folder / "latin.py").write_bytes("# Müller\n".encode("latin-1"))
    try:
        (folder / os.fsdecode(b"m\xfcller.py")).write_text(HALF, encoding="utf-8")
        os.mkfifo(folder / "pipe.py")
    except (OSError, AttributeError):
        pytest.skip("the system has no such names or files")
    grades = by_student(grade_class([folder]))
    assert sorted(grades) == ["anna", "deep", "escape", "latin", "m?ller", "nul"]
    assert grades["anna"].correct
    assert grades["escape"].keys == grades["m?ller"].keys == ("two-missing",)
    assert grades["nul"].keys == ("syntax-error",)
    assert not grades["latin"].correct
    monkeypatch.setattr("handgrad.compare.grade.submissions.MOST_STUDENT_BYTES", 1)
    with pytest.raises(SubmissionError, match="too-large"):
        grade_class([folder])
