r"""The convolutional network: by hand and in Keras
===============================================

**Is every gradient of a convolutional network what Keras computes?** The network of
:doc:`cifar_nopackages_cnn` has more than a hundred thousand weights. Here each of their
derivatives is compared with Keras', and then the weights in fifty steps of training.

.. math::

   \begin{aligned}
   X &\to z_1 = X * W_1 + b_1 \to a_1 = \operatorname{relu}(z_1)
      \to p_1 = \operatorname{pool}(a_1) \\
     &\to z_2 = p_1 * W_2 + b_2 \to a_2 = \operatorname{relu}(z_2)
      \to p_2 = \operatorname{pool}(a_2) \\
     &\to z_3 = \operatorname{flat}(p_2)\, W_3 + b_3 \to a_3 = \operatorname{relu}(z_3)
      \to z_4 = a_3 W_4 + b_4 \to a_4 = \operatorname{softmax}(z_4)
   \end{aligned}
"""

import matplotlib.pyplot as plt
import numpy as np

from course.agreement import compare, compare_all, keras_precision, print_comparisons
from course.images import load_images
from course.plots import plot_comparisons
from course.quiet import quiet_start

with quiet_start():
    import keras
    import tensorflow as tf

plt.style.use("course.lecture")

# %%
# The same pictures for both
# --------------------------
#
# At most 640 pictures, in batches of 32 if there are as many. The shapes in the
# comments are those for ten classes. The R lines take CIFAR-10, which R's package
# ``keras`` downloads.
#
# .. code-block:: r
#
#    library(keras)
#    library(tensorflow)
#    cifar <- dataset_cifar10()
#    batch_size <- 32
#    learning_rate <- 0.0001
#    x <- cifar$train$x[1:batch_size, , , ] / 255
#    y <- to_categorical(cifar$train$y[1:batch_size], 10)

(x_train, y_train), _, class_names = load_images()
n_train, n_classes = min(640, len(x_train)), len(class_names)
batch_size, steps = min(32, n_train), 50
learning_rate = 0.0001
X_train = x_train[:n_train] / 255  # (n, 32, 32, 3)
Y_train = np.eye(n_classes)[y_train[:n_train]]  # (n, 10)
WEIGHTS = ["W1", "b1", "W2", "b2", "W3", "b3", "W4", "b4"]

# %%
# By hand
# -------
#
# These are the functions of :doc:`cifar_nopackages_cnn`, line by line.
#
# .. code-block:: r
#
#    pixels <- function(x, u, v) {
#      rows <- seq(u, length.out = dim(x)[2] - 2)
#      columns <- seq(v, length.out = dim(x)[3] - 2)
#      matrix(x[, rows, columns, ], ncol = dim(x)[4])
#    }
#    convolve <- function(x, W, b) {
#      z <- 0
#      for (u in 1:3) for (v in 1:3) z <- z + pixels(x, u, v) %*% W[u, v, , ]
#      array(sweep(z, 2, b, "+"), c(nrow(x), dim(x)[2:3] - 2, dim(W)[4]))
#    }
#    convolve_backward <- function(x, W, dz) {
#      dW <- array(0, dim(W))
#      dx <- array(0, dim(x))
#      height <- dim(dz)[2]
#      width <- dim(dz)[3]
#      dz <- matrix(dz, ncol = dim(dz)[4])
#      for (u in 1:3) for (v in 1:3) {
#        dW[u, v, , ] <- t(pixels(x, u, v)) %*% dz
#        rows <- seq(u, length.out = height)
#        columns <- seq(v, length.out = width)
#        share <- as.vector(dz %*% t(W[u, v, , ]))
#        dx[, rows, columns, ] <- dx[, rows, columns, ] + share
#      }
#      list(dx = dx, dW = dW, db = colSums(dz))
#    }
#    corners <- list(c(1, 1), c(1, 2), c(2, 1), c(2, 2))
#    places <- function(size, i) seq(i, by = 2, length.out = size %/% 2)
#    corner <- function(a, ij) {
#      a[, places(dim(a)[2], ij[1]), places(dim(a)[3], ij[2]), , drop = FALSE]
#    }
#    `corner<-` <- function(a, ij, value) {
#      a[, places(dim(a)[2], ij[1]), places(dim(a)[3], ij[2]), ] <- value
#      a
#    }
#    pool <- function(a) do.call(pmax, lapply(corners, corner, a = a))
#    pool_backward <- function(a, p, dp) {
#      da <- array(0, dim(a))
#      waiting <- array(TRUE, dim(p))
#      for (ij in corners) {
#        largest <- waiting & corner(a, ij) == p
#        corner(da, ij) <- dp * largest
#        waiting <- waiting & !largest
#      }
#      da
#    }

