"""How far a computed sum, product, norm, variance, softmax or logsumexp may lie from the exact one: derived bounds.

Model: an operation in a format gives the exact result times 1 + δ, |δ| ≤ u, the unit roundoff (Higham 2002, *Accuracy
and Stability of Numerical Algorithms*, section 2.2); products and quotients below the normal numbers are off by half
the smallest one instead. What k additions in any order do to a sum of terms tᵢ is at most g(k) Σ|tᵢ|:

    worst case   g(k) = k u                                        (Jeannerod and Rump 2013, "Improved error bounds
                                                                   for inner products in floating-point arithmetic")
    likely       g(k) = exp(6 √k u + k u²/(1 − u)) − 1, if less    (Higham and Mary 2019, "A new approach to
                                                                   probabilistic rounding error analysis": errors that
                                                                   are independent and of mean zero)

Unlike γₖ = k u/(1 − k u) of Higham's chapter 3, the worst case holds for any k: bfloat16 has k u = 1 at 256 terms. From
these, with a ⊕ b = (1 + a)(1 + b) − 1 for errors that come one after another, n terms, and u′ the unit roundoff of the
result, whose rounding may come after sums in a wider format:

    sum Σxᵢ              g(n−1) Σ|xᵢ|, then u′
    dot product Σxᵢyᵢ    [g(n−1) ⊕ u] Σ|xᵢ||yᵢ|, then u′; of a matrix product, every element by itself
    mean                 [g(n−1) ⊕ 2u] Σ|xᵢ| / n, then u′: a division, or 1/n rounded and a product
    2-norm               1 − √(1 − θ) relative, θ = g(n−1) ⊕ 3u: squares of numbers that were scaled so that none
                         overflows (unscaled squares that leave the range are no rounding error); ⊕ 2u, then u′
    1-norm, max-norm     as the sum; none at all
    variance v           two passes (Chan, Golub, LeVeque 1983; Higham, problem 1.10): with E the mean's error,
                         g₂ (v + E²) + E², g₂ = g(n−1) ⊕ 5u. One pass that updates mean and variance (Welford) moves
                         every xᵢ by g(n) |xᵢ| more (Chan and Lewis 1979): 2 g₂ Σ|xᵢ||xᵢ − x̄|/n + g₂² Σxᵢ²/n
    softmax              arguments xᵢ − m are off by 3u relative (the difference, and 2u where exp(a) is 2^(a log₂ e)),
                         exp by 2 ULP, 4u: θᵢ = exp(3u |xᵢ − m| + 4u) − 1. The sum, with pⱼ the exact softmax:
                         σ = g(n−1) ⊕ Σ pⱼθⱼ. Relative: (θᵢ ⊕ 2u + σ)/(1 − σ), then u′
                         (after Blanchard, Higham, Higham 2021, "Accurately computing the log-sum-exp and softmax
                         functions")
    logsumexp m + log S  |log(1 ± σ)|, S ≥ 1 however it is rounded; log by 2 ULP of itself, the sum by u, then u′

An input that the format cannot hold is rounded first, by u each. Sizes such as Σ|xᵢ| are taken in float64, whose own
errors are of second order. Strassen's products keep no bound on every element (Higham, section 23.2.2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.functions.exact import Contract
from handgrad.compare.functions.formats import Format
from handgrad.compare.functions.irrational import shares

#: Errors of mean zero exceed so many standard deviations with a probability of 2 exp(−18).
DEVIATIONS = 6.0

#: An exponential or a logarithm is right to 2 ULP: what vector libraries promise.
LIBRARY = 4.0


@dataclass(frozen=True)
class Rounding:
    """In which formats a function rounds, and which bound is asked for.

    Attributes:
        inner: The format in which terms are made and summed.
        outer: The result's.
        wider: How many factors of a term the inner format cannot hold.
        likely: Whether errors count as independent and of mean zero; otherwise each at its worst.
    """

    inner: Format
    outer: Format
    wider: int = 0
    likely: bool = False

    @property
    def u(self) -> float:
        """The unit roundoff of the inner format."""
        return self.inner.unit_roundoff

    def additions(self, count: int) -> float:
        """g(k): what k additions do to a sum, relative to the sum of its terms' sizes."""
        worst = count * self.u
        if not self.likely or worst == 0:
            return worst
        return min(worst, math.expm1(DEVIATIONS * math.sqrt(count) * self.u + count * self.u**2 / (1 - self.u)))

    def finished(self, exact: FloatArray, bound: FloatArray) -> FloatArray:
        """The bound after the result's own rounding."""
        with np.errstate(over="ignore"):
            size = np.where(np.isfinite(exact), np.abs(exact), 0.0)
            whole: FloatArray = bound + self.outer.unit_roundoff * (size + bound) + self.outer.smallest / 2
        return whole


def after(*errors: float) -> float:
    """Relative errors that come one after another: Π(1 + e) − 1."""
    return math.expm1(sum(map(math.log1p, errors)))


def of_products(left: FloatArray, right: FloatArray, contract: Contract, exact: FloatArray, by: Rounding) -> FloatArray:
    """Of sums of k products of left (m, k) and right (p, k), in the shape of their contraction, as `exact` is."""
    k = left.shape[1]
    growth = after(by.additions(k - 1), by.u, by.wider * by.u)
    with np.errstate(over="ignore", under="ignore"):  # growth first: only a bound beyond the range overflows
        terms = contract(growth * np.abs(left), np.abs(right))
    return by.finished(exact, terms + k * by.inner.smallest / 2)


