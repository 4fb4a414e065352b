"""What there is to check in a file: functions by name, methods of classes, trainers; and what is known of each."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

from handgrad.backends.signatures.kinds import Kind
from handgrad.backends.signatures.names import kind_by_name, role_of

#: The names that are asked for, with (dW, db) in this order.
CANONICAL = ("gradient", "step", "loss")


@dataclass(frozen=True)
class Found:
    """A function that can be asked.

    Attributes:
        name: In its file; "Class.method" for a method.
        kind: What it computes.
        required: The names of its positional arguments without a default.
        optional: Of those with one.
        keyword_only: Of those without a default that are passed by their names alone.
        trains: Whether it trains from a start of its own, and gives the parameters after so many epochs.
        from_predictions: Whether it was given the gradient by the predictions, that of the mean squared error.
        returns: The names in its last return statement, empty for what is no name.
        attributes: Of a method's object: those that hold what it does not get as an argument.
        construction: Of a method's class: the names of the arguments that an object of it needs.
        empty: The line of its last statement, where nothing is written in it yet; else 0.
    """

    name: str
    kind: Kind
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    construction: tuple[str, ...] = ()
    empty: int = 0
    keyword_only: tuple[str, ...] = ()
    trains: bool = False
    from_predictions: bool = False

    @property
    def needed(self) -> tuple[str, ...]:
        """The names of all arguments without a default, in order."""
        return self.required + self.keyword_only


def described(function: Callable[..., Any], name: str = "", kind: Kind | None = None) -> Found:
    """What is known of a function from its signature and its source."""
    name = name or getattr(getattr(function, "func", function), "__name__", type(function).__name__)
    parameters = parameters_of(function)
    tree = _tree(function)
    return Found(
        name,
        kind or kind_of(function),
        parameters.required,
        parameters.optional,
        _returned_names(tree),
        empty=_empty_line(function, tree),
        keyword_only=parameters.keyword_only,
    )


def kind_of(function: Callable[..., Any]) -> Kind:
    """What a function computes: told by its class, by its fifth parameter, by its name."""
    if is_trainer(function):
        return "trainer"
    parameters = parameters_of(function)
    required, optional = parameters.required + parameters.keyword_only, parameters.optional
    name = getattr(function, "__name__", "")
    by_name = kind_by_name(name)
    if by_name == "loss" and len(required) <= 4:
        return "loss"
    roles = {role_of(parameter) for parameter in required}
    if len(required) >= 5 or "rate" in roles:
        return "step"
    return "step" if by_name == "step" and any(role_of(p) == "rate" for p in optional) else "gradient"


def is_trainer(value: Any) -> bool:
    """Whether it is a subclass of `Trainer`, which it can only be where that was imported."""
    interface = sys.modules.get("handgrad.backends.interface")
    return interface is not None and inspect.isclass(value) and issubclass(value, interface.Trainer)


class ParameterNames(NamedTuple):
    """The names of a function's parameters: those without a default, those with one, those by their names alone."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    keyword_only: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """Of all those without a default, in order."""
        return self.required + self.keyword_only


