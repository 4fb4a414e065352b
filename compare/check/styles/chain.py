"""The backward pass as fast.ai's course writes it: each part of the chain hangs gradients on what it was given.

`lin_grad(inp, out, w, b)` reads `out.g` and sets `w.g` and `b.g`; a class keeps what `forward` was given and does the
same in `backward`, or leaves dW and db in attributes, or returns them. What comes before the first part, the gradient
of the loss by the predictions, is the file's own where it has one, else (2/n)(ŷ − y).
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from handgrad.backends.signatures.names import role_of
from handgrad.backends.signatures.subjects import Found, parameters_of
from handgrad.compare.check.styles.halves import own_functions
from handgrad.compare.check.styles.kept import HUNG, gradients_in, held, hung_on
from handgrad.compare.check.styles.trained import constructed

_CANONICAL = ("X", "y", "weights", "bias")


# -- functions -------------------------------------------------------------------------------------------------------


def chained_functions(module: ModuleType) -> Iterator[tuple[Found, Callable[..., Any]]]:
    """A function that hangs gradients on its weights and its bias, after one that hangs one on the predictions."""
    every = own_functions(module)
    hangs = {name: _hung_names(function) for name, function in every.items()}
    loss = next(
        (every[n] for n, on in hangs.items() if len(on) == 1 and len(parameters_of(every[n]).needed) == 2), None
    )
    for name, function in every.items():
        roles = {role_of(one): one for one in hangs[name]}
        if {"weights", "bias"} <= set(roles) and len(parameters_of(function).needed) == 4:
            made = f"{loss.__name__} and {name}" if loss else name
            yield _found(made, loss is None), _chained(function, loss)


def _found(name: str, from_predictions: bool) -> Found:
    return Found(name, "gradient", _CANONICAL, returns=("dw", "db"), from_predictions=from_predictions)


def _hung_names(function: Callable[..., Any]) -> list[str]:
    """The arguments of a function on which it hangs a gradient."""
    names = parameters_of(function).needed
    return [name for name in names if name in _hangs_on(function)]


def _hangs_on(subject: Any) -> set[str]:
    """The names on which its source hangs a gradient: of `w.g = …`, w."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(subject)))
    except (OSError, TypeError, SyntaxError):
        return set()
    targets = [target for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets]
    pairs = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return {ast.unparse(target.value) for target in pairs if isinstance(target, ast.Attribute) and target.attr in HUNG}


