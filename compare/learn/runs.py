"""Which backends take part in the course, and the way that a run of theirs went."""

from __future__ import annotations

from handgrad.backends.catalogue import load, usual
from handgrad.backends.interface import Trainer, Training
from handgrad.compare.results.learn.descent import DescentPath


def ready() -> tuple[dict[str, type[Trainer]], dict[str, str]]:
    """The backends that are compared by default and can run here; why the others cannot."""
    wanted = usual()
    missing = {name: reason for name, described in wanted.items() if (reason := described.reason()) is not None}
    return {name: load(name) for name in wanted if name not in missing}, missing


def path_of(training: Training) -> DescentPath:
    """The recorded parameters of a run of one feature, and its losses."""
    return DescentPath(
        tuple(training.recorded_weights[:, 0].tolist()),
        tuple(training.recorded_biases.tolist()),
        tuple(training.losses.tolist()),
    )
