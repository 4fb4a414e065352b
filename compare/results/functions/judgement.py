"""What judging somebody's function found: its result beside the exact answer. Nothing here computes.

A number that is not finite is itself here (inf, NaN); None stands for what does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: How a sum came about, to the bit. "any order" where only the format in which it was summed could be told.
SumOrder = Literal[
    "rounded once", "in order", "reversed", "pairwise", "running sums", "compensated", "blas", "any order"
]

#: What else there is to tell of a result.
Remark = Literal[
    "overflow is right",  # the exact value is beyond the format, and infinity the number next to it
    "overflowed on the way",  # infinite or NaN where the exact value is not
    "not a number",  # NaN where nothing overflows
    "wrapped around",  # an integer that is right but for a multiple of 2^bits
    "flushed to zero",  # 0 where the exact value is below the normal numbers
    "not an integer",  # an integer where the exact value is none
    "inputs rounded",  # the format in which terms are summed cannot hold the inputs
    "no bound",  # a function of the user's own: ULPs only
]


@dataclass(frozen=True)
class Given:
    """One input.

    Attributes:
        shape: Of the array.
        type: Its format, or integer type.
    """

    shape: tuple[int, ...]
    type: str


@dataclass(frozen=True)
class Element:
    """One number of a result beside the exact one.

    Attributes:
        index: Where it stands; empty for a single number.
        given: What the function gave.
        exact: The exact value rounded once to the format; infinite beyond its range.
        ulps: The error in units of the last place of the exact value; infinite for NaN.
        bound: The largest error that rounding explains, by the bound that decides; None without one.
        over_bound: The error over that bound.
        over_worst_case: The error over the worst-case bound.
        smallest_fault: The smallest relative fault that could not have hidden here: (bound + error)/|exact|. None
            where the exact value is 0 or beyond the format, and without a bound.
    """

    index: tuple[int, ...]
    given: float
    exact: float
    ulps: float
    bound: float | None = None
    over_bound: float | None = None
    over_worst_case: float | None = None
    smallest_fault: float | None = None


@dataclass(frozen=True)
class Cause:
    """How sums were made, proved by making them again and comparing bits.

    Attributes:
        order: In which order.
        format: In which format the terms were summed; None for "rounded once".
        running_sums: How many, of running sums.
        fused: Whether each product was added by a fused multiply-add.
    """

    order: SumOrder
    format: str | None = None
    running_sums: int | None = None
    fused: bool = False


@dataclass(frozen=True)
class Judgement:
    """A function's result held against the exact answer.

    Attributes:
        function: What was judged, by name.
        reference: Which mathematical function it is meant to be.
        inputs: What it was given.
        format: The result's format, or integer type.
        accumulated: The format in which terms count as summed: the result's, unless told otherwise.
        shape: The result's.
        exact: The exact values, rounded once, row by row; infinite where they are beyond the format.
        wrong: How many numbers lie beyond the bound.
        correctly_rounded: How many are the exact value rounded once.
        worst: The number with the largest error over its bound (in ULPs where there is no bound).
        most_ulps: The number with the largest error in ULPs.
        best_conditioned: The number at which the smallest relative fault shows; None without a bound.
        worst_conditioned: The number at which only the largest does.
        errors_cancel: Whether the √n bound decides: a plain sum in this format keeps it on these data. Otherwise the
            worst case does.
        passed: Whether rounding explains every error; None without a bound.
        cause: How the sums were made, where that could be proved.
        remarks: What else there is to tell.
    """

    function: str
    reference: str
    inputs: tuple[Given, ...]
    format: str
    accumulated: str
    shape: tuple[int, ...]
    exact: tuple[float, ...]
    wrong: int
    correctly_rounded: int
    worst: Element
    most_ulps: Element
    best_conditioned: Element | None
    worst_conditioned: Element | None
    errors_cancel: bool
    passed: bool | None
    cause: Cause | None = None
    remarks: tuple[Remark, ...] = ()
