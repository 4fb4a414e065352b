"""What is said about the mistakes that only exercises know. Nothing but a table of wording."""

from __future__ import annotations

from handgrad.reports.check.words import Wording

#: By key, as a `Slip` of the exercise has it.
EXERCISE_MISTAKES = {
    "one-gradient-for-all": Wording(
        title="all batches take the gradient at the start of the epoch",
        mathematics="W₁ = W₀ − η ∇L₁(W₀), W₂ = W₁ − η ∇L₂(W₁): each batch starts where the one before ended",
        hint="Compute the residual inside the loop over the batches, from the parameters as they are now.",
        question="At which parameters is the second batch's gradient taken?",
    ),
    "last-batch-left-out": Wording(
        title="the last batch is left out where it is shorter than the others",
        mathematics="every row belongs to one batch, the last one may be shorter",
        hint="Go through all batches that were given, whatever their length.",
        question="Which rows has your function never seen?",
    ),
    "whole-table": Wording(
        title="every update uses all rows of the table",
        mathematics="for a batch B: dW = (2/|B|) Σ_{i∈B} xᵢ rᵢ",
        hint="Take the rows of the batch first: X[rows], y[rows].",
        question="How many rows should each update look at?",
    ),
    "rate-in-velocity": Wording(
        title="the learning rate is inside the velocity: another form of momentum",
        mathematics="v ← β v + g, θ ← θ − η v: η stands in the step, not in v",
        hint="Multiply by the learning rate when the parameters move, not when the velocity is made.",
        question="If the learning rate changes in the middle of a run, should the velocity change, too?",
    ),
    "no-momentum": Wording(
        title="the velocity is not used: this is plain descent",
        mathematics="v ← β v + g, θ ← θ − η v",
        hint="Start from the velocity that was given: β v + g, not g alone.",
        question="What becomes of the velocity that your function is given?",
    ),
    "old-velocity": Wording(
        title="the step is taken with the velocity from before",
        mathematics="v ← β v + g comes first, then θ ← θ − η v with the new v",
        hint="Compute the new velocity, then use it for the step.",
        question="Which velocity moves the parameters: the one before or the one after this gradient?",
    ),
    "damped-gradient": Wording(
        title="the gradient is scaled by 1 − β: another form of momentum",
        mathematics="v ← β v + g, without a factor before g",
        hint="Add the whole gradient. (Adam's averages have the 1 − β; this exercise is PyTorch's SGD.)",
        question="Which factor stands before the gradient in the formula of the exercise?",
    ),
    "uphill": Wording(
        title="the step goes uphill",
        mathematics="θ ← θ − η v",
        hint="Subtract the step.",
        question="Does the loss grow or fall along the gradient?",
    ),
    "sample-deviation": Wording(
        title="the standard deviation is divided by n − 1",
        mathematics="sⱼ² = (1/n) Σᵢ (xᵢⱼ − mⱼ)²",
        hint="Divide by n: NumPy's std does, pandas' and statistics.stdev do not.",
        question="Which mean square should Z have in every column, and which has yours?",
    ),
    "variance": Wording(
        title="divided by the variance, not by its root",
        mathematics="zᵢⱼ = (xᵢⱼ − mⱼ) / sⱼ, sⱼ = √((1/n) Σᵢ (xᵢⱼ − mⱼ)²)",
        hint="Take the square root of the variance.",
        question="In which units is your scale, and in which the column?",
    ),
    "not-centred": Wording(
        title="the mean is not subtracted",
        mathematics="zᵢⱼ = (xᵢⱼ − mⱼ) / sⱼ",
        hint="Subtract the column's mean before dividing.",
        question="What is the mean of each column of your Z?",
    ),
    "by-row": Wording(
        title="each row is standardised, not each column",
        mathematics="mⱼ = (1/n) Σᵢ xᵢⱼ: one mean for each feature j",
        hint="Take mean and deviation down the columns: axis=0.",
        question="How many means should there be: one for each row or one for each feature?",
    ),
    "bias-not-moved": Wording(
        title="the bias is left as it was",
        mathematics="ŷ = Σ Wⱼ (xⱼ − mⱼ)/sⱼ + b: the terms with mⱼ do not depend on x, and belong to the bias",
        hint="Multiply the model out, and collect what does not depend on x.",
        question="What do both models predict for x = 0?",
    ),
    "times-the-scale": Wording(
        title="the weights are multiplied by the scales, not divided",
        mathematics="Wⱼ (xⱼ − mⱼ)/sⱼ = (Wⱼ/sⱼ) xⱼ − …",
        hint="Divide each weight by its feature's scale.",
        question="If a feature is given in millimetres in place of metres, does its weight grow or shrink?",
    ),
    "bias-of-other-weights": Wording(
        title="the bias is moved with the weights of the standardised features",
        mathematics="b′ = b − Σ mⱼ Wⱼ/sⱼ",
        hint="Use the new weights, Wⱼ/sⱼ, for the bias, too.",
        question="Which weights go with the means: the old or the new ones?",
    ),
    "bias-the-other-way": Wording(
        title="the bias is moved the other way",
        mathematics="b′ = b − Σ mⱼ Wⱼ/sⱼ",
        hint="Mind the sign: xⱼ − mⱼ.",
        question="What do both models predict for x = 0?",
    ),
    "forward-difference": Wording(
        title="a forward difference, whose error falls with h only, not with h²",
        mathematics="∂L/∂θⱼ ≈ (L(θ + h eⱼ) − L(θ − h eⱼ)) / 2h",
        hint="Step to both sides: L(θ + h e) − L(θ − h e).",
        question="For L = θ², what does your formula give at θ = 0?",
    ),
    "backward-difference": Wording(
        title="a backward difference, whose error falls with h only, not with h²",
        mathematics="∂L/∂θⱼ ≈ (L(θ + h eⱼ) − L(θ − h eⱼ)) / 2h",
        hint="Step to both sides: L(θ + h e) − L(θ − h e).",
        question="For L = θ², what does your formula give at θ = 0?",
    ),
    "divided-by-h": Wording(
        title="twice too large: divided by h, where the two points are 2h apart",
        mathematics="∂L/∂θⱼ ≈ (L(θ + h eⱼ) − L(θ − h eⱼ)) / 2h",
        hint="Divide by the distance of the two points.",
        question="How far apart are the two points at which you ask for the loss?",
    ),
    "all-weights-at-once": Wording(
        title="all weights are moved at once",
        mathematics="eⱼ moves the weight j alone",
        hint="Copy the weights, and add h to one of them.",
        question="Which weights differ between your two points?",
    ),
    "penalty-left-out": Wording(
        title="the penalty's derivative is missing",
        mathematics="L = (1/n) Σ r² + λ Σ Wⱼ²: its derivative has two terms",
        hint="Add the derivative of λ Wⱼ² to dWⱼ.",
        question="Does your gradient change when λ does?",
    ),
    "penalty-per-row": Wording(
        title="the penalty is divided by n",
        mathematics="L = (1/n) Σ r² + λ Σ Wⱼ²: the 1/n belongs to the first sum alone",
        hint="Keep the penalty's term outside of the mean.",
        question="If every row stood there twice, would the penalty change?",
    ),
    "penalty-the-other-way": Wording(
        title="the penalty's sign is wrong: it drives the weights away from 0",
        mathematics="d(λ Wⱼ²)/dWⱼ = +2 λ Wⱼ",
        hint="Add the penalty's derivative.",
        question="Should a larger λ make the weights larger or smaller?",
    ),
    "overwritten": Wording(
        title="an adjoint is overwritten where a node is used twice",
        mathematics="adjoint(u) = Σ over all users f of u: adjoint(f) · ∂f/∂u",
        hint="Add to the parent's adjoint, with +=, in place of setting it.",
        question="In x · x, how many edges lead back to x?",
    ),
    "visited-too-early": Wording(
        title="a node passes its adjoint on before all shares have arrived",
        mathematics="a node's adjoint is complete only after all its users; so walk in reverse topological order",
        hint="List all nodes first, each after its parents; then walk that list backwards, each node once.",
        question="A node has two users. What does it pass on when the first has been there, and what after the second?",
    ),
    "swapped": Wording(
        title="the local derivatives of the product are swapped",
        mathematics="∂(u v)/∂u = v, ∂(u v)/∂v = u",
        hint="Each factor's derivative is the other factor.",
        question="If v is 0, does u v depend on u?",
    ),
}
