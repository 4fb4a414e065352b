"""The key of each exercise that has a question. Who grades imports this; `sandbox.imports` closes it to students."""

from __future__ import annotations

from handgrad.compare.check.exercises.keys import descent, differences, gradients, nodes, scaling, sums
from handgrad.compare.check.exercises.keys.key import AnswerKey

#: By name of the exercise.
KEYS: dict[str, AnswerKey] = {
    "descent": descent.DESCENT,
    "one-chain": gradients.ONE_CHAIN,
    "one-weight": gradients.ONE_WEIGHT,
    "plus-tape": nodes.PLUS_NODE,
    "tape": nodes.NODE,
    "numerical-gradient": differences.NUMERICAL,
    "find-the-bug": differences.FIND_THE_BUG,
    "rate-search": descent.RATE_SEARCH,
    "momentum": descent.MOMENTUM,
    "standardize": scaling.STANDARDIZE,
    "parameters-back": scaling.BACK,
    "mini-batches": descent.EPOCH,
    "careful-sum": sums.CAREFUL_SUM,
    "moments": gradients.FROM_SUMS,
}
