r"""Two implementations, one answer
===============================

**Is what we wrote by hand really what Keras does?** Here both train the network of
:doc:`iris_nopackages` from the same initial weights on the same flowers. In every epoch
we compare all that they compute: activations, loss, gradients and weights. (The
*gradient* is all the derivatives together.)

.. math::

   X \;\longrightarrow\; a_1 = \operatorname{relu}(X W_1 + b_1)
     \;\longrightarrow\; a_2 = \operatorname{softmax}(a_1 W_2 + b_2).
"""

import matplotlib.pyplot as plt
import numpy as np

from course.agreement import (
    TOLERANCES,
    compare_all,
    keras_precision,
    print_comparisons,
)
from course.data import load_iris
from course.plots import plot_comparisons
from course.quiet import quiet_start
from course.rbase import one_hot, r_print
from course.rrandom import RRandom

with quiet_start():
    import keras
    import tensorflow as tf

plt.style.use("course.lecture")

# %%
# The same start for both
# -----------------------
#
# Data, settings and initial weights are those of :doc:`iris_nopackages`, from the same
# seed.
#
# .. code-block:: r
#
#    set.seed(123)
#    train_rows <- sample(150, 105)
#    train_data <- unname(as.matrix(iris[train_rows, 1:4]))
#    train_labels_onehot <- diag(3)[iris$Species[train_rows], ]
#
#    hidden_size <- 5
#    learning_rate <- 0.001
#    epochs <- 200
#    initial <- list(
#      W1 = matrix(rnorm(20), 4, hidden_size),
#      b1 = array(0, hidden_size),
#      W2 = matrix(rnorm(15), hidden_size, 3),
#      b2 = array(0, 3)
#    )

iris = load_iris()
rng = RRandom(123)
train_rows = rng.sample(150, 105)
train_data = iris.iloc[train_rows, :4].to_numpy()  # (105, 4)
train_labels_onehot = one_hot(iris["Species"].iloc[train_rows])  # (105, 3)

hidden_size = 5
learning_rate = 0.001
epochs = 200
initial = {
    "W1": rng.rnorm(20).reshape(4, hidden_size, order="F"),
    "b1": np.zeros(hidden_size),
    "W2": rng.rnorm(15).reshape(hidden_size, 3, order="F"),
    "b2": np.zeros(3),
}

# %%
# By hand
# -------
#
# One epoch: forward, loss, backward, update. The function returns all that it computed
# and the new weights.
#
# .. code-block:: r
#
#    relu <- function(x) pmax(x, 0)
#    softmax <- function(x) exp(x) / rowSums(exp(x))
#    epoch_by_hand <- function(x, y, weights) with(weights, {
#      a1 <- relu(sweep(x %*% W1, 2, b1, "+"))
#      a2 <- softmax(sweep(a1 %*% W2, 2, b2, "+"))
#      loss <- -sum(y * log(a2)) / nrow(y)
#      dz2 <- a2 - y
#      dW2 <- t(a1) %*% dz2
#      db2 <- colSums(dz2)
#      dz1 <- dz2 %*% t(W2) * (a1 > 0)
#      dW1 <- t(x) %*% dz1
#      db1 <- colSums(dz1)
#      computed <- list(
#        a1 = a1, a2 = a2, loss = loss, dW1 = dW1, db1 = db1, dW2 = dW2, db2 = db2
#      )
#      descend <- function(w, dw) w - learning_rate * dw
#      list(
#        computed = computed,
#        weights = Map(descend, weights, list(dW1, db1, dW2, db2))
#      )
#    })

COMPUTED = ["a1", "a2", "loss", "dW1", "db1", "dW2", "db2"]
WEIGHTS = ["W1", "b1", "W2", "b2"]


def relu(x):
    return np.maximum(0, x)


def softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)


