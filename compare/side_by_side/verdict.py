"""From the answers of all processes to the verdict: each backend judged, then the three answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from handgrad.backends.interface import Gradient, Training
from handgrad.compare.judge.causes import cause, evidence_at, probe_points
from handgrad.compare.judge.judge import Observed, judge
from handgrad.compare.results import reasons
from handgrad.compare.results.arrival import ArrivalState
from handgrad.compare.results.checks import SelfTest
from handgrad.compare.results.comparison import Accuracy, BackendResult
from handgrad.compare.results.verdict import Agreement, Arrived, Objection, Verdict
from handgrad.compare.side_by_side.answers import Answers, number
from handgrad.compare.side_by_side.choice import choice
from handgrad.compare.side_by_side.prepare import Prepared
from handgrad.compare.timing.messages import GradientMessage

#: What the others are compared to, by the way; the judge is the exact answer.
REFERENCES = ("numpy", "torch")

#: States of a training, the one that came farthest first.
ORDER: tuple[ArrivalState, ...] = ("yes", "not yet", "diverged")


def judged(
    results: Mapping[str, BackendResult],
    answers: Mapping[str, Answers],
    left_out: Mapping[str, GradientMessage],
    explanations: Mapping[str, str | None],
    prepared: Prepared,
) -> dict[str, BackendResult]:
    """The results with the accuracy of each backend that answered (see `judge`), and why it differs.

    Of a run that was left out, there is a gradient at the start: one that is right is noted, one that is wrong fails.
    """
    observed = {name: observation(answer, prepared) for name, answer in answers.items()}
    shaped = {name: one for name, one in left_out.items() if len(one.weights) == prepared.table.features}
    begun = {name: Observed(gradient_of(one, prepared)) for name, one in shaped.items()}
    found = judge(prepared.table, prepared.plan, observed | begun, REFERENCES)
    explained = {name: replace(found[name], explanation=explanations.get(name)) for name in observed}
    judged = {name: replace(result, accuracy=explained.get(name)) for name, result in results.items()}
    return judged | {name: with_gradient(results[name], found.get(name)) for name in left_out}


def with_gradient(result: BackendResult, found: Accuracy | None) -> BackendResult:
    """A run that was left out, with what its gradient at the start is worth; None: it is of another shape."""
    if found is None or not found.passed:
        why = "its gradient at the start has not one weight for each feature" if found is None else found.reason
        return replace(result, status="failed", reason=why)
    assert result.slow is not None
    start = found.start_gradient
    slow = replace(result.slow, gradient_ratio=start.bound_ratio if found.bound == "likely" else start.worst_case_ratio)
    return replace(result, slow=slow, reason=reasons.of_slow_run(slow))


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
    dtype, training = prepared.plan.dtype, answers.training
    return Observed(
        gradient=gradient_of(answers.gradient, prepared),
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


def gradient_of(sent: GradientMessage, prepared: Prepared) -> Gradient:
    """A gradient as a process sent it, weights (d,) in the dtype."""
    weights = np.array(sent.weights, dtype=prepared.plan.dtype)
    return Gradient(number(sent.loss), weights, number(sent.bias))


def verdict(results: Mapping[str, BackendResult], prepared: Prepared, tested: SelfTest | None = None) -> Verdict:
    """The three answers: do the backends agree, did the training arrive, which one to take.

    They agree if at least one was judged, all judged ones are right, and all that were started gave an answer; a run
    that leaves the range as the exact one does is right. A judge that was `tested` must have passed, too.
    """
    found = objections(results, prepared, tested)
    sentences = tuple(reasons.of_objection(one, results, tested) for one in found)
    passed = not found
    told = sentences or (reasons.of_agreement(sum(result.accuracy is not None for result in results.values())),)
    return Verdict(
        passed=passed,
        reasons=told,
        objections=found,
        agree=Agreement(passed, "; ".join(told)),
        arrived=arrived(results),
        choice=choice(results, prepared.plan.epochs),
    )


def objections(
    results: Mapping[str, BackendResult], prepared: Prepared, tested: SelfTest | None
) -> tuple[Objection, ...]:
    """What speaks against the backends' agreement."""
    judged_count = sum(result.accuracy is not None for result in results.values())
    return (
        *(Objection("accuracy", name) for name, r in results.items() if r.accuracy and not r.accuracy.passed),
        *(Objection(r.status, name) for name, r in results.items() if r.status == "failed" or r.status == "timeout"),
        *(Objection("diverged", name) for name, r in results.items() if is_unexplained(r, prepared)),
        *([] if judged_count else [Objection("nothing judged")]),
        *(blindness(tested) if tested is not None else []),
    )


def is_unexplained(result: BackendResult, prepared: Prepared) -> bool:
    """Whether a run diverged, and nobody knows whether the exact one does.

    The judge holds each divergence against the true loss at its epoch. Where the true run was too long to follow, the
    Hessian still says of full batches that they diverge.
    """
    followed = result.accuracy is not None and result.accuracy.epochs is not None
    foretold = prepared.forecast.overflow_epoch is not None and prepared.forecast.full_batch
    return result.status == "diverged" and not followed and not foretold


def arrived(results: Mapping[str, BackendResult]) -> Arrived | None:
    """How far the training came: as the least far of the backends that are right; None where none of them can say."""
    right = {n: r for n, r in results.items() if r.arrival and (r.accuracy is None or r.accuracy.passed)}
    states = {name: result.arrival.state for name, result in right.items() if result.arrival}
    if not states:
        return None
    state = max(states.values(), key=ORDER.index)
    stands_for_all = next(result for name, result in right.items() if states[name] == state)
    return Arrived(state, reasons.of_arrival(stands_for_all, states), states)


def blindness(tested: SelfTest) -> list[Objection]:
    """What speaks against a judge that did not pass its own test."""
    found = [Objection("missed faults")] if tested.missed else []
    if tested.accused:
        found.append(Objection("false accusation"))
    return found or ([] if tested.passed else [Objection("blunt judge")])
