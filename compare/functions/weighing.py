"""A result beside the exact answer: its errors, over the bound that decides, and the facts of a judgement.

The √n bound decides, since it is sharp. It presumes that rounding errors do not all push one way, which data can break;
so it is trusted only where plain sums of the function's terms, from the first to the last in the same format, keep it.
Elsewhere the worst case decides. Whoever is beyond that is wrong, whatever the data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, InputError
from handgrad.compare.functions.arrays import Operand
from handgrad.compare.functions.bounds import Rounding
from handgrad.compare.functions.exact import Exact
from handgrad.compare.functions.formats import FORMATS, INTEGER_BITS, Format, format_named
from handgrad.compare.functions.questions import Question
from handgrad.compare.judge.bounds import over
from handgrad.compare.results.functions.judgement import Element, Given, Judgement, Remark

#: Sums whose plain total in the format is looked at, to see whether errors cancel.
PLAIN_SUMS = 256


def weigh(name: str, found: Operand, question: Question, accumulate: str | None) -> Judgement:
    """A result beside the exact one."""
    _check_shape(name, found, question)
    inputs = tuple(Given(one.values.shape, one.described()) for one in question.inputs)
    if found.integers:
        return _of_integers(name, found, question, inputs)
    format = _format_of(found, question.inputs)
    inner = format if accumulate is None else format_named(accumulate)
    rounded = format.round_sum(question.exact.nearest, question.exact.rest)
    given = found.floats()
    errors = _errors(given, question.exact, rounded, format)
    wider = sum(_is_wider(one, inner) for one in question.inputs)
    bounds = _bounds(question, Rounding(inner, format, wider))
    with np.errstate(over="ignore"):
        ulps = errors / format.spacing(rounded)
    measured = _Measured(given, rounded, question.exact.nearest, errors, ulps, bounds)
    remarks = _remarks(measured, format, bool(wider), question.reference is None)
    return _judgement(name, question.name, inputs, format.name, inner.name, measured, remarks)


# -- errors and bounds ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Bounds:
    """In the result's shape: which of the two decides is known by now."""

    deciding: FloatArray
    worst: FloatArray
    errors_cancel: bool


@dataclass(frozen=True, eq=False)
class _Measured:
    """Everything in the result's shape."""

    given: FloatArray
    rounded: FloatArray
    nearest: FloatArray
    errors: FloatArray
    ulps: FloatArray
    bounds: _Bounds | None


def _bounds(question: Question, by: Rounding) -> _Bounds | None:
    if question.reference is None or question.rows is None:
        return None
    rows, values = question.rows, question.values
    likely, worst = (
        rows.back(question.reference.bound(rows, values, replace(by, likely=likely))) for likely in (True, False)
    )
    cancel = _errors_cancel(question.reference.terms(rows, PLAIN_SUMS), by)
    return _Bounds(likely if cancel else worst, worst, cancel)


def _errors_cancel(terms: FloatArray, by: Rounding) -> bool:
    """Whether plain sums of these terms (n, q) keep the √n bound."""
    held = by.inner.round(terms)
    with np.errstate(over="ignore"):
        sizes = np.abs(held).sum(axis=0)
    usable = held[:, np.isfinite(sizes)]
    exact = np.array([math.fsum(column) for column in usable.T.tolist()])
    errors = np.abs(by.inner.total(usable) - exact)
    growth = replace(by, likely=True).additions(len(terms) - 1)
    return bool((errors <= growth * sizes[np.isfinite(sizes)]).all())


def _errors(given: FloatArray, exact: Exact, rounded: FloatArray, format: Format) -> FloatArray:
    """|given − exact|. An infinity stands for the least number that rounds to it; NaN is infinitely wrong."""
    threshold = min(format.largest + float(format.spacing(np.array(format.largest))) / 2, float(np.finfo(float).max))
    taken = np.where(np.isinf(given), np.copysign(threshold, given), given)
    errors = exact.away_from(taken)
    right = np.isinf(given) & (given == rounded)
    return np.where(np.isnan(given), np.inf, np.where(right, 0.0, errors))


def _is_wider(one: Operand, inner: Format) -> bool:
    """Whether a format cannot hold some of the numbers."""
    return bool((inner.round(one.floats()) != one.values).any())


def _format_of(found: Operand, inputs: Sequence[Operand]) -> Format:
    """The result's own; a Python float has none, and is taken for one of the widest input's format."""
    if found.type is not None:
        return FORMATS[found.type]
    held = [FORMATS[one.type] if one.type in FORMATS else FORMATS["float64"] for one in inputs]
    return max(held, key=lambda format: format.precision)


def _check_shape(name: str, found: Operand, question: Question) -> None:
    expected = question.exact.nearest.shape
    if found.values.shape != expected:
        remedy = "" if question.reference is None or question.reference.inputs == 2 else (
            " over all elements" if question.axis is None else f" along axis {question.axis}"
        )  # fmt: skip
        of = f"the {question.name}{remedy}"
        axis = "; axis= says along which it works" if remedy else ""
        raise InputError(f"{name}: expected a result of shape {expected}, {of}, got {found.values.shape}{axis}")


