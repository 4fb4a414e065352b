"""A device that is none: NumPy behind a trainer that says it computes on one, and notes what it is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from handgrad.backends.devices import Device
from handgrad.backends.interface import Parameters, Plan
from handgrad.backends.numpy import NumPyTrainer

#: What was asked, in order, in this process.
EVENTS: list[str] = []
#: Seconds that making it ready takes, and moving data to it.
WAKING, MOVING = 0.03, 0.02


class PretendTrainer(NumPyTrainer):
    """NumPy, given out for a device."""

    name = "pretend"
    summary = "NumPy, given out for a device"
    kind = "manual"
    devices = ("cpu", "cuda")

    @classmethod
    def device_name(cls, device: Device) -> str:
        return "Pretend 3000"

    @classmethod
    def wake(cls, device: Device) -> None:
        time.sleep(WAKING)

    def bind(self, X: Any, y: Any) -> Any:
        EVENTS.append("bind")
        time.sleep(MOVING if self.device != "cpu" else 0)
        return super().bind(X, y)

    def synchronize(self) -> None:
        EVENTS.append("synchronize")

    def reading(self, size_bytes: int) -> Callable[[], Any]:
        EVENTS.append(f"reading {size_bytes}")
        return np.ones(max(1, size_bytes // 8)).sum

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        EVENTS.append("run")
        return super().run(parameters, plan, first, count)


class AbsentTrainer(PretendTrainer):
    """The same where its device is not there."""

    @classmethod
    def absent(cls, device: Device) -> str | None:
        return None if device == "cpu" else "Pretend sees no device here"
