"""What trains from a start of its own, asked for its parameters after so many epochs; each epoch more is a step.

The step starts where the shorter run has ended. So the start itself need not be known, only be the same in each run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from handgrad.backends.signatures.parts import arranged
from handgrad.backends.signatures.signature import Theta
from handgrad.backends.signatures.subjects import Found
from handgrad.compare.check.sandbox.answers import Answer
from handgrad.compare.check.sandbox.calling import Argument, Invocation
from handgrad.compare.check.sandbox.failures import GiveUp
from handgrad.compare.check.student.forms import Series, probes_for
from handgrad.compare.check.student.probes import Probe
from handgrad.compare.check.student.reading import read
from handgrad.compare.check.student.shapes import failure_of
from handgrad.compare.results.diagnosis import NoAnswer

#: After these epochs: more than one, so that a history is not taken for a number.
EPOCHS = (2, 3, 4)
#: Small, so that numbers stay near those of the data; a power of two.
RATE = 2.0**-6

Ask = Callable[[Callable[[], Invocation]], Answer]


def ask_trained(ask: Ask, found: Found, seed: int = 0) -> list[tuple[Series, tuple[Answer, ...]]]:
    """The steps in the first form of the data in which there are any, for each way in which parameters may be told.

    Raises:
        GiveUp: If there are no parameters, or other ones each time.
    """
    failure = NoAnswer("none")
    for form in ("arrays", "flat"):
        probes = [replace(probe, learning_rate=RATE) for probe in _plain(form, seed)]
        first = ask(_call(found, form, probes[0], EPOCHS[0]))
        if first.failure is not None:
            failure = first.failure if form == "arrays" or failure.cause == "none" else failure
            continue
        _is_repeated(first, ask(_call(found, form, probes[0], EPOCHS[0])))
        runs = {probe: [ask(_call(found, form, probe, epochs)) for epochs in EPOCHS] for probe in probes}
        if steps := list(_every_reading(found, form, runs)):
            return steps
        failure = NoAnswer("no-parameters")
    raise GiveUp(failure)


def _plain(form: str, seed: int) -> list[Probe]:
    """Those of the form whose numbers are floats of no special kind, once each."""
    every = [probe for group in probes_for(form, seed) for probe in group]
    return [replace(p, calls=1) for p in every if p.kind == "generic" and p.precision == "float64" and p.bias != 0]


def _call(found: Found, form: str, probe: Probe, epochs: int) -> Callable[[], Invocation]:
    def make() -> Invocation:
        X = probe.X[:, 0].copy() if form == "flat" else probe.X.copy()
        values = (("X", X), ("y", probe.y.copy()), ("rate", probe.learning_rate), ("rounds", epochs))
        return Invocation(found.name, tuple(Argument(name, value) for name, value in values), fresh=True)

    return make


def _is_repeated(first: Answer, again: Answer) -> None:
    if len(first.blocks) != len(again.blocks) or not all(map(np.array_equal, first.blocks, again.blocks)):
        raise GiveUp(NoAnswer("other-start"))


def _every_reading(
    found: Found, form: str, runs: dict[Probe, list[Answer]]
) -> Iterator[tuple[Series, tuple[Answer, ...]]]:
    kinds: tuple[Theta, ...] = ("", "bias-first", "bias-last", "none")
    for theta in kinds:
        groups, ends = [], list[Answer]()
        for probe, answers in runs.items():
            told = [_parameters(found, theta, form, answer, probe) for answer in answers]
            known = [answer for answer in told if answer is not None]
            if len(known) < len(EPOCHS):
                break
            groups.append(tuple(_from(probe, start) for start in known[:-1]))
            ends += known[1:]
        else:
            yield Series(form, "step", tuple(groups)), tuple(ends)


def _parameters(found: Found, theta: Theta, form: str, answer: Answer, probe: Probe) -> Answer | None:
    """Weights and bias of an answer, by name; None where they are not told in that way."""
    if answer.failure is not None:
        raise GiveUp(answer.failure)
    sizes, d = [block.size for block in answer.blocks], probe.features
    if (theta == "none" and sizes != [d]) or (theta.startswith("bias") and d + 1 not in sizes):
        return None
    one = Series(form, "step", ())
    for arrangement in arranged(found, theta, answer.names, sizes, d):
        told = read(answer, arrangement, one, probe)
        if failure_of(told, probe, "step") is None:
            return replace(told, names=("weights", "bias"))
    return None


def _from(probe: Probe, start: Answer) -> Probe:
    """The probe at the parameters where a run has ended; a bias that there is not is 0."""
    weights, bias = start.blocks
    return replace(probe, weights=weights, bias=float(np.nan_to_num(bias)))
