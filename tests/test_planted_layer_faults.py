"""A wrong operator in any forward or backward step of `course` is found.

Each fault changes one operator, one number or one sign in one line of mathematics. The checks
against Keras that pass on the code as it is must fail with the fault.
"""

import layer_checks as checks
import numpy as np
import pytest
from layer_checks import check_layer, keras, normals
from planting import assert_found, faulty_copies, planted
from reference.layer_table import LAYERS, compare_layer

from course import activations, layers, losses, optimizers
from course.agreement import assert_agree, keras_precision
from course.layers.windows import _Windows

pytestmark = pytest.mark.filterwarnings("ignore")  # some faults divide by zero


def check_pictures(name, *arguments, **options):
    def check():
        own, other = (getattr(m, name)(*arguments, **options) for m in (layers, keras.layers))
        check_layer(own, other, normals, normals(0, 2, 5, 6, 2))

    return check


def check_dense():
    check_layer(
        layers.Dense(3, "tanh"),
        keras.layers.Dense(3, "tanh"),
        normals,
        normals(0, 4, 5),
    )


def check_activation(name):
    """In single precision, where all functions agree: see test_activations."""

    def check():
        keras_precision("float32")
        da = normals(1, 9, 4, dtype="float32")
        for scale in [1, 60]:
            z = normals(0, 9, 4, dtype="float32") * np.float32(scale)
            a = getattr(activations, name)(z)
            dz = getattr(activations, f"{name}_backward")(da, z, a)
            y, expected, _ = checks.in_keras(keras.layers.Activation(name), z, da)
            assert_agree("values", a, y)
            if scale == 1:  # elsewhere all gradients are rounding errors
                assert_agree("gradients", dz, expected)

    return check


def check_that_a_picture_smaller_than_the_window_is_refused():
    with pytest.raises(ValueError, match="at least the pool_size"):
        layers.MaxPooling2D(6).build((None, 5, 6, 1))


def check_loss(name, y_pred, *arguments):
    def check():
        own = getattr(losses, name)(*arguments)
        other = getattr(keras.losses, name)(*arguments)
        y_true = np.eye(4)[[0, 1, 2, 3, 0, 1]]
        y = checks.tf.constant(y_pred)
        with checks.tf.GradientTape() as tape:
            tape.watch(y)
            value = other(y_true, y)
        assert_agree("value", np.float64(own(y_true, y_pred)), value.numpy())
        assert_agree("gradient", own.gradient(y_true, y_pred), tape.gradient(value, y).numpy())

    return check


def check_optimizer(name, **options):
    def check():
        own, other = (
            getattr(optimizers, name)(**options),
            getattr(keras.optimizers, name)(**options),
        )
        weight, variable = np.ones(4), keras.Variable(np.ones(4))
        for step in range(4):
            g = normals(step, 4) / 10
            own.apply([g], [weight])
            other.apply([checks.tf.constant(g)], [variable])
        assert_agree("weights", weight, variable.numpy(), 1e-6)

    return check


