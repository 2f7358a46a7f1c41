r"""Exercises: batch size and optimisers
====================================

They go with the lesson :doc:`../batch_size`. Below is a network for the iris flowers
that trains in batches.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.data import load_iris
from course.optimizers import SGD
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
# Exercise 2: small batches, noisy gradients
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
# Exercise 3: learning rate and batch size together
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

# %%
# The two act together: in as many epochs, larger batches mean fewer updates, and short
# steps need many of them. A larger batch can make up for it with a larger learning
# rate, as long as the steps do not overshoot.
#
# .. end of solution

# %%
# Exercise 4: momentum in two lines
# ---------------------------------
#
# The loss :math:`L = \tfrac12 (20\, w_1^2 + w_2^2)` is a valley, steep in one direction
# and flat in the other. Take 50 updates of plain gradient descent from the start below.
# Then do the same with momentum: ``m = 0.9 * m - rate * gradient``, and ``w = w + m``.
# Does ``SGD(rate, momentum=0.9)`` of ``course`` agree?

start, rate = np.array([1.0, 1.0]), 0.02
bends = np.array([20.0, 1.0])  # the gradient is bends * w

# %%
# .. solution

paths = {}
for momentum in [0, 0.9]:
    w, m = start, np.zeros(2)
    path = [w]
    for _ in range(50):
        m = momentum * m - rate * bends * w
        w = w + m
        path.append(w)
    paths[momentum] = np.array(path)  # (51, 2)
    print(f"momentum {momentum}: {w[0]:.4f} and {w[1]:.4f} after 50 updates")
w, optimizer = start.copy(), SGD(rate, momentum=0.9)
for _ in range(50):
    optimizer.apply([bends * w], [w])
print("SGD of course is at the same place:", np.allclose(w, paths[0.9][-1]))
fig, ax = plt.subplots()
for momentum, path in paths.items():
    ax.plot(path[:, 1], path[:, 0], ".-", label=f"momentum {momentum}")
ax.set(xlabel="along the valley: second weight", ylabel="across it: first weight")
ax.legend()
fig.suptitle("Fifty updates with momentum and without")
plt.show()

# %%
# In the flat direction the updates point the same way at first and add up. So momentum
# gets to the lowest point sooner, and runs past it before it turns back. Across the
# valley it swings.
#
# .. end of solution
