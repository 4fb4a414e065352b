"""What each exercise asks, what is right there, and what the usual mistakes would answer.

A task has a few calls of the student's function, on numbers at which mistakes differ. The answer to each call comes
from `right`, in float64; each `Slip` says what a known mistake would answer to the same call. Gradients, steps and
losses in the form of `check` are graded by it and need no task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.check.mistakes import MISTAKES, Mistake

#: The arguments of one call by name, in order; and the parts of an answer, in the order of `Task.parts`.
Arguments = dict[str, Any]
Blocks = tuple[Any, ...]


@dataclass(frozen=True)
class Slip:
    """A known mistake, and what a function with it answers."""

    mistake: Mistake
    answer: Callable[..., Blocks]


def _by_position(function: Any, arguments: Mapping[str, Any]) -> Any:
    return function(*arguments.values())


@dataclass(frozen=True)
class Task:
    """One function to write.

    Attributes:
        function: Its name in the student's file.
        parts: What it returns, by name.
        calls: The arguments of each call, new ones each time.
        right: The right answer to a call.
        slips: Known mistakes, the likelier first.
        ask: How the function is called.
    """

    function: str
    parts: tuple[str, ...]
    calls: Callable[[], list[Arguments]]
    right: Callable[..., Blocks]
    slips: tuple[Slip, ...]
    ask: Callable[[Any, Mapping[str, Any]], Any] = _by_position


def _slip(id: str, title: str, mathematics: str, hint: str, question: str, answer: Callable[..., Blocks]) -> Slip:
    return Slip(Mistake(id, title, mathematics, hint, question), answer)


def _tables(*shapes: tuple[int, int]) -> list[tuple[FloatArray, FloatArray, FloatArray, float]]:
    """X, y, weights and bias: off centre, residuals of both signs, b ≠ 0."""
    made: list[tuple[FloatArray, FloatArray, FloatArray, float]] = []
    for n, d in shapes:
        random = np.random.default_rng([5, n, d])
        X = random.normal(size=(n, d)) + np.arange(1, d + 1)
        made.append((X, 3 * random.normal(size=n) - 1, random.normal(size=d) + 0.5, 0.75 + random.random()))
    return made


def _gradient(
    X: FloatArray, y: FloatArray, weights: FloatArray, bias: float, factor: float = 2.0
) -> tuple[FloatArray, float]:
    """`factor`/n · Xᵀ r and `factor`/n · Σ r."""
    residual = X @ weights + bias - y
    return factor / len(y) * (X.T @ residual), factor / len(y) * float(residual.sum())


# -- dW for one feature ----------------------------------------------------------------------------------------------


def _one_weight_calls() -> list[Arguments]:
    return [
        {"x": X[:, 0].tolist(), "y": y.tolist(), "weight": float(weights[0]), "bias": bias}
        for X, y, weights, bias in _tables((3, 1), (7, 1), (11, 1), (1, 1))
    ]


def _one_weight(x: list[float], y: list[float], weight: float, bias: float, factor: float = 2.0) -> Blocks:
    d_weights, _ = _gradient(np.array(x)[:, np.newaxis], np.array(y), np.array([weight]), bias, factor)
    return (float(d_weights[0]),)


def _without_x(x: list[float], y: list[float], weight: float, bias: float) -> Blocks:
    _, d_bias = _gradient(np.array(x)[:, np.newaxis], np.array(y), np.array([weight]), bias)
    return (d_bias,)


ONE_WEIGHT = Task(
    function="weight_gradient",
    parts=("dW",),
    calls=_one_weight_calls,
    right=_one_weight,
    slips=(
        Slip(MISTAKES["sign"], lambda **a: _one_weight(**a, factor=-2)),
        Slip(MISTAKES["two-missing"], lambda **a: _one_weight(**a, factor=1)),
        Slip(MISTAKES["two-twice"], lambda **a: _one_weight(**a, factor=4)),
        Slip(MISTAKES["sum-instead-of-mean"], lambda **a: _one_weight(**a, factor=2 * len(a["y"]))),
        Slip(MISTAKES["bias-left-out"], lambda **a: _one_weight(**(a | {"bias": 0.0}))),
        Slip(MISTAKES["not-the-residual"], lambda **a: _one_weight(**(a | {"y": [0.0] * len(a["y"])}))),
        Slip(MISTAKES["x-left-out"], _without_x),
    ),
)


# -- an epoch of mini-batches ----------------------------------------------------------------------------------------


def _epoch_calls() -> list[Arguments]:
    """Batches of unlike size, and one that stands alone."""
    cut = {7: (3, 6), 11: (4, 8), 13: (13,), 10: (5,)}
    made = []
    for X, y, weights, bias in _tables((7, 2), (11, 3), (13, 1), (10, 2)):
        rows = np.random.default_rng(len(y)).permutation(len(y))
        batches = [part for part in np.split(rows, cut[len(y)]) if len(part)]
        made.append({"X": X, "y": y, "weights": weights, "bias": bias, "learning_rate": 0.03, "batches": batches})
    return made


def _epoch(
    X: FloatArray,
    y: FloatArray,
    weights: FloatArray,
    bias: float,
    learning_rate: float,
    batches: Sequence[Any],
    once: bool = False,
    by: int = 0,
) -> Blocks:
    """With `once`, all gradients are those of the start; with `by`, they are divided by that number of rows."""
    start = weights, bias
    for rows in batches:
        d_weights, d_bias = _gradient(X[rows], y[rows], *(start if once else (weights, bias)))
        scale = learning_rate * (len(rows) / by if by else 1.0)
        weights, bias = weights - scale * d_weights, bias - scale * d_bias
    return weights, bias


def _bias_late(**a: Any) -> Blocks:
    weights, bias = a["weights"], a["bias"]
    for rows in a["batches"]:
        X, y = a["X"][rows], a["y"][rows]
        weights = weights - a["learning_rate"] * _gradient(X, y, weights, bias)[0]
        bias = bias - a["learning_rate"] * _gradient(X, y, weights, bias)[1]
    return weights, bias


EPOCH = Task(
    function="epoch",
    parts=("weights", "bias"),
    calls=_epoch_calls,
    right=_epoch,
    slips=(
        _slip(
            "one-gradient-for-all",
            "all batches take the gradient at the start of the epoch",
            "W₁ = W₀ − η ∇L₁(W₀), W₂ = W₁ − η ∇L₂(W₁): each batch starts where the one before ended",
            "Compute the residual inside the loop over the batches, from the parameters as they are now.",
            "At which parameters is the second batch's gradient taken?",
            lambda **a: _epoch(**a, once=True),
        ),
        Slip(MISTAKES["whole-n-in-batch"], lambda **a: _epoch(**a, by=len(a["y"]))),
        _slip(
            "last-batch-left-out",
            "the last batch is left out where it is shorter than the others",
            "every row belongs to one batch, the last one may be shorter",
            "Go through all batches that were given, whatever their length.",
            "Which rows has your function never seen?",
            lambda **a: _epoch(**(a | {"batches": [b for b in a["batches"] if len(b) == len(a["batches"][0])]})),
        ),
        _slip(
            "whole-table",
            "every update uses all rows of the table",
            "for a batch B: dW = (2/|B|) Σ_{i∈B} xᵢ rᵢ",
            "Take the rows of the batch first: X[rows], y[rows].",
            "How many rows should each update look at?",
            lambda **a: _epoch(**(a | {"batches": [np.arange(len(a["y"]))] * len(a["batches"])})),
        ),
        Slip(MISTAKES["updated-too-early"], _bias_late),
        Slip(MISTAKES["sign"], lambda **a: _epoch(**(a | {"learning_rate": -a["learning_rate"]}))),
        Slip(MISTAKES["two-missing"], lambda **a: _epoch(**(a | {"learning_rate": a["learning_rate"] / 2}))),
    ),
)


# -- momentum --------------------------------------------------------------------------------------------------------


def _momentum_calls() -> list[Arguments]:
    return [
        {
            "parameters": random.normal(size=d),
            "gradient": random.normal(size=d),
            "velocity": random.normal(size=d),
            "learning_rate": rate,
            "momentum": momentum,
        }
        for d, rate, momentum in ((2, 0.1, 0.9), (3, 0.25, 0.5), (5, 0.01, 0.8), (1, 0.5, 0.0))
        for random in (np.random.default_rng([6, d]),)
    ]


def _momentum(
    parameters: FloatArray, gradient: FloatArray, velocity: FloatArray, learning_rate: float, momentum: float
) -> Blocks:
    new = momentum * velocity + gradient
    return parameters - learning_rate * new, new


def _old_velocity(**a: Any) -> Blocks:
    return a["parameters"] - a["learning_rate"] * a["velocity"], _momentum(**a)[1]


def _damped(**a: Any) -> Blocks:
    return _momentum(**(a | {"gradient": (1 - a["momentum"]) * a["gradient"]}))


def _rate_in_velocity(sign: float) -> Callable[..., Blocks]:
    def answer(**a: Any) -> Blocks:
        new = a["momentum"] * a["velocity"] + sign * a["learning_rate"] * a["gradient"]
        return a["parameters"] - sign * new, new

    return answer


_RATE_IN_VELOCITY = Mistake(
    "rate-in-velocity",
    "the learning rate is inside the velocity: another form of momentum",
    "v ← β v + g, θ ← θ − η v: η stands in the step, not in v",
    "Multiply by the learning rate when the parameters move, not when the velocity is made.",
    "If the learning rate changes in the middle of a run, should the velocity change, too?",
)

MOMENTUM = Task(
    function="momentum_step",
    parts=("parameters", "velocity"),
    calls=_momentum_calls,
    right=_momentum,
    slips=(
        _slip(
            "no-momentum",
            "the velocity is not used: this is plain descent",
            "v ← β v + g, θ ← θ − η v",
            "Start from the velocity that was given: β v + g, not g alone.",
            "What becomes of the velocity that your function is given?",
            lambda **a: _momentum(**(a | {"momentum": 0.0})),
        ),
        _slip(
            "old-velocity",
            "the step is taken with the velocity from before",
            "v ← β v + g comes first, then θ ← θ − η v with the new v",
            "Compute the new velocity, then use it for the step.",
            "Which velocity moves the parameters: the one before or the one after this gradient?",
            _old_velocity,
        ),
        _slip(
            "damped-gradient",
            "the gradient is scaled by 1 − β: another form of momentum",
            "v ← β v + g, without a factor before g",
            "Add the whole gradient. (Adam's averages have the 1 − β; this exercise is PyTorch's SGD.)",
            "Which factor stands before the gradient in the formula of the exercise?",
            _damped,
        ),
        Slip(_RATE_IN_VELOCITY, _rate_in_velocity(1.0)),
        Slip(_RATE_IN_VELOCITY, _rate_in_velocity(-1.0)),
        _slip(
            "uphill",
            "the step goes uphill",
            "θ ← θ − η v",
            "Subtract the step.",
            "Does the loss grow or fall along the gradient?",
            lambda **a: (2 * a["parameters"] - _momentum(**a)[0], _momentum(**a)[1]),
        ),
    ),
)


# -- standardised features -------------------------------------------------------------------------------------------


def _standardize_calls() -> list[Arguments]:
    units = np.array([100.0, 1.0, 0.01, 10.0])
    return [{"X": X * units[: X.shape[1]]} for X, *_ in _tables((5, 2), (11, 3), (7, 4), (3, 3))]


def _standardize(X: FloatArray, **options: Any) -> Blocks:
    """`options` are those of NumPy's `mean` and `std`."""
    means, scales = X.mean(axis=options.get("axis", 0)), X.std(**({"axis": 0} | options))
    return (X - means) / scales, means, scales


