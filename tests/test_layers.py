"""Each layer by hand gives Keras' outputs and derivatives, whatever the shapes."""

import inspect

import layer_checks as checks
import numpy as np
import pytest
from conftest import examples
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from layer_checks import check_central_differences, check_layer, eighths, keras, normals
from reference.layer_table import LAYERS

from course import layers
from course.agreement import assert_agree

pytestmark = pytest.mark.filterwarnings("default")  # other libraries warn as they like

# The same examples in every run: a test that fails now and then is not believed.
EXAMPLES = settings(
    derandomize=True,
    max_examples=examples(120),
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
SIDES = st.integers(1, 9)
PAIRS = st.tuples(st.integers(1, 5), st.integers(1, 5))
SIZES = st.one_of(st.integers(1, 5), PAIRS)
STRIDES = st.one_of(st.integers(1, 6), st.tuples(st.integers(1, 6), st.integers(1, 6)))
PADDINGS = st.sampled_from(["valid", "same"])
PICTURES = st.tuples(st.integers(1, 3), SIDES, SIDES, st.integers(1, 3))
SEEDS = st.integers(0, 10**6)


def draws(dtype: str):
    """What to fill arrays with: in single precision, numbers whose sums are exact."""
    return [eighths, normals] if dtype == "float64" else [eighths]


def activations_of(dtype: str) -> list[str]:
    smooth = ["sigmoid", "tanh", "softplus"] if dtype == "float64" else []
    return ["linear", "relu", *smooth]


def fits(shape, size, padding) -> bool:
    down, right = (size, size) if isinstance(size, int) else size
    return padding == "same" or (shape[1] >= down and shape[2] >= right)


@EXAMPLES
@given(data=st.data(), seed=SEEDS, n=st.integers(1, 6), p=st.integers(1, 7), q=st.integers(1, 7))
def test_dense(dtype, data, seed, n, p, q):
    draw = data.draw(st.sampled_from(draws(dtype)))
    activation = data.draw(st.sampled_from(activations_of(dtype)))
    shape = data.draw(st.sampled_from([(n, p), (n, 3, p)]))
    use_bias = data.draw(st.booleans())
    own = layers.Dense(q, activation, use_bias)
    check_layer(
        own, keras.layers.Dense(q, activation, use_bias), draw, draw(seed, *shape, dtype=dtype)
    )


@EXAMPLES
@given(
    data=st.data(),
    seed=SEEDS,
    shape=PICTURES,
    filters=st.integers(1, 4),
    size=SIZES,
    strides=STRIDES,
    padding=PADDINGS,
)
def test_conv2d(dtype, data, seed, shape, filters, size, strides, padding):
    assume(fits(shape, size, padding))
    draw = data.draw(st.sampled_from(draws(dtype)))
    options = {
        "activation": data.draw(st.sampled_from(activations_of(dtype))),
        "use_bias": data.draw(st.booleans()),
    }
    own = layers.Conv2D(filters, size, strides, padding, **options)
    other = keras.layers.Conv2D(filters, size, strides, padding, **options)
    check_layer(own, other, draw, draw(seed, *shape, dtype=dtype))


@pytest.mark.parametrize("name", ["MaxPooling2D", "AveragePooling2D"])
@EXAMPLES
@given(
    data=st.data(),
    seed=SEEDS,
    shape=PICTURES,
    size=SIZES,
    strides=st.one_of(st.none(), STRIDES),
    padding=PADDINGS,
)
def test_pooling(dtype, name, data, seed, shape, size, strides, padding):
    """With numbers among which equal ones are frequent, so that windows have several largest."""
    assume(fits(shape, size, padding))
    # There TensorFlow's derivatives contradict its own means; ours have a test of their own.
    assume(name != "AveragePooling2D" or fits(shape, size, "valid"))
    draw = data.draw(st.sampled_from([eighths, normals]))
    own = getattr(layers, name)(size, strides, padding)
    other = getattr(keras.layers, name)(size, strides, padding)
    check_layer(own, other, draw, draw(seed, *shape, dtype=dtype))


@pytest.mark.parametrize(("width", "size", "strides"), [(4, 5, 1), (5, 7, 2), (7, 9, 5), (1, 3, 2)])
def test_means_of_windows_larger_than_the_picture(use_precision, width, size, strides):
    """With TensorFlow 2.21 Keras agrees on the means, and not on the derivatives."""
    use_precision("float64")
    own = layers.AveragePooling2D(size, strides, "same")
    other = keras.layers.AveragePooling2D(size, strides, "same")
    x = normals(1, 2, 3, width, 2)
    assert_agree("means", own.forward(x), np.asarray(other(x)))
    check_central_differences(own, x)


@EXAMPLES
@given(seed=SEEDS, shape=st.lists(st.integers(1, 4), min_size=2, max_size=4))
def test_flatten(dtype, seed, shape):
    check_layer(
        layers.Flatten(), keras.layers.Flatten(), normals, normals(seed, *shape, dtype=dtype)
    )


@pytest.mark.parametrize("name", ["linear", "relu", "tanh", "softmax"])
def test_activation_layer(dtype, name):
    own, other = layers.Activation(name), keras.layers.Activation(name)
    check_layer(own, other, normals, normals(1, 5, 4, dtype=dtype))


# Sizes of real networks, in both types ---------------------------------------------------------

REAL = {
    "Conv2D on 32 x 32 x 3": ("Conv2D", (32, 3), (8, 32, 32, 3)),
    "Conv2D on 15 x 15 x 32": ("Conv2D", (64, 3), (8, 15, 15, 32)),
    "Conv2D same, strides 2": ("Conv2D", (16, 4, 2, "same"), (8, 15, 16, 8)),
    "MaxPooling2D on 30 x 30 x 32": ("MaxPooling2D", (2,), (8, 30, 30, 32)),
    "AveragePooling2D on 13 x 13 x 64": ("AveragePooling2D", (2,), (8, 13, 13, 64)),
    "Dense on 2304": ("Dense", (64, "relu"), (64, 2304)),
}


@pytest.mark.parametrize("what", REAL)
def test_sizes_of_real_networks(dtype, what):
    name, arguments, shape = REAL[what]
    own, other = getattr(layers, name)(*arguments), getattr(keras.layers, name)(*arguments)
    check_layer(own, other, normals, normals(0, *shape, dtype=dtype), what=what)


# Central differences ----------------------------------------------------------------------------

SMALL = [
    (layers.Dense(3, "tanh"), (4, 5)),
    (layers.Dense(3, "softmax", use_bias=False), (4, 2, 5)),
    (layers.Conv2D(2, 3, activation="sigmoid"), (2, 5, 6, 3)),
    (layers.Conv2D(2, (2, 4), (3, 1), "same", activation="relu"), (2, 5, 7, 2)),
    (layers.Conv2D(3, 1, 3, "same", use_bias=False), (1, 7, 5, 2)),
    (layers.MaxPooling2D(2), (2, 5, 4, 2)),
    (layers.MaxPooling2D(3, 2, "same"), (2, 6, 5, 2)),
    (layers.AveragePooling2D((2, 3)), (2, 5, 6, 2)),
    (layers.AveragePooling2D(3, 2, "same"), (2, 6, 5, 2)),
    (layers.Flatten(), (2, 3, 2, 2)),
    (layers.Activation("softmax"), (3, 4)),
]


@pytest.mark.parametrize(("own", "shape"), SMALL)
def test_derivatives_are_central_differences(own, shape):
    check_central_differences(own, normals(9, *shape))


# What pooling does where several pixels are the largest -----------------------------------------


def test_the_first_of_several_largest_pixels_gets_the_whole_derivative():
    layer = layers.MaxPooling2D(2)
    assert layer.forward(np.full((1, 2, 2, 1), 5.0)).item() == 5
    np.testing.assert_array_equal(
        layer.backward(np.full((1, 1, 1, 1), 7.0))[0, ..., 0], [[7, 0], [0, 0]]
    )


# Dropout -----------------------------------------------------------------------------------------


def test_dropout_does_nothing_in_prediction():
    x = normals(0, 50, 4)
    layer = layers.Dropout(0.9, seed=1)
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.5, 0.9])
def test_dropout_drops_its_rate_and_scales_the_rest(dtype, rate):
    x = np.full((200, 500), 3, dtype)
    layer = layers.Dropout(rate, seed=1)
    y = layer.forward(x, training=True)
    dropped = y == 0
    assert abs(dropped.mean() - rate) < 0.005
    assert_agree("kept", y[~dropped], np.full((~dropped).sum(), 3 / (1 - rate), dtype))
    dy = normals(1, *x.shape, dtype=dtype)
    assert_agree("dx", layer.backward(dy), (dy * ~dropped / (1 - rate)).astype(dtype))
    assert not np.array_equal(layer.forward(x, training=True), y) or rate == 0


