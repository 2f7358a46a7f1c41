r"""Regression with Keras
=====================

**What does a regression look like in Keras, and is it any good?** This lesson follows
``scripts/mtcars_keras_nn.R`` of `the lecture
<https://github.com/andrewcparnell/intermediate_ML>`_: horsepower and weight predict
miles per gallon, as in :doc:`mtcars_nopackages`, now with two hidden layers of 64
units:

.. math::

   X \;\longrightarrow\; a_1 = \operatorname{relu}(X W_1 + b_1)
     \;\longrightarrow\; a_2 = \operatorname{relu}(a_1 W_2 + b_2)
     \;\longrightarrow\; a_3 = a_2 W_3 + b_3.

First we do what the script does. Then we ask whether its answer is a good one, find out
why it is not, and mend it.
"""

import matplotlib.pyplot as plt
import numpy as np

from course import layers
from course.data import load_mtcars
from course.optimizers import Adam
from course.plots import plot_history, plot_predicted
from course.quiet import quiet_start
from course.rbase import r_print, scale
from course.rrandom import RRandom
from course.sequential import Sequential

with quiet_start():
    import keras

plt.style.use("course.lecture")

# %%
# Step 1: data
# ------------
#
# The same 22 cars are for training. This time the inputs are *standardised*: ``scale``
# subtracts the mean of each column and divides by its standard deviation. The script
# does so with training and test cars each by themselves. The answer stays in miles per
# gallon.
#
# .. code-block:: r
#
#    set.seed(123)
#    train_rows <- sample(nrow(mtcars), nrow(mtcars) * 0.7)
#    train_data <- mtcars[train_rows, ]
#    test_data <- mtcars[-train_rows, ]
#    X_train <- scale(train_data[, c("hp", "wt")])
#    y_train <- train_data$mpg
#    X_test <- scale(test_data[, c("hp", "wt")])
#    y_test <- test_data$mpg
#    head(X_train, 3)

mtcars = load_mtcars()
rng = RRandom(123)
train_rows = rng.sample(len(mtcars), int(len(mtcars) * 0.7))
train_data = mtcars.iloc[train_rows]
test_data = mtcars.drop(train_data.index)
X_train = scale(train_data[["hp", "wt"]])  # (22, 2)
y_train = train_data[["mpg"]].to_numpy()  # (22, 1), a column as the output will be
X_test = scale(test_data[["hp", "wt"]])  # (10, 2)
y_test = test_data[["mpg"]].to_numpy()  # (10, 1)
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
    print(f"{name}: {first:.2f} in the first epoch, {last:.2f} in the last")

# %%

plot_history(
    history, "Mean squared and mean absolute error, in training and validation"
)

# %%
# How well does it do?
# --------------------
#
# The predictions are in miles per gallon, and so is the RMSE.
#
# .. code-block:: r
#
#    test_pred <- model %>% predict(X_test, verbose = 0)
#    rmse <- sqrt(mean((test_pred - y_test)^2))
#    cat("Test RMSE, miles per gallon:", rmse, "\n")

test_pred = model.predict(X_test, verbose=0)  # (10, 1)
rmse = np.sqrt(np.mean((test_pred - y_test) ** 2))
print(f"Test RMSE, miles per gallon: {rmse:.4f}")

# %%

plot_predicted(y_test, test_pred, "Test cars, predicted as the script does", "mpg")

# %%
# Is that good?
# -------------
#
# A number alone cannot say. The simplest prediction is the same for all cars: the mean
# of the training cars.
#
# .. code-block:: r
#
#    constant <- mean(y_train)
#    rmse_constant <- sqrt(mean((constant - y_test)^2))
#    cat("Test RMSE of a constant, miles per gallon:", rmse_constant, "\n")

constant = np.mean(y_train)
rmse_constant = np.sqrt(np.mean((constant - y_test) ** 2))
print(f"Test RMSE of a constant, miles per gallon: {rmse_constant:.7g}")

# %%
# The network, with all its parameters, is worse than a constant. There are two reasons.
#
# *The test cars have a scale of their own.* On average they are heavier than the
# training cars. Standardised by themselves their mean is 0, as that of the training
# cars, and the network takes them for lighter cars than they are.
#
# .. code-block:: r
#
#    columns <- c("hp", "wt", "mpg")
#    means <- rbind(colMeans(train_data[, columns]), colMeans(test_data[, columns]))
#    rownames(means) <- c("train", "test")
#    print(means)

columns = ["hp", "wt", "mpg"]
means = [train_data[columns].mean(), test_data[columns].mean()]
r_print(np.array(means), rows=["train", "test"], columns=columns)

# %%

print(f"Mean of the predictions for the test cars: {test_pred.mean():.2f} mpg")

# %%
# *The answers are far from 0.* A new network answers with numbers near 0. Adam moves
# each weight by about its learning rate per update, and many epochs go by before the
# outputs have grown to the size of the answers. At the end the loss is still falling:

print(f"Learning rate of Adam: {float(model.optimizer.learning_rate):g}")
losses = history.history["loss"]
for epoch in [1, 50, 100, 150, 200]:
    print(f"Epoch {epoch}: training loss {losses[epoch - 1]:.2f}")
best_epoch = 1 + np.argmin(history.history["val_loss"])
print("Epoch with the lowest validation loss:", best_epoch, "of", epochs)

