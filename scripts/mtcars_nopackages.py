r"""Regression by hand: fuel economy from power and weight
=======================================================

**What changes when the answer is a number instead of a class?** Only the last layer and
the loss have to. This lesson follows ``scripts/mtcars_nopackages.R`` of `the lecture
<https://github.com/andrewcparnell/intermediate_ML>`_. It predicts how far a car goes on
a gallon of fuel (``mpg``) from its horsepower (``hp``) and weight (``wt``), with a
network of five hidden units:

.. math::

   X \;\longrightarrow\; a_1 = \sigma(X W_1 + b_1)
     \;\longrightarrow\; a_2 = a_1 W_2 + b_2, \qquad
   \sigma(z) = \frac{1}{1 + e^{-z}}.

The output has no activation function: it may be any number. The lecture's script also
uses the *sigmoid* :math:`\sigma` in the hidden layer, starts the biases at random and
rescales the data. None of this is special to regression.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.data import load_mtcars
from course.plots import plot_history, plot_network, plot_predicted
from course.rbase import r_print
from course.rrandom import RRandom

plt.style.use("course.lecture")

plot_network(
    [2, 5, 1],
    ["hp, wt\n$X$", "5 hidden units\n$a_1$", "mpg\n$a_2$"],
    "The network: two inputs, five hidden units, one output",
)

# %%
# Step 1: data
# ------------
#
# Of the 32 cars, 70 % are for training. That is not a whole number of cars; R cuts off
# the fraction, and ``int`` does the same.
#
# .. code-block:: r
#
#    set.seed(123)
#    train_rows <- sample(nrow(mtcars), nrow(mtcars) * 0.7)
#    train_data <- mtcars[train_rows, c("hp", "wt", "mpg")]
#    test_data <- mtcars[-train_rows, c("hp", "wt", "mpg")]
#    cat("Training cars:", nrow(train_data), "\n")
#    cat("Test cars:", nrow(test_data), "\n")
#    head(train_data, 3)

mtcars = load_mtcars()
rng = RRandom(123)
train_rows = rng.sample(len(mtcars), int(len(mtcars) * 0.7))
train_data = mtcars[["hp", "wt", "mpg"]].iloc[train_rows]
test_data = mtcars[["hp", "wt", "mpg"]].drop(train_data.index)
print("Training cars:", len(train_data))
print("Test cars:", len(test_data))
r_print(train_data.head(3))

# %%
# Horsepower runs into the hundreds, weight (in 1000 lb) stays below six. Without a
# common scale, no one learning rate suits the weights of both. So each column is
# *normalised*: moved and stretched to run from 0 to 1.
#
# .. math::
#
#    x \leftarrow \frac{x - \min x}{\max x - \min x}.
#
# The lecture's script normalises training and test data each by its own smallest and
# largest value. We do so too, to get its digits. The last section shows why one should
# not.
#
# .. code-block:: r
#
#    normalize <- function(x) (x - min(x)) / (max(x) - min(x))
#    X_train <- apply(train_data[, c("hp", "wt")], 2, normalize)
#    y_train <- matrix(normalize(train_data$mpg))
#    X_test <- apply(test_data[, c("hp", "wt")], 2, normalize)
#    y_test <- matrix(normalize(test_data$mpg))
#    head(X_train, 3)


def normalize(x):
    return (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))


X_train = normalize(train_data[["hp", "wt"]].to_numpy())  # (22, 2)
y_train = normalize(train_data[["mpg"]].to_numpy())  # (22, 1)
X_test = normalize(test_data[["hp", "wt"]].to_numpy())  # (10, 2)
y_test = normalize(test_data[["mpg"]].to_numpy())  # (10, 1)
r_print(X_train[:3], rows=train_data.index[:3], columns=["hp", "wt"])

# %%

fig, axes = plt.subplots(1, 2, sharey=True, figsize=(6.4, 3.4))
for ax, name in zip(axes, ["hp", "wt"], strict=True):
    ax.plot(name, "mpg", "o", data=train_data, label="training")
    ax.plot(name, "mpg", "^", data=test_data, label="test")
    ax.set_xlabel({"hp": "horsepower", "wt": "weight (1000 lb)"}[name])
axes[0].set_ylabel("miles per gallon")
axes[0].legend()
fig.suptitle("Cars with more power or more weight go less far on a gallon")

# %%
# Step 2: initial weights
# -----------------------
#
# Here the biases start at random too. The order of the four draws matters: the
# generator gives one number after the other.
#
# .. code-block:: r
#
#    learning_rate <- 0.01
#    epochs <- 10000
#    W1 <- matrix(runif(10, -1, 1), 2, 5)
#    b1 <- runif(5)
#    W2 <- matrix(runif(5, -1, 1), 5, 1)
#    b2 <- runif(1)
#    print(W1)

learning_rate = 0.01
epochs = 10_000
W1 = rng.runif(10, -1, 1).reshape(2, 5, order="F")  # (2, 5)
b1 = rng.runif(5)  # (5,)
W2 = rng.runif(5, -1, 1).reshape(5, 1, order="F")  # (5, 1)
b2 = rng.runif(1)  # (1,)
initial = W1, b1, W2, b2
r_print(W1)

# %%
# Step 3: forward
# ---------------
#
# .. code-block:: r
#
#    sigmoid <- function(x) 1 / (1 + exp(-x))
#    forward <- function(x, W1, b1, W2, b2) {
#      z1 <- sweep(x %*% W1, 2, b1, "+")
#      a1 <- sigmoid(z1)
#      a2 <- sweep(a1 %*% W2, 2, b2, "+")
#      list(a1 = a1, a2 = a2)
#    }
#    activations <- forward(X_train, W1, b1, W2, b2)
#    a1 <- activations$a1
#    a2 <- activations$a2
#    print(unname(a2[1:3, ]))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(x, W1, b1, W2, b2):
    z1 = x @ W1 + b1  # (n, 2) @ (2, 5) -> (n, 5)
    a1 = sigmoid(z1)  # (n, 5)
    a2 = a1 @ W2 + b2  # (n, 5) @ (5, 1) -> (n, 1)
    return a1, a2


a1, a2 = forward(X_train, W1, b1, W2, b2)
r_print(a2[:3, 0])

# %%
# Step 4: loss
# ------------
#
# The loss of a regression is the *mean squared error*, the mean of the squared
# differences between prediction and truth.
#
# .. code-block:: r
#
#    compute_loss <- function(y_pred, y_true) mean((y_pred - y_true)^2)
#    print(compute_loss(a2, y_train))


def compute_loss(y_pred, y_true):
    return np.mean((y_pred - y_true) ** 2)


r_print(compute_loss(a2, y_train))

# %%
# Step 5: backward
# ----------------
#
# The script descends *half the sum* of the squared errors, whose derivative with
# respect to the output is *prediction minus truth*: the same as for softmax with
# cross-entropy.
#
# .. math::
#
#    \begin{aligned}
#    \delta_2 &= a_2 - y \\
#    dW_2 &= a_1^\top \delta_2, & db_2 &= \text{column sums of } \delta_2 \\
#    \delta_1 &= (\delta_2 W_2^\top) \odot a_1 \odot (1 - a_1) \\
#    dW_1 &= X^\top \delta_1, & db_1 &= \text{column sums of } \delta_1
#    \end{aligned}
#
# The factor :math:`a_1 (1 - a_1)` is the derivative of the sigmoid, written with its
# own value. (This script writes :math:`\delta` for what the iris script calls
# :math:`dz`.)
#
# .. code-block:: r
#
#    delta2 <- a2 - y_train
#    dW2 <- t(a1) %*% delta2
#    db2 <- colSums(delta2)
#    delta1 <- delta2 %*% t(W2) * a1 * (1 - a1)
#    dW1 <- t(X_train) %*% delta1
#    db1 <- colSums(delta1)
#    print(dW1)

delta2 = a2 - y_train  # (22, 1)
dW2 = a1.T @ delta2  # (5, 22) @ (22, 1) -> (5, 1)
db2 = delta2.sum(axis=0)  # (1,)
delta1 = delta2 @ W2.T * a1 * (1 - a1)  # (22, 1) @ (1, 5) -> (22, 5)
dW1 = X_train.T @ delta1  # (2, 22) @ (22, 5) -> (2, 5)
db1 = delta1.sum(axis=0)  # (5,)
r_print(dW1, rows=["hp", "wt"])

# %%
# Steps 6 and 7: update, repeat
# -----------------------------
#
# .. math::
#
#    W \leftarrow W - \eta\, dW.
#
# .. code-block:: r
#
#    losses <- numeric(epochs)
#    for (epoch in 1:epochs) {
#      activations <- forward(X_train, W1, b1, W2, b2)
#      a1 <- activations$a1
#      a2 <- activations$a2
#      losses[epoch] <- compute_loss(a2, y_train)
#      delta2 <- a2 - y_train
#      dW2 <- t(a1) %*% delta2
#      db2 <- colSums(delta2)
#      delta1 <- delta2 %*% t(W2) * a1 * (1 - a1)
#      dW1 <- t(X_train) %*% delta1
#      db1 <- colSums(delta1)
#      W1 <- W1 - learning_rate * dW1
#      b1 <- b1 - learning_rate * db1
#      W2 <- W2 - learning_rate * dW2
#      b2 <- b2 - learning_rate * db2
#      if (epoch %% 2000 == 0) {
#        cat("Epoch ", epoch, ": loss ", losses[epoch], "\n", sep = "")
#      }
#    }

losses = []
for epoch in range(1, epochs + 1):
    a1, a2 = forward(X_train, W1, b1, W2, b2)
    losses.append(compute_loss(a2, y_train))
    delta2 = a2 - y_train
    dW2 = a1.T @ delta2
    db2 = delta2.sum(axis=0)
    delta1 = delta2 @ W2.T * a1 * (1 - a1)
    dW1 = X_train.T @ delta1
    db1 = delta1.sum(axis=0)
    W1 = W1 - learning_rate * dW1
    b1 = b1 - learning_rate * db1
    W2 = W2 - learning_rate * dW2
    b2 = b2 - learning_rate * db2
    if epoch % 2000 == 0:
        print(f"Epoch {epoch}: loss {losses[-1]:.7g}")

# %%

fig = plot_history(
    {"loss": losses}, "The loss falls in two drops, then slowly (both axes logarithmic)"
)
fig.axes[0].set_xscale("log")
fig.axes[0].set_yscale("log")

# %%
# How well does it do?
# --------------------
#
# The *root mean squared error* (RMSE) of the test cars is a typical error. On the
# normalised scale it is a fraction of the range of the test cars' ``mpg``; times that
# range it is in miles per gallon.
#
# .. code-block:: r
#
#    test_pred <- forward(X_test, W1, b1, W2, b2)$a2
#    rmse <- sqrt(mean((test_pred - y_test)^2))
#    cat("Test RMSE, normalised:", rmse, "\n")
#    test_range <- max(test_data$mpg) - min(test_data$mpg)
#    cat("Test RMSE, miles per gallon:", rmse * test_range, "\n")

_, test_pred = forward(X_test, W1, b1, W2, b2)
rmse = np.sqrt(np.mean((test_pred - y_test) ** 2))
print(f"Test RMSE, normalised: {rmse:.7g}")
test_range = test_data["mpg"].max() - test_data["mpg"].min()
print(f"Test RMSE, miles per gallon: {rmse * test_range:.7g}")

# %%

plot_predicted(
    y_test, test_pred, "Test cars: most predictions are too low", "normalised mpg"
)

# %%
# Why not to normalise the test data by themselves
# ------------------------------------------------
#
# Done as above, a car's inputs depend on which other cars are in the test set: the
# heaviest of them always has weight 1, however light it is. For a single new car there
# is no range at all. Worse, ``y_test`` is scaled with the answers, which in real use
# nobody has.
#
# What is learnt from the training data must stay as learnt: the test cars go onto the
# *training* scale, and predictions are turned back into miles per gallon with the
# minimum and the range of the training cars.
#
# .. code-block:: r
#
#    low <- apply(train_data, 2, min)
#    range <- apply(train_data, 2, max) - low
#    on_train_scale <- scale(test_data, center = low, scale = range)
#    new_pred <- forward(on_train_scale[, c("hp", "wt")], W1, b1, W2, b2)$a2
#    mpg_pred <- new_pred * range["mpg"] + low["mpg"]
#    honest_rmse <- sqrt(mean((mpg_pred - test_data$mpg)^2))
#    cat("Test RMSE on the training scale, miles per gallon:", honest_rmse, "\n")

low = train_data.min()
span = train_data.max() - low
on_train_scale = (test_data - low) / span
_, new_pred = forward(on_train_scale[["hp", "wt"]].to_numpy(), W1, b1, W2, b2)
mpg_pred = new_pred[:, 0] * span["mpg"] + low["mpg"]
honest_rmse = np.sqrt(np.mean((mpg_pred - test_data["mpg"]) ** 2))
print(f"Test RMSE on the training scale, miles per gallon: {honest_rmse:.7g}")

# %%

plot_predicted(
    test_data["mpg"],
    mpg_pred,
    "Test cars on the training scale: nearer the line",
    "mpg",
)
plt.show()

# %%
# Ten cars are few: with another seed, either error can be the smaller one. The reason
# to use the training scale is not a smaller error but a prediction that can be made at
# all.
#
# Summary
# -------
#
# For a regression, the last layer has no activation function, and the loss is the
# squared error. The rest stays, and backpropagation even starts with the same line.
#
# Where this differs from the lecture's script
# --------------------------------------------
#
# - The script prints one number, the RMSE of the normalised test answers. The losses,
#   the weights, the derivatives and the RMSE in miles per gallon are added.
# - It draws one figure, predicted against actual values with the diagonal. The others
#   are added.
# - The training scale for the test cars is not in it: the section on why not to
#   normalise the test data by themselves is added.
# - The R lines are written in the manner of :doc:`iris_nopackages`, with a function for
#   the forward pass and ``sweep`` for the biases. The order of the random draws and all
#   settings are the script's.
#
# Try it
# ------
#
# 1. Add a third predictor, ``qsec``. Which shapes change? (Mind the number of random
#    weights, and the names in ``r_print``.)
# 2. Leave out the normalisation of ``X_train`` and ``X_test``, and ignore the last
#    section. What does the loss do? Compare it with the variance of ``y_train``.
