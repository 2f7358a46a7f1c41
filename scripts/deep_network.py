r"""From simple to deep
===================

**What changes when a network gets more hidden layers?** They lead from a *simple*
network to a *deep* one, says the lecture; it names no number at which that happens.
The sizes of the input and of the output are fixed by the data. The number, the kind and
the size of the hidden layers are ours to choose:

.. math::

   a_0 = X, \qquad a_l = f(a_{l-1} W_l + b_l) \quad (l = 1, \dots, H), \qquad
   \hat y = \sigma(a_H W_{H+1} + b_{H+1}).

This lesson compares one, two and four hidden layers with about as many parameters. Why
networks of many layers were hard to train, and what helps, is the question of
:doc:`vanishing_gradients`.
"""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from course.quiet import quiet_start
from course.rbase import r_print
from course.rrandom import RRandom

with quiet_start():
    import keras
    import tensorflow as tf

plt.style.use("course.lecture")

# %%
# What is fixed, and what is ours to choose
# -----------------------------------------
#
# Each point has two coordinates, and the network gives one number, the probability of
# the second of two classes. That leaves the hidden layers. A dense layer with
# :math:`p` inputs and :math:`q` outputs has :math:`p q` weights and :math:`q` biases,
# so a network with layers of sizes :math:`q_0, q_1, \dots` has
#
# .. math::
#
#    \sum_l (q_{l-1} + 1)\, q_l
#
# parameters.
#
# .. code-block:: r
#
#    count <- function(hidden) {
#      sizes <- c(2, hidden, 1)
#      sum((head(sizes, -1) + 1) * sizes[-1])
#    }
#    print(c(count(200), count(c(26, 26)), count(c(15, 15, 15, 15))))


def count(hidden):
    return sum((p + 1) * q for p, q in pairwise([2, *hidden, 1]))


r_print([count([200]), count([26, 26]), count([15, 15, 15, 15])])

# %%
# In Keras a further layer is a further line, or a further turn of a loop. (In R's
# ``keras``, too: ``for (units in hidden) network %>% layer_dense(units)``. The R lines
# of this lesson leave Keras to :doc:`keras_model`, and run in R alone.)


def make_network(hidden):
    network = keras.Sequential([keras.layers.Input((2,))])
    options = {"activation": "relu", "kernel_initializer": "he_normal"}
    for units in hidden:
        network.add(keras.layers.Dense(units, **options))
    network.add(keras.layers.Dense(1, activation="sigmoid"))
    return network


networks = {}
for hidden in [[200], [26, 26], [15, 15, 15, 15]]:
    networks[len(hidden)] = make_network(hidden)
    counted = networks[len(hidden)].count_params()
    print(f"hidden layers {hidden}: {count(hidden)} by the formula, {counted} by Keras")

# %%
# A further unit of a single layer costs its two weights, its bias and a weight to the
# output. A layer behind another costs the product of their sizes. So with as many
# parameters, more layers have to be narrower. ``he_normal`` is the way in which the
# weights are drawn; :doc:`vanishing_gradients` explains it.
#
# The data
# --------
#
# Two spirals, wound into each other: the class is the arm. No line can part them, and
# the network has to bend its boundary round and round.
#
# .. code-block:: r
#
#    noise <- 0.08
#    turns <- 2.5
#    set.seed(1)
#    draw_spirals <- function(n) {
#      y <- (1:n - 1) %% 2
#      radius <- 3 * sqrt(runif(n, 0.03, 1))
#      angle <- 2 * pi * turns * radius / 3 + pi * y
#      points <- cbind(radius * cos(angle), radius * sin(angle))
#      list(X = points + matrix(rnorm(2 * n, 0, noise), n, 2), y = matrix(y))
#    }
#    training <- draw_spirals(400)
#    X <- training$X
#    y <- training$y
#    X_test <- draw_spirals(2000)$X
#    cat("Training and test points:", nrow(X), nrow(X_test), "\n")

noise, turns = 0.08, 2.5
rng = RRandom(1)


def draw_spirals(n):
    y = np.arange(n) % 2  # the arm
    radius = 3 * np.sqrt(rng.runif(n, 0.03, 1))
    angle = 2 * np.pi * turns * radius / 3 + np.pi * y
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    errors = rng.rnorm(2 * n, 0, noise).reshape(n, 2, order="F")
    return points + errors, y[:, np.newaxis]


