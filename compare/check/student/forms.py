"""The forms in which a function may take its arguments, and the probes for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain

from handgrad.backends.signatures.kinds import Kind, Role
from handgrad.backends.signatures.signature import Known, Theta, signatures
from handgrad.backends.signatures.subjects import Found
from handgrad.compare.check.student.probes import Probe, single_feature_probes, table_probes


@dataclass(frozen=True)
class Series:
    """One form in which arguments are passed, and the probes for it.

    Attributes:
        form: "arrays" X (n, d); "flat" X (n,) and a number; "rows" lists of lists; "numbers" a list and a number;
            "columns" y (n, 1) and weights (d, 1); "trainer" data bound to a trainer.
        kind: What the answers are: "gradient", "step" or "loss".
        groups: The probes; those of one group share d.
        roles: What each argument is, in order.
        keywords: The name under which an argument is passed; empty for one that is passed by its position.
        theta: How θ holds the parameters, where the function takes them together.
        known: How the order is known.
    """

    form: str
    kind: Kind
    groups: tuple[tuple[Probe, ...], ...]
    roles: tuple[Role, ...] = ()
    keywords: tuple[str, ...] = ()
    theta: Theta = ""
    known: Known = "order"

    def calls(self) -> list[Probe]:
        """The probe of every call, in order."""
        return [probe for probe in chain(*self.groups) for _ in range(probe.calls)]

    def first_group(self) -> int:
        """How many of the calls stand in the first group, where d stays the same."""
        return sum(probe.calls for probe in self.groups[0])


def every_series(found: Found, seed: int = 0) -> Iterator[Series]:
    """Each way in which what was found may be asked; the first is the one that is likeliest to be meant.

    The numbers of the probes follow from the seed.
    """
    if found.kind == "trainer":
        yield from trainer_series(seed)
        return
    for one in signatures(found):
        probes = probes_for(one.form, seed)
        yield Series(one.form, found.kind, probes, one.roles, one.keywords, one.theta, one.known)


def trainer_series(seed: int = 0) -> list[Series]:
    """A trainer's gradients, then its steps; both count."""
    return [Series("trainer", "gradient", _bound_probes(seed)), Series("trainer", "step", _whole_probes(seed))]


def probes_for(form: str, seed: int = 0) -> tuple[tuple[Probe, ...], ...]:
    """The probes of a form, drawn anew for each seed."""
    return single_feature_probes(seed) if form in ("flat", "numbers") else table_probes(seed)


@lru_cache(maxsize=4)
def _bound_probes(seed: int) -> tuple[tuple[Probe, ...], ...]:
    """Every other probe is a batch of data twice as long; a trainer has made floats of integers."""
    groups = _whole_probes(seed)
    return tuple(
        tuple(replace(probe, total=2 * probe.rows) if i % 2 else probe for i, probe in enumerate(group))
        for group in groups
    )


@lru_cache(maxsize=4)
def _whole_probes(seed: int) -> tuple[tuple[Probe, ...], ...]:
    return tuple(
        tuple(replace(probe, calls=1) for probe in group if probe.kind != "integer") for group in table_probes(seed)
    )
