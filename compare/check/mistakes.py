"""The mistakes that have names: what is said about each, and the recipes by which it is recognised.

A `Mistake` is for a person: a title, the line of mathematics that it breaks, a hint, a question that does not give the
answer away. A `Deviation` is for the machine: one way in which a mistake is made, as switches of a `Recipe`. A
`Hypothesis` is a recipe with the names of what it does wrong; those with two names are the products of those with one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations, product
from typing import Any, Literal

from handgrad.compare.check.recipes import Recipe, Scale

Kind = Literal["gradient", "step", "loss", "trainer"]


@dataclass(frozen=True)
class Mistake:
    """A mistake in words.

    Attributes:
        id: Short and stable, for programs.
        title: What is wrong, in one line.
        mathematics: The line that it breaks.
        hint: What to change.
        question: What to ask somebody who should find it alone.
    """

    id: str
    title: str
    mathematics: str
    hint: str
    question: str


@dataclass(frozen=True)
class Deviation:
    """One way to make a mistake.

    Attributes:
        mistake: Its id.
        detail: Where, or in which form; may be empty.
        switches: Fields of `Recipe` that differ from the right way.
        cause: For a wrong factor on one block: the mistake that it would be on both.
    """

    mistake: str
    detail: str = ""
    switches: dict[str, Any] = field(default_factory=dict)
    cause: str = ""

    @property
    def block(self) -> str:
        """The one block that it changes, of those for which only the factor is wrong."""
        return next(iter(self.switches)) if self.mistake == "one-block-only" else ""


@dataclass(frozen=True)
class Hypothesis:
    """A recipe, and the mistakes in it; none for the right one."""

    recipe: Recipe
    deviations: tuple[Deviation, ...] = ()

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The ids. Two wrong factors on two different blocks are named by what each of them is."""
        if len({d.block for d in self.deviations if d.block}) == 2:
            return tuple(d.cause for d in self.deviations)
        return tuple(d.mistake for d in self.deviations)

    @property
    def details(self) -> tuple[str, ...]:
        """What is said beside each mistake's title."""
        return tuple(d.detail for d in self.deviations)


