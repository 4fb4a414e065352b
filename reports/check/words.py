"""What is said about each mistake, and about each of its forms: tables of wording by key, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """A mistake in words.

    Attributes:
        title: What is wrong, in one line.
        mathematics: The line of mathematics that it breaks.
        hint: What to change.
        question: What to ask somebody who should find it alone.
    """

    title: str
    mathematics: str
    hint: str
    question: str


#: The mistakes that `check` knows, and the one that it does not know.
MISTAKES = {
    "sign": Wording(
        title="the sign is wrong: the gradient points downhill",
        mathematics="r = ŷ − y, dW = +(2/n) Xᵀ r, db = +(2/n) Σ r",
        hint="Take ŷ − y, not y − ŷ; the minus belongs into the update W ← W − η dW, once.",
        question="If a weight grows a little, does the loss grow or fall? What does your gradient say?",
    ),
    "two-missing": Wording(
        title="half of what it should be: the 2 of the square is missing",
        mathematics="d(r²)/dr = 2 r, so dW = (2/n) Xᵀ r, db = (2/n) Σ r",
        hint="The loss is (1/n) Σ r², without a ½ in front: its derivative keeps the 2.",
        question="What is the derivative of r² with respect to r?",
    ),
    "two-twice": Wording(
        title="twice too large: the 2 of the square was counted twice",
        mathematics="d(r²)/dr = 2 r, so dW = (2/n) Xᵀ r, db = (2/n) Σ r",
        hint="Look where the 2 comes from: it belongs into the formula once.",
        question="How often does the 2 of the square come in on the way from the loss to dW?",
    ),
    "sum-instead-of-mean": Wording(
        title="n times too large: a sum where the mean should be",
        mathematics="L = (1/n) Σ r², so dW = (2/n) Xᵀ r, db = (2/n) Σ r",
        hint="Divide by the number of rows, len(y).",
        question="If every row of the data stood there twice, what would become of the loss? And of your gradient?",
    ),
    "mean-instead-of-sum": Wording(
        title="n times too small: a mean where the sum should be",
        mathematics="L = (1/n) Σ r², so dW = (2/n) Xᵀ r, db = (2/n) Σ r",
        hint="Do not divide by the number of rows: this loss is a sum.",
        question="If every row of the data stood there twice, what would become of the loss? And of your gradient?",
    ),
    "whole-n-in-batch": Wording(
        title="divided by a fixed number of rows, not by the rows that were given",
        mathematics="for a batch B of m rows: dW = (2/m) Σ_{i∈B} xᵢ rᵢ",
        hint="Divide by len(y) of the rows at hand, not by the size of the whole data.",
        question="Which number do you divide by when only some of the rows are given?",
    ),
    "one-block-only": Wording(
        title="right for one block only: dW and db do not carry the same factor",
        mathematics="dW = (2/n) Xᵀ r and db = (2/n) Σ r: the same factor, the same r",
        hint="Compute the factor before the sums and the residual once, and use them for both.",
        question="Which factor stands before the sum in dW, and which in db?",
    ),
    "broadcast-residual": Wording(
        title="(n,) against (n, 1): the residual became an n × n table",
        mathematics="rᵢ = ŷᵢ − yᵢ, one number per row, not all ŷᵢ − y_k",
        hint="Print the residual's shape. Give ŷ and y the same one: y.reshape(-1, 1), or ŷ.ravel().",
        question="How many numbers should the residual have, and what is the shape of yours?",
    ),
    "updated-too-early": Wording(
        title="one parameter was already updated when the other's derivative was taken",
        mathematics="dW and db are both taken at (W, b); only then W ← W − η dW, b ← b − η db",
        hint="Compute both derivatives first, then update both.",
        question="At which parameters do you take the second derivative?",
    ),
    "not-reset": Wording(
        title="accumulated: each call adds its gradient to that of the calls before",
        mathematics="dW = (2/n) Xᵀ r depends on X, y, W, b alone, not on earlier calls",
        hint="Set the sums to zero at the start of every call (zero_grad).",
        question="What do you get when you call it twice at the same point?",
    ),
    "bias-penalised": Wording(
        title="a multiple of b is added to db: the bias is regularised",
        mathematics="db = (2/n) Σ r; a penalty, where one is wanted, is on W alone",
        hint="Leave the bias out of the penalty.",
        question="Which terms of db depend on b alone, and not on the data?",
    ),
    "penalty-without-factor": Wording(
        title="a multiple of W is added to dW: a penalty that the loss does not have",
        mathematics="L = (1/n) Σ r² gives dW = (2/n) Xᵀ r; a term λ|W|² would add 2λW, whatever λ is",
        hint="Remove it here; where a penalty λ|W|² is wanted, put it into the loss and add 2λW.",
        question="Which term of the loss would have to be there for each term of your dW?",
    ),
    "not-the-residual": Wording(
        title="ŷ or y alone stands in place of the residual ŷ − y",
        mathematics="dL/dŷᵢ = (2/n) (ŷᵢ − yᵢ)",
        hint="Subtract: r = ŷ − y, before multiplying with X.",
        question="What should your gradient be at a perfect fit, and what is it?",
    ),
    "bias-left-out": Wording(
        title="the bias is left out of the forward pass",
        mathematics="ŷ = X W + b",
        hint="Add b to X W before the residual is taken.",
        question="Does your gradient change when only b changes?",
    ),
    "x-left-out": Wording(
        title="x is left out of dW: every dWⱼ equals db",
        mathematics="∂ŷᵢ/∂Wⱼ = xᵢⱼ, so dWⱼ = (2/n) Σ xᵢⱼ rᵢ",
        hint="Multiply each residual with its xᵢⱼ before summing.",
        question="What is the derivative of ŷ with respect to W, and what with respect to b?",
    ),
    "absolute-error": Wording(
        title="the gradient of the absolute error, not of the squared one",
        mathematics="d(r²)/dr = 2 r, but d|r|/dr = sign(r)",
        hint="Use the residual itself, not its sign.",
        question="If all residuals are twice as large, what becomes of the gradient?",
    ),
    "transposed": Wording(
        title="transposed, or summed over the wrong axis",
        mathematics="dW = (2/n) Xᵀ r: (d, n) times (n,) is (d,); the sum runs over the rows",
        hint="Multiply X.T with the residual, or sum over axis 0; keep the features in their order.",
        question="Over which index does the sum run, and which one is left?",
    ),
    "integers": Wording(
        title="whole numbers: an integer type cuts off what it cannot hold",
        mathematics="dW and db are real numbers, even where X, y, W and b are whole",
        hint="Convert first: np.asarray(X, dtype=float); make buffers with np.zeros(d), not zeros_like.",
        question="Which type do your arrays have, when X or the weights are whole numbers?",
    ),
    "float32-accumulation": Wording(
        title="computed in float32, though the data is float64",
        mathematics="float32 rounds each sum at 6e-8 of it, float64 at 1e-16",
        hint="Keep sums and buffers in float64, the data's type.",
        question="Which type does each array and each sum have?",
    ),
    "halved-loss": Wording(
        title="half of what it should be: a ½ too many",
        mathematics="L = (1/n) Σ r²",
        hint="This loss has no ½.",
        question="Which factor stands before the sum of squares?",
    ),
    "doubled-loss": Wording(
        title="twice what it should be: a 2 too many",
        mathematics="L = (1/n) Σ r²",
        hint="This loss has no 2.",
        question="Which factor stands before the sum of squares?",
    ),
    "mean-twice": Wording(
        title="n times too small: divided by n twice",
        mathematics="L = (1/n) Σ r², so dW = (2/n) Xᵀ r, db = (2/n) Σ r: the 1/n once",
        hint="Divide by n once: in the residual's derivative, or after the sum, not in both.",
        question="How often do you divide by the number of rows on the way to dW?",
    ),
    "one-row-fewer": Wording(
        title="n/(n − 1) times too large: divided by n − 1",
        mathematics="L = (1/n) Σ r², so dW = (2/n) Xᵀ r, db = (2/n) Σ r",
        hint="Divide by n: the n − 1 belongs to the variance of a sample, not to this mean.",
        question="Which number do you divide by, and how many rows are there?",
    ),
    "constant-factor": Wording(
        title="a constant factor too many, the same everywhere",
        mathematics="dW = (2/n) Xᵀ r, db = (2/n) Σ r, and nothing else before the sums",
        hint="Take it out. A learning rate belongs into the step W ← W − η dW, once.",
        question="By which number would you have to divide yours, at every probe?",
    ),
    "swapped-answer": Wording(
        title="dW and db are swapped",
        mathematics="the answer is the pair (dW, db), in this order",
        hint="Return dW first, then db.",
        question="In which order are dW and db asked for, and in which do you return them?",
    ),
    "by-prediction": Wording(
        title="one number per row: the derivative by ŷ, not by W",
        mathematics="dL/dŷᵢ = (2/n) rᵢ; the chain rule goes on: dWⱼ = Σᵢ xᵢⱼ dL/dŷᵢ",
        hint="Multiply it by Xᵀ: one number per feature is left.",
        question="By which variable is your derivative, and by which should it be?",
    ),
    "one-number-for-all": Wording(
        title="one number for all parameters: summed once too often",
        mathematics="dWⱼ = (2/n) Σᵢ xᵢⱼ rᵢ: the sum runs over the rows only",
        hint="Xᵀ r has summed over the rows already; leave out the sum around it.",
        question="Over which index does the formula sum, and over which do you?",
    ),
    "new-parameters": Wording(
        title="new parameters are returned, not the gradient",
        mathematics="the gradient is dW = (2/n) Xᵀ r; the step W − η dW comes after it",
        hint="Return dW and db themselves; the update is the caller's.",
        question="What is asked for: the gradient, or the parameters after a step?",
    ),
    "numerical-difference": Wording(
        title="a numerical gradient by forward differences: off by its step h",
        mathematics="(L(θ + h) − L(θ)) / h = dL/dθ + (h/2) d²L/dθ² + …",
        hint="Use the formula; or central differences, which are exact for this loss but for rounding.",
        question="What does your difference quotient leave over when h is not 0?",
    ),
    "numerical-noise": Wording(
        title="a numerical gradient, with the noise of its rounding",
        mathematics="(L(θ + h) − L(θ − h)) / 2h is off by about u L / h, u = 1e-16: the smaller h, the more",
        hint="Use the formula; or a larger h: for this loss, central differences are exact at any h but for rounding.",
        question="How many digits are left when two losses are subtracted that are nearly equal?",
    ),
    "one-after-the-other": Wording(
        title="parameters are changed one after the other, not at once",
        mathematics="all derivatives are taken at the same (W, b); only then W ← W − η dW",
        hint="In NumPy, temp = theta makes no copy: use theta.copy(), or one update of the whole vector.",
        question="At which parameters do you take the derivative by the last weight?",
    ),
    "other-answers": Wording(
        title="the same question got another answer",
        mathematics="dW = (2/n) Xᵀ r depends on X, y, W, b alone: not on chance, nor on earlier calls",
        hint="Look for a random number, a momentum, or a variable that outlives the call.",
        question="What do you get when you call it twice at the same point?",
    ),
    "root-of-loss": Wording(
        title="the root of the mean squared error",
        mathematics="L = (1/n) Σ r², in units of y²",
        hint="Leave out the square root.",
        question="Which unit has your loss, if y is in metres?",
    ),
    "always-zero": Wording(
        title="0 everywhere: nothing is computed, or a step is lost in whole numbers",
        mathematics="dW = (2/n) Xᵀ r, db = (2/n) Σ r",
        hint="Look whether the sums are returned, and whether an integer type cuts them off (2 // n is 0).",
        question="Where does the first number that is not zero get lost?",
    ),
    "changes-its-input": Wording(
        title="the arrays that it is given are changed",
        mathematics="the caller's X, y and W stay as they are",
        hint="Make a new array (W = W − η dW) where you now change one in place (W −= η dW).",
        question="What is left of the arrays that you were given when your function is done?",
    ),
    "of-no-known-kind": Wording(
        title="wrong, of no known kind",
        mathematics="dW = (2/n) Xᵀ r, db = (2/n) Σ r, with r = X W + b − y",
        hint="Compute the gradient at the probe with the fewest rows by hand, and compare each step.",
        question="For two rows, can you do it with paper and pencil, and compare each step?",
    ),
}

#: The forms of a mistake that has several, by its key and the form's.
FORMS = {
    ("updated-too-early", "weights-first"): "W moved before db was taken",
    ("updated-too-early", "bias-first"): "b moved before dW was taken",
    ("not-the-residual", "prediction"): "ŷ",
    ("not-the-residual", "target"): "y",
    ("not-the-residual", "minus-target"): "−y",
    ("absolute-error", "twice"): "times 2",
    ("absolute-error", "at-zero"): "with ±1 where the residual is 0",
    ("penalty-without-factor", "per-row"): "divided by n",
    ("bias-penalised", "per-row"): "divided by n",
    ("transposed", "backward"): "X where Xᵀ should be",
    ("transposed", "forward"): "Xᵀ where X should be, in ŷ",
    ("transposed", "both"): "X and Xᵀ changed places",
    ("transposed", "reshaped"): "reshape in place of a transpose",
    ("transposed", "permuted"): "the features are in another order",
    ("transposed", "per-row"): "one number per row",
    ("transposed", "one-for-all"): "one number for all features",
    ("float32-accumulation", "dW"): "in dW",
    ("float32-accumulation", "db"): "in db",
    ("integers", "input"): "right on floats, wrong on the same numbers as integers",
    ("integers", "small-step"): "a small step is lost in integer weights",
    ("integers", "dW"): "dW is cut off",
    ("integers", "result"): "dW and db are cut off",
    ("integers", "X"): "X is cut off",
    ("integers", "y"): "y is cut off",
    ("integers", "data"): "X and y are cut off",
    ("integers", "weights"): "the weights are cut off",
    ("integers", "parameters"): "weights and bias are cut off",
    ("integers", "residual"): "the residual is cut off",
}

#: What a block is whose factor is wrong, by the mistake that the factor is on both blocks.
FACTORS = {
    "sign": "of the wrong sign",
    "two-missing": "half of what it should be",
    "two-twice": "twice too large",
    "sum-instead-of-mean": "n times too large",
    "mean-instead-of-sum": "n times too small",
    "mean-twice": "n times too small",
    "half-a-sum": "a sum in place of the mean, and without the 2",
}

#: How one argument held all parameters.
THETA = {
    "ones": "It was given X with a column of ones first, whose weight is the bias.",
    "bias-first": "θ was given with the bias first.",
    "bias-last": "θ was given with the bias last.",
    "none": "It has no bias: it was asked about data without one.",
    "pair": "Its parameters were given as a pair, the weights first.",
    "mapping": "Its parameters were given as a dictionary.",
}
