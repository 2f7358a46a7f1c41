r"""A transformer: by hand and in Keras
===================================

**Is every derivative of a transformer what Keras computes?** The network is that of
:doc:`transformer_keras`. Forward, it is four lines. Backward, each line gives one or
more, and the sums need care: what is used several times gets a derivative from each
use.

.. math::

   \begin{aligned}
   x_i &= E[t_i] + P[i] \\
   a &= \operatorname{norm}(x + \operatorname{attention}(x)) \\
   h &= \operatorname{norm}(a + \operatorname{relu}(a W_1 + b_1) W_2 + b_2) \\
   p &= \operatorname{softmax}(h W_3 + b_3)
   \end{aligned}
"""

import matplotlib.pyplot as plt
import numpy as np

from course import layers
from course.agreement import (
    TOLERANCES,
    bound,
    compare,
    keras_precision,
    print_comparisons,
)
from course.quiet import quiet_start
from course.rbase import r_print

with quiet_start():
    import keras
    import tensorflow as tf

plt.style.use("course.lecture")

# %%
# In Keras
# --------
#
# These are the functions of :doc:`transformer_keras`, line by line. (There are few R
# lines on this page: R's package ``keras`` calls the very program that is called here,
# and our own layers are written in NumPy.)

length, n_tokens = 10, 10
width, hidden, key_dim = 32, 64, 16


def encoder_block(x):
    attention = keras.layers.MultiHeadAttention(num_heads=1, key_dim=key_dim)
    found, scores = attention(x, x, return_attention_scores=True)
    a = keras.layers.LayerNormalization()(keras.layers.Add()([x, found]))
    hidden_units = keras.layers.Dense(hidden, activation="relu")(a)
    out = keras.layers.Dense(width)(hidden_units)
    return keras.layers.LayerNormalization()(keras.layers.Add()([a, out])), scores


def build_model():
    tokens = keras.layers.Input((length,), dtype="int32")
    positions = keras.layers.Input((length,), dtype="int32")
    token_vectors = keras.layers.Embedding(n_tokens, width)(tokens)
    position_vectors = keras.layers.Embedding(length, width)(positions)
    x = keras.layers.Add()([token_vectors, position_vectors])
    h, scores = encoder_block(x)
    p = keras.layers.Dense(n_tokens, activation="softmax")(h)
    model = keras.Model([tokens, positions], p)
    return model, keras.Model([tokens, positions], [p, scores])


# %%
# One start for both
# ------------------
#
# Sixteen sequences of digits, their reverse as the answers, and weights. All weights
# are drawn at random, also the biases that start at 0 in Keras, and the scales of layer
# normalisation that start at 1: a term that is multiplied by 0 can be wrong unseen. The
# network is not trained. Trained, it gives the right answers almost for certain. Its
# derivatives are then differences of nearly equal numbers, *prediction minus truth*, in
# which little but rounding is left.

rng = np.random.default_rng(1)
tokens = rng.integers(0, n_tokens, (16, length))
answers = tokens[:, ::-1]
positions = np.tile(np.arange(length), (16, 1))  # (16, 10)

model, _ = build_model()
weights = [rng.normal(0, 0.3, w.shape) for w in model.get_weights()]
print("Parameters, each with a derivative:", sum(w.size for w in weights))

# %%
# By hand
# -------
#
# The layers of ``course.layers`` are written in NumPy and have Keras' names. Here are
# those of this model, each with its share of the weights.


def own_layers(dtype):
    row, vectors = (None, length), (None, length, width)
    pairs = [
        (layers.Embedding(n_tokens, width), row),
        (layers.Embedding(length, width), row),
        (layers.MultiHeadAttention(num_heads=1, key_dim=key_dim), [vectors, vectors]),
        (layers.LayerNormalization(), vectors),
        (layers.Dense(hidden, "relu"), vectors),
        (layers.Dense(width), (None, length, hidden)),
        (layers.LayerNormalization(), vectors),
        (layers.Dense(n_tokens, "softmax"), vectors),
    ]
    remaining = iter(weights)
    for layer, shape in pairs:
        layer.build(shape, dtype)
        layer.set_weights([next(remaining) for _ in layer.weight_names])
    return [layer for layer, _ in pairs]


kinds = ["tokens", "positions", "attention", "norm 1"]
kinds += ["dense 1", "dense 2", "norm 2", "dense 3"]
weight_names = [
    f"{kind} d{name}"
    for kind, layer in zip(kinds, own_layers("float64"), strict=True)
    for name in layer.weight_names
]
print("Arrays of parameters:", len(weight_names))

# %%
# Forward, a residual connection is a plus sign. On the way back, each part of the sum
# gets the whole derivative. :math:`x` goes into attention twice, as query and as value,
# and into the sum: its derivative has three parts.


