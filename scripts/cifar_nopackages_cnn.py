r"""A convolutional network by hand
===============================

**How does a network for pictures learn, step by step?** Here is the network of
:doc:`cifar_keras_cnn` without Keras: convolution and pooling, forward and backward, in
NumPy alone. It trains on a few hundred pictures at most.

.. math::

   \begin{aligned}
   X &\to z_1 = X * W_1 + b_1 \to a_1 = \operatorname{relu}(z_1)
      \to p_1 = \operatorname{pool}(a_1) \\
     &\to z_2 = p_1 * W_2 + b_2 \to a_2 = \operatorname{relu}(z_2)
      \to p_2 = \operatorname{pool}(a_2) \\
     &\to z_3 = \operatorname{flat}(p_2)\, W_3 + b_3 \to a_3 = \operatorname{relu}(z_3)
      \to z_4 = a_3 W_4 + b_4 \to a_4 = \operatorname{softmax}(z_4)
   \end{aligned}

The star stands for a convolution. The seven steps are those of :doc:`iris_nopackages`:
data, initial weights, forward, loss, backward, update, repeat.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.images import load_images
from course.plots import plot_history, plot_images
from course.rbase import max_col

plt.style.use("course.lecture")

# %%
# Step 1: data
# ------------
#
# The line that is printed first says which pictures these are; :doc:`cifar_keras_cnn`
# tells more about them. NumPy is not as fast as Keras, so the first 640 are for
# training and 500 others for testing, or all if there are fewer. Pixels are divided by
# 255, classes are one-hot. The shapes in the comments are those for as many pictures
# and for ten classes.
#
# Base R reads no pictures. So the R lines on this page draw a few of random numbers in
# their place: what they print has the same form, but other numbers.
#
# .. code-block:: r
#
#    set.seed(1)
#    n_train <- 8
#    n_test <- 4
#    n_classes <- 10
#    pictures <- function(n) array(runif(n * 32 * 32 * 3), c(n, 32, 32, 3))
#    classes <- function(n) diag(n_classes)[sample(n_classes, n, replace = TRUE), ]
#    X_train <- pictures(n_train)
#    X_test <- pictures(n_test)
#    Y_train <- classes(n_train)
#    Y_test <- classes(n_test)
#    cat("Training:", dim(X_train), " test:", dim(X_test), "\n")

(x_train, y_train), (x_test, y_test), class_names = load_images()
n_train, n_test = min(640, len(x_train)), min(500, len(x_test))
X_train = x_train[:n_train] / 255  # (640, 32, 32, 3)
X_test = x_test[:n_test] / 255  # (500, 32, 32, 3)
n_classes = len(class_names)
Y_train = np.eye(n_classes)[y_train[:n_train]]  # (640, 10)
Y_test = np.eye(n_classes)[y_test[:n_test]]  # (500, 10)
print("Training:", *X_train.shape, " test:", *X_test.shape)

# %%
# Step 2: initial weights
# -----------------------
#
# A kernel has the shape *(height, width, channels, filters)*. The weights start where
# Keras lets them start: uniformly between :math:`-g` and :math:`g` with
# :math:`g = \sqrt{6 / (\text{inputs} + \text{outputs})}` (*Glorot uniform*). For a
# convolution, both count the window: its height times its width times the channels that
# go in, or the filters that come out. Biases start at zero.
#
# .. code-block:: r
#
#    learning_rate <- 0.001
#    epochs <- 10
#    batch_size <- 4
#    glorot <- function(...) {
#      shape <- c(...)
#      window <- prod(head(shape, -2))
#      limit <- sqrt(6 / (window * sum(tail(shape, 2))))
#      array(runif(prod(shape), -limit, limit), shape)
#    }
#    weights <- list(
#      W1 = glorot(3, 3, 3, 32), b1 = numeric(32),
#      W2 = glorot(3, 3, 32, 64), b2 = numeric(64),
#      W3 = glorot(6 * 6 * 64, 64), b3 = numeric(64),
#      W4 = glorot(64, n_classes), b4 = numeric(n_classes)
#    )
#    initial <- weights
#    cat("Parameters:", sum(lengths(weights)), "\n")

learning_rate = 0.001
epochs = 10
batch_size = 64
rng = np.random.default_rng(1)


def glorot(*shape):
    window = np.prod(shape[:-2])  # 9 for a kernel of 3 by 3, 1 for a dense layer
    limit = np.sqrt(6 / (window * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape)


W1, b1 = glorot(3, 3, 3, 32), np.zeros(32)
W2, b2 = glorot(3, 3, 32, 64), np.zeros(64)
W3, b3 = glorot(6 * 6 * 64, 64), np.zeros(64)
W4, b4 = glorot(64, n_classes), np.zeros(n_classes)
weights = [W1, b1, W2, b2, W3, b3, W4, b4]
initial = [w.copy() for w in weights]
print("Parameters:", sum(w.size for w in weights))

# %%
# Step 3: forward
# ---------------
#
# First two functions of NumPy on three rows of four numbers. ``sliding_window_view``
# shows every window, here of 2 by 2: two dimensions say where it is, two go through its
# numbers. ``tensordot(..., axes=2)`` multiplies these last two dimensions with a kernel
# and sums, for all windows at once. A kernel of ones gives the sums of the windows.

small = np.arange(12).reshape(3, 4)
all_windows = np.lib.stride_tricks.sliding_window_view(small, (2, 2))
print("Windows:", all_windows.shape, " the first:", *all_windows[0, 0].ravel())
ones = np.ones((2, 2), dtype=int)
print("Their sums:", *np.tensordot(all_windows, ones, axes=2).ravel())  # (2, 3)

# %%
# *Convolution.* ``sliding_window_view`` shows every window of 3 by 3 pixels without
# copying anything. Each of them is multiplied with the kernel, number by number, and
# summed; ``tensordot(..., axes=3)`` does this for all windows and filters at once. In R
# the nine places in the window take turns, as in :doc:`convolution`: ``pixels`` takes
# what stands in one of them, a row for each window, and one matrix product is for all
# windows and filters. (R has a ``convolve`` of its own, which is for series.)
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
#    x <- X_train[1:batch_size, , , ]
#    z1 <- convolve(x, weights$W1, weights$b1)
#    cat("30 windows of 3 fit into 32 pixels:", dim(z1), "\n")


def windows(x):
    """All windows of 3 x 3: (n, h, w, c) -> (n, h - 2, w - 2, 3, 3, c)."""
    view = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
    return view.transpose(0, 1, 2, 4, 5, 3)


def convolve(x, W, b):
    return np.tensordot(windows(x), W, axes=3) + b  # (.., 3, 3, c) . (3, 3, c, f)


z1 = convolve(X_train[:batch_size], W1, b1)
print("30 windows of 3 fit into 32 pixels:", z1.shape)

# %%
# *Pooling.* A window of 2 by 2 has four corners. ``corner`` takes the pixels that stand
# in one of them, for all windows; the largest of the four is the result. A last odd row
# or column has no window. R has no views: what ``corner`` takes is a copy, and
# ``corner<-`` writes into an array.
#
# .. code-block:: r
#
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
#    p1 <- pool(pmax(z1, 0))
#    cat("Half of it:", dim(p1), "\n")


def corner(a, i, j):
    height, width = a.shape[1] // 2 * 2, a.shape[2] // 2 * 2
    return a[:, i:height:2, j:width:2]  # a view: (n, h, w, c) -> (n, h / 2, w / 2, c)


CORNERS = [(0, 0), (0, 1), (1, 0), (1, 1)]


def pool(a):
    return np.maximum.reduce([corner(a, i, j) for i, j in CORNERS])


p1 = pool(np.maximum(0, z1))
print("Half of it:", p1.shape)

# %%
# The whole way. Softmax subtracts the largest number of each row first: the result is
# the same, and nothing overflows.
#
# R's arrays are *column-major*: in memory the first index runs fastest, in NumPy's the
# last. So ``matrix`` and ``reshape`` flatten in different orders. ``aperm`` lays the
# numbers of each picture in NumPy's order first, and the rows of ``W3`` mean the same.
#
# .. code-block:: r
#
#    relu <- function(x) pmax(x, 0)
#    softmax <- function(x) {
#      e <- exp(x - apply(x, 1, max))
#      e / rowSums(e)
#    }
#    forward <- function(x, weights) with(weights, {
#      a1 <- relu(convolve(x, W1, b1))
#      p1 <- pool(a1)
#      a2 <- relu(convolve(p1, W2, b2))
#      p2 <- pool(a2)
#      flat <- matrix(aperm(p2, c(1, 4, 3, 2)), nrow(x))
#      a3 <- relu(sweep(flat %*% W3, 2, b3, "+"))
#      a4 <- softmax(sweep(a3 %*% W4, 2, b4, "+"))
#      list(a1 = a1, p1 = p1, a2 = a2, p2 = p2, flat = flat, a3 = a3, a4 = a4)
#    })
#    y <- Y_train[1:batch_size, ]
#    activations <- forward(x, weights)
#    cat("Probabilities of the first picture:", round(activations$a4[1, ], 3), "\n")


def relu(x):
    return np.maximum(0, x)


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def forward(x, W1, b1, W2, b2, W3, b3, W4, b4):
    a1 = relu(convolve(x, W1, b1))  # (n, 30, 30, 32)
    p1 = pool(a1)  # (n, 15, 15, 32)
    a2 = relu(convolve(p1, W2, b2))  # (n, 13, 13, 64)
    p2 = pool(a2)  # (n, 6, 6, 64)
    flat = p2.reshape(len(x), -1)  # (n, 2304)
    a3 = relu(flat @ W3 + b3)  # (n, 64)
    a4 = softmax(a3 @ W4 + b4)  # (n, 10)
    return a1, p1, a2, p2, flat, a3, a4


x, y = X_train[:batch_size], Y_train[:batch_size]
a1, p1, a2, p2, flat, a3, a4 = forward(x, *weights)
print("Probabilities of the first picture:", *np.round(a4[0], 3))

# %%
# Step 4: loss
# ------------
#
# The same cross-entropy as for the flowers. The network knows nothing yet, so it should
# be near that of equal probabilities: the logarithm of the number of classes.
#
# .. code-block:: r
#
#    compute_loss <- function(y_pred, y_true) -sum(y_true * log(y_pred)) / nrow(y_true)
#    loss <- compute_loss(activations$a4, y)
#    cat(sprintf("Loss %.4f, log(%d) = %.4f\n", loss, n_classes, log(n_classes)))


def compute_loss(y_pred, y_true):
    return -np.sum(y_true * np.log(y_pred)) / len(y_true)


loss = compute_loss(a4, y)
print(f"Loss {loss:.4f}, log({n_classes}) = {np.log(n_classes):.4f}")

# %%
# Step 5: backward
# ----------------
#
# Back through the dense layers as before. What is new:
#
# *Through a convolution.* Each weight :math:`W_{uvlf}` multiplied one pixel of every
# window. Its derivative adds up these pixels times the :math:`dz` of their windows. And
# each pixel was in up to nine windows; it gets back :math:`dz` times the weight under
# which it stood, from each of them.
#
# .. math::
#
#    dW_{uvlf} = \sum_{n,i,j} x_{n,\,i+u,\,j+v,\,l}\; dz_{nijf}, \qquad
#    dx_{n,\,i+u,\,j+v,\,l} \mathrel{+}= \sum_f dz_{nijf}\, W_{uvlf}.
#
# .. code-block:: r
#
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


def convolve_backward(x, W, dz):
    cases = [0, 1, 2]  # picture, row and column: every window is a case
    dW = np.tensordot(windows(x), dz, axes=(cases, cases))  # (3, 3, c, f)
    db = dz.sum(axis=(0, 1, 2))  # (f,)
    dx = np.zeros_like(x)
    height, width = dz.shape[1:3]
    for u, v in np.ndindex(3, 3):
        dx[:, u : u + height, v : v + width] += dz @ W[u, v].T  # (.., f) @ (f, c)
    return dx, dW, db


# %%
# *Through pooling.* The derivative goes to the corner that held the largest number, and
# to no other. If several held it, to the first of them.
#
# .. code-block:: r
#
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


def pool_backward(a, p, dp):
    da = np.zeros_like(a)
    waiting = np.ones(p.shape, dtype=bool)  # windows whose largest number is to come
    for i, j in CORNERS:
        largest = waiting & (corner(a, i, j) == p)
        corner(da, i, j)[...] = dp * largest
        waiting &= ~largest
    return da


# %%
# The whole way back. This time the derivatives are those of the *mean* loss, as in
# Keras: hence ``/ len(x)`` in the first line.
#
# .. code-block:: r
#
#    backward <- function(x, y, weights, activations) with(c(weights, activations), {
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
#      list(
#        dW1 = first$dW, db1 = first$db, dW2 = second$dW, db2 = second$db,
#        dW3 = dW3, db3 = db3, dW4 = dW4, db4 = db4
#      )
#    })
#    gradients <- backward(x, y, weights, activations)
#    print(signif(sapply(gradients, function(g) max(abs(g))), 3))


def backward(x, y, weights, activations):
    W1, _, W2, _, W3, _, W4, _ = weights  # the biases are not needed
    a1, p1, a2, p2, flat, a3, a4 = activations
    dz4 = (a4 - y) / len(x)  # (n, 10)
    dW4 = a3.T @ dz4  # (64, n) @ (n, 10) -> (64, 10)
    db4 = dz4.sum(axis=0)  # (10,)
    dz3 = dz4 @ W4.T * (a3 > 0)  # (n, 10) @ (10, 64) -> (n, 64)
    dW3 = flat.T @ dz3  # (2304, n) @ (n, 64) -> (2304, 64)
    db3 = dz3.sum(axis=0)  # (64,)
    dp2 = (dz3 @ W3.T).reshape(p2.shape)  # (n, 6, 6, 64)
    dz2 = pool_backward(a2, p2, dp2) * (a2 > 0)  # (n, 13, 13, 64)
    dp1, dW2, db2 = convolve_backward(p1, W2, dz2)  # dp1: (n, 15, 15, 32)
    dz1 = pool_backward(a1, p1, dp1) * (a1 > 0)  # (n, 30, 30, 32)
    _, dW1, db1 = convolve_backward(x, W1, dz1)
    return [dW1, db1, dW2, db2, dW3, db3, dW4, db4]


gradients = backward(x, y, weights, (a1, p1, a2, p2, flat, a3, a4))
for number, g in enumerate(gradients):
    name = f"d{'Wb'[number % 2]}{number // 2 + 1}"
    print(f"{name}: {g.shape}, largest entry {np.abs(g).max():.2e}")

# %%
# Are these formulas right? Move one weight a little and see what the loss does. The
# slope between two such points should be the derivative. (R counts from 1.)
#
# .. code-block:: r
#
#    step <- 1e-7
#    loss_at <- function(index, change) {
#      weights$W1[index] <- weights$W1[index] + change
#      compute_loss(forward(x, weights)$a4, y)
#    }
#    for (index in list(cbind(1, 1, 1, 1), cbind(2, 3, 2, 18), cbind(3, 2, 3, 32))) {
#      slope <- (loss_at(index, step) - loss_at(index, -step)) / (2 * step)
#      cat(sprintf("formula % .7f, slope % .7f\n", gradients$dW1[index], slope))
#    }

step = 1e-7


def loss_at(index, change):
    moved = W1.copy()
    moved[index] += change
    return compute_loss(forward(x, moved, *weights[1:])[-1], y)


for index in [(0, 0, 0, 0), (1, 2, 1, 17), (2, 1, 2, 31)]:
    slope = (loss_at(index, step) - loss_at(index, -step)) / (2 * step)
    print(f"W1{index}: formula {gradients[0][index]: .7f}, slope {slope: .7f}")

# %%
# :doc:`cifar_agreement` compares every one of them with Keras.
#
# Step 6: update
# --------------
#
# *RMSprop* keeps a running mean :math:`v` of the squared derivatives and divides each
# derivative by its root. So the length of a step says little of how large the
# derivative is, unless that is so small that the :math:`10^{-7}` in the root outweighs
# it. (The lecture's script takes an older RMSprop, with the small number outside the
# root; :doc:`cifar_keras_cnn` shows what this changes.)
#
# .. math::
#
#    v \leftarrow 0.9\, v + 0.1\, dW^2, \qquad
#    W \leftarrow W - \eta\, \frac{dW}{\sqrt{v + 10^{-7}}}.
#
# Python changes the arrays where they are; a function in R returns new ones.
#
# .. code-block:: r
#
#    update <- function(weights, gradients, running_means) {
#      v <- Map(function(v, g) 0.9 * v + 0.1 * g^2, running_means, gradients)
#      move <- function(w, g, v) w - learning_rate * g / sqrt(v + 1e-7)
#      list(weights = Map(move, weights, gradients, v), running_means = v)
#    }
#    zeros <- lapply(weights, function(w) 0 * w)
#    after <- update(weights, gradients, zeros)
#    new_loss <- compute_loss(forward(x, after$weights)$a4, y)
#    cat(sprintf("Loss on these pictures: before the step %.4f, ", loss))
#    cat(sprintf("after it %.4f\n", new_loss))


def update(weights, gradients, running_means):
    for w, g, v in zip(weights, gradients, running_means, strict=True):
        v[...] = 0.9 * v + 0.1 * g**2
        w -= learning_rate * g / np.sqrt(v + 1e-7)


update(weights, gradients, [np.zeros_like(w) for w in weights])
new_loss = compute_loss(forward(x, *weights)[-1], y)
print(f"Loss on these pictures: before the step {loss:.4f}, after it {new_loss:.4f}")

# %%
# Step 7: repeat
# --------------
#
# From the initial weights again: in each epoch all pictures once, in a new random
# order, in batches of 64. The learning rate is ten times that of
# :doc:`cifar_keras_cnn`, since there are far fewer steps. The pictures of the R lines
# show nothing, so there the network can only learn them by heart.
#
# .. code-block:: r
#
#    weights <- initial
#    running_means <- zeros
#    for (epoch in 1:epochs) {
#      shuffled <- sample(n_train)
#      loss <- 0
#      right <- 0
#      for (first in seq(1, n_train, by = batch_size)) {
#        rows <- shuffled[seq(first, length.out = batch_size)]
#        x <- X_train[rows, , , ]
#        y <- Y_train[rows, ]
#        activations <- forward(x, weights)
#        loss <- loss + compute_loss(activations$a4, y) * batch_size / n_train
#        right <- right + sum(max.col(activations$a4) == max.col(y))
#        after <- update(weights, backward(x, y, weights, activations), running_means)
#        weights <- after$weights
#        running_means <- after$running_means
#      }
#      if (epoch %% 2 == 0) {
#        accuracy <- right / n_train
#        cat(sprintf("Epoch %d: loss %.4f, accuracy %.4f\n", epoch, loss, accuracy))
#      }
#    }

weights = [w.copy() for w in initial]
running_means = [np.zeros_like(w) for w in weights]
history = {"loss": [], "accuracy": []}
for epoch in range(1, epochs + 1):
    order = rng.permutation(n_train)
    loss, right = 0, 0
    for first in range(0, n_train, batch_size):
        rows = order[first : first + batch_size]
        x, y = X_train[rows], Y_train[rows]
        activations = forward(x, *weights)
        loss += compute_loss(activations[-1], y) * len(x) / n_train
        right += np.sum(max_col(activations[-1]) == max_col(y))
        update(weights, backward(x, y, weights, activations), running_means)
    history["loss"].append(loss)
    history["accuracy"].append(right / n_train)
    if epoch % 2 == 0:
        print(f"Epoch {epoch}: loss {loss:.4f}, accuracy {right / n_train:.4f}")

# %%

plot_history(history, "Loss and accuracy on the training pictures, epoch by epoch")

# %%
# How well does it do?
# --------------------
#
# .. code-block:: r
#
#    test_pred <- forward(X_test, weights)$a4
#    test_loss <- compute_loss(test_pred, Y_test)
#    accuracy <- mean(max.col(test_pred) == max.col(Y_test))
#    cat(sprintf("Test loss %.4f, accuracy %.4f\n", test_loss, accuracy))

test_pred = forward(X_test, *weights)[-1]  # (500, 10)
test_loss = compute_loss(test_pred, Y_test)
accuracy = np.mean(max_col(test_pred) == max_col(Y_test))
print(f"Test loss {test_loss:.4f}, accuracy {accuracy:.4f} (one run, seed 1)")

# %%
# A few hundred pictures are far too few for so many parameters: compare the test loss
# with the last training loss. What the first filters have become, and what they make of
# one picture:

kernel = (weights[0] / (2 * np.abs(weights[0]).max()) + 0.5).transpose(3, 0, 1, 2)
plot_images(kernel, [""] * 32, "The 32 filters of the first layer", columns=8)

# %%

maps = forward(X_test[:1], *weights)[0][0].transpose(2, 0, 1)  # (32, 30, 30)
plot_images(
    maps, [""] * 32, "A test picture through 32 filters", columns=8, cmap="gray", vmin=0
)
plt.show()

# %%
# Summary
# -------
#
# A convolutional network is the network of :doc:`iris_nopackages` with two more kinds
# of layer. A convolution is a dense layer for every window, with the same weights for
# all. Pooling passes on the largest number, and on the way back its derivative goes to
# where that number came from.
#
# Try it
# ------
#
# 1. Replace ``pool`` and ``pool_backward`` by the mean of the four corners. Check three
#    derivatives as above.
# 2. Leave out ``waiting``, so that all largest corners get the derivative. Which
#    pictures make a difference?
# 3. Set ``n_train`` to 2000. What becomes of the distance between training and test?
