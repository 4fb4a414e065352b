"""Backends whose fault lies in their process: the row of each fails with its reason, and nobody else's."""

from __future__ import annotations

import sys

import pytest

import faults

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the faults are made with Linux's processes and pipes")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> list[faults.Compared]:
    return faults.compared(tmp_path_factory.mktemp("faults"))


def test_a_backend_that_is_right_is_not_blamed_for_its_neighbours(ended: list[faults.Compared]) -> None:
    assert [one.wrong_beside() for one in ended] == [[], []]


def test_what_is_done_when_the_result_is_asked_for_is_within_the_clock(ended: list[faults.Compared]) -> None:
    lazy = ended[0].row("honest-lazy")
    assert lazy["lap_ends"]["ratio"] <= 1
    assert lazy["speed"]["relative"] > 0.2  # it does what NumPy does; at its dispatch it is a hundred times as fast


@pytest.mark.parametrize("fault", faults.FAULTS, ids=lambda fault: fault.name)
def test_a_fault_costs_its_own_row_which_says_so(ended: list[faults.Compared], fault: faults.Fault) -> None:
    (one,) = [one for one in ended if fault in one.faults]
    assert one.wrong(fault) is None


def test_every_faulty_backend_is_tried() -> None:
    points = (faults.FAULTY / "faulty-1.dist-info" / "entry_points.txt").read_text().splitlines()[1:]
    assert len(points) == len(faults.FAULTS)
