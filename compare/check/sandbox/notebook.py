"""The Python of a student's file: itself, or of a notebook the cells that define something.

Of a notebook, imports, functions, classes and plain constants are kept; what it shows, loads or trains is not run.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path


def source_of(file: Path) -> str:
    """The text of the file, or what a notebook defines.

    Raises:
        ValueError: If it is no notebook.
        SyntaxError: If a cell that defines something is not Python.
    """
    if file.suffix != ".ipynb":
        return file.read_text(encoding="utf-8")
    try:
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell.get("cell_type") == "code"]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no notebook: {error}") from None
    return "\n\n".join(filter(None, map(_definitions, texts)))


def _definitions(cell: str) -> str:
    lines = ["" if line.lstrip().startswith(("%", "!", "?")) else line for line in cell.splitlines()]
    text = "\n".join(lines)
    try:
        tree = ast.parse(text)
    except SyntaxError:
        if "def " in text:
            raise
        return ""
    return "\n".join(ast.get_source_segment(text, node) or "" for node in _with_decorators(tree))


def _with_decorators(tree: ast.Module) -> list[ast.stmt]:
    kept = [node for node in tree.body if _defines(node)]
    for node in kept:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.decorator_list:
            node.lineno = node.decorator_list[0].lineno
            node.col_offset = 0
    return kept


def _defines(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign):
        return all(
            isinstance(part, ast.Constant | ast.Tuple | ast.List | ast.UnaryOp | ast.USub | ast.Load)
            for part in ast.walk(node.value)
        )
    return isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
