"""The gradient by hand beside those of the backends: PyTorch's digit by digit, and the errors of each."""

from __future__ import annotations

from dataclasses import dataclass

from handgrad.compare.results.explanation import Explanation, Witness
from handgrad.reports.look import numbers


@dataclass(frozen=True)
class Digits:
    """One parameter's derivative, by hand and as somebody else has it, with all digits."""

    symbol: str
    by_hand: str
    other: str
    apart: str


@dataclass(frozen=True)
class Error:
    """How far one gradient is from the exact one, and from the one by hand, in words for a table."""

    name: str
    ulps: str
    apart: str
    bound: str


def other(explanation: Explanation) -> Witness:
    """Who is held against the numbers by hand, digit by digit: PyTorch, or else the tape."""
    named = {witness.name: witness for witness in explanation.witnesses}
    return named["torch"] if named["torch"].weights else named["tape"]


def digits(explanation: Explanation) -> list[Digits]:
    """Every parameter's derivative by hand, beside PyTorch's or the tape's."""
    hand, beside = explanation.hand, other(explanation)
    pairs = zip(_slopes(hand), _slopes(beside), beside.ulps_from_hand, strict=True)
    return [
        Digits(f"∂L/∂{step.symbol}", repr(mine), repr(theirs), numbers.ulps(apart))
        for step, (mine, theirs, apart) in zip(explanation.steps, pairs, strict=True)
    ]


def errors(explanation: Explanation) -> list[Error]:
    """The worst parameter of each gradient that was computed."""
    return [
        Error(
            _titled(witness),
            numbers.ulps_within(max(witness.ulps_from_exact), max(witness.bound_ratios)),
            numbers.ulps(max(witness.ulps_from_hand)),
            numbers.ratio(max(witness.bound_ratios)),
        )
        for witness in (explanation.hand, *explanation.witnesses)
        if witness.weights
    ]


def missing(explanation: Explanation) -> list[str]:
    """Who could not be asked, and what to do about it."""
    return [f"{witness.reason}" for witness in explanation.witnesses if witness.reason is not None]


def verdict(explanation: Explanation) -> str:
    """By hand against the other."""
    name, apart = _titled(other(explanation)), max(other(explanation).ulps_from_hand)
    if apart == 0:
        return f"{name} and the numbers by hand agree to the last bit."
    return f"{name} and the numbers by hand differ by at most {numbers.ulps(apart)} ULPs: they round in other places."


#: Why -0.9 may read -0.9000000000000341.
DOUBLES = "Digits that go on where a calculator ends: most decimals, such as 0.1, have no exact double."


def _titled(witness: Witness) -> str:
    return {"torch": "PyTorch", "numpy": "NumPy", "python": "Python"}.get(witness.name, witness.name)


def _slopes(witness: Witness) -> list[float]:
    assert witness.bias is not None
    return [*witness.weights, witness.bias]
