"""The lines of a student's file that compute what is wrong, read from its syntax; nothing is run.

From the value that a function returns for a block, names are followed back to their assignments, two steps far: to
the block's own formula, and to what stands in it, such as the residual.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from handgrad.compare.results.diagnosis import Assessment, SourceLine

#: Of a file, and of the text of a line.
MOST_LINES, LONGEST_LINE = 6, 100
STEPS = 2


def lines(source: str, file: str, assessment: Assessment) -> tuple[SourceLine, ...]:
    """The lines that compute the wrong blocks of a function, in their order, as Python writes them, without comments.

    Args:
        source: Of the file.
        file: Its name, for the lines.
        assessment: Of a function of the file.
    """
    if assessment.correct or assessment.failure is not None:
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a student's string escapes is no concern here
            return _lines(ast.parse(source), file, assessment)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _lines(tree: ast.Module, file: str, assessment: Assessment) -> tuple[SourceLine, ...]:
    named = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name in assessment.subjects]
    wrong = [i for i, right in enumerate(assessment.parts.values()) if not right]
    found = {s.lineno: s for function in named for s in _statements(function, wrong, len(assessment.parts))}
    return tuple(SourceLine(file, number, _text(found[number])) for number in sorted(found)[:MOST_LINES])


def _statements(function: ast.FunctionDef, wrong: list[int], parts: int) -> Iterator[ast.stmt]:
    """The last `return`, if it computes something, and what assigns the names that lead there."""
    returns = [node for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]
    if not returns:
        return
    last = max(returns, key=lambda node: node.lineno)
    values = _values(last.value, wrong, parts)
    if not all(isinstance(value, ast.Name) for value in values):
        yield last
    names = {name for value in values for name in _names(value)}
    for _ in range(STEPS):
        assigned = [statement for statement in _assignments(function) if names & _targets(statement)]
        yield from assigned
        names = {name for statement in assigned for name in _names(statement)} - names


def _values(returned: ast.expr | None, wrong: list[int], parts: int) -> list[ast.expr]:
    """What is returned for the wrong blocks; all of it where the blocks cannot be told apart."""
    if isinstance(returned, ast.Tuple | ast.List) and len(returned.elts) == parts:
        return [returned.elts[i] for i in wrong] or list(returned.elts)
    return [returned] if returned is not None else []


def _assignments(function: ast.FunctionDef) -> Iterator[ast.Assign | ast.AugAssign | ast.AnnAssign]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign))


def _targets(statement: ast.Assign | ast.AugAssign | ast.AnnAssign) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _text(statement: ast.stmt) -> str:
    text = ast.unparse(statement).splitlines()[0]
    return text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE - 1]}…"
