r"""Exercises: a transformer by hand and in Keras
=============================================

They go with the lesson :doc:`../transformer_agreement`.
"""

import numpy as np

from course import layers
from course.agreement import central_difference, compare, print_comparisons
from course.quiet import quiet_start

with quiet_start():
    import keras

keras.utils.set_random_seed(1)
n_words, width = 10, 16
rng = np.random.default_rng(1)
x = rng.normal(size=(2, n_words, width)).astype("float32")

# %%
# Exercise 1: a weight that does nothing
# --------------------------------------
#
# Add 5 to the bias of the keys. Does the output change? And with the bias of the
# values? Explain it with the formula of softmax.

attention = keras.layers.MultiHeadAttention(num_heads=4, key_dim=8)
attention(x, x)  # makes the weights
names = [weight.path.rsplit("/", 2)[-2:] for weight in attention.weights]

# %%
# .. solution

weights = attention.get_weights()
before = np.asarray(attention(x, x))
for place, name in enumerate(names):
    if name[1] == "bias":
        changed = [w.copy() for w in weights]
        changed[place] += 5
        attention.set_weights(changed)
        change = np.asarray(attention(x, x)) - before  # (2, 10, 16)
        largest = np.abs(change).max()
        print(f"{name[0]} bias: largest change of the output {largest:.3f}")
        alike = np.abs(change - change[0, 0]).max() < 1e-4
        print("  the same at every word:", alike)
attention.set_weights(weights)

# %%
# With the bias of the keys the output does not change. It adds the same number to all
# scores of a query, and softmax does not change when all its inputs move together: what
# is left is rounding. Its derivative is zero, so training does not move it either.
#
# With the bias of the values it does, by the same vector at every word: 5 more in every
# value are 5 more in every weighted mean, since the shares of softmax sum to 1. The
# output kernel makes the same vector of that everywhere.
#
# .. end of solution

# %%
# Exercise 2: three ways to one input
# -----------------------------------
#
# The first half of a block, with our own layers: attention, a residual connection, a
# normalisation. Its inputs are ``words``, and ``loss()`` is any number that depends on
# the outputs. Which derivatives have to be added up for ``words``? Leave out each of
# them once, and compare with the derivative taken numerically.

words = rng.normal(size=(2, 4, 8))  # two sentences of four words
wanted = rng.normal(size=(2, 4, 8))
own, norm = layers.MultiHeadAttention(1, 4), layers.LayerNormalization()
own.build([words.shape, words.shape], "float64")
norm.build(words.shape, "float64")
own.set_weights([rng.normal(size=w.shape) for w in own.get_weights()])


def loss():
    return np.sum(wanted * norm.forward(words + own.forward(words, words)))


numeric = central_difference(loss, words)

# %%
# .. solution

loss()
dsum = norm.backward(wanted)  # (2, 4, 8)
dquery, dvalue = own.backward(dsum)
sums = {
    "all three": dsum + dquery + dvalue,
    "no residual connection": dquery + dvalue,
    "no query": dsum + dvalue,
    "no value": dsum + dquery,
}
for name, dwords in sums.items():
    print(f"{name}: relative difference {compare(name, dwords, numeric).max_rel:.4f}")

# %%
# Each use of the input gives one part: in the sum, as query, as value (the keys are
# made of the values' input). With all three, no digit shown differs. Without any one of
# them the derivative is wrong in the first digits.
#
# .. end of solution

# %%
# Exercise 3: layer normalisation, backward
# -----------------------------------------
#
# Forward, each row of ``row_inputs`` is shifted to mean 0 and divided by ``spread``,
# the root of its variance plus 0.001: that is ``normed``. The mean and the variance
# depend on the inputs, too. So the derivative ``dnormed`` loses two parts before it is
# divided by ``spread``: its mean over the row, and ``normed`` times the mean of
# ``normed * dnormed``. Write it, and compare with ``backward`` of the layer, whose
# scale is 1 and whose shift is 0.

row_inputs, dnormed = rng.normal(size=(2, 3, 8))  # (3, 8) each
layer = layers.LayerNormalization()
layer.build(row_inputs.shape, "float64")
layer.forward(row_inputs)

# %%
# .. solution


def row_mean(z):
    return z.mean(axis=1, keepdims=True)  # (3, 1)


centred = row_inputs - row_mean(row_inputs)
spread = np.sqrt(row_mean(centred**2) + 0.001)
normed = centred / spread
rest = dnormed - row_mean(dnormed) - normed * row_mean(normed * dnormed)
drow_inputs = rest / spread
print_comparisons([compare("inputs", drow_inputs, layer.backward(dnormed))])
sums_of_rows = drow_inputs.sum(axis=1)
print("The derivatives of a row sum to 0:", np.allclose(sums_of_rows, 0))

# %%
# The two agree. The derivatives of a row sum to 0: the same number more in all inputs
# of a row changes nothing, since their mean is taken away.
#
# .. end of solution
