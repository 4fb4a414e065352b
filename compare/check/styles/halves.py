"""A gradient in two functions, one for dW and one for db; a gradient whose parameters or data are global names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FunctionType, ModuleType
from typing import Any

from handgrad.backends.signatures.kinds import Kind
from handgrad.backends.signatures.names import kind_by_name, part_of, role_of, roles_of
from handgrad.backends.signatures.subjects import Found, described, parameters_of

_HALF = re.compile(r"partial|deriv|grad|^d_?[a-z]|^d[A-Z]", re.IGNORECASE)


def own_functions(module: ModuleType) -> dict[str, FunctionType]:
    """The functions that the module defines, by name."""
    every = {name: value for name, value in vars(module).items() if inspect.isfunction(value)}
    return {name: value for name, value in every.items() if value.__module__ == module.__name__}


def halves(module: ModuleType) -> Iterator[tuple[Found, Callable[..., Any]]]:
    """The function of dW and that of db as one, where they take the same arguments."""
    every = {name: f for name, f in own_functions(module).items() if _HALF.search(name)}
    every = {name: f for name, f in every.items() if kind_by_name(name) != "step"}
    ours = {part_of(_short(name)): name for name in reversed(list(every))}
    if not {"weights", "bias"} <= set(ours):
        return
    names = ours["weights"], ours["bias"]
    first, second = (every[name] for name in names)
    if parameters_of(first) != parameters_of(second) or len(parameters_of(first).needed) < 3:
        return
    together = f"{names[0]} and {names[1]}"

    def both(*arguments: Any, **named: Any) -> Any:
        return first(*arguments, **named), second(*arguments, **named)

    told = described(first, together, "gradient")
    returns, by_name = ("dw", "db"), told.keyword_only
    yield Found(together, "gradient", told.required, told.optional, returns, keyword_only=by_name), both


def _short(name: str) -> str:
    """The name without what says that it is a derivative."""
    return re.sub(r"partial(_?derivative)?|derivative|deriv|gradient", "grad", name, flags=re.IGNORECASE)


def from_globals(module: ModuleType) -> Iterator[tuple[Found, Callable[..., Any]]]:
    """A gradient or a step of X and y whose parameters are names of the module."""
    held = {name: role_of(name) for name, value in vars(module).items() if not callable(value)}
    names = {role: name for name, role in reversed(held.items()) if role in ("weights", "bias")}
    if set(names) != {"weights", "bias"}:
        return
    for name, function in own_functions(module).items():
        kind: Kind | None = kind_by_name(name)
        if kind == "gradient" and roles_of(parameters_of(function).needed) in (("X", "y"), ("y", "X")):
            order = parameters_of(function).needed
            yield Found(name, kind, (*order, "weights", "bias")), _with_globals(function, module, names)


def _with_globals(function: FunctionType, module: ModuleType, names: dict[Any, str]) -> Callable[..., Any]:
    def asked(first: Any, second: Any, weights: Any, bias: Any) -> Any:
        vars(module).update({names["weights"]: weights, names["bias"]: bias})
        return function(first, second)

    return asked


def from_global_data(module: ModuleType) -> Iterator[tuple[Found, Callable[..., Any]]]:
    """A gradient of parameters alone, whose data are names of the module that it uses."""
    every = own_functions(module)
    for name, function in every.items():
        needed = parameters_of(function).needed
        roles = set(roles_of(needed) or ())
        if kind_by_name(name) != "gradient" or not roles or not roles <= {"weights", "bias", "theta"}:
            continue
        used = (one for one in _names_used(function, every) if not callable(vars(module).get(one, callable)))
        names = {role_of(one): one for one in used}
        if {"X", "y"} <= set(names):
            found = described(function, name, "gradient")
            order = names["X"], names["y"], *found.required
            yield replace(found, required=order), _with_global_data(function, module, names)


def _names_used(function: FunctionType, every: dict[str, FunctionType], seen: tuple[str, ...] = ()) -> Iterator[str]:
    """The global names that it uses, and those that functions of the module use that it calls."""
    for name in function.__code__.co_names:
        yield name
        if name in every and name not in seen:
            yield from _names_used(every[name], every, (*seen, name))


def _with_global_data(function: FunctionType, module: ModuleType, names: dict[Any, str]) -> Callable[..., Any]:
    def asked(X: Any, y: Any, *parameters: Any, **named: Any) -> Any:
        vars(module).update({names["X"]: X, names["y"]: y})
        return function(*parameters, **named)

    return asked
