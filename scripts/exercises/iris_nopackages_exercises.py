r"""Exercises: Iris by hand
=======================

They go with the lesson :doc:`../iris_nopackages`. The lines below repeat its network:
the flowers, the forward pass and the training loop.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.data import load_iris
from course.plots import plot_history
from course.rbase import one_hot
from course.rrandom import RRandom

plt.style.use("course.lecture")

iris = load_iris()
rng = RRandom(123)
train_rows = rng.sample(150, 105)
x = iris.iloc[train_rows, :4].to_numpy()  # (105, 4)
y = one_hot(iris["Species"].iloc[train_rows])  # (105, 3)
numbers = rng.rnorm(35)  # the random start of the lesson: 20 for W1, 15 for W2


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def compute_loss(y_pred, y_true):
    return -np.sum(y_true * np.log(y_pred)) / len(y_true)


def train(W1, W2, learning_rate=0.001, epochs=200):
    b1, b2 = np.zeros(W1.shape[1]), np.zeros(W2.shape[1])
    losses = []
    for _ in range(epochs):
        a1 = np.maximum(0, x @ W1 + b1)  # (105, hidden)
        a2 = softmax(a1 @ W2 + b2)  # (105, 3)
        losses.append(compute_loss(a2, y))
        dz2 = a2 - y
        dz1 = dz2 @ W2.T * (a1 > 0)
        W2, b2 = W2 - learning_rate * a1.T @ dz2, b2 - learning_rate * dz2.sum(axis=0)
        W1, b1 = W1 - learning_rate * x.T @ dz1, b1 - learning_rate * dz1.sum(axis=0)
    return W1, b1, W2, b2, losses


# %%
# Exercise 1: what does ``order="F"`` do?
# ---------------------------------------
#
# Read the line that makes ``W1``. Make it once more without ``order="F"``, and ``W2``
# likewise. Are the numbers in the matrices the same ones? Is the first loss the same?

W1 = numbers[:20].reshape(4, 5, order="F")
W2 = numbers[20:].reshape(5, 3, order="F")

# %%
# .. solution

W1_by_row = numbers[:20].reshape(4, 5)
W2_by_row = numbers[20:].reshape(5, 3)
same_numbers = np.array_equal(np.sort(W1_by_row.ravel()), np.sort(W1.ravel()))
print("The same numbers:", same_numbers)
print("Weights in the same place:", np.sum(W1_by_row == W1), "of", W1.size)
for name, start in [("by column", (W1, W2)), ("by row", (W1_by_row, W2_by_row))]:
    *_, losses = train(*start, epochs=1)
    print(f"First loss, filled {name}: {losses[0]:.4f}")

# %%
# The numbers are the same, but most stand in other places, so it is another network
# with another loss. Only the one filled by column, as R does it, has the loss of the
# slides.
#
# .. end of solution

# %%
# Exercise 2: dead units and other starts
# ---------------------------------------
#
# In the lesson the first hidden unit is active for no flower. Count the dead units at
# the start, for the seeds 1 to 20 of ``RRandom``. How many starts have none?

W1 = RRandom(1).rnorm(20).reshape(4, 5, order="F")

# %%
# .. solution

dead = []
for seed in range(1, 21):
    W1 = RRandom(seed).rnorm(20).reshape(4, 5, order="F")
    active = x @ W1 > 0  # (105, 5)
    dead.append(int(np.sum(~active.any(axis=0))))
print("Dead units, seed by seed:", *dead)
print("Starts without a dead unit:", dead.count(0), "of", len(dead))
print(f"Mean {np.mean(dead):.2f}, standard deviation {np.std(dead, ddof=1):.2f}")

# %%
# Five of the twenty starts have none. All measurements are positive numbers, so a unit
# whose weights are mostly negative gets a negative sum from every flower.
#
# .. end of solution

# %%
# Exercise 3: start at zero
# -------------------------
#
# Train with all weights at zero. Which of the four arrays have changed after 200
# epochs? What does the network say, and why can it not say more?

W1, W2 = np.zeros((4, 5)), np.zeros((5, 3))

# %%
# .. solution

W1, b1, W2, b2, losses = train(np.zeros((4, 5)), np.zeros((5, 3)))
for name, array in [("W1", W1), ("b1", b1), ("W2", W2), ("b2", b2)]:
    print(f"{name} has moved: {bool(np.any(array != 0))}")
print("It says, for every flower:", *np.round(softmax(b2[np.newaxis])[0], 4))
print("Shares of the species:    ", *np.round(y.mean(axis=0), 4))

# %%
# With zero weights the hidden units are 0 for every flower, so :math:`dW_2` is zero;
# :math:`W_2` is zero, so :math:`dW_1` is zero too. Only the output biases learn, and
# they learn how frequent each species is.
#
# .. end of solution

# %%
# Exercise 4: leaky ReLU
# ----------------------
#
# *Leaky ReLU* does not cut off negative sums but multiplies them by a small slope, here
# 0.2. Its derivative there is 0.2 instead of 0. Write ``train_leaky`` and train from
# the lesson's start. Does the first column of ``W1`` move now?

slope = 0.2
W1 = numbers[:20].reshape(4, 5, order="F")
W2 = numbers[20:].reshape(5, 3, order="F")

# %%
# .. solution


def train_leaky(W1, W2, learning_rate=0.001, epochs=200):
    b1, b2 = np.zeros(W1.shape[1]), np.zeros(W2.shape[1])
    losses = []
    for _ in range(epochs):
        z1 = x @ W1 + b1
        a1 = np.where(z1 > 0, z1, slope * z1)
        a2 = softmax(a1 @ W2 + b2)
        losses.append(compute_loss(a2, y))
        dz2 = a2 - y
        dz1 = dz2 @ W2.T * np.where(z1 > 0, 1, slope)
        W2, b2 = W2 - learning_rate * a1.T @ dz2, b2 - learning_rate * dz2.sum(axis=0)
        W1, b1 = W1 - learning_rate * x.T @ dz1, b1 - learning_rate * dz1.sum(axis=0)
    return W1, b1, W2, b2, losses


relu_run, leaky_run = train(W1, W2), train_leaky(W1, W2)
for name, run in [("ReLU", relu_run), ("leaky ReLU", leaky_run)]:
    moved = np.abs(run[0] - W1)[:, 0].max()
    print(f"{name}: the first column moved by up to {moved:.4f}, loss {run[4][-1]:.4f}")
fig = plot_history(
    {"ReLU loss": relu_run[4], "leaky ReLU loss": leaky_run[4]},
    "The training loss with ReLU and with leaky ReLU",
)
for ax in fig.axes:
    ax.set_yscale("log")
plt.show()

# %%
# It does: with leaky ReLU a unit never dies. Wherever its sum is negative, a fifth of
# the derivative still comes through. Whether the loss ends lower is another question;
# the output above answers it for this start only.
#
# .. end of solution
