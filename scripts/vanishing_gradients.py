r"""Vanishing gradients
===================

**Why were networks of many layers hard to train, and what helps?** Before the first
step of training, how large is the derivative of each layer's weights? Backpropagation
multiplies once per layer:

.. math::

   dz_{H+1} = \hat y - y, \qquad
   dz_l = (dz_{l+1} W_{l+1}^\top) \odot f'(z_l), \qquad
   dW_l = a_{l-1}^\top\, dz_l.

This lesson follows the derivatives back through ten hidden layers, and then trains such
networks. The data are the two spirals of :doc:`deep_network`.
"""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from course.agreement import compare, keras_precision, print_comparisons
from course.quiet import quiet_start
from course.rbase import r_print
from course.rrandom import RRandom

with quiet_start():
    import keras
    import tensorflow as tf

plt.style.use("course.lecture")

# %%
# The data
# --------
#
# The points are drawn as in :doc:`deep_network`: two coordinates each, and the class is
# the arm of the spiral.
#
# .. code-block:: r
#
#    set.seed(1)
#    draw_spirals <- function(n) {
#      y <- (1:n - 1) %% 2
#      radius <- 3 * sqrt(runif(n, 0.03, 1))
#      angle <- 2 * pi * 2.5 * radius / 3 + pi * y
#      points <- cbind(radius * cos(angle), radius * sin(angle))
#      list(X = points + matrix(rnorm(2 * n, 0, 0.08), n, 2), y = matrix(y))
#    }
#    training <- draw_spirals(400)
#    X <- training$X
#    y <- training$y
#    X_test <- draw_spirals(2000)$X
#    print(X[1:3, ])

rng = RRandom(1)


def draw_spirals(n):
    y = np.arange(n) % 2
    radius = 3 * np.sqrt(rng.runif(n, 0.03, 1))
    angle = 2 * np.pi * 2.5 * radius / 3 + np.pi * y
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    errors = rng.rnorm(2 * n, 0, 0.08).reshape(n, 2, order="F")
    return points + errors, y[:, np.newaxis]


X, y = draw_spirals(400)  # (400, 2), (400, 1)
X_test, y_test = draw_spirals(2000)
r_print(X[:3])

# %%
# Derivatives on their way back
# -----------------------------
#
# By hand in NumPy, for the loss summed over the points. The biases are zero at the
# start, and left out. We try the function on a small network with three units of tanh.
#
# .. code-block:: r
#
#    sigmoid <- function(z) 1 / (1 + exp(-z))
#    gradients <- function(weights, f, f_derivative) {
#      inputs <- list(X)
#      sums <- list()
#      for (l in seq_along(weights)) {
#        sums[[l]] <- inputs[[l]] %*% weights[[l]]
#        inputs[[l + 1]] <- f(sums[[l]])
#      }
#      dz <- sigmoid(sums[[l]]) - y
#      dW <- list()
#      for (l in rev(seq_along(weights))) {
#        dW[[l]] <- t(inputs[[l]]) %*% dz
#        if (l > 1) dz <- dz %*% t(weights[[l]]) * f_derivative(sums[[l - 1]])
#      }
#      dW
#    }
#    small <- list(matrix(rnorm(6), 2, 3), matrix(rnorm(3), 3, 1))
#    dW <- gradients(small, tanh, function(z) 1 - tanh(z)^2)
#    print(dW[[1]])


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gradients(weights, f, f_derivative):
    inputs, sums = [X], []
    for W in weights:
        sums.append(inputs[-1] @ W)  # (n, p) @ (p, q) -> (n, q)
        inputs.append(f(sums[-1]))
    dz = sigmoid(sums[-1]) - y  # (n, 1)
    dW = [inputs[-2].T @ dz]  # (q, n) @ (n, 1) -> (q, 1)
    for layer in reversed(range(len(weights) - 1)):
        dz = dz @ weights[layer + 1].T * f_derivative(sums[layer])  # (n, q)
        dW.insert(0, inputs[layer].T @ dz)  # (p, n) @ (n, q) -> (p, q)
    return dW


small = [rng.rnorm(6).reshape(2, 3, order="F"), rng.rnorm(3).reshape(3, 1)]
dW = gradients(small, np.tanh, lambda z: 1 - np.tanh(z) ** 2)
r_print(dW[0])