def _by_row(X: FloatArray) -> Blocks:
    means, scales = X.mean(axis=1), X.std(axis=1)
    return (X - means[:, np.newaxis]) / scales[:, np.newaxis], means, scales


STANDARDIZE = Task(
    function="standardize",
    parts=("Z", "means", "scales"),
    calls=_standardize_calls,
    right=_standardize,
    slips=(
        _slip(
            "sample-deviation",
            "the standard deviation is divided by n − 1",
            "sⱼ² = (1/n) Σᵢ (xᵢⱼ − mⱼ)²",
            "Divide by n: NumPy's std does, pandas' and statistics.stdev do not.",
            "Which mean square should Z have in every column, and which has yours?",
            lambda X: _standardize(X, ddof=1),
        ),
        _slip(
            "variance",
            "divided by the variance, not by its root",
            "zᵢⱼ = (xᵢⱼ − mⱼ) / sⱼ, sⱼ = √((1/n) Σᵢ (xᵢⱼ − mⱼ)²)",
            "Take the square root of the variance.",
            "In which units is your scale, and in which the column?",
            lambda X: ((X - X.mean(axis=0)) / X.var(axis=0), X.mean(axis=0), X.var(axis=0)),
        ),
        _slip(
            "not-centred",
            "the mean is not subtracted",
            "zᵢⱼ = (xᵢⱼ − mⱼ) / sⱼ",
            "Subtract the column's mean before dividing.",
            "What is the mean of each column of your Z?",
            lambda X: (X / X.std(axis=0), X.mean(axis=0), X.std(axis=0)),
        ),
        _slip(
            "by-row",
            "each row is standardised, not each column",
            "mⱼ = (1/n) Σᵢ xᵢⱼ: one mean for each feature j",
            "Take mean and deviation down the columns: axis=0.",
            "How many means should there be: one for each row or one for each feature?",
            _by_row,
        ),
    ),
)


