"""What there is to check: the kind of a function, and the functions of a file."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from handgrad.backends.interface import Trainer
from handgrad.compare.check.student.asking import ask
from handgrad.compare.check.student.forms import Kind, Series
from handgrad.compare.check.student.probes import table_probes
from handgrad.compare.results.diagnosis import NoAnswer


def kind_of(function: Callable[..., Any]) -> Kind:
    """What a function computes: told by its class, by its fifth parameter, by its name."""
    if inspect.isclass(function) and issubclass(function, Trainer):
        return "trainer"
    if _required_parameters(function) == 5:
        return "step"
    name = getattr(function, "__name__", "")
    if re.search(r"loss|mse|cost|squared_error", name, re.IGNORECASE) and not _returns_several(function):
        return "loss"
    return "gradient"


def _returns_several(function: Callable[..., Any]) -> bool:
    """Whether a function whose name speaks of a loss gives more than one number: then it is a loss's gradient."""
    form = Series("arrays", "loss", table_probes())
    answer = ask(function, form, form.groups[0][0])
    if answer.failure is not None:
        return answer.failure.key == "wrong-shape"
    return answer.blocks[0].size > 1


def _required_parameters(function: Callable[..., Any]) -> int:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a compiled function without a signature
        return 4
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is p.empty for p in parameters)


def subjects(module: ModuleType) -> Iterator[tuple[str, Kind]]:
    """What there is to check: a gradient, a step, trainers; a loss only where there is none of these."""
    found: list[tuple[str, Kind]] = []
    for name in ("gradient", "step"):
        if callable(getattr(module, name, None)):
            found.append((name, "step" if name == "step" else "gradient"))
    found += [(name, "trainer") for name, value in vars(module).items() if _is_own_trainer(value, module)]
    if not found and callable(getattr(module, "loss", None)):
        found.append(("loss", "loss"))
    yield from found


def _is_own_trainer(value: Any, module: ModuleType) -> bool:
    return (
        inspect.isclass(value)
        and issubclass(value, Trainer)
        and value.__module__ == module.__name__
        and not inspect.isabstract(value)
    )


def nothing_to_check(module: ModuleType) -> NoAnswer:
    """The failure of a module without any of these: with the names of the functions that it has."""
    functions = [name for name, value in vars(module).items() if inspect.isfunction(value)]
    return NoAnswer("nothing-to-check", given=", ".join(functions[:8]))
