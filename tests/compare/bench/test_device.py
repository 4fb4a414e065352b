"""A sweep in which `tape` is on a device: bound there, held against its reading, and from when on that pays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_up_worker import World

from handgrad.backends.catalogue import entry
from handgrad.backends.interface import InputError
from handgrad.compare.bench import sweep
from handgrad.compare.results.bench import Bench, Settings
from handgrad.compare.results.files import from_json, to_json
from handgrad.reports.bench.marks import left_out, readers, timed
from handgrad.reports.bench.tables import epochs
from handgrad.reports.bench.text import text
from handgrad.reports.bench.words import device

SETTINGS = Settings(
    rows=(100, 1000, 10_000),
    features=(1,),
    dtypes=("float64",),
    backends=("numpy", "tape"),
    epochs=2000,
    processes=1,
    precision=0.01,
    budget_seconds=0.02,
    seed=0,
    device="cuda",
)

#: Seconds of an epoch: a device's call takes longer, and its rows next to nothing.
COSTS = {"numpy": (2e-6, 4e-7), "tape": (1e-4, 1e-10), "(machine)": (1e-9, 5e-10)}


@pytest.fixture(scope="module")
def found() -> Bench:
    with pytest.MonkeyPatch.context() as patched:
        there = {"tape": replace(entry("tape"), devices=("cpu", "cuda"))}
        patched.setattr(sweep, "entry", lambda name: there.get(name) or entry(name))
        return sweep.bench(SETTINGS, threads=1, start=World(costs=dict(COSTS)).start)


def test_what_is_on_the_device_is_held_against_its_own_reading_and_its_transfer_is_told(found: Bench) -> None:
    assert found.device is not None
    assert (found.device.kind, found.device.name) == ("cuda", "Pretend 3000")
    cell = found.cells[-1]
    assert cell.device_limit_seconds is not None
    assert cell.limit_seconds is not None
    assert cell.device_limit_seconds.median == pytest.approx(World.reading * cell.bytes / 8, rel=1e-6)
    here, there = cell.backends["numpy"], cell.backends["tape"]
    assert (here.device, here.transfer_seconds) == (None, None)
    assert (there.device, there.transfer_seconds) == ("cuda", 0.004)
    assert here.limit_fraction is not None
    assert there.limit_fraction is not None
    assert here.epoch_seconds is not None
    assert there.epoch_seconds is not None
    shares = [
        (there.limit_fraction.value, cell.device_limit_seconds.median / there.epoch_seconds.median),
        (here.limit_fraction.value, cell.limit_seconds.median / here.epoch_seconds.median),
    ]
    for given, expected in shares:
        assert given == pytest.approx(expected, rel=0.01)


def test_from_how_many_rows_and_epochs_on_it_pays_lies_where_the_formulas_meet(found: Bench) -> None:
    (paid,) = found.device_pays
    assert (paid.backend, paid.over, paid.largest) == ("tape", "numpy", 10_000)
    assert paid.rows is not None
    assert (paid.rows.low, paid.rows.high) == (100, 1000)  # an epoch is shorter from 250 rows on, where 4e-7 n = 1e-4
    assert 100 < paid.rows.value < 1000
    assert paid.at_largest.epochs is not None
    assert (
        found.cells[-1].backends["tape"].total_cached_seconds < found.cells[-1].backends["numpy"].total_cached_seconds
    )


def test_it_is_said_in_a_sentence_and_a_line_of_the_table(found: Bench) -> None:
    (told,) = device(found)
    assert told.startswith(
        "1 feature, float64: tape (transfer of 156 KiB: 4.0 ms): a run of 2,000 epochs is shorter than"
    )
    assert "rows on (between 100 and 1,000); at 10,000 rows it is ahead of numpy from about " in told
    assert any("to read them on cuda" in row for row in epochs(found, 1, "float64").rows)
    assert from_json(to_json(found), Bench) == found
    assert text(found).parts


def test_a_figure_of_the_machines_own_memory_leaves_out_what_reads_a_devices(found: Bench) -> None:
    points = timed(found.cells)
    assert list(readers(points)) == ["numpy"]
    assert left_out(points, readers(points)) == " Without tape: a device reads its own memory."


def test_a_device_that_is_never_ahead_is_said_not_to_be(found: Bench) -> None:
    slow = replace(found.cells[-1].backends["tape"], total_cached_seconds=1e6)
    cells = tuple(replace(cell, backends=cell.backends | {"tape": slow}) for cell in found.cells)
    from handgrad.compare.bench.over_sizes import device_pays

    (paid,) = device_pays(cells, 2000)
    assert paid.rows is None
    (told,) = device(replace(found, device_pays=(paid,)))
    assert "is at no size shorter beyond doubt than the shortest on the CPU, numpy's" in told


def test_a_device_that_no_backend_knows_is_refused() -> None:
    with pytest.raises(InputError, match="numpy, tape compute on the CPU alone"):
        sweep.bench(SETTINGS, threads=1, start=World().start)
