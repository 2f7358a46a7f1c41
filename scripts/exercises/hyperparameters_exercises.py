r"""Exercises: learning rate, epochs and batch size
===============================================

They go with the lesson :doc:`../hyperparameters`. Below is a network for the iris
flowers that trains in batches.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.data import load_iris
from course.rbase import one_hot
from course.rrandom import RRandom

plt.style.use("course.lecture")

iris = load_iris()
train_rows = RRandom(123).sample(150, 105)
x = iris.iloc[train_rows, :4].to_numpy()  # (105, 4)
y = one_hot(iris["Species"].iloc[train_rows])  # (105, 3)


def initial_weights(seed):
    rng = np.random.default_rng(seed)
    return [0.5 * rng.normal(size=shape) for shape in [(4, 8), (8,), (8, 3), (3,)]]


def loss_and_gradients(x, y, W1, b1, W2, b2):
    """The mean loss, and its derivatives."""
    a1 = np.tanh(x @ W1 + b1)  # (n, 8)
    z2 = a1 @ W2 + b2  # (n, 3)
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    a2 = e / e.sum(axis=1, keepdims=True)
    dz2 = (a2 - y) / len(x)
    dz1 = dz2 @ W2.T * (1 - a1**2)
    loss = -np.sum(y * np.log(a2)) / len(x)
    return loss, [x.T @ dz1, dz1.sum(axis=0), a1.T @ dz2, dz2.sum(axis=0)]


def train(learning_rate, epochs, batch_size, seed=1):
    """Train; return the loss on all flowers after each epoch."""
    rng = np.random.default_rng(seed)
    weights = initial_weights(seed)
    losses = []
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for first in range(0, len(x), batch_size):
            rows = order[first : first + batch_size]
            _, gradients = loss_and_gradients(x[rows], y[rows], *weights)
            for w, g in zip(weights, gradients, strict=True):
                w -= learning_rate * g
        losses.append(loss_and_gradients(x, y, *weights)[0])
    return losses


# %%
# Exercise 1: read a loop
# -----------------------
#
# How many updates does ``train`` make in 20 epochs with batches of 16? How many flowers
# are in the last batch of an epoch? Work it out, then count.

epochs, batch_size = 20, 16

# %%
# .. solution

sizes = [len(x[first : first + batch_size]) for first in range(0, len(x), batch_size)]
print("Batches of an epoch:", *sizes)
print("Updates:", epochs * len(sizes), "=", epochs * -(-len(x) // batch_size))

# %%
# There are 140 updates. The last batch of an epoch has 9 flowers and counts as an
# update like the others. Each of its flowers moves the weights more than one in a full
# batch does.
#
# .. end of solution

# %%
# Exercise 2: how long may a step be?
# -----------------------------------
#
# On the parabola :math:`L = \tfrac{c}{2} w^2` a step is :math:`w \leftarrow w - \eta\,
# c w`. For which learning rates does :math:`w` go to 0, for which does it run away?
# Find the limit on paper and try rates on both sides of it, with ``c = 4``.

c = 4
rates = [0.1, 0.25, 0.45, 0.5, 0.55]

# %%
# .. solution

fig, ax = plt.subplots()
for rate in rates:
    w = [1.0]
    for _ in range(10):
        w.append(w[-1] - rate * c * w[-1])
    print(f"rate {rate}: each step multiplies w by {1 - rate * c:.2f}, end {w[-1]:.4g}")
    ax.plot(w, "o-", markersize=4, label=f"rate {rate}")
ax.set_xlabel("step")
ax.set_ylabel("w")
ax.legend()
fig.suptitle("The weight after each step, by the learning rate")

# %%
# A step multiplies :math:`w` by :math:`1 - \eta c`. It shrinks if this is between
# :math:`-1` and 1, so for :math:`\eta < 2 / c`. The steeper the curve bends, the
# shorter the steps have to be.
#
# .. end of solution

# %%
# Exercise 3: small batches, noisy gradients
# ------------------------------------------
#
# Draw 500 batches of each size below, with replacement, and compute the derivative of
# the first weight from each. How does its standard deviation depend on the batch size?

weights = initial_weights(1)
batch_sizes = [4, 16, 64]

# %%
# .. solution

rng = np.random.default_rng(1)
for size in batch_sizes:
    derivatives = []
    for _ in range(500):
        rows = rng.integers(len(x), size=size)
        _, gradients = loss_and_gradients(x[rows], y[rows], *weights)
        derivatives.append(gradients[0][0, 0])
    sd = np.std(derivatives, ddof=1)
    print(f"batch size {size}: sd {sd:.4f}, sd times root of size {sd * size**0.5:.4f}")

# %%
# It is the standard deviation of a mean: it falls with the root of the batch size. Four
# times the work for one step makes its direction only twice as precise.
#
# .. end of solution

# %%
# Exercise 4: learning rate and batch size together
# -------------------------------------------------
#
# Try three learning rates with three batch sizes, 20 epochs and five seeds each. Print
# the mean and the standard deviation of the last loss. What goes together?

learning_rates = [0.01, 0.1, 0.5]
batch_sizes = [8, 32, 105]

# %%
# .. solution

print("rate   batch  loss")
for learning_rate in learning_rates:
    for batch_size in batch_sizes:
        last = [train(learning_rate, 20, batch_size, seed)[-1] for seed in range(1, 6)]
        mean, sd = np.mean(last), np.std(last, ddof=1)
        print(f"{learning_rate:<6} {batch_size:<6} {mean:.3f} (sd {sd:.3f})")
plt.show()

# %%
# The two act together: in as many epochs, larger batches mean fewer updates, and short
# steps need many of them. A larger batch can make up for it with a larger learning
# rate, as long as the steps do not overshoot.
#
# .. end of solution
