"""The forms in which a function may take its arguments, and the probes for each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from typing import Literal

from handgrad.compare.check.student.probes import Probe, single_feature_probes, table_probes

#: What a function computes: a gradient, the parameters after a step, the loss, or (a class) all of a training run.
Kind = Literal["gradient", "step", "loss", "trainer"]


@dataclass(frozen=True)
class Series:
    """One form in which arguments are passed, and the probes for it.

    Attributes:
        form: "arrays" X (n, d); "flat" X (n,) and a number; "rows" lists of lists; "numbers" a list and a number;
            "trainer" data bound to a trainer.
        kind: What the answers are: "gradient", "step" or "loss".
        groups: The probes; those of one group share d.
    """

    form: str
    kind: Kind
    groups: tuple[tuple[Probe, ...], ...]

    def calls(self) -> list[Probe]:
        """The probe of every call, in order."""
        return [probe for probe in chain(*self.groups) for _ in range(probe.calls)]

    def first_group(self) -> int:
        """How many of the calls stand in the first group, where d stays the same."""
        return sum(probe.calls for probe in self.groups[0])


def series(kind: Kind) -> list[Series]:
    """The forms to try, the first of which is the one that is asked for; the others if that one fails."""
    if kind == "trainer":
        return [Series("trainer", "gradient", _bound_probes()), Series("trainer", "step", _whole_probes())]
    forms = {
        "arrays": table_probes,
        "flat": single_feature_probes,
        "rows": table_probes,
        "numbers": single_feature_probes,
    }
    return [Series(form, kind, probes()) for form, probes in forms.items()]


@cache
def _bound_probes() -> tuple[tuple[Probe, ...], ...]:
    """Every other probe is a batch of data twice as long; a trainer has made floats of integers."""
    groups = _whole_probes()
    return tuple(
        tuple(replace(probe, total=2 * probe.rows) if i % 2 else probe for i, probe in enumerate(group))
        for group in groups
    )


@cache
def _whole_probes() -> tuple[tuple[Probe, ...], ...]:
    return tuple(
        tuple(replace(probe, calls=1) for probe in group if probe.kind != "integer") for group in table_probes()
    )