def _chained(function: Callable[..., Any], loss: Callable[..., Any] | None) -> Callable[..., Any]:
    def gradient(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        for layer in _layers(X, y, weights, bias):
            if _loss_gradient(layer, loss):
                function(*_in_order(function, layer))
                return hung_on(layer["weights"]), hung_on(layer["bias"])
        return None

    return gradient


def _in_order(function: Callable[..., Any], layer: dict[str, Any]) -> list[Any]:
    """Inputs, outputs, weights and bias, by the names of the arguments; what has no name of its own in this order."""
    left = ["X", "out"]
    return [
        layer[role] if (role := role_of(n)) in ("weights", "bias") else layer[left.pop(0)] for n in _names(function)
    ]


def _names(function: Callable[..., Any]) -> tuple[str, ...]:
    return parameters_of(function).needed


def _layers(X: Any, y: Any, weights: Any, bias: Any) -> Iterator[dict[str, Any]]:
    """Inputs, weights, bias, outputs and targets: outputs as a column, targets as a vector or a column; or vectors."""
    tensors = "torch" in sys.modules
    for w, b, target in (
        (weights[:, None], [bias], y),
        (weights[:, None], [bias], y[:, None]),
        (weights, bias, y),
    ):
        layer = {"X": held(X, tensors), "weights": held(w, tensors), "bias": held(b, tensors)}
        out = np.asarray(X) @ np.asarray(w) + np.asarray(b)
        yield layer | {"out": held(out, tensors), "y": held(target, tensors)}


def _loss_gradient(layer: dict[str, Any], loss: Callable[..., Any] | None) -> bool:
    """Hangs the gradient by the predictions on them; whether it has their shape."""
    out = layer["out"]
    if loss is None:
        out.g = _by_prediction(out, layer["y"])
        return True
    loss(out, layer["y"])
    return bool(getattr(hung_on(out), "shape", None) == out.shape)


def _by_prediction(out: Any, y: Any) -> Any:
    """(2/n)(ŷ − y), of the shape of the predictions."""
    return 2 * (out - y.reshape(out.shape)) / len(out)


# -- classes ---------------------------------------------------------------------------------------------------------


def chained_classes(module: ModuleType) -> Iterator[tuple[Found, Callable[..., Any]]]:
    """A class with `backward` after `forward` or a call, that holds weights and bias."""
    owners = {name: one for name, one in vars(module).items() if inspect.isclass(one) and _is_chained(one, module)}
    loss = next((one for one in owners.values() if not _has_parameters(one) and _hangs_on(one)), None)
    for name, owner in owners.items():
        if _has_parameters(owner):
            yield _found(f"{name}.backward", _is_given_gradient(owner, loss)), _passed(owner, loss)


def _is_given_gradient(owner: Any, loss: Any) -> bool:
    """Whether `backward` gets the gradient by the predictions from here, as an argument or hung on the output."""
    names = _names(owner.backward)[1:]
    if not names:
        return loss is None and bool(_hangs_on(owner))
    return any(role_of(name) not in ("X", "y", "prediction") for name in names)


def _is_chained(owner: Any, module: ModuleType) -> bool:
    return owner.__module__ == module.__name__ and "backward" in vars(owner) and _forward_of(owner) is not None


def _forward_of(owner: Any) -> str | None:
    return next((name for name in ("forward", "__call__", "predict") if name in vars(owner)), None)


def _has_parameters(owner: Any) -> bool:
    source = ast.parse(textwrap.dedent(inspect.getsource(owner)))
    names = {node.attr for node in ast.walk(source) if isinstance(node, ast.Attribute)}
    return {"weights", "bias"} <= {role_of(name) for name in names}


def _passed(owner: Any, loss: Any) -> Callable[..., Any]:
    """What makes an object of the class, and sends the data through it and back."""
    hangs = bool(_hangs_on(owner))

    def gradient(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        layer = {"X": X, "y": y, "weights": weights, "bias": bias}
        layer = next(_layers(**layer)) if hangs else layer
        made = _made(owner, layer)
        layer["out"] = _forward(made, layer)
        returned = _back(made, layer, loss() if hangs and loss else None)
        return gradients_in(made) or returned

    return gradient


def _made(owner: Any, layer: dict[str, Any]) -> Any:
    made = constructed(owner, {"weights": layer["weights"], "bias": layer["bias"]}, layer["X"])
    for name in list(vars(made)):
        if (role := role_of(name)) in ("weights", "bias"):
            setattr(made, name, layer[role])
    return made


def _forward(made: Any, layer: dict[str, Any]) -> Any:
    """What `forward` returns: given X, or X and y, as the names of the arguments tell."""
    method = getattr(made, str(_forward_of(type(made))))
    return method(*(layer["y" if role_of(name) == "y" else "X"] for name in _names(method)))


def _back(made: Any, layer: dict[str, Any], loss: Any) -> Any:
    """What `backward` returns: given data and predictions by name, or the gradient by these under another name."""
    known, names, out = {"X": "X", "y": "y", "prediction": "out"}, _names(made.backward), layer["out"]
    by_prediction = _by_prediction(out, layer["y"]) if np.shape(out)[:1] == np.shape(layer["y"])[:1] else None
    if loss is not None:
        getattr(loss, str(_forward_of(type(loss))))(out, layer["y"])
        loss.backward()
    elif not names and by_prediction is not None and hasattr(out, "__dict__"):
        out.g = by_prediction
    return made.backward(*(layer[known[r]] if (r := str(role_of(n))) in known else by_prediction for n in names))