probabilities = activations.softmax(normals(3, 6, 4))
beyond_the_limits = activations.softmax(normals(3, 6, 4) * 30)
same = {"strides": 2, "padding": "same"}
TARGETS = [
    (layers.Dense, "_forward", [check_dense]),
    (layers.Dense, "_backward", [check_dense]),
    (layers.Conv2D, "_forward", [check_pictures("Conv2D", 3, 2)]),
    (layers.Conv2D, "_backward", [check_pictures("Conv2D", 3, 2)]),
    (layers.MaxPooling2D, "_backward", [check_pictures("MaxPooling2D", 2)]),
    (layers.AveragePooling2D, "_forward", [check_pictures("AveragePooling2D", 2)]),
    (layers.AveragePooling2D, "_backward", [check_pictures("AveragePooling2D", 2)]),
    (
        _Windows,
        "_edges",
        [
            check_pictures("Conv2D", 2, 4, **same),
            check_pictures("Conv2D", 2, (4, 3), padding="same"),
        ],
    ),
    (
        _Windows,
        "_places",
        [
            check_pictures("AveragePooling2D", 3, 2),
            check_pictures("AveragePooling2D", 2, (1, 3)),
            check_pictures("AveragePooling2D", 2, (3, 1)),
        ],
    ),
    (
        _Windows,
        "_output_shape",
        [
            check_pictures("MaxPooling2D", 2, 3),
            check_pictures("MaxPooling2D", 2, **same),
            check_that_a_picture_smaller_than_the_window_is_refused,
        ],
    ),
    *[
        (activations, name + part, [check_activation(name)])
        for name in [
            "relu",
            "leaky_relu",
            "elu",
            "sigmoid",
            "tanh",
            "softplus",
            "silu",
            "softmax",
            "gelu",
        ]
        for part in ["", "_backward"]
    ],
    *[
        (losses.MeanSquaredError, part, [check_loss("MeanSquaredError", normals(3, 6, 4))])
        for part in ["each", "each_gradient"]
    ],
    *[
        (
            losses.CategoricalCrossentropy,
            part,
            [
                check_loss("CategoricalCrossentropy", probabilities),
                check_loss("CategoricalCrossentropy", probabilities * 3),
                check_loss("CategoricalCrossentropy", beyond_the_limits),
                check_loss("CategoricalCrossentropy", normals(3, 6, 4), True),
                check_loss("CategoricalCrossentropy", normals(3, 6, 4) * 600, True),
            ],
        )
        for part in ["each", "each_gradient"]
    ],
    (
        optimizers.SGD,
        "step",
        [
            check_optimizer("SGD", learning_rate=0.25),
            check_optimizer("SGD", momentum=0.5),
            check_optimizer("SGD", momentum=0.5, nesterov=True),
        ],
    ),
    (
        optimizers.RMSprop,
        "step",
        [
            check_optimizer("RMSprop", centered=True),
            check_optimizer("RMSprop", momentum=0.5, epsilon=1e-2),
        ],
    ),
    (
        optimizers.Adam,
        "step",
        [check_optimizer("Adam"), check_optimizer("Adam", amsgrad=True, epsilon=0.1)],
    ),
    (optimizers.Adam, "rate", [check_optimizer("Adam", beta_1=0.5, beta_2=0.75)]),
]
# Those of test_attention_layers.py. What Dropout draws is looked at in test_layers.py.
ELSEWHERE = {"Add", "Embedding", "LayerNormalization", "MultiHeadAttention", "Dropout"}
# All others are held by their row of the page "Layers".
TARGETS += [
    (getattr(layers, name), part, [lambda name=name: compare_layer(name, "float64")])
    for name in sorted(set(LAYERS) - ELSEWHERE)
    for part in ("_forward", "_backward")
    if (getattr(layers, name), part) not in [target[:2] for target in TARGETS]
]
# The square of a mean is the same for the mean with the other sign.
HARMLESS = {"mean += (1 - self.rho) * g -> mean -= (1 - self.rho) * g"}
FAULTS = [
    pytest.param(
        owner, name, code, all_checks, id=f"{getattr(owner, '__qualname__', '')}.{name}: {what}"
    )
    for owner, name, all_checks in TARGETS
    for what, code in faulty_copies(getattr(owner, name))
    if what not in HARMLESS
]


@pytest.fixture(autouse=True)
def precision(use_precision):
    """Losses and optimisers are compared in double precision, the rest says what it takes."""
    use_precision("float64")


@pytest.mark.parametrize(("owner", "name", "all_checks"), TARGETS)
def test_the_checks_pass_without_a_fault(owner, name, all_checks):
    for check in all_checks:
        check()


def test_every_target_gets_faults():
    for owner, name, _ in TARGETS:
        assert list(faulty_copies(getattr(owner, name))), name
    assert len(FAULTS) > 150


@pytest.mark.parametrize(("owner", "name", "code", "all_checks"), FAULTS)
def test_a_planted_fault_is_found(monkeypatch, owner, name, code, all_checks):
    monkeypatch.setattr(owner, name, planted(owner, name, code))
    monkeypatch.setattr(checks, "LARGEST", {})  # what faults make is not reported
    assert_found(name, *all_checks)
