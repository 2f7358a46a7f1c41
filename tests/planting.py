"""Copies of a function, each with one wrong operator or sign, to see whether the tests find it."""

import ast
from collections.abc import Iterator

BINARY = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.MatMult: ast.Mult,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
}
COMPARE = {ast.Gt: ast.Lt, ast.GtE: ast.Lt, ast.Eq: ast.NotEq}


def faulty_sources(source: str) -> Iterator[tuple[str, str]]:
    """What the fault is, and the source with it."""
    for number in range(len(list(ast.walk(ast.parse(source))))):
        tree = ast.parse(source)
        node = list(ast.walk(tree))[number]
        before = ast.unparse(node) if isinstance(node, ast.expr | ast.stmt) else ""
        if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in BINARY:
            node.op = BINARY[type(node.op)]()
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARE:
            node.ops = [COMPARE[type(node.ops[0])]()]
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.expr):
            if isinstance(node.value, ast.Tuple | ast.List):
                continue
            node.value = ast.BinOp(ast.Constant(-1), ast.Mult(), node.value)
        else:
            continue
        yield f"{before} -> {ast.unparse(node)}", ast.unparse(ast.fix_missing_locations(tree))
