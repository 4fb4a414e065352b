"""What is remarkable of a backend although it passes, in sentences."""

from __future__ import annotations

from handgrad.compare.results.violations import Remark
from handgrad.reports.look import numbers


def remark(name: str, found: Remark) -> str:
    """What is remarkable of a backend although it passes, in a sentence."""
    if found.kind == "beside peers":
        return (
            f"{name} is within its bound, at {numbers.brief(found.value, 2)} of it, but the others are at "
            f"{numbers.brief(found.other, 2)} "
            "(median): look for what it does differently"
        )
    if found.kind == "faster than reading":
        return (
            f"{name} takes an epoch in {numbers.brief(found.value, 3)} times less time than this machine needs, or its "
            "device, to read the same bytes: either it does not read all rows, as it says it does, or its time is wrong"
        )
    by = "beyond what is finite" if found.value is None else f"by up to {numbers.brief(found.value, 2)} of the largest"
    laps = f"{found.other:.0f} lap{'s' if found.other > 1 else ''}"
    return f"{name} does not always compute the same: {laps}, run twice, ended at other parameters ({by})"
