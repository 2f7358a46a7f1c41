r"""Exercises: two implementations, one answer
==========================================

They go with the lesson :doc:`../iris_agreement`. The lines below repeat one epoch by
hand and the same network in Keras, both in double precision.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.agreement import compare_all, keras_precision, print_comparisons
from course.data import load_iris
from course.quiet import quiet_start
from course.rbase import one_hot
from course.rrandom import RRandom

with quiet_start():
    import keras

plt.style.use("course.lecture")
keras_precision("float64")

iris = load_iris()
rng = RRandom(123)
train_rows = rng.sample(150, 105)
x = iris.iloc[train_rows, :4].to_numpy()  # (105, 4)
y = one_hot(iris["Species"].iloc[train_rows])  # (105, 3)
start = {
    "W1": rng.rnorm(20).reshape(4, 5, order="F"),
    "b1": np.zeros(5),
    "W2": rng.rnorm(15).reshape(5, 3, order="F"),
    "b2": np.zeros(3),
}
learning_rate = 0.001


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def epoch_by_hand(W1, b1, W2, b2):
    a1 = np.maximum(0, x @ W1 + b1)  # (105, 5)
    a2 = softmax(a1 @ W2 + b2)  # (105, 3)
    dz2 = a2 - y  # (105, 3)
    dz1 = dz2 @ W2.T * (a1 > 0)  # (105, 5)
    return {
        "W1": W1 - learning_rate * x.T @ dz1,
        "b1": b1 - learning_rate * dz1.sum(axis=0),
        "W2": W2 - learning_rate * a1.T @ dz2,
        "b2": b2 - learning_rate * dz2.sum(axis=0),
    }


def epoch_in_keras(weights, rate=learning_rate, reduction="sum"):
    model = keras.Sequential(
        [
            keras.layers.Input((4,)),
            keras.layers.Dense(5, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.set_weights(list(weights.values()))
    loss = keras.losses.CategoricalCrossentropy(reduction=reduction)
    model.compile(keras.optimizers.SGD(rate), loss=loss, run_eagerly=True)
    model.train_on_batch(x, y)
    return dict(zip(weights, model.get_weights(), strict=True))


# %%
# Exercise 1: plant a mistake
# ---------------------------
#
# In ``dz1``, leave out the factor ``(a1 > 0)``. Before you run it: which of the four
# arrays will still agree with Keras after one epoch, and why?

print_comparisons(compare_all(epoch_by_hand(**start), epoch_in_keras(start)))

# %%
# .. solution


def wrong_epoch(W1, b1, W2, b2):
    a1 = np.maximum(0, x @ W1 + b1)
    dz2 = softmax(a1 @ W2 + b2) - y
    dz1 = dz2 @ W2.T  # the mistake
    return {
        "W1": W1 - learning_rate * x.T @ dz1,
        "b1": b1 - learning_rate * dz1.sum(axis=0),
        "W2": W2 - learning_rate * a1.T @ dz2,
        "b2": b2 - learning_rate * dz2.sum(axis=0),
    }


comparisons = compare_all(wrong_epoch(**start), epoch_in_keras(start))
print_comparisons(comparisons)
print("Still agree:", *[c.name for c in comparisons if c.agrees()])

# %%
# The derivatives of the output layer do not use ``dz1``, so its weights agree. Those of
# the first layer do, and disagree at once. A comparison by parts shows where a mistake
# is, not only that there is one.
#
# .. end of solution

# %%
# Exercise 2: the summed and the mean loss
# ----------------------------------------
#
# With ``reduction="sum_over_batch_size"`` Keras descends the *mean* of the losses.
# Which ``rate`` makes its weights agree with ours again?

by_hand = epoch_by_hand(**start)
by_mean = epoch_in_keras(start, reduction="sum_over_batch_size")

# %%
# .. solution

for factor in [1, len(x)]:
    rate = learning_rate * factor
    in_keras = epoch_in_keras(start, rate, "sum_over_batch_size")
    print(f"Rate {rate:g}")
    comparisons = compare_all(by_hand, in_keras)
    print_comparisons(comparisons)
    print("All agree:", all(c.agrees() for c in comparisons))

# %%
# The sum is :math:`n` times the mean, and so is its gradient. A step of the same length
# needs :math:`n` times the learning rate, with :math:`n` the number of flowers.
#
# .. end of solution

# %%
# Exercise 3: the order of a sum
# ------------------------------
#
# Add up the numbers below in double and in single precision, from the first to the last
# and from the last to the first. Which of the results are equal?

numbers = 1 / np.arange(1, 10_001)

# %%
# .. solution

for dtype in ["float64", "float32"]:
    forwards = np.cumsum(numbers.astype(dtype))[-1]  # adds one number after the other
    backwards = np.cumsum(numbers[::-1].astype(dtype))[-1]
    print(f"{dtype}: {forwards:.17g} and {backwards:.17g}")
    print(f"  relative difference {abs(forwards - backwards) / backwards:.1e}")
    print("  equal:", forwards == backwards)

fig, ax = plt.subplots()
exact = np.cumsum(numbers)
single = np.cumsum(numbers.astype("float32"))
ax.loglog(np.arange(1, 10_001), np.maximum(np.abs(single - exact) / exact, 1e-9))
ax.set_xlabel("numbers added, from the first on")
ax.set_ylabel("relative difference")
fig.suptitle("Single precision against double precision")
keras_precision("float32")
plt.show()

# %%
# None of the four. Each addition rounds, and in another order or another precision it
# rounds other sums. This is why two correct programs need not give the same last
# digits, and why single precision shows it far more.
#
# .. end of solution
