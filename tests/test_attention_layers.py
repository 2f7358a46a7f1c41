"""Embedding, layer normalisation, attention and addition by hand give what Keras' layers give."""

import inspect

import layer_checks as checks
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layer_checks import check_layer, keras, normals, tf
from planting import assert_found, faulty_copies, planted
from reference.beside_keras import together
from test_layers import EXAMPLES, SEEDS, draws

from course import layers
from course.agreement import (
    CENTRAL_DIFFERENCE_TOLERANCE,
    TOLERANCES,
    assert_agree,
    central_difference,
    compare,
)
from course.layers import (
    Add,
    Dense,
    Embedding,
    Input,
    LayerNormalization,
    MultiHeadAttention,
    attention,
)
from course.sequential import Sequential

pytestmark = pytest.mark.filterwarnings("ignore")  # some faults divide by zero

KEY_DIMS = st.sampled_from([4, 16])  # 1 / sqrt(key_dim) is exact, also in single precision


def words(seed: int, limit: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, limit, shape)


def masks(seed: int, *shape: int) -> np.ndarray:
    """Truth values, among them rows in which all is hidden."""
    rng = np.random.default_rng(seed)
    return (rng.random(shape) < 0.6) & (rng.random((*shape[:-1], 1)) < 0.8)


def both(name: str, *arguments, **options):
    """A layer of the course and its twin in Keras."""
    return [getattr(module, name)(*arguments, **options) for module in (layers, keras.layers)]


# Embedding ----------------------------------------------------------------------------------------


def check_embedding(draw, x: np.ndarray, input_dim: int, output_dim: int) -> None:
    check_layer(*both("Embedding", input_dim, output_dim), draw, x, scale=1)


@EXAMPLES
@given(
    data=st.data(),
    seed=SEEDS,
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    input_dim=st.integers(1, 6),
    output_dim=st.integers(1, 5),
)
def test_embedding(dtype, data, seed, shape, input_dim, output_dim):
    """Few words for many places, so that most rows are taken several times."""
    draw = data.draw(st.sampled_from(draws(dtype)))
    check_embedding(draw, words(seed, input_dim, *shape), input_dim, output_dim)


def test_a_word_that_comes_twice_gets_both_derivatives():
    layer = Embedding(3, 2)
    layer.build((None, 3), "float64")
    layer.forward(np.array([[2, 0, 2]]))
    assert layer.backward(np.array([[[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]]])) is None
    np.testing.assert_array_equal(layer.dembeddings, [[2, 20], [0, 0], [5, 50]])


def test_embedding_begins_a_sequential_that_learns():
    model = Sequential([Input((1,)), Embedding(4, 3), layers.Flatten(), Dense(1)], seed=1)
    model.compile("adam", "mse")
    x = np.array([[0], [1], [2], [3]])
    history = model.fit(x, np.array([[0.0], [1], [2], [3]]), epochs=300, batch_size=4, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0] / 2


# Layer normalisation ------------------------------------------------------------------------------


@EXAMPLES
@given(
    data=st.data(),
    seed=SEEDS,
    shape=st.tuples(st.integers(1, 4), st.integers(2, 4), st.integers(6, 12)),
    epsilon=st.sampled_from([1e-3, 1e-6, 0.5]),
    center=st.booleans(),
    scale=st.booleans(),
)
def test_layer_normalization(dtype, data, seed, shape, epsilon, center, scale):
    options = {"epsilon": epsilon, "center": center, "scale": scale}
    shape = data.draw(st.sampled_from([shape, shape[1:]]))
    own, other = both("LayerNormalization", **options)
    # Not the numbers of the derivatives, which have seed 0: vectors along x have no derivative.
    check_layer(own, other, normals, normals(seed + 1, *shape, dtype=dtype))


