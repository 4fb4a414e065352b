"""The words about a loss: its formula, what a mistake is in its gradient, of which other a gradient is right."""

from __future__ import annotations

from dataclasses import replace

from handgrad.compare.results.diagnosis import Assessment, LossName, Mistake
from handgrad.reports.check.words import MISTAKES, Wording

#: With r = X W + b − y.
FORMULAS: dict[LossName, str] = {
    "mse": "(1/n) Σ r²",
    "half-mse": "(1/2n) Σ r²",
    "sum": "Σ r²",
    "half-sum": "½ Σ r²",
}

#: What stands before the sums of the gradient, where the mean squared error has (2/n).
_FACTORS: dict[LossName, str] = {"mse": "(2/n) ", "half-mse": "(1/n) ", "sum": "2 ", "half-sum": ""}

_HALF_TOO_MANY = Wording(
    title="half of what it should be: a ½ too many",
    mathematics="d(½ r²)/dr = r, so dW = (2/n) Xᵀ r, db = (2/n) Σ r",
    hint="The 2 of the square cancels the ½ of the loss: no ½ is left in the gradient.",
    question="What is the derivative of ½ r² with respect to r?",
)
_HALF_MISSING = Wording(
    title="twice too large: the ½ of the loss is missing",
    mathematics="d(½ r²)/dr = r, so dW = (2/n) Xᵀ r, db = (2/n) Σ r",
    hint="The loss has a ½ in front, which cancels the 2 of the square.",
    question="What is the derivative of ½ r² with respect to r?",
)
_LOSS_DOUBLED = Wording(
    title="twice what it should be: the ½ is missing",
    mathematics="L = (1/n) Σ r²",
    hint="This loss has a ½ in front.",
    question="Which factor stands before the sum of squares?",
)
_LOSS_HALVED = replace(_LOSS_DOUBLED, title="half of what it should be: a ½ too many", hint="This loss has one ½.")

#: What a factor of 2 is where the loss has a ½.
_HALVES = {
    "two-missing": _HALF_TOO_MANY,
    "two-twice": _HALF_MISSING,
    "halved-loss": _LOSS_HALVED,
    "doubled-loss": _LOSS_DOUBLED,
}

#: What the right answer of another loss lacks, or has too much, for the mean squared error.
_FOR_THE_MEAN: dict[LossName, str] = {
    "half-mse": "the 2 is missing",
    "sum": "it is n times too large",
    "half-sum": "the 2 is missing, and it is a sum in place of a mean",
}
_LOSS_FOR_THE_MEAN: dict[LossName, str] = {
    "half-mse": "it is half of what it should be",
    "sum": "it is n times too large",
    "half-sum": "it is n/2 times what it should be",
}


#: What is said of a loss, where the table's words are about its gradient.
_OF_A_LOSS = {
    "sign": Wording(
        title="the sign is wrong: the loss falls where it should grow",
        mathematics="L = (1/n) Σ r², a sum of squares: never below 0",
        hint="Leave out the minus.",
        question="Can a sum of squares be below 0?",
    ),
    "sum-instead-of-mean": Wording(
        title="n times too large: a sum where the mean should be",
        mathematics="L = (1/n) Σ r²",
        hint="Divide by the number of rows, len(y).",
        question="If every row of the data stood there twice, what would become of this loss?",
    ),
    "mean-instead-of-sum": Wording(
        title="n times too small: a mean where the sum should be",
        mathematics="L = (1/n) Σ r²",
        hint="Do not divide by the number of rows: this loss is a sum.",
        question="If every row of the data stood there twice, what would become of this loss?",
    ),
    "absolute-error": Wording(
        title="the absolute error, not the squared one",
        mathematics="L = (1/n) Σ r², not Σ |r|",
        hint="Square the residual in place of taking its size.",
        question="If all residuals are twice as large, what should become of the loss?",
    ),
    "bias-left-out": Wording(
        title="the bias is left out of the forward pass",
        mathematics="ŷ = X W + b",
        hint="Add b to X W before the residual is taken.",
        question="Does your loss change when only b changes?",
    ),
    "not-the-residual": Wording(
        title="ŷ or y alone stands in place of the residual ŷ − y",
        mathematics="L = (1/n) Σ r² with r = ŷ − y",
        hint="Subtract: r = ŷ − y, before squaring.",
        question="What should the loss be at a perfect fit, and what is yours?",
    ),
    "not-reset": Wording(
        title="accumulated: each call adds its loss to that of the calls before",
        mathematics="L = (1/n) Σ r² depends on X, y, W, b alone, not on earlier calls",
        hint="Set the sum to zero at the start of every call.",
        question="What do you get when you call it twice at the same point?",
    ),
    "other-answers": Wording(
        title="the same question got another answer",
        mathematics="L = (1/n) Σ r² depends on X, y, W, b alone: not on chance, nor on earlier calls",
        hint="Look for a random number, or a variable that outlives the call.",
        question="What do you get when you call it twice at the same point?",
    ),
    "always-zero": Wording(
        title="0 everywhere: nothing is computed",
        mathematics="L = (1/n) Σ r²",
        hint="Look whether the sum is returned, and whether an integer type cuts it off (1 // n is 0).",
        question="Where does the first number that is not zero get lost?",
    ),
    "integers": Wording(
        title="whole numbers: an integer type cuts off what it cannot hold",
        mathematics="L is a real number, even where X, y, W and b are whole",
        hint="Convert first: np.asarray(X, dtype=float).",
        question="Which type do your arrays have, when X or the weights are whole numbers?",
    ),
    "of-no-known-kind": Wording(
        title="wrong, of no known kind",
        mathematics="L = (1/n) Σ r² with r = X W + b − y",
        hint="Compute the loss at the probe with the fewest rows by hand, and compare each step.",
        question="For two rows, can you do it with paper and pencil, and compare each step?",
    ),
}


