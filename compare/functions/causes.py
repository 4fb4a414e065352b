"""Why a sum has just these bits: it is made again in other ways, until one gives every bit of all that was seen.

The function is asked again with its terms in other orders, since one number proves nothing: many ways end on the same
one. A way is told only where the chance that another one of its kind gives the same bits is small, from how often they
do. Where none fits, nothing is said. Looked at are sums of numbers and of products: sum, mean, products, norms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray
from handgrad.compare.functions.formats import FORMATS, Format
from handgrad.compare.functions.references import Rows
from handgrad.compare.judge.causes import COINCIDENCE
from handgrad.compare.judge.fused import two_sum
from handgrad.compare.judge.ways import FUSED_LANES, LANES
from handgrad.compare.results.functions.judgement import Cause

#: Longer sums are not explained: some ways are a step of Python's for every term.
EXPLAINED_TERMS = 10_000

#: Numbers that are looked at, at most.
LOOKED_AT = 64

#: NumPy adds so many terms in eight running sums, and halves what is longer.
PAIRWISE_BLOCK = 128


@dataclass(frozen=True, eq=False)
class Shown:
    """Sums that a function made.

    Attributes:
        left: (n, q), the terms of q sums, or their left factors, in float64.
        right: (n, q), the right factors of products; None for sums of numbers.
        blas: (q,), what NumPy's product gives; None where it is no product.
        given: (q,), what the function gave.
        rounded: (q,), the exact values, rounded once.
    """

    left: FloatArray
    right: FloatArray | None
    blas: FloatArray | None
    given: FloatArray
    rounded: FloatArray


#: Of a total (q,), the inner format and the number of terms.
Finish = Callable[[FloatArray, Format, int], FloatArray]
Total = Callable[[FloatArray, FloatArray | None, Format], FloatArray]


def explained(reference: str, terms: int) -> bool:
    """Whether such sums are looked at."""
    return reference in FINISHES and terms <= EXPLAINED_TERMS


def shown(reference: str, rows: Rows, given: FloatArray, rounded: FloatArray, format: Format) -> Shown:
    """What one call of a function shows, from what it gave (any shape) and the exact values rounded once.

    At most `LOOKED_AT` of its numbers are taken, evenly: q of them, each a sum of n terms (n, q).
    """
    picked = np.unique(np.linspace(0, given.size - 1, min(given.size, LOOKED_AT)).astype(np.int64))
    left = rows.floats
    right: FloatArray | None = None
    blas: FloatArray | None = None
    if rows.right is not None:
        other = rows.other.astype(np.float64)
        blas = _by_blas(left, other, format)
        blas = None if blas is None else blas.ravel()[picked]
        left, right = left[picked // len(other)], other[picked % len(other)].T
    else:
        left = np.abs(left[picked]) if reference == "1-norm" else left[picked]
    if reference == "2-norm":
        right, blas = left.T, _squares_by_blas(left, format)
    return Shown(left.T, right, blas, given.ravel()[picked], rounded.ravel()[picked])


def cause(reference: str, seen: Sequence[Shown], format: Format) -> Cause | None:
    """How the sums were made; None if no way that is known gives the bits, or if many do."""
    whole = _together(seen)
    hits = [(way, _hits(reference, total, whole, inner, format)) for way, inner, total in ways(whole, format)]
    own = [hit for way, hit in hits if way.format == format.name]
    if np.array_equal(whole.given, whole.rounded):
        return Cause("rounded once") if _chance(own) <= COINCIDENCE else None
    found = next((way for way, hit in hits if hit.all()), None)
    if found is None:
        return None
    alike = [hit for way, hit in hits if way.format == found.format]
    if _chance(alike) <= COINCIDENCE:
        return found
    return Cause("any order", found.format) if found.format != format.name and _chance(own) <= COINCIDENCE else None


def ways(whole: Shown, format: Format) -> Iterator[tuple[Cause, Format, Total]]:
    """All that are tried: in the result's own format first, then in others that are used to sum."""
    others = [FORMATS[name] for name in ("float32", "float64") if name != format.name]
    for inner in (format, *others):
        for way, total in _orders(len(whole.left), whole.right is not None):
            yield Cause(way.order, inner.name, way.running_sums, way.fused), inner, total
        if whole.blas is not None and inner == format:
            yield Cause("blas", inner.name), inner, _known(whole.blas)


def _orders(terms: int, products: bool) -> Iterator[tuple[Cause, Total]]:
    yield Cause("in order"), _plainly(lambda made, inner: inner.total(made))
    yield Cause("pairwise"), _plainly(_pairwise)
    yield Cause("reversed"), _plainly(lambda made, inner: inner.total(made[::-1]))
    for lanes in (lanes for lanes in LANES if terms >= 2 * lanes):
        yield Cause("running sums", running_sums=lanes), _plainly(_in_lanes(lanes))
    yield Cause("compensated"), _plainly(_compensated)
    if products:
        yield Cause("in order", fused=True), _fused(1)
        for lanes in (lanes for lanes in FUSED_LANES if terms >= 2 * lanes):
            yield Cause("running sums", running_sums=lanes, fused=True), _fused(lanes)


def _together(seen: Sequence[Shown]) -> Shown:
    rights = [one.right for one in seen if one.right is not None]
    blas = [one.blas for one in seen if one.blas is not None]
    return Shown(
        np.concatenate([one.left for one in seen], axis=1),
        np.concatenate(rights, axis=1) if rights else None,
        np.concatenate(blas) if blas else None,
        np.concatenate([one.given for one in seen]),
        np.concatenate([one.rounded for one in seen]),
    )


