"""Whether a backend was disturbed while it was timed, and how far that may have slowed it.

Whatever takes a processor away only ever adds time. A disturbed figure is therefore an upper bound, and its interval is
widened downwards: by the part of the time that was lost, and for a team of threads, which waits for its slowest member
while the others spin, nearly without a bound (seen: NumPy in two threads on a busy machine 108 times too slow, with a
95 % interval of 0.2 %).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from handgrad.compare.results.timing import Disturbance
from handgrad.compare.strain.strain import Strain

#: A backend that lost less than this share of its time, in the middle of its samples, counts as undisturbed.
DISTURBED = 0.05
#: Where the wait for a processor is not counted: processor time below this part of what was reached undisturbed.
REACHED = 0.9
#: What a team of threads may have taken undisturbed, of the time that was measured: far below anything seen.
TEAM_KEEPS = 1e-3


def disturbance(strains: Sequence[Strain]) -> Disturbance | None:
    """That of a backend, from what its samples went without; None without any.

    All is that of the middle sample, as the figure is: a few disturbed ones move no median. What the host took is
    counted in ticks that are as long as a sample, so that there the mean counts.
    """
    if not strains:
        return None
    team = round(statistics.median(one.team for one in strains))
    stolen = mean([one.stolen for one in strains])
    lost = statistics.median(losses(strains, team)) + (stolen or 0.0) / team
    return Disturbance(
        disturbed=lost > DISTURBED,
        kept=1.0 if lost <= DISTURBED else TEAM_KEEPS if team > 1 else max(TEAM_KEEPS, 1 - lost),
        lost=lost,
        team=team,
        throttled=mean([one.throttled for one in strains]),
        stolen=stolen,
        others=mean([one.others for one in strains]),
        preempted=sum(one.preempted for one in strains),
    )


def losses(strains: Sequence[Strain], team: int) -> list[float]:
    """The share of each sample that was lost waiting, or to a quota."""
    full = 1.0 if team == 1 else max(one.cpu for one in strains)
    return [waiting(one, full) + (one.throttled or 0.0) for one in strains]


def waiting(one: Strain, full: float) -> float:
    """The share of a sample for which a processor was wanted and not there.

    Where the system does not count it, it is what the processor time lacks of the full one, beyond what is usual.
    """
    if one.waited is not None:
        return one.waited
    return 0.0 if one.cpu >= REACHED * full else 1 - one.cpu / full


def together(found: Sequence[Disturbance | None]) -> Disturbance | None:
    """That of several processes of a backend: of the one in the middle, the worse of two."""
    known = sorted((one for one in found if one is not None), key=lambda one: one.lost)
    return known[len(known) // 2] if known else None


def mean(shares: Sequence[float | None]) -> float | None:
    """The mean of those that were counted; None without any."""
    known = [one for one in shares if one is not None]
    return statistics.fmean(known) if known else None