CORNERS = [(0, 0), (0, 1), (1, 0), (1, 1)]


def windows(x):
    view = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
    return view.transpose(0, 1, 2, 4, 5, 3)  # (n, h - 2, w - 2, 3, 3, c)


def convolve(x, W, b):
    return np.tensordot(windows(x), W, axes=3) + b  # (.., 3, 3, c) . (3, 3, c, f)


def convolve_backward(x, W, dz):
    cases = [0, 1, 2]
    dW = np.tensordot(windows(x), dz, axes=(cases, cases))  # (3, 3, c, f)
    db = dz.sum(axis=(0, 1, 2))  # (f,)
    dx = np.zeros_like(x)
    height, width = dz.shape[1:3]
    for u, v in np.ndindex(3, 3):
        dx[:, u : u + height, v : v + width] += dz @ W[u, v].T  # (.., f) @ (f, c)
    return dx, dW, db


def corner(a, i, j):
    height, width = a.shape[1] // 2 * 2, a.shape[2] // 2 * 2
    return a[:, i:height:2, j:width:2]  # (n, h / 2, w / 2, c)


def pool(a):
    return np.maximum.reduce([corner(a, i, j) for i, j in CORNERS])


def pool_backward(a, p, dp):
    da = np.zeros_like(a)
    waiting = np.ones(p.shape, dtype=bool)
    for i, j in CORNERS:
        largest = waiting & (corner(a, i, j) == p)
        corner(da, i, j)[...] = dp * largest
        waiting &= ~largest
    return da


# %%
# Forward and backward in one function. It returns the loss and all gradients.
#
# .. code-block:: r
#
#    relu <- function(x) pmax(x, 0)
#    softmax <- function(x) {
#      e <- exp(x - apply(x, 1, max))
#      e / rowSums(e)
#    }
#    gradients_by_hand <- function(x, y, weights) with(weights, {
#      a1 <- relu(convolve(x, W1, b1))
#      p1 <- pool(a1)
#      a2 <- relu(convolve(p1, W2, b2))
#      p2 <- pool(a2)
#      flat <- matrix(aperm(p2, c(1, 4, 3, 2)), nrow(x))
#      a3 <- relu(sweep(flat %*% W3, 2, b3, "+"))
#      a4 <- softmax(sweep(a3 %*% W4, 2, b4, "+"))
#      loss <- -sum(y * log(a4)) / nrow(x)
#      dz4 <- (a4 - y) / nrow(x)
#      dW4 <- t(a3) %*% dz4
#      db4 <- colSums(dz4)
#      dz3 <- dz4 %*% t(W4) * (a3 > 0)
#      dW3 <- t(flat) %*% dz3
#      db3 <- colSums(dz3)
#      dp2 <- array(dz3 %*% t(W3), dim(p2)[c(1, 4, 3, 2)])
#      dz2 <- pool_backward(a2, p2, aperm(dp2, c(1, 4, 3, 2))) * (a2 > 0)
#      second <- convolve_backward(p1, W2, dz2)
#      dz1 <- pool_backward(a1, p1, second$dx) * (a1 > 0)
#      first <- convolve_backward(x, W1, dz1)
#      gradients <- list(
#        W1 = first$dW, b1 = first$db, W2 = second$dW, b2 = second$db,
#        W3 = dW3, b3 = db3, W4 = dW4, b4 = db4
#      )
#      list(loss = loss, gradients = gradients)
#    })


