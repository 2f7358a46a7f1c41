r"""Reminder: a whole Keras model, part by part
===========================================

**What does each line of a Keras model do?** Here is a whole model, from data to
history, with each part explained where it stands. It turns four measurements of a
flower into the probabilities of three species:

.. math::

   X \;\longrightarrow\; a_1 = \operatorname{relu}(X W_1 + b_1)
     \;\longrightarrow\; a_2 = \operatorname{softmax}(a_1 W_2 + b_2).

The next lesson takes this network apart.

Keras is a library for neural networks. It describes networks and trains them; the
arithmetic is done by another library underneath, here TensorFlow. R's ``keras`` package
calls this same Python library, so functions and arguments have similar names. The name
is Greek for *horn*: its documentation refers to the *Odyssey*, where the dreams that
come true pass through a gate of horn.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.data import load_iris
from course.plots import plot_history
from course.quiet import quiet_start
from course.rbase import one_hot
from course.rrandom import RRandom

with quiet_start():  # without TensorFlow's start-up messages
    import keras

plt.style.use("course.lecture")

# %%
# The data
# --------
#
# The iris flowers: 105 for training and the other 45 for testing, the same split in all
# iris lessons. ``x`` holds four measurements of each flower. ``y`` holds its species as
# a *one-hot* row: a 1 in the place of the species, zeros elsewhere.
#
# ``RRandom`` repeats R's random numbers. ``np.delete`` leaves out rows, as a negative
# index does in R.
#
# .. code-block:: r
#
#    set.seed(123)
#    train_rows <- sample(150, 105)
#    x <- as.matrix(iris[, 1:4])
#    y <- diag(3)[iris$Species, ]
#    x_train <- x[train_rows, ]
#    y_train <- y[train_rows, ]
#    x_test <- x[-train_rows, ]
#    y_test <- y[-train_rows, ]
#    cat("x_train:", dim(x_train), " y_train:", dim(y_train), "\n")

iris = load_iris()
train_rows = RRandom(123).sample(150, 105)
x = iris.iloc[:, :4].to_numpy()  # (150, 4)
y = one_hot(iris["Species"])  # (150, 3)
x_train, y_train = x[train_rows], y[train_rows]
x_test, y_test = np.delete(x, train_rows, axis=0), np.delete(y, train_rows, axis=0)
print("x_train:", *x_train.shape, " y_train:", *y_train.shape)

# %%
# Sequential and its layers
# -------------------------
#
# ``Sequential`` is a chain of layers: the output of each is the input of the next. A
# ``Dense`` layer connects each of its units with each of its inputs.
#
# - ``Input((4,))`` says that each flower comes as four numbers. ``(4,)`` is Python's
#   way to write a shape with one dimension.
# - ``Dense(5, activation="relu")`` is the hidden layer. Each of its five units has four
#   weights, one for each input, and a *bias*, a number that is added to the weighted
#   sum. *ReLU* then replaces negative sums by 0.
# - ``Dense(3, activation="softmax")`` is the output layer: three weighted sums of the
#   five hidden values. *Softmax* turns them into three probabilities.
#
# The weights start at random, so ``set_random_seed`` comes first.
#
# .. code-block:: r
#
#    library(keras)
#    tensorflow::set_random_seed(1)
#    model <- keras_model_sequential() %>%
#      layer_dense(units = 5, activation = "relu", input_shape = 4) %>%
#      layer_dense(units = 3, activation = "softmax")
#    summary(model)

keras.utils.set_random_seed(1)
model = keras.Sequential(
    [
        keras.layers.Input((4,)),
        keras.layers.Dense(5, activation="relu"),
        keras.layers.Dense(3, activation="softmax"),
    ]
)
for layer in model.layers:
    shapes = [f"{w.name} {w.shape}" for w in layer.weights]
    print(layer.name, *shapes, "parameters:", layer.count_params())

# %%
# Each layer has a *kernel*, the matrix of weights, and a *bias*. The kernel has a row
# for each input and a column for each unit. The number at the end of the line counts
# the entries of both.
#
# Compile
# -------
#
# ``compile`` says how the model will be trained:
#
# - ``optimizer``: the rule that turns derivatives into steps. *Adam* adapts the length
#   of the step to each weight.
# - ``loss``: what training makes smaller. *Categorical cross-entropy* is the loss for
#   one-hot classes.
# - ``metrics``: what else is reported; it does not affect the training. The *mean
#   absolute error* is the mean distance between the predicted probabilities and the
#   zeros and ones of ``y``.
#
# .. code-block:: r
#
#    model %>% compile(
#      optimizer = optimizer_adam(),
#      loss = "categorical_crossentropy",
#      metrics = c("mean_absolute_error")
#    )

model.compile(
    optimizer=keras.optimizers.Adam(),
    loss="categorical_crossentropy",
    metrics=["mean_absolute_error"],
)

# %%
# Fit
# ---
#
# ``fit`` trains the model:
#
# - ``epochs``: how many times it goes through the training data.
# - ``batch_size``: how many flowers it looks at before each update. The last batch of
#   an epoch holds the flowers that are left.
# - ``validation_data``: other data on which loss and metrics are computed after each
#   epoch. The model does not learn from them. Here they are the test flowers.
#
# It returns a *history* with one value for each epoch. The training loss and metric are
# averages over the batches, taken while the weights still move. The values whose names
# start with ``val_`` are computed at the end of the epoch.
#
# .. code-block:: r
#
#    history <- model %>% fit(
#      x_train, y_train,
#      epochs = 50,
#      batch_size = 16,
#      validation_data = list(x_test, y_test),
#      verbose = 0
#    )

epochs = 50
batch_size = 16
history = model.fit(
    x_train,
    y_train,
    epochs=epochs,
    batch_size=batch_size,
    validation_data=(x_test, y_test),
    verbose=0,
)
updates_per_epoch = int(np.ceil(len(x_train) / batch_size))
print("Updates per epoch:", updates_per_epoch, " in all:", updates_per_epoch * epochs)
for name, values in history.history.items():
    first, last = values[0], values[-1]
    print(f"{name}: {first:.4f} in the first epoch, {last:.4f} in the last")

# %%

plot_history(history, "Loss and error, on training and on test flowers")

# %%
# How much depends on the start?
# ------------------------------
#
# Other random numbers give other weights, another order of the flowers and another
# result. So one run says little. ``clone_model`` makes the same model with new weights.
# This loop does what ``fit`` does: in each epoch it goes through the flowers in a new
# order, batch by batch, and ``train_on_batch`` makes one update. With so few flowers it
# takes less time than ``fit``, which prepares each epoch at some length.

seeds = [1, 2, 3, 4, 5]
results = []
for seed in seeds:
    keras.utils.set_random_seed(seed)
    again = keras.models.clone_model(model)
    again.compile(
        optimizer=keras.optimizers.Adam(),
        loss="categorical_crossentropy",
        metrics=["mean_absolute_error"],
    )
    order = np.random.default_rng(seed)
    for _ in range(epochs):
        rows = order.permutation(len(x_train))
        for batch in np.split(rows, range(batch_size, len(rows), batch_size)):
            again.train_on_batch(x_train[batch], y_train[batch])
    results.append(again.test_on_batch(x_test, y_test))
mean, sd = np.mean(results, axis=0), np.std(results, axis=0, ddof=1)
print(f"Over {len(seeds)} seeds, on the test flowers:")
print(f"loss {mean[0]:.3f} ± {sd[0]:.3f}")
print(f"mean absolute error {mean[1]:.3f} ± {sd[1]:.3f}")
plt.show()

# %%
# The first number is the mean, the second the standard deviation over the seeds. On a
# computer with another number of processor cores, the last digits may differ: single
# precision rounds, and sums are then taken in another order.
#
# Summary
# -------
#
# ``Sequential`` says what the network is, ``compile`` how it is trained, ``fit`` trains
# it. What happens inside ``fit`` is the subject of the next lesson:
# :doc:`iris_nopackages`.
#
# Try it
# ------
#
# 1. Set ``epochs`` to ``200``. Where do training and test loss part, if they do?
# 2. Set ``batch_size`` to 105, all training flowers at once. How many updates are there
#    now, and what does that do to the loss?
