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
    RMSprop(0.1, epsilon=1e-30).apply([np.array([2.0])], weights)
    np.testing.assert_allclose(weights[0], 0.8 - 0.1 / np.sqrt(0.1))
    weights = [np.array([1.0])]
    Adam(0.1, epsilon=1e-30).apply([np.array([2.0])], weights)
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


@pytest.mark.parametrize("make", [SGD, RMSprop, Adam, lambda: SGD(momentum=0.9)])
def test_an_optimiser_belongs_to_the_weights_of_its_first_step(make):
    """Keras refuses another network, too."""
    optimizer, first, second = make(), [np.ones(3), np.ones(2)], [np.ones(3), np.ones(2)]
    gradients = [np.ones(3), np.ones(2)]
    optimizer.apply(gradients, first)
    after = [w.copy() for w in first]
    for others in (
        second,
        [second[0]],
        [np.ones(4), np.ones(2)],
        [*first, np.ones(1)],
        first[::-1],
    ):
        fitting = [np.ones_like(w) for w in others]
        with pytest.raises(ValueError, match=r"the same arrays\. .*Make a new optimiser"):
            optimizer.apply(fitting, others)
    assert optimizer.iterations == 1
    for w, old in zip([*first, *second], [*after, *gradients], strict=True):
        np.testing.assert_array_equal(w, old)
    optimizer.apply(gradients, list(first))


def test_weights_and_gradients_that_are_no_numbers_are_refused_before_anything_moves():
    weight = np.ones(2)
    for gradient, error in [(["a", "b"], TypeError), ([1j, 1j], TypeError), ([None, 1], TypeError)]:
        with pytest.raises(error, match="SGD: expected each gradient"):
            SGD().apply([np.ones(2), gradient], [weight, np.ones(2)])
    fixed = np.ones(2)
    fixed.flags.writeable = False
    for wrong in ([1.0, 1.0], np.ones(2, int), np.ones(2, "float16"), fixed):
        with pytest.raises(TypeError, match="Adam: expected weights that can be changed"):
            Adam().apply([np.ones(2), np.ones(2)], [weight, wrong])
    assert np.all(weight == 1)


def test_whole_numbers_as_gradients_do_not_overflow():
    for make in (RMSprop, Adam):
        ends = []
        for dtype in ("uint8", "float16", "float64"):
            weight = np.ones(2)
            make().apply([np.array([200, 3]).astype(dtype)], [weight])
            ends.append(weight)
        np.testing.assert_array_equal(ends[0], ends[2])
        np.testing.assert_array_equal(ends[1], ends[2])


@pytest.mark.parametrize("value", [True, 1j, float("inf"), float("nan"), -1, 0, "0.1", None, [0.1]])
def test_settings_that_are_no_positive_numbers_are_refused(value):
    for make in (SGD, RMSprop, Adam):
        with pytest.raises(ValueError, match=r"learning_rate to be a number above 0\. Received: "):
            make(value)
    for make in (RMSprop, Adam):
        with pytest.raises(
            ValueError, match=r"epsilon to be a number above 0\. Received: epsilon="
        ):
            make(epsilon=value)
    assert SGD(np.float32(0.5)).learning_rate == 0.5
    with pytest.raises(ValueError, match="nesterov to be True or False"):
        SGD(nesterov="FALSE")


def test_a_centred_mean_of_squares_never_falls_below_0():
    weight = np.ones(1, "float32")
    optimizer = RMSprop(rho=0.0, centered=True)
    for _ in range(3):
        optimizer.apply([np.array([3333.3])], [weight])
    assert np.isfinite(weight).all()


def test_an_optimiser_of_ones_own_has_the_memory_it_asks_for():
    class Twice(optimizers.Optimizer):
        """Moves by the sum of the gradients so far, and counts them."""

        slots = 2

        def step(self, g, *memory):
            total, count = memory
            total += g
            count += 1
            assert np.all(count == self.iterations)
            return self.learning_rate * total

    weights = [np.zeros(2), np.zeros((2, 1), "float32")]
    optimizer = Twice(0.5)
    for _ in range(3):
        optimizer.apply([np.ones(2), np.ones((2, 1))], weights)
    for w in weights:
        np.testing.assert_array_equal(w, np.full(w.shape, -0.5 * (1 + 2 + 3)))
    assert weights[1].dtype == np.float32
