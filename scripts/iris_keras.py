r"""Iris with Keras
===============

**How much of the work does Keras take off our hands?** This lesson follows
``scripts/iris_keras.R`` of `the lecture
<https://github.com/andrewcparnell/intermediate_ML>`_: the flowers of
:doc:`iris_nopackages`, the same split into training and test data, and a network with
one hidden layer more:

.. math::

   X \;\longrightarrow\; a_1 = \operatorname{relu}(X W_1 + b_1)
     \;\longrightarrow\; a_2 = \operatorname{relu}(a_1 W_2 + b_2)
     \;\longrightarrow\; a_3 = \operatorname{softmax}(a_2 W_3 + b_3).

The seven steps are still there. The last five, from forward to repeat, happen inside
``fit``.
"""

import matplotlib.pyplot as plt
import numpy as np

from course import layers
from course.data import load_iris
from course.optimizers import Adam
from course.plots import plot_confusion_matrix, plot_history, plot_network
from course.quiet import quiet_start
from course.rbase import factor, max_col, one_hot, r_print, table
from course.rrandom import RRandom
from course.sequential import Sequential

with quiet_start():
    import keras

plt.style.use("course.lecture")

plot_network(
    [4, 5, 12, 3],
    ["4 inputs", "5 hidden", "12 hidden", "3 outputs"],
    "The network: two hidden layers",
)

# %%
# Step 1: data
# ------------
#
# .. code-block:: r
#
#    set.seed(123)
#    train_rows <- sample(150, 105)
#    train_data <- as.matrix(iris[train_rows, 1:4])
#    test_data <- as.matrix(iris[-train_rows, 1:4])
#    train_labels_onehot <- diag(3)[iris$Species[train_rows], ]
#    test_labels_onehot <- diag(3)[iris$Species[-train_rows], ]
#    cat("Training flowers per species:", colSums(train_labels_onehot), "\n")
#    cat("Test flowers per species:", colSums(test_labels_onehot), "\n")

iris = load_iris()
train_rows = RRandom(123).sample(150, 105)
test_rows = np.delete(np.arange(150), train_rows)
train_data = iris.iloc[train_rows, :4].to_numpy()  # (105, 4)
test_data = iris.iloc[test_rows, :4].to_numpy()  # (45, 4)
train_labels_onehot = one_hot(iris["Species"].iloc[train_rows])  # (105, 3)
test_labels_onehot = one_hot(iris["Species"].iloc[test_rows])  # (45, 3)
print("Training flowers per species:", *train_labels_onehot.sum(axis=0).astype(int))
print("Test flowers per species:", *test_labels_onehot.sum(axis=0).astype(int))

# %%
# Step 2: the model and its initial weights
# -----------------------------------------
#
# By hand, weights came from ``rnorm`` and biases were zero. Keras draws the weights of
# a layer uniformly from an interval that is narrower the more units the layer connects
# (*Glorot uniform*); its biases are zero too.
#
# .. code-block:: r
#
#    library(keras)
#    tensorflow::set_random_seed(1)
#    model <- keras_model_sequential() %>%
#      layer_dense(units = 5, activation = "relu", input_shape = 4) %>%
#      layer_dense(units = 12, activation = "relu") %>%
#      layer_dense(units = 3, activation = "softmax")
#    model %>% compile(
#      optimizer = optimizer_adam(),
#      loss = "categorical_crossentropy",
#      metrics = c("accuracy")
#    )