@EXAMPLES
@given(seed=SEEDS, n=st.integers(1, 4), d=st.integers(1, 5))
def test_layer_normalization_of_vectors_of_few_numbers(dtype, seed, n, d):
    """One number becomes 0, two become about 1 and -1, whatever they are: hardly a derivative.

    It is what is left of terms that cancel, so the difference is measured by their size. With a
    few numbers more, a single vector can still happen to be such a case.
    """
    own, other = both("LayerNormalization")
    x, dy = normals(seed, n, d, dtype=dtype), normals(seed + 1, n, d, dtype=dtype)
    other.build(x.shape)
    y, dx, (dgamma, dbeta) = checks.in_keras(other, x, dy)
    largest_term = np.max(np.abs(dy)) / np.sqrt(np.min(x.var(axis=1)) + own.epsilon)
    limit = TOLERANCES[dtype]
    assert compare("y", own.forward(x), y).max_abs < limit * np.max(np.abs(x) + 1)
    assert compare("dx", own.backward(dy), dx).max_abs < limit * largest_term
    assert compare("dgamma", own.dgamma, dgamma).max_abs < limit * np.max(np.abs(dy)) * n
    assert_agree("dbeta", own.dbeta, dbeta)


def test_layer_normalization_on_paper():
    layer = LayerNormalization(epsilon=1.0)
    y = layer.forward(np.array([[1.0, 3.0, 1.0, 3.0, 2.0, 2.0]]) * np.sqrt(4.5))
    np.testing.assert_allclose(
        y, np.sqrt([[9 / 8, 9 / 8, 9 / 8, 9 / 8, 0, 0]]) * np.array([-1, 1] * 3)
    )


# Addition -----------------------------------------------------------------------------------------


@EXAMPLES
@given(
    seed=SEEDS,
    count=st.integers(1, 4),
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=4),
)
def test_add(dtype, seed, count, shape):
    x = [normals(seed + i, *shape, dtype=dtype) for i in range(count)]
    check_layer(*both("Add"), normals, *x)


# Attention ----------------------------------------------------------------------------------------

SIZES = {
    "n": st.integers(1, 3),
    "length": st.integers(1, 5),
    "d": st.integers(2, 5),
    "heads": st.integers(1, 3),
    "key_dim": KEY_DIMS,
    # No 1: with TensorFlow, Keras 3.15 adds biases of shape (heads, 1) to the places of a sequence,
    # not to the heads, where there are as many.
    "value_dim": st.sampled_from([None, 2, 3]),
    "use_bias": st.booleans(),
}


@EXAMPLES
@given(data=st.data(), seed=SEEDS, masked=st.booleans(), causal=st.booleans(), **SIZES)
def test_self_attention(
    dtype, data, seed, masked, causal, n, length, d, heads, key_dim, value_dim, use_bias
):
    own, other = both("MultiHeadAttention", heads, key_dim, value_dim, use_bias=use_bias)
    x = normals(seed, n, length, d, dtype=dtype)
    options = {"use_causal_mask": causal}
    if masked:
        shape = data.draw(st.sampled_from([(n, length, length), (1, length, length)]))
        options["attention_mask"] = masks(seed, *shape)
    check_layer(own, other, normals, x, x, scale=1 / 2, **options)


@EXAMPLES
@given(
    seed=SEEDS,
    masked=st.booleans(),
    causal=st.booleans(),
    with_key=st.booleans(),
    others=st.tuples(st.integers(1, 5), st.integers(2, 5), st.integers(2, 5)),
    **SIZES,
)
def test_cross_attention(
    dtype,
    seed,
    masked,
    causal,
    with_key,
    others,
    n,
    length,
    d,
    heads,
    key_dim,
    value_dim,
    use_bias,
):
    own, other = both("MultiHeadAttention", heads, key_dim, value_dim, use_bias=use_bias)
    length_value, d_value, d_key = others
    shapes = [(n, length, d), (n, length_value, d_value), (n, length_value, d_key)]
    x = [normals(seed + i, *s, dtype=dtype) for i, s in enumerate(shapes[: 2 + with_key])]
    options = {"use_causal_mask": causal}
    if masked:
        options["attention_mask"] = masks(seed, n, length, length_value)
    check_layer(own, other, normals, *x, scale=1 / 2, **options)


def test_attention_of_the_size_of_real_networks(dtype):
    own, other = both("MultiHeadAttention", 4, 16)
    x = normals(0, 8, 32, 64, dtype=dtype)
    what = "MultiHeadAttention on 32 x 64"
    check_layer(own, other, normals, x, x, what=what, scale=1 / 2, use_causal_mask=True)


