r"""Regression with Keras
=====================

**What does a regression look like in Keras, and does it agree with ours?** The first
part follows ``mtcars_keras.R`` of the lecture: horsepower and weight predict miles per
gallon, now with two hidden layers of 64 units:

.. math::

   X \;\longrightarrow\; a_1 = \operatorname{relu}(X W_1 + b_1)
     \;\longrightarrow\; a_2 = \operatorname{relu}(a_1 W_2 + b_2)
     \;\longrightarrow\; a_3 = a_2 W_3 + b_3.

The second part trains the small network of :doc:`mtcars_nopackages` in Keras, from the
same weights, and compares the two.
"""

import matplotlib.pyplot as plt
import numpy as np

from course import layers
from course.agreement import compare_all, print_comparisons
from course.data import load_mtcars
from course.optimizers import Adam
from course.plots import plot_history, plot_predicted
from course.quiet import quiet_start
from course.rbase import r_print, scale
from course.rrandom import RRandom
from course.sequential import Sequential

with quiet_start():
    import keras
    import tensorflow as tf

plt.style.use("course.lecture")

# %%
# Step 1: data
# ------------
#
# The same 22 cars are for training. This time the columns are *standardised*: ``scale``
# subtracts the mean and divides by the standard deviation. The script standardises
# training and test data each by themselves, so we do too; :doc:`mtcars_nopackages` says
# why one should not.
#
# .. code-block:: r
#
#    set.seed(123)
#    train_rows <- sample(nrow(mtcars), nrow(mtcars) * 0.7)
#    train_data <- mtcars[train_rows, ]
#    test_data <- mtcars[-train_rows, ]
#    X_train <- scale(train_data[, c("hp", "wt")])
#    y_train <- scale(train_data$mpg)
#    X_test <- scale(test_data[, c("hp", "wt")])
#    y_test <- scale(test_data$mpg)
#    head(X_train, 3)

mtcars = load_mtcars()
rng = RRandom(123)
train_rows = rng.sample(len(mtcars), int(len(mtcars) * 0.7))
train_data = mtcars.iloc[train_rows]
test_data = mtcars.drop(train_data.index)
X_train = scale(train_data[["hp", "wt"]])  # (22, 2)
y_train = scale(train_data["mpg"])  # (22, 1)
X_test = scale(test_data[["hp", "wt"]])  # (10, 2)
y_test = scale(test_data["mpg"])  # (10, 1)
r_print(X_train[:3], rows=train_data.index[:3], columns=["hp", "wt"])

# %%
# Step 2: the model
# -----------------
#
# The last layer has one unit and no activation: its output may be any number. The loss
# is the mean squared error; the mean absolute error is reported besides.
#
# .. code-block:: r
#
#    library(keras)
#    tensorflow::set_random_seed(1)
#    model <- keras_model_sequential() %>%
#      layer_dense(units = 64, activation = "relu", input_shape = 2) %>%
#      layer_dense(units = 64, activation = "relu") %>%
#      layer_dense(units = 1)
#    model %>% compile(
#      optimizer = optimizer_adam(),
#      loss = "mse",
#      metrics = c("mae")
#    )

