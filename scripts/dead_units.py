r"""Saturated and dead units
========================

**When does a unit learn no more?** The derivative of its activation function :math:`f`
is a factor in the derivatives of all its weights:

.. math::

   dz_1 = (dz_2 W_2^\top) \odot f'(z_1), \qquad dW_1 = X^\top dz_1.

Where :math:`f'` is close to 0, a unit is *saturated*: its weights hardly move. Where it
is exactly 0 for all cases, the unit is *dead*: they do not move at all. This lesson
shows both, with three functions of :doc:`activations`.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.data import load_iris
from course.rbase import one_hot, r_print
from course.rrandom import RRandom

plt.style.use("course.lecture")

# %%
# Saturation
# ----------
#
# Where sigmoid is flat its derivative is close to 0. A network multiplies one such
# derivative for each layer. What do ten layers make of it, if the sum is the same in
# each?
#
# .. code-block:: r
#
#    sigmoid <- function(z) 1 / (1 + exp(-z))
#    z <- c(0, 2, 5, 10)
#    one_layer <- sigmoid(z) * (1 - sigmoid(z))
#    ten_layers <- one_layer^10
#    print(rbind(z, one_layer, ten_layers))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


z = np.array([0.0, 2, 5, 10])
one_layer = sigmoid(z) * (1 - sigmoid(z))
ten_layers = one_layer**10
r_print(np.array([z, one_layer, ten_layers]), rows=["z", "one_layer", "ten_layers"])

# %%
# Even the largest derivative that sigmoid has leaves next to nothing after ten layers.
# ReLU's derivative is exactly 1 where a unit is active, and so is the product.
# :doc:`vanishing_gradients` measures this in a network, together with the weights.
#
# A dead unit
# -----------
#
# ReLU has a price: where a unit is not active, its derivative is 0. In
# :doc:`iris_nopackages` the first hidden unit was dead, active for no flower. Here is
# its start again. The biases are zero.
#
# .. code-block:: r
#
#    set.seed(123)
#    train_rows <- sample(150, 105)
#    X <- as.matrix(iris[train_rows, 1:4])
#    Y <- diag(3)[iris$Species[train_rows], ]
#    start <- list(W1 = matrix(rnorm(20), 4, 5), b1 = numeric(5))
#    start <- c(start, list(W2 = matrix(rnorm(15), 5, 3), b2 = numeric(3)))
#    print(colSums(X %*% start$W1 > 0))

iris = load_iris()
rng = RRandom(123)
train_rows = rng.sample(150, 105)
X = iris.iloc[train_rows, :4].to_numpy()  # (105, 4)
Y = one_hot(iris["Species"].iloc[train_rows])  # (105, 3)
W1_start = rng.rnorm(20).reshape(4, 5, order="F")
W2_start = rng.rnorm(15).reshape(5, 3, order="F")
start = W1_start, np.zeros(5), W2_start, np.zeros(3)
r_print((X @ W1_start > 0).sum(axis=0))

# %%
# So many of the 105 flowers make each unit active. What reaches the weights of the
# first one, with ReLU and with leaky ReLU? Both are :math:`\max(c z, z)`, and for ReLU
# the slope :math:`c` is 0.
#
# .. code-block:: r
#
#    softmax <- function(z) exp(z) / rowSums(exp(z))
#    gradients <- function(slope, W1, b1, W2, b2) {
#      z1 <- sweep(X %*% W1, 2, b1, "+")
#      a1 <- pmax(slope * z1, z1)
#      dz2 <- softmax(sweep(a1 %*% W2, 2, b2, "+")) - Y
#      dz1 <- dz2 %*% t(W2) * ifelse(z1 > 0, 1, slope)
#      list(t(X) %*% dz1, colSums(dz1), t(a1) %*% dz2, colSums(dz2))
#    }
#    slopes <- c("ReLU" = 0, "leaky ReLU" = 0.25)
#    dW1_relu <- do.call(gradients, c(slopes[["ReLU"]], start))[[1]]
#    dW1_leaky <- do.call(gradients, c(slopes[["leaky ReLU"]], start))[[1]]
#    print(as.vector(dW1_relu[, 1]))
#    print(as.vector(dW1_leaky[, 1]))


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def gradients(slope, W1, b1, W2, b2):
    z1 = X @ W1 + b1  # (105, 4) @ (4, 5) -> (105, 5)
    a1 = np.maximum(slope * z1, z1)
    dz2 = softmax(a1 @ W2 + b2) - Y  # (105, 3)
    dz1 = dz2 @ W2.T * np.where(z1 > 0, 1, slope)  # (105, 3) @ (3, 5) -> (105, 5)
    return X.T @ dz1, dz1.sum(axis=0), a1.T @ dz2, dz2.sum(axis=0)


slopes = {"ReLU": 0, "leaky ReLU": 0.25}
dW1_relu = gradients(slopes["ReLU"], *start)[0]
dW1_leaky = gradients(slopes["leaky ReLU"], *start)[0]
r_print(dW1_relu[:, 0])
r_print(dW1_leaky[:, 0])

# %%
# With ReLU nothing reaches the weights of the dead unit, with leaky ReLU something
# does. After the 200 epochs of :doc:`iris_nopackages`:
#
# .. code-block:: r
#
#    learning_rate <- 0.001
#    epochs <- 200
#    step <- function(w, dw) w - learning_rate * dw
#    for (name in names(slopes)) {
#      weights <- start
#      for (epoch in 1:epochs) {
#        weights <- Map(step, weights, do.call(gradients, c(slopes[[name]], weights)))
#      }
#      moved <- apply(abs(weights$W1 - start$W1), 2, max)
#      cat(name, ": largest change in each unit's weights\n", sep = "")
#      print(round(moved, 4))
#    }

learning_rate, epochs = 0.001, 200
moved = {}
for name, slope in slopes.items():
    weights = start
    for _ in range(epochs):
        pairs = zip(weights, gradients(slope, *weights), strict=True)
        weights = [w - learning_rate * dw for w, dw in pairs]
    moved[name] = np.abs(weights[0] - W1_start).max(axis=0)
    print(f"{name}: largest change in each unit's weights")
    r_print(moved[name].round(4))

fig, ax = plt.subplots()
units = np.arange(1, 6)
for (name, change), shift in zip(moved.items(), [-0.2, 0.2], strict=True):
    ax.bar(units + shift, change, width=0.4, label=name)
ax.set_xlabel("hidden unit")
ax.set_ylabel("largest change of a weight")
ax.legend()
fig.suptitle("The first unit never moves with ReLU; with leaky ReLU it does")
plt.show()

# %%
# With leaky ReLU the first unit has moved like the others. ELU, SiLU and GELU pass
# something on below 0 too, as long as the sum is not far below.
#
# Summary
# -------
#
# A saturated unit passes next to nothing back, and with many layers what is left is
# multiplied. A unit with ReLU that is active for no case is dead: its weights never
# move. Leaky ReLU passes something back for every case, and the same unit moved.
#
# Try it
# ------
#
# 1. Take the seed 1 in place of 123. How many units are dead at the start?
# 2. Set the slope of leaky ReLU to ``0.01``. How far does the first unit move now?
# 3. Start with biases of 5 for the hidden units. Is the first unit still dead?
