r"""Single and double precision
===========================

**Two programs compute the same formulas: do their weights stay together?** The layers
of ``course.layers`` and Keras train the network of :doc:`cifar_agreement` from the same
weights on the same batches, in double and in single precision. Both can only compute
with rounded numbers. A number :math:`x` is kept as

.. math::

   \operatorname{fl}(x) = x\,(1 + \delta), \qquad |\delta| \le \varepsilon / 2, \qquad
   \varepsilon = 2^{-52} \text{ (double)} \quad\text{or}\quad 2^{-23} \text{ (single)},

and so is the result of every sum and every product.
"""

import matplotlib.pyplot as plt
import numpy as np

from course import layers
from course.agreement import compare_all, keras_precision, print_comparisons
from course.images import load_images
from course.optimizers import RMSprop
from course.quiet import quiet_start
from course.rbase import r_print
from course.sequential import Sequential

with quiet_start():
    import keras

plt.style.use("course.lecture")

# %%
# The same network twice
# ----------------------
#
# At most 320 pictures, in batches of 16 if there are as many. The list of layers is a
# function of the module they come from: ``course.layers`` has layers of the same names
# as Keras.

(x_train, y_train), _, class_names = load_images()
n_train, n_classes = min(320, len(x_train)), len(class_names)
batch_size, steps = min(16, n_train), 50
learning_rate = 0.0001
X_train = x_train[:n_train] / 255  # (n, 32, 32, 3)
Y_train = np.eye(n_classes)[y_train[:n_train]]  # (n, 10)
WEIGHTS = ["W1", "b1", "W2", "b2", "W3", "b3", "W4", "b4"]


def network(module):
    return [
        module.Input((32, 32, 3)),
        module.Conv2D(32, 3, activation="relu"),
        module.MaxPooling2D(2),
        module.Conv2D(64, 3, activation="relu"),
        module.MaxPooling2D(2),
        module.Flatten(),
        module.Dense(64, activation="relu"),
        module.Dense(n_classes, activation="softmax"),
    ]


def course_model(weights, dtype):
    model = Sequential(network(layers), dtype=dtype)
    model.set_weights(list(weights.values()))
    model.compile(RMSprop(learning_rate), "categorical_crossentropy")
    return model


def keras_model(weights):
    model = keras.Sequential(network(keras.layers))
    model.set_weights(list(weights.values()))
    optimizer = keras.optimizers.RMSprop(learning_rate)
    model.compile(optimizer, "categorical_crossentropy")
    return model


keras_precision("float64")
keras.utils.set_random_seed(13)
drawn = keras.Sequential(network(keras.layers)).get_weights()
initial = dict(zip(WEIGHTS, drawn, strict=True))
print("Parameters:", sum(w.size for w in drawn))

# %%
# Another order, another sum
# --------------------------
#
# Three numbers, added from left to right and from right to left. The two sums differ in
# the last digit. That seems harmless. But let them be the inputs of a unit with the
# bias -0.6: in one order it is active and passes a derivative on, in the other it is
# not. (These are the only R lines on this page: R has no single precision.)
#
# .. code-block:: r
#
#    sums <- c(0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1)
#    cat("The sums:", sprintf("%.17f", sums), "\n")
#    cat("Larger than 0.6:", as.integer(sums > 0.6), "\n")

sums = np.array([0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1])
print("The sums:", *[f"{total:.17f}" for total in sums])
print("Larger than 0.6:", *(sums > 0.6).astype(int))

# %%
# This is a *choice*: a difference in the last digit decides whether a derivative is
# passed on at all. Pooling makes choices, too: of two almost equal numbers, one is the
# larger and gets the derivative.
#
# Fifty steps
# -----------
#
# In each precision both train on their own. One more run helps to judge what we see:
# Keras in single precision with the pictures of each batch in reverse order. In
# mathematics this changes nothing; it only adds up in another order.
# (The order of the sums also depends on the number of processor cores. So in single
# precision what follows may look different on another computer.)


def train(model, batches):
    """The weights before the first step, and after each."""
    path = [dict(zip(WEIGHTS, model.get_weights(), strict=True))]
    for x, y in batches:
        model.train_on_batch(x, y)
        path.append(dict(zip(WEIGHTS, model.get_weights(), strict=True)))
    return path


