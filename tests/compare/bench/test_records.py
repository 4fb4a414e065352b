"""A sweep's journal: what an earlier version has written is read, and what is damaged is measured again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from handgrad.compare.bench.problem import Size
from handgrad.compare.bench.records import (
    MACHINE_KEY,
    ContestantRecord,
    LeftOut,
    Measurements,
    NoLimits,
    StartUpRecord,
    cell_key,
    start_up_key,
)
from handgrad.compare.bench.summary import summary, timing
from handgrad.compare.results.bench import Bench
from handgrad.compare.results.files import read, to_json
from handgrad.compare.timing.journal import FILE, Journal
from handgrad.compare.timing.messages import LimitsFound

WRITTEN = Path(__file__).parents[1] / "results" / "written"
SIZE = Size(1, "float64", 20)


@pytest.fixture
def earlier(tmp_path: Path) -> Measurements:
    """The journal of the sweep whose result is `written/bench.json`, gone on with."""
    content = (WRITTEN / "bench.jsonl").read_text()
    (tmp_path / FILE).write_text(content)
    return Measurements(Journal(tmp_path, json.loads(content.splitlines()[0])["problem"], resume=True))


@pytest.fixture
def empty() -> Measurements:
    return Measurements(Journal(None, "abc"))


def test_the_journal_of_an_earlier_version_gives_its_result_to_the_last_digit(earlier: Measurements) -> None:
    found = read(WRITTEN / "bench.json", Bench)
    sizes = [Size(1, "float64", rows) for rows in (20, 200)]
    readers = set(found.settings.backends) - {"moments"}
    again = summary(found.settings, found.environment, found.reference, sizes, {}, earlier, readers)
    assert again == found
    fields = b"disturbance|pass_seconds|pass_fraction|table|device|transfer_seconds|device_limit_seconds|device_pays"
    fields += b"|elsewhere_memory_bytes"
    added = b',\n *"(' + fields + rb')": (null|"cpu"|\[\])'  # what was not yet looked at then
    assert re.sub(added, b"", to_json(again)) == (WRITTEN / "bench.json").read_bytes()


def test_every_piece_of_an_earlier_journal_is_read(earlier: Measurements) -> None:
    assert isinstance(earlier.start_up("python", 1, "float64"), StartUpRecord)
    assert isinstance(earlier.limits(), LimitsFound)
    turn = earlier.turn(SIZE, 0)
    assert turn is not None
    assert set(turn) == {"python", "numpy", "(again)", "(machine)"}
    assert all(record.samples and record.epochs for record in turn.values())
    assert earlier.turn(SIZE, 1) is None


@pytest.mark.parametrize("damaged", [{}, {"rows": "many"}, {"status": "failed"}, {"status": "gone", "reason": "x"}])
def test_a_start_up_of_another_shape_is_measured_again(empty: Measurements, damaged: object) -> None:
    empty.journal.append(start_up_key("numpy", 1, "float64"), damaged)
    assert empty.start_up("numpy", 1, "float64") is None


@pytest.mark.parametrize("damaged", [{}, {"levels": 5}, {"levels": [{}], "operations_per_second": {}}])
def test_limits_of_another_shape_are_measured_again(empty: Measurements, damaged: object) -> None:
    empty.journal.append(MACHINE_KEY, damaged)
    assert empty.limits() is None


@pytest.mark.parametrize("damaged", [{"numpy": 1}, {"numpy": {"samples": ["x"]}}, {"numpy": {"status": "odd"}}])
def test_a_cell_of_another_shape_is_measured_again(empty: Measurements, damaged: object) -> None:
    empty.journal.append(cell_key(SIZE, 0), damaged)
    assert empty.turn(SIZE, 0) is None


def test_what_was_left_out_is_kept_with_its_reason(empty: Measurements) -> None:
    why = LeftOut("timeout", "no answer to 'bind' within 1 s")
    empty.journal.append(start_up_key("numpy", 1, "float64"), why)
    empty.journal.append(MACHINE_KEY, NoLimits("out of memory"))
    assert empty.start_up("numpy", 1, "float64") == why
    assert empty.started("numpy", 1, "float64") is None
    assert empty.limits() == NoLimits("out of memory")


def test_a_ratio_that_is_not_finite_is_told_from_one_that_was_not_taken(empty: Measurements) -> None:
    empty.journal.append(cell_key(SIZE, 0), {"a": ContestantRecord(gradient_ratio=None), "b": ContestantRecord()})
    turn = empty.turn(SIZE, 0)
    assert turn == {"a": ContestantRecord(gradient_ratio=None), "b": ContestantRecord()}
    assert turn["a"] != turn["b"]


def test_a_turn_without_samples_changes_nothing_in_the_timing_of_the_others() -> None:
    whole = ContestantRecord(samples=[1.0, 2.0, 4.0], epochs=7, changed_answers=1, largest_change=1e-9)
    found = timing([whole, ContestantRecord(status="failed", reason="gone")])
    assert found is not None
    assert (found.samples, found.processes) == ((1.0, 2.0, 4.0), (3, 0))
    assert (found.epochs_per_sample, found.changed_answers, found.largest_change) == (7, 1, 1e-9)
    assert timing([ContestantRecord()]) is None
