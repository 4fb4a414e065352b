"""From the answers of all processes to the verdict: each backend judged, then one sentence for each that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from handgrad.backends.interface import Gradient, Training
from handgrad.compare.judge.causes import cause, evidence_at, probe_points
from handgrad.compare.judge.judge import Observed, judge
from handgrad.compare.results import reasons
from handgrad.compare.results.checks import SelfTest
from handgrad.compare.results.comparison import BackendResult, Objection, Verdict
from handgrad.compare.side_by_side.answers import Answers, number
from handgrad.compare.side_by_side.prepare import Prepared

#: What the others are compared to, by the way; the judge is the exact answer.
REFERENCES = ("numpy", "torch")


def judged(
    results: Mapping[str, BackendResult],
    answers: Mapping[str, Answers],
    explanations: Mapping[str, str | None],
    prepared: Prepared,
) -> dict[str, BackendResult]:
    """The results with the accuracy of each backend that answered (see `judge`), and why it differs."""
    observed = {name: observation(answer, prepared) for name, answer in answers.items()}
    found = judge(prepared.table, prepared.plan, observed, REFERENCES)
    explained = {name: replace(accuracy, explanation=explanations.get(name)) for name, accuracy in found.items()}
    return {name: replace(result, accuracy=explained.get(name)) for name, result in results.items()}


def explanation(answers: Answers, prepared: Prepared) -> str | None:
    """How a backend's gradients come about, to the bit, where it was asked; None if no known way gives them."""
    if answers.gradients is None:
        return None
    dtype = prepared.plan.dtype
    shown = evidence_at(probe_points(prepared.forecast.goal, dtype), answers.gradients)
    if not shown:
        return None
    return cause(prepared.X, prepared.y, prepared.plan.learning_rate, shown, dtype, prepared.table.exact)


def observation(answers: Answers, prepared: Prepared) -> Observed:
    """What a process answered, as arrays of the dtype. A number that JSON could not carry is NaN again."""
    dtype = prepared.plan.dtype
    gradient, training = answers.gradient, answers.training
    return Observed(
        gradient=Gradient(number(gradient.loss), np.array(gradient.weights, dtype=dtype), number(gradient.bias)),
        training=Training(
            weights=np.array(training.weights, dtype=dtype),
            bias=number(training.bias),
            losses=np.array(training.losses, dtype=np.float64),
            recorded_epochs=np.array(training.recorded_epochs, dtype=np.int64),
            recorded_weights=np.array(training.recorded_weights, dtype=dtype),
            recorded_biases=np.array(training.recorded_biases, dtype=dtype),
            diverged_at=training.diverged_at,
        ),
    )


def verdict(results: Mapping[str, BackendResult], tested: SelfTest | None = None) -> Verdict:
    """Passed if at least one backend was judged, all judged ones are right, and all that ran came to their end.

    A judge that was `tested` must have passed, too.
    """
    judged_count = sum(result.accuracy is not None for result in results.values())
    found = [
        *(Objection("accuracy", name) for name, r in results.items() if r.accuracy and not r.accuracy.passed),
        *(Objection(r.status, name) for name, r in results.items() if r.status == "failed" or r.status == "timeout"),
        *(Objection("diverged", name) for name, r in results.items() if r.status == "diverged"),
        *([] if judged_count else [Objection("nothing judged")]),
        *(blindness(tested) if tested is not None else []),
    ]
    if not found:
        return Verdict(True, (reasons.of_agreement(judged_count),))
    return Verdict(False, tuple(reasons.of_objection(one, results, tested) for one in found), tuple(found))


def blindness(tested: SelfTest) -> list[Objection]:
    """What speaks against a judge that did not pass its own test."""
    found = [Objection("missed faults")] if tested.missed else []
    if tested.accused:
        found.append(Objection("false accusation"))
    return found or ([] if tested.passed else [Objection("blunt judge")])