MISTAKES = {
    mistake.id: mistake
    for mistake in (
        Mistake(
            "sign",
            "the sign is wrong: the gradient points downhill",
            "r = ŷ − y, dW = +(2/n) Xᵀ r, db = +(2/n) Σ r",
            "Take ŷ − y, not y − ŷ; the minus belongs into the update W ← W − η dW, once.",
            "If a weight grows a little, does the loss grow or fall? What does your gradient say?",
        ),
        Mistake(
            "two-missing",
            "half of what it should be: the 2 of the square is missing",
            "d(r²)/dr = 2 r, so dW = (2/n) Xᵀ r, db = (2/n) Σ r",
            "The loss is (1/n) Σ r², without a ½ in front: its derivative keeps the 2.",
            "What is the derivative of r² with respect to r?",
        ),
        Mistake(
            "two-twice",
            "twice too large: the 2 of the square was counted twice",
            "d(r²)/dr = 2 r, so dW = (2/n) Xᵀ r, db = (2/n) Σ r",
            "Look where the 2 comes from: it belongs into the formula once.",
            "How often does the 2 of the square come in on the way from the loss to dW?",
        ),
        Mistake(
            "sum-instead-of-mean",
            "n times too large: a sum where the mean should be",
            "L = (1/n) Σ r², so dW = (2/n) Xᵀ r, db = (2/n) Σ r",
            "Divide by the number of rows, len(y).",
            "If every row of the data stood there twice, what would become of the loss? And of your gradient?",
        ),
        Mistake(
            "whole-n-in-batch",
            "divided by a fixed number of rows, not by the rows that were given",
            "for a batch B of m rows: dW = (2/m) Σ_{i∈B} xᵢ rᵢ",
            "Divide by len(y) of the rows at hand, not by the size of the whole data.",
            "Which number do you divide by when only some of the rows are given?",
        ),
        Mistake(
            "one-block-only",
            "right for one block only: dW and db do not carry the same factor",
            "dW = (2/n) Xᵀ r and db = (2/n) Σ r: the same 2/n, the same r",
            "Compute the factor 2/n and the residual once, and use them for both.",
            "Which factor stands before the sum in dW, and which in db?",
        ),
        Mistake(
            "broadcast-residual",
            "(n,) against (n, 1): the residual became an n × n table",
            "rᵢ = ŷᵢ − yᵢ, one number per row, not all ŷᵢ − y_k",
            "Print the residual's shape. Give ŷ and y the same one: y.reshape(-1, 1), or ŷ.ravel().",
            "How many numbers should the residual have, and what is the shape of yours?",
        ),
        Mistake(
            "updated-too-early",
            "one parameter was already updated when the other's derivative was taken",
            "dW and db are both taken at (W, b); only then W ← W − η dW, b ← b − η db",
            "Compute both derivatives first, then update both.",
            "At which parameters do you take the second derivative?",
        ),
        Mistake(
            "not-reset",
            "accumulated: each call adds its gradient to that of the calls before",
            "dW = (2/n) Xᵀ r depends on X, y, W, b alone, not on earlier calls",
            "Set the sums to zero at the start of every call (zero_grad).",
            "What do you get when you call it twice at the same point?",
        ),
        Mistake(
            "bias-penalised",
            "a multiple of b is added to db: the bias is regularised",
            "db = (2/n) Σ r; a penalty, where one is wanted, is on W alone",
            "Leave the bias out of the penalty.",
            "Which terms of db depend on b alone, and not on the data?",
        ),
        Mistake(
            "penalty-without-factor",
            "a multiple of W is added to dW: a penalty that the loss does not have",
            "L = (1/n) Σ r² gives dW = (2/n) Xᵀ r; a term λ|W|² would give 2λW, not λW",
            "Remove it here; where a penalty λ|W|² is wanted, put it into the loss and add 2λW.",
            "Which term of the loss would have to be there for each term of your dW?",
        ),
        Mistake(
            "not-the-residual",
            "ŷ or y alone stands in place of the residual ŷ − y",
            "dL/dŷᵢ = (2/n) (ŷᵢ − yᵢ)",
            "Subtract: r = ŷ − y, before multiplying with X.",
            "What should your gradient be at a perfect fit, and what is it?",
        ),
        Mistake(
            "bias-left-out",
            "the bias is left out of the forward pass",
            "ŷ = X W + b",
            "Add b to X W before the residual is taken.",
            "Does your gradient change when only b changes?",
        ),
        Mistake(
            "x-left-out",
            "x is left out of dW: every dWⱼ equals db",
            "∂ŷᵢ/∂Wⱼ = xᵢⱼ, so dWⱼ = (2/n) Σ xᵢⱼ rᵢ",
            "Multiply each residual with its xᵢⱼ before summing.",
            "What is the derivative of ŷ with respect to W, and what with respect to b?",
        ),
        Mistake(
            "absolute-error",
            "the gradient of the absolute error, not of the squared one",
            "d(r²)/dr = 2 r, but d|r|/dr = sign(r)",
            "Use the residual itself, not its sign.",
            "If all residuals are twice as large, what becomes of the gradient?",
        ),
        Mistake(
            "transposed",
            "transposed, or summed over the wrong axis",
            "dW = (2/n) Xᵀ r: (d, n) times (n,) is (d,); the sum runs over the rows",
            "Multiply X.T with the residual, or sum over axis 0; keep the features in their order.",
            "Over which index does the sum run, and which one is left?",
        ),
        Mistake(
            "integers",
            "whole numbers: an integer type cuts off what it cannot hold",
            "dW and db are real numbers, even where X, y, W and b are whole",
            "Convert first: np.asarray(X, dtype=float); make buffers with np.zeros(d), not zeros_like.",
            "Which type do your arrays have, when X or the weights are whole numbers?",
        ),
        Mistake(
            "float32-accumulation",
            "computed in float32, though the data is float64",
            "float32 rounds each sum at 6e-8 of it, float64 at 1e-16",
            "Keep sums and buffers in float64, the data's type.",
            "Which type does each array and each sum have?",
        ),
        Mistake(
            "halved-loss",
            "half of what it should be: a ½ too many",
            "L = (1/n) Σ r²",
            "This loss has no ½.",
            "Which factor stands before the sum of squares?",
        ),
        Mistake(
            "root-of-loss",
            "the root of the mean squared error",
            "L = (1/n) Σ r², in units of y²",
            "Leave out the square root.",
            "Which unit has your loss, if y is in metres?",
        ),
        Mistake(
            "always-zero",
            "0 everywhere: nothing is computed, or a step is lost in whole numbers",
            "dW = (2/n) Xᵀ r, db = (2/n) Σ r",
            "Look whether the sums are returned, and whether an integer type cuts them off (2 // n is 0).",
            "Where does the first number that is not zero get lost?",
        ),
        Mistake(
            "changes-its-input",
            "the arrays that it is given are changed",
            "the caller's X, y and W stay as they are",
            "Make a new array (W = W − η dW) where you now change one in place (W −= η dW).",
            "What is left of the arrays that you were given when your function is done?",
        ),
    )
}