X, y = draw_spirals(400)  # (400, 2), (400, 1)
X_test, y_test = draw_spirals(2000)
print("Training and test points:", len(X), len(X_test))

fig, ax = plt.subplots(figsize=(4.6, 4.4))
for arm, marker in enumerate("o^"):
    ax.plot(*X[y[:, 0] == arm].T, marker, markersize=4, label=f"class {arm}")
ax.set_aspect("equal")
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
fig.suptitle("The training points: two spirals")

# %%
# Wide or deep?
# -------------
#
# All three networks get the same points, the optimiser Adam and the same number of
# steps, each with all points. ``fit`` could do that. Here its loop is written out:
# forward, loss, backward, update. ``tf.function`` translates all steps into one
# program, and so many starts take seconds. ``train`` draws new initial weights for each
# seed, and sets what Adam remembers back to zero, so that each network is translated
# only once. (``tf.function`` translates Python, so there are no R lines for it. In R,
# ``fit`` with all points in one batch takes such steps.)

steps = 1000
bce = keras.losses.BinaryCrossentropy()


def make_train(network):
    optimizer = keras.optimizers.Adam()
    weights = network.trainable_variables
    optimizer.build(weights)

    @tf.function(jit_compile=True)
    def update():
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                loss = bce(y, network(X))
            optimizer.apply(tape.gradient(loss, weights))

    def train(seed, learning_rate):
        keras.utils.set_random_seed(seed)
        network.set_weights(keras.models.clone_model(network).get_weights())
        for memory in optimizer.variables:
            memory.assign(np.zeros(memory.shape))
        optimizer.learning_rate = learning_rate
        update()

    return train


# %%
# We report the part of the test points that get the right class, as mean ± standard
# deviation over five seeds, for two learning rates. (With another number of
# processor cores, the last digits may differ: Keras rounds to single precision, in
# another order.)

seeds = [1, 2, 3, 4, 5]
learning_rates = [0.01, 0.1]
side = np.linspace(-3.4, 3.4, 120)
grid = np.stack(np.meshgrid(side, side), axis=-1)  # (120, 120, 2)
accuracies, regions = {}, {}
for depth, network in networks.items():
    train = make_train(network)
    for rate in learning_rates:
        found = []
        for seed in seeds:
            train(seed, rate)
            found.append(np.mean((network(X_test).numpy() > 0.5) == y_test))
            if seed == 1:
                probability = network(grid.reshape(-1, 2)).numpy()
                regions[depth, rate] = probability.reshape(120, 120)
        accuracies[depth, rate] = found
        print(
            f"{depth} hidden, learning rate {rate}: test accuracy over 5 seeds "
            f"{np.mean(found):.3f} ± {np.std(found, ddof=1):.3f}"
        )

# %%

fig, axes = plt.subplots(2, 3, figsize=(6.4, 4.9), sharex=True, sharey=True)
for ax, ((depth, rate), probability) in zip(axes.T.flat, regions.items(), strict=True):
    ax.contourf(side, side, probability, [0, 0.5, 1], colors=["white", "#f3cfb0"])
    for arm, colour in enumerate(["#0b3c6f", "#c8500a"]):
        ax.plot(*X[y[:, 0] == arm].T, "o^"[arm], markersize=2, color=colour)
    ax.set_title(f"{depth} hidden, rate {rate}", fontsize=10)
    ax.set_aspect("equal")
    ax.grid(False)
fig.suptitle("Decision regions, seed 1")
plt.show()

# %%
# At the smaller learning rate the deeper networks find the spirals, and the wide one
# does little better than guessing. At the larger one the wide network finds them from
# every start, and the deeper ones only from some, hence their large deviations.
#
# So one layer *can* represent the spirals, if it is wide enough. What depth changed
# here is which learning rate finds them. Depth and learning rate have to be chosen
# together: a comparison at one rate alone would favour one side.
#
# Summary
# -------
#
# The data fix the inputs and outputs of a network; the hidden layers are ours. With as
# many parameters and the same small steps, several layers found what a single one
# missed; with larger steps the single one did better.
#
# Try it
# ------
#
# 1. Train the wide network at the learning rate 0.03. How large are the differences
#    between seeds?
# 2. What is the width of three equal hidden layers with about as many parameters? Put
#    them in place of the four, and see at which of the two rates they do better.
