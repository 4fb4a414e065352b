"""What trains from a start of its own: `fit(X, y)` of a class, `gradient_descent(X, y, learning_rate, epochs)`.

Its gradient is not seen, but the parameters after one, two and three epochs are: what each epoch adds to them is a
step from where the one before has ended.
"""

from __future__ import annotations

import inspect
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any, Literal

import numpy as np

from handgrad.backends.signatures.kinds import Role
from handgrad.backends.signatures.names import role_of, roles_of
from handgrad.backends.signatures.subjects import Found, described, parameters_of
from handgrad.compare.check.styles.halves import own_functions
from handgrad.compare.check.styles.kept import parameters_in

_TRAINS = re.compile(
    r"^(fit|train)(_?(model|gd|linear(_?regression)?))?$|descent|linear_?regression|^gd$", re.IGNORECASE
)

#: Names of an argument that is the number of features.
_FEATURES = re.compile(
    r"(n|num|in|input)_?(features?|inputs?|dims?|vars?|size)|features?|dims?|d|n|n_?in|fan_?in", re.IGNORECASE
)
#: Of one that is the number of outputs.
_OUTPUTS = re.compile(r"(n|num|out|output)_?(out(puts?)?|targets?|features?|dims?|size)|fan_?out", re.IGNORECASE)

#: What is asked of one that trains, by name.
ASKED: tuple[Role, ...] = ("X", "y", "rate", "rounds")


CannotTell = Literal["needs-unknown", "takes-none", "named-columns"]


class CannotBeTold(ValueError):
    """A training run needs what nobody knows, or does not take what must be chosen; the message is its name."""

    def __init__(self, name: str, cause: CannotTell = "needs-unknown") -> None:
        super().__init__(name)
        self.cause = cause


def trained_functions(module: ModuleType) -> Iterator[tuple[Found, Callable[..., Any]]]:
    """Functions of data, a rate and a number of epochs that give the trained parameters."""
    for name, function in own_functions(module).items():
        parameters = parameters_of(function)
        roles = roles_of(parameters.needed)
        every = {role_of(one) for one in parameters.needed + parameters.optional}
        if _TRAINS.search(name) and {"X", "y", "rate", "rounds"} <= every and roles and not _starts(roles):
            yield replace(_found(name), returns=described(function).returns), _run_of(function)


def _starts(roles: tuple[Role, ...]) -> bool:
    return bool({"weights", "bias", "theta"} & set(roles))


def _run_of(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(X: Any, y: Any, rate: float, rounds: int) -> Any:
        _same_start()
        return function(**_by_name(function, {"X": X, "y": y, "rate": rate, "rounds": rounds}))

    return run


def trained_classes(module: ModuleType) -> Iterator[tuple[Found, Callable[..., Any]]]:
    """Classes with a method that trains."""
    for name, owner in vars(module).items():
        if not inspect.isclass(owner) or owner.__module__ != module.__name__:
            continue
        for method, function in vars(owner).items():
            if _TRAINS.search(method) and inspect.isfunction(function):
                yield _found(f"{name}.{method}"), _fit_of(owner, method)


def _found(name: str) -> Found:
    return Found(name, "step", ASKED, trains=True)


def _fit_of(owner: Any, method: str) -> Callable[..., Any]:
    def fit(X: Any, y: Any, rate: float, rounds: int) -> Any:
        _same_start()
        every = {"X": X, "y": y, "rate": rate, "rounds": rounds}
        made = constructed(owner, {"rate": rate, "rounds": rounds}, X)
        train = getattr(made, method)
        taken = {role_of(name) for one in (owner, train) for name in _names(one)}
        for role in ("rate", "rounds"):
            if role not in taken:
                _set(made, role, every[role])
        returned = train(**_by_name(train, every))
        return parameters_in(made) or returned

    return fit


def constructed(owner: Any, every: dict[str, Any], X: Any) -> Any:
    """A new object of a class, given what its arguments are by their roles, or the numbers of features and outputs."""
    features = X.shape[1] if np.ndim(X) > 1 else 1
    needed = parameters_of(owner).needed
    counts = {name: 1 for name in needed if _OUTPUTS.fullmatch(name)}
    counts |= {name: features for name in needed if _FEATURES.fullmatch(name)}
    return owner(**(counts | _by_name(owner, every, counts)))


def _by_name(function: Any, every: dict[str, Any], given: Iterable[str] = ()) -> dict[str, Any]:
    """The arguments that a function takes, by their names; what has a default and no role keeps it.

    Raises:
        CannotBeTold: If it needs something else.
    """
    named = {name: every[role] for name in _names(function) if (role := role_of(name)) in every}
    missing = [name for name in parameters_of(function).needed if name not in (*named, *given)]
    if missing:
        raise CannotBeTold(missing[0])
    return named


def _names(function: Any) -> tuple[str, ...]:
    names = parameters_of(function)
    return names.needed + names.optional


def _set(made: Any, role: str, value: Any) -> None:
    name = next((name for name in vars(made) if role_of(name) == role), None)
    if name is None:
        raise CannotBeTold("learning rate" if role == "rate" else "number of epochs", "takes-none")
    setattr(made, name, value)


def _same_start() -> None:
    """Random numbers are the same in each run, so that one of two epochs goes through where one of one ends."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the generator that courses use
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