# -- integers ------------------------------------------------------------------------------------------------------


def _of_integers(name: str, found: Operand, question: Question, inputs: tuple[Given, ...]) -> Judgement:
    """An integer result: right or wrong, nothing is rounded."""
    rationals = question.exact.rationals
    if rationals is None:
        raise InputError(f"{name}: expected floats for {question.name}, got {found.type}")
    given = found.values.astype(object).ravel()
    true, over_all = rationals.numerators.ravel(), rationals.denominator
    apart = [int(g) * over_all - t for g, t in zip(given.tolist(), true.tolist(), strict=True)]
    errors = np.array([abs(a) / over_all for a in apart]).reshape(found.values.shape)
    nothing = np.zeros_like(errors)
    bounds = _Bounds(nothing, nothing, True) if question.reference is not None else None
    nearest = question.exact.nearest
    rounded = np.where(errors == 0, found.floats(), nearest)
    measured = _Measured(found.floats(), rounded, nearest, errors, errors, bounds)
    modulus = over_all << INTEGER_BITS[str(found.type)]
    remarks: list[Remark] = []
    if any(a and a % modulus == 0 for a in apart):
        remarks.append("wrapped around")
    if any(t % over_all for t in true.tolist()):
        remarks.append("not an integer")
    return _judgement(name, question.name, inputs, str(found.type), str(found.type), measured, remarks)


# -- the judgement -------------------------------------------------------------------------------------------------


def _judgement(
    name: str,
    reference: str,
    inputs: tuple[Given, ...],
    format: str,
    accumulated: str,
    measured: _Measured,
    remarks: Sequence[Remark],
) -> Judgement:
    ratios = measured.ulps if measured.bounds is None else over(measured.errors, measured.bounds.deciding)
    wrong = 0 if measured.bounds is None else int(np.count_nonzero(ratios > 1))
    worst, most = (int(np.argmax(values)) for values in (ratios, measured.ulps))
    best_conditioned, worst_conditioned = _conditioned(measured)
    return Judgement(
        function=name,
        reference=reference,
        inputs=inputs,
        format=format,
        accumulated=accumulated,
        shape=measured.given.shape,
        exact=tuple(measured.rounded.ravel().tolist()),
        wrong=wrong,
        correctly_rounded=int(np.count_nonzero(measured.given == measured.rounded)),
        worst=_element(measured, worst),
        most_ulps=_element(measured, most),
        best_conditioned=best_conditioned,
        worst_conditioned=worst_conditioned,
        errors_cancel=measured.bounds is None or measured.bounds.errors_cancel,
        passed=None if measured.bounds is None else wrong == 0,
        remarks=tuple(remarks),
    )


def _faults(measured: _Measured) -> FloatArray:
    """The smallest relative fault that shows at each number; NaN where there is none."""
    assert measured.bounds is not None
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        faults = (measured.bounds.deciding + np.abs(measured.errors)) / np.abs(measured.nearest)
    return np.where((measured.nearest == 0) | ~np.isfinite(measured.rounded), np.nan, faults)


def _conditioned(measured: _Measured) -> tuple[Element | None, Element | None]:
    if measured.bounds is None:
        return None, None
    faults = _faults(measured).ravel()
    known = np.flatnonzero(~np.isnan(faults))
    if not len(known):
        return None, None
    ends = known[np.argmin(faults[known])], known[np.argmax(faults[known])]
    return _element(measured, int(ends[0])), _element(measured, int(ends[1]))


def _element(measured: _Measured, position: int) -> Element:
    index = tuple(int(i) for i in np.unravel_index(position, measured.given.shape))
    plain = Element(index, float(measured.given[index]), float(measured.rounded[index]), float(measured.ulps[index]))
    if measured.bounds is None:
        return plain
    fault = float(_faults(measured)[index])
    return replace(
        plain,
        bound=float(measured.bounds.deciding[index]),
        over_bound=float(over(measured.errors[index], measured.bounds.deciding[index])),
        over_worst_case=float(over(measured.errors[index], measured.bounds.worst[index])),
        smallest_fault=None if math.isnan(fault) else fault,
    )


def _remarks(measured: _Measured, format: Format, wider: bool, own: bool) -> list[Remark]:
    infinite, nan = ~np.isfinite(measured.given), np.isnan(measured.given)
    beyond = np.isinf(measured.rounded)
    small = (np.abs(measured.rounded) < format.smallest_normal) & (measured.rounded != 0)
    told: list[tuple[Remark, NDArray[np.bool_]]] = [
        ("overflow is right", beyond & (measured.given == measured.rounded)),
        ("overflowed on the way", infinite & ~nan & ~beyond),
        ("not a number", nan),
        ("flushed to zero", small & (measured.given == 0)),
    ]
    found: list[Remark] = [remark for remark, where in told if where.any()]
    return found + (["inputs rounded"] if wider else []) + (["no bound"] if own else [])
