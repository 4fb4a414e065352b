"""What stands behind a verdict: the judge put to the test, and one gradient held against every checking method."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from handgrad.backends.catalogue import load
from handgrad.compare.check_results import PointChecks, SelfTest
from handgrad.compare.faults import self_test
from handgrad.compare.point_checks import check_points, most_moving
from handgrad.compare.prepare import Prepared

#: A gradient is checked by the way while n (d + 1) is at most this, so that it costs a fraction of a second.
CHEAP_NUMBERS = 10_000
CHEAP_PARAMETERS = 12
#: V-curves that are drawn by the way.
CURVES = 2

#: Backends by hand that this process may load: their libraries are here anyway.
AT_HAND = ("numpy", "python")

#: The judge is tested on so many rows, evenly taken, over so many epochs.
TEST_ROWS = 2000
TEST_EPOCHS = 5


def gradchecks(prepared: Prepared, ran: Collection[str]) -> tuple[PointChecks, ...]:
    """One backend's gradient by every method at the start and at the optimum; nothing where it is not cheap."""
    name = next((name for name in AT_HAND if name in ran), None)
    parameters = prepared.X.shape[1] + 1
    if name is None or parameters > CHEAP_PARAMETERS or len(prepared.y) * parameters > CHEAP_NUMBERS:
        return ()
    trainer = load(name)(prepared.X, prepared.y, prepared.plan.dtype)
    return check_points(prepared, {name: trainer}, ("start", "optimum"), {name: most_moving(prepared, CURVES)})


def tested_judge(prepared: Prepared) -> SelfTest:
    """Known faults put into NumPy's backend, on this problem: full batch, few epochs, at most `TEST_ROWS` rows."""
    count = min(len(prepared.y), TEST_ROWS)
    rows = np.linspace(0, len(prepared.y) - 1, count).round().astype(np.int64)
    plan = replace(prepared.plan, epochs=TEST_EPOCHS, batch_size=None, record=None)
    return self_test(prepared.X[rows], prepared.y[rows], plan, load("numpy"))