keras.utils.set_random_seed(1)
model = keras.Sequential(
    [
        keras.layers.Input((2,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(1),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(), loss="mse", metrics=["mae"])
print("Parameters:", model.count_params(), " training cars:", len(X_train))

# %%
# There are far more parameters than cars. Such a network can learn its training data by
# heart; the validation loss is there to show when that begins.
#
# Steps 3 to 7: fit
# -----------------
#
# .. code-block:: r
#
#    history <- model %>% fit(
#      X_train, y_train,
#      epochs = 200,
#      batch_size = 16,
#      validation_split = 0.2,
#      verbose = 0
#    )

epochs = 200
batch_size = 16
validation_split = 0.2
history = model.fit(
    X_train,
    y_train,
    epochs=epochs,
    batch_size=batch_size,
    validation_split=validation_split,
    verbose=0,
)
for name, values in history.history.items():
    first, last = values[0], values[-1]
    print(f"{name}: {first:.4f} in the first epoch, {last:.4f} in the last")
best_epoch = 1 + np.argmin(history.history["val_loss"])
print("Epoch with the lowest validation loss:", best_epoch)

# %%

plot_history(history, "Training and validation loss")

# %%
# After its lowest point the validation loss rises while the training loss goes on
# falling: the network *over-fits*. We train on, as the script does. The validation set
# is only the last fifth of few cars, so one run says little.

# %%
# How well does it do?
# --------------------
#
# .. code-block:: r
#
#    test_pred <- model %>% predict(X_test, verbose = 0)
#    rmse <- sqrt(mean((test_pred - y_test)^2))
#    cat("Test RMSE, standardised:", rmse, "\n")
#    cat("Test RMSE, miles per gallon:", rmse * sd(test_data$mpg), "\n")

test_pred = model.predict(X_test, verbose=0)  # (10, 1)
rmse = np.sqrt(np.mean((test_pred - y_test) ** 2))
test_sd = test_data["mpg"].std()
print(f"Test RMSE, standardised: {rmse:.4f}")
print(f"Test RMSE, miles per gallon: {rmse * test_sd:.4f}")

# %%

plot_predicted(
    y_test,
    test_pred,
    "Test cars, seed 1: high mpg is predicted high",
    "standardised mpg",
)

# %%
# That was one random start. Here are five, trained by ``course.layers``, which takes
# the same calls and, for a network this small, much less time than Keras:

seeds = [1, 2, 3, 4, 5]
errors = []
for seed in seeds:
    again = Sequential(
        [
            layers.Input((2,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(1),
        ],
        seed=seed,
    )
    again.compile(Adam(), loss="mse")
    again.fit(
        X_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_split=validation_split,
        verbose=0,
    )
    errors.append(np.sqrt(again.evaluate(X_test, y_test)) * test_sd)
print(
    f"Test RMSE over {len(seeds)} seeds, miles per gallon: "
    f"{np.mean(errors):.2f} ± {np.std(errors, ddof=1):.2f}"
)

# %%
# The first number is the mean, the second the standard deviation over the seeds. What
# Keras printed above may differ in its last digits on a computer with another number
# of processor cores: single precision rounds, and sums are then taken in another order.
#
# The same network by hand and in Keras
# -------------------------------------
#
# Now the small network of :doc:`mtcars_nopackages`: two inputs, five sigmoid units, one
# output, 10,000 epochs. First by hand, from the same weights as there.


def normalize(x):
    return (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


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
# And in Keras. Two things have to be made equal:
#
# - *The loss.* We descend half the *sum* of the squared errors, Keras their *mean*. Its
#   steps are as long as ours if its learning rate is :math:`n / 2` times ours.
# - *The batch.* We use all cars in each step. So does Keras when it is given all of
#   them as one batch. An epoch is then a single step; to spare the cost of starting
#   10,000 epochs, Keras gets the batch 10,000 times in one epoch, and runs 100 steps at
#   a time (``steps_per_execution``).


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
# Both are done in double and in single precision, 64 and 32 bits for each number. R and
# NumPy use the first unless told otherwise, Keras the second.

by_hand, in_keras, agreement = {}, {}, {}
for dtype in ["float64", "float32"]:
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    weights = {name: value.astype(dtype) for name, value in start.items()}
    by_hand[dtype] = train_by_hand(X.astype(dtype), y.astype(dtype), **weights)
    in_keras[dtype] = train_in_keras(X.astype(dtype), y.astype(dtype), **weights)
    agreement[dtype] = compare_all(by_hand[dtype], in_keras[dtype])
    print(f"{dtype}, weights after {steps} steps, by hand against Keras")
    print_comparisons(agreement[dtype])
keras.config.set_floatx("float32")
keras.config.set_dtype_policy("float32")

# %%
# ``relative`` is the largest difference divided by the largest entry. What is left is
# rounding: a double holds about 16 decimal digits and a single about 7, and the two
# programs add up the same numbers in another order.

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
# A Keras regression is a last layer without activation and a squared loss. From the
# same weights, with the same loss and the same batches, Keras and the formulas of the
# lecture come to the same weights.
#
# Try it
# ------
#
# 1. Leave out the factor ``len(X) / 2``. How large are the differences now?
# 2. Replace ``sigmoid`` by ``tanh`` on both sides. Which line of ``train_by_hand`` has
#    to change besides the first?