# %%
# How large do the numbers stay? Take a layer with :math:`p` inputs and :math:`q`
# outputs, and weights drawn independently with mean 0 and variance :math:`v`. Roughly,
#
# .. math::
#
#    \begin{aligned}
#    \text{forward:} && \operatorname{Var}(z_l) &=
#       p\, v\, \operatorname{E}(a_{l-1}^2) \\
#    \text{backward:} && \operatorname{Var}(dz_{l-1}) &=
#       q\, v\, \operatorname{E}\!\left(f'(z_{l-1})^2\right) \operatorname{Var}(dz_l).
#    \end{aligned}
#
# Neither should grow or shrink from layer to layer:
#
# - *Glorot* takes :math:`v = 2 / (p + q)`. Forward and backward keep their size where
#   :math:`f` is close to the identity, as tanh is near 0. It is what Keras takes unless
#   told otherwise.
# - *He* takes :math:`v = 2 / p`. ReLU is 0 for half of the sums and its derivative is 1
#   for the other half, which halves both expectations; the 2 makes up for it.
#
# The derivative of sigmoid is at most 1/4. With Glorot's weights and :math:`p = q`, the
# derivatives therefore shrink to a quarter or less in every layer. We compare three
# starts. The square root of the factor above, with :math:`f'` at 0 for sigmoid and
# :math:`\operatorname{E}(f'^2) = 1/2` for ReLU, is the factor that theory expects.
#
# .. code-block:: r
#
#    seeds <- 1:5
#    sizes <- c(2, rep(20, 10), 1)
#    d_sigmoid <- function(z) sigmoid(z) * (1 - sigmoid(z))
#    relu <- function(z) pmax(z, 0)
#    d_relu <- function(z) 1 * (z > 0)
#    glorot <- function(p, q) 2 / (p + q)
#    starts <- list(
#      "sigmoid, sd 0.1" = list(sigmoid, d_sigmoid, function(p, q) 0.01, 1 / 16),
#      "sigmoid, Glorot" = list(sigmoid, d_sigmoid, glorot, 1 / 16),
#      "ReLU, He" = list(relu, d_relu, function(p, q) 2 / p, 1 / 2)
#    )
#    draw_weights <- function(seed, variance) {
#      set.seed(seed)
#      draw <- function(p, q) matrix(rnorm(p * q, 0, sqrt(variance(p, q))), p, q)
#      Map(draw, head(sizes, -1), sizes[-1])
#    }
#    for (name in names(starts)) {
#      start <- starts[[name]]
#      variance <- start[[3]]
#      norms <- sapply(seeds, function(seed) {
#        dW <- gradients(draw_weights(seed, variance), start[[1]], start[[2]])
#        sapply(dW, norm, "F")
#      })
#      expected <- sqrt(20 * variance(20, 20) * start[[4]])
#      measured <- (norms[2, ] / norms[10, ])^(1 / 8)
#      orders <- log10(norms[1, ] / norms[11, ])
#      cat(name, ", 5 seeds\n", sep = "")
#      cat(sprintf("    factor per layer: expected %.2f, ", expected))
#      cat(sprintf("measured %.3f (sd %.3f)\n", mean(measured), sd(measured)))
#      cat("    first layer / last layer: 10 to the power ")
#      cat(sprintf("%.1f (sd %.1f)\n", mean(orders), sd(orders)))
#    }

hidden = [20] * 10
seeds = [1, 2, 3, 4, 5]
starts = {
    "sigmoid, sd 0.1": ("sigmoid", lambda p, q: 0.01, 1 / 16),
    "sigmoid, Glorot": ("sigmoid", lambda p, q: 2 / (p + q), 1 / 16),
    "ReLU, He": ("relu", lambda p, q: 2 / p, 1 / 2),
}
functions = {
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "relu": (lambda z: np.maximum(0, z), lambda z: 1.0 * (z > 0)),
}


def draw_weights(seed, variance):
    rng = RRandom(seed)
    return [
        rng.rnorm(p * q, 0, np.sqrt(variance(p, q))).reshape(p, q, order="F")
        for p, q in pairwise([2, *hidden, 1])
    ]


norms, expected, measured = {}, {}, {}
for name, (activation, variance, squared) in starts.items():
    found = []
    for seed in seeds:
        dW = gradients(draw_weights(seed, variance), *functions[activation])
        found.append([np.linalg.norm(g) for g in dW])
    norms[name] = np.array(found)  # (5, 11)
    expected[name] = np.sqrt(20 * variance(20, 20) * squared)
    # Layers 2 to 10 have weights of one shape, and eight steps lie between them.
    measured[name] = (norms[name][:, 1] / norms[name][:, 9]) ** (1 / 8)
    mean, sd = measured[name].mean(), measured[name].std(ddof=1)
    orders = np.log10(norms[name][:, 0] / norms[name][:, -1])
    print(f"{name}, 5 seeds")
    print(f"    factor per layer: expected {expected[name]:.2f}, ", end="")
    print(f"measured {mean:.3f} (sd {sd:.3f})")
    print("    first layer / last layer: 10 to the power ", end="")
    print(f"{orders.mean():.1f} (sd {orders.std(ddof=1):.1f})")

# %%

