"""Layers refuse what they cannot do, and say what was expected, what was given, what to do."""

import numpy as np
import pytest
from reference.layer_table import LAYERS

from course import layers
from course.layers import (
    Activation,
    AveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPooling2D,
)

pytestmark = pytest.mark.filterwarnings("default")  # as readers have it

ARGUMENTS = [
    (lambda: Dense(0), r"Dense: .*positive whole number\. Received: units=0"),
    (lambda: Dense(-3), r"units=-3"),
    (lambda: Dense(2.5), r"units=2\.5"),
    (lambda: Dense(True), r"units=True"),
    (lambda: Dense("5"), r"units='5'"),
    (lambda: Dense(5, "rellu"), r"relu.*Received: activation='rellu'"),
    (lambda: Dense(5, kernel_initializer="ones_"), r"glorot_uniform.*'ones_'"),
    (lambda: Conv2D(0, 3), r"Conv2D: .*filters=0"),
    (lambda: Conv2D(4, 0), r"kernel_size=0"),
    (lambda: Conv2D(4, (3, 3, 3)), r"two of them\. Received: kernel_size=\(3, 3, 3\)"),
    (lambda: Conv2D(4, 3, 0), r"strides=0"),
    (lambda: Conv2D(4, 3, padding="full"), r"valid or same.*padding='full'"),
    (lambda: Conv2D(4, 3, padding=None), r"padding=None"),
    (lambda: MaxPooling2D(0), r"MaxPooling2D: .*pool_size=0"),
    (lambda: AveragePooling2D(2, (1, 0)), r"AveragePooling2D: .*strides=\(1, 0\)"),
    (lambda: Dropout(1), r"rate to be a number from 0 to below 1\. Received: rate=1"),
    (lambda: Dropout(-0.1), r"rate=-0\.1"),
    (lambda: Dropout("half"), r"rate='half'"),
    (lambda: Activation("softmaxx"), r"activation='softmaxx'"),
    (lambda: Input((4, 0)), r"Input: .*shape=\(4, 0\)"),
]


@pytest.mark.parametrize(("make", "message"), ARGUMENTS)
def test_a_wrong_argument_is_named_with_its_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_positional_argument_that_keras_reads_otherwise_is_refused():
    with pytest.raises(TypeError):
        Conv2D(4, 3, 1, "valid", "relu")  # Keras' fifth argument is data_format


SHAPES = [
    (
        Dense(3),
        (5,),
        r"dense: expected inputs of shape \(cases, numbers\)\. Received shape \(cases\)",
    ),
    (
        Conv2D(3, 3),
        (5, 8, 8),
        r"conv2d: .*channels\)\. Received shape \(cases, 8, 8\).*one channel",
    ),
    (Conv2D(3, 4), (5, 3, 8, 1), r"kernel_size \(4, 4\)\. Received shape \(cases, 3, 8, 1\).*same"),
    (MaxPooling2D(9), (5, 8, 8, 1), r"max_pooling2d: .*pool_size \(9, 9\).*\(cases, 8, 8, 1\)"),
    (Conv2D(3, 1), (5, 0, 8, 1), r"positive whole numbers.*input_shape=\(5, 0, 8, 1\)"),
    (Flatten(), (), r"Received a single number"),
]


@pytest.mark.parametrize(("layer", "shape", "message"), SHAPES)
def test_inputs_that_do_not_fit_are_refused(layer, shape, message):
    with pytest.raises(ValueError, match=message):
        layer.forward(np.zeros(shape))


def test_another_shape_than_built_for_names_both():
    layer = Dense(3)
    layer.forward(np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"dense: .*shape \(cases, 4\)\. .* shape \(2, 5\)"):
        layer.forward(np.zeros((2, 5)))


def test_backward_before_forward():
    layer = Dense(3)
    with pytest.raises(RuntimeError, match=r"dense: expected forward\(\) before backward\(\)"):
        layer.backward(np.zeros((2, 3)))
    layer.build((None, 4))
    with pytest.raises(RuntimeError, match="before backward"):
        layer.backward(np.zeros((2, 3)))
    with pytest.raises(RuntimeError, match="before get_gradients"):
        layer.get_gradients()


def test_a_derivative_of_another_shape_is_refused():
    layer = Dense(3)
    layer.forward(np.zeros((2, 4)))
    for step in (layer.backward, layer.backward_from_z):
        with pytest.raises(ValueError, match=r"outputs, \(2, 3\)\. .* shape \(1, 3\)"):
            step(np.zeros((1, 3)))


def test_weights_that_do_not_fit_leave_the_old_ones():
    layer = Dense(3)
    with pytest.raises(ValueError, match=r"built\. .*build\(\) or forward\(\)"):
        layer.set_weights([np.zeros((4, 3)), np.zeros(3)])
    layer.build((None, 4), seed=1)
    before = layer.get_weights()
    for wrong in ([np.zeros((4, 3))], [np.zeros((4, 3)), np.zeros((1, 3))]):
        with pytest.raises(ValueError, match=r"\[\(4, 3\), \(3,\)\]\. Received shapes \[\(4, 3\)"):
            layer.set_weights(wrong)
    np.testing.assert_array_equal(layer.get_weights()[0], before[0])