def test_dropout_repeats_itself_from_the_same_seed():
    x = np.ones((20, 20))
    first, second = (layers.Dropout(0.5, seed=3).forward(x, training=True) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_dropout_is_that_of_keras_with_the_same_choice(dtype):
    """Keras' own choice, seen in its outputs, put into our layer: equal."""
    x, dy = normals(0, 30, 20, dtype=dtype), normals(1, 30, 20, dtype=dtype)
    other = keras.layers.Dropout(0.25, seed=5)
    x_tf = checks.tf.constant(x)
    with checks.tf.GradientTape() as tape:
        tape.watch(x_tf)
        y = other(x_tf, training=True)
    dx = tape.gradient(y, x_tf, output_gradients=dy).numpy()
    own = layers.Dropout(0.25)
    own.forward(x, training=True)
    own.mask = (y.numpy() != 0) / own.dtype.type(1 - 0.25)
    assert 0.1 < np.mean(y.numpy() == 0) < 0.4
    checks.note(
        "Dropout, outputs", dtype, assert_agree("outputs", own.x * own.mask, y.numpy()).max_rel
    )
    checks.note("Dropout, input gradients", dtype, assert_agree("dx", own.backward(dy), dx).max_rel)


# The start ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "shape"), [(layers.Dense(300), (None, 200)), (layers.Conv2D(64, 5), (None, 9, 9, 32))]
)
def test_initial_weights_are_spread_as_those_of_keras(own, shape):
    other = (
        keras.layers.Dense(300, kernel_initializer=keras.initializers.GlorotUniform(1))
        if isinstance(own, layers.Dense)
        else keras.layers.Conv2D(64, 5, kernel_initializer=keras.initializers.GlorotUniform(1))
    )
    own.build(shape, seed=1)
    other.build(shape)
    for mine, theirs in zip(own.get_weights(), other.get_weights(), strict=True):
        assert mine.dtype == theirs.dtype == np.float32
        np.testing.assert_allclose(abs(mine).max(), abs(theirs).max(), rtol=0.01)
        np.testing.assert_allclose(mine.std(), theirs.std(), rtol=0.02)


def test_the_same_seed_gives_the_same_weights():
    start = []
    for seed in [1, 1, 2]:
        layer = layers.Dense(3)
        layer.build((None, 4), seed=seed)
        start.append(layer.get_weights()[0])
    np.testing.assert_array_equal(start[0], start[1])
    assert not np.array_equal(start[0], start[2])


def test_layers_are_named_as_in_keras():
    for name, row in LAYERS.items():
        keras.backend.clear_session()  # it counts layers of the same name
        own, other = (getattr(module, name)(*row["arguments"]) for module in (layers, keras.layers))
        assert own.name == other.name


def test_arguments_have_the_names_the_order_and_the_defaults_of_keras():
    for name in layers.__all__:
        if name in {"BaseLayer", "Flatten", "Input", "Layer", "SeveralInputs"}:
            continue
        own = inspect.signature(getattr(layers, name)).parameters
        other = inspect.signature(getattr(keras.layers, name)).parameters
        shared = [p for p in own.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        assert [p.name for p in shared] == list(other)[: len(shared)]
        for parameter in own.values():
            assert parameter.default == other[parameter.name].default, (name, parameter)
