"""Whether there is a CUDA device: its driver is asked, which needs no library, and leaves nothing on a device."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from functools import cache

#: NVIDIA's driver, by platform.
DRIVERS = {"win32": "nvcuda.dll", "darwin": ""}


@cache
def cuda_devices() -> int:
    """How many CUDA devices NVIDIA's driver sees."""
    with contextlib.suppress(OSError, AttributeError):
        driver = ctypes.CDLL(DRIVERS.get(sys.platform, "libcuda.so.1"))
        count = ctypes.c_int(0)
        if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0:
            return count.value
    return 0
