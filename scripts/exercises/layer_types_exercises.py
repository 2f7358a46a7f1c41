r"""Exercises: common kinds of layer
================================

They go with the lesson :doc:`../layer_types`.
"""

import matplotlib.pyplot as plt
import numpy as np

from course import layers
from course.agreement import compare, keras_precision, print_comparisons
from course.quiet import quiet_start
from course.rbase import r_print

with quiet_start():
    import keras
    import tensorflow as tf

plt.style.use("course.lecture")
keras_precision("float64")

# %%
# Exercise 1: what does this kernel find?
# ---------------------------------------
#
# The lesson's kernel answers where brightness rises from left to right. Predict the
# result of the kernel below on the same picture, and on the picture turned on its side.

picture = np.tile([0.0, 0, 1, 1], (4, 1))  # (4, 4), dark on the left
kernel = np.array([[-1.0, -1], [1, 1]])  # (2, 2)

# %%
# .. solution

for x in [picture, picture.T]:
    z = np.zeros((3, 3))
    for i, j in np.ndindex(3, 3):
        z[i, j] = np.sum(x[i : i + 2, j : j + 2] * kernel)
    r_print(z)

# %%
# It compares the lower row of the window with the upper one. In the lesson's picture
# each column is of one brightness, so it finds nothing; on its side the picture gets
# brighter from top to bottom, and the kernel answers at the edge.
#
# .. end of solution

# %%
# Exercise 2: two largest numbers in a window
# -------------------------------------------
#
# Here each of the four windows of two by two holds its largest number twice or more.
# Which pixel gets the derivative in ``course.layers``, and which in Keras?

picture = np.array([[5.0, 5, 2, 3], [1, 0, 3, 1], [4, 1, 7, 7], [0, 4, 7, 7]])
x = picture.reshape(1, 4, 4, 1)

# %%
# .. solution

own = layers.MaxPooling2D(2)
own.forward(x)
dx = own.backward(np.ones((1, 2, 2, 1)))
inputs = tf.constant(x)
with tf.GradientTape() as tape:
    tape.watch(inputs)
    total = tf.reduce_sum(keras.layers.MaxPooling2D(2)(inputs))
dx_keras = tape.gradient(total, inputs).numpy()
r_print(dx[0, ..., 0])
print("Keras chooses the same:", np.array_equal(dx, dx_keras))

# %%
# The first largest number of the window gets all of it, reading row by row. Any choice
# would be right: at a tie, a maximum has no single derivative. But two programs agree
# only if they choose alike.
#
# .. end of solution

# %%
# Exercise 3: the mean of dropout
# -------------------------------
#
# What is left after dropout is divided by ``1 - rate``. Check what this is good for:
# what is the mean of the output over many steps, for each input?

rate = 0.25
inputs = np.arange(1.0, 9)
dropout = keras.layers.Dropout(rate, seed=1)

# %%
# .. solution

steps = 4000
many = np.tile(inputs, (steps, 1))  # (4000, 8): as many steps at once
outputs = dropout(many, training=True).numpy()
mean = outputs.mean(axis=0)
error = outputs.std(axis=0, ddof=1) / np.sqrt(steps)  # standard error of the mean
for x, m, e in zip(inputs, mean, error, strict=True):
    print(f"input {x:g}: mean {m:.3f} ± {e:.3f}")
fig, ax = plt.subplots()
ax.errorbar(inputs, mean - inputs, yerr=2 * error, fmt="o", capsize=4)
ax.axhline(0, color="0.45", linestyle="--")
ax.set_xlabel("input")
ax.set_ylabel("mean of the output minus input")
fig.suptitle("Mean after dropout minus input (bars: two standard errors)")

# %%
# Here ± stands for the standard error. The means are close to the inputs: on average
# the next layer gets in training what it gets in prediction.
#
# .. end of solution

# %%
# Exercise 4: build a layer
# -------------------------
#
# *Global average pooling* turns each feature map into one number, its mean. Write it as
# a class with ``forward`` and ``backward`` and compare both with Keras'
# ``GlobalAveragePooling2D``.

x = np.random.default_rng(1).normal(size=(5, 6, 7, 3))  # (n, height, width, channels)
dy = np.random.default_rng(2).normal(size=(5, 3))

# %%
# .. solution


class GlobalAveragePooling:
    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=(1, 2))  # (n, h, w, c) -> (n, c)

    def backward(self, dy):
        _, height, width, _ = self.shape
        shared = dy[:, np.newaxis, np.newaxis] / (height * width)  # (n, 1, 1, c)
        return np.broadcast_to(shared, self.shape)


own = GlobalAveragePooling()
inputs = tf.constant(x)
with tf.GradientTape() as tape:
    tape.watch(inputs)
    y_keras = keras.layers.GlobalAveragePooling2D()(inputs)
dx_keras = tape.gradient(y_keras, inputs, output_gradients=dy)
print_comparisons(
    [
        compare("y", own.forward(x), y_keras),
        compare("dx", own.backward(dy), dx_keras),
    ]
)
keras_precision("float32")
plt.show()

# %%
# Forward it takes the mean, so backward each pixel gets its share of the derivative,
# the same for all pixels of a map.
#
# .. end of solution