def test_an_array_that_is_query_and_value_gets_the_sum_of_the_derivatives(dtype):
    own, other = both("MultiHeadAttention", 2, 4)
    x = normals(0, 3, 5, 6, dtype=dtype)
    y = own.forward(x, x, use_causal_mask=True)
    tensor, dy = tf.constant(x), normals(1, *x.shape, dtype=dtype)
    other(tensor, tensor)
    other.set_weights(own.get_weights())
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        expected = other(tensor, tensor, use_causal_mask=True)
    assert_agree("y", y, expected.numpy())
    dx = tape.gradient(expected, tensor, output_gradients=dy).numpy()
    assert_agree("dx", sum(own.backward(dy)), dx)


def test_attention_scores_are_those_of_keras(dtype):
    own, other = both("MultiHeadAttention", 2, 4)
    x, mask = normals(0, 3, 5, 6, dtype=dtype), masks(1, 3, 5, 5) | np.eye(5, dtype=bool)
    own.forward(x, x, attention_mask=mask)
    other(x, x)
    other.set_weights(own.get_weights())
    _, scores = other(x, x, attention_mask=mask, return_attention_scores=True)
    assert_agree("scores", own.attention_scores, scores.numpy())
    assert not np.any(own.attention_scores * ~mask[:, np.newaxis])
    sums = own.attention_scores.sum(axis=-1)
    assert_agree("sums", sums, np.ones_like(sums))


@pytest.mark.parametrize("key_dim", [2, 3, 5, 8])
def test_keras_rounds_one_over_the_root_of_key_dim_to_single_precision(use_precision, key_dim):
    """Where that is no power of two, double precision differs by so much, and by no more."""
    use_precision("float64")
    own, other = both("MultiHeadAttention", 2, key_dim)
    x = normals(0, 3, 5, 6)
    with pytest.raises(AssertionError, match="MultiHeadAttention, outputs"):
        check_layer(own, other, normals, x, x, scale=1 / 2)
    own.scale = float(np.float32(own.scale))
    check_layer(own, other, normals, x, x, scale=1 / 2)


def test_a_key_bias_has_no_gradient(dtype):
    """It adds the same to all scores of a query; softmax does not see that."""
    layer = MultiHeadAttention(2, 4)
    x = normals(0, 3, 5, 6, dtype=dtype)
    y = layer.forward(x, x)
    layer.backward(normals(1, *y.shape, dtype=dtype))
    largest = max(np.max(np.abs(g)) for g in layer.get_gradients())
    assert np.max(np.abs(layer.dkey_bias)) < TOLERANCES[dtype] / 10 * largest
    layer.key_bias += 3
    assert_agree("y", layer.forward(x, x), y)


def test_a_query_that_fits_one_key_takes_its_value():
    """On paper: scores far apart make the attention all or nothing."""
    layer = MultiHeadAttention(1, 4, use_bias=False)
    tokens = np.eye(4)[np.newaxis]
    layer.build([tokens.shape] * 2, "float64")
    unit = np.eye(4)
    backwards = unit[::-1]
    layer.set_weights([100 * unit[:, None], backwards[:, None], unit[:, None], unit[None]])
    np.testing.assert_allclose(layer.forward(tokens, tokens)[0], backwards, atol=1e-15)
    mean = np.tri(4) / np.arange(1, 5)[:, np.newaxis]
    layer.query_kernel[...] = 0
    np.testing.assert_allclose(layer.forward(tokens, tokens, use_causal_mask=True)[0], mean)


# The start ----------------------------------------------------------------------------------------


def test_initial_weights_are_spread_as_those_of_keras():
    own, other = both("Embedding", 300, 40)
    own.build((None, 2), seed=1)
    other.build()
    mine, theirs = own.get_weights()[0], other.get_weights()[0]
    assert mine.dtype == theirs.dtype == np.float32
    np.testing.assert_allclose(abs(mine).max(), abs(theirs).max(), rtol=0.01)
    np.testing.assert_allclose(mine.std(), theirs.std(), rtol=0.02)
    own, other = both("LayerNormalization")
    own.build((None, 5))
    other.build((None, 5))
    np.testing.assert_array_equal(own.get_weights(), other.get_weights())


