"""Questions on autodiff: a node that can add, and one that can multiply, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handgrad.compare.check.exercises.questions.question import Arguments, ExerciseQuestion

#: Expressions as programs: each operation takes two earlier numbers by position, and its result is the next one.
Program = tuple[list[float], list[tuple[str, int, int]]]

_SUMS: tuple[Program, ...] = (
    ([3.0, -2.0], [("+", 0, 1)]),
    ([1.5], [("+", 0, 0)]),
    ([2.0, 5.0], [("+", 0, 1), ("+", 2, 0)]),
    ([2.0, -0.5], [("+", 0, 1), ("+", 2, 0), ("+", 2, 3), ("+", 4, 2)]),
    ([1.25, 0.75, 4.0], [("+", 0, 1), ("+", 3, 3), ("+", 4, 3), ("+", 5, 1), ("+", 4, 6)]),
)

_PRODUCTS: tuple[Program, ...] = (
    ([3.0, -2.0], [("+", 0, 1)]),
    ([3.0, -2.0], [("*", 0, 1)]),
    ([1.5], [("*", 0, 0)]),
    ([0.5, -3.0, 2.0], [("*", 0, 1), ("+", 3, 2)]),
    ([2.0, 5.0], [("*", 0, 1), ("+", 2, 0)]),
    ([2.0, -0.5], [("*", 0, 1), ("+", 2, 0), ("*", 2, 3), ("+", 4, 2)]),
    ([1.25, 0.75], [("+", 0, 1), ("*", 2, 2), ("*", 3, 2), ("+", 4, 1)]),
)


def _calls(programs: tuple[Program, ...]) -> list[Arguments]:
    return [{"values": list(values), "operations": list(operations)} for values, operations in programs]


def _run_on_nodes(node: Any, arguments: Mapping[str, Any]) -> Any:
    """The program on the student's nodes, then `backward()` from its end."""
    nodes = [node(value) for value in arguments["values"]]
    leaves = list(nodes)
    for operation, left, right in arguments["operations"]:
        nodes.append(nodes[left] + nodes[right] if operation == "+" else nodes[left] * nodes[right])
    nodes[-1].backward()
    return nodes[-1].value, [leaf.adjoint for leaf in leaves]


PLUS_NODE = ExerciseQuestion("Node", ("value", "adjoints"), lambda: _calls(_SUMS), _run_on_nodes)
NODE = ExerciseQuestion("Node", ("value", "adjoints"), lambda: _calls(_PRODUCTS), _run_on_nodes)
