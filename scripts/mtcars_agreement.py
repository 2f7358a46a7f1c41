r"""Regression: by hand and in Keras
================================

**Does Keras come to the weights of the regression by hand?** Both train the network of
:doc:`mtcars_nopackages` from the same initial weights on the same cars:

.. math::

   X \;\longrightarrow\; a_1 = \sigma(X W_1 + b_1)
     \;\longrightarrow\; a_2 = a_1 W_2 + b_2.

:doc:`iris_agreement` compared every step of a network for classes. Here two settings
have to be found that make Keras do the same: the learning rate and the batch.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.agreement import compare_all, keras_precision, print_comparisons
from course.data import load_mtcars
from course.quiet import quiet_start
from course.rbase import r_print
from course.rrandom import RRandom

with quiet_start():
    import keras
    import tensorflow as tf

plt.style.use("course.lecture")

# %%
# The same start for both
# -----------------------
#
# Data, settings and initial weights are those of :doc:`mtcars_nopackages`, from the
# same seed.
#
# .. code-block:: r
#
#    set.seed(123)
#    train_rows <- sample(nrow(mtcars), nrow(mtcars) * 0.7)
#    train_data <- mtcars[train_rows, ]
#    normalize <- function(x) (x - min(x)) / (max(x) - min(x))
#    X <- apply(train_data[, c("hp", "wt")], 2, normalize)
#    y <- matrix(normalize(train_data$mpg))
#    learning_rate <- 0.01
#    steps <- 10000
#    W1 <- matrix(runif(10, -1, 1), 2, 5)
#    b1 <- runif(5)
#    W2 <- matrix(runif(5, -1, 1), 5, 1)
#    b2 <- runif(1)
#    print(W1)


def normalize(x):
    return (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))


mtcars = load_mtcars()
rng = RRandom(123)
train_rows = rng.sample(len(mtcars), int(len(mtcars) * 0.7))
train_data = mtcars.iloc[train_rows]
X = normalize(train_data[["hp", "wt"]].to_numpy())  # (22, 2)
y = normalize(train_data[["mpg"]].to_numpy())  # (22, 1)

learning_rate = 0.01
steps = 10_000
start = {
    "W1": rng.runif(10, -1, 1).reshape(2, 5, order="F"),
    "b1": rng.runif(5),
    "W2": rng.runif(5, -1, 1).reshape(5, 1, order="F"),
    "b2": rng.runif(1),
}
r_print(start["W1"])

# %%
# By hand
# -------
#
# .. code-block:: r
#
#    sigmoid <- function(x) 1 / (1 + exp(-x))
#    train_by_hand <- function(X, y, W1, b1, W2, b2) {
#      for (step in 1:steps) {
#        a1 <- sigmoid(sweep(X %*% W1, 2, b1, "+"))
#        a2 <- sweep(a1 %*% W2, 2, b2, "+")
#        delta2 <- a2 - y
#        delta1 <- delta2 %*% t(W2) * a1 * (1 - a1)
#        W2 <- W2 - learning_rate * t(a1) %*% delta2
#        b2 <- b2 - learning_rate * colSums(delta2)
#        W1 <- W1 - learning_rate * t(X) %*% delta1
#        b1 <- b1 - learning_rate * colSums(delta1)
#      }
#      list(W1 = W1, b1 = b1, W2 = W2, b2 = b2)
#    }


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def train_by_hand(X, y, W1, b1, W2, b2):
    for _ in range(steps):
        a1 = sigmoid(X @ W1 + b1)  # (22, 5)
        a2 = a1 @ W2 + b2  # (22, 1)
        delta2 = a2 - y  # (22, 1)
        delta1 = delta2 @ W2.T * a1 * (1 - a1)  # (22, 5)
        W2 = W2 - learning_rate * a1.T @ delta2
        b2 = b2 - learning_rate * delta2.sum(axis=0)
        W1 = W1 - learning_rate * X.T @ delta1
        b1 = b1 - learning_rate * delta1.sum(axis=0)
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}


# %%
# In Keras
# --------
#
# Two things have to be made equal:
#
# - *The loss.* We descend half the *sum* of the squared errors, Keras their *mean*. Its
#   steps are as long as ours if its learning rate is :math:`n / 2` times ours.
# - *The batch.* We use all cars in each step. So does Keras when it is given all of
#   them as one batch. An epoch is then a single step; to spare the cost of starting
#   10,000 epochs, Keras gets the batch 10,000 times in one epoch, and runs 100 steps at
#   a time (``steps_per_execution``). The R lines write the epochs: that is shorter, but
#   it takes longer. (Their ``array`` keeps a bias of one number an array.)
#
# .. code-block:: r
#
#    library(keras)
#    k_set_floatx("float64")
#    train_in_keras <- function(X, y, W1, b1, W2, b2) {
#      twin <- keras_model_sequential() %>%
#        layer_dense(units = 5, activation = "sigmoid", input_shape = 2) %>%
#        layer_dense(units = 1)
#      set_weights(twin, list(W1, array(b1), W2, array(b2)))
#      twin %>% compile(
#        optimizer = optimizer_sgd(learning_rate = learning_rate * nrow(X) / 2),
#        loss = "mse"
#      )
#      twin %>% fit(
#        X, y,
#        epochs = steps,
#        batch_size = nrow(X),
#        shuffle = FALSE,
#        verbose = 0
#      )
#      get_weights(twin)
#    }


def train_in_keras(X, y, W1, b1, W2, b2):
    twin = keras.Sequential(
        [
            keras.layers.Input((2,)),
            keras.layers.Dense(5, activation="sigmoid"),
            keras.layers.Dense(1),
        ]
    )
    twin.set_weights([W1, b1, W2, b2])
    twin.compile(
        optimizer=keras.optimizers.SGD(learning_rate * len(X) / 2),
        loss="mse",
        steps_per_execution=100,
    )
    same_batch = tf.data.Dataset.from_tensors((X, y)).repeat(steps)
    twin.fit(same_batch, epochs=1, shuffle=False, verbose=0)
    return dict(zip(["W1", "b1", "W2", "b2"], twin.get_weights(), strict=True))


# %%
# Side by side
# ------------
#
# Both are done in double and in single precision, 64 and 32 bits for each number. R and
# NumPy use the first unless told otherwise, Keras the second.

by_hand, in_keras, agreement = {}, {}, {}
for dtype in ["float64", "float32"]:
    keras_precision(dtype)
    weights = {name: value.astype(dtype) for name, value in start.items()}
    by_hand[dtype] = train_by_hand(X.astype(dtype), y.astype(dtype), **weights)
    in_keras[dtype] = train_in_keras(X.astype(dtype), y.astype(dtype), **weights)
    agreement[dtype] = compare_all(by_hand[dtype], in_keras[dtype])
keras_precision("float32")

# %%
# The weights of the first layer after all steps in double precision, by hand and then
# from Keras. (The R lines are in double precision only: R has no other.)
#
# .. code-block:: r
#
#    by_hand <- train_by_hand(X, y, W1, b1, W2, b2)
#    print(unname(by_hand$W1))

r_print(by_hand["float64"]["W1"])

# %%
# .. code-block:: r
#
#    in_keras <- train_in_keras(X, y, W1, b1, W2, b2)
#    print(in_keras[[1]])

r_print(in_keras["float64"]["W1"])

# %%
# And the digits that are not shown? ``relative`` is the largest difference divided by
# the largest entry.

for dtype in ["float64", "float32"]:
    print(f"{dtype}, weights after {steps} steps, by hand against Keras")
    print_comparisons(agreement[dtype])

# %%
# What is left is rounding: a double holds about 16 decimal digits and a single about 7,
# and the two programs add up the same numbers in another order.

fig, ax = plt.subplots()
names = [c.name for c in agreement["float64"]]
for dtype, marker in [("float32", "o"), ("float64", "s")]:
    ax.plot(names, [c.max_rel for c in agreement[dtype]], marker, label=dtype)
    eps = np.finfo(dtype).eps  # the distance from 1 to the next number
    ax.axhline(eps, color="0.5", linewidth=1, linestyle=":")
    ax.text(3.4, eps, f"rounding of {dtype}", va="bottom", ha="right", color="0.35")
ax.set_yscale("log")
ax.set_ylim(1e-17, 1e-4)
ax.set_xlim(-0.5, 3.5)
ax.set_ylabel("largest relative difference")
ax.legend()
fig.suptitle("After 10,000 steps NumPy and Keras still differ by rounding only")
plt.show()

# %%
# Summary
# -------
#
# From the same weights, with the same loss and the same batches, Keras and the formulas
# of the lecture come to the same weights, in a regression as in a classification. Half
# the sum or the mean of the squared errors is a matter of the learning rate.
#
# Try it
# ------
#
# 1. Leave out the factor ``len(X) / 2``. How large are the differences now?
# 2. Replace ``sigmoid`` by ``tanh`` on both sides. Which line of ``train_by_hand`` has
#    to change besides the first?