def _hits(reference: str, total: Total, whole: Shown, inner: Format, format: Format) -> NDArray[np.bool_]:
    """Which of the numbers a way gives to the bit, whichever way the sum is finished."""
    with np.errstate(over="ignore", invalid="ignore"):
        right = None if whole.right is None else inner.round(whole.right)
        made = total(inner.round(whole.left), right, inner)
        count = len(whole.left)
        found = [format.round(finish(made, inner, count)) == whole.given for finish in FINISHES[reference]]
    best: NDArray[np.bool_] = max(found, key=np.count_nonzero)
    return best


def _chance(hits: Sequence[NDArray[np.bool_]]) -> float:
    """How likely one of these ways gives every bit seen, from how often they do."""
    return float(np.prod(np.mean(hits, axis=0)))


# -- how a sum is finished -----------------------------------------------------------------------------------------

FINISHES: dict[str, tuple[Finish, ...]] = {
    **dict.fromkeys(
        ("sum", "1-norm", "dot product", "matrix-vector", "matrix-matrix", "product"),
        (lambda total, inner, count: total,),
    ),
    "mean": (
        lambda total, inner, count: inner.round(total / count),
        lambda total, inner, count: inner.round(total * inner.round(np.array(1 / count))),
    ),
    "2-norm": (lambda total, inner, count: inner.round(np.sqrt(total)),),
}


# -- how terms are summed: (n, q) → (q,) ---------------------------------------------------------------------------


def _known(totals: FloatArray) -> Total:
    """What was summed elsewhere."""
    return lambda left, right, inner: totals


def _plainly(total: Callable[[FloatArray, Format], FloatArray]) -> Total:
    """Products rounded before they are summed."""
    return lambda left, right, inner: total(left if right is None else inner.round(left * right), inner)


def _pairwise(terms: FloatArray, inner: Format) -> FloatArray:
    """As NumPy's own sum: halves of whole eights, down to blocks of 128 terms in eight running sums."""
    n = len(terms)
    if n < 8:
        return inner.total(terms)
    if n > PAIRWISE_BLOCK:
        half = n // 2 - n // 2 % 8
        return inner.round(_pairwise(terms[:half], inner) + _pairwise(terms[half:], inner))
    whole = n - n % 8
    held = _running(terms[:whole], 8, inner)
    pairs = inner.round(held[0::2] + held[1::2])
    total = inner.round(inner.round(pairs[0] + pairs[1]) + inner.round(pairs[2] + pairs[3]))
    return inner.total(np.vstack([total, *terms[whole:]]))


def _in_lanes(lanes: int) -> Callable[[FloatArray, Format], FloatArray]:
    def summed(terms: FloatArray, inner: Format) -> FloatArray:
        whole = len(terms) - len(terms) % lanes
        total = _folded(_running(terms[:whole], lanes, inner), inner)
        return inner.total(np.vstack([total, *terms[whole:]]))

    return summed


def _running(terms: FloatArray, lanes: int, inner: Format) -> FloatArray:
    """(lanes, q), of whole rounds."""
    rounds = terms.reshape(-1, lanes * terms.shape[1])
    return inner.total(rounds).reshape(lanes, -1)


def _folded(held: FloatArray, inner: Format) -> FloatArray:
    """(1, q): the upper half of the running sums onto the lower, until one is left."""
    while len(held) > 1:
        held = inner.round(held[: len(held) // 2] + held[len(held) // 2 :])
    return held


def _compensated(terms: FloatArray, inner: Format) -> FloatArray:
    """Neumaier's sum: what every addition lost is summed apart, and added at the end."""
    total, lost = terms[0], np.zeros_like(terms[0])
    for row in terms[1:]:
        before, total = total, inner.round(total + row)
        lost = inner.round(lost + _lost(before, row, total))
    return inner.round(total + lost)


def _lost(a: FloatArray, b: FloatArray, total: FloatArray) -> FloatArray:
    """A + b − total, which every format here can hold."""
    rounded, rest = two_sum(a, b)
    return (rounded - total) + rest


def _fused(lanes: int) -> Total:
    def summed(left: FloatArray, right: FloatArray | None, inner: Format) -> FloatArray:
        assert right is not None
        whole = len(left) - len(left) % lanes
        held: FloatArray = np.zeros((lanes, left.shape[1]))
        for first in range(0, whole, lanes):
            held = inner.fused(left[first : first + lanes], right[first : first + lanes], held)
        total = _folded(held, inner)
        for row in range(whole, len(left)):
            total = inner.fused(left[row : row + 1], right[row : row + 1], total)
        last: FloatArray = total[0]
        return last

    return summed


def _squares_by_blas(left: FloatArray, format: Format) -> FloatArray | None:
    """(m,), of each row with itself."""
    found = [_by_blas(row[None], row[None], format) for row in left]
    return None if found[0] is None else np.concatenate([one[0] for one in found if one is not None])


def _by_blas(left: FloatArray, other: FloatArray, format: Format) -> FloatArray | None:
    """(m, n), by NumPy's own product; None of formats that BLAS does not have."""
    if format.name not in ("float64", "float32"):
        return None
    a, b = left.astype(format.name), np.ascontiguousarray(other.astype(format.name).T)
    with np.errstate(over="ignore", invalid="ignore"):
        if b.shape[1] > 1:
            found = a[0] @ b if len(a) == 1 else a @ b
        else:
            found = a[0] @ b[:, 0] if len(a) == 1 else a @ b[:, 0]
    return np.asarray(found, dtype=np.float64).reshape(len(a), -1)