paths = {}
for dtype in ["float64", "float32"]:
    keras_precision(dtype)
    start = {name: w.astype(dtype) for name, w in initial.items()}
    X, Y = X_train.astype(dtype), Y_train.astype(dtype)
    places = [i % (n_train // batch_size) * batch_size for i in range(steps)]
    batches = [(X[i : i + batch_size], Y[i : i + batch_size]) for i in places]
    paths[f"course, {dtype}"] = train(course_model(start, dtype), batches)
    paths[f"Keras, {dtype}"] = train(keras_model(start), batches)
backwards = [(x[::-1], y[::-1]) for x, y in batches]
paths["Keras reversed, float32"] = train(keras_model(start), backwards)
keras_precision("float32")

whole_way = {}
for name in ["course, float64", "course, float32", "Keras reversed, float32"]:
    pairs = zip(paths[name], paths[f"Keras, {name[-7:]}"], strict=True)
    whole_way[name] = [compare_all(own, theirs) for own, theirs in pairs][1:]
print(f"course, float64, against Keras after {steps} steps")
print_comparisons(whole_way["course, float64"][-1])

# %%
# Where do they part?
# -------------------
#
# In single precision the weights may part at some point, and those of Keras from
# themselves as well. So this says nothing about the formulas. A choice that falls out
# differently changes a derivative by more than rounding does. We count, in every step,
# how many choices are others with the weights of ``course`` than with those of Keras:


def choices(model, weights, x):
    """For each number that may pass a derivative on, whether it does."""
    model.set_weights(list(weights.values()))
    conv1, pool1, conv2, pool2, flatten, dense, _ = model.layers
    a1 = conv1.forward(x)  # (n, 30, 30, 32)
    p1 = pool1.forward(a1)  # (n, 15, 15, 32)
    a2 = conv2.forward(p1)  # (n, 13, 13, 64)
    p2 = pool2.forward(a2)  # (n, 6, 6, 64)
    a3 = dense.forward(flatten.forward(p2))  # (n, 64)
    first = pool1.backward(np.ones_like(p1)) * (a1 > 0)
    second = pool2.backward(np.ones_like(p2)) * (a2 > 0)
    return np.concatenate([part.ravel() > 0 for part in [first, second, a3]])


model = course_model(start, "float32")
differing = []
for step, (x, _) in enumerate(batches):  # with the weights before the step
    own, theirs = paths["course, float32"][step], paths["Keras, float32"][step]
    differing.append(np.sum(choices(model, own, x) != choices(model, theirs, x)))
print("Choices in a step:", choices(model, start, x).size)
print("Differing, step by step:")
r_print(differing)

# %%

fig, (above, below) = plt.subplots(
    2, 1, sharex=True, figsize=(6.4, 5.6), height_ratios=[3, 1]
)
for name, by_step in whole_way.items():
    differences = [max(c.max_rel for c in comparisons) for comparisons in by_step]
    above.semilogy(np.arange(1, steps + 1), differences, label=name)
above.set_ylim(1e-17, 1)
above.set_ylabel("largest relative difference\nfrom Keras, of all weights")
above.legend(loc="center left")
below.bar(np.arange(1, steps + 1), differing, color="#3f93c8")
below.set_ylim(bottom=0)
below.set_ylabel("choices that\ndiffer, float32")
below.set_xlabel("step")
fig.suptitle("In double precision the weights stay together all the way")
plt.show()

# %%
# Not every choice matters, but where a curve jumps, some choice was a different one.
# Double precision is not safe from this, only far less likely to meet it.
#
# Summary
# -------
#
# Every sum is rounded, so another order gives another result. In double precision the
# weights of ``course`` and of Keras agree to rounding error, step by step. In single
# precision they agree until a choice falls out differently; then they may part, as
# Keras may from itself. To see whether formulas are right, compare in double precision.
#
# Try it
# ------
#
# 1. Set ``steps`` to ``200``. Does double precision meet a choice that falls out
#    differently?
# 2. Replace both ``relu`` of the convolutions by ``tanh``. Which choices are left?
#    What becomes of the curves in single precision?
