"""What the lesson on saturated and dead units says of them holds in its run."""

import lesson_checks as checks
import numpy as np
import pytest

from course.agreement import CENTRAL_DIFFERENCE_TOLERANCE, assert_agree, central_difference


@pytest.fixture(scope="module")
def run(lesson):
    return lesson("dead_units")


@pytest.fixture(scope="module")
def lines():
    """The variables of the lesson with its functions, which a run in its own process drops."""
    namespace, _ = checks.run_blocks(checks.code_blocks_of("dead_units"))
    return namespace


def test_ten_layers_of_sigmoid_leave_next_to_nothing(run):
    one, ten = run.variables["one_layer"], run.variables["ten_layers"]
    assert one[0] == 0.25 == one.max()
    assert (ten < 1e-6).all()
    assert (np.diff(ten) < 0).all()


def test_the_dead_unit_stays_where_it_is_with_relu_only(run):
    v = run.variables
    active = (v["X"] @ v["W1_start"] > 0).sum(axis=0)
    assert active[0] == 0
    assert (active[1:] > 0).all()
    assert not v["dW1_relu"][:, 0].any()
    assert (np.abs(v["dW1_leaky"]).max(axis=0) > 1).all()
    assert v["moved"]["ReLU"][0] == 0
    assert (v["moved"]["ReLU"][1:] > 0.1).all()
    assert (v["moved"]["leaky ReLU"] > 0.1).all()


def test_the_start_and_the_derivative_are_those_of_the_iris_lesson(lines, lesson):
    iris = lesson("iris_nopackages").variables
    assert np.array_equal(lines["train_rows"], iris["train_rows"])
    for i, name in enumerate(["W1", "b1", "W2", "b2"]):
        assert_agree(name, lines["start"][i], iris["initial"][i])
    x, (W1, b1, W2, b2) = iris["train_data"], iris["initial"]
    a1 = np.maximum(0, x @ W1 + b1)
    dz2 = lines["softmax"](a1 @ W2 + b2) - iris["train_labels_onehot"]
    assert_agree("dW1", lines["dW1_relu"], x.T @ (dz2 @ W2.T * (a1 > 0)))


@pytest.mark.parametrize("name", ["ReLU", "leaky ReLU"])
def test_the_derivatives_of_the_iris_network_are_central_differences(lines, name):
    weights = [w.copy() for w in lines["start"]]
    X, Y, slope = lines["X"], lines["Y"], lines["slopes"][name]

    def loss():
        W1, b1, W2, b2 = weights
        z1 = X @ W1 + b1
        a1 = np.where(z1 > 0, z1, slope * z1)
        return -np.sum(Y * np.log(lines["softmax"](a1 @ W2 + b2)))

    found = lines["gradients"](slope, *weights)
    for label, g, w in zip(["W1", "b1", "W2", "b2"], found, weights, strict=True):
        assert_agree(label, g, central_difference(loss, w), CENTRAL_DIFFERENCE_TOLERANCE)
