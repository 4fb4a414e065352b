"""Small faults in a module's source, one at a time: each is a mutant that a test should notice.

Left alone are what only the type checker or a reader sees (annotations, docstrings, decorators, text), `assert`, and
`strict=` of `zip`, which says again what holds anyway.
"""

from __future__ import annotations

import ast
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

#: What each comparison turns into: the edge moved, and the opposite.
COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
#: Names that are easily taken for each other.
SWAPPED = {
    "min": "max", "any": "all", "minimum": "maximum", "floor": "ceil", "append": "extend", "keys": "values",
    "startswith": "endswith", "lstrip": "rstrip", "partition": "rpartition", "inf": "nan", "first": "last",
    "isnan": "isinf", "find": "rfind", "add": "discard", "removeprefix": "removesuffix",
}  # fmt: skip
SWAPPED |= {other: one for one, other in SWAPPED.items()}

#: What has a line.
Node = ast.expr | ast.stmt

#: Fields that no test is asked about.
LEFT_ALONE = {"annotation", "returns", "decorator_list", "type_params", "format_spec"}


@dataclass(frozen=True)
class Place:
    """A node of a source's tree, and where it hangs: `parent.field`, at `index` if that is a list, in a function."""

    parent: ast.AST
    field: str
    index: int | None
    node: Node
    function: str

    def put(self, other: ast.AST) -> None:
        """Another node in its place."""
        if self.index is None:
            setattr(self.parent, self.field, other)
        else:
            getattr(self.parent, self.field)[self.index] = other


@dataclass(frozen=True)
class Mutant:
    """One fault: its number among those of a source, the line it is on, and what changes.

    A change is told as `function: before → after`, wherever the function stands, with a number from its second time on.
    """

    number: int
    line: int
    change: str


def mutants(source: str) -> list[Mutant]:
    """All mutants of a source, in its order."""
    found: list[Mutant] = []
    seen: Counter[str] = Counter()
    for place, other in changes(ast.parse(source)):
        change = f"{place.function}: {shown(place.node)} → {shown(other)}"
        seen[change] += 1
        again = f" #{seen[change]}" if seen[change] > 1 else ""
        found.append(Mutant(len(found), place.node.lineno, change + again))
    return found


def mutated(source: str, mutant: Mutant) -> str:
    """The source that has that fault."""
    tree = ast.parse(source)
    place, other = next(itertools.islice(changes(tree), mutant.number, None))
    ast.copy_location(other, place.node)
    place.put(ast.fix_missing_locations(other))
    return ast.unparse(tree)


def changes(tree: ast.Module) -> Iterator[tuple[Place, ast.AST]]:
    """Each place of a tree that may change, with what may stand there."""
    return ((place, other) for place in places(tree) for other in variants(place))


def shown(node: ast.AST) -> str:
    """The beginning of its source, in one line."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 100 else text[:99] + "…"


def places(parent: ast.AST, function: str = "") -> Iterator[Place]:
    """All nodes below one, but for those that are left alone."""
    if isinstance(parent, ast.Assert):
        return
    if isinstance(parent, ast.FunctionDef | ast.ClassDef):
        function = f"{function}.{parent.name}".lstrip(".")
    for field, value in ast.iter_fields(parent):
        if field in LEFT_ALONE:
            continue
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(node, ast.AST) and not says_strict(node):
                if isinstance(node, Node):
                    yield Place(parent, field, index, node, function)
                yield from places(node, function)


def says_strict(node: ast.AST) -> bool:
    """Whether it is `strict=True`."""
    return isinstance(node, ast.keyword) and node.arg == "strict"


def variants(place: Place) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    node = place.node
    if place.field in ("test", "ifs"):
        yield from opposite(node)
    for kind, others in KINDS.items():
        if isinstance(node, kind):
            yield from others(node)


def opposite(test: ast.AST) -> Iterator[ast.AST]:
    """A condition turned round, where no comparison does the same."""
    if isinstance(test, ast.expr) and not (isinstance(test, ast.Compare) and len(test.ops) == 1):
        yield ast.UnaryOp(ast.Not(), test)


def compare(node: ast.Compare) -> Iterator[ast.AST]:
    """Each of a chain's comparisons, changed."""
    for i, op in enumerate(node.ops):
        for other in COMPARED[type(op)]:
            yield ast.Compare(node.left, [*node.ops[:i], other(), *node.ops[i + 1 :]], node.comparators)