def epoch_by_hand(x, y, W1, b1, W2, b2):
    a1 = relu(x @ W1 + b1)  # (105, 5)
    a2 = softmax(a1 @ W2 + b2)  # (105, 3)
    loss = -np.sum(y * np.log(a2)) / len(y)
    dz2 = a2 - y  # (105, 3)
    dW2 = a1.T @ dz2  # (5, 3)
    db2 = dz2.sum(axis=0)  # (3,)
    dz1 = dz2 @ W2.T * (a1 > 0)  # (105, 5)
    dW1 = x.T @ dz1  # (4, 5)
    db1 = dz1.sum(axis=0)  # (5,)
    W1 = W1 - learning_rate * dW1
    b1 = b1 - learning_rate * db1
    W2 = W2 - learning_rate * dW2
    b2 = b2 - learning_rate * db2
    weights = dict(zip(WEIGHTS, [W1, b1, W2, b2], strict=True))
    computed = [a1, a2, loss, dW1, db1, dW2, db2]
    return dict(zip(COMPUTED, computed, strict=True)), weights


# %%
# In Keras
# --------
#
# Three settings make Keras do the same:
#
# - ``SGD`` is the plain rule *weight minus learning rate times derivative*.
# - ``reduction="sum"``: our derivatives are those of the *sum* of the losses. By
#   default Keras takes the mean.
# - *All flowers in one step*, as in our loop: ``train_on_batch`` gets all 105.
#
# ``GradientTape`` is TensorFlow's way to differentiate. It notes each operation on the
# way forward and applies the chain rule on the way back. It knows the derivative of
# each operation, but nobody gave it the formulas for this network.
#
# .. code-block:: r
#
#    library(keras)
#    library(tensorflow)
#    build_twin <- function(weights) {
#      twin <- keras_model_sequential() %>%
#        layer_dense(units = hidden_size, activation = "relu", input_shape = 4) %>%
#        layer_dense(units = 3, activation = "softmax")
#      set_weights(twin, unname(weights))
#      twin %>% compile(
#        optimizer = optimizer_sgd(learning_rate = learning_rate),
#        loss = loss_categorical_crossentropy(reduction = "sum")
#      )
#      twin
#    }
#    epoch_in_keras <- function(twin, x, y) {
#      with(tf$GradientTape() %as% tape, {
#        a1 <- twin$layers[[1]](x)
#        a2 <- twin$layers[[2]](a1)
#        total <- twin$compute_loss(x, tf$constant(y), a2)
#      })
#      gradients <- tape$gradient(total, twin$trainable_weights)
#      train_on_batch(twin, x, y)
#      computed <- lapply(c(list(a1, a2, total), gradients), as.array)
#      names(computed) <- c("a1", "a2", "loss", "dW1", "db1", "dW2", "db2")
#      computed$loss <- computed$loss / nrow(x)
#      weights <- get_weights(twin)
#      list(computed = computed, weights = setNames(weights, names(initial)))
#    }