def _back_calls() -> list[Arguments]:
    return [
        {"weights": weights, "bias": bias, "means": X.mean(axis=0), "scales": X.std(axis=0) + 0.5}
        for X, _, weights, bias in _tables((5, 1), (7, 2), (11, 3), (13, 5))
    ]


def _back(weights: FloatArray, bias: float, means: FloatArray, scales: FloatArray) -> Blocks:
    own = weights / scales
    return own, bias - float(means @ own)


BACK = Task(
    function="parameters_back",
    parts=("weights", "bias"),
    calls=_back_calls,
    right=_back,
    slips=(
        _slip(
            "bias-not-moved",
            "the bias is left as it was",
            "ŷ = Σ Wⱼ (xⱼ − mⱼ)/sⱼ + b: the terms with mⱼ do not depend on x, and belong to the bias",
            "Multiply the model out, and collect what does not depend on x.",
            "What do both models predict for x = 0?",
            lambda **a: (_back(**a)[0], a["bias"]),
        ),
        _slip(
            "times-the-scale",
            "the weights are multiplied by the scales, not divided",
            "Wⱼ (xⱼ − mⱼ)/sⱼ = (Wⱼ/sⱼ) xⱼ − …",
            "Divide each weight by its feature's scale.",
            "If a feature is given in millimetres in place of metres, does its weight grow or shrink?",
            lambda **a: (a["weights"] * a["scales"], a["bias"] - float(a["means"] @ (a["weights"] * a["scales"]))),
        ),
        _slip(
            "bias-of-other-weights",
            "the bias is moved with the weights of the standardised features",
            "b′ = b − Σ mⱼ Wⱼ/sⱼ",
            "Use the new weights, Wⱼ/sⱼ, for the bias, too.",
            "Which weights go with the means: the old or the new ones?",
            lambda **a: (_back(**a)[0], a["bias"] - float(a["means"] @ a["weights"])),
        ),
        _slip(
            "bias-the-other-way",
            "the bias is moved the other way",
            "b′ = b − Σ mⱼ Wⱼ/sⱼ",
            "Mind the sign: xⱼ − mⱼ.",
            "What do both models predict for x = 0?",
            lambda **a: (_back(**a)[0], 2 * a["bias"] - _back(**a)[1]),
        ),
    ),
)


