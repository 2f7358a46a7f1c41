"""The activation functions and their derivatives are those of Keras, and of central differences."""

import math

import layer_checks as checks
import numpy as np
import pandas as pd
import pytest
from layer_checks import keras, normals

from course import activations
from course.activations import ACTIVATIONS
from course.agreement import TOLERANCES, assert_agree, central_difference

pytestmark = pytest.mark.filterwarnings("default")  # other libraries warn as they like

# TensorFlow keeps these constants in single precision, also in a network of double precision.
ROUNDED_SLOPE = float(np.float32(0.2))
ROUNDED_ROOT = float(np.float32(1 / math.sqrt(2)))
EXACT = [name for name in ACTIVATIONS if name not in {"leaky_relu", "gelu"}]


def in_keras(name, z, da):
    y, dz, _ = checks.in_keras(keras.layers.Activation(name), z, da)
    return y, dz


def by_hand(name, z, da):
    function = ACTIVATIONS[name]
    a = function.forward(z)
    return a, function.backward(da, z, a)


def agree(name, dtype, found, expected):
    for part, a, b in zip(["values", "gradients"], found, expected, strict=True):
        checks.note(f"{name}, {part}", dtype, assert_agree(name, a, b).max_rel)


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("scale", [0.1, 1, 6])
def test_values_and_gradients_are_those_of_keras(dtype, name, scale):
    z = (normals(0, 60, 7) * scale).astype(dtype)
    da = normals(1, 60, 7, dtype=dtype)
    agree(name, dtype, by_hand(name, z, da), in_keras(name, z, da))


@pytest.mark.parametrize("name", ["leaky_relu", "gelu"])
def test_the_others_too_in_single_precision(name):
    z, da = normals(0, 60, 7, dtype="float32"), normals(1, 60, 7, dtype="float32")
    agree(name, "float32", by_hand(name, z, da), in_keras(name, z, da))


def test_leaky_relu_in_double_precision_with_the_slope_that_tensorflow_rounds(use_precision):
    use_precision("float64")
    z, da = normals(0, 60, 7), normals(1, 60, 7)
    a = activations.leaky_relu(z, ROUNDED_SLOPE)
    dz = activations.leaky_relu_backward(da, z, a, ROUNDED_SLOPE)
    expected = in_keras("leaky_relu", z, da)
    agree("leaky_relu", "float64", (a, dz), expected)
    found, _ = by_hand("leaky_relu", z, da)
    assert 1e-9 < np.max(np.abs(found - expected[0])) < 1e-7  # what the rounding makes


def test_gelu_in_double_precision_with_the_root_that_tensorflow_rounds(use_precision):
    """Keras multiplies by a rounded root of one half: ours does so if its input is stretched."""
    use_precision("float64")
    z, da = normals(0, 60, 7), normals(1, 60, 7)
    expected = in_keras("gelu", z, da)
    stretch = math.sqrt(2) * ROUNDED_ROOT
    a, dz = by_hand("gelu", z * stretch, da)
    agree("gelu", "float64", (a / stretch, dz), expected)
    found, _ = by_hand("gelu", z, da)
    assert 1e-10 < np.max(np.abs(found - expected[0])) < 1e-7  # what the rounding makes


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradients_are_central_differences(name):
    z, da = normals(2, 4, 5), normals(3, 4, 5)

    def loss():
        return float(np.sum(da * ACTIVATIONS[name].forward(z)))

    _, dz = by_hand(name, z, da)
    assert_agree(name, dz, central_difference(loss, z), 1e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_large_numbers_neither_overflow_nor_warn(name, recwarn):
    for dtype in TOLERANCES:
        z = np.array([[-1e4, -90, -1, 0, 1, 90, 1e4]], dtype)
        a, dz = by_hand(name, z, np.ones_like(z))
        assert a.dtype == dz.dtype == dtype
        assert np.isfinite(a).all()
        assert np.isfinite(dz).all()
    assert not recwarn.list


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "bool", "float16", "longdouble"])
def test_all_numbers_give_what_they_give_as_float64(name, dtype, recwarn):
    z = np.array([[0, 1, 2, 3], [1, 0, 100, 7]]).astype(dtype)
    forward = ACTIVATIONS[name].forward
    expected = forward(z.astype(float))
    for same in (z, z.tolist(), pd.DataFrame(z.astype(dtype, copy=False))):
        found = forward(same)
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, expected)
    assert not recwarn.list


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_infinite_numbers_give_the_limit_and_nan_stays(name, recwarn):
    z = np.array([[-np.inf, 0.0], [np.nan, 0.0]])
    found = ACTIVATIONS[name].forward(z)
    limit = {"linear": -np.inf, "leaky_relu": -np.inf, "elu": -1, "tanh": -1}.get(name, 0)
    assert found[0, 0] == limit
    assert np.isnan(found[1, 0])
    assert not recwarn.list


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_what_is_no_number_is_refused(name):
    for wrong in (["a"], [1j], None, [None], np.array(["2020"], "M8"), {1: 2}):
        with pytest.raises(TypeError, match=f"{name}: expected z to hold real numbers. Received"):
            ACTIVATIONS[name].forward(wrong)
    for wrong in ([[1], [2, 3]], np.ma.masked_equal([1, 2], 1)):
        with pytest.raises(ValueError, match=f"{name}: expected z "):
            ACTIVATIONS[name].forward(wrong)


def test_softmax_needs_several_numbers_and_leaky_relu_a_slope():
    for wrong in (3.0, np.ones((2, 0))):
        with pytest.raises(ValueError, match="softmax: expected z to be an array with at least"):
            activations.softmax(wrong)
    with pytest.raises(ValueError, match=r"negative_slope to be a number.*'0\.1'"):
        activations.leaky_relu([1.0], "0.1")


def test_no_activation_hands_out_an_array_of_its_own():
    z = np.ones(3)
    activations.linear(z)[0] = 7
    assert z[0] == 1


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "softplus", "silu", "tanh"])
def test_the_derivative_at_zero_is_that_of_keras(name):
    z, da = np.zeros((1, 3), "float32"), np.ones((1, 3), "float32")
    agree(name, "float32", by_hand(name, z, da), in_keras(name, z, da))


def test_known_values():
    """To be checked on paper."""
    z = np.array([[0.0, math.log(3)]])
    np.testing.assert_allclose(activations.softmax(z), [[0.25, 0.75]], rtol=1e-15)
    np.testing.assert_allclose(activations.sigmoid(z), [[0.5, 0.75]], rtol=1e-15)
    np.testing.assert_allclose(activations.softplus(z), [[math.log(2), math.log(4)]], rtol=1e-15)
    np.testing.assert_allclose(activations.leaky_relu(-z), [[0, -0.2 * math.log(3)]], rtol=1e-15)
    np.testing.assert_allclose(activations.elu(-z), [[0, -2 / 3]], rtol=1e-15)
    np.testing.assert_allclose(activations.gelu(np.array([1.0])), 0.8413447460685429, rtol=1e-15)


def test_get():
    assert activations.get(None).name == "linear"
    assert activations.get("relu") is ACTIVATIONS["relu"]
    assert activations.get(ACTIVATIONS["tanh"]) is ACTIVATIONS["tanh"]
    for wrong in ["Relu", 3, len]:
        with pytest.raises(ValueError, match="Expected the name of an activation function: linear"):
            activations.get(wrong)
