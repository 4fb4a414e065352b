"""The four steps of a backend as they stand in its file, with their lines counted."""

from __future__ import annotations

import ast
import io
import tokenize

from handgrad.backends.catalogue import Entry
from handgrad.compare.results.comparison import Source

STEPS = ("predict", "loss", "gradient", "update")


def source_of(entry: Entry) -> Source:
    """The source of `predict`, `loss`, `gradient` and `update`, in the order of the file."""
    text = entry.file.read_text(encoding="utf-8")
    code = "\n".join(_step(text, step) for step in _steps(text, entry.class_name))
    return Source(file=f"{entry.module.rpartition('.')[2]}.py", code=code.rstrip() + "\n", lines=lines_of_code(code))


def lines_of_code(code: str) -> int:
    """Lines that hold code: no blank lines, no comments, no docstrings."""
    lines: set[int] = set()
    statement_begins = True
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            statement_begins = True
        elif token.type == tokenize.STRING and statement_begins:
            continue  # a docstring
        elif token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER):
            lines.update(range(token.start[0], token.end[0] + 1))
            statement_begins = False
    return len(lines)


def _steps(text: str, class_name: str) -> list[ast.FunctionDef]:
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.ClassDef) and statement.name == class_name:
            return [s for s in statement.body if isinstance(s, ast.FunctionDef) and s.name in STEPS]
    return []


def _step(text: str, step: ast.FunctionDef) -> str:
    lines = text.splitlines()[step.lineno - 1 : step.end_lineno]
    return "\n".join(line[step.col_offset :] for line in lines) + "\n"
