"""The probe that can be followed in the head: the call, and the numbers of each step beside the right ones."""

from __future__ import annotations

from handgrad.compare.results.diagnosis import OwnProbe, ProbeStep, StepName
from handgrad.compare.results.reasons import brief

#: Each step as its formula.
FORMULAS: dict[StepName, str] = {
    "prediction": "ŷ = x W + b",
    "residual": "r = ŷ − y",
    "sums": "Σ xᵢ rᵢ, Σ rᵢ",
    "gradient": "dW, db",
    "loss": "the loss",
    "parameters": "new W, b",
}
PARTS_HERE = "they part here"

#: Of a way that was not seen.
INFERRED = "Only the last line is your own answer; the steps above it are those by which this mistake comes to it."


def rows(probe: OwnProbe) -> list[tuple[str, str, str, str]]:
    """Of each step: its formula, the numbers that were given, the right ones, and whether they part there."""
    return [
        (FORMULAS[one.step], *numbers(one), PARTS_HERE if one.step == probe.parts_at else "") for one in probe.steps
    ]


def inferred(probe: OwnProbe) -> str:
    """What is said of the steps before the answer, of which only the mistake's are known; nothing where none are."""
    return "" if probe.parts_at is None else INFERRED


def numbers(step: ProbeStep) -> tuple[str, str]:
    """The numbers of a step, given and right."""
    return _listed(step.given), _listed(step.expected)


def _listed(values: tuple[float, ...] | None) -> str:
    return "?" if values is None else ", ".join(brief(value, 4) for value in values)
