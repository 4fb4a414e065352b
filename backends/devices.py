"""Where a backend computes: on the processor, or on a device that has memory of its own.

A backend that knows a device says so in `devices`, moves its data there in `bind`, and waits in `synchronize` until the
device has done what it was given: giving it work takes no time, and a clock that does not wait sees no more than that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal, Self

from handgrad.backends.inputs import InputError

Device = Literal["cpu", "cuda"]


class DeviceAbsent(RuntimeError):
    """The device is not there; `why` says who does not see it."""

    def __init__(self, device: str, why: str) -> None:
        super().__init__(f"device {device!r}: {why}; leave the device out")
        self.device, self.why = device, why


class OnDevice:
    """What a trainer has to do with devices; as it stands here, it computes on the processor, and waits for nothing."""

    #: Where it can compute, a literal; the first is taken where nobody asks for another.
    devices: ClassVar[tuple[Device, ...]] = ("cpu",)
    #: Where this one does.
    device: Device = "cpu"

    @classmethod
    def absent(cls, device: Device) -> str | None:
        """Why its library cannot compute there, on this machine; None where it can. Asked of what `devices` names."""
        return None

    @classmethod
    def device_name(cls, device: Device) -> str:
        """What the device is called, as its driver has it."""
        return device

    @classmethod
    def wake(cls, device: Device) -> None:
        """Makes the device ready, which happens once in a process: what is left to do is moving data."""

    @classmethod
    def placed(cls, device: Device | None) -> Device:
        """Where a trainer computes that is asked for a device, or for none.

        Raises:
            InputError: If it does not know that device.
            DeviceAbsent: If the device is not there.
        """
        wanted = cls.devices[0] if device is None else device
        if wanted not in cls.devices:
            name, known = getattr(cls, "name", cls.__name__), " or ".join(cls.devices)
            raise InputError(f"device: expected {known} for backend {name!r}, got {wanted!r}")
        if (why := cls.absent(wanted)) is not None:
            raise DeviceAbsent(wanted, why)
        return wanted

    @classmethod
    def on(cls, X: Any, y: Any, dtype: Any, device: Device | None) -> Self:
        """A trainer there of X (n, d) and y (n,), or where it computes anyway; a class need not take a device."""
        there = device is not None and cls.placed(device) != "cpu"
        made: Any = cls
        trainer: Self = made(X, y, dtype, device) if there else made(X, y, dtype)
        return trainer

    def synchronize(self) -> None:
        """Waits until the device has done all that it was given."""

    def reading(self, size_bytes: int) -> Callable[[], Any]:
        """What reads so many bytes of the device's memory once and adds them up, when it is called: no pass is faster.

        It need not wait for the end; `synchronize` does.
        """
        raise NotImplementedError(f"{type(self).__name__} computes on a device, and does not say how to read there")