def of_sum(rows: FloatArray, exact: FloatArray, by: Rounding) -> FloatArray:
    """Of Σxᵢ or Σ|xᵢ|, (m,), of rows (m, n)."""
    return by.finished(exact, _sizes(rows, after(by.additions(rows.shape[1] - 1), by.wider * by.u)))


def of_mean(rows: FloatArray, exact: FloatArray, by: Rounding) -> FloatArray:
    """Of Σxᵢ/n, (m,), of rows (m, n)."""
    return by.finished(exact, _mean_error(rows, by))


def of_norm(rows: FloatArray, exact: FloatArray, by: Rounding) -> FloatArray:
    """Of √Σxᵢ², (m,), of rows (m, n)."""
    n = rows.shape[1]
    squares = after(by.additions(n - 1), 3 * by.u, 2 * by.wider * by.u) + n * by.inner.smallest
    root = max(1 - math.sqrt(max(0.0, 1 - squares)), math.sqrt(1 + squares) - 1)
    return by.finished(exact, np.abs(exact) * after(root, 2 * by.u) + by.inner.smallest)


def of_two_passes(rows: FloatArray, exact: FloatArray, by: Rounding, removed: int) -> FloatArray:
    """Of Σ(xᵢ − x̄)²/(n − removed), (m,), of rows (m, n), the mean taken first."""
    return by.finished(exact, _two_passes(rows, exact, by, removed))


def of_variance(rows: FloatArray, exact: FloatArray, by: Rounding, removed: int) -> FloatArray:
    """Of Σ(xᵢ − x̄)²/(n − removed), (m,), of rows (m, n), also where mean and variance are updated with every number."""
    n = rows.shape[1]
    moved = after(by.additions(n), 5 * by.u, by.wider * by.u)
    with np.errstate(over="ignore", under="ignore"):
        apart = np.abs(rows - rows.mean(axis=1, keepdims=True))
        updated = 2 * (moved * np.abs(rows) * apart).sum(axis=1) + ((moved * rows) ** 2).sum(axis=1)
    return by.finished(exact, _two_passes(rows, exact, by, removed) + updated / (n - removed))


def of_softmax(rows: FloatArray, exact: FloatArray, by: Rounding) -> FloatArray:
    """Of exp(xᵢ)/Σ exp(xⱼ), (m, n), of rows (m, n)."""
    powers, total = _exponentials(rows, by)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        relative = np.where(total < 1, ((1 + powers) * (1 + 2 * by.u) - 1 + total) / (1 - total), np.inf)
        bound = np.fmin(np.abs(exact) * relative, 1.0)  # whatever rounding does, a share is between 0 and 1
    return by.finished(exact, bound + 2 * by.inner.smallest)


def of_logsumexp(rows: FloatArray, exact: FloatArray, by: Rounding) -> FloatArray:
    """Of log Σ exp(xⱼ), (m,), of rows (m, n)."""
    _, totals = _exponentials(rows, by)
    total = totals[:, 0]
    logarithm = np.maximum(exact - rows.max(axis=1), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.where(total < 1, -np.log1p(-np.minimum(total, 1.0)), np.inf)
    error = np.maximum(np.log1p(total), np.minimum(below, logarithm))
    error = error + LIBRARY * by.u * (logarithm + error)
    return by.finished(exact, error + by.u * (np.abs(exact) + error))


def _sizes(rows: FloatArray, growth: float) -> FloatArray:
    """Growth times Σ|xᵢ|, (m,)."""
    with np.errstate(over="ignore", under="ignore"):
        sizes: FloatArray = (growth * np.abs(rows)).sum(axis=1)
    return sizes


def _mean_error(rows: FloatArray, by: Rounding) -> FloatArray:
    growth = after(by.additions(rows.shape[1] - 1), 2 * by.u, by.wider * by.u)
    error: FloatArray = _sizes(rows, growth) / rows.shape[1] + by.inner.smallest
    return error


def _two_passes(rows: FloatArray, exact: FloatArray, by: Rounding, removed: int) -> FloatArray:
    n = rows.shape[1]
    growth = after(by.additions(n - 1), 5 * by.u)
    with np.errstate(over="ignore", under="ignore"):
        shift = _mean_error(rows, by) ** 2 * n / (n - removed)
        apart = np.abs(rows - rows.mean(axis=1, keepdims=True))
        rounded = by.wider * by.u * (2 * (np.abs(rows) * apart).sum(axis=1) + by.u * (rows**2).sum(axis=1))
    bound: FloatArray = growth * (exact + shift) + shift + 2 * rounded / (n - removed) + n * by.inner.smallest
    return bound


def _exponentials(rows: FloatArray, by: Rounding) -> tuple[FloatArray, FloatArray]:
    """θ (m, n) of every exp(xᵢ − m), and σ (m, 1) of their sum."""
    n = rows.shape[1]
    largest = rows.max(axis=1, keepdims=True)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        argument = 3 * by.u * (largest - rows) + by.wider * by.u * (np.abs(rows) + np.abs(largest)) + LIBRARY * by.u
        powers = np.expm1(argument)
        weighted = np.where(shares(rows) > 0, shares(rows) * powers, 0.0).sum(axis=1, keepdims=True)
    additions = by.additions(n - 1)
    return powers, additions + weighted + additions * weighted + n * by.inner.smallest
