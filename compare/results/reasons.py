"""The sentences that `reason` and `reasons` in `result.json` hold, each made of facts that stand beside it.

They are part of the file's format, for a reader of the file alone; what a report says beyond them is the report's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from handgrad.compare.results.arrival import Arrival, ArrivalState, Divergence
    from handgrad.compare.results.checks import SelfTest
    from handgrad.compare.results.comparison import BackendResult, Dependence
    from handgrad.compare.results.timing import LapEnds, SlowRun
    from handgrad.compare.results.verdict import Choice, Objection
    from handgrad.compare.results.violations import Bound, Violation

#: How the least-squares solution is found.
#: Of a backend whose rows cannot come block by block.
OF_NO_BLOCKS = "needs all rows in memory, and the table is larger than --memory"
#: What is said of a table that is read so.
OF_BLOCKS = "larger than --memory, and so read block by block, in each pass anew"

METHODS = {
    "exact": "rational arithmetic, rounded once",
    "qr": "QR on centred and scaled columns, refined once",
    "moments": "the moments of all rows, in float64",
}


def tidy(written: str) -> str:
    """A number's exponent without its plus and its leading zero: ``1.2e-8``, ``3e6``; the same in every report."""
    mantissa, mark, exponent = written.partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else written


def brief(value: float, digits: int) -> str:
    """A number to at most so many digits, no zeros at the end."""
    return tidy(f"{value:.{digits}g}")


def of_violations(violations: Sequence[Violation]) -> str:
    """What is wrong with a backend, a sentence for each violation."""
    return "; ".join(map(of_violation, violations))


def of_violation(found: Violation) -> str:
    """What is wrong, in a sentence, and whether numbers that were flushed to zero explain it."""
    flushed = ", as where numbers below the smallest normal one are flushed to zero" if found.flushed else ""
    return _of_violation(found) + flushed


def _of_violation(found: Violation) -> str:
    if found.what == "start":
        return _of_start(found)
    after = f"after epoch {found.epoch}"
    if found.what == "parameters" and found.bound_ratio is None:
        return f"the parameters {after} are not finite"
    return {
        "final": f"{found.component} at the end of the run is {_shown(found.given, '.9g')}, but "
        f"{_shown(found.expected, '.9g')} was recorded {after}, which was its last",
        "parameters": f"the parameters {after} are {_times(found.bound_ratio)} times as far from the true ones as "
        "rounding explains",
        "missing": f"the parameters {after} are missing",
        "losses": f"expected {_count(found.expected)} losses, got {_count(found.given)}",
        "diverged": f"diverged at epoch {found.epoch}, where the true loss is {_shown(found.expected, '.3g')}",
        "loss": f"the loss {after} is {_shown(found.given, '.9g')}, but {_shown(found.expected, '.9g')} at its own "
        "parameters",
    }[found.what]


def of_lap_ends(found: LapEnds) -> str:
    """Why what was timed is not the descent that was asked for."""
    after = f"{found.epochs:,} epoch{'s' if found.epochs > 1 else ''} under the clock"
    if found.ratio is None:
        return f"the parameters after {after} are not finite"
    truth = {"true path": "the true ones", "float64 run": "those of the same run in float64"}[found.against]
    return (
        f"the parameters after {after} are {_times(found.ratio)} times as far from {truth} as "
        "rounding explains; its time is that of something else"
    )


def of_slow_run(found: SlowRun) -> str:
    """Why a run was left out, and how to have it all the same."""
    ratio = found.gradient_ratio
    right = "" if ratio is None else f"; its gradient at the start is right, within {ratio:.2g} of its bound"
    return (
        f"its run would take about {_seconds(found.seconds)}, {found.share:.0%} of the whole, and may take "
        f"{found.allowed_share:.0%} (--slowest-share); a backend that --backends names is measured, however long it "
        f"takes{right}"
    )


def _seconds(count: float) -> str:
    """In two digits: 83 s, 14 min, 2.1 h."""
    unit, size = next((u, s) for u, s in (("h", 3600), ("min", 60), ("s", 1)) if count >= 2 * s or s == 1)
    return f"{float(f'{count / size:.2g}'):g} {unit}"


def of_pass(ratio: float, bound: Bound, epoch_ratios: Sequence[float | None] | None) -> str:
    """Why a backend passed.

    Args:
        ratio: The largest error at the start over the bound that decides.
        bound: Which one that is.
        epoch_ratios: The largest error at each recorded epoch over its bound; None where the run was not followed.
    """
    named = "√n bound" if bound == "likely" else "worst-case bound (its data break the √n one)"
    said = f"gradient at the start within {brief(ratio, 2)} of its {named}"
    if epoch_ratios is None:
        return f"{said}; the trajectory was not judged: too long a run to follow exactly"
    largest = max(ratio for ratio in epoch_ratios if ratio is not None)
    return f"{said}, {len(epoch_ratios)} recorded epochs within {brief(largest, 2)} of theirs"


def of_divergence(found: Divergence) -> str:
    """Why a run did not stay finite, and a rate that does."""
    rate, limit = brief(found.learning_rate, 4), brief(found.limit, 4)
    if found.learning_rate < found.limit:
        seen = "the loss grows" if found.epoch is None else f"numbers left the range of {found.dtype}"
        return f"{seen} although the learning rate {rate} is below the full-batch limit {limit}; {_smaller(found)}"
    if not found.full_batch:
        return f"the learning rate {rate} is above the full-batch limit 2/λ_max = {limit}; {_smaller(found)}"
    expected = "" if found.predicted_epoch is None else f"; overflow was predicted at epoch {found.predicted_epoch:,}"
    remedy = "" if found.standardized else "; standardised features allow a larger one"
    return (
        f"the learning rate {rate} is above the stability limit 2/λ_max = {limit}{expected}; "
        f"{brief(found.converging_rate, 4)} converges{remedy}"
    )