# -- numerical gradients ---------------------------------------------------------------------------------------------


def _quartic(weights: Any, bias: float) -> float:
    """Not a quadratic: forward and central differences differ in more than the last digits."""
    steps = np.arange(1, len(weights) + 1)
    return float((steps * np.asarray(weights) ** 4).sum() + np.prod(weights) + bias**3 - 2 * bias * weights[0])


def _numerical_calls() -> list[Arguments]:
    return [
        {"loss": _quartic, "weights": weights, "bias": bias, "h": h}
        for (_, _, weights, bias), h in zip(
            _tables((3, 1), (3, 2), (3, 3), (3, 5)), (0.5, 0.25, 0.125, 0.25), strict=True
        )
    ]


def _differences(
    loss: Any, weights: FloatArray, bias: float, h: float, back: float = 1.0, width: float = 2.0
) -> Blocks:
    """(L(θ + h e) − L(θ − `back` h e)) / (`width` h) for each parameter."""
    units = h * np.eye(len(weights))
    d_weights = [(loss(weights + u, bias) - loss(weights - back * u, bias)) / (width * h) for u in units]
    return np.array(d_weights), (loss(weights, bias + h) - loss(weights, bias - back * h)) / (width * h)


def _all_at_once(loss: Any, weights: FloatArray, bias: float, h: float) -> Blocks:
    together = (loss(weights + h, bias) - loss(weights - h, bias)) / (2 * h)
    return np.full(len(weights), together), _differences(loss, weights, bias, h)[1]


