"""From the answers of all processes to the verdict: each backend judged, then one sentence for each that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from handgrad.backends.interface import Gradient, Training
from handgrad.compare.judge.causes import cause, evidence_at, probe_points
from handgrad.compare.judge.judge import Observed, judge
from handgrad.compare.results.checks import SelfTest
from handgrad.compare.results.comparison import BackendResult, Verdict
from handgrad.compare.side_by_side.prepare import Prepared

#: What the others are compared to, by the way; the judge is the exact answer.
REFERENCES = ("numpy", "torch")


def judged(
    results: Mapping[str, BackendResult],
    answers: Mapping[str, dict[str, Any]],
    explanations: Mapping[str, str | None],
    prepared: Prepared,
) -> dict[str, BackendResult]:
    """The results with the accuracy of each backend that answered (see `judge`), and why it differs."""
    observed = {name: observation(answer, prepared) for name, answer in answers.items()}
    found = judge(prepared.table, prepared.plan, observed, REFERENCES)
    explained = {name: replace(accuracy, explanation=explanations.get(name)) for name, accuracy in found.items()}
    return {name: replace(result, accuracy=explained.get(name)) for name, result in results.items()}


def explanation(answer: Mapping[str, Any], prepared: Prepared) -> str | None:
    """How a backend's gradients come about, to the bit, where it was asked; None if no known way gives them."""
    if "gradients" not in answer:
        return None
    dtype = prepared.plan.dtype
    shown = evidence_at(probe_points(prepared.goal(), dtype), answer["gradients"])
    if not shown:
        return None
    return cause(prepared.X, prepared.y, prepared.plan.learning_rate, shown, dtype, prepared.table.exact)


def observation(answer: dict[str, Any], prepared: Prepared) -> Observed:
    """What a process answered, as arrays of the dtype. A number that JSON could not carry is NaN again."""
    dtype = prepared.plan.dtype
    gradient, training = answer["gradient"], answer["training"]
    return Observed(
        gradient=Gradient(
            number(gradient["loss"]), np.array(gradient["weights"], dtype=dtype), number(gradient["bias"])
        ),
        training=Training(
            weights=np.array(training["weights"], dtype=dtype),
            bias=number(training["bias"]),
            losses=np.array(training["losses"], dtype=np.float64),
            recorded_epochs=np.array(training["recorded_epochs"], dtype=np.int64),
            recorded_weights=np.array(training["recorded_weights"], dtype=dtype),
            recorded_biases=np.array(training["recorded_biases"], dtype=dtype),
            diverged_at=training["diverged_at"],
        ),
    )


def number(value: float | None) -> float:
    """The number, or NaN for null."""
    return float("nan") if value is None else value


def verdict(results: Mapping[str, BackendResult], tested: SelfTest | None = None) -> Verdict:
    """Passed if at least one backend was judged, all judged ones are right, and all that ran came to their end.

    A judge that was `tested` must have passed, too.
    """
    judged_count = sum(1 for result in results.values() if result.accuracy is not None)
    reasons = [
        *(f"{name}: {r.accuracy.reason}" for name, r in results.items() if r.accuracy and not r.accuracy.passed),
        *(f"{name}: {r.reason or r.status}" for name, r in results.items() if r.status in ("failed", "timeout")),
        *(f"{name}: diverged: {r.reason}" for name, r in results.items() if r.status == "diverged"),
        *(["nothing was judged"] if not judged_count else []),
        *(blindness(tested) if tested is not None else []),
    ]
    if reasons:
        return Verdict(False, tuple(reasons))
    count = f"{judged_count} backend{'s' if judged_count > 1 else ''}"
    return Verdict(True, (f"{count} within the rounding-error bounds of the exact answer at every recorded epoch",))


def blindness(tested: SelfTest) -> list[str]:
    """What a judge that did not pass its test has missed, or whom it has accused."""
    missed = [finding.fault for finding in tested.findings if not (finding.caught or finding.harmless)]
    said = [f"self-test: the judge let pass: {', '.join(missed)}"] if missed else []
    if tested.accused:
        said.append(f"self-test: the judge accused {tested.backend} without a fault: {tested.accused}")
    if not tested.passed and not said:
        said.append(
            f"self-test: the judge is too blunt: the smallest factor caught is 1 + {tested.smallest_factor:.0e}"
        )
    return said
