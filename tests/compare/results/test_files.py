"""Result files: what earlier versions have written is read, and written again to the byte; what is none is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from handgrad.compare.results.bench import Bench
from handgrad.compare.results.comparison import Comparison, GradientChecks
from handgrad.compare.results.files import ResultError, content_of, from_json, head_of, read, to_json
from handgrad.compare.results.grades.graded import ClassGrades
from handgrad.compare.results.reproduction import Reproduction

#: One small run of each command, as the version before the results had rooms wrote it.
WRITTEN = Path(__file__).parent / "written"
TYPES: dict[str, Any] = {"compare": Comparison, "bench": Bench, "gradcheck": GradientChecks,
    "compare-judged": Comparison, "reproduce": Reproduction, "grade": ClassGrades}  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
def test_a_file_of_an_earlier_version_is_read_and_written_again_to_the_byte(name: str) -> None:
    content = (WRITTEN / f"{name}.json").read_bytes()
    assert to_json(from_json(content, TYPES[name])) == content


def test_the_numbers_of_an_earlier_file_are_where_they_were() -> None:
    compared, swept = read(WRITTEN / "compare.json", Comparison), read(WRITTEN / "bench.json", Bench)
    speed = compared.backends["numpy"].speed
    assert speed is not None
    assert speed.epoch_seconds.low <= speed.epoch_seconds.median <= speed.epoch_seconds.high
    assert compared.environment.packages["numpy"] == swept.environment.packages["numpy"]
    assert [cell.rows for cell in swept.cells] == [20, 200]


def test_the_head_tells_the_kind_without_the_rest() -> None:
    assert head_of((WRITTEN / "bench.json").read_bytes()).kind == "bench"
    assert head_of((WRITTEN / "compare.json").read_bytes()).kind is None
    assert head_of(b"[1]").schema is None


def changed(name: str, **fields: object) -> bytes:
    return json.dumps(json.loads((WRITTEN / f"{name}.json").read_bytes()) | fields).encode()


@pytest.mark.parametrize(
    ("content", "of", "told"),
    [
        (b"{", Comparison, "not JSON"),
        (b"\xff", Bench, "not JSON"),
        (b"[" * 100_000, Bench, "not JSON"),
        (b"[]", Bench, "expected a run of `handgrad bench`"),
        (changed("compare", schema=2), Comparison, "expected schema 1, got 2"),
        (changed("bench", schema=None), Bench, "expected schema 1, got None"),
        (changed("bench"), Comparison, "expected a run of `handgrad compare`, got kind 'bench'"),
        (changed("compare"), Bench, "expected a run of `handgrad bench`, got kind None"),
        (changed("bench", cells=5), Bench, "cells.*run `handgrad bench` again"),
        (changed("compare", backends=[]), Comparison, "backends.*run `handgrad compare` again"),
    ],
)
def test_what_is_no_such_result_is_told_in_one_line(content: bytes, of: Any, told: str) -> None:
    with pytest.raises(ResultError, match=told) as caught:
        from_json(content, of, "a/result.json")
    assert str(caught.value).startswith("a/result.json: ")
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_result_is_told(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="expected a run folder"):
        content_of(tmp_path)


def test_a_sweep_whose_cells_have_unlike_backends_is_told() -> None:
    cells = json.loads((WRITTEN / "bench.json").read_bytes())["cells"]
    del cells[0]["backends"]["numpy"]
    with pytest.raises(ResultError, match="cells: expected the same backends in each; run `handgrad bench` again"):
        from_json(changed("bench", cells=cells), Bench)
