"""What the lesson on deep networks says holds: depth, learning rate and vanishing gradients."""

import re

import lesson_checks as checks
import numpy as np
import pytest
from conftest import everything

from course.agreement import CENTRAL_DIFFERENCE_TOLERANCE, assert_agree, central_difference
from course.rrandom import RRandom

pytestmark = everything("what the lesson on deep networks says")
SIGMOID = ["sigmoid, sd 0.1", "sigmoid, Glorot"]


@pytest.fixture(scope="module")
def run(lesson):
    return lesson("deep_network")


def mean_and_sd(values) -> tuple[float, float]:
    assert len(values) == 5
    return np.mean(values), np.std(values, ddof=1)


def test_the_networks_have_nearly_as_many_parameters(run):
    found = re.findall(r"(\[.*\]): (\d+) by the formula, (\d+) by Keras", run.stdout)
    assert [sizes.count(",") + 1 for sizes, _, _ in found] == [1, 2, 4]
    counts = [int(by_keras) for _, by_formula, by_keras in found if by_formula == by_keras]
    assert len(counts) == 3
    assert max(counts) < 1.05 * min(counts)


def test_at_the_smaller_learning_rate_depth_wins_by_more_than_the_sds(run):
    wide, wide_sd = mean_and_sd(run.variables["accuracies"][1, 0.01])
    assert wide < 0.7  # "little better than guessing"
    for depth in [2, 4]:
        deep, deep_sd = mean_and_sd(run.variables["accuracies"][depth, 0.01])
        assert deep - wide > 2 * (deep_sd + wide_sd), depth
        assert deep > 0.9, depth


def test_at_the_larger_learning_rate_the_wide_network_wins_and_the_deep_ones_vary(run):
    """Whether a single start fails is a matter of rounding: the ten of both depths together."""
    accuracies = run.variables["accuracies"]
    wide = accuracies[1, 0.1]
    small, large = ([*accuracies[2, rate], *accuracies[4, rate]] for rate in [0.01, 0.1])
    assert min(wide) > 0.95
    assert min(large) < 0.9 < max(large)
    assert np.mean(large) < min(np.mean(wide), np.mean(small))
    assert np.std(large, ddof=1) > 5 * np.std(wide, ddof=1)


def test_printed_means_are_those_of_the_runs(run):
    for (depth, rate), values in run.variables["accuracies"].items():
        mean, sd = mean_and_sd(values)
        line = f"{depth} hidden, learning rate {rate}: test accuracy over 5 seeds"
        assert f"{line} {mean:.3f} ± {sd:.3f}\n" in run.stdout
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
    sources = [block for block in checks.code_blocks_of("deep_network") if "def " in block]
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
