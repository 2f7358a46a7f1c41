"""Optimisers take the steps of Keras, from the same gradients."""

import inspect

import layer_checks as checks
import numpy as np
import pytest
from layer_checks import keras, normals

from course import optimizers
from course.agreement import assert_agree
from course.optimizers import SGD, Adam, RMSprop

pytestmark = pytest.mark.filterwarnings("default")  # other libraries warn as they like

# TensorFlow rounds momentum and the powers of Adam's betas to single precision; these are exact.
BETAS = {"beta_1": 0.875, "beta_2": 0.9921875}
SETTINGS = [
    ("SGD", {}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.875}),
    ("SGD", {"momentum": 0.875, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"learning_rate": 1e-4}),
    ("RMSprop", {"rho": 0.5, "momentum": 0.875, "epsilon": 1e-3}),
    ("RMSprop", {"centered": True}),
    ("Adam", BETAS),
    ("Adam", {"learning_rate": 0.1, "epsilon": 1e-3, "amsgrad": True} | BETAS),
]


def after_steps(name, options, dtype, steps=25):
    """The weights of both sides after some steps along the same gradients."""
    start = [normals(i, *shape, dtype=dtype) for i, shape in enumerate([(4, 3), (3,)])]
    own, other = getattr(optimizers, name)(**options), getattr(keras.optimizers, name)(**options)
    weights = [w.copy() for w in start]
    variables = [keras.Variable(w) for w in start]
    for step in range(steps):
        scale = 10.0 ** (step % 5 - 3)  # gradients of all sizes, also beside epsilon
        gradients = [(normals(100 + step, *w.shape) * scale).astype(dtype) for w in start]
        own.apply(gradients, weights)
        other.apply([checks.tf.constant(g) for g in gradients], variables)
    assert own.iterations == steps
    return weights, [v.numpy() for v in variables]


@pytest.mark.parametrize(("name", "options"), SETTINGS)
def test_weights_after_25_steps_are_those_of_keras(dtype, name, options):
    for w, expected in zip(*after_steps(name, options, dtype), strict=True):
        checks.note(f"{name}, weights", dtype, assert_agree(name, w, expected).max_rel)


def test_adam_with_its_usual_betas_differs_by_what_tensorflow_rounds(use_precision, monkeypatch):
    use_precision("float64")
    own, expected = after_steps("Adam", {}, "float64")
    apart = max(np.max(np.abs(a - b)) for a, b in zip(own, expected, strict=True))
    assert 1e-9 < apart < 1e-5

    def rate_with_rounded_betas(self):
        b1, b2 = float(np.float32(self.beta_1)), float(np.float32(self.beta_2))
        t = self.iterations
        return self.learning_rate * (1 - b2**t) ** 0.5 / (1 - b1**t)

    monkeypatch.setattr(Adam, "rate", rate_with_rounded_betas)
    for w, reference in zip(*after_steps("Adam", {}, "float64"), strict=True):
        assert_agree("Adam", w, reference)


def test_first_steps_on_paper():
    weights = [np.array([1.0])]
    SGD(0.1).apply([np.array([2.0])], weights)
    np.testing.assert_allclose(weights[0], 0.8)
    RMSprop(0.1, epsilon=0.0).apply([np.array([2.0])], weights)
    np.testing.assert_allclose(weights[0], 0.8 - 0.1 / np.sqrt(0.1))
    weights = [np.array([1.0])]
    Adam(0.1, epsilon=0.0).apply([np.array([2.0])], weights)
    np.testing.assert_allclose(weights[0], 0.9)


def test_weights_change_in_place_and_keep_their_type():
    for optimizer in [SGD(), SGD(momentum=0.5), RMSprop(), Adam()]:
        weight = np.ones(3, "float32")
        optimizer.apply([np.ones(3, "float32")], [weight])
        assert weight.dtype == np.float32
        assert np.all(weight < 1)


def test_defaults_are_those_of_keras():
    for name in ["SGD", "RMSprop", "Adam"]:
        own = inspect.signature(getattr(optimizers, name)).parameters
        other = inspect.signature(getattr(keras.optimizers, name)).parameters
        assert list(own) == list(other)[: len(own)]
        assert [p.default for p in own.values()] == [other[p].default for p in own]


def test_get_and_its_errors():
    assert isinstance(optimizers.get("adam"), Adam)
    assert isinstance(optimizers.get("RMSprop"), RMSprop)
    own = SGD()
    assert optimizers.get(own) is own
    with pytest.raises(ValueError, match=r"sgd, rmsprop, adam\. Received: optimizer='adamw'"):
        optimizers.get("adamw")
    for rate in [0, -1, "fast", float("nan"), None]:
        with pytest.raises(ValueError, match=r"above 0\. Received: learning_rate"):
            SGD(rate)
    with pytest.raises(ValueError, match=r"momentum=1\.5"):
        SGD(momentum=1.5)
    with pytest.raises(ValueError, match="beta_1=1"):
        Adam(beta_1=1)


def test_gradients_that_do_not_fit_are_refused_before_anything_moves():
    weight = np.ones(3)
    optimizer = RMSprop()
    for gradients in ([], [np.ones(2)], [np.ones(3), np.ones(3)]):
        with pytest.raises(ValueError, match="a gradient for each weight"):
            optimizer.apply(gradients, [weight])
    assert np.all(weight == 1)
    assert optimizer.iterations == 0
    optimizer.apply([np.ones(3)], [weight])
    with pytest.raises(ValueError, match="Make a new optimiser"):
        optimizer.apply([np.ones(3)] * 2, [weight, np.ones(3)])
