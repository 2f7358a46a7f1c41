r"""Common kinds of layer
=====================

**What does each kind of layer do to the numbers that pass through it?** The lecture
lists five common kinds, with a few words for each: dense, flatten, dropout, convolution
and pooling. What Keras computes under these names is defined here, on a few numbers, so
that all can be checked on paper: first by hand, then the same in Keras.

.. math::

   \begin{aligned}
   \text{dense} &: & y_k &= \sum_i x_i W_{ik} + b_k \\
   \text{convolution} &: & y_{ij} &= \sum_{u,v} x_{i+u,\,j+v} W_{uv} + b \\
   \text{pooling} &: & y_{ij} &= \max_{u,v}\, x_{2i+u,\,2j+v}
       \quad\text{or}\quad \operatorname{mean}_{u,v}\, x_{2i+u,\,2j+v}
   \end{aligned}

Flatten and dropout have no such formula: one puts numbers into a row, the other leaves
some out.
"""

import matplotlib.pyplot as plt
import numpy as np

from course import layers
from course.agreement import compare, keras_precision, print_comparisons
from course.quiet import quiet_start
from course.rbase import r_print
from course.rrandom import RRandom

with quiet_start():
    import keras
    import tensorflow as tf

plt.style.use("course.lecture")
keras_precision("float64")  # double precision, as in R and NumPy

# %%
# Dense
# -----
#
# A *dense* (or fully connected) layer connects every input with every output. Each
# connection has a weight, each output a bias. The activation function comes last. Two
# inputs and three outputs make six weights and three biases:
#
# .. code-block:: r
#
#    x <- cbind(1, 2)
#    W <- rbind(c(1, -1, 0.5), c(0, 1, -1))
#    b <- c(0, 0.5, 1)
#    z <- sweep(x %*% W, 2, b, "+")
#    print(z)
#    print(pmax(z, 0))

x = np.array([[1.0, 2.0]])  # (1, 2): one case, two numbers
W = np.array([[1, -1, 0.5], [0, 1, -1]])  # (2, 3)
b = np.array([0, 0.5, 1])  # (3,)
z = x @ W + b  # (1, 2) @ (2, 3) -> (1, 3)
r_print(z)
r_print(np.maximum(0, z))  # relu

# %%
# On paper, the last sum is :math:`1 \cdot 0.5 + 2 \cdot (-1) + 1 = -0.5`, and ReLU
# makes it 0. In Keras the weights are called ``kernel``. We put ours in, so that they
# need not be drawn at random. R's name for the layer is ``layer_dense``.

dense = keras.layers.Dense(3, activation="relu")
dense.build((None, 2))  # two inputs for each case, any number of cases
dense.set_weights([W, b])
r_print(dense(x).numpy())

# %%
# Flatten
# -------
#
# A picture has rows, columns and colours (*channels*). An array with more than two
# dimensions, such as this, is often called a *tensor*. A dense layer expects one row of
# numbers for each case. *Flatten* writes the numbers into one row and changes none.
# This picture has 2 rows, 2 columns and 3 channels:
#
# .. code-block:: r
#
#    picture <- aperm(array(1:12, c(3, 2, 2)), c(3, 2, 1))
#    print(picture[1, 1, ])
#    print(as.vector(aperm(picture, c(3, 2, 1))))

picture = np.arange(1, 13).reshape(2, 2, 3)  # (height, width, channels)
r_print(picture[0, 0])  # the three channels of the first pixel
r_print(picture.reshape(-1))  # (2, 2, 3) -> (12,)

# %%
# The channels of a pixel stay together: the last axis runs fastest. R's own
# ``as.vector`` lets the first axis run fastest, hence ``aperm`` on the R side. R's name
# for the layer is ``layer_flatten``.

flattened = keras.layers.Flatten()(picture[np.newaxis].astype(float)).numpy()
r_print(flattened)

# %%
# Dropout
# -------
#
# *Dropout* sets a random part of its inputs to zero while the network trains, other
# ones in every step. No unit can rely on a particular other one, and that works against
# over-fitting. Here ``rate`` is the part that drops out. What stays is divided by
# ``1 - rate``, so that sums keep their size on average.
#
# .. code-block:: r
#
#    set.seed(1)
#    rate <- 0.25
#    x <- 1:8
#    keep <- runif(8) >= rate
#    print(x * keep / (1 - rate))

