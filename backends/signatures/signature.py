"""The ways in which a function may want its arguments, the likeliest first.

Names tell most. Where they do not, the order that is asked for comes first, then others, which count only where the
function gives answers of the right shape. One feature may come as plain numbers, θ may hold weights and bias.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

from handgrad.backends.signatures.kinds import Kind, Role
from handgrad.backends.signatures.names import gives_weights_alone, role_of, roles_of
from handgrad.backends.signatures.subjects import Found

#: How one vector θ holds weights and bias: X has a column of ones for it; the bias is its first number, or its last;
#: there is no bias, and the probes have none; it is a pair of both, or a dictionary.
Theta = Literal["", "ones", "bias-first", "bias-last", "none", "pair", "mapping"]

#: How the order of the arguments is known: by their names, as that which is asked for, or since it gave answers.
Known = Literal["names", "order", "trying"]


@dataclass(frozen=True)
class Signature:
    """One form in which arguments are passed.

    Attributes:
        form: "arrays" X (n, d); "flat" X (n,) and a number; "rows" lists of lists; "numbers" a list and a number;
            "columns" y (n, 1) and weights (d, 1); "features-first" X (d, n), y (1, n) and weights (1, d), or (d, 1)
            in "features-first-column"; "matrices" X and y (n, 1) of np.matrix, and θ (1, d + 1).
        roles: What each argument is, in order.
        keywords: The name under which an argument is passed; empty for one that is passed by its position.
        theta: How θ holds the parameters, where the function takes them together.
        known: How the order is known.
    """

    form: str
    roles: tuple[Role, ...]
    keywords: tuple[str, ...]
    theta: Theta = ""
    known: Known = "order"


#: The order that is asked for.
_ASKED_FOR: dict[Kind, tuple[Role, ...]] = {
    "gradient": ("X", "y", "weights", "bias"),
    "loss": ("X", "y", "weights", "bias"),
    "step": ("X", "y", "weights", "bias", "rate"),
}
_FORMS = ("arrays", "flat", "rows", "numbers", "columns", "features-first", "features-first-column")
_THETA: tuple[tuple[str, Theta], ...] = (
    ("arrays", "ones"),
    ("arrays", "bias-first"),
    ("arrays", "bias-last"),
    ("flat", "bias-first"),
    ("flat", "bias-last"),
    ("flat", "none"),
    ("rows", "ones"),
    ("columns", "ones"),
    ("columns", "bias-first"),
    ("numbers", "bias-first"),
    ("numbers", "bias-last"),
    ("numbers", "none"),
    ("arrays", "pair"),
    ("arrays", "mapping"),
    ("flat", "pair"),
    ("flat", "mapping"),
    ("features-first", "mapping"),
    ("matrices", "ones"),
)
#: What must be given for the answer to be a gradient.
_NEEDED = {"X", "y", "weights"}


def signatures(found: Found) -> Iterator[Signature]:
    """Each way in which a function may be asked; the first is the one that is likeliest to be meant."""
    named = _by_name(found)
    if named is not None:
        yield from _in_forms(found, *named, known="names" if named[0] != _ASKED_FOR[found.kind] else "order")
        return
    asked_for = _without_bias(found) or _ASKED_FOR[found.kind]
    keywords = _keywords(found) if len(found.needed) == len(asked_for) else ("",) * len(asked_for)
    yield from _in_forms(found, asked_for, keywords, known="order")
    for order in permutations(asked_for[:4]):
        roles = (*order, *asked_for[4:])
        if roles != asked_for:
            yield from _in_forms(found, roles, keywords, known="trying")


def is_told(found: Found) -> bool | None:
    """Whether the names of the arguments tell all that is needed; None where some name tells nothing."""
    if roles_of((*found.needed, *found.attributes)) is None:
        return None
    return _by_name(found) is not None


def _without_bias(found: Found) -> tuple[Role, ...] | None:
    """X, y and one more: θ, or weights without a bias."""
    return ("X", "y", "theta") if found.kind != "step" and len(found.needed) == 3 else None


def _keywords(found: Found) -> tuple[str, ...]:
    """Under which the arguments without a default are passed."""
    return ("",) * len(found.required) + found.keyword_only


def _by_name(found: Found) -> tuple[tuple[Role, ...], tuple[str, ...]] | None:
    """The roles and the keywords of the arguments and of the attributes, if names tell all that is needed."""
    required = roles_of((*found.needed, *found.attributes))
    if required is None:
        return None
    given = required[: len(found.needed)]
    optional = [(role_of(name), name) for name in found.optional]
    wanted: set[Role] = {"X", "y", "weights", "bias", "theta", "points"}
    if found.kind == "step":
        wanted |= {"rate", "rounds"}
    extra = [(role, name) for role, name in optional if role in wanted and role not in required]
    extra += list(zip(required[len(found.needed) :], (f".{name}" for name in found.attributes), strict=True))
    roles = (*given, *(role for role, _ in extra if role is not None))
    keywords = (*_keywords(found), *(name for _, name in extra))
    return (roles, keywords) if _covers(set(roles), found.kind) else None


def _covers(roles: set[Role], kind: Kind) -> bool:
    given = set[str](roles)
    if "points" in given:
        given |= {"X", "y"}
    if "theta" in given:
        given.add("weights")
    if "prediction" in given and given == ({"y", "prediction"} if kind == "loss" else {"X", "y", "prediction"}):
        return kind != "step"
    return given >= _NEEDED and (kind == "step" or "rate" not in given) and "prediction" not in given


def _in_forms(found: Found, roles: tuple[Role, ...], keywords: tuple[str, ...], known: Known) -> Iterator[Signature]:
    forms = list(_forms(roles))
    if gives_weights_alone(found.name):  # one number for one feature, unless it says no
        forms.sort(key=lambda form: form[0] != "flat")
    for form, theta in forms:
        yield Signature(form, roles, keywords, theta, known)


def _forms(roles: tuple[Role, ...]) -> Iterator[tuple[str, Theta]]:
    if "points" in roles:
        yield from (("flat", ""), ("numbers", ""), ("flat", "bias-first"), ("flat", "bias-last"))
    elif "bias" in roles or "prediction" in roles:
        yield from ((form, "") for form in _FORMS)
    else:
        together = "theta" in roles  # weights alone are one vector, and neither a pair nor a dictionary
        yield from (one for one in _THETA if together or one[1] not in ("pair", "mapping"))
