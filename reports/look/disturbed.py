"""How it is told, beside a figure, that a backend was disturbed while it was timed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from handgrad.compare.results.timing import Disturbance, Timing
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown
from handgrad.reports.look.words import listed

#: Beside a figure.
MARK = "busy"


def is_disturbed(timed: Timing | None) -> bool:
    """Whether a time is only an upper bound."""
    return timed is not None and timed.disturbance is not None and timed.disturbance.disturbed


def disturbed(timings: Mapping[str, Timing]) -> str | None:
    """Who was disturbed, how badly, by what, and what follows from it; None where nobody was."""
    struck = {name: timed.disturbance for name, timed in timings.items() if is_disturbed(timed) and timed.disturbance}
    if not struck:
        return None
    worst = max(struck, key=lambda name: struck[name].lost)
    who = listed([shown(name) for name in struck])
    return (
        f"Disturbed while timed: {who}. A processor was wanted and not there for {numbers.percent(struck[worst].lost)} "
        f"of the time ({shown(worst)}{_causes(struck[worst])}). Such a time is an upper bound. Its interval, and those "
        "of its ratios, reach to what it may be undisturbed, and nobody is told apart from it within them. Close other "
        "programs and run again."
    )


def _causes(one: Disturbance) -> str:
    return "".join(f"; {cause}" for cause in _told_causes(one))


def _told_causes(one: Disturbance) -> Iterator[str]:
    if one.team > 1:
        yield f"a team of {one.team} threads, whose waits are added up"
    if one.throttled is not None and one.throttled > 0.005:
        yield f"stopped by a quota for {numbers.percent(one.throttled)} of it"
    if one.stolen is not None and one.stolen > 0.005:
        yield f"the host took {numbers.ratio(one.stolen)} processors"
    if one.others is not None and one.others >= 0.1:
        yield f"other processes kept {numbers.ratio(one.others)} processors busy"
