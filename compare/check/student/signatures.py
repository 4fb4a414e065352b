"""The ways in which a function may want its arguments, the likeliest first.

Names tell most. Where they do not, the order that is asked for comes first, then others, which count only where the
function gives answers of the right shape. One feature may come as plain numbers, θ may hold weights and bias.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from handgrad.compare.check.sandbox.kinds import Kind, Role
from handgrad.compare.check.sandbox.names import gives_weights_alone, role_of, roles_of
from handgrad.compare.check.sandbox.subjects import Found
from handgrad.compare.check.student.forms import Known, Series, Theta, probes_for, trainer_series

#: The order that is asked for.
_ASKED_FOR: dict[Kind, tuple[Role, ...]] = {
    "gradient": ("X", "y", "weights", "bias"),
    "loss": ("X", "y", "weights", "bias"),
    "step": ("X", "y", "weights", "bias", "rate"),
}
_FORMS = ("arrays", "flat", "rows", "numbers", "columns")
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
)
#: What must be given for the answer to be a gradient.
_NEEDED = {"X", "y", "weights"}


def signatures(found: Found) -> Iterator[Series]:
    """Each way in which the function may be asked; the first is the one that is likeliest to be meant."""
    if found.kind == "trainer":
        yield from trainer_series()
        return
    named = _by_name(found)
    if named is not None:
        yield from _in_forms(found, *named, known="names" if named[0] != _ASKED_FOR[found.kind] else "order")
        return
    asked_for = _without_bias(found) or _ASKED_FOR[found.kind]
    yield from _in_forms(found, asked_for, ("",) * len(asked_for), known="order")
    for order in permutations(asked_for[:4]):
        roles = (*order, *asked_for[4:])
        if roles != asked_for:
            yield from _in_forms(found, roles, ("",) * len(roles), known="trying")


def _without_bias(found: Found) -> tuple[Role, ...] | None:
    """X, y and one more: θ, or weights without a bias."""
    return ("X", "y", "theta") if found.kind != "step" and len(found.required) == 3 else None


def _by_name(found: Found) -> tuple[tuple[Role, ...], tuple[str, ...]] | None:
    """The roles and the keywords of the arguments and of the attributes, if names tell all that is needed."""
    required = roles_of((*found.required, *found.attributes))
    if required is None:
        return None
    positional = required[: len(found.required)]
    optional = [(role_of(name), name) for name in found.optional]
    wanted: set[Role] = {"X", "y", "weights", "bias", "theta", "points"}
    if found.kind == "step":
        wanted |= {"rate", "rounds"}
    extra = [(role, name) for role, name in optional if role in wanted and role not in required]
    extra += list(zip(required[len(found.required) :], (f".{name}" for name in found.attributes), strict=True))
    roles = (*positional, *(role for role, _ in extra if role is not None))
    return (
        (roles, (*("",) * len(positional), *(name for _, name in extra))) if _covers(set(roles), found.kind) else None
    )


def _covers(roles: set[Role], kind: Kind) -> bool:
    given = set[str](roles)
    if "points" in given:
        given |= {"X", "y"}
    if "theta" in given:
        given.add("weights")
    if kind == "loss" and given == {"y", "prediction"}:
        return True
    return given >= _NEEDED and (kind == "step" or "rate" not in given) and "prediction" not in given


def _in_forms(found: Found, roles: tuple[Role, ...], keywords: tuple[str, ...], known: Known) -> Iterator[Series]:
    forms = list(_forms(roles))
    if gives_weights_alone(found.name):  # one number for one feature, unless it says no
        forms.sort(key=lambda form: form[0] != "flat")
    for form, theta in forms:
        yield Series(form, found.kind, probes_for(form), roles, keywords, theta, known)


def _forms(roles: tuple[Role, ...]) -> Iterator[tuple[str, Theta]]:
    if "points" in roles:
        yield from (("flat", ""), ("numbers", ""), ("flat", "bias-first"), ("flat", "bias-last"))
    elif "bias" in roles or "prediction" in roles:
        yield from ((form, "") for form in _FORMS)
    else:
        yield from _THETA
