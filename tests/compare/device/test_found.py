"""Whether a device is there: those are asked that know it, and what none of them sees is told in one line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handgrad.backends.catalogue import entry
from handgrad.backends.devices import DeviceAbsent
from handgrad.backends.interface import InputError
from handgrad.compare.device.found import FoundDevice, found_device
from handgrad.compare.timing.messages import DeviceSeen, FindDevice, Load
from handgrad.compare.timing.process import WorkerError

HERE = entry("numpy")
ONE, OTHER = (replace(HERE, name=name, devices=("cpu", "cuda")) for name in ("one", "other"))
ALONE = replace(HERE, name="alone", devices=("cuda",))


class Seer:
    """A process whose library says what it is told to."""

    closed = 0

    def __init__(self, said: DeviceSeen | WorkerError) -> None:
        self.said = said

    def ask(self, request: Any) -> Any:
        if isinstance(request, Load):
            return None
        assert request == FindDevice("cuda")
        if isinstance(self.said, WorkerError):
            raise self.said
        return self.said

    def rest(self) -> None: ...

    def close(self) -> None:
        Seer.closed += 1


def found(said: dict[str, Any], kind: str = "cuda") -> FoundDevice | None:
    Seer.closed = 0
    every = [HERE, *(one for one in (ONE, OTHER, ALONE) if one.name in said)]
    seen = found_device(kind, every, 1, 60, lambda one, threads, timeout: Seer(said[one.name]))
    assert Seer.closed == len(said)
    return seen


def test_a_device_that_one_sees_is_there_and_who_does_not_see_it_says_why() -> None:
    seen = found({"one": DeviceSeen(None, "built without CUDA"), "other": DeviceSeen("Pretend 3000", None)})
    assert seen is not None
    assert (seen.kind, seen.name) == ("cuda", "Pretend 3000")
    assert seen.reason("one") == "backend 'one' cannot compute on cuda: built without CUDA"
    assert seen.reason("other") is None


def test_a_device_that_nobody_sees_is_absent_as_the_first_says() -> None:
    with pytest.raises(DeviceAbsent, match=r"^device 'cuda': it fell; leave the device out$"):
        found({"one": WorkerError("it fell"), "other": DeviceSeen(None, "no driver")})


def test_nobody_is_asked_where_all_stay_on_the_processor() -> None:
    assert found_device("cpu", [HERE, ONE], 1, 60, lambda *what: pytest.fail("asked")) is None
    with pytest.raises(InputError, match=r"^device 'cuda': numpy computes on the CPU alone; on cuda: .*torch"):
        found_device("cuda", [HERE], 1, 60)


def test_one_that_is_not_installed_says_how_to_get_it() -> None:
    away = replace(ONE, requires=("nowhere_to_be_found",), install="pip install it")
    with pytest.raises(InputError, match=r"^device 'cuda': backend 'one' needs nowhere_to_be_found: pip install it$"):
        found_device("cuda", [HERE, away], 1, 60)


def test_a_backend_of_a_device_alone_is_asked_without_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.backends.catalogue.cuda_devices", lambda: 1)
    seen = found({"alone": DeviceSeen("Pretend 3000", None)}, kind="cpu")
    assert seen is not None
    assert seen.kind == "cuda"
