r"""Exercises: regression, by hand and in Keras
===========================================

They go with the lesson :doc:`../mtcars_agreement`. The lines below repeat its data and
its training by hand, with fewer steps, both in double precision.
"""

import numpy as np

from course.agreement import compare_all, keras_precision, print_comparisons
from course.data import load_mtcars
from course.quiet import quiet_start
from course.rrandom import RRandom

with quiet_start():
    import keras
    import tensorflow as tf

keras_precision("float64")

mtcars = load_mtcars()
rng = RRandom(123)
train_rows = rng.sample(len(mtcars), int(len(mtcars) * 0.7))
cars = mtcars[["hp", "wt", "mpg"]].iloc[train_rows].to_numpy()
cars = (cars - cars.min(axis=0)) / (cars.max(axis=0) - cars.min(axis=0))
X, y = cars[:, :2], cars[:, 2:]  # (22, 2), (22, 1)
start = {
    "W1": rng.runif(10, -1, 1).reshape(2, 5, order="F"),
    "b1": rng.runif(5),
    "W2": rng.runif(5, -1, 1).reshape(5, 1, order="F"),
    "b2": rng.runif(1),
}
steps = 20


def train_by_hand(learning_rate, W1, b1, W2, b2):
    for _ in range(steps):
        a1 = 1 / (1 + np.exp(-(X @ W1 + b1)))  # (22, 5)
        delta2 = a1 @ W2 + b2 - y  # (22, 1)
        delta1 = delta2 @ W2.T * a1 * (1 - a1)  # (22, 5)
        W2 = W2 - learning_rate * a1.T @ delta2
        b2 = b2 - learning_rate * delta2.sum(axis=0)
        W1 = W1 - learning_rate * X.T @ delta1
        b1 = b1 - learning_rate * delta1.sum(axis=0)
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}


def build_twin():
    twin = keras.Sequential(
        [
            keras.layers.Input((2,)),
            keras.layers.Dense(5, activation="sigmoid"),
            keras.layers.Dense(1),
        ]
    )
    twin.set_weights(list(start.values()))
    return twin


def train_in_keras(X, y):
    twin = build_twin()
    twin.compile(keras.optimizers.SGD(0.1), loss="mse")
    twin.fit(X, y, epochs=steps, batch_size=len(X), shuffle=False, verbose=0)
    return dict(zip(start, twin.get_weights(), strict=True))


# %%
# Exercise 1: half the sum, or the mean
# -------------------------------------
#
# By hand we descend half the *sum* of the squared errors, Keras their *mean*. How many
# times larger is our gradient? Take both with ``GradientTape`` from the same weights.

twin = build_twin()
with tf.GradientTape() as tape:
    mean_loss = tf.reduce_mean((twin(X) - y) ** 2)
of_mean = tape.gradient(mean_loss, twin.trainable_weights)

# %%
# .. solution

with tf.GradientTape() as tape:
    half_sum = tf.reduce_sum((twin(X) - y) ** 2) / 2
of_half_sum = tape.gradient(half_sum, twin.trainable_weights)
print("n / 2 =", len(X) / 2)
for ours, theirs in zip(of_half_sum, of_mean, strict=True):
    ours, theirs = ours.numpy(), theirs.numpy()
    ratio = np.sum(ours * theirs) / np.sum(theirs**2)
    print(f"shape {theirs.shape}: ours is {ratio:.4f} times Keras'")

# %%
# Half the sum is :math:`n / 2` times the mean, so every gradient is too. Keras'
# learning rate has to be :math:`n / 2` times ours if its steps are to be as long.
#
# .. end of solution

# %%
# Exercise 2: the other way round
# -------------------------------
#
# In ``train_in_keras`` the learning rate is 0.1. Which rate does ``train_by_hand`` need
# to come to the same weights?

in_keras = train_in_keras(X, y)

# %%
# .. solution

for rate in [0.1, 0.1 * 2 / len(X)]:
    print(f"By hand with the rate {rate:.6f}")
    print_comparisons(compare_all(train_by_hand(rate, **start), in_keras))

# %%
# The rate by hand is :math:`2 / n` times that of Keras: our gradient is longer, so the
# rate is smaller. With the same rate in both, the weights part.
#
# .. end of solution

# %%
# Exercise 3: cars in another order
# ---------------------------------
#
# Give Keras the cars in reverse order. In exact arithmetic the sums are the same. Do
# the weights change?

in_order = train_in_keras(X, y)

# %%
# .. solution

the_other_way = train_in_keras(X[::-1], y[::-1])
print_comparisons(compare_all(in_order, the_other_way))
keras_precision("float32")

# %%
# By no more than rounding: with all cars in one batch the order changes only the order
# in which the sums are taken. With smaller batches it would decide which cars share a
# step.
#
# .. end of solution