def test_kernels_of_attention_start_within_glorots_bounds():
    """Keras 3.10 counts inputs and outputs of these kernels otherwise, Keras 3.15 as we do."""
    own, other = both("MultiHeadAttention", 4, 16, 20)
    own.build([(None, 3, 60)] * 2, seed=1)
    other.build((None, 3, 60), (None, 3, 60))
    counts = [(60, 64), (60, 64), (60, 80), (80, 60)]
    counts_as_we_do = (
        "input_axes" in inspect.signature(keras.initializers.VarianceScaling).parameters
    )
    for i, (inputs, outputs) in enumerate(counts):
        bound = np.sqrt(6 / (inputs + outputs))
        for weights in [own.get_weights(), *[other.get_weights()] * counts_as_we_do]:
            np.testing.assert_allclose(abs(weights[2 * i]).max(), bound, rtol=0.01)
            np.testing.assert_allclose(weights[2 * i].std(), bound / np.sqrt(3), rtol=0.03)
            assert not weights[2 * i + 1].any()


# Central differences ------------------------------------------------------------------------------


def check_central_differences(own, x: list[np.ndarray], **options) -> None:
    """The derivatives of a layer, called with these inputs, are those of central differences."""
    own.forward(*x, **options)
    for i, weight in enumerate(own.weights):
        weight[...] = normals(i + 1, *weight.shape) / 2
    dy = normals(0, *own.a.shape)

    def loss():
        return float(np.sum(dy * own.forward(*x, **options)))

    loss()
    inputs = x[0] if isinstance(own, Add) else x
    found = own.backward(dy)
    found = found if isinstance(found, list) else [found]
    parts = {"weights": (own.get_gradients(), own.weights)}
    if found[0] is not None:
        parts["inputs"] = (found, inputs)
    for part, (gradients, places) in parts.items():
        if gradients:
            numeric = [central_difference(loss, place) for place in places]
            what = f"{type(own).__name__}, {part}"
            found, expected = together(gradients), together(numeric)
            c = assert_agree(what, found, expected, CENTRAL_DIFFERENCE_TOLERANCE)
            checks.note(f"{type(own).__name__}, central differences", "float64", c.max_rel)


@pytest.mark.parametrize("shape", [(2, 3, 5), (4, 3)])
def test_derivatives_of_layer_normalization_are_central_differences(shape):
    check_central_differences(LayerNormalization(), [normals(9, *shape)])


def test_derivatives_of_an_embedding_are_central_differences():
    layer = Embedding(4, 3)
    layer.build((None, 5), "float64")
    check_central_differences(layer, [words(0, 4, 2, 5)])


def test_derivatives_of_add_are_central_differences():
    check_central_differences(Add(), [[normals(i, 2, 3) for i in range(3)]])


@pytest.mark.parametrize("key_dim", [3, 4])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("with_key", [False, True])
def test_derivatives_of_attention_are_central_differences(key_dim, causal, with_key):
    shapes = [(2, 3, 4), (2, 5, 3), (2, 5, 2)][: 2 + with_key]
    x = [normals(i, *shape) for i, shape in enumerate(shapes)]
    layer = MultiHeadAttention(2, key_dim, 3)
    mask = masks(1, 2, 3, 5)
    check_central_differences(layer, x, attention_mask=mask, use_causal_mask=causal)


# Planted faults -----------------------------------------------------------------------------------


def check_attention():
    own, other = both("MultiHeadAttention", 2, 4, 3)
    x = [normals(i, 2, *shape) for i, shape in enumerate([(3, 4), (5, 3), (5, 2)])]
    mask = masks(1, 2, 3, 5)
    mask[0, 0] = False
    check_layer(own, other, normals, *x, scale=1 / 2, attention_mask=mask)
    own, other = both("MultiHeadAttention", 2, 4)
    check_layer(own, other, normals, x[0], x[0], scale=1 / 2, use_causal_mask=True)


def check_add():
    check_layer(*both("Add"), normals, *[normals(i, 2, 3) for i in range(3)])


def check_normalization():
    check_layer(*both("LayerNormalization"), normals, normals(1, 2, 3, 5))


def check_words():
    check_embedding(normals, words(0, 3, 4, 5), 3, 2)


