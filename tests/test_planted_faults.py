"""A wrong sign in any derivative is found: faults are planted in copies of the lessons.

Each fault changes one operator in one line that computes a derivative or an update.  The checks
that pass on the lesson must fail on the copy.
"""

import ast
import re
from collections.abc import Iterator

import lesson_checks as checks
import numpy as np
import pytest
from conftest import some
from planting import assert_found, faulty_sources

from course.agreement import assert_agree, central_difference

WRONG = (AssertionError, ValueError)  # a number, a shape
# With one output, (n, 1) and (1, 5) give the same by matrices and entry by entry.
HARMLESS = {"delta2 @ W2.T -> delta2 * W2.T"}
DERIVATIVE = re.compile(r"(d[zWb]|delta|[Wb])\d")


def faults(block: str) -> Iterator[tuple[str, str]]:
    """Faults in the lines of a block that compute a derivative or an update."""
    for what, changed in faulty_sources(block, is_derivative_or_update):
        if what not in HARMLESS:
            yield what, changed


def is_derivative_or_update(assignment: ast.Assign) -> bool:
    """Whether it is a line such as ``dW2 = ...`` or ``W2 = W2 - ...``."""
    name = ast.unparse(assignment.targets[0])
    is_update = ast.unparse(assignment.value).startswith(f"{name} - ")
    return bool(DERIVATIVE.fullmatch(name)) and (is_update or name[0] == "d")


def all_faults():
    for lesson in checks.NETWORKS:
        for i, block in enumerate(checks.code_blocks_of(lesson)):
            for what, changed in faults(block):
                yield pytest.param(lesson, i, changed, id=f"{lesson}-{i}-{what}")


ALL_FAULTS = list(all_faults())


def test_every_derivative_and_update_gets_faults():
    """In each lesson: 6 derivatives and 4 updates, once in the open and once in the loop."""
    for lesson in checks.NETWORKS:
        planted = [case for case in ALL_FAULTS if case.values[0] == lesson]
        negatives = [case for case in planted if "= -1 * " in case.id]
        updates_in_the_open = 4 if lesson == "iris_nopackages" else 0
        assert len(negatives) == 6 + 6 + 4 + updates_in_the_open
        assert len(planted) > 1.5 * len(negatives)


@pytest.mark.parametrize("lesson", checks.NETWORKS)
def test_the_checks_pass_without_a_fault(lesson):
    checks.check_lesson(lesson, checks.code_blocks_of(lesson))


@pytest.mark.rest
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # some faults make the weights overflow
@pytest.mark.parametrize(("lesson", "position", "changed"), some(ALL_FAULTS))
def test_a_planted_fault_is_found(lesson, position, changed):
    blocks = checks.code_blocks_of(lesson)
    blocks[position] = changed
    assert_found(changed, lambda: checks.check_lesson(lesson, blocks), by=WRONG)


# The functions that the agreement lessons write out once more.


def function_source(lesson: str, name: str) -> tuple[dict, str]:
    """The plain functions of a lesson, and the source of one of them."""
    namespace, source = {"np": np}, None
    for block in checks.code_blocks_of(lesson):
        for node in ast.parse(block).body:
            text = ast.unparse(node)
            is_setting = isinstance(node, ast.Assign) and text.split(" = ")[0] in {
                "COMPUTED",
                "WEIGHTS",
                "learning_rate",
                "steps",
            }
            if is_setting or (isinstance(node, ast.FunctionDef) and "keras" not in text):
                exec(text, namespace)
            if isinstance(node, ast.FunctionDef) and node.name == name:
                source = text
    return namespace, source


def check_epoch_by_hand(namespace: dict) -> None:
    """The gradients and the update of iris_agreement, against central differences."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 4)), np.eye(3)[rng.integers(3, size=12)]
    weights = [rng.normal(size=shape) for shape in [(4, 5), (5,), (5, 3), (3,)]]
    computed, new = namespace["epoch_by_hand"](x, y, *weights)

    def loss():
        return len(y) * namespace["epoch_by_hand"](x, y, *weights)[0]["loss"]

    for name, weight in zip(namespace["WEIGHTS"], weights, strict=True):
        numeric = central_difference(loss, weight)
        assert_agree(f"d{name}", computed[f"d{name}"], numeric, tolerance=1e-6)
        expected = weight - namespace["learning_rate"] * numeric
        assert_agree(name, new[name], expected, tolerance=1e-8)


def check_train_by_hand(namespace: dict) -> None:
    """Two steps of mtcars_agreement, against steps along central differences."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(size=(9, 2)), rng.uniform(size=(9, 1))
    start = [rng.normal(size=shape) for shape in [(2, 5), (5,), (5, 1), (1,)]]
    namespace["steps"] = 2
    found = namespace["train_by_hand"](x, y, *start)
    weights = [w.copy() for w in start]

    def loss():
        W1, b1, W2, b2 = weights
        a1 = 1 / (1 + np.exp(-(x @ W1 + b1)))
        return 0.5 * np.sum((a1 @ W2 + b2 - y) ** 2)

    for _ in range(2):
        gradients = [central_difference(loss, w) for w in weights]
        for w, gradient in zip(weights, gradients, strict=True):
            w -= namespace["learning_rate"] * gradient
    for name, expected in zip(["W1", "b1", "W2", "b2"], weights, strict=True):
        assert_agree(name, found[name], expected, tolerance=1e-9)


REPEATED = {
    "epoch_by_hand": ("iris_agreement", check_epoch_by_hand),
    "train_by_hand": ("mtcars_agreement", check_train_by_hand),
}


@pytest.mark.parametrize("name", REPEATED)
def test_faults_in_the_repeated_lines_are_found(name):
    lesson, check = REPEATED[name]
    namespace, source = function_source(lesson, name)
    check(namespace)
    planted = list(faults(source))
    assert len(planted) >= 8
    for what, changed in planted:
        namespace, _ = function_source(lesson, name)
        exec(changed, namespace)
        assert_found(
            f"{lesson}, {name}: {what}",
            lambda ns=namespace: check(ns),
            by=WRONG,
        )
