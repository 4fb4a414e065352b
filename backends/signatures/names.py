"""What names tell: the role of an argument, of a part of an answer, and what a function computes.

The names are those of the published courses and of the libraries: Ng (`compute_gradient(x, y, w, b)`), Nedrich
(`step_gradient(b_current, m_current, points, learningRate)`), scikit-learn (`coef_`, `intercept_`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from handgrad.backends.signatures.kinds import Kind, Role

_TAIL = r"(_?(train(ing)?|data|batch|b|i|in|all|current|now|old|new|init|vec(tor)?|mat(rix)?|values?|vals?|arr(ay)?))?"

_ROLES: tuple[tuple[Role, str], ...] = (
    ("X", rf"(x|xs|xx|x_b|features?|inp|inputs?|design|phi){_TAIL}|x_?1|x_?mat|x_?(bar|aug(mented)?|ones|tilde)|a"),
    ("y", rf"(y|ys|yy|targ|targets?|labels?|outputs?|t){_TAIL}|y_?(true|real|actual|obs)|y_?1"),
    ("prediction", r"y_?(hat|pred(icted|iction|ictions|s)?)|pred(icted|iction|ictions|s)?|outputs?_pred|h"),
    ("weights", rf"(w|ws|weights?|m|slope|coefs?|coefficients?|k){_TAIL}|w_?1|coef_|theta_?1|b_?1"),
    ("bias", rf"(b|bias|intercept|offset|c){_TAIL}|b_?0|w_?0|intercept_|theta_?0"),
    ("theta", rf"(thetas?|params?|parameters?|betas?|p){_TAIL}"),
    ("points", r"points?|data(set)?|samples?|pairs"),
    ("rate", r"lr|learning_?rate|alpha|eta|η|rate|step_?size|gamma|l|eta_?0"),
    ("rounds", r"(num|n|max)?_?(epochs?|iter(ation)?s?|steps?)"),
)
_ROLE_PATTERNS = tuple((role, re.compile(rf"_?({pattern})_?", re.IGNORECASE)) for role, pattern in _ROLES)

_LOSS = re.compile(r"loss|cost|mse|squared_?error|objective|^j$|sse|rss", re.IGNORECASE)
_GRADIENT = re.compile(
    r"grad|deriv|backward|backprop|propagate|^d_?(loss|mse|cost|j)|^d_?[lec]_?d_?(theta|params)|jacobian",
    re.IGNORECASE,
)
_STEP = re.compile(r"step|update|descent|^sgd|^gd$|train_one|one_epoch", re.IGNORECASE)
_NUMERICAL = re.compile(r"numeric|check|finite|approx|test|plot|verify", re.IGNORECASE)

_PART_LOSS = re.compile(r"loss|cost|mse|hist|error|^j$", re.IGNORECASE)
_PART_BIAS = re.compile(
    r"bias|intercept|(^|_|d|grad)b($|_|0)|b_?(new|next|grad|deriv)|(theta|w|beta)_?0", re.IGNORECASE
)
_PART_WEIGHTS = re.compile(
    r"weight|slope|coef|(^|_|d|grad)(w|m)($|_|1|s$)|[wm]_?(new|next|grad|deriv)|(theta|beta)_?1", re.IGNORECASE
)


def role_of(name: str) -> Role | None:
    """What an argument of that name is; None if the name does not tell."""
    return next((role for role, pattern in _ROLE_PATTERNS if pattern.fullmatch(name)), None)


def roles_of(names: Sequence[str]) -> tuple[Role, ...] | None:
    """What each of the arguments is; None if that is not told, or told twice.

    A `data` beside no y is points; a `b` or a `w` beside X and y alone holds all parameters.
    """
    roles = [role_of(name) for name in names]
    if roles.count("X") == 2 and "A" in names:  # the last layer's activations
        roles[list(names).index("A")] = "prediction"
    if any(role is None for role in roles) or len(set(roles)) != len(roles):
        return None
    found = [role for role in roles if role is not None]
    if {"X", "y", "bias"} <= set(found) and not {"weights", "theta"} & set(found):
        found = ["theta" if role == "bias" else role for role in found]
    if {"X", "y", "weights"} <= set(found) and not {"bias", "theta", "prediction"} & set(found):
        found = ["theta" if role == "weights" else role for role in found]
    if {"theta", "bias"} <= set(found) and "weights" not in found:
        found = ["weights" if role == "theta" else role for role in found]
    return tuple(found)


def part_of(name: str) -> str:
    """Which part of an answer has that name: "loss", "bias" or "weights"; empty if the name does not tell."""
    if _PART_LOSS.search(name):
        return "loss"
    if _PART_BIAS.search(name):
        return "bias"
    return "weights" if _PART_WEIGHTS.search(name) else ""


def kind_by_name(name: str) -> Kind | None:
    """What a function of that name computes; None if the name does not tell, or tells of a check or a plot."""
    if _NUMERICAL.search(name):
        return None
    if _STEP.search(name):
        return "step"
    if _GRADIENT.search(name):
        return "gradient"
    return "loss" if _LOSS.search(name) else None


def gives_weights_alone(name: str) -> bool:
    """Whether a function of that name is asked for dW, and not for db."""
    return bool(
        re.search(r"weight_?(grad|deriv)|grad(ient)?_?(of_)?(the_)?(w|weights?|m|slope)$|^d_?w$", name, re.IGNORECASE)
    )
