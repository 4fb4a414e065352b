"""Whether answers are quotients of differences of the loss, with the noise of their rounding.

Near L, floating-point numbers are multiples of a quarter of L's own spacing, so a difference of two of them is one,
too: a numerical gradient times its step is a whole number of those, whatever the rounding was. Of n answers that are
no such quotients, a share of about (2 · NEAR)ⁿ would look like it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from handgrad.compare.check.observations import Observation
from handgrad.compare.check.student.probes import UNIT_ROUNDOFF, Floats
from handgrad.compare.check.truth import exact_gradient, exact_loss

#: The steps h that people take.
STEPS = tuple(10.0**-k for k in range(3, 11))
#: Numbers that must all be whole, and how near.
FEWEST, NEAR = 12, 0.05
#: How far such a gradient may be from the right one, beside its largest number.
CLOSE = 1e-2


def are_differences(seen: Sequence[Observation]) -> bool:
    """Whether some step, forward or central, makes whole numbers of all answers, which are nearly right."""
    generic = [o for o in seen if o.probe.kind == "generic" and o.probe.precision == "float64" and o.probe.rows < 300]
    if not generic or not all(o.given and _is_close(o) for o in generic):
        return False
    return any(_all_whole(generic, width * step) for step, width in product(STEPS, (1.0, 2.0)))


def _is_close(seen: Observation) -> bool:
    right = exact_gradient(seen.probe)
    largest = max(float(np.max(abs(block))) for block in right)
    return all(
        given.shape == block.shape and bool((abs(given - block) <= CLOSE * largest).all())
        for given, block in zip(seen.given, right, strict=True)
    )


def _all_whole(generic: Sequence[Observation], width: float) -> bool:
    counted = np.concatenate([part for one in generic for part in _counted(one, width)])
    rounding = 8 * UNIT_ROUNDOFF["float64"] * abs(counted)
    distance = abs(counted - np.round(counted))
    return len(counted) >= FEWEST and bool((rounding < NEAR).all()) and bool((distance <= NEAR).all())


def _counted(seen: Observation, width: float) -> Iterator[Floats]:
    """The answers times the step, in quarters of the loss's spacing."""
    unit = np.spacing(exact_loss(seen.probe)) / 4
    for block in seen.given:
        yield np.atleast_1d(block) * width / unit
