"""Runs that would be most of a comparison: how long each would take is foretold from one epoch, before it begins.

A comparison of two million rows spent 83 of its 192 seconds in the plain Python loop, which nobody takes for such a
table. Such a run waits until the others are done, and is left out where it would take more than its share.
"""

from __future__ import annotations

import math

from handgrad.backends.interface import Plan, steady
from handgrad.compare.timing.messages import PlanMessage, TimeEpochs
from handgrad.compare.timing.process import WorkerHandle

#: A run that takes no more seconds is never left out.
PATIENT_SECONDS = 10.0

#: Epochs that a slow backend runs under the clock, beside those of its run: to find how many make a sample, for five
#: rounds, and for one that is run again.
TIMED_EPOCHS = 10
#: Epochs from which a long run is foretold.
ATTEMPTS = 3


def long_run_seconds(worker: WorkerHandle, first_call_seconds: float, plan: Plan) -> float | None:
    """How long a run and its timing would take; None where that is not long enough to be asked about.

    The first call tells the most that it can be. Where that is much, it may be compilation, so epochs are timed; as
    they may wait for threads that start or for other processes, the shortest of `ATTEMPTS` counts.

    Raises:
        WorkerError: If the process cannot say.
    """
    epochs = plan.epochs + TIMED_EPOCHS
    if first_call_seconds * epochs <= PATIENT_SECONDS:
        return None
    expected = math.inf
    for _ in range(ATTEMPTS):
        expected = min(expected, worker.ask(TimeEpochs(PlanMessage.of(steady(plan, 1)), 1)).seconds * epochs)
        if expected <= PATIENT_SECONDS:
            return None
    return expected
