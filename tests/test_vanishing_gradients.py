"""What the lesson on vanishing gradients says holds, before training and after it."""

import ast

import lesson_checks as checks
import numpy as np
import pytest
from conftest import everything

from course.agreement import CENTRAL_DIFFERENCE_TOLERANCE, assert_agree, central_difference
from course.rrandom import RRandom

pytestmark = everything("what the lesson on vanishing gradients says")
SIGMOID = ["sigmoid, sd 0.1", "sigmoid, Glorot"]


@pytest.fixture(scope="module")
def run(lesson):
    return lesson("vanishing_gradients")


def mean_and_sd(values) -> tuple[float, float]:
    assert len(values) == 5
    return np.mean(values), np.std(values, ddof=1)


def test_the_points_are_those_of_the_lesson_on_depth(lesson, run):
    deep = lesson("deep_network")
    for name in ["X", "y", "X_test", "y_test"]:
        assert np.array_equal(run.variables[name], deep.variables[name])


def test_lines_written_twice_train_the_same(lesson, tmp_path):
    """The networks and the steps of the lesson on depth, from its points."""
    from layer_checks import keras, tf  # only now: it starts TensorFlow

    deep = lesson("deep_network").variables
    hidden, looks = [20] * 10, 20
    trained = []
    for name, arguments, settings, steps in [
        ("deep_network", [hidden], [1, 0.003], looks),
        ("vanishing_gradients", ["relu", "he_normal"], [1], 1),
    ]:
        parts = ast.parse("\n".join(checks.code_blocks_of(name))).body
        wanted = [n for n in parts if getattr(n, "name", "") in ["make_network", "make_train"]]
        source = "\n\n".join(map(ast.unparse, wanted))
        path = tmp_path / f"{name}.py"  # TensorFlow reads the lines that it translates
        path.write_text(source, encoding="utf-8")
        lines = {"np": np, "keras": keras, "tf": tf, "X": deep["X"], "y": deep["y"]}
        lines |= {"hidden": hidden, "steps": steps, "bce": keras.losses.BinaryCrossentropy()}
        exec(compile(source, path, "exec"), lines)
        network = lines["make_network"](*arguments)
        lines["make_train"](network)(*settings)
        trained.append(network.get_weights())
    for one, other in zip(*trained, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_printed_means_are_those_of_the_runs(run):
    for activation, values in run.variables["deep_accuracies"].items():
        mean, sd = mean_and_sd(values)
        line = f"10 hidden layers, {activation}: test accuracy over 5 seeds"
        assert f"{line} {mean:.3f} ± {sd:.3f}\n" in run.stdout
    for name, values in run.variables["measured"].items():
        mean, sd = mean_and_sd(values)
        theory = run.variables["expected"][name]
        assert f"expected {theory:.2f}, measured {mean:.3f} (sd {sd:.3f})\n" in run.stdout


def test_sigmoid_derivatives_vanish_and_those_of_relu_with_he_do_not(run):
    norms = run.variables["norms"]
    assert list(norms) == [*SIGMOID, "ReLU, He"]
    for name in SIGMOID:
        assert norms[name].shape == (5, 11)
        assert (norms[name][:, 0] < 1e-5 * norms[name][:, -1]).all(), name
        assert (np.diff(norms[name][:, :10], axis=1) > 0).all(), name  # in every layer
    sd_01, glorot = (norms[name][:, 0] for name in SIGMOID)
    assert (glorot > 100 * sd_01).all()  # "Glorot's weights help"
    relu = norms["ReLU, He"]
    drawn = np.exp(np.log(relu).mean(axis=0))  # a single start may stray further
    assert drawn.max() < 10 * drawn.min()


def test_the_factor_per_layer_is_the_one_that_theory_expects(run):
    for name, measured in run.variables["measured"].items():
        expected = run.variables["expected"][name]
        assert np.mean(measured) == pytest.approx(expected, rel=0.15), name
    assert 0.2 < np.mean(run.variables["measured"]["sigmoid, Glorot"]) < 0.25


def test_derivatives_by_hand_are_those_of_keras(run):
    comparisons = run.variables["comparisons"]
    names = [c.name for c in comparisons]
    assert names == [f"{name}: dW{i}" for name in [*SIGMOID, "ReLU, He"] for i in [1, 11]]
    for c in comparisons:
        assert c.dtype == "float64"
        assert c.agrees(), c


def test_ten_layers_of_relu_learn_and_ten_of_sigmoid_hardly(run):
    losses = {name: np.array(curves) for name, curves in run.variables["losses"].items()}
    assert {name: curves.shape for name, curves in losses.items()} == {
        "sigmoid": (5, 20),
        "relu": (5, 20),
    }
    assert (losses["sigmoid"][:, -1] > 0.8 * np.log(2)).all()
    assert np.median(losses["relu"][:, -1]) < 0.1  # a single one may just be jumping
    sigmoid, sigmoid_sd = mean_and_sd(run.variables["deep_accuracies"]["sigmoid"])
    relu, relu_sd = mean_and_sd(run.variables["deep_accuracies"]["relu"])
    assert relu - sigmoid > 2 * (relu_sd + sigmoid_sd)


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_derivatives_by_hand_are_central_differences(activation):
    """The functions of the lesson, on a network small enough."""
    sources = [block for block in checks.code_blocks_of("vanishing_gradients") if "def " in block]
    wanted = [s for s in sources if "def gradients" in s or "def draw_weights" in s]
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(7, 2)), rng.integers(2, size=(7, 1))
    settings = {"np": np, "X": X, "y": y, "seeds": [], "rng": RRandom(1), "r_print": len}
    exec("from itertools import pairwise", settings)
    for source in wanted:
        code = source.partition("\nnorms, expected")[0]
        exec(code, settings)
    weights = [rng.normal(size=shape) for shape in [(2, 4), (4, 3), (3, 1)]]
    f, f_derivative = settings["functions"][activation]

    def loss():
        a = X
        for W in weights[:-1]:
            a = f(a @ W)
        z = a @ weights[-1]
        return np.sum(np.logaddexp(0, z) - y * z)

    found = settings["gradients"](weights, f, f_derivative)
    for number, (g, W) in enumerate(zip(found, weights, strict=True), start=1):
        assert_agree(f"dW{number}", g, central_difference(loss, W), CENTRAL_DIFFERENCE_TOLERANCE)
