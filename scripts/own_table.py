r"""Your own table
==============

**How does a network do on data of your own?** Bring a CSV file with a column to
predict. The lesson trains the network of the lecture on it, by hand and in Keras:

.. math::

   X \;\longrightarrow\; a_1 = \operatorname{relu}(X W_1 + b_1)
     \;\longrightarrow\; z_2 = a_1 W_2 + b_2.

For a class, :math:`a_2 = \operatorname{softmax}(z_2)` is the answer, a probability for
each class; for a number, :math:`a_2 = z_2`.

The page shows the iris flowers. The file and the column are two settings, or two
arguments of the script: ``python own_table.py my.csv price``.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from course.agreement import compare, keras_precision, print_comparisons
from course.data import FOLDER
from course.plots import plot_confusion_matrix, plot_history, plot_predicted
from course.quiet import quiet_start
from course.rbase import factor, max_col, one_hot, r_print, scale, table
from course.rrandom import RRandom
from course.tables import read_table

with quiet_start():
    import keras
    import tensorflow as tf

plt.style.use("course.lecture")

# %%
# The table
# ---------
#
# Put your own file and column here. For a number, take the second line out of its
# comment: how far cars go on a gallon of fuel.

path, target = FOLDER / "iris.csv", "Species"
# path, target = FOLDER / "mtcars.csv", "mpg"

# Jupyter has arguments of its own, which are not meant for the lesson.
is_script = Path(sys.argv[0]).name == Path(globals().get("__file__", ".")).name
if is_script and len(sys.argv) > 1:
    if len(sys.argv) != 3:
        found = sys.argv[1:]
        sys.exit(f"Expected a file and a column. Received: {found}. Name just these.")
    path, target = sys.argv[1:]

# %%
# The first line of the file has the names of the columns. All columns but the target
# are predictors, and have to be numbers. ``read_table`` says so if they are not, and
# looks for what else would do harm: missing values, a class of two rows, a predictor
# that never varies. Its argument ``leave_out`` leaves out columns, ``sep`` and ``dec``
# are those of R. Text makes classes, and so do whole numbers of few different values;
# ``classes=False`` says that they are numbers all the same.
#
# ``read.csv`` of R looks for none of this. The R lines first make a CSV file of R's own
# iris flowers.
#
# .. code-block:: r
#
#    path <- tempfile(fileext = ".csv")
#    write.csv(iris, path, row.names = FALSE)
#    target <- "Species"
#    my_table <- read.csv(path)
#    X <- as.matrix(my_table[names(my_table) != target])
#    y <- my_table[[target]]
#    if (is.character(y)) y <- factor(y)
#    cat("Rows:", nrow(X), "\n")
#    cat("Predictors:", colnames(X), "\n")
#    cat("Target:", target, "\n")
#    if (is.factor(y)) {
#      cat("Classes:", levels(y), "\n")
#      cat("Rows of each:", table(y), "\n")
#    } else {
#      cat("Numbers from", min(y), "to", max(y), "\n")
#    }

X, y = read_table(path, target)
is_class = y.dtype == "category"
print("Rows:", len(X))
print("Predictors:", *X.columns)
print("Target:", target)
if is_class:
    print("Classes:", *y.cat.categories)
    print("Rows of each:", *y.value_counts(sort=False))
else:
    print(f"Numbers from {y.min():.7g} to {y.max():.7g}")

# %%
# Training rows, test rows
# ------------------------
#
# Of the rows, 70 % are for training, drawn as in the other lessons. Each predictor gets
# mean 0 and standard deviation 1 *in the training rows*. The test rows are moved and
# stretched by the same numbers: what is learnt from the training rows stays as learnt.
#
# .. code-block:: r
#
#    set.seed(123)
#    train_rows <- sample(nrow(X), nrow(X) * 0.7)
#    X_train <- scale(X[train_rows, ])
#    centre <- attr(X_train, "scaled:center")
#    spread <- attr(X_train, "scaled:scale")
#    X_test <- scale(X[-train_rows, ], centre, spread)
#    print(unname(X_test[1:3, ]))

rng = RRandom(123)
train_rows = rng.sample(len(X), int(len(X) * 0.7))
test_rows = np.delete(np.arange(len(X)), train_rows)
X_train = scale(X.iloc[train_rows])  # (n, p)
centre, spread = X.iloc[train_rows].mean(), X.iloc[train_rows].std()
X_test = ((X.iloc[test_rows] - centre) / spread).to_numpy()  # (m, p)
r_print(X_test[:3])

# %%
# A class becomes a one-hot row. A number is scaled as the predictors are; otherwise the
# learning rate would have to fit its unit.
#
# .. code-block:: r
#
#    if (is.factor(y)) {
#      Y <- diag(nlevels(y))[y, ]
#    } else {
#      Y <- matrix((y - mean(y[train_rows])) / sd(y[train_rows]))
#    }
#    Y_train <- Y[train_rows, , drop = FALSE]
#    Y_test <- Y[-train_rows, , drop = FALSE]
#    print(Y_train[1:3, , drop = FALSE])

y_train, y_test = y.iloc[train_rows], y.iloc[test_rows]
if is_class:
    Y = one_hot(y)  # a column for each class
else:
    Y = ((y - y_train.mean()) / y_train.std()).to_numpy()[:, np.newaxis]  # one column
Y_train, Y_test = Y[train_rows], Y[test_rows]  # (n, q), (m, q)
r_print(Y_train[:3])

# %%
# By hand
# -------
#
# Only the last function and the loss depend on what is predicted. Softmax goes with the
# *cross-entropy*, a number as it is with *half the mean squared error*:
#
# .. math::
#
#    L = -\frac{1}{n} \sum_{i,k} y_{ik} \log a_{2,ik}
#    \qquad \text{or} \qquad
#    L = \frac{1}{2n} \sum_i (a_{2,i} - y_i)^2.
#
# The weights start smaller than in :doc:`iris_nopackages`: the more predictors, the
# smaller, so that the sums do not grow with their number. Softmax subtracts the largest
# entry of each row first, which changes no probability and prevents an overflow.
#
# .. code-block:: r
#
#    p <- ncol(X_train)
#    q <- ncol(Y_train)
#    hidden_size <- 5
#    W1 <- matrix(rnorm(p * hidden_size), p, hidden_size) / sqrt(p)
#    b1 <- numeric(hidden_size)
#    W2 <- matrix(rnorm(hidden_size * q), hidden_size, q) / sqrt(hidden_size)
#    b2 <- numeric(q)
#    softmax <- function(z) {
#      e <- exp(z - apply(z, 1, max))
#      e / rowSums(e)
#    }
#    forward <- function(x, W1, b1, W2, b2) {
#      a1 <- pmax(sweep(x %*% W1, 2, b1, "+"), 0)
#      z2 <- sweep(a1 %*% W2, 2, b2, "+")
#      list(a1 = a1, a2 = if (is.factor(y)) softmax(z2) else z2)
#    }
#    compute_loss <- function(a2, Y) {
#      if (is.factor(y)) -sum(Y * log(a2)) / nrow(Y) else mean((a2 - Y)^2) / 2
#    }
#    print(compute_loss(forward(X_train, W1, b1, W2, b2)$a2, Y_train))

hidden_size = 5
p, q = X_train.shape[1], Y_train.shape[1]
W1 = rng.rnorm(p * hidden_size).reshape(p, hidden_size, order="F") / np.sqrt(p)
b1 = np.zeros(hidden_size)
W2 = rng.rnorm(hidden_size * q).reshape(hidden_size, q, order="F")
W2 = W2 / np.sqrt(hidden_size)
b2 = np.zeros(q)
initial = [W1, b1, W2, b2]


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def forward(x, W1, b1, W2, b2):
    a1 = np.maximum(0, x @ W1 + b1)  # (n, p) @ (p, 5) -> (n, 5)
    z2 = a1 @ W2 + b2  # (n, 5) @ (5, q) -> (n, q)
    return a1, softmax(z2) if is_class else z2


def compute_loss(a2, Y):
    if is_class:
        return -np.sum(Y * np.log(a2)) / len(Y)
    return np.mean((a2 - Y) ** 2) / 2


r_print(compute_loss(forward(X_train, *initial)[1], Y_train))

# %%
# For the derivative there is nothing to distinguish. With either pair of function and
# loss it is *prediction minus truth*, divided by the number of rows:
#
# .. math::
#
#    dz_2 = \frac{1}{n} (a_2 - Y).
#
# That is why these pairs are the usual ones. From here on, no line of the training asks
# what is predicted. (If the loss of your table grows, the steps are too long: make
# ``learning_rate`` smaller, as :doc:`learning_rate` shows.)
#
# .. code-block:: r
#
#    learning_rate <- 0.1
#    epochs <- 500
#    losses <- numeric(epochs)
#    for (epoch in 1:epochs) {
#      activations <- forward(X_train, W1, b1, W2, b2)
#      a1 <- activations$a1
#      a2 <- activations$a2
#      losses[epoch] <- compute_loss(a2, Y_train)
#      dz2 <- (a2 - Y_train) / nrow(Y_train)
#      dz1 <- dz2 %*% t(W2) * (a1 > 0)
#      W2 <- W2 - learning_rate * t(a1) %*% dz2
#      b2 <- b2 - learning_rate * colSums(dz2)
#      W1 <- W1 - learning_rate * t(X_train) %*% dz1
#      b1 <- b1 - learning_rate * colSums(dz1)
#      if (epoch %% 100 == 0) {
#        cat("Epoch ", epoch, ": loss ", losses[epoch], "\n", sep = "")
#      }
#    }

learning_rate = 0.1
epochs = 500
losses = []
for epoch in range(1, epochs + 1):
    a1, a2 = forward(X_train, W1, b1, W2, b2)  # (n, 5), (n, q)
    losses.append(compute_loss(a2, Y_train))
    dz2 = (a2 - Y_train) / len(Y_train)  # (n, q)
    dz1 = dz2 @ W2.T * (a1 > 0)  # (n, q) @ (q, 5) -> (n, 5)
    W2 = W2 - learning_rate * a1.T @ dz2
    b2 = b2 - learning_rate * dz2.sum(axis=0)
    W1 = W1 - learning_rate * X_train.T @ dz1
    b1 = b1 - learning_rate * dz1.sum(axis=0)
    if epoch % 100 == 0:
        print(f"Epoch {epoch}: loss {losses[-1]:.7g}")

plot_history({"loss": losses}, "The training loss")

# %%
# The test rows
# -------------
#
# How good is good? A rule that looks at no predictor is what the network has to beat:
# the most frequent class of the training rows, or their mean. The error of a number is
# the *root mean squared error* (RMSE), in the unit of the target.
#
# .. code-block:: r
#
#    test_pred <- forward(X_test, W1, b1, W2, b2)$a2
#    if (is.factor(y)) {
#      actual <- y[-train_rows]
#      predicted <- factor(levels(y)[max.col(test_pred, "first")], levels(y))
#      print(table(Predicted = predicted, Actual = actual))
#      by_rule <- levels(y)[which.max(table(y[train_rows]))]
#      result <- c(mean(predicted == actual), mean(by_rule == actual))
#      cat("Accuracy:", result[1], "- without predictors:", result[2], "\n")
#    } else {
#      centre_y <- mean(y[train_rows])
#      predicted <- test_pred[, 1] * sd(y[train_rows]) + centre_y
#      squares <- cbind(predicted - y[-train_rows], centre_y - y[-train_rows])^2
#      result <- sqrt(colMeans(squares))
#      cat("RMSE:", result[1], "- without predictors:", result[2], "\n")
#    }

_, test_pred = forward(X_test, W1, b1, W2, b2)  # (m, q)
if is_class:
    classes = y.cat.categories
    predicted = factor(classes[max_col(test_pred)], classes)
    confusion = table(Predicted=predicted, Actual=y_test)
    r_print(confusion)
    by_rule = classes[Y_train.sum(axis=0).argmax()]
    result = [np.mean(predicted == y_test), np.mean(by_rule == y_test)]
    print(f"Accuracy: {result[0]:.7g} - without predictors: {result[1]:.7g}")
    plot_confusion_matrix(confusion, "Test rows: predicted and actual classes")
else:
    predicted = test_pred[:, 0] * y_train.std() + y_train.mean()
    errors = np.column_stack([predicted - y_test, y_train.mean() - y_test])
    result = np.sqrt(np.mean(errors**2, axis=0))
    print(f"RMSE: {result[0]:.7g} - without predictors: {result[1]:.7g}")
    plot_predicted(y_test, predicted, "Test rows: predicted and actual values", target)

# %%
# In Keras
# --------
#
# The same network from the same weights, with all training rows as the batch of each
# step. Keras' mean squared error has no half in it: its derivative is longer, and the
# learning rate has to be half of ours. As in :doc:`mtcars_agreement`, the steps stand
# in one epoch, to spare the cost of starting many. That page has the R lines for Keras,
# too; those of this page run in R alone.
#
# All is in double precision, as by hand. In single precision, which Keras uses unless
# told otherwise, the last digits would depend on the number of processor cores.

rate = learning_rate if is_class else learning_rate / 2
with keras_precision("float64"):
    twin = keras.Sequential(
        [
            keras.layers.Input((p,)),
            keras.layers.Dense(hidden_size, activation="relu"),
            keras.layers.Dense(q, activation="softmax" if is_class else "linear"),
        ]
    )
    twin.set_weights(initial)
    twin.compile(
        optimizer=keras.optimizers.SGD(rate),
        loss="categorical_crossentropy" if is_class else "mse",
        steps_per_execution=100,
    )
    same_batch = tf.data.Dataset.from_tensors((X_train, Y_train)).repeat(epochs)
    twin.fit(same_batch, epochs=1, shuffle=False, verbose=0)
    keras_pred = twin.predict(X_test, verbose=0)

pairs = zip(["W1", "b1", "W2", "b2"], [W1, b1, W2, b2], twin.get_weights(), strict=True)
agreement = [compare(name, own, other) for name, own, other in pairs]
agreement.append(compare("test predictions", test_pred, keras_pred))
print_comparisons(agreement)
plt.show()

# %%
# What is left is rounding. You may go on with the one that suits you: the lines by
# hand, or Keras and what it offers beyond them.
#
# Summary
# -------
#
# For a class or for a number, a network has another last function and another loss. The
# derivative of the pair is prediction minus truth in both cases, and the rest of the
# training is line by line the same. What was learnt from the training rows, the scale
# included, is applied to the test rows as it is. A result says something beside that of
# a rule without predictors.
#
# Try it
# ------
#
# 1. Take a table of your own. Does the network beat the rule without predictors?
# 2. Change the seed of ``RRandom``: other rows are drawn for training, and the weights
#    start elsewhere. By how much does the result on the test rows change?
# 3. Predict ``mpg`` with ``leave_out=["cyl", "disp"]`` in ``read_table``. Does the
#    network need these two columns?