def parameters_of(function: Callable[..., Any]) -> ParameterNames:
    """What a function's signature tells; of a compiled one without a signature, what is asked for."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # a compiled function without a signature
        return ParameterNames(("X", "y", "weights", "bias"))
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in parameters if p.default is p.empty]
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return ParameterNames(
        tuple(p.name for p in needed if p.kind in positional),
        tuple(p.name for p in parameters if p.default is not p.empty and p.kind in by_name),
        tuple(p.name for p in needed if p.kind is p.KEYWORD_ONLY),
    )


def _tree(function: Callable[..., Any]) -> ast.FunctionDef | None:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError, ValueError):
        return None
    return tree if isinstance(tree, ast.FunctionDef) else None


def _returned_names(tree: ast.FunctionDef | None) -> tuple[str, ...]:
    returns = [node for node in ast.walk(tree) if isinstance(node, ast.Return)] if tree else []
    value = returns[-1].value if returns else None
    if not isinstance(value, ast.Tuple | ast.List):
        return ()
    return tuple(_own_name(element) for element in value.elts)


def _own_name(element: ast.expr) -> str:
    if isinstance(element, ast.Name):
        return element.id
    return element.attr if isinstance(element, ast.Attribute) else ""


def _empty_line(function: Callable[..., Any], tree: ast.FunctionDef | None) -> int:
    if tree is None or not _is_empty(tree):
        return 0
    return inspect.getsourcelines(function)[1] + tree.body[-1].lineno - 1


def _is_empty(tree: ast.FunctionDef) -> bool:
    """Only a docstring, `pass`, `...`, `dW = None`, a return of such, or `raise NotImplementedError`."""
    blank = {name for statement in tree.body for name in _set_to_none(statement)}
    return all(_does_nothing(statement, blank) for statement in tree.body)


def _set_to_none(statement: ast.stmt) -> Iterator[str]:
    """The names to which a template gives None for now."""
    if isinstance(statement, ast.Assign) and _is_blank(statement.value):
        yield from (target.id for target in statement.targets if isinstance(target, ast.Name))


def _is_blank(value: ast.expr, names: Iterable[str] = ()) -> bool:
    """None, `...`, one of the names, or several of these."""
    if isinstance(value, ast.Tuple | ast.List):
        return all(_is_blank(one, names) for one in value.elts)
    if isinstance(value, ast.Name):
        return value.id in names
    return isinstance(value, ast.Constant) and value.value in (None, ...)


def _does_nothing(statement: ast.stmt, blank: Iterable[str]) -> bool:
    if isinstance(statement, ast.Pass) or any(_set_to_none(statement)):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Raise):
        raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    if isinstance(statement, ast.Return):
        return statement.value is None or _is_blank(statement.value, blank)
    return False


# -- in a file -------------------------------------------------------------------------------------------------------


def subjects(module: ModuleType, wanted: str = "") -> list[Found]:
    """What there is to check: a gradient, a step, trainers; or what stands for them under another name.

    A loss comes last, beside these: it tells which gradient is meant. With `wanted`, that function comes in place of
    all others, but for the loss.
    """
    every = list(_callables(module))
    losses = [found for found in every if found.kind == "loss" and "." not in found.name]
    if wanted:
        main = [found for found in every if found.name == wanted]
    else:
        main = [found for found in every if found.name in ("gradient", "step")] + list(_trainers(module))
        main = main or _likeliest(every)
    return main + [found for found in losses if found not in main]


def _likeliest(every: list[Found]) -> list[Found]:
    """The first gradient that can be asked, else the first step; functions before methods."""
    asked = [found for found in every if found.kind in ("gradient", "step") and kind_by_name(found.name) is not None]
    asked = [found for found in asked if len(found.needed) + len(found.attributes) >= 3]
    return sorted(asked, key=lambda found: (found.kind != "gradient", "." in found.name, not _is_whole(found.name)))[:1]


def _is_whole(name: str) -> bool:
    return bool(re.search(r"gradients?$|^grads?$|descent|step", name, re.IGNORECASE))


def _callables(module: ModuleType) -> Iterator[Found]:
    for name, value in vars(module).items():
        if inspect.isclass(value) and value.__module__ == module.__name__ and not is_trainer(value):
            yield from _methods(value)
        elif callable(value) and not inspect.isclass(value) and _is_own(name, value, module):
            yield described(value, name, _kind_in_file(name, value))


def _is_own(name: str, value: Any, module: ModuleType) -> bool:
    made_of = getattr(value, "func", value)  # of a `functools.partial`, whose own module is that of the library
    return name in CANONICAL or getattr(made_of, "__module__", None) == module.__name__


def _kind_in_file(name: str, value: Any) -> Kind:
    """The names that are asked for tell; others, as `kind_of` says."""
    exact: dict[str, Kind] = {"gradient": "gradient", "step": "step", "loss": "loss"}
    return exact.get(name) or kind_of(value)


def _methods(owner: type) -> Iterator[Found]:
    attributes = _attributes(owner)
    construction = parameters_of(owner).needed if "__init__" in vars(owner) else ()
    for name, value in vars(owner).items():
        kind = kind_by_name(name)
        if name == "__call__" and kind_by_name(owner.__name__) == "gradient":
            kind = "gradient"
        if is_called_on_its_class(value) and kind is not None:
            yield described(getattr(owner, name), f"{owner.__name__}.{name}", kind)
        if not inspect.isfunction(value) or kind is None or is_called_on_its_class(value):
            continue
        found = described(value, f"{owner.__name__}.{name}", kind)
        required = found.required[1:]
        needed = required + found.keyword_only
        held = tuple(a for a in attributes if _adds(a, needed + found.optional))
        kind = _method_kind(kind, needed, held)
        if kind != "step":  # a rate that the object keeps is for its steps
            held = tuple(a for a in held if role_of(a) != "rate")
        yield Found(
            found.name,
            kind,
            required,
            found.optional,
            found.returns,
            held,
            construction,
            found.empty,
            found.keyword_only,
        )


def is_called_on_its_class(value: Any) -> bool:
    """Whether it needs no object: a static method, one of the class, or one that has X in place of self."""
    if inspect.isfunction(value):
        return role_of(next(iter(parameters_of(value).required), "")) == "X"
    return isinstance(value, staticmethod | classmethod)


def _method_kind(kind: Kind, required: tuple[str, ...], held: tuple[str, ...]) -> Kind:
    return (
        "step"
        if kind == "step" and any(role_of(name) == "rate" for name in required + held)
        else kind
        if kind != "step"
        else "gradient"
    )


def _adds(attribute: str, given: tuple[str, ...]) -> bool:
    """Whether an attribute holds a parameter, or a rate, that no argument gives."""
    role = role_of(attribute)
    return role in ("weights", "bias", "theta", "rate") and role not in {role_of(name) for name in given}


def _attributes(owner: type) -> tuple[str, ...]:
    """The names of what its methods keep in `self`, one for each role."""
    try:
        source = inspect.getsource(owner)
    except (OSError, TypeError):
        return ()
    names = dict.fromkeys(re.findall(r"\bself\.(\w+)\b(?!\s*\()", source))
    ordered = sorted(names, key=lambda name: name in ("m", "k", "c"))  # which may be counts
    first = {role_of(name): name for name in reversed(ordered) if role_of(name)}
    return tuple(name for name in names if name in first.values())


def _trainers(module: ModuleType) -> Iterator[Found]:
    for name, value in vars(module).items():
        if is_trainer(value) and value.__module__ == module.__name__ and not inspect.isabstract(value):
            yield Found(name, "trainer")


def defined(module: ModuleType) -> list[str]:
    """The names of the functions that the module has, and of its own classes."""
    own = {name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__}
    every = vars(module).items()
    return [name for name, value in every if inspect.isfunction(value) or (name in own and inspect.isclass(value))]