# %%
# Mended, step by step
# --------------------
#
# First the *answer* goes onto a scale of its own: minus the mean of the training
# answers, divided by their standard deviation. Predictions are turned back with the
# same two numbers. The answers of the test cars take no part: in real use nobody has
# them. Then the *test inputs* go onto the scale of the training cars.
#
# .. code-block:: r
#
#    y_mean <- mean(y_train)
#    y_sd <- sd(y_train)
#    y_scaled <- (y_train - y_mean) / y_sd
#    X_new <- scale(test_data[, c("hp", "wt")],
#      center = attr(X_train, "scaled:center"), scale = attr(X_train, "scaled:scale")
#    )
#    head(X_new, 3)

y_mean, y_sd = y_train.mean(), y_train.std(ddof=1)
y_scaled = (y_train - y_mean) / y_sd  # (22, 1)
inputs = train_data[["hp", "wt"]]
X_new = ((test_data[["hp", "wt"]] - inputs.mean()) / inputs.std()).to_numpy()  # (10, 2)
r_print(X_new[:3], rows=test_data.index[:3], columns=["hp", "wt"])

# %%
# One random start says little about so few cars, so we take five. They are trained by
# ``course.layers``, which takes the same calls and, for a network this small, much less
# time than Keras. (In R, build and compile the model again before each ``fit``.)


def fit_network(y, seed):
    network = Sequential(
        [
            layers.Input((2,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(1),
        ],
        seed=seed,
    )
    network.compile(Adam(), loss="mse")
    history = network.fit(
        X_train,
        y,
        epochs=epochs,
        batch_size=batch_size,
        validation_split=validation_split,
        verbose=0,
    )
    return network, 1 + np.argmin(history.history["val_loss"])


seeds = [1, 2, 3, 4, 5]
errors = np.zeros((2, 2, len(seeds)))  # answer, test inputs, seed
best_epochs = np.zeros((2, len(seeds)), int)
for i, seed in enumerate(seeds):
    in_mpg, best_epochs[0, i] = fit_network(y_train, seed)
    scaled, best_epochs[1, i] = fit_network(y_scaled, seed)
    for j, x in enumerate([X_test, X_new]):
        errors[0, j, i] = np.sqrt(np.mean((in_mpg.predict(x) - y_test) ** 2))
        mpg_pred = scaled.predict(x) * y_sd + y_mean  # (10, 1)
        errors[1, j, i] = np.sqrt(np.mean((mpg_pred - y_test) ** 2))

print(f"Test RMSE, miles per gallon, over {len(seeds)} seeds")
print("test inputs:           by themselves  on the training scale")
for answer, row in zip(["in mpg", "training scale"], errors, strict=True):
    own, new = [f"{e.mean():.2f} ± {e.std(ddof=1):.2f}" for e in row]
    print(f"answer {answer:16}{own:15}{new}")

# %%
# ``±`` stands before the standard deviation over the seeds. The script's own way is at
# the top left, both steps together at the bottom right. What Keras printed above may
# differ in its last digits on a computer with another number of processor cores: single
# precision rounds, and sums are then taken in another order.
#
# In which epoch was the validation loss lowest? The median over the seeds:

for answer, best in zip(["in mpg", "on the training scale"], best_epochs, strict=True):
    print(f"Answer {answer}: epoch {np.median(best):.0f} of {epochs}")

# %%
# With the answer in miles per gallon the epochs are too few, and the network is
# *under-trained*. On the training scale they are too many: after its lowest point the
# validation loss rises, and the network *over-fits*. The exercises stop it in time.
#
# One thing about seeds in Keras. ``fit`` takes the cars in random order. Once a seed is
# set, TensorFlow draws the same order again in every epoch; without one, as in the
# lecture's script, and in ``course.layers``, each epoch has an order of its own.
#
# Beside a straight line
# ----------------------
#
# Two inputs, 22 cases: a statistician would begin with a linear model.
#
# .. code-block:: r
#
#    line <- lm(mpg ~ hp + wt, data = train_data)
#    line_pred <- predict(line, test_data)
#    rmse_line <- sqrt(mean((line_pred - y_test)^2))
#    cat("Test RMSE of the straight line, miles per gallon:", rmse_line, "\n")

design = np.column_stack([np.ones(len(inputs)), inputs])  # (22, 3)
coefficients, *_ = np.linalg.lstsq(design, y_train)  # (3, 1)
test_inputs = test_data[["hp", "wt"]]
line_pred = np.column_stack([np.ones(len(test_inputs)), test_inputs]) @ coefficients
rmse_line = np.sqrt(np.mean((line_pred - y_test) ** 2))
print(f"Test RMSE of the straight line, miles per gallon: {rmse_line:.7g}")

# %%

plot_predicted(y_test, line_pred, "Test cars, predicted by the straight line", "mpg")
plt.show()

# %%
# Summary
# -------
#
# A Keras regression is a last layer without activation and a squared loss. Its error
# says little until it is held against that of a constant and of a linear model. Here
# the network of the script is worse than the constant. With answer and test inputs on
# the training scale it is better than the constant, but the straight line is better
# still. :doc:`mtcars_agreement` compares a small Keras network with the one by hand.
#
# Where this differs from the lecture's script
# --------------------------------------------
#
# - The script's seed is for R's ``sample``. TensorFlow has none there, so each run
#   starts from other weights; here it has one.
# - ``fit`` is silent here, and what is printed of the data, the model and the history is
#   added.
# - The script ends with the RMSE and the figure of predicted and actual mpg, under "How
#   well does it do?". What follows is added: the constant, the two mends, the five
#   starts and the straight line.
#
# Try it
# ------
#
# 1. Train the script's network for many more epochs. Is the answer in miles per gallon
#    still a trouble?
# 2. Put ``cyl`` and ``disp`` among the inputs, of the network and of the line. Which of
#    the two gains?