def binary(node: ast.BinOp) -> Iterator[ast.AST]:
    """The other operation; text put together is left alone."""
    if not any(isinstance(side, ast.JoinedStr) or is_text(side) for side in (node.left, node.right)):
        yield ast.BinOp(node.left, COMPUTED[type(node.op)](), node.right)


def is_text(node: ast.AST) -> bool:
    """Whether it is a text that stands there."""
    return isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))


def augmented(node: ast.AugAssign) -> Iterator[ast.AST]:
    """The other operation, and none."""
    yield ast.AugAssign(node.target, COMPUTED[type(node.op)](), node.value)
    yield ast.Pass()


def unary(node: ast.UnaryOp) -> Iterator[ast.AST]:
    """Without it."""
    if not isinstance(node.op, ast.UAdd):
        yield node.operand


def boolean(node: ast.BoolOp) -> Iterator[ast.AST]:
    """`and` for `or`, and each part left out."""
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for i in range(len(node.values)):
        rest = [*node.values[:i], *node.values[i + 1 :]]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def constant(node: ast.Constant) -> Iterator[ast.AST]:
    """One more and one less; the other truth value; twice the float."""
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield from (ast.Constant(node.value + 1), ast.Constant(node.value - 1))
    elif isinstance(node.value, float):
        yield from (ast.Constant(node.value * 2 + (node.value == 0)), ast.Constant(-node.value - (node.value == 0)))


def slices(node: ast.Slice) -> Iterator[ast.AST]:
    """Without its start, and without its end."""
    if node.lower is not None:
        yield ast.Slice(None, node.upper, node.step)
    if node.upper is not None:
        yield ast.Slice(node.lower, None, node.step)


def returned(node: ast.Return) -> Iterator[ast.AST]:
    """Nothing in place of the value."""
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield ast.Return(ast.Constant(None))


def named(node: ast.Name) -> Iterator[ast.AST]:
    """The name that is easily taken for it."""
    if isinstance(node.ctx, ast.Load) and node.id in SWAPPED:
        yield ast.Name(SWAPPED[node.id], node.ctx)


def attribute(node: ast.Attribute) -> Iterator[ast.AST]:
    """The method that is easily taken for it."""
    if isinstance(node.ctx, ast.Load) and node.attr in SWAPPED:
        yield ast.Attribute(node.value, SWAPPED[node.attr], node.ctx)


def called(node: ast.Expr) -> Iterator[ast.AST]:
    """Without the statement, unless it is text."""
    if not is_text(node.value):
        yield ast.Pass()


def raised(node: ast.Raise) -> Iterator[ast.AST]:
    """Without the exception."""
    yield ast.Pass()


def jumped(node: ast.Break | ast.Continue) -> Iterator[ast.AST]:
    """The other jump."""
    yield ast.Continue() if isinstance(node, ast.Break) else ast.Break()


def within(node: ast.With) -> Iterator[ast.AST]:
    """What stands within, without the context; where that is bound to a name, it is needed anyway."""
    if all(item.optional_vars is None for item in node.items):
        yield ast.If(ast.Constant(True), node.body, [])


KINDS: dict[type[ast.AST], Callable[..., Iterator[ast.AST]]] = {
    ast.Compare: compare,
    ast.BinOp: binary,
    ast.AugAssign: augmented,
    ast.UnaryOp: unary,
    ast.BoolOp: boolean,
    ast.Constant: constant,
    ast.Slice: slices,
    ast.Return: returned,
    ast.Name: named,
    ast.Attribute: attribute,
    ast.Expr: called,
    ast.Raise: raised,
    ast.Break: jumped,
    ast.Continue: jumped,
    ast.With: within,
}
