"""What a judgement says: whether rounding explains the errors, how large they are, what would show, and why."""

from __future__ import annotations

import math

from handgrad.compare.results.functions.judgement import Cause, Element, Given, Judgement, Remark
from handgrad.reports.look.names import shown
from handgrad.reports.look.numbers import count, full, number, ratio, ulps

#: Digits of a relative error or a bound in a sentence.
DIGITS = 2

#: Significant digits that tell apart the numbers of a format.
_DIGITS = {"float32": 9, "bfloat16": 4, "float16": 5}

_REMARKS: dict[Remark, str] = {
    "overflow is right": "Infinity is right: the exact value is beyond the range of {format}.",
    "overflowed on the way": "Infinity, though the exact value is within the range of {format}: overflow on the way.",
    "not a number": "NaN, though every input is finite.",
    "wrapped around": "An integer wrapped around: it is right but for a multiple of 2 to the power of its bits.",
    "flushed to zero": "0 where the exact value is subnormal in {format}: such numbers are flushed to zero.",
    "not an integer": "An exact value is no integer, so no integer can be right.",
    "inputs rounded": "{accumulated} cannot hold the inputs: a rounding of each is allowed.",
    "no bound": "No bound is derived for a function of your own: its error is told in ULPs, and nothing else.",
}


def heading(found: Judgement) -> str:
    """One line: the function, what it is meant to be, and the verdict."""
    against = f"held against the exact {shown(found.reference)} of {_inputs(found)}"
    return f"{shown(found.function)}, {against}: {verdict(found)}"


def verdict(found: Judgement) -> str:
    """The answer."""
    if found.passed is None:
        return f"at most {ulps(found.most_ulps.ulps)} ULP off"
    if found.passed:
        return "exact" if found.worst.over_bound == 0 and found.most_ulps.ulps == 0 else "within rounding"
    of = "" if len(found.exact) == 1 else f" in {count(found.wrong)} of {count(len(found.exact))} numbers"
    return f"wrong, beyond what rounding explains{of}"


def lines(found: Judgement) -> list[tuple[str, str]]:
    """Everything else: a word, and what it says."""
    told = [("error", _error(found)), ("bound", _bound(found)), ("largest ULP", _most_ulps(found))]
    told += [("would catch", _sensitivity(found)), ("bits", _bits(found))]
    names = {"format": found.format, "accumulated": found.accumulated}
    remarks = [("note", _REMARKS[remark].format(**names)) for remark in found.remarks]
    return [(word, sentence) for word, sentence in told if sentence] + remarks


def _error(found: Judgement) -> str:
    """The worst number: what came, what is exact, and by how much it is off."""
    worst = found.worst
    if worst.given == worst.exact and worst.ulps == 0:
        return f"none{_place(worst)}: {_value(worst.given, found.format)}"
    given, exact = _value(worst.given, found.format), _value(worst.exact, found.format)
    return f"{_ulps(worst, found.format)}{_place(worst)}: {given}; the exact value, rounded once, is {exact}"


def _bound(found: Judgement) -> str:
    worst = found.worst
    if worst.bound is None or worst.over_bound is None or math.isinf(worst.over_bound):
        return ""
    if worst.bound == 0:
        return "nothing is rounded here, so nothing may be off"
    kind = "the √n bound" if found.errors_cancel else "the worst-case bound (on these data errors add up)"
    beside = f", {ratio(worst.over_worst_case)} of the worst case" if found.errors_cancel else ""
    return f"{ratio(worst.over_bound)} of {kind}, {number(worst.bound, DIGITS)}{_accumulated(found)}{beside}"


def _accumulated(found: Judgement) -> str:
    return "" if found.accumulated == found.format else f", of sums in {found.accumulated}"


def _most_ulps(found: Judgement) -> str:
    most = found.most_ulps
    return "" if most.index == found.worst.index else f"{_ulps(most, found.format)}{_place(most)}"


def _sensitivity(found: Judgement) -> str:
    best, worst = found.best_conditioned, found.worst_conditioned
    if best is None or worst is None or not found.passed:
        return ""
    if worst.smallest_fault == 0:
        return "any fault"
    if best.index == worst.index or best.smallest_fault == worst.smallest_fault:
        return f"a relative fault of {number(best.smallest_fault, DIGITS)} and more"
    return (
        f"a relative fault of {number(best.smallest_fault, DIGITS)} and more{_place(best)}, the best conditioned, "
        f"and of {number(worst.smallest_fault, DIGITS)}{_place(worst)}, the worst"
    )


def _bits(found: Judgement) -> str:
    if found.cause is not None:
        return f"to the bit: {cause(found.cause, found.format)}"
    every = len(found.exact)
    if found.correctly_rounded == every:
        return ""
    return "" if every == 1 else f"{count(found.correctly_rounded)} of {count(every)} numbers are correctly rounded"


def cause(found: Cause, format: str) -> str:
    """How sums were made."""
    orders = {
        "rounded once": "the exact sum, rounded once: summed in a wider format, or compensated",
        "in order": "summed from the first term to the last",
        "reversed": "summed from the last term to the first",
        "pairwise": "summed pairwise, as NumPy's sum does",
        "running sums": f"summed in {found.running_sums} running sums",
        "compensated": "summed with compensation",
        "blas": "summed by BLAS, as NumPy's own product here",
        "any order": "summed",
    }
    fused = ", with fused multiply-add" if found.fused else ""
    other = f" in {found.format}, rounded at the end" if found.format not in (None, format) else ""
    return f"{orders[found.order]}{fused}{other}"


def _inputs(found: Judgement) -> str:
    return " and ".join(_input(given) for given in found.inputs) or "no inputs"


def _input(given: Given) -> str:
    return f"{given.type} {given.shape}"


def _place(element: Element) -> str:
    return f" at [{', '.join(map(str, element.index))}]" if element.index else ""


def _ulps(element: Element, format: str) -> str:
    if math.isinf(element.ulps):
        return "infinitely far off"
    if "float" in format:
        return f"{ulps(element.ulps)} ULP"
    return f"off by {full(element.ulps).removesuffix('.0')}"


def _value(value: float, format: str) -> str:
    """With the digits that give the same number of its format back."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else number(value)
    return f"{value:.{_DIGITS[format]}g}" if format in _DIGITS else full(value).removesuffix(".0")