UNKNOWN = Mistake(
    "of-no-known-kind",
    "wrong, of no known kind",
    "dW = (2/n) Xᵀ r, db = (2/n) Σ r, with r = X W + b − y",
    "Compute the gradient at the probe with the fewest rows by hand, and compare each step.",
    "For two rows, can you do it with paper and pencil, and compare each step?",
)


@cache
def hypotheses(kind: Kind) -> tuple[Hypothesis, ...]:
    """Every single mistake, those first that explain most with least."""
    deviations = _loss_deviations() if kind == "loss" else _gradient_deviations(kind)
    return tuple(Hypothesis(_recipe(d), (d,)) for d in deviations)


@cache
def pairs(kind: Kind) -> tuple[Hypothesis, ...]:
    """Every two mistakes that can be made together."""
    singles = [hypothesis.deviations[0] for hypothesis in hypotheses(kind)]
    return tuple(Hypothesis(_recipe(a, b), (a, b)) for a, b in combinations(singles, 2) if _together(a, b))


def _recipe(*deviations: Deviation) -> Recipe:
    switches: dict[str, Any] = {}
    for deviation in deviations:
        for name, value in deviation.switches.items():
            switches[name] = switches[name] * value if name in switches else value
    return Recipe(**switches)


def _together(a: Deviation, b: Deviation) -> bool:
    """Not the same mistake twice, no switch turned twice, and at most one unknown in a block."""
    if a.mistake == b.mistake and not (a.block and b.block and a.block != b.block and a.cause and b.cause):
        return False
    shared = set(a.switches) & set(b.switches)
    if any(not isinstance(a.switches[name], Scale) for name in shared):
        return False
    return len({"fixed", "penalty", "loose"} & (_freedoms(a) | _freedoms(b))) < 2


def _freedoms(deviation: Deviation) -> set[str]:
    names = {
        "fixed_rows": "fixed",
        "penalty_weights": "penalty",
        "penalty_bias": "penalty",
        "single_weights": "loose",
        "single_bias": "loose",
    }
    return {names[name] for name in deviation.switches if name in names}


def _gradient_deviations(kind: Kind) -> Iterator[Deviation]:
    yield from _both_scaled()
    if kind == "step":
        yield Deviation("updated-too-early", "W moved before db was taken", {"order": "weights-first"})
        yield Deviation("updated-too-early", "b moved before dW was taken", {"order": "bias-first"})
    yield Deviation("bias-left-out", "", {"forward": "no-bias"})
    yield Deviation("not-the-residual", "ŷ", {"residual": "prediction"})
    yield Deviation("not-the-residual", "y", {"residual": "target"})
    yield Deviation("not-the-residual", "−y", {"residual": "minus-target"})
    yield Deviation("absolute-error", "", {"residual": "sign"})
    yield Deviation("absolute-error", "times 2", {"residual": "twice-sign"})
    yield Deviation("x-left-out", "", {"factor": "ones"})
    yield from _broadcast()
    yield from _transposed()
    yield Deviation("penalty-without-factor", "", {"penalty_weights": "plain"})
    yield Deviation("penalty-without-factor", "divided by n", {"penalty_weights": "per-row"})
    yield Deviation("bias-penalised", "", {"penalty_bias": "plain"})
    yield Deviation("bias-penalised", "divided by n", {"penalty_bias": "per-row"})
    yield Deviation("not-reset", "", {"accumulated": True})
    yield from _float32()
    yield from _integers()
    yield from _one_block()
    yield Deviation("whole-n-in-batch", "", {"fixed_rows": True})


def _both_scaled() -> Iterator[Deviation]:
    for mistake, scale in _FACTORS.items():
        yield Deviation(mistake, "", {"scale_weights": scale, "scale_bias": scale})
    whole = Scale(rows=1, total=-1)
    yield Deviation("whole-n-in-batch", "", {"scale_weights": whole, "scale_bias": whole})
    yield Deviation("always-zero", "", {"scale_weights": Scale(0.0), "scale_bias": Scale(0.0)})


