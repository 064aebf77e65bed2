"""The small faults that are planted: one change of one place of a module each."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass

NOT_RUN = {"annotation", "returns", "decorator_list"}
"""Parts that decide nothing when a function runs."""
NOT_PLANTED = {"strict", "check_finite", "dtype", "overwrite_a", "assume_unique", "kind", "order", "copy"}
"""Arguments that make a library quicker or stricter, never its answer another."""
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_CALLED = (
    ("min", "max"),
    ("minimum", "maximum"),
    ("any", "all"),
    ("floor", "ceil"),
    ("zeros", "ones"),
    ("logical_and", "logical_or"),
    ("greater", "greater_equal"),
    ("less", "less_equal"),
    ("union1d", "intersect1d"),
)
CALLED = {**dict(_CALLED), **{b: a for a, b in _CALLED}}
SMALL = 0.01
"""A float under it is a tolerance, and is made ten times as large and as small."""


@dataclass(frozen=True)
class Mutant:
    """A module with one fault: where, of what kind, as a diff, and the whole text."""

    first_line: int
    last_line: int
    kind: str
    diff: str
    text: str
    in_function: bool


@dataclass(frozen=True)
class _Place:
    holder: ast.AST
    field: str
    index: int | None
    node: ast.AST
    statement: ast.stmt
    in_function: bool

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.holder, self.field, node)
        else:
            getattr(self.holder, self.field)[self.index] = node


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module, always in the same order."""
    tree = ast.parse(source)
    sound = ast.unparse(tree).splitlines()
    for place in list(_places(tree, None, in_function=False)):
        for kind, node in _changes(place):
            place.put(ast.copy_location(node, place.node))
            text = ast.unparse(tree)
            place.put(place.node)
            changed = list(difflib.unified_diff(sound, text.splitlines(), n=0, lineterm=""))[3:]
            if changed:
                first, last = _lines(place)
                yield Mutant(first, last, kind, "\n".join(changed), text, place.in_function)


def _lines(place: _Place) -> tuple[int, int]:
    """Lines that run when the place does: of a compound statement those up to the place alone."""
    first = place.statement.lineno
    return first, getattr(place.node, "end_lineno", None) or first


def _places(node: ast.AST, statement: ast.stmt | None, *, in_function: bool) -> Iterator[_Place]:
    for field, value in ast.iter_fields(node):
        if field in NOT_RUN:
            continue
        several = isinstance(value, list)
        inside = in_function or (isinstance(node, ast.FunctionDef) and field == "body")
        for index, child in enumerate(value if several else [value]):
            if not isinstance(child, ast.AST) or _is_not_planted(child):
                continue
            inner = child if isinstance(child, ast.stmt) else statement
            if inner is not None:
                yield _Place(node, field, index if several else None, child, inner, inside)
            yield from _places(child, inner, in_function=inside)


def _is_not_planted(node: ast.AST) -> bool:
    return isinstance(node, ast.keyword) and node.arg in NOT_PLANTED


def _changes(place: _Place) -> Iterator[tuple[str, ast.AST]]:
    node = place.node
    if isinstance(node, ast.stmt):
        yield from _removed(node)
    if place.field in {"test", "ifs"} and not isinstance(node, ast.Constant):
        yield "condition", ast.UnaryOp(ast.Not(), node)  # type: ignore[arg-type]
    match node:
        case ast.Constant(value=bool() as value):
            yield "constant", ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield "constant", ast.Constant(value + 1)
            yield "constant", ast.Constant(value - 1)
        case ast.Constant(value=float() as value):
            by = 10.0 if 0 < value < SMALL else 2.0
            yield "constant", ast.Constant(value * by if value else 1.0)
            yield "constant", ast.Constant(value / by if value else -1.0)
        case ast.BoolOp(op=op, values=values):
            yield "and, or", ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(operand=operand) if not isinstance(operand, ast.Constant):
            yield "not, minus", operand
        case ast.Call():
            yield from _called(node)
        case ast.Compare() | ast.BinOp() | ast.AugAssign():
            yield from _operators(node)


def _operators(node: ast.Compare | ast.BinOp | ast.AugAssign) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Compare):
        for index, each in enumerate(node.ops):
            if type(each) in COMPARED:
                ops = [*node.ops[:index], COMPARED[type(each)](), *node.ops[index + 1 :]]
                yield "comparison", ast.Compare(node.left, ops, node.comparators)
    elif type(node.op) in COMPUTED:
        op = COMPUTED[type(node.op)]()
        if isinstance(node, ast.BinOp):
            yield "arithmetic", ast.BinOp(node.left, op, node.right)
        else:
            yield "arithmetic", ast.AugAssign(node.target, op, node.value)


def _called(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    match node.func:
        case ast.Name(id=name, ctx=ctx) if name in CALLED:
            yield "call", ast.Call(ast.Name(CALLED[name], ctx), node.args, node.keywords)
        case ast.Attribute(value=value, attr=name, ctx=ctx) if name in CALLED:
            yield "call", ast.Call(ast.Attribute(value, CALLED[name], ctx), node.args, node.keywords)
        case ast.Name(id="abs" | "sorted") if len(node.args) == 1:
            yield "call", node.args[0]


def _removed(node: ast.stmt) -> Iterator[tuple[str, ast.stmt]]:
    """The statement gone, where names that others need do not go with it."""
    match node:
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield "return", ast.Return(ast.Constant(None))
        case (
            ast.Raise()
            | ast.AugAssign()
            | ast.Continue()
            | ast.Break()
            | ast.Delete()
            | ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom())
            | ast.Assign(targets=[ast.Subscript() | ast.Attribute()])
        ):
            yield "statement", ast.Pass()
