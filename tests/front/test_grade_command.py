"""`handgrad grade` as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

RIGHT = """
def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * X.T @ r, 2 * r.mean()
"""


def grade(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "handgrad", "grade", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=100, check=False)


def test_a_class_leaves_a_page_a_table_and_its_result(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "anna.py").write_text(RIGHT, encoding="utf-8")
    (folder / "ben.py").write_text(RIGHT.replace("2 /", "-2 /").replace("2 * r", "-2 * r"), encoding="utf-8")
    done = grade(folder, "--out", "run", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "FAILED: 1 of 2 files right." in done.stdout
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "grades.csv", "measurements.jsonl", "report.html", "result.json",
    ]  # fmt: skip
    (folder / "ben.py").unlink()
    done = grade(folder, "--out", "run", "--resume", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["reused"] == 1


def test_what_cannot_be_graded_is_told_in_one_line(tmp_path: Path) -> None:
    done = grade(tmp_path / "nowhere", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())
    assert grade(tmp_path, "--resume", cwd=tmp_path).returncode == 2
