"""Whether the seconds that a worker gives can be true: its clock is its own, and the parent has one, too."""

from __future__ import annotations

import math

from handgrad.compare.timing.messages import Answer, ReadBytes, Request, TimeEpochs

#: No epoch is shorter: the next one needs its result, and a processor's clock ticks at most ten times meanwhile.
SHORTEST_SECONDS = 1e-10

#: By so much two clocks of one machine may differ in what they count, and by so little in what they resolve.
CLOCKS_RATIO, CLOCKS_SECONDS = 1.01, 1e-3


def implausible(request: Request[Answer], answer: Answer, waited_seconds: float) -> str | None:
    """Why the seconds in an answer cannot be true; None where they can.

    Args:
        request: What was asked for.
        answer: What the worker gave.
        waited_seconds: From before the request was sent until the answer was there, by the parent's clock.
    """
    named = [name for name in type(answer).__annotations__ if name == "seconds" or name.endswith("_seconds")]
    found = (impossible(getattr(answer, name), waited_seconds, least_seconds(request)) for name in named)
    return next((why for why in found if why is not None), None)


def impossible(seconds: float, waited_seconds: float, least: float) -> str | None:
    """Why so many seconds cannot be true; None where they can."""
    if not math.isfinite(seconds) or seconds < 0:
        return f"its clock gave {seconds:.3g} s"
    if seconds > CLOCKS_RATIO * waited_seconds + CLOCKS_SECONDS:
        return f"its clock gave {seconds:.3g} s for what was answered within {waited_seconds:.3g} s"
    if seconds < least:
        return f"its clock gave {seconds:.3g} s for what no processor does in less than {least:.3g} s"
    return None


def least_seconds(request: Request[Answer]) -> float:
    """What is timed for a request takes no less, on any machine."""
    if isinstance(request, TimeEpochs):
        return SHORTEST_SECONDS * request.epochs
    return SHORTEST_SECONDS * request.times if isinstance(request, ReadBytes) else 0.0
