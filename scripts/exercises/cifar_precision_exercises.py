r"""Exercises: single and double precision
======================================

They go with the lesson :doc:`../cifar_precision`. Below is a smaller network of
``course.layers`` with a few photo digits, and a function that computes its gradients in
either precision.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.agreement import compare, print_comparisons
from course.images import photo_digits
from course.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from course.sequential import Sequential

plt.style.use("course.lecture")

(pictures, labels), _, _ = photo_digits(n_train=16, n_test=10)
x = pictures / 255  # (16, 32, 32, 3)
y = np.eye(10)[labels]  # (16, 10)


def network(dtype):
    layers = [
        Input((32, 32, 3)),
        Conv2D(4, 3, activation="relu"),
        MaxPooling2D(2),
        Conv2D(8, 3, activation="relu"),
        Flatten(),
        Dense(10, activation="softmax"),
    ]
    model = Sequential(layers, dtype=dtype, seed=1)
    model.compile("sgd", "categorical_crossentropy")
    return model


weights = network("float64").get_weights()
names = ["dW1", "db1", "dW2", "db2", "dW3", "db3"]


def gradients(dtype):
    model = network(dtype)
    model.set_weights([w.astype(dtype) for w in weights])
    return model.gradients(x.astype(dtype), y.astype(dtype))


# %%
# Exercise 1: which precision for which limit?
# --------------------------------------------
#
# Compute the gradients in single and in double precision, and compare. Are the
# differences nearer to the rounding of ``float32`` or to that of ``float64``
# (``np.finfo(...).eps``)?

in_double = gradients("float64")

# %%
# .. solution

in_single = gradients("float32")
comparisons = [
    compare(name, a.astype("float64"), b)
    for name, a, b in zip(names, in_single, in_double, strict=True)
]
print_comparisons(comparisons)
fig, ax = plt.subplots()
ax.semilogy(names, [c.max_rel for c in comparisons], "o", label="single against double")
for dtype, line in [("float32", "--"), ("float64", ":")]:
    eps = np.finfo(dtype).eps  # the distance from 1 to the next number
    print(f"rounding of {dtype}: {eps:.1e}")
    ax.axhline(eps, color="0.45", linestyle=line, label=f"rounding of {dtype}")
ax.set_ylabel("largest relative difference")
ax.legend(loc="center right")
fig.suptitle("Single precision against double precision")

# %%
# Nearer to that of ``float32``: a computation is as exact as its least exact part. To
# see whether formulas agree, compare in double precision: there a mistake stands out
# far more clearly from the rounding.
#
# .. end of solution

# %%
# Exercise 2: one after the other, or in pairs
# --------------------------------------------
#
# All pixels of the pictures are added in single precision: one after the other, as
# ``np.cumsum`` does, and with ``np.sum``, which adds small groups first and then their
# sums. Which is nearer to the sum in double precision, and why?

pixels = x.ravel()  # (49152,)
pixels_single = pixels.astype("float32")

# %%
# .. solution

exact = pixels.sum()
one_by_one = np.cumsum(pixels_single)[-1]
in_pairs = np.sum(pixels_single)
for how, total in [("one after the other", one_by_one), ("in pairs", in_pairs)]:
    print(f"{how}: {total:.3f}, relative difference {abs(total - exact) / exact:.0e}")
print(f"in double precision: {exact:.3f}")
plt.show()

# %%
# With ``np.sum``. There each pixel takes part in few sums. One after the other, most
# pixels take part in thousands, and each of these rounds a large total.
#
# .. end of solution