rate = 0.25
x = np.arange(1.0, 9)
keep = RRandom(1).runif(8) >= rate
r_print(x * keep / (1 - rate))

# %%
# In prediction nothing drops out and nothing is divided. Keras tells the two apart by
# ``training``: ``fit`` sets it, ``predict`` does not. Its random numbers are not R's,
# so other inputs drop out. But each output is either 0 or the input divided by
# ``1 - rate``. R's name for the layer is ``layer_dropout``.

dropout = keras.layers.Dropout(rate, seed=1)
in_training = [dropout(x, training=True).numpy() for _ in range(12)]
in_prediction = dropout(x, training=False).numpy()
r_print(in_training[0])
r_print(in_prediction)
kept = in_training[0] != 0
print("divided where kept:", np.allclose(in_training[0], kept * x / (1 - rate)))
print("unchanged in prediction:", np.array_equal(in_prediction, x))

# %%

fig, ax = plt.subplots(figsize=(6.4, 4.2))
ax.imshow([*in_training, in_prediction], vmin=0, aspect="auto")
ax.set_yticks([*range(12), 12], [*map(str, range(1, 13)), "prediction"])
ax.set_xticks(range(8), [f"{value:.0f}" for value in x])
ax.set_xlabel("input")
ax.set_ylabel("step of training")
ax.grid(False)
fig.suptitle("Other inputs drop out (white) in each step; none in prediction")

# %%
# Convolution
# -----------
#
# A *convolution* slides a small matrix of weights, the *kernel*, over the picture. At
# every place it multiplies the pixels below with its weights, and adds up. The same
# weights serve everywhere. This picture is dark on the left and bright on the right;
# this kernel answers where brightness rises from left to right:
#
# .. code-block:: r
#
#    picture <- matrix(c(0, 0, 1, 1), 3, 4, byrow = TRUE)
#    kernel <- rbind(c(-1, 1), c(-1, 1))
#    z <- matrix(0, 2, 3)
#    for (i in 1:2) for (j in 1:3) {
#      z[i, j] <- sum(picture[i:(i + 1), j:(j + 1)] * kernel)
#    }
#    print(picture)
#    print(z)

picture = np.tile([0.0, 0, 1, 1], (3, 1))  # (3, 4)
kernel = np.array([[-1.0, 1], [-1, 1]])  # (2, 2)
z = np.zeros((2, 3))
for i, j in np.ndindex(2, 3):
    z[i, j] = np.sum(picture[i : i + 2, j : j + 2] * kernel)
r_print(picture)
r_print(z)

# %%
# In the middle the window holds 0, 1 in both rows: :math:`-0 + 1 - 0 + 1 = 2`. A window
# of two rows fits into three rows at two heights, so the result is smaller than the
# picture.
#
# Keras wants two axes more: the cases in front and the channels at the end. The kernel
# has the shape *(height, width, channels, filters)*; a *filter* is one such set of
# weights. R's name for the layer is ``layer_conv_2d``. :doc:`convolution` goes on from
# here.

conv = keras.layers.Conv2D(1, kernel_size=2)
conv.build((None, 3, 4, 1))
conv.set_weights([kernel.reshape(2, 2, 1, 1), np.zeros(1)])
r_print(conv(picture.reshape(1, 3, 4, 1)).numpy()[0, ..., 0])

# %%
# Pooling
# -------
#
# *Pooling* makes the picture smaller: every window becomes one number, the largest
# (*max pooling*) or the mean (*average pooling*). It has no weights. If nothing else is
# said, Keras' stride is the size of the window: windows of two by two do not overlap,
# and each side becomes half as long.
#
# .. code-block:: r
#
#    picture <- rbind(c(1, 3, 0, 2), c(5, 2, 1, 1), c(0, 0, 8, 4), c(4, 0, 2, 6))
#    maxima <- means <- matrix(0, 2, 2)
#    for (i in 1:2) for (j in 1:2) {
#      window <- picture[2 * i - 1:0, 2 * j - 1:0]
#      maxima[i, j] <- max(window)
#      means[i, j] <- mean(window)
#    }
#    print(maxima)
#    print(means)

