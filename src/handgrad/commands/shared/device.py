"""The option `--device`: where those backends compute that know more than the processor."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class DeviceName(StrEnum):
    """What may be asked for."""

    cpu = "cpu"
    cuda = "cuda"


DeviceOption = Annotated[
    DeviceName, typer.Option("--device", help="Where backends compute that know it; the others stay on the CPU.")
]