fig, ax = plt.subplots()
layer_numbers = np.arange(1, 12)
for (name, values), marker in zip(norms.items(), "os^", strict=True):
    middle = np.exp(np.log(values).mean(axis=0))
    ax.plot(layer_numbers, middle, marker=marker, label=name)
    ax.fill_between(layer_numbers, values.min(axis=0), values.max(axis=0), alpha=0.2)
ax.set_yscale("log")
ax.set_xticks(layer_numbers)
ax.set_xlabel("layer (11 is the output)")
ax.set_ylabel("norm of $dW_l$")
ax.legend()
fig.suptitle("Sigmoid derivatives vanish on their way back; ReLU with He keeps them")

# %%
# The lines are geometric means over the seeds; the bands go from the smallest to the
# largest. With sigmoid the first layers get next to no derivative: this is the
# *vanishing gradient*. Glorot's weights help, yet the factor is still about a quarter.
# With ReLU and He's weights the derivatives keep about the same size in all layers.
#
# Does Keras compute derivatives that small, and are ours right? The first and the last
# layer of each network, in double precision, with the weights of seed 1:


def make_network(activation, initializer):
    network = keras.Sequential([keras.layers.Input((2,))])
    options = {"activation": activation, "kernel_initializer": initializer}
    for units in hidden:
        network.add(keras.layers.Dense(units, **options))
    network.add(keras.layers.Dense(1, activation="sigmoid"))
    return network


with keras_precision("float64"):
    summed_bce = keras.losses.BinaryCrossentropy(reduction="sum")
    comparisons = []
    for name, (activation, variance, _) in starts.items():
        weights = draw_weights(1, variance)
        twin = make_network(activation, "zeros")
        for layer, W in zip(twin.layers, weights, strict=True):
            layer.set_weights([W, np.zeros(W.shape[1])])
        with tf.GradientTape() as tape:
            loss = summed_bce(y, twin(X))
        in_keras = tape.gradient(loss, [layer.kernel for layer in twin.layers])
        by_hand = gradients(weights, *functions[activation])
        for i in [0, 10]:
            comparisons.append(compare(f"{name}: dW{i + 1}", by_hand[i], in_keras[i]))
    print_comparisons(comparisons)

# %%
# What it does to training
# ------------------------
#
# The same ten layers, trained with Adam from Keras' own draws, five seeds each. Adam
# divides each derivative by its usual size. That helps where derivatives are small, but
# here it is not enough. ``make_train`` is that of :doc:`deep_network`, and ``train``
# also returns the loss after every 50 steps. (With another number of processor cores,
# the last digits of what Keras trains may differ: it rounds to single precision, in
# another order.)

steps = 50
bce = keras.losses.BinaryCrossentropy()


def make_train(network):
    optimizer = keras.optimizers.Adam()
    weights = network.trainable_variables
    optimizer.build(weights)

    @tf.function(jit_compile=True)
    def update():
        loss = 0.0
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                loss = bce(y, network(X))
            optimizer.apply(tape.gradient(loss, weights))
        return loss

    def train(seed):
        keras.utils.set_random_seed(seed)
        network.set_weights(keras.models.clone_model(network).get_weights())
        for memory in optimizer.variables:
            memory.assign(np.zeros(memory.shape))
        optimizer.learning_rate = 0.003
        return [float(update()) for _ in range(20)]

    return train


losses, deep_accuracies = {}, {}
for activation, initializer in [("sigmoid", "glorot_uniform"), ("relu", "he_normal")]:
    network = make_network(activation, initializer)
    train = make_train(network)
    losses[activation], found = [], []
    for seed in seeds:
        losses[activation].append(train(seed))
        found.append(np.mean((network(X_test).numpy() > 0.5) == y_test))
    deep_accuracies[activation] = found
    print(
        f"10 hidden layers, {activation}: test accuracy over 5 seeds "
        f"{np.mean(found):.3f} ± {np.std(found, ddof=1):.3f}"
    )

# %%

fig, ax = plt.subplots()
for (activation, curves), style in zip(losses.items(), ["C0-", "C1--"], strict=True):
    lines = ax.plot(steps * np.arange(1, 21), np.transpose(curves), style)
    lines[0].set_label(f"{activation}, five seeds")
ax.axhline(np.log(2), color="0.5", linewidth=1, linestyle=":", label="guessing, log 2")
ax.set_xlabel("step")
ax.set_ylabel("training loss")
ax.legend()
fig.suptitle("Ten hidden layers: ReLU with He learns, sigmoid stays near guessing")
plt.show()

# %%
# Summary
# -------
#
# The derivative of a layer carries a factor for each layer above it. Weights of the
# right variance, and an activation function that passes derivatives on, keep the
# product from vanishing.
#
# Try it
# ------
#
# 1. Add tanh with Glorot's weights to ``starts`` and ``functions``. Which factor does
#    theory expect near 0, and which one do you measure?
# 2. Take He's weights for sigmoid, or Glorot's for ReLU. What happens to the factor?
