"""What two runs differ in: frozen types that turn into JSON. Nothing here computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from handgrad.compare.results.timing import Estimate

SCHEMA = 1

Change = Literal["slower", "faster", "same", "unclear"]


@dataclass(frozen=True)
class TimeChange:
    """One backend in one cell: seconds per epoch, after over before.

    `ratio` is that of its own medians, `beside` that of its ratios to the other backends of the cell in the same rounds
    (null without enough of them); the latter decides where there is one. `significant`: beyond the noise floor.
    `change` is "unclear" when the interval reaches over the threshold.
    """

    cell: str
    backend: str
    before_seconds: float
    after_seconds: float
    ratio: Estimate
    beside: Estimate | None
    significant: bool
    change: Change


@dataclass(frozen=True)
class OtherChange:
    """Anything but a time: of an outcome, of the accuracy or of the parameters. `regression`: it is for the worse."""

    cell: str
    backend: str
    what: str
    before: str
    after: str
    regression: bool


@dataclass(frozen=True)
class Diff:
    """Everything that two runs differ in; `passed` unless something became worse."""

    before: str
    after: str
    kind: Literal["compare", "bench"]
    threshold: float
    environment: tuple[str, ...]
    times: tuple[TimeChange, ...]
    others: tuple[OtherChange, ...]
    passed: bool
    reasons: tuple[str, ...]
    schema: int = SCHEMA
