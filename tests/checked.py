"""`hg.check` in this process: the same answers without the start of another one, for tests that ask many functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from handgrad.backends.signatures.kinds import Kind
from handgrad.compare.check.check import check as checked
from handgrad.compare.check.conventions import LossChoice
from handgrad.reports.check.diagnosis import Diagnosis, diagnosis


def check(
    function: Callable[..., Any],
    kind: Kind | None = None,
    loss: LossChoice = None,
    integers: bool = False,
    seed: int = 0,
) -> Diagnosis:
    """What `hg.check` says of a function that it calls here."""
    return diagnosis(checked(function, kind, loss, integers, seed))
