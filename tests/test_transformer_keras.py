"""The transformer learns its task by position, and the lessons on it build one network."""

import ast

import numpy as np
import pytest
from conftest import everything
from r_fixtures import SCRIPTS

LENGTH = 10
with_keras = everything("what the lessons on transformers say")
pytestmark = pytest.mark.filterwarnings("default")  # other libraries warn as they like


@pytest.fixture(scope="module")
def run(lesson):
    return lesson("transformer_keras")


@with_keras
def test_unseen_sequences_are_reversed(run):
    variables = run.variables
    assert variables["digit_accuracy"] >= 0.99
    assert variables["sequence_accuracy"] >= 0.99
    assert len(variables["unseen"]) >= 1900
    line = next(x for x in run.stdout.splitlines() if x.startswith("with positions"))
    told = [f"{variables[name]:.4f}" for name in ("digit_accuracy", "sequence_accuracy")]
    assert line.split()[2:] == told
    assert "(one run, seed 1)" in run.stdout


@with_keras
def test_no_test_sequence_is_among_those_of_the_training(run):
    trained = {tuple(row) for row in run.variables["train"].reshape(-1, LENGTH).tolist()}
    assert len(trained) > 25_000
    assert not trained & {tuple(row) for row in run.variables["unseen"].tolist()}


@with_keras
def test_without_positions_it_cannot_be_learnt(run):
    """The page and the title of a figure say so."""
    variables = run.variables
    assert 0.1 < variables["digit_without"] < 0.5
    assert variables["sequence_without"] < 0.01
    assert len(variables["losses"]) == len(variables["losses_without"]) == variables["steps"]
    assert max(variables["losses"][-50:]) < 0.01
    assert min(variables["losses_without"]) > 1


@with_keras
def test_each_position_attends_most_to_the_opposite_one(run):
    weights = run.variables["weights"]
    assert weights.shape == (LENGTH, LENGTH)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    opposite = np.arange(LENGTH)[::-1]
    assert (weights.argmax(axis=1) == opposite).all()
    largest = np.argsort(weights, axis=None)[-LENGTH:]
    assert set(largest) == {LENGTH * i + j for i, j in enumerate(opposite)}
    assert "looks most at position 9 8 7 6 5 4 3 2 1 0\n" in run.stdout


@pytest.mark.parametrize(
    ("name", "shared"),
    [
        ("transformer_agreement", ["encoder_block", "build_model"]),
        ("transformer_forecast", ["encoder_block"]),
    ],
)
def test_lines_written_twice_are_the_same(name, shared):
    """The settings, and the functions that build the network."""

    def lines(script):
        tree = ast.parse((SCRIPTS / f"{script}.py").read_text(encoding="utf-8"))
        functions = {n.name: ast.unparse(n) for n in tree.body if isinstance(n, ast.FunctionDef)}
        assigned = [ast.unparse(n) for n in tree.body if isinstance(n, ast.Assign)]
        settings = [line for line in assigned if line.startswith("width, hidden")]
        return settings, [functions[each] for each in shared]

    assert len(lines(name)[0]) == 1
    assert lines(name) == lines("transformer_keras")
