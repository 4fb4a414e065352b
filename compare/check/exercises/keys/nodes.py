"""Keys on autodiff: the adjoints of programs on nodes, and those of walks that go wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from handgrad.compare.check.exercises.keys.key import Answering, AnswerKey, Blocks, Slip

Operations = Sequence[tuple[str, int, int]]
#: Of each number: the numbers that it was made of, with the local derivatives.
Edges = list[list[tuple[int, float]]]
#: The adjoints of all numbers, from the edges; the last number is the end.
Walk = Callable[[Edges, float, bool], list[float]]


def _backwards(edges: Edges, seed: float, overwrite: bool) -> list[float]:
    """In the reverse order of the program: each number after all that were made of it."""
    adjoints = [0.0] * len(edges)
    adjoints[-1] = seed
    for number in reversed(range(len(edges))):
        _pass_on(number, edges, adjoints, overwrite)
    return adjoints


def _pass_on(number: int, edges: Edges, adjoints: list[float], overwrite: bool) -> None:
    for parent, local in edges[number]:
        share = adjoints[number] * local
        adjoints[parent] = share if overwrite else adjoints[parent] + share


def _answered(values: Sequence[float], operations: Operations, **fault: Any) -> Blocks:
    """The end's value and the leaves' adjoints; a `fault` is another `walk`, `seed`, or way to make the edges."""
    all_values, edges = _forward(values, operations, fault.get("swapped", False))
    walk: Walk = fault.get("walk", _backwards)
    adjoints = walk(edges, fault.get("seed", 1.0), fault.get("overwrite", False))
    return all_values[-1], adjoints[: len(values)]


def _forward(values: Sequence[float], operations: Operations, swapped: bool) -> tuple[list[float], Edges]:
    all_values, edges = list(values), [list[tuple[int, float]]() for _ in values]
    for operation, left, right in operations:
        u, v = all_values[left], all_values[right]
        all_values.append(u + v if operation == "+" else u * v)
        local = (1.0, 1.0) if operation == "+" else (u, v) if swapped else (v, u)
        edges.append(list(zip((left, right), local, strict=True)))
    return all_values, edges


def _recursive(edges: Edges, seed: float, overwrite: bool) -> list[float]:
    """A number passes on what it has got whenever a share arrives, not once when all have."""
    adjoints = [0.0] * len(edges)
    adjoints[-1] = seed

    def visit(number: int) -> None:
        for parent, local in edges[number]:
            share = adjoints[number] * local
            adjoints[parent] = share if overwrite else adjoints[parent] + share
            visit(parent)

    visit(len(edges) - 1)
    return adjoints


def _listed(take: int, once: bool) -> Walk:
    """A walk by a list of what is to be visited: `take` 0 makes it a queue, −1 a stack.

    With `once`, each number is put into it once, and otherwise whenever a share arrives.
    """

    def walk(edges: Edges, seed: float, overwrite: bool) -> list[float]:
        adjoints = [0.0] * len(edges)
        adjoints[-1] = seed
        waiting, seen = [len(edges) - 1], {len(edges) - 1}
        while waiting:
            number = waiting.pop(take)
            _pass_on(number, edges, adjoints, overwrite)
            for parent, _ in edges[number]:
                if not (once and parent in seen):
                    seen.add(parent)
                    waiting.append(parent)
        return adjoints

    return walk


def _walked(walk: Walk) -> Callable[..., Blocks]:
    return lambda right, **a: right(**(a | {"walk": walk}))


def _overwritten(right: Answering, **a: Any) -> Blocks:
    return right(**(a | {"overwrite": True}))


_WALKS = (
    Slip("overwritten", _overwritten),
    Slip("no-seed", lambda right, **a: right(**(a | {"seed": 0.0}))),
    Slip("breadth-first", _walked(_listed(0, once=True))),
    Slip("breadth-first", _walked(_listed(0, once=False))),
    Slip("visited-too-early", _walked(_recursive)),
    Slip("visited-too-early", _walked(_listed(-1, once=True))),
    Slip("visited-too-early", _walked(_listed(-1, once=False))),
)

PLUS_NODE = AnswerKey(right=_answered, slips=_WALKS)
NODE = AnswerKey(
    right=_answered,
    slips=(_WALKS[0], _WALKS[1], Slip("swapped", lambda right, **a: right(**(a | {"swapped": True}))), *_WALKS[2:]),
)