NUMERICAL = Task(
    function="numerical_gradient",
    parts=("dW", "db"),
    calls=_numerical_calls,
    right=_differences,
    slips=(
        _slip(
            "forward-difference",
            "a forward difference, whose error falls with h only, not with h²",
            "∂L/∂θⱼ ≈ (L(θ + h eⱼ) − L(θ − h eⱼ)) / 2h",
            "Step to both sides: L(θ + h e) − L(θ − h e).",
            "For L = θ², what does your formula give at θ = 0?",
            lambda **a: _differences(**a, back=0.0, width=1.0),
        ),
        _slip(
            "backward-difference",
            "a backward difference, whose error falls with h only, not with h²",
            "∂L/∂θⱼ ≈ (L(θ + h eⱼ) − L(θ − h eⱼ)) / 2h",
            "Step to both sides: L(θ + h e) − L(θ − h e).",
            "For L = θ², what does your formula give at θ = 0?",
            lambda **a: _differences(**(a | {"h": -a["h"]}), back=0.0, width=1.0),
        ),
        _slip(
            "divided-by-h",
            "twice too large: divided by h, where the two points are 2h apart",
            "∂L/∂θⱼ ≈ (L(θ + h eⱼ) − L(θ − h eⱼ)) / 2h",
            "Divide by the distance of the two points.",
            "How far apart are the two points at which you ask for the loss?",
            lambda **a: _differences(**a, width=1.0),
        ),
        _slip(
            "all-weights-at-once",
            "all weights are moved at once",
            "eⱼ moves the weight j alone",
            "Copy the weights, and add h to one of them.",
            "Which weights differ between your two points?",
            _all_at_once,
        ),
    ),
)


# -- a penalised loss ------------------------------------------------------------------------------------------------


def _ridge_calls() -> list[Arguments]:
    return [
        {"X": X, "y": y, "weights": weights, "bias": bias, "penalty": penalty}
        for (X, y, weights, bias), penalty in zip(
            _tables((7, 2), (11, 3), (13, 1), (5, 5)), (0.5, 0.1, 2.0, 0.0), strict=True
        )
    ]


def _ridge(
    X: FloatArray, y: FloatArray, weights: FloatArray, bias: float, penalty: float, of_bias: float = 0.0
) -> Blocks:
    """With `of_bias`, that multiple of b is added to db."""
    d_weights, d_bias = _gradient(X, y, weights, bias)
    return d_weights + 2 * penalty * weights, d_bias + of_bias * penalty * bias


RIDGE = Task(
    function="penalised_gradient",
    parts=("dW", "db"),
    calls=_ridge_calls,
    right=_ridge,
    slips=(
        Slip(MISTAKES["bias-penalised"], lambda **a: _ridge(**a, of_bias=2.0)),
        Slip(MISTAKES["penalty-without-factor"], lambda **a: _ridge(**(a | {"penalty": a["penalty"] / 2}))),
        _slip(
            "penalty-left-out",
            "the penalty's derivative is missing",
            "L = (1/n) Σ r² + λ Σ Wⱼ²: its derivative has two terms",
            "Add the derivative of λ Wⱼ² to dWⱼ.",
            "Does your gradient change when λ does?",
            lambda **a: _ridge(**(a | {"penalty": 0.0})),
        ),
        _slip(
            "penalty-per-row",
            "the penalty is divided by n",
            "L = (1/n) Σ r² + λ Σ Wⱼ²: the 1/n belongs to the first sum alone",
            "Keep the penalty's term outside of the mean.",
            "If every row stood there twice, would the penalty change?",
            lambda **a: _ridge(**(a | {"penalty": a["penalty"] / len(a["y"])})),
        ),
        _slip(
            "penalty-the-other-way",
            "the penalty's sign is wrong: it drives the weights away from 0",
            "d(λ Wⱼ²)/dWⱼ = +2 λ Wⱼ",
            "Add the penalty's derivative.",
            "Should a larger λ make the weights larger or smaller?",
            lambda **a: _ridge(**(a | {"penalty": -a["penalty"]})),
        ),
        Slip(MISTAKES["sign"], lambda **a: tuple(-part for part in _ridge(**a))),
    ),
)


# -- a tape of one's own ---------------------------------------------------------------------------------------------

