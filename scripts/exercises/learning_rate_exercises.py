r"""Exercises: learning rate and epochs
===================================

They go with the lesson :doc:`../learning_rate`. Below is a small network for the iris
flowers, and one update of it with all training flowers.
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


def update(weights, x, y, rate):
    """The weights after one update."""
    _, gradients = loss_and_gradients(x, y, *weights)
    return [w - rate * g for w, g in zip(weights, gradients, strict=True)]


# %%
# Exercise 1: how long may a step be?
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
# Exercise 2: a rate that falls
# -----------------------------
#
# Large steps are quick at first and restless later. Train for 200 epochs from each of
# five starts: with each of the two rates, and with one that begins at the larger and
# falls evenly to the smaller. Print the mean and the standard deviation of the last
# loss.

large, small = 0.5, 0.05
epochs = 200

# %%
# .. solution

plans = {
    f"rate {large}": np.full(epochs, large),
    f"rate {small}": np.full(epochs, small),
    "falling": np.linspace(large, small, epochs),
}
fig, ax = plt.subplots()
for name, rates_of_epochs in plans.items():
    losses = np.zeros((5, epochs))
    for seed in range(5):
        weights = initial_weights(seed + 1)
        for epoch, rate in enumerate(rates_of_epochs):
            weights = update(weights, x, y, rate)
            losses[seed, epoch] = loss_and_gradients(x, y, *weights)[0]
    mean, sd = losses[:, -1].mean(), losses[:, -1].std(ddof=1)
    print(f"{name}: {mean:.3f} (sd {sd:.3f})")
    ax.plot(losses[0], label=name)
ax.set(xlabel="epoch", ylabel="training loss, first start", yscale="log")
ax.legend()
fig.suptitle("The training loss with two constant rates and a falling one")

# %%
# The large rate throws the loss up and down to the end. With the small one it falls
# steadily and is not done. The falling rate begins like the first and comes to rest
# like the second. Its lead over the small rate is no larger than what the start of the
# weights makes.
#
# .. end of solution

# %%
# Exercise 3: stop in time
# ------------------------
#
# Train on the first 8 flowers only, with the rate below, and watch the loss on the
# other 97. Keep the weights of the epoch with the smallest loss on those. How do the
# losses there compare with those at the end?

few, others = slice(0, 8), slice(8, 105)
rate, many_epochs = 0.2, 3000

# %%
# .. solution

weights, best = initial_weights(1), np.inf
for epoch in range(1, many_epochs + 1):
    weights = update(weights, x[few], y[few], rate)
    loss, _ = loss_and_gradients(x[others], y[others], *weights)
    if loss < best:
        best, best_epoch, kept = loss, epoch, weights
for name, found in {f"epoch {best_epoch}": kept, "the end": weights}.items():
    training, _ = loss_and_gradients(x[few], y[few], *found)
    validation, _ = loss_and_gradients(x[others], y[others], *found)
    print(f"{name}: training {training:.3f}, validation {validation:.3f}")
plt.show()

# %%
# The training loss falls on, and the validation loss turns and rises. To keep the
# weights of the best epoch is called *early stopping*. The flowers that chose the epoch
# can no longer say how good the network is: that takes others.
#
# .. end of solution
