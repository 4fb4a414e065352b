"""The exercise on autodiff: a node of a tape of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from handgrad.compare.check.exercises.task import Arguments, Blocks, Slip, Task

#: Expressions as programs: each operation takes two earlier numbers by position, and its result is the next one.
_PROGRAMS: tuple[tuple[list[float], list[tuple[str, int, int]]], ...] = (
    ([3.0, -2.0], [("+", 0, 1)]),
    ([3.0, -2.0], [("*", 0, 1)]),
    ([1.5], [("*", 0, 0)]),
    ([0.5, -3.0, 2.0], [("*", 0, 1), ("+", 3, 2)]),
    ([2.0, 5.0], [("*", 0, 1), ("+", 2, 0)]),
    ([2.0, -0.5], [("*", 0, 1), ("+", 2, 0), ("*", 2, 3), ("+", 4, 2)]),
    ([1.25, 0.75], [("+", 0, 1), ("*", 2, 2), ("*", 3, 2), ("+", 4, 1)]),
)


def _program_calls() -> list[Arguments]:
    return [{"values": list(values), "operations": list(operations)} for values, operations in _PROGRAMS]


def _run_on_nodes(node: Any, arguments: Mapping[str, Any]) -> Any:
    """The program on the student's nodes, then `backward()` from its end."""
    nodes = [node(value) for value in arguments["values"]]
    leaves = list(nodes)
    for operation, left, right in arguments["operations"]:
        nodes.append(nodes[left] + nodes[right] if operation == "+" else nodes[left] * nodes[right])
    nodes[-1].backward()
    return nodes[-1].value, [leaf.adjoint for leaf in leaves]


def _tape(
    values: Sequence[float], operations: Sequence[tuple[str, int, int]], fault: str = ""
) -> tuple[list[float], list[list[tuple[int, float]]]]:
    """The value of each number, and (parent, local derivative) of each."""
    all_values = list(values)
    parents: list[list[tuple[int, float]]] = [[] for _ in values]
    for operation, left, right in operations:
        u, v = all_values[left], all_values[right]
        all_values.append(u + v if operation == "+" else u * v)
        local = (1.0, 1.0) if operation == "+" else (u, v) if fault == "swapped" else (v, u)
        parents.append(list(zip((left, right), local, strict=True)))
    return all_values, parents


def _adjoints(values: Sequence[float], operations: Sequence[tuple[str, int, int]], fault: str = "") -> Blocks:
    """The walk back, in the reverse order of the program; with a `fault`, "overwritten" or "swapped"."""
    all_values, parents = _tape(values, operations, fault)
    adjoints = [0.0] * len(all_values)
    adjoints[-1] = 1.0
    for node in reversed(range(len(all_values))):
        for parent, local in parents[node]:
            share = adjoints[node] * local
            adjoints[parent] = share if fault == "overwritten" else adjoints[parent] + share
    return all_values[-1], adjoints[: len(values)]


def _too_early(values: Sequence[float], operations: Sequence[tuple[str, int, int]]) -> Blocks:
    """A node passes on what it has got whenever a share arrives, not once when all have."""
    all_values, parents = _tape(values, operations)
    adjoints = [0.0] * len(all_values)
    adjoints[-1] = 1.0

    def visit(node: int) -> None:
        for parent, local in parents[node]:
            adjoints[parent] += adjoints[node] * local
            visit(parent)

    visit(len(all_values) - 1)
    return all_values[-1], adjoints[: len(values)]


NODE = Task(
    function="Node",
    parts=("value", "adjoints"),
    calls=_program_calls,
    right=_adjoints,
    slips=(
        Slip("overwritten", lambda **a: _adjoints(**a, fault="overwritten")),
        Slip("visited-too-early", _too_early),
        Slip("swapped", lambda **a: _adjoints(**a, fault="swapped")),
    ),
    ask=_run_on_nodes,
)
