"""Copies of lines, each with one wrong operator or sign, to see whether the tests find it."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator

import pytest

BINARY = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.MatMult: ast.Mult,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
}
COMPARE = {ast.Gt: ast.Lt, ast.GtE: ast.Lt, ast.Eq: ast.NotEq}


def faulty_sources(source: str, chosen: Callable | None = None) -> Iterator[tuple[str, str]]:
    """What the fault is, and the source with it.

    Args:
        source: lines of Python.
        chosen: says of an assignment whether faults are planted into it: into its operators, and
            its value is made negative. Without it, they are planted everywhere, and what is
            returned is made negative.
    """
    nodes = list(ast.walk(ast.parse(source)))
    if chosen is None:
        places = {id(node) for node in nodes}
        negated = {id(n) for n in nodes if isinstance(n, ast.Return) and n.value}
    else:
        assignments = [n for n in nodes if isinstance(n, ast.Assign) and chosen(n)]
        places = {id(inner) for node in assignments for inner in ast.walk(node)}
        negated = {id(node) for node in assignments}
    for number, original in enumerate(nodes):
        if id(original) not in places:
            continue
        tree = ast.parse(source)
        node = list(ast.walk(tree))[number]
        if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in BINARY:
            node.op = BINARY[type(node.op)]()
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARE:
            node.ops = [COMPARE[type(node.ops[0])]()]
        elif id(original) in negated and not isinstance(node.value, ast.Tuple | ast.List):
            node.value = ast.BinOp(ast.Constant(-1), ast.Mult(), node.value)
        else:
            continue
        what = f"{ast.unparse(original)} -> {ast.unparse(node)}"
        yield what, ast.unparse(ast.fix_missing_locations(tree))


def faulty_copies(function) -> Iterator[tuple[str, object]]:
    """What the fault is, and the code of the function with it."""
    for what, source in faulty_sources(textwrap.dedent(inspect.getsource(function))):
        yield what, compile(source, "fault", "exec")


def planted(owner, name: str, code):
    """The function with the fault, bound where the original stands."""
    original = inspect.getattr_static(owner, name)
    module = inspect.getmodule(inspect.unwrap(getattr(owner, name)))
    namespace = dict(vars(module))
    exec(code, namespace)
    return namespace[original.__name__]


def assert_found(what: str, *checks: Callable, by: type | tuple = Exception) -> None:
    """One of the checks fails, with one of these errors: a wrong number, a wrong shape."""
    for check in checks:
        try:
            check()
        except by:
            return
        except pytest.fail.Exception:
            return
    pytest.fail(f"this fault was not found: {what}")
