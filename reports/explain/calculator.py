"""How the numbers of an explanation are shown: so that who adds up the shown ones gets the shown result.

All numbers of one kind (residuals, squares, the terms of one derivative) get the same number of decimals: the twelfth
digit of the largest number that goes into them is the last. Beyond it a double of that size has little to say, and
many a desk calculator ends there. Zeros at the end are left out, so that short decimals are shown fully.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from handgrad.compare.results.explanation import Explanation, Value
from handgrad.compare.results.reasons import tidy

DIGITS = 12

#: Numbers whose largest is outside of these are written with a power of ten.
SMALLEST, LARGEST = 1e-9, 1e12

Format = Callable[[float], str]


@dataclass(frozen=True)
class Formats:
    """How each kind of number is written.

    Attributes:
        given: What was given: x, y, W, b, η.
        target: What is in units of y: products, predictions, residuals, ∂L/∂r.
        square: Squares and losses.
        slopes: (d + 1,), the derivatives by each parameter, and the terms that they are the sum of.
        parameters: (d + 1,), each after the step.
    """

    given: Format
    target: Format
    square: Format
    slopes: tuple[Format, ...]
    parameters: tuple[Format, ...]


def formats(explanation: Explanation) -> Formats:
    """The formats for these numbers."""
    rows, rate = explanation.rows, explanation.learning_rate
    sizes = [abs(v) for row in rows for v in (*row.products, row.predicted, row.target)]
    largest = max(*sizes, abs(explanation.bias))
    residual = max(abs(row.residual) for row in rows)
    columns = [max(abs(x) for x in column) for column in zip(*(row.x for row in rows), strict=True)]
    return Formats(
        given=plain,
        target=fixed(largest),
        square=fixed(max(largest * residual, largest * 1e-6)),
        slopes=tuple(fixed(largest * size) for size in (*columns, 1.0)),
        parameters=tuple(fixed(max(abs(step.old), abs(rate * step.gradient))) for step in explanation.steps),
    )


def fixed(size: float) -> Format:
    """Decimals up to the twelfth digit of `size`; zeros at the end are left out."""
    if size and not SMALLEST <= size < LARGEST:
        return lambda value: tidy(f"{value:.{DIGITS - 1}e}") if value else "0"
    places = max(0, DIGITS - 1 - _exponent(size))
    return lambda value: _trimmed(f"{value:.{places}f}")


def plain(value: float) -> str:
    """All digits of a double, as a decimal without a power of ten where that is not long."""
    decimal = Decimal(repr(value)).normalize()
    text = f"{decimal:f}"
    return _trimmed(text) if len(text) <= 2 * DIGITS else tidy(repr(value))


def array(value: Value, form: Format) -> str:
    """A number, or a list of them in brackets."""
    if isinstance(value, tuple):
        return f"[{', '.join(array(part, form) for part in value)}]"
    return form(value)


def bracketed(text: str) -> str:
    """A negative number in brackets, to stand after a sign."""
    return f"({text})" if text.startswith("-") else text


def added(terms: Iterable[str]) -> str:
    """``a + b + (-c)``."""
    return " + ".join(bracketed(term) for term in terms)


def _exponent(size: float) -> int:
    return int(f"{size:e}".partition("e")[2])


def _trimmed(text: str) -> str:
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