def forward_and_backward(own):
    embed, embed_place, attention, norm_1, dense_1, dense_2, norm_2, dense_3 = own
    x = embed.forward(tokens) + embed_place.forward(positions)  # (16, 10, 32)
    a = norm_1.forward(x + attention.forward(x, x))  # (16, 10, 32)
    h = norm_2.forward(a + dense_2.forward(dense_1.forward(a)))  # (16, 10, 32)
    p = dense_3.forward(h)  # (16, 10, 10)

    truth = np.eye(n_tokens, dtype=p.dtype)[answers]  # (16, 10, 10)
    dz = (p - truth) / answers.size
    dsum = norm_2.backward(dense_3.backward_from_z(dz))  # (16, 10, 32)
    da = dsum + dense_1.backward(dense_2.backward(dsum))
    dsum = norm_1.backward(da)
    dquery, dvalue = attention.backward(dsum)
    dx = dsum + dquery + dvalue
    embed.backward(dx)
    embed_place.backward(dx)
    gradients = [g for layer in own for g in layer.get_gradients()]
    return p, attention.attention_scores, gradients


# %%
# Side by side
# ------------
#
# Keras differentiates its own model, in double or in single precision.


def in_keras(dtype):
    with keras_precision(dtype):
        twin, twin_with_scores = build_model()
        twin.set_weights(weights)
        with tf.GradientTape() as tape:
            p, scores = twin_with_scores([tokens, positions])
            loss = keras.losses.SparseCategoricalCrossentropy()(answers, p)
        gradients = tape.gradient(loss, twin.trainable_weights)
        return p, scores, [tf.convert_to_tensor(g) for g in gradients]


comparisons, key_bias = {}, {}
for dtype in TOLERANCES:
    p, scores, by_hand = forward_and_backward(own_layers(dtype))
    p_keras, scores_keras, by_keras = in_keras(dtype)
    comparisons[dtype] = [
        compare("answers", p, p_keras),
        compare("attention weights", scores, scores_keras),
    ]
    for name, g, g_keras in zip(weight_names, by_hand, by_keras, strict=True):
        if "key_bias" in name:  # see below
            key_bias[dtype] = np.abs(g).max(), np.abs(g_keras).max()
        else:
            comparisons[dtype].append(compare(name, g, g_keras))
print_comparisons(comparisons["float64"])

# %%
# In single precision the differences are larger, since its numbers have fewer digits.
# Here are both in a figure:

fig, ax = plt.subplots(figsize=(6.4, 5.4))
for dtype, marker in [("float32", "o"), ("float64", "s")]:
    names = [c.name for c in comparisons[dtype]]
    shown = [max(c.max_rel, 1e-17) for c in comparisons[dtype]]  # log(0) has no point
    ax.plot(shown, names, marker, label=dtype)
    ax.axvline(TOLERANCES[dtype], color="0.5", linewidth=1, linestyle=":")
ax.set_xscale("log")
ax.invert_yaxis()
ax.set_xlabel("largest relative difference (dotted: the limits)")
ax.legend(loc="lower center")
fig.suptitle("Outputs and derivatives agree with those of Keras, but for rounding")

# %%
# A derivative that is 0
# ----------------------
#
# One array is missing in the table. The bias of the keys adds the same number to all
# the scores of a query, and softmax does not change then:
#
# .. code-block:: r
#
#    softmax <- function(s) exp(s) / sum(exp(s))
#    scores <- c(1, 2, 3)
#    print(softmax(scores))
#    print(softmax(scores + 5))


def softmax(s):
    return np.exp(s) / np.exp(s).sum()


scores = np.array([1, 2, 3])
r_print(softmax(scores))
r_print(softmax(scores + 5))

# %%
# So its derivative is 0, whatever the answers are. Both sides give rounding errors
# instead, and we look at their size and not at their ratio.

for dtype, limit in TOLERANCES.items():
    largest = max(c.max_rel for c in comparisons[dtype])
    print(f"{dtype}, relative difference {bound(largest)}, limit {limit:.0e}")
    ours, theirs = (bound(size) for size in key_bias[dtype])
    print(f"    derivative of the key bias {ours} by hand, {theirs} in Keras")
plt.show()

# %%
# Summary
# -------
#
# The parts of a transformer are matrix products and simple functions: their derivatives
# can be written down, and agree with those of Keras. A residual connection passes the
# whole derivative on to both parts of its sum. The next lesson gives the block a real
# series: :doc:`transformer_forecast`.
#
# Try it
# ------
#
# 1. Leave out ``dsum +`` in the line of ``da``. Which derivatives still agree?
# 2. Draw the weights with a standard deviation of 3 instead of 0.3. What happens to the
#    attention, and to the differences?