TARGETS = [
    (Embedding, "_forward", check_words),
    (Embedding, "_output_shape", check_words),
    (LayerNormalization, "_forward", check_normalization),
    (LayerNormalization, "_backward", check_normalization),
    (Add, "_forward", check_add),
    (MultiHeadAttention, "_mask", check_attention),
    (MultiHeadAttention, "_forward", check_attention),
    (MultiHeadAttention, "_backward", check_attention),
    (attention, "_heads", check_attention),
    (attention, "_heads_backward", check_attention),
]
# Faults that operators do not have: lines of a backward step, and the same with something wrong.
BY_HAND = [
    (Embedding, "_backward", "np.add.at(self.dembeddings, self.x, dy)", "pass", check_words),
    (
        Embedding,
        "_backward",
        "np.add.at(self.dembeddings, self.x, dy)",
        "self.dembeddings[self.x] += dy",
        check_words,
    ),
    (Add, "_backward", "[dy.copy() for", "[dy / len(self.x) for", check_add),
    (MultiHeadAttention, "_backward", "(2, 2)).swapaxes(1, 2)", "(2, 2))", check_attention),
    (MultiHeadAttention, "_backward", " * self.mask", "", check_attention),
    (MultiHeadAttention, "_backward", " * self.scale", "", check_attention),
    (MultiHeadAttention, "_backward", "dvalue + dkey]", "dvalue]", check_attention),
    (
        MultiHeadAttention,
        "_backward",
        "[dquery, dvalue, dkey]",
        "[dquery, dkey, dvalue]",
        check_attention,
    ),
    (MultiHeadAttention, "_forward", "* self.scale", "", check_attention),
    (MultiHeadAttention, "_forward", "x[0], x[1], x[-1]", "x[0], x[-1], x[1]", check_attention),
    (LayerNormalization, "_backward", " - mean", "", check_normalization),
    (LayerNormalization, "_backward", " - along * self.u", "", check_normalization),
    (LayerNormalization, "_backward", "axis=cases", "axis=0", check_normalization),
]
FAULTS = [
    pytest.param(owner, name, code, check, id=f"{owner.__name__}.{name}: {what}")
    for owner, name, check in TARGETS
    for what, code in faulty_copies(getattr(owner, name))
]


def with_change(owner, name: str, old: str, new: str):
    import textwrap

    source = textwrap.dedent(inspect.getsource(getattr(owner, name)))
    assert old in source, f"{owner.__name__}.{name} has no {old}"
    return compile(source.replace(old, new), "fault", "exec")


@pytest.mark.parametrize("check", [check_words, check_normalization, check_add, check_attention])
def test_the_checks_pass_without_a_fault(use_precision, check):
    use_precision("float64")
    check()


def plant(monkeypatch, use_precision, owner, name, code, check):
    use_precision("float64")
    monkeypatch.setattr(owner, name, planted(owner, name, code))
    monkeypatch.setattr(checks, "LARGEST", {})  # what faults make is not reported
    assert_found(name, check)


@pytest.mark.parametrize(("owner", "name", "code", "check"), FAULTS)
def test_a_planted_fault_is_found(monkeypatch, use_precision, owner, name, code, check):
    plant(monkeypatch, use_precision, owner, name, code, check)


@pytest.mark.parametrize(("owner", "name", "old", "new", "check"), BY_HAND)
def test_a_fault_by_hand_is_found(monkeypatch, use_precision, owner, name, old, new, check):
    code = with_change(owner, name, old, new)
    plant(monkeypatch, use_precision, owner, name, code, check)


# What they refuse ---------------------------------------------------------------------------------