def build_twin(W1, b1, W2, b2):
    twin = keras.Sequential(
        [
            keras.layers.Input((4,)),
            keras.layers.Dense(hidden_size, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    twin.set_weights([W1, b1, W2, b2])
    twin.compile(
        optimizer=keras.optimizers.SGD(learning_rate),
        loss=keras.losses.CategoricalCrossentropy(reduction="sum"),
    )
    return twin


def epoch_in_keras(twin, x, y):
    hidden, output = twin.layers
    with tf.GradientTape() as tape:
        a1 = hidden(x)
        a2 = output(a1)
        total = twin.compute_loss(x, y, a2)
    dW1, db1, dW2, db2 = tape.gradient(total, twin.trainable_weights)
    twin.train_on_batch(x, y)  # one update
    loss = total / len(x)
    computed = [a1, a2, loss, dW1, db1, dW2, db2]
    weights = dict(zip(WEIGHTS, twin.get_weights(), strict=True))
    return dict(zip(COMPUTED, computed, strict=True)), weights


# %%
# Side by side
# ------------
#
# Both sides now train for 200 epochs. In each epoch we ask two questions:
#
# - *Same weights in, same numbers out?* We start the epoch from Keras' weights and
#   compare all that is computed from them.
# - *Same path?* A second copy by hand starts from the initial weights and never sees
#   Keras' numbers. We compare its weights with Keras'.
#
# We do all of this twice: in double precision (``float64``, R's and NumPy's own) and in
# single precision (``float32``, Keras' own). Keras needs two settings for that, one for
# its numbers (``set_floatx``) and one for its layers (``set_dtype_policy``). R itself
# has no single precision, so the R lines take double precision alone.
#
# .. code-block:: r
#
#    relative <- function(a, b) max(abs(a - b)) / max(abs(b))
#    k_set_floatx("float64")
#    x <- train_data
#    y <- train_labels_onehot
#    twin <- build_twin(initial)
#    keras_weights <- own_weights <- initial
#    one_epoch <- whole_way <- NULL
#    for (epoch in 1:epochs) {
#      by_hand <- epoch_by_hand(x, y, keras_weights)
#      own_weights <- epoch_by_hand(x, y, own_weights)$weights
#      in_keras <- epoch_in_keras(twin, x, y)
#      keras_weights <- in_keras$weights
#      differences <- c(
#        mapply(relative, by_hand$computed, in_keras$computed),
#        mapply(relative, by_hand$weights, keras_weights)
#      )
#      one_epoch <- rbind(one_epoch, differences)
#      whole_way <- rbind(whole_way, mapply(relative, own_weights, keras_weights))
#    }

one_epoch = {"float64": [], "float32": []}  # comparisons, both from the same weights
whole_way = {"float64": [], "float32": []}  # comparisons, each on its own
losses = []
for dtype in ["float64", "float32"]:
    keras_precision(dtype)
    x, y = train_data.astype(dtype), train_labels_onehot.astype(dtype)
    start = {name: value.astype(dtype) for name, value in initial.items()}
    twin = build_twin(**start)
    keras_weights, own_weights = start, start
    for _ in range(epochs):
        by_hand, new_weights = epoch_by_hand(x, y, **keras_weights)
        _, own_weights = epoch_by_hand(x, y, **own_weights)
        in_keras, keras_weights = epoch_in_keras(twin, x, y)
        hand_side, keras_side = by_hand | new_weights, in_keras | keras_weights
        one_epoch[dtype].append(compare_all(hand_side, keras_side))
        whole_way[dtype].append(compare_all(own_weights, keras_weights))
        if dtype == "float64":
            losses.append(by_hand["loss"])
    if dtype == "float64":
        final_by_hand, final_in_keras = own_weights, keras_weights
keras_precision("float32")

# %%
# The first layer's weights after 200 epochs in double precision, each side on its own;
# by hand, then from Keras:
#
# .. code-block:: r
#
#    print(own_weights$W1)
#    print(keras_weights$W1)

r_print(final_by_hand["W1"])
r_print(final_in_keras["W1"])

# %%
# All the digits shown are the same. How large are the differences in the digits not
# shown?
#
# Same weights in, same numbers out
# ---------------------------------
#
# For each quantity, the epoch with the largest relative difference. *Relative* means
# divided by the largest entry of the array.
#
# .. code-block:: r
#
#    print(signif(apply(one_epoch, 2, max), 1))


def largest(comparisons_by_epoch):
    """For each quantity, the comparison in the epoch with the largest difference."""
    by_quantity = zip(*comparisons_by_epoch, strict=True)
    return [max(cs, key=lambda c: c.max_rel) for cs in by_quantity]


for dtype in ["float64", "float32"]:
    print(f"{dtype}, the worst of {epochs} epochs")
    print_comparisons(largest(one_epoch[dtype]))
    print(f"limit for the relative difference: {TOLERANCES[dtype]:.0e}\n")

# %%
# The same in a figure. A difference of exactly 0 is drawn at the lower edge.

worst = {dtype: largest(by_epoch) for dtype, by_epoch in one_epoch.items()}
plot_comparisons(worst, "From the same weights, hand and Keras agree to rounding error")

# %%
# The same path
# -------------
#
# And each side on its own, from the first epoch to the last?
#
# .. code-block:: r
#
#    print(signif(whole_way[epochs, ], 1))

for dtype in ["float64", "float32"]:
    print(f"{dtype}, weights after {epochs} epochs, each side on its own")
    print_comparisons(whole_way[dtype][-1])
    print()

# %%

fig, (above, below) = plt.subplots(
    2, 1, sharex=True, figsize=(6.4, 5.4), height_ratios=[3, 2]
)
for dtype in ["float32", "float64"]:
    differences = [max(c.max_rel for c in cs) for cs in whole_way[dtype]]
    above.semilogy(np.arange(1, epochs + 1), differences, label=dtype)
above.set_ylim(1e-17, 1)
above.set_ylabel("relative difference\nof the weights")
above.legend(loc="center right")
below.semilogy(np.arange(1, epochs + 1), losses)
below.set_ylabel("training loss")
below.set_xlabel("epoch")
fig.suptitle("The difference of the weights, and the training loss")

# %%
# In double precision the two stay together. In single precision they part when the loss
# bounces. There the learning rate is too large for the slope the network has come to:
# each step overshoots, and each overshoot multiplies whatever difference there is,
# however small. Rounding errors are multiplied like any other. It happens in double
# precision too; there the errors start hundreds of millions of times smaller, and the
# two sides come together again. So a lasting difference in single precision says
# nothing about the formulas: they agree in every single epoch, as the section above
# shows.
#
# And ``fit``?
# ------------
#
# So far Keras took its steps one by one, so that we could look in between. ``fit`` is
# the same loop. Here it starts from the initial weights; ``shuffle=False`` keeps the
# order of the flowers, and so the order of the sums. Its weights compared with those by
# hand:
#
# .. code-block:: r
#
#    twin <- build_twin(initial)
#    twin %>% fit(
#      x, y,
#      epochs = epochs,
#      batch_size = 105,
#      shuffle = FALSE,
#      verbose = 0
#    )
#    fitted_weights <- get_weights(twin)
#    print(signif(mapply(relative, own_weights, fitted_weights), 1))
#    k_set_floatx("float32")

with keras_precision("float64"):
    twin = build_twin(**initial)
    twin.fit(
        train_data,
        train_labels_onehot,
        epochs=epochs,
        batch_size=105,
        shuffle=False,
        verbose=0,
    )
    fitted = dict(zip(WEIGHTS, twin.get_weights(), strict=True))
    fit_agreement = compare_all(final_by_hand, fitted)
    print_comparisons(fit_agreement)
plt.show()

# %%
# Why not exactly zero?
# ---------------------
#
# A computer rounds each result to the nearest number it can hold: a ``float64`` has
# about 16 decimal digits, a ``float32`` about 7. Adding up in another order rounds
# differently, and the two libraries do not add in the same order. A wrong formula would
# show at once: change one sign in one derivative, and the first epoch disagrees in the
# first digit.
#
# One oddity is worth knowing here. With softmax as the last function, Keras on
# TensorFlow computes this loss from the sums *before* the softmax, which is more exact
# when a probability is close to zero. Nothing in the program says so.
#
# Summary
# -------
#
# The seven steps by hand and ``compile`` and ``fit`` are one and the same computation.
# Other optimisers, other layers and batches change single steps of it.
#
# Try it
# ------
#
# 1. Change one sign in ``epoch_by_hand``. Which quantities exceed the limit, and which
#    stay within it? (NumPy may warn: the copy on its own can diverge.)
# 2. Leave out ``reduction="sum"``. Which rate inside ``SGD(...)`` makes the weights
#    agree again? Why do loss and gradients still differ?