def relu(x):
    return np.maximum(0, x)


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def gradients_by_hand(x, y, W1, b1, W2, b2, W3, b3, W4, b4):
    a1 = relu(convolve(x, W1, b1))  # (n, 30, 30, 32)
    p1 = pool(a1)  # (n, 15, 15, 32)
    a2 = relu(convolve(p1, W2, b2))  # (n, 13, 13, 64)
    p2 = pool(a2)  # (n, 6, 6, 64)
    flat = p2.reshape(len(x), -1)  # (n, 2304)
    a3 = relu(flat @ W3 + b3)  # (n, 64)
    a4 = softmax(a3 @ W4 + b4)  # (n, 10)
    loss = -np.sum(y * np.log(a4)) / len(x)
    dz4 = (a4 - y) / len(x)  # (n, 10)
    dW4 = a3.T @ dz4  # (64, 10)
    db4 = dz4.sum(axis=0)  # (10,)
    dz3 = dz4 @ W4.T * (a3 > 0)  # (n, 64)
    dW3 = flat.T @ dz3  # (2304, 64)
    db3 = dz3.sum(axis=0)  # (64,)
    dp2 = (dz3 @ W3.T).reshape(p2.shape)  # (n, 6, 6, 64)
    dz2 = pool_backward(a2, p2, dp2) * (a2 > 0)  # (n, 13, 13, 64)
    dp1, dW2, db2 = convolve_backward(p1, W2, dz2)
    dz1 = pool_backward(a1, p1, dp1) * (a1 > 0)  # (n, 30, 30, 32)
    _, dW1, db1 = convolve_backward(x, W1, dz1)
    gradients = [dW1, db1, dW2, db2, dW3, db3, dW4, db4]
    return loss, dict(zip(WEIGHTS, gradients, strict=True))


# %%
# In Keras
# --------
#
# The model of :doc:`cifar_keras_cnn`. ``GradientTape`` is TensorFlow's way to
# differentiate, as in :doc:`iris_agreement`.
#
# .. code-block:: r
#
#    network <- function() {
#      keras_model_sequential() %>%
#        layer_conv_2d(filters = 32, kernel_size = c(3, 3), activation = "relu",
#                      input_shape = c(32, 32, 3)) %>%
#        layer_max_pooling_2d(pool_size = c(2, 2)) %>%
#        layer_conv_2d(filters = 64, kernel_size = c(3, 3), activation = "relu") %>%
#        layer_max_pooling_2d(pool_size = c(2, 2)) %>%
#        layer_flatten() %>%
#        layer_dense(units = 64, activation = "relu") %>%
#        layer_dense(units = 10, activation = "softmax")
#    }
#    keras_twin <- function(weights) {
#      twin <- network()
#      set_weights(twin, unname(weights))
#      twin %>% compile(
#        optimizer = optimizer_rmsprop(learning_rate = learning_rate),
#        loss = "categorical_crossentropy"
#      )
#      twin
#    }
#    gradients_in_keras <- function(twin, x, y) {
#      with(tf$GradientTape() %as% tape, {
#        loss <- twin$compute_loss(x, tf$constant(y), twin(x))
#      })
#      gradients <- lapply(tape$gradient(loss, twin$trainable_weights), as.array)
#      list(loss = as.array(loss), gradients = gradients)
#    }


def network():
    return keras.Sequential(
        [
            keras.layers.Input((32, 32, 3)),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(n_classes, activation="softmax"),
        ]
    )


def keras_twin(weights):
    twin = network()
    twin.set_weights(list(weights.values()))
    twin.compile(
        optimizer=keras.optimizers.RMSprop(learning_rate),
        loss="categorical_crossentropy",
    )
    return twin


def gradients_in_keras(twin, x, y):
    with tf.GradientTape() as tape:
        loss = twin.compute_loss(x, y, twin(x))
    gradients = [g.numpy() for g in tape.gradient(loss, twin.trainable_weights)]
    return loss.numpy(), dict(zip(WEIGHTS, gradients, strict=True))


# %%
# Every gradient
# --------------
#
# Keras draws the weights; both sides start from them, and see the same batch. We
# compare in single precision (``float32``) and in double precision (``float64``). R
# itself has only the second.
#
# .. code-block:: r
#
#    k_set_floatx("float64")
#    set_random_seed(1)
#    initial <- get_weights(network())
#    names(initial) <- c("W1", "b1", "W2", "b2", "W3", "b3", "W4", "b4")
#    by_hand <- gradients_by_hand(x, y, initial)
#    in_keras <- gradients_in_keras(keras_twin(initial), x, y)
#    relative <- function(a, b) max(abs(a - b)) / max(abs(b))
#    print(signif(relative(by_hand$loss, in_keras$loss), 1))
#    print(signif(mapply(relative, by_hand$gradients, in_keras$gradients), 1))
#    cat("Derivatives compared:", sum(lengths(by_hand$gradients)), "\n")
#    k_set_floatx("float32")

