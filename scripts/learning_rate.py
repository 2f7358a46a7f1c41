r"""Learning rate and epochs
========================

**How far should each update move the weights, and how many updates are enough?**
Training finds the weights. The numbers that it does not find are *hyper-parameters*: we
set them before it starts. The lecture's slide on them names three, learning rate,
epochs and batch size, and says that there are lots more. This lesson turns the first
two, on the network of :doc:`iris_nopackages`.

Each update moves the weights :math:`w` against the gradient of the mean loss :math:`L`
of the training flowers:

.. math::

   w \;\leftarrow\; w - \eta\, \nabla L(w).

Here :math:`\eta` is the *learning rate*: it says how far. An *epoch* is as many updates
as it takes to see each training flower once. Here each update sees all of them, so an
epoch is one update; :doc:`batch_size` has updates that see fewer.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.data import load_iris
from course.optimizers import Adam
from course.rbase import one_hot, r_print
from course.rrandom import RRandom

plt.style.use("course.lecture")

# %%
# The network
# -----------
#
# The data, the split and the first weights are those of :doc:`iris_nopackages`. Here
# all 43 weights and biases stand in one vector ``w``, so that an update is one line.
#
# .. code-block:: r
#
#    set.seed(123)
#    train_rows <- sample(150, 105)
#    X_train <- as.matrix(iris[train_rows, 1:4])
#    Y_train <- diag(3)[iris$Species[train_rows], ]
#    w_start <- c(rnorm(20), rep(0, 5), rnorm(15), rep(0, 3))
#    cat("Weights and biases:", length(w_start), "\n")

iris = load_iris()
rng = RRandom(123)
train_rows = rng.sample(150, 105)
X, Y = iris.iloc[:, :4].to_numpy(), one_hot(iris["Species"])
X_train, Y_train = X[train_rows], Y[train_rows]  # (105, 4), (105, 3)
X_test, Y_test = np.delete(X, train_rows, axis=0), np.delete(Y, train_rows, axis=0)
w_start = np.concatenate([rng.rnorm(20), np.zeros(5), rng.rnorm(15), np.zeros(3)])
print("Weights and biases:", len(w_start))

# %%
# The function takes the vector apart, goes forward and backward, and returns the loss
# and the gradient. Two things differ from :doc:`iris_nopackages`. The gradient is that
# of the *mean* loss, as in Keras; the lecture's script descends the sum, so its rate of
# 0.001 is :math:`105 \cdot 0.001 = 0.105` here. And the softmax is taken in logarithms,
# after subtracting the largest sum of the row, so that a learning rate that is far too
# large still gives finite numbers.
#
# .. code-block:: r
#
#    unpack <- function(w) {
#      h <- (length(w) - 3) / 8
#      list(W1 = matrix(w[1:(4 * h)], 4, h), b1 = w[4 * h + 1:h],
#           W2 = matrix(w[5 * h + 1:(3 * h)], h, 3), b2 = w[8 * h + 1:3])
#    }
#    loss_and_gradient <- function(w, X, Y) {
#      p <- unpack(w)
#      a1 <- pmax(sweep(X %*% p$W1, 2, p$b1, "+"), 0)
#      z2 <- sweep(a1 %*% p$W2, 2, p$b2, "+")
#      z2 <- z2 - apply(z2, 1, max)
#      log_a2 <- z2 - log(rowSums(exp(z2)))
#      loss <- -sum(Y * log_a2) / nrow(Y)
#      dz2 <- (exp(log_a2) - Y) / nrow(Y)
#      dz1 <- dz2 %*% t(p$W2) * (a1 > 0)
#      list(loss = loss, gradient = c(t(X) %*% dz1, colSums(dz1),
#                                     t(a1) %*% dz2, colSums(dz2)))
#    }
#    print(loss_and_gradient(w_start, X_train, Y_train)$loss)


def unpack(w):
    h = (len(w) - 3) // 8  # hidden units: 4h + h + 3h + 3 numbers
    W1, b1, W2, b2 = np.split(w, [4 * h, 5 * h, 8 * h])
    return W1.reshape(4, h, order="F"), b1, W2.reshape(h, 3, order="F"), b2


def loss_and_gradient(w, X, Y):
    W1, b1, W2, b2 = unpack(w)
    a1 = np.maximum(0, X @ W1 + b1)  # (n, 4) @ (4, h) -> (n, h)
    z2 = a1 @ W2 + b2  # (n, h) @ (h, 3) -> (n, 3)
    z2 = z2 - z2.max(axis=1, keepdims=True)
    log_a2 = z2 - np.log(np.exp(z2).sum(axis=1, keepdims=True))
    loss = -np.sum(Y * log_a2) / len(Y)
    dz2 = (np.exp(log_a2) - Y) / len(Y)  # (n, 3)
    dz1 = dz2 @ W2.T * (a1 > 0)  # (n, 3) @ (3, h) -> (n, h)
    dW1, dW2 = X.T @ dz1, a1.T @ dz2  # (4, h), (h, 3)
    parts = [dW1.ravel("F"), dz1.sum(axis=0), dW2.ravel("F"), dz2.sum(axis=0)]
    return loss, np.concatenate(parts)  # a number, (8h + 3,)


r_print(loss_and_gradient(w_start, X_train, Y_train)[0])

# %%
# Learning rate
# -------------
#
# Four learning rates from the same start; 0.105 is the lecture's. Each epoch is one
# update with all training flowers. The columns are the learning rate, the loss at the
# end, how many updates made the loss larger, and how many hidden units are still active
# for at least one flower.
#
# .. code-block:: r
#
#    rates <- c(0.001, 0.02, 0.105, 0.2)
#    epochs <- 200
#    descend <- function(w, rate, epochs) {
#      losses <- numeric(epochs)
#      for (epoch in 1:epochs) {
#        step <- loss_and_gradient(w, X_train, Y_train)
#        losses[epoch] <- step$loss
#        w <- w - rate * step$gradient
#      }
#      list(w = w, losses = losses)
#    }
#    runs <- lapply(rates, function(rate) descend(w_start, rate, epochs))
#    end_losses <- sapply(runs, function(run) run$losses[epochs])
#    rises <- sapply(runs, function(run) sum(diff(run$losses) > 0))
#    active <- sapply(runs, function(run) {
#      p <- unpack(run$w)
#      sum(colSums(sweep(X_train %*% p$W1, 2, p$b1, "+") > 0) > 0)
#    })
#    print(cbind(rate = rates, loss = round(end_losses, 4), rises, active))

rates = [0.001, 0.02, 0.105, 0.2]
epochs = 200


def descend(w, rate, epochs):
    losses = np.zeros(epochs)
    for epoch in range(epochs):
        losses[epoch], gradient = loss_and_gradient(w, X_train, Y_train)
        w = w - rate * gradient
    return w, losses


runs = [descend(w_start, rate, epochs) for rate in rates]
end_losses = np.array([losses[-1] for _, losses in runs])
rises = [np.sum(np.diff(losses) > 0) for _, losses in runs]
active = []
for w, _ in runs:
    W1, b1, _, _ = unpack(w)
    active.append(np.any(X_train @ W1 + b1 > 0, axis=0).sum())
results = np.column_stack([rates, np.round(end_losses, 4), rises, active])
r_print(results, columns=["rate", "loss", "rises", "active"])

# %%

fig, ax = plt.subplots()
for rate, (_, losses) in zip(rates, runs, strict=True):
    ax.plot(np.arange(1, epochs + 1), losses, label=f"learning rate {rate:g}")
ax.set(xlabel="epoch", ylabel="training loss", yscale="log")
ax.legend()
fig.suptitle("Learning rate: too small is slow; too large jumps, zigzags or is stuck")

# %%
# At 0.001 the loss falls in every update and has not got far in the end. At 0.02 it
# falls further, with a few small rises on the way. At 0.105 it zigzags. At 0.2 the
# first updates throw the weights so far off that no hidden unit is active for any
# flower. Dead units do not come back: the network can only give the same three
# probabilities to every flower, and its loss stays close to :math:`\log 3`.
#
# That was one start. Here are ten others.


def initial_weights(hidden, scale, seed):
    rng = RRandom(seed)
    W1, W2 = scale * rng.rnorm(4 * hidden), scale * rng.rnorm(3 * hidden)
    return np.concatenate([W1, np.zeros(hidden), W2, np.zeros(3)])


seeds = range(1, 11)
starts = [initial_weights(5, 1, seed) for seed in seeds]
many_rates = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2]
rate_losses = np.array(
    [[descend(w, rate, epochs)[1] for w in starts] for rate in many_rates]
)  # (9, 10, 200)
mean, sd = rate_losses[:, :, -1].mean(axis=1), rate_losses[:, :, -1].std(axis=1, ddof=1)
for rate, m, s in zip(many_rates, mean, sd, strict=True):
    print(f"{rate:g}: training loss {m:.3f} ± {s:.3f}")

# %%

fig, ax = plt.subplots()
ax.errorbar(many_rates, mean, sd, marker="o", capsize=4)
ax.set(xlabel="learning rate", xscale="log")
ax.set(ylabel="training loss after 200 epochs, mean ± sd")
fig.suptitle("The loss after 200 epochs is lowest at a learning rate in the middle")

# %%
# Overshooting, seen from above
# -----------------------------
#
# The loss is a surface over 43 directions. Take the weights after 50 epochs at 0.02,
# and look along the gradient there. How fast does the slope change along it? That is
# the *curvature* :math:`c`, here by central differences. On a parabola with this
# curvature an update multiplies the distance from the lowest point by
# :math:`1 - \eta c`. So it overshoots if :math:`\eta > 1/c`, and ends further away than
# it began if :math:`\eta > 2/c`.
#
# .. code-block:: r
#
#    w_middle <- descend(w_start, 0.02, 50)$w
#    slope <- function(w) loss_and_gradient(w, X_train, Y_train)$gradient
#    u <- slope(w_middle)
#    u <- u / sqrt(sum(u^2))
#    h <- 1e-4
#    curvature <- sum(u * (slope(w_middle + h * u) - slope(w_middle - h * u))) / (2 * h)
#    cat("Curvature:", round(curvature, 2), "\n")
#    cat("Limit for the learning rate:", round(2 / curvature, 4), "\n")
#    print(round(1 - rates * curvature, 3))

w_middle, _ = descend(w_start, 0.02, 50)


def slope(w):
    return loss_and_gradient(w, X_train, Y_train)[1]


u = slope(w_middle)
u = u / np.sqrt(np.sum(u**2))  # (43,), of length 1
h = 1e-4
curvature = u @ (slope(w_middle + h * u) - slope(w_middle - h * u)) / (2 * h)
print("Curvature:", round(curvature, 2))
print("Limit for the learning rate:", round(2 / curvature, 4))
r_print(np.round(1 - np.array(rates) * curvature, 3))

# %%
# The last line has :math:`1 - \eta c` for the four learning rates above. At 0.02 it is
# negative but above -1: an update overshoots and still ends nearer. At 0.105 and 0.2 it
# ends further away.
#
# Now a map of the loss. Up and down goes along the gradient :math:`u`. To the right
# goes :math:`v`, the direction to where 1,000 more epochs would end, made perpendicular
# to :math:`u`. To keep the paths on the map, the weights may move in this plane only.

v = descend(w_middle, 0.02, 1000)[0] - w_middle
v = v - u * (u @ v)
v = v / np.sqrt(np.sum(v**2))
plane = np.stack([u, v])  # (2, 43)


def descend_in_plane(rate, updates):
    places = np.zeros((updates + 1, 2))
    for i in range(updates):
        gradient = plane @ slope(w_middle + places[i] @ plane)  # (2, 43) @ (43,)
        places[i + 1] = places[i] - rate * gradient
    return places


paths = {0.02: descend_in_plane(0.02, 100), 0.105: descend_in_plane(0.105, 12)}
ups, rights = np.linspace(-1.4, 1.1, 51), np.linspace(-0.2, 1.2, 29)
surface = [
    [loss_and_gradient(w_middle + a * u + b * v, X_train, Y_train)[0] for b in rights]
    for a in ups
]
fig, ax = plt.subplots()
levels = [0.6, 1, 2, 4, 6, 8, 10, 12]
lines = ax.contour(rights, ups, surface, levels, colors="0.65", linewidths=1)
ax.clabel(lines, fontsize=8, fmt="%g")
for (rate, path), marker in zip(paths.items(), ".s", strict=True):
    up, right = path.T
    ax.plot(right, up, marker=marker, ms=4, lw=1.2, label=f"learning rate {rate}")
    losses = [
        loss_and_gradient(w_middle + p @ plane, X_train, Y_train)[0] for p in path
    ]
    print(f"Learning rate {rate}, loss after 0 to 4 updates:", *np.round(losses[:5], 3))
ax.set(xlabel="along v", ylabel="along the gradient u")
ax.legend(loc="lower right", frameon=True)
fig.suptitle("The valley: small steps follow its floor, large ones jump across it")

# %%
# The first update of the large rate crosses the valley and ends higher on the other
# side. The slope is steeper there, and the next update goes further still. Far out the
# loss grows like a straight line and no longer like a parabola. So the path bounces
# from side to side, and still moves along the valley.
#
# Epochs
# ------
#
# Too few epochs stop before the loss is small: see the curves above. With too many, the
# network may learn its training flowers by heart (*over-fitting*). To see this clearly,
# take a network with 50 hidden units and 20 training flowers only, drawn ten times, and
# 1,000 epochs. The optimiser is *Adam*, which adapts the step to each weight and gets
# there sooner than plain updates. The test loss is only watched: no setting is chosen
# by it.

small = np.zeros((10, 1000, 2))  # training loss, test loss
for seed in seeds:
    rows = RRandom(seed).sample(105, 20)
    w, optimizer = initial_weights(50, 0.3, seed), Adam(0.02)
    for epoch in range(1000):
        loss, gradient = loss_and_gradient(w, X_train[rows], Y_train[rows])
        small[seed - 1, epoch] = loss, loss_and_gradient(w, X_test, Y_test)[0]
        optimizer.apply([gradient], [w])  # changes w
mean_test = small[:, :, 1].mean(axis=0)
best_epoch = mean_test.argmin()
for epoch in [best_epoch, 999]:
    training, test = small[:, epoch].mean(axis=0)
    print(f"Epoch {epoch + 1}: training loss {training:.4f}, test loss {test:.4f}")
worse = np.sum(small[:, -1, 1] > small[:, best_epoch, 1])
print(f"Test loss higher at the end in {worse} of {len(small)} draws")

# %%

fig, ax = plt.subplots()
epoch = np.arange(1, 1001)
for column, label in enumerate(["training loss", "test loss"]):
    mean, sd = small[:, :, column].mean(axis=0), small[:, :, column].std(axis=0, ddof=1)
    ax.plot(epoch, mean, label=label)
    ax.fill_between(epoch, mean - sd, mean + sd, alpha=0.15)
ax.axvline(best_epoch + 1, color="0.45", linewidth=1)
ax.set(xlabel="epoch", ylabel="loss, mean ± sd over draws", ylim=(0, 0.4))
ax.legend()
fig.suptitle("Over-fitting: the training loss falls on, the test loss turns and rises")
plt.show()

# %%
# The line marks the epoch with the smallest mean test loss. After it, the network
# becomes surer of what it says: rightly on its few training flowers, wrongly on some
# test flowers.
#
# Summary
# -------
#
# The learning rate comes first: far too small is slow, far too large jumps across the
# valley, or kills the units. Epochs are enough when the loss on other data stops
# falling. To choose by that loss takes data that are kept for it, and not the test
# data: see :doc:`hyperparameter_search`.
#
# Try it
# ------
#
# 1. Repeat the over-fitting with 80 training flowers instead of 20. When does the test
#    loss turn, and where does it end?
# 2. In the map, try the rates ``0.022`` and ``0.03``. Which of them comes to rest on
#    the floor of the valley?
# 3. Take the weights after 150 epochs for ``w_middle``. Why is the curvature along the
#    gradient so small there?
