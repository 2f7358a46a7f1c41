"""Layers refuse what they cannot do, and say what was expected, what was given, what to do."""

import numpy as np
import pytest

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
    (lambda: Dropout(1), r"rate from 0 to below 1\. Received: rate=1"),
    (lambda: Dropout(-0.1), r"rate=-0\.1"),
    (lambda: Dropout("half"), r"rate='half'"),
    (lambda: Activation("softmaxx"), r"activation='softmaxx'"),
    (lambda: Input((4, 0)), r"Input: .*shape=0"),
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
    (Conv2D(3, 1), (5, 0, 8, 1), r"Received shape \(cases, 0, 8, 1\)"),
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