keras_precision("float64")
keras.utils.set_random_seed(1)
initial = dict(zip(WEIGHTS, network().get_weights(), strict=True))

one_step = {}
for dtype in ["float32", "float64"]:
    keras_precision(dtype)
    start = {name: w.astype(dtype) for name, w in initial.items()}
    x = X_train[:batch_size].astype(dtype)
    y = Y_train[:batch_size].astype(dtype)
    loss_by_hand, by_hand = gradients_by_hand(x, y, **start)
    loss_in_keras, in_keras = gradients_in_keras(keras_twin(start), x, y)
    found = [compare("loss", loss_by_hand, loss_in_keras)]
    found += [compare(f"d{name}", by_hand[name], in_keras[name]) for name in WEIGHTS]
    one_step[dtype] = found
    print(f"{dtype}, by hand against Keras")
    print_comparisons(found)
    print(f"limit for the relative difference: {found[0].allowed:.0e}\n")
sizes = [g.size for g in by_hand.values()]
print("Derivatives compared:", " + ".join(map(str, sizes)), "=", sum(sizes))

# %%
# And all of those in double precision drawn, each as a point: Keras' number to the
# right, ours upwards. If the two agree, all points lie on the diagonal.

fig, axes = plt.subplots(2, 4, figsize=(6.4, 3.8))
for ax, name in zip(axes.T.flat, WEIGHTS, strict=True):
    ax.plot(in_keras[name].ravel(), by_hand[name].ravel(), ".", markersize=3)
    ax.set_title(f"d{name}: {by_hand[name].size}", fontsize=9)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set(xticks=[0], yticks=[0])
fig.supxlabel("Keras", fontsize=11)
fig.supylabel("by hand", fontsize=11)
fig.suptitle("Every gradient lies on the diagonal: by hand and Keras agree")

# %%
# How far from the diagonal? The same differences on a logarithmic scale, each divided
# by the largest gradient of its array. One of exactly 0 is drawn at the lower edge.

plot_comparisons(one_step, "What is left is rounding, in both precisions")

# %%
# Fifty steps
# -----------
#
# Now both train on their own in double precision, with RMSprop, from the same weights
# and with the same batches. The weights are compared after every step; those after the
# last one are printed. (The R lines end here: fifty such steps take R too long for a
# lesson.)


def train_by_hand(weights, batches):
    weights = {name: w.copy() for name, w in weights.items()}
    means = {name: np.zeros_like(w) for name, w in weights.items()}
    for x, y in batches:
        _, gradients = gradients_by_hand(x, y, **weights)
        for name, g in gradients.items():
            means[name] = 0.9 * means[name] + 0.1 * g**2
            move = learning_rate * g / np.sqrt(means[name] + 1e-7)
            weights[name] = weights[name] - move
        yield weights


def train_in_keras(twin, batches):
    for x, y in batches:
        twin.train_on_batch(x, y)
        yield dict(zip(WEIGHTS, twin.get_weights(), strict=True))


places = [i % (n_train // batch_size) * batch_size for i in range(steps)]
batches = [(X_train[i : i + batch_size], Y_train[i : i + batch_size]) for i in places]
ways = train_by_hand(initial, batches), train_in_keras(keras_twin(initial), batches)
whole_way = [compare_all(own, theirs) for own, theirs in zip(*ways, strict=True)]
keras_precision("float32")
print(f"float64, by hand against Keras after {steps} steps")
print_comparisons(whole_way[-1])
plt.show()

# %%
# :doc:`cifar_precision` goes on in single precision, where the weights may part, and
# finds out why.
#
# Summary
# -------
#
# A network for pictures by hand and in Keras: two programs, one answer. All gradients
# agree to rounding error, and in double precision so do the weights after fifty steps.
#
# Try it
# ------
#
# 1. Leave out ``waiting &= ~largest`` in ``pool_backward``. Which gradients change, and
#    which cannot?
# 2. Use the batch size 1. Are the differences smaller? Why?