#: Expressions as programs: each operation takes two earlier numbers by position, and its result is the next one.
_PROGRAMS: tuple[tuple[list[float], list[tuple[str, int, int]]], ...] = (
    ([3.0, -2.0], [("+", 0, 1)]),
    ([3.0, -2.0], [("*", 0, 1)]),
    ([1.5], [("*", 0, 0)]),
    ([0.5, -3.0, 2.0], [("*", 0, 1), ("+", 3, 2)]),
    ([2.0, 5.0], [("*", 0, 1), ("+", 2, 0)]),
    ([2.0, -0.5], [("*", 0, 1), ("+", 2, 0), ("*", 2, 3), ("+", 4, 2)]),
    ([1.25, 0.75], [("+", 0, 1), ("*", 2, 2), ("*", 3, 2), ("+", 4, 1)]),
)


def _program_calls() -> list[Arguments]:
    return [{"values": list(values), "operations": list(operations)} for values, operations in _PROGRAMS]


def _run_on_nodes(node: Any, arguments: Mapping[str, Any]) -> Any:
    """The program on the student's nodes, then `backward()` from its end."""
    nodes = [node(value) for value in arguments["values"]]
    leaves = list(nodes)
    for operation, left, right in arguments["operations"]:
        nodes.append(nodes[left] + nodes[right] if operation == "+" else nodes[left] * nodes[right])
    nodes[-1].backward()
    return nodes[-1].value, [leaf.adjoint for leaf in leaves]


def _tape(
    values: Sequence[float], operations: Sequence[tuple[str, int, int]], fault: str = ""
) -> tuple[list[float], list[list[tuple[int, float]]]]:
    """The value of each number, and (parent, local derivative) of each."""
    all_values = list(values)
    parents: list[list[tuple[int, float]]] = [[] for _ in values]
    for operation, left, right in operations:
        u, v = all_values[left], all_values[right]
        all_values.append(u + v if operation == "+" else u * v)
        local = (1.0, 1.0) if operation == "+" else (u, v) if fault == "swapped" else (v, u)
        parents.append(list(zip((left, right), local, strict=True)))
    return all_values, parents


def _adjoints(values: Sequence[float], operations: Sequence[tuple[str, int, int]], fault: str = "") -> Blocks:
    """The walk back, in the reverse order of the program; with a `fault`, "overwritten" or "swapped"."""
    all_values, parents = _tape(values, operations, fault)
    adjoints = [0.0] * len(all_values)
    adjoints[-1] = 1.0
    for node in reversed(range(len(all_values))):
        for parent, local in parents[node]:
            share = adjoints[node] * local
            adjoints[parent] = share if fault == "overwritten" else adjoints[parent] + share
    return all_values[-1], adjoints[: len(values)]


def _too_early(values: Sequence[float], operations: Sequence[tuple[str, int, int]]) -> Blocks:
    """A node passes on what it has got whenever a share arrives, not once when all have."""
    all_values, parents = _tape(values, operations)
    adjoints = [0.0] * len(all_values)
    adjoints[-1] = 1.0

    def visit(node: int) -> None:
        for parent, local in parents[node]:
            adjoints[parent] += adjoints[node] * local
            visit(parent)

    visit(len(all_values) - 1)
    return all_values[-1], adjoints[: len(values)]


NODE = Task(
    function="Node",
    parts=("value", "adjoints"),
    calls=_program_calls,
    right=_adjoints,
    slips=(
        _slip(
            "overwritten",
            "an adjoint is overwritten where a node is used twice",
            "adjoint(u) = Σ over all users f of u: adjoint(f) · ∂f/∂u",
            "Add to the parent's adjoint, with +=, in place of setting it.",
            "In x · x, how many edges lead back to x?",
            lambda **a: _adjoints(**a, fault="overwritten"),
        ),
        _slip(
            "visited-too-early",
            "a node passes its adjoint on before all shares have arrived",
            "a node's adjoint is complete only after all its users; so walk in reverse topological order",
            "List all nodes first, each after its parents; then walk that list backwards, each node once.",
            "A node has two users. What does it pass on when the first has been there, and what after the second?",
            _too_early,
        ),
        _slip(
            "swapped",
            "the local derivatives of the product are swapped",
            "∂(u v)/∂u = v, ∂(u v)/∂v = u",
            "Each factor's derivative is the other factor.",
            "If v is 0, does u v depend on u?",
            lambda **a: _adjoints(**a, fault="swapped"),
        ),
    ),
    ask=_run_on_nodes,
)
