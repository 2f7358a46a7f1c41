r"""Iris by hand: a network in seven steps
======================================

**What happens inside a Keras model while it trains?** This lesson builds a small neural
network for the iris flowers with matrices alone, and trains it. It follows
``scripts/iris_nopackages.R`` of `the lecture
<https://github.com/andrewcparnell/intermediate_ML>`_ and prints the digits of its
slides. All symbols are explained on the page :doc:`/notation`.

The network takes four measurements of a flower, computes five numbers from them in a
*hidden layer*, and from those the probabilities of the three species:

.. math::

   X \;\longrightarrow\; a_1 = \operatorname{relu}(X W_1 + b_1)
     \;\longrightarrow\; a_2 = \operatorname{softmax}(a_1 W_2 + b_2).

Training takes seven steps: prepare the data, choose initial weights, go forward,
compute the loss, go backward, update the weights, repeat.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.data import load_iris
from course.plots import (
    plot_confusion_matrix,
    plot_flow,
    plot_history,
    plot_network,
)
from course.rbase import factor, max_col, one_hot, r_print, r_str, table
from course.rrandom import RRandom

plt.style.use("course.lecture")

plot_network(
    [4, 5, 3],
    ["4 measurements\n$X$", "5 hidden units\n$a_1$", "3 species\n$a_2$"],
    "The network: each line is one weight",
)

# %%
# Step 1: data
# ------------
#
# Of the 150 flowers, 105 drawn at random are for training. The other 45 are kept for
# testing: the network does not see them until it is trained. The measurements stay in
# centimetres.
#
# ``RRandom`` repeats R's random numbers, so the 105 flowers are those of the lecture. R
# counts rows from 1 and Python from 0; ``np.delete`` leaves out rows, as a negative
# index does in R.
#
# .. code-block:: r
#
#    set.seed(123)
#    train_rows <- sample(150, 105)
#    train_data <- as.matrix(iris[train_rows, 1:4])
#    test_data <- as.matrix(iris[-train_rows, 1:4])
#    cat("Training rows and columns:", dim(train_data), "\n")
#    cat("Test rows and columns:", dim(test_data), "\n")

iris = load_iris()
rng = RRandom(123)
train_rows = rng.sample(150, 105)
test_rows = np.delete(np.arange(150), train_rows)

features = list(iris.columns[:4])
train_data = iris[features].to_numpy()[train_rows]  # (105, 4)
test_data = iris[features].to_numpy()[test_rows]  # (45, 4)
print("Training rows and columns:", *train_data.shape)
print("Test rows and columns:", *test_data.shape)

# %%
# The network will give three probabilities, so the species has to be three numbers too:
# a row of zeros with a 1 in the place of the right species. This is *one-hot* encoding.
#
# .. code-block:: r
#
#    species <- iris$Species
#    train_labels_onehot <- diag(3)[species[train_rows], ]
#    test_labels_onehot <- diag(3)[species[-train_rows], ]
#    colnames(train_labels_onehot) <- levels(species)
#    head(train_labels_onehot)

species = iris["Species"]
train_labels_onehot = one_hot(species.iloc[train_rows])  # (105, 3)
test_labels_onehot = one_hot(species.iloc[test_rows])  # (45, 3)
r_print(train_labels_onehot[:6], columns=species.cat.categories)

# %%
# Two of the four measurements already show how the species lie: setosa apart, the other
# two next to each other and overlapping.

fig, ax = plt.subplots()
for name, marker in zip(species.cat.categories, "os^", strict=True):
    rows = train_rows[species.iloc[train_rows] == name]
    ax.plot("Petal.Length", "Petal.Width", marker, data=iris.iloc[rows], label=name)
ax.set_xlabel("petal length (cm)")
ax.set_ylabel("petal width (cm)")
ax.legend()
fig.suptitle("Training flowers: setosa is apart, the other two species overlap")

# %%
# Step 2: initial weights
# -----------------------
#
# The data decide how many inputs and outputs there are. The rest is for us to choose:
# how many hidden units, how long a step (the *learning rate*), how many passes through
# the data (*epochs*).
#
# .. code-block:: r
#
#    input_size <- ncol(train_data)
#    output_size <- ncol(train_labels_onehot)
#    hidden_size <- 5
#    learning_rate <- 0.001
#    epochs <- 200

input_size = train_data.shape[1]
output_size = train_labels_onehot.shape[1]
hidden_size = 5
learning_rate = 0.001
epochs = 200

# %%
# The weights start at random, the biases at zero. :math:`W_1` needs a row for each
# input and a column for each hidden unit; :math:`W_2` a row for each hidden unit and a
# column for each species.
#
# R fills a matrix column by column. NumPy fills row by row unless told ``order="F"``:
# without it, the same 20 numbers would land in other places.
#
# .. code-block:: r
#
#    W1 <- matrix(rnorm(input_size * hidden_size), input_size, hidden_size)
#    b1 <- matrix(0, hidden_size, 1)
#    W2 <- matrix(rnorm(hidden_size * output_size), hidden_size, output_size)
#    b2 <- matrix(0, output_size, 1)
#    initial <- list(W1 = W1, b1 = b1, W2 = W2, b2 = b2)
#    str(W1)

n_W1 = input_size * hidden_size
n_W2 = hidden_size * output_size
W1 = rng.rnorm(n_W1).reshape(input_size, hidden_size, order="F")  # (4, 5)
b1 = np.zeros(hidden_size)  # (5,)
W2 = rng.rnorm(n_W2).reshape(hidden_size, output_size, order="F")  # (5, 3)
b2 = np.zeros(output_size)  # (3,)
initial = W1, b1, W2, b2  # kept, to start again from the same weights in step 7
r_str(W1)

# %%
# Two functions turn the weighted sums of a layer into its output, its *activations*.
# *ReLU* cuts off what is negative. *Softmax* turns each row into probabilities:
# positive numbers that sum to 1.
#
# .. math::
#
#    \operatorname{relu}(z) = \max(0, z), \qquad
#    \operatorname{softmax}(z)_k = \frac{e^{z_k}}{\sum_j e^{z_j}}.
#
# This softmax is the one of the lecture. It overflows where some :math:`z` reaches
# several hundred. Libraries subtract the largest :math:`z` of the row first, which
# prevents that and leaves the probabilities as they are.
#
# .. code-block:: r
#
#    relu <- function(x) pmax(x, 0)
#    softmax <- function(x) {
#      e <- exp(x)
#      e / rowSums(e)
#    }


def relu(x):
    return np.maximum(0, x)


def softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)


# %%
# Step 3: forward
# ---------------
#
# Data go in on one side, probabilities come out on the other:
#
# .. math::
#
#    z_1 = X W_1 + b_1, \quad a_1 = \operatorname{relu}(z_1), \quad
#    z_2 = a_1 W_2 + b_2, \quad a_2 = \operatorname{softmax}(z_2).
#
# All flowers go through at once, one per row. The bias is the same for each row. NumPy
# adds it to every row by itself (*broadcasting*). R would run down the columns instead;
# there ``sweep`` adds it across them.
#
# .. code-block:: r
#
#    forward <- function(x, W1, b1, W2, b2) {
#      z1 <- sweep(x %*% W1, 2, b1, "+")
#      a1 <- relu(z1)
#      z2 <- sweep(a1 %*% W2, 2, b2, "+")
#      a2 <- softmax(z2)
#      list(a1 = a1, a2 = a2)
#    }
#    activations <- forward(train_data, W1, b1, W2, b2)
#    a1 <- activations$a1
#    y_pred <- activations$a2
#    print(y_pred[1:3, ])


def forward(x, W1, b1, W2, b2):
    z1 = x @ W1 + b1  # (n, 4) @ (4, 5) -> (n, 5)
    a1 = relu(z1)  # (n, 5)
    z2 = a1 @ W2 + b2  # (n, 5) @ (5, 3) -> (n, 3)
    a2 = softmax(z2)  # (n, 3)
    return a1, a2


a1, y_pred = forward(train_data, W1, b1, W2, b2)
r_print(y_pred[:3], rows=train_rows[:3] + 1)  # the rows' numbers, as R counts

# %%
# Step 4: loss
# ------------
#
# How wrong are these probabilities? The *categorical cross-entropy* looks at the
# probability that each flower's true species got, and takes the mean of minus its
# logarithm:
#
# .. math::
#
#    L = -\frac{1}{n} \sum_{i=1}^{n} \sum_{k=1}^{3} y_{ik} \log a_{2,ik}.
#
# It is 0 if every true species has probability 1. A network that knows nothing and says
# one third for each species has a loss of :math:`\log 3`. Our random weights do worse:
# they are almost sure of virginica for every flower.
#
# .. code-block:: r
#
#    compute_loss <- function(y_pred, y_true) mean(-rowSums(y_true * log(y_pred)))
#    loss <- compute_loss(y_pred, train_labels_onehot)
#    print(loss)


def compute_loss(y_pred, y_true):
    return -np.sum(y_true * np.log(y_pred)) / len(y_true)


loss = compute_loss(y_pred, train_labels_onehot)
r_print(loss)

# %%
# Step 5: backward
# ----------------
#
# Which way should each weight move to make the loss smaller? The derivative of the loss
# says so. *Backpropagation* is the chain rule, applied from the output back to the
# input. In the picture, solid arrows lead from the data to the loss, dashed ones back
# to the weights. Each box has its shape, and a derivative has the shape of what it
# belongs to. The numbers are those of the seven steps.

boxes = {
    "X": (0, 0, f"$X$\n{train_data.shape}"),
    "z1": (1, 0, f"$z_1$\n{a1.shape}"),
    "a1": (2, 0, f"$a_1$\n{a1.shape}"),
    "z2": (3, 0, f"$z_2$\n{y_pred.shape}"),
    "a2": (4, 0, f"$a_2$\n{y_pred.shape}"),
    "L": (5, 0, "loss $L$"),
    "W1": (1, 1, f"$W_1$ {W1.shape}\n$b_1$ {b1.shape}"),
    "W2": (3, 1, f"$W_2$ {W2.shape}\n$b_2$ {b2.shape}"),
    "dW1": (1, 2, f"$dW_1$ {W1.shape}\n$db_1$ {b1.shape}"),
    "dW2": (3, 2, f"$dW_2$ {W2.shape}\n$db_2$ {b2.shape}"),
    "dz1": (2, 3, f"$dz_1$\n{a1.shape}"),
    "dz2": (4, 3, f"$dz_2$\n{y_pred.shape}"),
    "Y": (5, 3, f"$Y$\n{train_labels_onehot.shape}"),
}
there = [["X", "z1", "a1", "z2", "a2", "L"], ["Y", "L"], ["W1", "z1"], ["W2", "z2"]]
back = [["a2", "dz2", (3, 3), "dW2", "W2"], ["Y", "dz2", "dz1", (1, 3), "dW1", "W1"]]
back += [["X", (0, 2), "dW1"], ["a1", (2, 2), "dW2"], ["a1", "dz1"]]
steps = [(0, -0.55, "1 data"), (0.3, 1, "2 start"), (2.3, 1, "2 start")]
steps += [(2.5, -0.55, "3 forward"), (5, -0.55, "4 loss"), (0, 3, "5 backward")]
steps += [(1.5, 1.5, "6 update"), (3.5, 1.5, "6 update"), (3, 3.2, "with $W_2$")]
steps += [(1.5, 0.5, "7 repeat"), (3.5, 0.5, "7 repeat")]
plot_flow(
    boxes,
    there,
    "The seven steps: forward (solid) and backward (dashed)",
    dashed=back,
    notes=steps,
)

# %%
# Each line uses results from the lines above it:
#
# .. math::
#
#    \begin{aligned}
#    dz_2 &= a_2 - Y \\
#    dW_2 &= a_1^\top dz_2, & db_2 &= \text{column sums of } dz_2 \\
#    dz_1 &= (dz_2 W_2^\top) \odot [a_1 > 0] \\
#    dW_1 &= X^\top dz_1, & db_1 &= \text{column sums of } dz_1
#    \end{aligned}
#
# Here :math:`dz_2` stands for the derivative of the *summed* loss :math:`n L` with
# respect to :math:`z_2`, and so on; :math:`\odot` multiplies entry by entry.
#
# - Softmax and cross-entropy together have the simple derivative *prediction minus
#   truth*.
# - :math:`z_2` is :math:`a_1 W_2 + b_2`, so a change in :math:`W_2` acts through
#   :math:`a_1`: hence the factor :math:`a_1^\top`.
# - A unit is *active* for a flower if its sum :math:`z_1` is positive. The derivative
#   of ReLU is 1 where a unit is active and 0 elsewhere: hence :math:`[a_1 > 0]`.
#
# One thing to know about the lecture's script: it descends the *sum* of the losses of
# all flowers and prints their *mean*. The direction is the same; each step is :math:`n`
# times as long.
#
# .. code-block:: r
#
#    dz2 <- y_pred - train_labels_onehot
#    dW2 <- t(a1) %*% dz2
#    db2 <- colSums(dz2)
#    dz1 <- dz2 %*% t(W2) * (a1 > 0)
#    dW1 <- t(train_data) %*% dz1
#    db1 <- colSums(dz1)
#    print(unname(dW1[, 1:3]))

dz2 = y_pred - train_labels_onehot  # (105, 3)
dW2 = a1.T @ dz2  # (5, 105) @ (105, 3) -> (5, 3)
db2 = dz2.sum(axis=0)  # (3,)
dz1 = dz2 @ W2.T * (a1 > 0)  # (105, 3) @ (3, 5) -> (105, 5)
dW1 = train_data.T @ dz1  # (4, 105) @ (105, 5) -> (4, 5)
db1 = dz1.sum(axis=0)  # (5,)
r_print(dW1[:, :3])

# %%
# Step 6: update
# --------------
#
# Each weight moves a little against its derivative. The learning rate :math:`\eta` says
# how little:
#
# .. math::
#
#    W \leftarrow W - \eta\, dW.
#
# .. code-block:: r
#
#    W1 <- W1 - learning_rate * dW1
#    b1 <- b1 - learning_rate * db1
#    W2 <- W2 - learning_rate * dW2
#    b2 <- b2 - learning_rate * db2
#    print(W1)
#    print(b1)

W1 = W1 - learning_rate * dW1
b1 = b1 - learning_rate * db1
W2 = W2 - learning_rate * dW2
b2 = b2 - learning_rate * db2
r_print(W1, rows=features)
r_print(b1.reshape(-1, 1))  # as a column, since R's b1 is one

# %%
# These are the digits of the lecture's slides.
#
# The first column of :math:`W_1` has not moved, and the first bias is still zero. For
# how many of the training flowers is each hidden unit active?
#
# .. code-block:: r
#
#    print(colSums(a1 > 0))

r_print((a1 > 0).sum(axis=0))

# %%
# The first unit is active for no flower: its sum :math:`z_1` is negative for every row.
# ReLU turns all of them into 0, its derivative is 0 too, and so no change ever reaches
# the weights. Such a unit is *dead*. The network works without it.

# %%
# Step 7: repeat
# --------------
#
# The loop starts again from the initial weights and does steps 3 to 6 once per epoch.
# The step above was its first.
#
# .. code-block:: r
#
#    W1 <- initial$W1; b1 <- initial$b1; W2 <- initial$W2; b2 <- initial$b2
#    losses <- numeric(epochs)
#    for (epoch in 1:epochs) {
#      activations <- forward(train_data, W1, b1, W2, b2)
#      a1 <- activations$a1
#      y_pred <- activations$a2
#      losses[epoch] <- compute_loss(y_pred, train_labels_onehot)
#      dz2 <- y_pred - train_labels_onehot
#      dW2 <- t(a1) %*% dz2
#      db2 <- colSums(dz2)
#      dz1 <- dz2 %*% t(W2) * (a1 > 0)
#      dW1 <- t(train_data) %*% dz1
#      db1 <- colSums(dz1)
#      W1 <- W1 - learning_rate * dW1
#      b1 <- b1 - learning_rate * db1
#      W2 <- W2 - learning_rate * dW2
#      b2 <- b2 - learning_rate * db2
#      if (epoch %% 50 == 0) {
#        cat("Epoch ", epoch, ": loss ", losses[epoch], "\n", sep = "")
#      }
#    }

W1, b1, W2, b2 = initial
losses = []
for epoch in range(1, epochs + 1):
    a1, y_pred = forward(train_data, W1, b1, W2, b2)
    losses.append(compute_loss(y_pred, train_labels_onehot))
    dz2 = y_pred - train_labels_onehot
    dW2 = a1.T @ dz2
    db2 = dz2.sum(axis=0)
    dz1 = dz2 @ W2.T * (a1 > 0)
    dW1 = train_data.T @ dz1
    db1 = dz1.sum(axis=0)
    W1 = W1 - learning_rate * dW1
    b1 = b1 - learning_rate * db1
    W2 = W2 - learning_rate * dW2
    b2 = b2 - learning_rate * db2
    if epoch % 50 == 0:
        print(f"Epoch {epoch}: loss {losses[-1]:.7g}")

# %%
# Like R's ``cat``, this prints up to seven significant digits and drops zeros at the
# end. Here is the loss of every epoch:

fig = plot_history(
    {"loss": losses}, "The training loss falls, with two bounces and then a zigzag"
)
fig.axes[0].set_yscale("log")

# %%
# (The axis is logarithmic.) The loss rises at the start and once more later. From there
# on it zigzags: every second step goes up. These steps are too long and overshoot. A
# tenth of the learning rate avoids this, but gets less far in as many epochs.
#
# Which hidden units does the trained network use? Here is once more for how many of the
# training flowers each is active, now with the last weights.
#
# .. code-block:: r
#
#    trained_a1 <- forward(train_data, W1, b1, W2, b2)$a1
#    print(colSums(trained_a1 > 0))

trained_a1, _ = forward(train_data, W1, b1, W2, b2)
r_print((trained_a1 > 0).sum(axis=0))

# %%
# Two units are left, and three are dead. One of the two is active for every training
# flower: there ReLU changes nothing, and the unit is a weighted sum of the measurements
# plus its bias. Only the other one bends.

# %%
# How well does it do?
# --------------------
#
# The 45 test flowers go forward once. The predicted species is the one with the largest
# probability; counting predicted against actual species gives the *confusion table*,
# with the right answers on its diagonal.
#
# .. code-block:: r
#
#    test_pred <- forward(test_data, W1, b1, W2, b2)$a2
#    predicted <- max.col(test_pred, "first") - 1
#    actual <- max.col(test_labels_onehot, "first") - 1
#    print(table(Predicted = factor(predicted, 0:2), Actual = factor(actual, 0:2)))
#    accuracy <- mean(predicted == actual)
#    cat("Accuracy:", accuracy, "\n")

_, test_pred = forward(test_data, W1, b1, W2, b2)
predicted = max_col(test_pred)  # 0 setosa, 1 versicolor, 2 virginica
actual = max_col(test_labels_onehot)
confusion = table(
    Predicted=factor(predicted, [0, 1, 2]), Actual=factor(actual, [0, 1, 2])
)
r_print(confusion)
accuracy = np.mean(predicted == actual)
print(f"Accuracy: {accuracy:.7g}")

# %%

plot_confusion_matrix(confusion, "Test flowers: only 1 and 2 are mixed up")
plt.show()

# %%
# Summary
# -------
#
# A network is a chain of matrix products and simple functions. Training repeats four
# steps: forward, loss, backward, update. Keras does the same and works out the
# derivatives for us; :doc:`iris_agreement` compares the two, number by number.
#
# Where this differs from the lecture's script
# --------------------------------------------
#
# - The script prints epoch and loss every 50 epochs, then the table and the accuracy.
#   The single step before the loop is that of the slides. All else that is printed or
#   drawn here is added.
# - One-hot rows come from ``model.matrix`` there; here R takes rows of ``diag(3)``.
# - Biases are added there as a matrix of repeated rows; here R has ``sweep``, and NumPy
#   repeats by itself.
# - Where two probabilities are equal, ``max.col`` chooses at random there; here the
#   first is taken.
# - The table has there the species that occur; here always all three. The accuracy is
#   the share of its diagonal there; here it is that of the right answers, which is the
#   same if no species is missing.
#
# Try it
# ------
#
# 1. Set ``hidden_size`` to 10. How many weights and biases are there now? How many
#    units are dead? (Only one line of the computation has to change.)
# 2. Leave out ``order="F"``. The data are the same and so are the random numbers: why
#    does the first loss change?
# 3. Start with all weights at zero. What do the hidden units learn, and why?