def test_get_weights_gives_copies():
    layer = Dense(3)
    assert layer.get_weights() == []
    layer.build((None, 4), seed=1)
    layer.get_weights()[0][:] = 7
    assert not np.any(layer.kernel == 7)


def test_another_precision_is_refused():
    with pytest.raises(ValueError, match=r"float32 or float64\. Received: dtype='float16'"):
        Dense(3).build((None, 4), "float16")


def test_whole_numbers_are_computed_in_single_precision_as_in_keras():
    assert Dense(3).forward(np.ones((2, 4), int)).dtype == np.float32
    assert Dense(3).forward(np.ones((2, 4))).dtype == np.float64


SHAPES = [
    (getattr(layers, name)(*row["arguments"]), row["inputs"])
    for name, row in LAYERS.items()
    if name != "Embedding"  # its words have no derivative
]


@pytest.mark.parametrize(("layer", "shapes"), SHAPES)
def test_what_is_done_to_an_array_outside_does_not_reach_the_way_back(layer, shapes):
    """Inputs, outputs and derivatives are the caller's; what a layer keeps is its own."""

    def forward(x):
        given = [x] if isinstance(layer, layers.Add) else x
        return layer.forward(*given, training=False)

    rng = np.random.default_rng(0)
    x = [rng.normal(size=shape).astype("float32") for shape in shapes]
    dy = rng.normal(size=forward(x).shape).astype("float32")

    def listed(dx):
        return dx if isinstance(dx, list) else [dx]

    expected = [one.copy() for one in listed(layer.backward(dy))]
    y = forward(x)
    y[...] = 7
    for one in x:
        one[...] = 7
    kept = dy.copy()
    found = listed(layer.backward(dy))
    for one, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, right)
    found[0][...] = 7
    np.testing.assert_array_equal(dy, kept)
    for one, right in zip(found[1:], expected[1:], strict=True):
        np.testing.assert_array_equal(one, right)


def test_what_is_not_finite_is_refused_on_the_way_there_and_back():
    """A maximum, for instance, has no place where NaN is the largest."""
    layer = MaxPooling2D(2)
    x = np.array([[1.0, np.nan], [3, 2]]).reshape(1, 2, 2, 1)
    with pytest.raises(ValueError, match=r"max_pooling2d: expected x .* at position 0, 0, 1, 0"):
        layer.forward(x)
    layer.forward(np.nan_to_num(x))
    with pytest.raises(ValueError, match=r"expected dy .* inf at position"):
        layer.backward(np.full((1, 1, 1, 1), np.inf))
    add = layers.Add()
    with pytest.raises(ValueError, match=r"add: expected x .* nan at position"):
        add.forward([np.ones((2, 2)), np.full((2, 2), np.nan)])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Dense(3, use_bias="FALSE"), "use_bias to be True or False"),
        (lambda: layers.LayerNormalization(scale=1), "scale to be True or False"),
        (lambda: layers.LayerNormalization(axis="last"), "axis='last'"),
        (lambda: layers.LayerNormalization(epsilon=-1), "epsilon to be a number above 0"),
        (lambda: layers.MultiHeadAttention(2, 3, dropout=True), "dropout=True"),
        (lambda: Dropout(0.5, seed=-1), "a seed of 0 or more.*seed=-1"),
        (lambda: Dropout(True), "rate=True"),
        (lambda: Dense(3).build(4), "input_shape=4"),
        (lambda: Dense(3).build("abc"), "input_shape='abc'"),
        (lambda: Dense(3).build(()), r"input_shape=\(\)"),
        (lambda: Dense(3).build((None, 4), "nonsense"), "dtype='nonsense'"),
        (lambda: Dense(3).build((None, 4), seed="x"), "dense: expected a seed"),
        (lambda: Dense(3).forward(np.ones((2, 4)), training="no"), "training to be True or False"),
        (lambda: Conv2D(4, {3, 5}), "kernel_size="),
        (lambda: Input(4), r"such as \(4,\)\. Received: shape=4"),
        (lambda: Dense(3).compute_output_shape((None, 2.5)), r"input_shape=\(None, 2\.5\)"),
    ],
)
def test_odd_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_number_that_the_type_of_a_layer_cannot_hold_is_refused():
    layer = Dense(3)
    layer.build((None, 2))
    with pytest.raises(ValueError, match=r"dense: .* float32 can hold\. Received one of 1e\+300"):
        layer.forward([[1, 1e300]])
    with pytest.raises(TypeError, match="dense: expected x to hold real numbers"):
        layer.forward([["a", "b"]])


def test_the_layers_stand_on_numpy_alone():
    import subprocess
    import sys

    code = (
        "import sys, course.sequential\n"
        "print(*{name.split('.')[0] for name in sys.modules} & "
        "{'keras', 'tensorflow', 'pandas', 'scipy', 'sklearn', 'matplotlib', 'torch', 'jax'})"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""
    assert layers.__doc__