def _one_block() -> Iterator[Deviation]:
    for name, block, other in (("scale_weights", "dW", "db"), ("scale_bias", "db", "dW")):
        for cause, scale in _FACTORS.items():
            yield Deviation("one-block-only", f"{block} is {_WORDS[cause]}, {other} is not", {name: scale}, cause)
        yield Deviation("one-block-only", f"{block} is 0", {name: Scale(0.0)})


def _broadcast() -> Iterator[Deviation]:
    """An n × n residual, averaged or summed, or still there in the answer's shape."""
    n_times = {"scale_bias": Scale(rows=1)}
    for residual in ("mean-target", "mean-prediction"):
        for scale in ({}, n_times, {"scale_weights": Scale(rows=1)}, {"scale_weights": Scale(rows=1), **n_times}):
            yield Deviation("broadcast-residual", "", {"residual": residual, **scale})
    for residual, factor in product(("matrix", "turned-matrix"), ("X", "table-first")):
        for bias in ({}, n_times, {"bias_axis": 0}, {"bias_axis": 1}):
            yield Deviation("broadcast-residual", "", {"residual": residual, "factor": factor, **bias})


def _transposed() -> Iterator[Deviation]:
    yield Deviation("transposed", "X where Xᵀ should be", {"factor": "turned"})
    yield Deviation("transposed", "Xᵀ where X should be, in ŷ", {"forward": "turned"})
    yield Deviation("transposed", "X and Xᵀ changed places", {"forward": "turned", "factor": "turned"})
    yield Deviation("transposed", "reshape in place of a transpose", {"factor": "reshaped"})
    yield Deviation("transposed", "the features are in another order", {"factor": "permuted"})
    yield Deviation("transposed", "one number per row", {"factor": "sum-over-features"})
    yield Deviation("transposed", "one number per row", {"factor": "mean-over-features"})
    yield Deviation("transposed", "one number for all features", {"factor": "sum-over-all"})
    yield Deviation("transposed", "one number for all features", {"factor": "mean-over-all"})


def _float32() -> Iterator[Deviation]:
    yield Deviation("float32-accumulation", "", {"single_weights": True, "single_bias": True})
    yield Deviation("float32-accumulation", "in dW", {"single_weights": True})
    yield Deviation("float32-accumulation", "in db", {"single_bias": True})


def _integers() -> Iterator[Deviation]:
    yield Deviation("integers", "right on floats, wrong on the same numbers as integers", {"truncated": "input"})
    for where, words in _TRUNCATED.items():
        yield Deviation("integers", words, {"truncated": where})
    for where in ("weights", "parameters"):
        yield Deviation(
            "integers", "a small step is lost in integer weights", {"truncated": where, "scale_weights": Scale(0.0)}
        )


def _loss_deviations() -> Iterator[Deviation]:
    yield Deviation("sign", "", {"scale_weights": Scale(-1)})
    yield Deviation("halved-loss", "", {"scale_weights": Scale(0.5)})
    yield Deviation("sum-instead-of-mean", "", {"scale_weights": Scale(rows=1)})
    yield Deviation("root-of-loss", "", {"power": 1})
    yield Deviation("absolute-error", "", {"residual": "sign"})
    yield Deviation("bias-left-out", "", {"forward": "no-bias"})
    yield Deviation("not-the-residual", "ŷ", {"residual": "prediction"})
    yield Deviation("not-the-residual", "y", {"residual": "target"})
    yield Deviation("broadcast-residual", "", {"residual": "matrix"})
    yield Deviation("not-reset", "", {"accumulated": True})
    yield Deviation("float32-accumulation", "", {"single_weights": True})
    yield Deviation("always-zero", "", {"scale_weights": Scale(0.0)})
    for where, words in _TRUNCATED.items():
        if where not in ("dW", "result"):
            yield Deviation("integers", words, {"truncated": where})
    yield Deviation("integers", "right on floats, wrong on the same numbers as integers", {"truncated": "input"})


_FACTORS = {
    "sign": Scale(-1.0),
    "two-missing": Scale(0.5),
    "two-twice": Scale(2.0),
    "sum-instead-of-mean": Scale(rows=1),
}
_WORDS = {
    "sign": "of the wrong sign",
    "two-missing": "half of what it should be",
    "two-twice": "twice too large",
    "sum-instead-of-mean": "n times too large",
}
_TRUNCATED = {
    "dW": "dW is cut off",
    "result": "dW and db are cut off",
    "X": "X is cut off",
    "y": "y is cut off",
    "data": "X and y are cut off",
    "weights": "the weights are cut off",
    "parameters": "weights and bias are cut off",
    "residual": "the residual is cut off",
}
