"""What there is to check in a file, in whatever style it is written."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from handgrad.backends.signatures.signature import is_told
from handgrad.backends.signatures.subjects import Found, subjects
from handgrad.compare.check.styles.chain import chained_classes, chained_functions
from handgrad.compare.check.styles.halves import from_global_data, from_globals, halves
from handgrad.compare.check.styles.trained import trained_classes, trained_functions

#: A function that was made, and what is known of it.
Made = tuple[Found, Callable[..., Any]]

#: Where a module keeps what was made of it, by name.
KEPT = "__handgrad_made__"

#: Those whose source tells them before anything else that could be asked, and those after.
_FIRST: tuple[Callable[[ModuleType], Iterator[Made]], ...] = (chained_functions, chained_classes)
_LATER: tuple[Callable[[ModuleType], Iterator[Made]], ...] = (
    from_globals,
    from_global_data,
    halves,
    trained_functions,
    trained_classes,
)


def to_check(module: ModuleType, wanted: str = "") -> list[Found]:
    """What there is to check, as `subjects` has it; in other styles, what was made of them.

    With `wanted`, that function in place of all others.
    """
    found = subjects(module, wanted)
    main = [one for one in found if one.kind != "loss"]
    if any(one.name in ("gradient", "step") or one.kind == "trainer" for one in main if is_askable(one)):
        return found
    others = _LATER if not any(map(is_askable, main)) else ()
    for style in (*_FIRST, *others):
        for one, function in style(module):
            if wanted in ("", one.name):
                vars(module).setdefault(KEPT, {})[one.name] = function
                return [one, *(loss for loss in found if loss.kind == "loss" and loss.name != wanted)]
    return found


def owner_of(module: ModuleType, function: str) -> Any:
    """What is called under that name: a function, the class of a method, or what was made."""
    made: dict[str, Any] = vars(module).get(KEPT, {})
    return made.get(function) or getattr(module, function.partition(".")[0], None)


def made_of(function: Any) -> Made | None:
    """What is found of a class, or of a function that trains, as in a file that holds nothing else; else None."""
    module = _alone(function)
    if inspect.isclass(function):
        main = [one for one in subjects(module) if one.kind in ("gradient", "step") and is_askable(one)]
        if main:
            return main[0], function
    return next(iter(_trained(module)), None)


def owner_alone(function: Any, name: str) -> Any:
    """What is called under that name: what was made of the function or the class, or itself."""
    return next((owner for one, owner in _trained(_alone(function)) if one.name == name), function)


def _trained(module: ModuleType) -> Iterator[Made]:
    yield from trained_functions(module)
    yield from trained_classes(module)


def _alone(function: Any) -> ModuleType:
    module = ModuleType(str(getattr(function, "__module__", "")))
    setattr(module, getattr(function, "__name__", "function"), function)
    return module


def is_askable(found: Found) -> bool:
    """Whether names tell its arguments, or there are enough of them to try."""
    if found.kind == "trainer" or found.empty:
        return True
    known = is_told(found)
    return "." not in found.name and len(found.needed) >= 3 if known is None else known
