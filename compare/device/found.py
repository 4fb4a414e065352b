"""Whether a device is there: each backend that knows it is asked, in a process of its own, before anything is timed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from handgrad.backends.catalogue import Entry, catalogue
from handgrad.backends.devices import DeviceAbsent
from handgrad.backends.interface import InputError
from handgrad.compare.timing.messages import DeviceSeen, FindDevice, Load
from handgrad.compare.timing.process import Worker, WorkerError, WorkerHandle

#: Starts a process of a backend: its threads, and its patience in seconds.
StartOne = Callable[[Entry, int, float], WorkerHandle]


@dataclass(frozen=True)
class FoundDevice:
    """A device that somebody sees.

    Attributes:
        kind: As it is asked for.
        name: What it is called.
        absent: Why a backend that knows such devices does not see it, by name.
    """

    kind: str
    name: str
    absent: Mapping[str, str]

    def reason(self, backend: str) -> str | None:
        """Why a backend cannot compute there, where it should."""
        why = self.absent.get(backend)
        return None if why is None else f"backend '{backend}' cannot compute on {self.kind}: {why}"


def found_device(
    kind: str, backends: Sequence[Entry], threads: int, timeout_seconds: float, start: StartOne = Worker
) -> FoundDevice | None:
    """The device that the backends compute on which know it; None where all compute on the processor.

    Args:
        kind: What is asked for, "cpu" for no device; backends of a device alone compute there all the same.
        backends: All that take part.
        threads: What each of their processes is given.
        timeout_seconds: How long one answer may take.
        start: Starts a process.

    Raises:
        InputError: If a device is asked for that none of them knows.
        DeviceAbsent: If none of those that know it sees it.
    """
    able = [one for one in backends if one.place(kind) != "cpu" and one.reason() is None]
    if not able:
        if kind != "cpu":
            raise InputError(unknown(kind, backends))
        return None
    seen = {one.name: asked(one, one.place(kind), threads, timeout_seconds, start) for one in able}
    absent = {name: one.absent or "it does not say why" for name, one in seen.items() if one.name is None}
    name = next((one.name for one in seen.values() if one.name is not None), None)
    if name is None:
        raise DeviceAbsent(able[0].place(kind), next(iter(absent.values())))
    return FoundDevice(able[0].place(kind), name, absent)


def unknown(kind: str, backends: Sequence[Entry]) -> str:
    """That no backend that takes part computes on such a device, and which would."""
    missing = [one.name for one in backends if kind in one.devices]
    if missing:
        why = next(one.reason() for one in backends if kind in one.devices)
        return f"device {kind!r}: {why}"
    known = ", ".join(name for name, one in catalogue().items() if kind in one.devices)
    named = ", ".join(one.name for one in backends)
    return f"device {kind!r}: {named} compute{'s' * (len(backends) == 1)} on the CPU alone; on {kind}: {known}"


def asked(backend: Entry, kind: str, threads: int, timeout_seconds: float, start: StartOne) -> DeviceSeen:
    """What a backend's library says of a device; a process that fails does not see it."""
    with contextlib.closing(start(backend, threads, timeout_seconds)) as worker:
        try:
            worker.ask(Load())
            return worker.ask(FindDevice(kind))
        except WorkerError as error:
            return DeviceSeen(None, str(error))
