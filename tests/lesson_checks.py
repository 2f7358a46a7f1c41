"""Run a lesson block by block, and hold it against R and against central differences.

The tests use these checks on the lessons as they are, and on copies with planted faults.
"""

import contextlib
import io
import re

import matplotlib.pyplot as plt
import numpy as np
from r_fixtures import FIXTURES, SCRIPTS, RRun, pairs, read_run
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

from course.agreement import CENTRAL_DIFFERENCE_TOLERANCE, assert_agree, central_difference

NETWORKS = ["iris_nopackages", "mtcars_nopackages"]  # networks by hand, beside the R lines
R_TOLERANCE = 1e-8


def code_blocks_of(lesson: str) -> list[str]:
    """The Python blocks of a lesson, as the gallery cuts them."""
    _, blocks = split_code_and_text_blocks(str(SCRIPTS / f"{lesson}.py"))
    return [block.content for block in blocks if block.type == "code"]


def blocks_of_run(lesson: str, run) -> tuple[list[str], list[list[str]]]:
    """The Python blocks of a lesson, and the lines that each printed in a run of the script."""
    _, blocks = split_code_and_text_blocks(str(SCRIPTS / f"{lesson}.py"))
    ends = [block.lineno - 1 for block in blocks[1:]] + [10**6]
    found = [
        (block.content, run.printed_between(block.lineno, end))
        for block, end in zip(blocks, ends, strict=True)
        if block.type == "code"
    ]
    contents, printed = zip(*found, strict=True)
    return list(contents), list(printed)


def run_blocks(blocks: list[str]) -> tuple[dict, list[list[str]]]:
    """Run blocks of code one after the other; return the variables, and the lines each printed."""
    plt.switch_backend("agg")
    plt.close("all")  # of a run that failed before
    namespace, printed = {"__name__": "__main__"}, []
    with plt.style.context("default"):
        for block in blocks:
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(block, "lesson", "exec"), namespace)
            printed.append([line.rstrip() for line in out.getvalue().splitlines()])
    plt.close("all")
    return namespace, printed


def without_bounds(text: str) -> str:
    """The text without the sizes of what rounding leaves: a bound may be just met, or just not."""
    return re.sub(r"<\s*1e[+-]\d\d", "<", text)


def check_printed(lesson: str, blocks: list[str], printed: list[list[str]]) -> int:
    """Where R prints, Python prints the same lines; returns how many blocks printed."""
    r_run = read_run(FIXTURES / f"{lesson}.txt")
    originals = code_blocks_of(lesson)
    compared = 0
    for pair in pairs(lesson):
        r_lines = r_run.printed[pair.name]
        if r_lines:
            python_lines = printed[originals.index(pair.python)]
            assert python_lines == r_lines, f"{pair.name}:\n{python_lines}\n{r_lines}"
            compared += 1
    return compared


def check_variables(lesson: str, namespace: dict) -> None:
    """The variables of Python are those of R."""
    run: RRun = read_run(FIXTURES / f"{lesson}.txt")
    for name, expected in run.variables.items():
        found = np.asarray(namespace[name], dtype=float)
        assert_agree(name, found, expected.reshape(found.shape), tolerance=R_TOLERANCE)


def check_gradients(lesson: str, blocks: list[str]) -> None:
    """The derivatives that a lesson writes out are those that central differences give.

    Where the lesson takes one step in the open, the step follows them.
    """
    last = next(i for i, block in enumerate(blocks) if "dW1 = " in block)
    ns, _ = run_blocks(blocks[: last + 1])
    names = ["W1", "b1", "W2", "b2"]
    weights = [ns[name] for name in names]
    if lesson == "iris_nopackages":
        x, y = ns["train_data"], ns["train_labels_onehot"]

        def loss():  # the sum over flowers, which the script descends
            return len(y) * ns["compute_loss"](ns["forward"](x, *weights)[1], y)
    else:
        x, y = ns["X_train"], ns["y_train"]

        def loss():  # half the sum of the squared errors
            return 0.5 * y.size * ns["compute_loss"](ns["forward"](x, *weights)[1], y)

    numeric = {name: central_difference(loss, w) for name, w in zip(names, weights, strict=True)}
    for name in names:
        assert_agree(f"d{name}", ns[f"d{name}"], numeric[name], CENTRAL_DIFFERENCE_TOLERANCE)
    if "for epoch" not in blocks[last + 1]:
        after_step, _ = run_blocks(blocks[: last + 2])
        for name, weight in zip(names, weights, strict=True):
            expected = weight - ns["learning_rate"] * numeric[name]
            assert_agree(name, after_step[name], expected, CENTRAL_DIFFERENCE_TOLERANCE)


def check_lesson(lesson: str, blocks: list[str]) -> None:
    """All checks of a network written by hand."""
    check_gradients(lesson, blocks)
    namespace, printed = run_blocks(blocks)
    check_printed(lesson, blocks, printed)
    check_variables(lesson, namespace)