keras.utils.set_random_seed(1)
model = keras.Sequential(
    [
        keras.layers.Input((4,)),
        keras.layers.Dense(5, activation="relu"),
        keras.layers.Dense(12, activation="relu"),
        keras.layers.Dense(3, activation="softmax"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
print("Shapes:", *[w.shape for w in model.get_weights()])
print("Parameters:", model.count_params())

# %%
# Steps 3 to 7: fit
# -----------------
#
# ``validation_split=0.2`` keeps the last fifth of the training rows for validation. The
# rows are in random order already, so the last fifth is a random one.
#
# .. code-block:: r
#
#    history <- model %>% fit(
#      train_data, train_labels_onehot,
#      epochs = 100,
#      batch_size = 16,
#      validation_split = 0.2,
#      verbose = 0
#    )

epochs = 100
batch_size = 16
validation_split = 0.2
history = model.fit(
    train_data,
    train_labels_onehot,
    epochs=epochs,
    batch_size=batch_size,
    validation_split=validation_split,
    verbose=0,
)
for name, values in history.history.items():
    first, last = values[0], values[-1]
    print(f"{name}: {first:.4f} in the first epoch, {last:.4f} in the last")

# %%

plot_history(history, "Loss and accuracy, on training and on validation flowers")

# %%
# How well does it do?
# --------------------
#
# ``predict`` goes forward and returns the probabilities.
#
# .. code-block:: r
#
#    test_pred <- model %>% predict(test_data, verbose = 0)
#    predicted <- max.col(test_pred, "first") - 1
#    actual <- max.col(test_labels_onehot, "first") - 1
#    print(table(Predicted = factor(predicted, 0:2), Actual = factor(actual, 0:2)))
#    cat("Accuracy:", mean(predicted == actual), "\n")

test_pred = model.predict(test_data, verbose=0)  # (45, 3)
predicted = max_col(test_pred)
actual = max_col(test_labels_onehot)
confusion = table(
    Predicted=factor(predicted, [0, 1, 2]), Actual=factor(actual, [0, 1, 2])
)
r_print(confusion)
print(f"Accuracy: {np.mean(predicted == actual):.7g}")

# %%

plot_confusion_matrix(confusion, "Test flowers, seed 1: nearly all on the diagonal")

# %%
# Five starts
# -----------
#
# That was one run, with one random start. Here is the accuracy with five. They are
# trained by ``course.layers``, the same layers written by hand in NumPy, with the same
# calls: for networks this small they are much quicker. The page :doc:`/layers` shows
# that they compute what Keras computes.

seeds = [1, 2, 3, 4, 5]
accuracies = []
for seed in seeds:
    again = Sequential(
        [
            layers.Input((4,)),
            layers.Dense(5, activation="relu"),
            layers.Dense(12, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ],
        seed=seed,
    )
    again.compile(Adam(), "categorical_crossentropy", metrics=["accuracy"])
    again.fit(
        train_data,
        train_labels_onehot,
        epochs=epochs,
        batch_size=batch_size,
        validation_split=validation_split,
        verbose=0,
    )
    accuracies.append(again.evaluate(test_data, test_labels_onehot)[1])
r_print(np.round(accuracies, 4))
print(
    f"Accuracy on {len(test_data)} test flowers over {len(seeds)} seeds: "
    f"{np.mean(accuracies):.3f} ± {np.std(accuracies, ddof=1):.3f}"
)
plt.show()

# %%
# The first number is the mean, the second the standard deviation over the seeds. What
# Keras printed above may differ in its last digits on a computer with another number
# of processor cores: single precision rounds, and sums are then taken in another order.
#
# Summary
# -------
#
# What took a page by hand takes three calls here: build, ``compile``, ``fit``. They do
# the same things, with other choices: two hidden layers, another start, batches of 16,
# and Adam in place of plain steps. :doc:`iris_agreement` makes the same choices on both
# sides and, in each step, finds no difference beyond rounding.
#
# Where this differs from the lecture's script
# --------------------------------------------
#
# - The script's seed is for R's ``sample``. TensorFlow has none there, so each run
#   starts from other weights; here it has one.
# - ``fit`` is silent here. What is printed of the data, the model and the history is
#   added.
# - One-hot rows come from ``to_categorical`` there, the predicted species from
#   ``k_argmax``. Here both are done as in :doc:`iris_nopackages`.
# - The table has there the species that occur; here always all three.
# - The drawing of the network, that of the confusion table, and the five starts are
#   added. The figure of loss and accuracy is the script's ``plot(history)``.
#
# Try it
# ------
#
# 1. Add a third hidden layer. Does the accuracy over five seeds change by more than its
#    standard deviation?
# 2. Replace ``Adam()`` by ``SGD(learning_rate=0.01)``. How many epochs does it need to
#    come to the same loss?
