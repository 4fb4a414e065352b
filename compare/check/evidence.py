"""The numbers beside a verdict: where answers and truth part, and how small an error would have been seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from handgrad.backends.signatures.kinds import Kind
from handgrad.compare.check.matching import is_right_at
from handgrad.compare.check.observations import Observation
from handgrad.compare.check.recipes import tolerance
from handgrad.compare.check.student.forms import Series
from handgrad.compare.check.truth import Blocks, truth
from handgrad.compare.results.diagnosis import Discrepancy, LossName

#: Components of dW that stand in the evidence for one probe: those that are off most.
SHOWN_COMPONENTS = 3


def evidence(series: Series, seen: Sequence[Observation], loss: LossName) -> tuple[Discrepancy, ...]:
    """All components at the first probe where the answer is wrong, and at one with another number of rows."""
    right = truth(series.kind, loss)
    off = [o for o in seen if not o.excused and not is_right_at(o, series.kind, loss)]
    shown = [o for o in off if o.failure is None and o.given]
    if not shown:
        return ()
    worst = max(shown[1:], key=lambda o: _excess(o, right(o.probe)), default=shown[0])
    other = next((o for o in shown if o.probe.rows != shown[0].probe.rows), worst)
    return tuple(row for o in dict.fromkeys((shown[0], other)) for row in _rows(o, right(o.probe), series.kind))


def _excess(seen: Observation, truth: Blocks) -> float:
    return max(float(np.max(abs(g - b.value) / b.size)) for g, b in zip(seen.given, truth, strict=True))


def _rows(seen: Observation, truth: Blocks, kind: Kind) -> list[Discrepancy]:
    names = ("loss",) if kind == "loss" else ("dW", "db")
    rows = []
    for i, (name, given, block) in enumerate(zip(names, seen.given, truth, strict=True)):
        bound = tolerance(block, seen.probe, seen.precisions[i]) + seen.rounded[i]
        right = np.atleast_1d(abs(given - block.value) <= bound)
        off = abs(given - block.value) / block.size
        for j in sorted(np.argsort(-off.ravel())[:SHOWN_COMPONENTS].tolist()):
            index = (j,) if given.shape else ()
            numbers = float(given.flat[j]), float(block.value.flat[j])
            rows.append(Discrepancy(name, index, seen.probe.shape, *numbers, is_right=bool(right.flat[j])))
    return rows


def smallest_detectable(series: Series, seen: Sequence[Observation], loss: LossName) -> float:
    """The relative error of one component that is surely seen: at every probe, wrong and right lie 2 bounds apart.

    Of each component at the probes of the first group, the smallest; of these, that of the worst component.
    """
    ratios = []
    for o in seen[: series.first_group()]:
        if o.probe.kind == "generic" and o.probe.precision == "float64":
            precisions = o.precisions or ("float64",) * 2
            bounds = [
                np.atleast_1d(2 * tolerance(block, o.probe, precision) / abs(block.value))
                for block, precision in zip(truth(series.kind, loss)(o.probe), precisions, strict=False)
            ]
            ratios.append(np.concatenate(bounds))
    return float(np.min(ratios, axis=0).max())
