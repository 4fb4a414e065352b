"""Functions cut out of source files, as they stand there, with their lines counted; nothing is imported or run."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable

from handgrad.backends.catalogue import Entry
from handgrad.compare.results.comparison import Source

STEPS = ("predict", "loss", "gradient", "update")


def source_of(entry: Entry) -> Source:
    """The source of a backend's four steps, in the order of the file."""
    text = entry.file.read_text(encoding="utf-8")
    of_class = functions(text, entry.class_name)
    code = "\n".join(lines_of(text, function) for name, function in of_class.items() if name in STEPS)
    return Source(file=f"{entry.module.rpartition('.')[2]}.py", code=code.rstrip() + "\n", lines=lines_of_code(code))


def cut(text: str, names: Iterable[str], file: str) -> str:
    """Functions of a source text, with their decorators, in the order of the names, a blank line between them.

    Args:
        text: The source.
        names: Each a function, or `Class.method`.
        file: What to call the source in an error.

    Raises:
        LookupError: If one of them is not there, or is no function.
    """
    return "\n".join(lines_of(text, _function(text, name, file)) for name in names)


def functions(text: str, class_name: str | None = None) -> dict[str, ast.FunctionDef]:
    """The functions of a source text, or of one class in it, by name and in their order; none if that is not there."""
    body: list[ast.stmt] = ast.parse(text).body
    if class_name is not None:
        classes = [statement for statement in body if isinstance(statement, ast.ClassDef)]
        body = next((found.body for found in classes if found.name == class_name), [])
    return {statement.name: statement for statement in body if isinstance(statement, ast.FunctionDef)}


def lines_of(text: str, function: ast.FunctionDef) -> str:
    """A function as it stands in the text, with its decorators, moved to the left edge."""
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    lines = text.splitlines()[first - 1 : function.end_lineno]
    return "\n".join(line[function.col_offset :] for line in lines) + "\n"


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


def _function(text: str, name: str, file: str) -> ast.FunctionDef:
    class_name, _, function = name.rpartition(".")
    found = functions(text, class_name or None)
    if function not in found:
        raise LookupError(f"{file}: expected {name}, found no such function")
    return found[function]