picture = np.array([[1.0, 3, 0, 2], [5, 2, 1, 1], [0, 0, 8, 4], [4, 0, 2, 6]])
maxima, means = np.zeros((2, 2)), np.zeros((2, 2))
for i, j in np.ndindex(2, 2):
    window = picture[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
    maxima[i, j] = window.max()
    means[i, j] = window.mean()
r_print(maxima)
r_print(means)

# %%
# R's names are ``layer_max_pooling_2d`` and ``layer_average_pooling_2d``.

in_keras = picture.reshape(1, 4, 4, 1)
r_print(keras.layers.MaxPooling2D(2)(in_keras).numpy()[0, ..., 0])
r_print(keras.layers.AveragePooling2D(2)(in_keras).numpy()[0, ..., 0])

# %%

fig, axes = plt.subplots(1, 3, figsize=(6.4, 2.9), width_ratios=[2, 1, 1])
panels = [("picture", picture), ("largest", maxima), ("mean", means)]
for ax, (name, numbers) in zip(axes, panels, strict=True):
    ax.imshow(numbers, vmin=0, vmax=9)
    for (i, j), number in np.ndenumerate(numbers):
        colour = "white" if number > 6 else "black"
        ax.text(j, i, f"{number:g}", ha="center", va="center", color=colour)
    ax.set_title(name)
    ax.axis("off")
axes[0].axhline(1.5, color="black")  # the edges of the windows
axes[0].axvline(1.5, color="black")
fig.suptitle("Each window of two by two becomes its largest number, or its mean")

# %%
# And backward
# ------------
#
# Training needs the way back too: from ``dy``, the derivative of the loss with respect
# to the outputs of a layer, to ``dx``, the one with respect to its inputs. With a
# derivative of 1 for every output of the two pooling layers:

for own in [layers.MaxPooling2D(2), layers.AveragePooling2D(2)]:
    own.forward(in_keras)
    dx = own.backward(np.ones((1, 2, 2, 1)))
    r_print(dx[0, ..., 0])

# %%
# Max pooling passes the derivative to the pixel that was the largest: the others could
# move a little and nothing would change. Average pooling gives each pixel its share.
#
# The layers used here are those of ``course.layers``, written in NumPy. How do they
# compare with Keras, forward and backward, on random pictures?

rng = np.random.default_rng(1)
pictures = rng.normal(size=(5, 8, 8, 3))
pairs = [
    (layers.Dense(4, "relu"), keras.layers.Dense(4, "relu")),
    (layers.Flatten(), keras.layers.Flatten()),
    (layers.Conv2D(4, 3), keras.layers.Conv2D(4, 3)),
    (layers.MaxPooling2D(2), keras.layers.MaxPooling2D(2)),
    (layers.AveragePooling2D(2), keras.layers.AveragePooling2D(2)),
]
comparisons = []
for own, twin in pairs:
    twin.build(pictures.shape)
    own.build(pictures.shape, "float64")
    own.set_weights(twin.get_weights())
    y = own.forward(pictures)
    dy = rng.normal(size=y.shape)
    x = tf.constant(pictures)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y_keras = twin(x)
    sources = [x, *twin.trainable_weights]
    dx, *gradients = tape.gradient(y_keras, sources, output_gradients=dy)
    comparisons.append(compare(own.name, y, y_keras))
    comparisons.append(compare("  dx", own.backward(dy), dx))
    names = [f"  d{name}" for name in own.weight_names]
    for name, g, g_keras in zip(names, own.get_gradients(), gradients, strict=True):
        comparisons.append(compare(name, g, g_keras))
print_comparisons(comparisons)
keras_precision("float32")
plt.show()

# %%
# A line with the name of a layer compares its outputs; those below it compare its
# derivatives. What differs is rounding, or nothing. The page :doc:`/layers` has all the
# formulas, forward and backward, with their NumPy lines.
#
# Summary
# -------
#
# Dense layers weigh everything against everything. Convolutions weigh a window, with
# the same weights everywhere. Pooling and flatten have no weights: one makes pictures
# smaller, the other makes a row of them. Dropout works in training only.
#
# Try it
# ------
#
# 1. Give the convolution the kernel ``[[-1, -1], [1, 1]]``. What is the result on this
#    picture, and on which picture would it answer?
# 2. Put two equal largest numbers into one window of the pooling picture. Which of them
#    gets the derivative? Does Keras choose the same one?
# 3. How large is the mean of ``in_training`` over many steps, for each input?