def _smaller(found: Divergence) -> str:
    if found.full_batch:
        return "scale the data, or use a smaller rate"
    return f"at {brief(found.converging_rate, 4)} or below no mini-batch can drive it out of range"


def of_arrival(result: BackendResult, states: Mapping[str, ArrivalState]) -> str:
    """Whether the training arrived.

    Args:
        result: Of the backend that stands for all: one that came least far.
        states: Of each backend, by name.
    """
    found = result.arrival
    assert found is not None
    who = "" if len(set(states.values())) == 1 else f"{', '.join(n for n, s in states.items() if s == found.state)}: "
    if found.state == "diverged":
        why = of_divergence(result.divergence) if result.divergence else result.reason or "diverged"
        return f"{who}{why}"
    digits, epochs = math.floor(found.digits or 0.0), f"{found.epochs} epoch{'' if found.epochs == 1 else 's'}"
    if found.state == "yes":
        return f"{who}every parameter has {digits} digits after {epochs}"
    more = found.epochs_for.get("6") if found.full_batch and not found.stopped_by_rounding else None
    needs = "" if more is None else f"; {more} epochs give 6 digits"
    return f"{who}{digits} digits after {epochs}; the loss is {_above(found)}{needs}"


def _above(found: Arrival) -> str:
    if found.loss is None or found.lowest_loss is None:
        return "not finite" if found.loss is None else brief(found.loss, 6)
    return f"{brief(found.loss, 6)}, the lowest that there is {brief(found.lowest_loss, 6)}"


def with_choice(found: Choice) -> Choice:
    """The choice with its reason."""
    return replace(found, reason=f"{_for_run(found)}; {_for_epochs(found)}")


def _for_run(found: Choice) -> str:
    if found.run is not None:
        seconds = next(cost.run.value for cost in found.costs if cost.backend == found.run)
        return f"this run of {found.epochs} epochs takes {found.run} {brief(seconds, 2)} s, start included"
    if not found.run_tied:
        return "this run diverged"
    return f"too noisy to tell for this run: {', '.join(found.run_tied)}"


def _for_epochs(found: Choice) -> str:
    if found.epoch is None:
        return f"too noisy to tell per steady epoch: {', '.join(found.epoch_tied)}"
    seconds = next(cost.epoch.value for cost in found.costs if cost.backend == found.epoch)
    return f"a steady epoch takes {found.epoch} {brief(seconds, 2)} s"


def of_dependences(dependent: Sequence[Dependence]) -> str | None:
    """Which columns are combinations of others, and what that means; None if none is."""
    if not dependent:
        return None
    found = "; ".join(map(_of_dependence, dependent))
    return f"{found}: many parameters fit equally well, and those of minimum norm are given"


def of_near_dependences(dependent: Sequence[Dependence]) -> str | None:
    """Which columns are combinations of others up to rounding, and what that means; None if none is."""
    if not dependent:
        return None
    found = "; ".join(f"up to rounding, {_of_dependence(one)}" for one in dependent)
    return f"{found}: many parameters fit equally well up to rounding, and descent cannot tell them apart"


def of_method(method: Literal["exact", "qr", "moments"]) -> str:
    """How the least-squares solution was found."""
    return METHODS[method]


def of_agreement(judged: int) -> str:
    """What a verdict that passed rests on: so many backends were judged."""
    count = f"{judged} backend{'s' if judged > 1 else ''}"
    return f"{count} within the rounding-error bounds of the exact answer at every recorded epoch"


def of_objection(found: Objection, results: Mapping[str, BackendResult], tested: SelfTest | None) -> str:
    """One reason for which a comparison has not passed; `tested` is the judge's own test, where there was one."""
    if found.kind == "nothing judged":
        return "nothing was judged"
    if found.backend is not None:
        return f"{found.backend}: {_of_backend(found, results[found.backend])}"
    assert tested is not None
    return f"self-test: the judge {_of_judge(found, tested)}"


def _of_dependence(found: Dependence) -> str:
    if not found.others:
        return f"column {found.column!r} is constant"
    return f"column {found.column!r} is a combination of {', '.join(map(repr, found.others))}"


def _of_backend(found: Objection, result: BackendResult) -> str:
    if found.kind == "accuracy":
        assert result.accuracy is not None
        return result.accuracy.reason
    if found.kind == "diverged":
        return f"diverged: {result.reason}"
    return result.reason or result.status


def _of_judge(found: Objection, tested: SelfTest) -> str:
    if found.kind == "missed faults":
        return f"let pass: {', '.join(tested.missed)}"
    if found.kind == "false accusation":
        return f"accused {tested.backend} without a fault: {tested.accused}"
    smallest = "not known" if tested.smallest_factor is None else f"1 + {brief(tested.smallest_factor, 1)}"
    return f"is too blunt: the smallest factor caught is {smallest}"


def _of_start(found: Violation) -> str:
    name = "the loss" if found.component == "loss" else found.component
    if found.relative is None:
        return f"{name} at the start is not finite, or not 0 where the exact one is"
    return (
        f"{name} at the start is {brief(found.relative, 2)} off relative to the exact one, "
        f"{_times(found.bound_ratio)} times its √n bound, {_times(found.worst_case_ratio)} times its worst case"
    )


def _times(ratio: float | None) -> str:
    return _shown(ratio, ".3g", missing="inf")


def _count(number: float | None) -> str:
    return _shown(number, ".0f")


def _shown(value: float | None, form: str, missing: str = "nan") -> str:
    return missing if value is None else format(value, form)
