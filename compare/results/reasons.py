"""The sentences that `reason` and `reasons` in `result.json` hold, each made of facts that stand beside it.

They are part of the file's format, for a reader of the file alone; what a report says beyond them is the report's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from handgrad.compare.results.arrival import Divergence
from handgrad.compare.results.checks import SelfTest
from handgrad.compare.results.comparison import BackendResult, Dependence, Objection
from handgrad.compare.results.violations import Bound, Violation

#: How the least-squares solution is found.
METHODS = {"exact": "rational arithmetic, rounded once", "qr": "QR on centred and scaled columns, refined once"}


def of_violations(violations: Sequence[Violation]) -> str:
    """What is wrong with a backend, a sentence for each violation."""
    return "; ".join(map(of_violation, violations))


def of_violation(found: Violation) -> str:
    """What is wrong, in a sentence."""
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


def of_pass(ratio: float, bound: Bound, epoch_ratios: Sequence[float | None] | None) -> str:
    """Why a backend passed.

    Args:
        ratio: The largest error at the start over the bound that decides.
        bound: Which one that is.
        epoch_ratios: The largest error at each recorded epoch over its bound; None where the run was not followed.
    """
    named = "√n bound" if bound == "likely" else "worst-case bound (its data break the √n one)"
    said = f"gradient at the start within {ratio:.2g} of its {named}"
    if epoch_ratios is None:
        return f"{said}; the trajectory was not judged: too long a run to follow exactly"
    largest = max(ratio for ratio in epoch_ratios if ratio is not None)
    return f"{said}, {len(epoch_ratios)} recorded epochs within {largest:.2g} of theirs"


def of_divergence(found: Divergence) -> str:
    """Why a run did not stay finite, and a rate that does."""
    if found.learning_rate < found.limit:
        return (
            f"numbers left the range of {found.dtype} although the learning rate {found.learning_rate:.4g} is below "
            f"the full-batch limit {found.limit:.4g}; scale the data, or use a smaller rate"
        )
    expected = "" if found.predicted_epoch is None else f"; overflow was predicted at epoch {found.predicted_epoch:,}"
    remedy = "" if found.standardized else "; standardised features allow a larger one"
    return (
        f"the learning rate {found.learning_rate:.4g} is above the stability limit 2/λ_max = {found.limit:.4g}"
        f"{expected}; {found.converging_rate:.4g} converges{remedy}"
    )


def of_dependences(dependent: Sequence[Dependence]) -> str | None:
    """Which columns are combinations of others, and what that means; None if none is."""
    if not dependent:
        return None
    found = "; ".join(map(_of_dependence, dependent))
    return f"{found}: many parameters fit equally well, and those of minimum norm are given"


def of_method(method: Literal["exact", "qr"]) -> str:
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
    return f"is too blunt: the smallest factor caught is 1 + {tested.smallest_factor:.0e}"


def _of_start(found: Violation) -> str:
    name = "the loss" if found.component == "loss" else found.component
    if found.relative is None:
        return f"{name} at the start is not finite, or not 0 where the exact one is"
    return (
        f"{name} at the start is {found.relative:.2g} off relative to the exact one, "
        f"{_times(found.bound_ratio)} times its √n bound, {_times(found.worst_case_ratio)} times its worst case"
    )


def _times(ratio: float | None) -> str:
    return _shown(ratio, ".3g", missing="inf")


def _count(number: float | None) -> str:
    return _shown(number, ".0f")


def _shown(value: float | None, form: str, missing: str = "nan") -> str:
    return missing if value is None else format(value, form)