X = np.zeros((2, 3, 4))
REFUSED = [
    (lambda: Embedding(0, 3), r"Embedding: .*positive whole number\. Received: input_dim=0"),
    (lambda: Embedding(3, 2.5), r"output_dim=2\.5"),
    (lambda: Embedding(3, 2, "normal"), r"glorot_uniform.*'normal'"),
    (
        lambda: Embedding(3, 2).forward(np.zeros((2, 3))),
        r"embedding: expected whole numbers\. .*float64 and shape \(2, 3\).*astype\(int\)",
    ),
    (
        lambda: Embedding(3, 2).forward(np.array([[0, 3]])),
        r"embedding: .* 0 to 2\. .* from 0 to 3 in an array of shape \(1, 2\)",
    ),
    (lambda: Embedding(3, 2).forward(np.array([-1])), r"from -1 to -1"),
    (lambda: Embedding(3, 2).forward(1), r"a single number"),
    (lambda: LayerNormalization(1), r"axis=-1, the last axis\. Received: axis=1"),
    (lambda: LayerNormalization(epsilon=0), r"above 0\. Received: epsilon=0"),
    (lambda: LayerNormalization().forward(np.zeros(3)), r"layer_normalization: .*\(cases\)"),
    (lambda: MultiHeadAttention(0, 4), r"MultiHeadAttention: .*num_heads=0"),
    (lambda: MultiHeadAttention(2, "4"), r"key_dim='4'"),
    (lambda: MultiHeadAttention(2, 4, 0), r"value_dim=0"),
    (lambda: MultiHeadAttention(2, 4, dropout=0.1), r"dropout=0\.0, the only .*dropout=0\.1"),
    (
        lambda: MultiHeadAttention(2, 4).forward(X[0], X[0]),
        r"multi_head_attention: .*\(cases, length, numbers\).* \(cases, 4\), \(cases, 4\)",
    ),
    (
        lambda: MultiHeadAttention(2, 4).forward(X, X, X[:, :2]),
        r"one key for each value\. .*\(cases, 3, 4\) and keys of shape \(cases, 2, 4\)",
    ),
    (
        lambda: MultiHeadAttention(2, 4).forward(X, X[:1]),
        r"2 inputs with as many cases in each\. .*\(2, 3, 4\), \(1, 3, 4\)",
    ),
    (
        lambda: MultiHeadAttention(2, 4).forward(X, X, attention_mask=np.ones((2, 3, 3))),
        r"truth values\. .*float64 and shape \(2, 3, 3\)",
    ),
    (
        lambda: MultiHeadAttention(2, 4).forward(X, X, attention_mask=np.ones((2, 3, 4), bool)),
        r"attention_mask of shape \(2, 3, 3\): cases, queries, values\. Received shape \(2, 3, 4\)",
    ),
    (
        lambda: MultiHeadAttention(2, 4).forward(X, X, attention_mask=np.ones(3, bool)),
        r"Received shape \(3,\)",
    ),
    (lambda: Add().forward(X), r"add: expected a list of arrays, .*ndarray and shape \(2, 3, 4\)"),
    (
        lambda: Add().forward([X, X[:, :1]]),
        r"one shape\. Received shapes: \(cases, 3, 4\), \(cases, 1, 4\)",
    ),
    (lambda: Add().forward([]), r"Received shapes: none"),
    (lambda: Add().forward([X, X[:1]]), r"as many cases in each"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_they_cannot_do_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("layer", [Add(), MultiHeadAttention(2, 4)])
@pytest.mark.parametrize("before", [[], [Input((3, 4))]])
def test_a_sequential_refuses_layers_with_several_inputs(before, layer):
    name = type(layer).__name__
    message = rf"Sequential: expected layers with one input\. Received {name}.*call this layer"
    with pytest.raises(TypeError, match=message):
        Sequential([*before, layer])
    assert not isinstance(layer, layers.Layer)


def test_another_shape_than_built_for_is_refused():
    layer = MultiHeadAttention(2, 4)
    layer.forward(X, X)
    with pytest.raises(ValueError, match=r"shape \(cases, 3, 4\)\. .*shape \(2, 2, 4\)"):
        layer.forward(X, X[:, :2])
    with pytest.raises(ValueError, match=r"expected 2 inputs"):
        layer.forward(X, X, X)
    with pytest.raises(ValueError, match=r"outputs, \(2, 3, 4\)\. .* shape \(2, 3\)"):
        layer.backward(X[..., 0])
    embedding = Embedding(3, 2)
    embedding.forward(np.zeros((2, 3), int))
    with pytest.raises(ValueError, match=r"shape \(cases, 3\)\. .*shape \(2, 4\)"):
        embedding.forward(np.zeros((2, 4), int))


def test_backward_before_forward_is_refused():
    for layer in [Embedding(3, 2), LayerNormalization(), Add(), MultiHeadAttention(2, 4)]:
        with pytest.raises(RuntimeError, match=r"expected forward\(\) before backward\(\)"):
            layer.backward(X)


def test_a_mask_is_given_by_name():
    with pytest.raises(TypeError):
        MultiHeadAttention(2, 4).forward(X, X, X, np.ones((2, 3, 3), bool))  # Keras: query_mask
