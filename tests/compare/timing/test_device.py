"""The clock of a device: it starts and stops when the device has nothing to do; moving data there is its own time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import pretend_device
from handgrad.backends.interface import Plan
from handgrad.compare.timing import session
from handgrad.compare.timing.messages import Bind, BytesRead, DeviceSeen, FindDevice, PlanMessage, ReadBytes, TimeEpochs
from handgrad.compare.timing.session import Session

PLAN = PlanMessage.of(Plan(0.1, 3))


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a device and the clocks are asked for, in order."""
    clock = session.perf_counter

    def noted() -> float:
        pretend_device.EVENTS.append("clock")
        return clock()

    monkeypatch.setattr(session, "perf_counter", noted)
    monkeypatch.setattr("handgrad.backends.catalogue.load", lambda name: pretend_device.PretendTrainer)
    pretend_device.EVENTS.clear()
    yield pretend_device.EVENTS
    pretend_device.EVENTS.clear()


@pytest.fixture
def data(tmp_path: Path) -> str:
    np.savez(tmp_path / "data.npz", X=np.arange(40.0).reshape(20, 2), y=np.ones(20))
    return str(tmp_path / "data.npz")


def test_a_move_to_a_device_ends_when_the_device_says_so_and_its_start_is_no_part_of_it(
    data: str, events: list[str]
) -> None:
    there = Session("pretend", 0)
    bound = there.bind(Bind(data, "float64", "cuda"))
    assert events[-3:] == ["bind", "synchronize", "clock"]
    assert bound.transfer_seconds is not None
    assert bound.transfer_seconds >= pretend_device.MOVING
    assert bound.bind_seconds >= bound.transfer_seconds + pretend_device.WAKING
    assert there.bind(Bind(data, "float64")).transfer_seconds is None


def test_a_timed_lap_begins_and_ends_with_a_device_that_has_nothing_to_do(data: str, events: list[str]) -> None:
    there = Session("pretend", 0)
    there.bind(Bind(data, "float64", "cuda"))
    there.time(TimeEpochs(PLAN, 3))
    assert events[-5:] == ["synchronize", "clock", "run", "synchronize", "clock"]


def test_the_limit_of_a_device_is_the_reading_of_its_own_memory(data: str, events: list[str]) -> None:
    there = Session("pretend", 0)
    there.bind(Bind(data, "float64", "cuda"))
    found = there.answer(ReadBytes(8_000, 5))
    assert isinstance(found, BytesRead)
    assert found.seconds > 0
    assert events.count("reading 8000") == 1
    assert events[-4:] == ["synchronize", "clock", "synchronize", "clock"]
    assert there.answer(FindDevice("cuda")) == DeviceSeen("Pretend 3000", None)


def test_a_library_that_sees_no_device_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.backends.catalogue.load", lambda name: pretend_device.AbsentTrainer)
    assert Session("absent", 0).answer(FindDevice("cuda")) == DeviceSeen(None, "Pretend sees no device here")
