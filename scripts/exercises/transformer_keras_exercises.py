r"""Exercises: a first transformer
==============================

They go with the lesson :doc:`../transformer_keras`.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.agreement import bound
from course.quiet import quiet_start

with quiet_start():
    import keras

plt.style.use("course.lecture")
keras.utils.set_random_seed(1)
n_words, width = 10, 16
x = np.random.default_rng(1).normal(size=(2, n_words, width)).astype("float32")

# %%
# Exercise 1: the parameters of attention
# ---------------------------------------
#
# ``MultiHeadAttention(num_heads=4, key_dim=8)`` on words of 16 numbers: which weights
# does it have, of which shapes, and how many parameters in all? Predict, then look.

attention = keras.layers.MultiHeadAttention(num_heads=4, key_dim=8)
y = attention(x, x)

# %%
# .. solution

for weight in attention.weights:
    print(f"{weight.path.split('/', 1)[1]}: {tuple(weight.shape)}")
heads, key_dim = 4, 8
on_paper = 3 * (width + 1) * heads * key_dim + (heads * key_dim + 1) * width
print("Parameters on paper:", on_paper, " in Keras:", attention.count_params())
print("Input and output:", x.shape, tuple(y.shape))

# %%
# Query, key and value each have a kernel for every head; the output kernel joins the
# heads and brings them back to the width of the input. The number of words appears
# nowhere: the same weights serve for any length.
#
# .. end of solution

# %%
# Exercise 2: codes for the positions
# -----------------------------------
#
# Attention does not know the order of the words. One remedy adds sines and cosines of
# the position, with longer and longer waves:
#
# .. math::
#
#    P_{t,\,2i} = \sin(t / 10000^{2i/d}), \qquad
#    P_{t,\,2i+1} = \cos(t / 10000^{2i/d}).
#
# Write ``position_codes(n, d)`` and draw it. How does the dot product of two codes
# depend on their distance?

n_positions = 50

# %%
# .. solution


def position_codes(n, d):
    t = np.arange(n)[:, np.newaxis]  # (n, 1)
    angles = t / 10000 ** (np.arange(0, d, 2) / d)  # (n, d / 2)
    codes = np.empty((n, d))
    codes[:, 0::2] = np.sin(angles)
    codes[:, 1::2] = np.cos(angles)
    return codes


codes = position_codes(n_positions, width)
products = codes @ codes.T  # (50, 50)
for distance in [0, 1, 2, 5]:
    along = np.diagonal(products, distance)
    print(f"distance {distance}: from {along.min():.4f} to {along.max():.4f}")
fig, ax = plt.subplots(figsize=(6.4, 3))
ax.imshow(codes.T, aspect="auto", vmin=-1, vmax=1)
ax.set_xlabel("position")
ax.set_ylabel("number of the code")
ax.grid(False)
fig.suptitle("The codes of the positions, number by number")

# %%
# The product depends on the distance alone, not on where the two words are. So the same
# weights can find *the word before* anywhere in the text.
#
# .. end of solution

# %%
# Exercise 3: build a block
# -------------------------
#
# A block of a transformer is attention, then two dense layers for each word. Each of
# the two parts is added to its own input and then normalised (``Add``,
# ``LayerNormalization``). Build one as a ``keras.Model``, and check that the position
# of a word makes no difference to it.

inputs = keras.layers.Input((None, width))

# %%
# .. solution

layers = keras.layers
attended = layers.MultiHeadAttention(num_heads=2, key_dim=8)(inputs, inputs)
a = layers.LayerNormalization()(layers.Add()([inputs, attended]))
hidden = layers.Dense(32, activation="relu")(a)
outputs = layers.LayerNormalization()(layers.Add()([a, layers.Dense(width)(hidden)]))
block = keras.Model(inputs, outputs)
result = block.predict(x, verbose=0)
backwards = block.predict(x[:, ::-1], verbose=0)
print("Input and output:", x.shape, result.shape)
print("Parameters:", block.count_params())
difference = np.abs(backwards[:, ::-1] - result).max()
print("Words in reverse order: largest difference", bound(difference))
plt.show()

# %%
# Input and output have the same shape, so blocks can be stacked. The words in reverse
# give the same results in reverse, up to rounding: without codes for the positions and
# without a mask, a transformer does not see the order.
#
# .. end of solution
