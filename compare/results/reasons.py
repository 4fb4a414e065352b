"""The sentences that `reason` and `reasons` in `result.json` hold, each made of facts that stand beside it.

They are part of the file's format, for a reader of the file alone; what a report says beyond them is the report's own.
"""

from __future__ import annotations

from collections.abc import Sequence

from handgrad.compare.results.deviations import Bound, Deviation


def of_deviations(deviations: Sequence[Deviation]) -> str:
    """What is wrong with a backend, a sentence for each deviation."""
    return "; ".join(map(of_deviation, deviations))


def of_deviation(found: Deviation) -> str:
    """What is wrong, in a sentence."""
    if found.what == "start":
        return _of_start(found)
    after = f"after epoch {found.epoch}"
    if found.what == "parameters" and found.bound_ratio is None:
        return f"the parameters {after} are not finite"
    return {
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


def _of_start(found: Deviation) -> str:
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
