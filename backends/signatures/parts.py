"""What a function's answer is made of, and which part is dW and which db: in either order, by name, in one vector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from handgrad.backends.signatures.names import gives_weights_alone, kind_by_name, part_of
from handgrad.backends.signatures.signature import Theta
from handgrad.backends.signatures.subjects import CANONICAL, Found


@dataclass(frozen=True)
class Arrangement:
    """Which part of an answer is dW and which db; with `joined`, one part holds both as θ does.

    A part that is not given is taken for right: there is nothing to judge. Nothing else may come with the two where
    they stand `alone`.
    """

    weights: int = 0
    bias: int | None = 1
    joined: Theta = ""
    alone: bool = False


#: What arrays, tensors and numbers have, and no object that holds them.
_OF_NUMBERS = ("shape", "__array__", "__float__", "__complex__", "__iter__")

#: dW and db in this order, and nothing else.
PAIR = Arrangement(alone=True)


def parts_in(returned: Any) -> tuple[tuple[str, ...], list[Any]]:
    """The names of the parts of an answer, where they have any, and the parts.

    An answer is a pair, a dictionary, a named tuple, a data class or another object that holds the parts, one vector,
    or a number. Where names tell dW and db, what is neither, and no loss, is none of the parts.
    """
    if named := _named(_flat(returned)):
        told = {name: part for name, part in named.items() if part_of(name) and not isinstance(part, str | None)}
        meant = [part_of(name) for name in told]
        named = told if meant.count("weights") == meant.count("bias") == 1 else named
        return tuple(named), list(named.values())
    if isinstance(returned, tuple):
        return (), list(returned)
    if isinstance(returned, list) and (len(returned) == 2 or not all(map(_is_number, returned))):
        return (), list(returned)
    if hasattr(returned, "shape") and tuple(returned.shape) == (2,):
        return (), [returned[0], returned[1]]
    return (), [returned]


def _flat(returned: Any) -> Any:
    """Of a loss beside a dictionary of gradients, in either order, one dictionary."""
    if isinstance(returned, tuple | list) and len(returned) == 2:
        inner = [part for part in returned if isinstance(part, dict)]
        if len(inner) == 1 and "loss" not in inner[0]:
            return inner[0] | {"loss": next(part for part in returned if part is not inner[0])}
    return returned


def _named(returned: Any) -> dict[str, Any]:
    """The parts of an answer by name; none where they have no names, or where it is an array or a number itself."""
    if isinstance(returned, dict):
        return {str(name): part for name, part in returned.items()}
    if isinstance(returned, tuple) and hasattr(returned, "_fields"):
        return dict(zip(returned._fields, returned, strict=True))
    if isinstance(returned, type | tuple | list) or any(hasattr(returned, name) for name in _OF_NUMBERS):
        return {}
    held = [field.name for field in fields(returned)] if is_dataclass(returned) else getattr(returned, "__dict__", ())
    others = [name for name in dir(returned) if not name.startswith("_")]
    names = held if _tell(held) else dict.fromkeys((*held, *others))
    parts = {name: getattr(returned, name) for name in names if hasattr(returned, name)}
    return {name: part for name, part in parts.items() if not callable(part)}


def _tell(names: Iterable[str]) -> bool:
    """Whether one of the names is that of dW, and one that of db."""
    return {"weights", "bias"} <= set(map(part_of, names))


def _is_number(part: Any) -> bool:
    return np.ndim(part) == 0


def arranged(found: Found, theta: Theta, names: Sequence[str], sizes: list[int], features: int) -> list[Arrangement]:
    """How the parts of an answer may be meant, the likeliest first.

    Args:
        found: What is known of the function.
        theta: How θ holds the parameters that it was given.
        names: Of the parts, as the answer has them; else the function's last return statement tells.
        sizes: How many numbers each part has.
        features: d.
    """
    names = names or (found.returns if len(found.returns) == len(sizes) else ("",) * len(sizes))
    if theta and theta not in ("pair", "mapping"):
        return _of_theta(theta, sizes, features, [part_of(name) for name in names])
    if len(sizes) == 1:
        return [Arrangement(0, None)] if gives_weights_alone(found.name) else _of_one_vector(sizes[0], features)
    return _of_parts([part_of(name) for name in names], sizes, features, found)


def _of_one_vector(size: int, features: int) -> list[Arrangement]:
    both = size == features + 1 and features > 1
    return [Arrangement(0, 0, "bias-last"), Arrangement(0, 0, "bias-first")] if both else [PAIR]


def _of_theta(theta: Theta, sizes: list[int], features: int, parts: list[str]) -> list[Arrangement]:
    order: Theta = "bias-first" if theta == "ones" else theta
    if theta == "none":
        return [Arrangement(index, None) for index, part in enumerate(parts) if part != "loss"] or [PAIR]
    if features + 1 in sizes:
        return [Arrangement(sizes.index(features + 1), None, order)]
    return [Arrangement(1, 0) if order == "bias-first" else PAIR] if len(sizes) == 2 else [PAIR]


def _of_parts(parts: list[str], sizes: list[int], features: int, found: Found) -> list[Arrangement]:
    if "weights" in parts and "bias" in parts:
        return [Arrangement(parts.index("weights"), parts.index("bias"))]
    own_order = found.name not in CANONICAL and kind_by_name(found.name.rpartition(".")[2]) in ("gradient", "step")
    if len(sizes) == 2 and features > 1:
        return [Arrangement(1, 0)] if own_order and sizes == [1, features] else [PAIR]
    every = [Arrangement(w, b) for w in range(len(sizes)) for b in range(len(sizes)) if w != b]
    if len(sizes) == 2:
        return every if own_order else [PAIR]
    if len(sizes) != 3:
        return [PAIR]
    fitting = [a for a in every if sizes[a.weights] == features and sizes[a.bias or 0] == 1]
    return [a for a in fitting if "loss" not in (parts[a.weights], parts[a.bias or 0])] or [PAIR]