def words_of(mistake: Mistake, assessment: Assessment) -> Wording | None:
    """The words about a mistake of the table: in a loss or a gradient, of which loss, in which block."""
    wording = MISTAKES.get(mistake.key)
    if wording is None:
        return None
    if "loss" in assessment.parts:
        wording = _OF_A_LOSS.get(mistake.key, wording)
    if mistake.key == "sign" and mistake.block:
        wording = replace(
            wording, hint=f"Look where a minus comes into {mistake.block}, or should, and not into the other."
        )
    return in_terms_of(wording, mistake.key, assessment.loss)


def in_terms_of(wording: Wording, key: str, loss: LossName) -> Wording:
    """The words about a mistake where the gradient, or the loss, is that of `loss`."""
    if loss == "mse":
        return wording
    own = _HALVES.get(key, wording) if loss.startswith("half") else wording
    return replace(own, mathematics=_formulas(own.mathematics, loss), hint=_formulas(own.hint, loss))


def _formulas(text: str, loss: LossName) -> str:
    """The formulas of the mean squared error turned into those of another."""
    turned = text.replace("(1/n) Σ r²", FORMULAS[loss]).replace("(2/n) ", _FACTORS[loss])
    return turned.replace("(2/m)", "(1/m)") if loss == "half-mse" else turned


def undecided(assessment: Assessment, other: LossName) -> str:
    """What is said where a right answer is that of another loss, and none was declared."""
    names = " and ".join(assessment.subjects)
    for_mean = _LOSS_FOR_THE_MEAN if set(assessment.keys) & _LOSS_KEYS else _FOR_THE_MEAN
    return (
        f"Undecided: {names} is correct for {FORMULAS[other]}; for {FORMULAS['mse']} {for_mean[other]}.\n"
        f'Say which loss is meant: --loss {other}, --loss mse, or --loss any (loss="{other}" in Python).'
    )


_LOSS_KEYS = {"halved-loss", "doubled-loss"}


def judged_by(assessment: Assessment) -> str:
    """By which loss, where that is not what is assumed."""
    formula = FORMULAS[assessment.loss]
    if assessment.loss_origin == "beside":
        return f"the loss {formula} that stands beside it"
    return "" if assessment.loss == "mse" else f"the loss {formula}"


def fewer(assessment: Assessment) -> str:
    """What is said where another loss may be meant, for which fewer of these are mistakes."""
    other = assessment.fewer_for
    if other is None:
        return ""
    left = [m.key for m in assessment.mistakes if m.block or m.key not in _FACTORS_OF[other]]
    return f"For the loss {FORMULAS[other]}, if that is meant (--loss {other}), it is {' and '.join(left)} alone."


#: What is no mistake there, by key.
_FACTORS_OF: dict[LossName, tuple[str, ...]] = {
    "mse": (),
    "half-mse": ("two-missing",),
    "sum": ("sum-instead-of-mean",),
    "half-sum": ("two-missing", "sum-instead-of-mean"),
}
