r"""Batch size, and lots more
=========================

**How many flowers for one update? And what else is ours to choose?** The third
hyper-parameter on the lecture's slide is the *batch size* :math:`b`. An update moves
the weights :math:`w` against the gradient of the mean loss of a batch :math:`B` of
:math:`b` flowers:

.. math::

   w \;\leftarrow\; w - \eta\, \frac{1}{b} \sum_{i \in B} \nabla L_i(w).

There are lots more, says the slide. Three of them follow: the optimiser, the initial
weights and the number of hidden units. The learning rate :math:`\eta` and the epochs
have a lesson of their own, :doc:`learning_rate`.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.data import load_iris
from course.optimizers import SGD, Adam, RMSprop
from course.rbase import one_hot, r_print
from course.rrandom import RRandom

plt.style.use("course.lecture")

# %%
# The network
# -----------
#
# Data, network and first weights are those of :doc:`learning_rate`: the mean loss and
# its gradient, for all 43 weights and biases in one vector ``w``. With another number
# ``h`` of hidden units the vector is longer or shorter.
#
# .. code-block:: r
#
#    set.seed(123)
#    train_rows <- sample(150, 105)
#    X_train <- as.matrix(iris[train_rows, 1:4])
#    Y_train <- diag(3)[iris$Species[train_rows], ]
#    w_start <- c(rnorm(20), rep(0, 5), rnorm(15), rep(0, 3))
#    loss_and_gradient <- function(w, X, Y) {
#      h <- (length(w) - 3) / 8
#      W1 <- matrix(w[1:(4 * h)], 4, h)
#      W2 <- matrix(w[5 * h + 1:(3 * h)], h, 3)
#      a1 <- pmax(sweep(X %*% W1, 2, w[4 * h + 1:h], "+"), 0)
#      z2 <- sweep(a1 %*% W2, 2, w[8 * h + 1:3], "+")
#      z2 <- z2 - apply(z2, 1, max)
#      log_a2 <- z2 - log(rowSums(exp(z2)))
#      dz2 <- (exp(log_a2) - Y) / nrow(Y)
#      dz1 <- dz2 %*% t(W2) * (a1 > 0)
#      list(loss = -sum(Y * log_a2) / nrow(Y),
#           gradient = c(t(X) %*% dz1, colSums(dz1), t(a1) %*% dz2, colSums(dz2)))
#    }
#    print(loss_and_gradient(w_start, X_train, Y_train)$loss)

iris = load_iris()
rng = RRandom(123)
train_rows = rng.sample(150, 105)
X, Y = iris.iloc[:, :4].to_numpy(), one_hot(iris["Species"])
X_train, Y_train = X[train_rows], Y[train_rows]  # (105, 4), (105, 3)
X_test, Y_test = np.delete(X, train_rows, axis=0), np.delete(Y, train_rows, axis=0)
w_start = np.concatenate([rng.rnorm(20), np.zeros(5), rng.rnorm(15), np.zeros(3)])


def loss_and_gradient(w, X, Y):
    h = (len(w) - 3) // 8  # hidden units: 4h + h + 3h + 3 numbers
    W1, b1, W2, b2 = np.split(w, [4 * h, 5 * h, 8 * h])
    W1, W2 = W1.reshape(4, h, order="F"), W2.reshape(h, 3, order="F")
    a1 = np.maximum(0, X @ W1 + b1)  # (n, 4) @ (4, h) -> (n, h)
    z2 = a1 @ W2 + b2  # (n, h) @ (h, 3) -> (n, 3)
    z2 = z2 - z2.max(axis=1, keepdims=True)
    log_a2 = z2 - np.log(np.exp(z2).sum(axis=1, keepdims=True))
    dz2 = (np.exp(log_a2) - Y) / len(Y)  # (n, 3)
    dz1 = dz2 @ W2.T * (a1 > 0)  # (n, 3) @ (3, h) -> (n, h)
    dW1, dW2 = X.T @ dz1, a1.T @ dz2  # (4, h), (h, 3)
    parts = [dW1.ravel("F"), dz1.sum(axis=0), dW2.ravel("F"), dz2.sum(axis=0)]
    return -np.sum(Y * log_a2) / len(Y), np.concatenate(parts)  # a number, (8h + 3,)


r_print(loss_and_gradient(w_start, X_train, Y_train)[0])

# %%
# Batch size and noise
# --------------------
#
# The gradient of a batch is an estimate of the gradient of all flowers. Draw the
# flowers of a batch with replacement: then the batch gradient is a sample mean, and its
# standard deviation is that of a single flower, :math:`\sigma`, divided by
# :math:`\sqrt{b}`. Here is the root mean square distance between 500 batch gradients
# and the full gradient, beside the theory, with the weights after 50 epochs:
#
# .. code-block:: r
#
#    w <- w_start
#    for (epoch in 1:50)
#      w <- w - 0.02 * loss_and_gradient(w, X_train, Y_train)$gradient
#    full <- loss_and_gradient(w, X_train, Y_train)$gradient
#    set.seed(1)
#    sizes <- c(1, 4, 16, 64)
#    single <- sapply(1:105, function(i) {
#      loss_and_gradient(w, X_train[i, , drop = FALSE],
#                        Y_train[i, , drop = FALSE])$gradient
#    })
#    sigma <- sqrt(mean(colSums((single - full)^2)))
#    noise <- sapply(sizes, function(b) {
#      squares <- replicate(500, {
#        rows <- floor(105 * runif(b)) + 1
#        sum((rowMeans(single[, rows, drop = FALSE]) - full)^2)
#      })
#      sqrt(mean(squares))
#    })
#    theory <- sigma / sqrt(sizes)
#    print(cbind(batch = sizes, noise = round(noise, 3), theory = round(theory, 3)))

w = w_start
for _ in range(50):
    w = w - 0.02 * loss_and_gradient(w, X_train, Y_train)[1]
full = loss_and_gradient(w, X_train, Y_train)[1]  # (43,)
rng = RRandom(1)
sizes = np.array([1, 4, 16, 64])
single = np.array(
    [loss_and_gradient(w, X_train[[i]], Y_train[[i]])[1] for i in range(105)]
)  # (105, 43)
sigma = np.sqrt(np.mean(np.sum((single - full) ** 2, axis=1)))
noise = []
for b in sizes:
    batches = [np.floor(105 * rng.runif(b)).astype(int) for _ in range(500)]
    squares = [np.sum((single[rows].mean(axis=0) - full) ** 2) for rows in batches]
    noise.append(np.sqrt(np.mean(squares)))
theory = sigma / np.sqrt(sizes)
columns = np.column_stack([sizes, np.round(noise, 3), np.round(theory, 3)])
r_print(columns, columns=["batch", "noise", "theory"])

# %%

fig, ax = plt.subplots()
ax.plot(sizes, theory, label=r"theory: $\sigma / \sqrt{b}$")
ax.plot(sizes, noise, "o", label="500 batches of each size")
ax.axhline(np.sqrt(np.sum(full**2)), color="0.45", linewidth=1)
ax.text(1, 1.1 * np.sqrt(np.sum(full**2)), "length of the full gradient")
ax.set(xlabel="batch size", ylabel="distance from full gradient")
ax.set(xscale="log", yscale="log")
ax.legend()
fig.suptitle("The noise of a batch gradient falls with the root of the batch size")

# %%
# To halve the noise takes four times the flowers. But does a batch have to be exact?
#
# Batch size and work
# -------------------
#
# For one flower, the matrix products take :math:`4 \cdot 5 + 5 \cdot 3` multiplications
# forward, and :math:`5 \cdot 3 + 3 \cdot 5 + 4 \cdot 5` backward, for :math:`dW_2`,
# :math:`dz_1` and :math:`dW_1`. What does an epoch cost?
#
# .. code-block:: r
#
#    batch_sizes <- c(1, 4, 16, 105)
#    updates <- ceiling(105 / batch_sizes)
#    per_flower <- (4 * 5 + 5 * 3) + (5 * 3 + 3 * 5 + 4 * 5)
#    print(cbind(batch = batch_sizes, updates, per_update = per_flower * batch_sizes,
#                per_epoch = per_flower * 105))

batch_sizes = np.array([1, 4, 16, 105])
updates = np.ceil(105 / batch_sizes)
per_flower = (4 * 5 + 5 * 3) + (5 * 3 + 3 * 5 + 4 * 5)
per_epoch = np.full(4, per_flower * 105)
work = np.column_stack([batch_sizes, updates, per_flower * batch_sizes, per_epoch])
r_print(work, columns=["batch", "updates", "per_update", "per_epoch"])

# %%
# An epoch costs the same number of multiplications whatever the batch size. A small
# batch makes more updates of them. As the lecture says, using all of the training
# data in each iteration slows things down. Here is the loss for four batch sizes, each
# with the same learning rate and ten starts, at the end of each epoch:

seeds = range(1, 11)


def initial_weights(hidden, scale, seed):
    rng = RRandom(seed)
    W1, W2 = scale * rng.rnorm(4 * hidden), scale * rng.rnorm(3 * hidden)
    return np.concatenate([W1, np.zeros(hidden), W2, np.zeros(3)])


def draw_curves(ax, curves, label):  # (seeds, epochs)
    epoch = np.arange(1, curves.shape[1] + 1)
    mean, sd = curves.mean(axis=0), curves.std(axis=0, ddof=1)
    (line,) = ax.plot(epoch, mean, label=label)
    ax.fill_between(epoch, mean - sd, mean + sd, color=line.get_color(), alpha=0.15)
    print(f"{label}: training loss {mean[-1]:.3f} ± {sd[-1]:.3f}")


fig, axes = plt.subplots(1, 2, sharey=True, figsize=(8, 4))
batch_losses = {}
for b in batch_sizes:
    curves = np.zeros((10, 40))
    for seed in seeds:
        w, rng = initial_weights(5, 0.3, seed), np.random.default_rng(seed)
        for epoch in range(40):
            order = rng.permutation(105)
            for i in range(0, 105, b):
                rows = order[i : i + b]
                w = w - 0.01 * loss_and_gradient(w, X_train[rows], Y_train[rows])[1]
            curves[seed - 1, epoch] = loss_and_gradient(w, X_train, Y_train)[0]
    batch_losses[int(b)] = curves
    draw_curves(axes[0], curves, f"batch size {b}")
    axes[1].plot(np.ceil(105 / b) * np.arange(1, 41), curves.mean(axis=0))
axes[0].set(xlabel="epochs", ylabel="training loss, mean ± sd over seeds")
axes[1].set(xlabel="updates", xscale="log")
axes[0].legend()
fig.suptitle("Small batches get further per epoch; per update, all sizes get as far")

# %%
# Very small batches have their price too. Each update has a fixed cost that counts no
# multiplications, such as the call of a function, and hardware works best on many
# numbers at once.
#
# Optimiser
# ---------
#
# Now some of the "lots more". The optimiser turns gradients into updates. *Momentum*
# repeats a part of the last update; *RMSprop* and *Adam* divide by the size of recent
# gradients. ``course.optimizers`` has them under Keras' names; plain updates are called
# ``SGD``. Each with full batches, over ten starts. The test loss is noted, too; no
# setting is chosen by it.


def train(w, optimizer):
    w, history = w.copy(), np.zeros((200, 2))
    for epoch in range(200):
        loss, gradient = loss_and_gradient(w, X_train, Y_train)
        history[epoch] = loss, loss_and_gradient(w, X_test, Y_test)[0]
        optimizer.apply([gradient], [w])  # changes w
    return history  # (200, 2): training loss, test loss


def over_seeds(hidden, scale, optimizer, *settings):
    starts = [initial_weights(hidden, scale, seed) for seed in seeds]
    return np.array([train(w, optimizer(*settings)) for w in starts])  # (10, 200, 2)


optimizers = {
    "SGD": (SGD, 0.02),
    "momentum": (SGD, 0.005, 0.9),
    "RMSprop": (RMSprop, 0.02),
    "Adam": (Adam, 0.02),
}
fig, ax = plt.subplots()
optimizer_losses = {}
for name, settings in optimizers.items():
    optimizer_losses[name] = over_seeds(5, 1, *settings)[:, :, 0]  # (10, 200)
    draw_curves(ax, optimizer_losses[name], name)
ax.set(xlabel="epoch", ylabel="training loss, mean ± sd over seeds", ylim=(0, 2))
ax.legend()
fig.suptitle("Optimisers from the same ten starts, each with one learning rate")

# %%
# Each optimiser has its own best learning rate, so this is no race between them.
#
# Initial weights
# ---------------
#
# The initial weights are normal numbers times a *scale*. With Adam:


def draw_ends(ax, settings, losses, label):  # losses: (settings, seeds)
    mean, sd = losses.mean(axis=1), losses.std(axis=1, ddof=1)
    for setting, m, s in zip(settings, mean, sd, strict=True):
        print(f"{setting:g}: {label} {m:.3f} ± {s:.3f}")
    ax.errorbar(settings, mean, sd, marker="o", capsize=4, label=label)
    ax.set(ylabel="loss after 200 epochs, mean ± sd", xscale="log")


scales = [0.001, 0.01, 0.1, 0.3, 1, 3]
scale_runs = np.array([over_seeds(5, scale, Adam, 0.02) for scale in scales])
fig, ax = plt.subplots()
draw_ends(ax, scales, scale_runs[:, :, -1, 0], "training loss")
ax.set(xlabel="scale of the initial weights")
fig.suptitle("The training loss at the end, by the scale of the initial weights")

# %%
# Large weights start with probabilities that are sure and wrong, and the updates are
# spent on taking that back. Weights that are all zero would never move (why?).
#
# Hidden units
# ------------
#
# More units can follow the data more closely. Few units can all die in one bad start.

units = [1, 2, 3, 5, 10, 20, 50]
unit_runs = np.array([over_seeds(h, 0.3, Adam, 0.02) for h in units])
fig, ax = plt.subplots()
draw_ends(ax, units, unit_runs[:, :, -1, 0], "training loss")
draw_ends(ax, units, unit_runs[:, :, -1, 1], "test loss")
ax.set(xlabel="hidden units")
ax.legend()
fig.suptitle("Training and test loss at the end, by the number of hidden units")
plt.show()

# %%
# Summary
# -------
#
# The batch size weighs the noise of a gradient against the number of updates. In as
# many epochs, smaller batches got further, for they make more updates; in as many
# updates, all sizes got about as far. The loss at the end depends on the optimiser, the
# initial weights and the number of hidden units as well. A program can search for
# several settings at once: :doc:`hyperparameter_search`.
#
# Try it
# ------
#
# 1. Train in batches with a learning rate of ``0.05`` instead of ``0.01``. Which batch
#    size has the smallest loss now?
# 2. Give momentum the learning rate ``0.02``, and SGD ``0.05``. Which of the two is
#    lower now?
# 3. Take a ``w_start`` of zeros. Which of its 43 gradients are not 0, and why?
