r"""Exercises: regression with Keras
================================

They go with the lesson :doc:`../mtcars_keras`. The lines below repeat its data, with
the answer on the training scale, too.
"""

import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes

from course.agreement import bound
from course.data import load_mtcars
from course.plots import plot_history
from course.quiet import quiet_start
from course.rbase import scale
from course.rrandom import RRandom

with quiet_start():
    import keras

plt.style.use("course.lecture")

mtcars = load_mtcars()
train_rows = RRandom(123).sample(len(mtcars), int(len(mtcars) * 0.7))
train_data = mtcars.iloc[train_rows]
X_train = scale(train_data[["hp", "wt"]]).astype("float32")  # (22, 2)
y_train = scale(train_data["mpg"]).astype("float32")  # (22, 1)


def build_model(inputs, hidden, seed=1):
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(units, activation="relu") for units in hidden]
    return keras.Sequential(
        [keras.layers.Input((inputs,)), *layers, keras.layers.Dense(1)]
    )


# %%
# Exercise 1: a straight line in Keras
# ------------------------------------
#
# A network with no hidden layer is a linear model. Train one with plain steps, all cars
# in one batch, until its weights are the coefficients of least squares. How large is
# the difference then?

line = build_model(2, [])
line.compile(keras.optimizers.SGD(0.3), loss="mse")

# %%
# .. solution

line.fit(X_train, y_train, epochs=100, batch_size=len(X_train), verbose=0)
kernel, bias = line.get_weights()  # (2, 1), (1,)
design = np.column_stack([X_train, np.ones(len(X_train))])  # (22, 3)
coefficients, *_ = np.linalg.lstsq(design, y_train)  # (3, 1)
print("Keras: hp {:.4f}, wt {:.4f}".format(*kernel[:, 0]))
print("least squares: hp {:.4f}, wt {:.4f}".format(*coefficients[:2, 0]))
difference = np.abs(np.append(kernel[:, 0], bias) - coefficients[:, 0]).max()
print("Largest difference:", bound(difference))

# %%
# What is left is the rounding of single precision. Linear regression is the network
# without hidden layers, and training finds by small steps what ``lm`` computes at once.
#
# .. end of solution

# %%
# Exercise 2: stop early
# ----------------------
#
# With the answer on the training scale, the network of the lesson over-fits. Let
# ``fit`` stop when the validation loss has not improved for 10 epochs, and put back the
# weights of the best epoch (look up ``keras.callbacks.EarlyStopping``). Which epoch was
# the best?

model = build_model(2, [64, 64])
model.compile("adam", loss="mse")

# %%
# .. solution

stop = keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
history = model.fit(
    X_train,
    y_train,
    epochs=100,
    batch_size=16,
    validation_split=0.2,
    callbacks=[stop],
    verbose=0,
)
losses = history.history["val_loss"]
print("Epochs run:", len(losses), " best epoch:", 1 + int(np.argmin(losses)))
n_validation = len(X_train) - int(len(X_train) * 0.8)
now = model.evaluate(X_train[-n_validation:], y_train[-n_validation:], verbose=0)
print(f"Lowest validation loss {min(losses):.4f}, with the weights kept {now:.4f}")
plot_history(history, "The losses up to where fit stopped")

# %%
# The weights kept are those of the best epoch, not of the last. With so few validation
# cars another split or seed may stop elsewhere; the callback is the same for large
# data.
#
# .. end of solution

# %%
# Exercise 3: houses instead of cars
# ----------------------------------
#
# Predict the value of houses from their place, age, size and so on. Standardise inputs
# and target on the *training* scale. Is the test error smaller than that of predicting
# the mean? The California housing data need a download: they are used if Keras has them
# already or ``COURSE_DOWNLOAD=1`` is set, and the diabetes data that come with
# scikit-learn if not.

folder = os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras") + "/datasets"
cached = os.path.exists(folder + "/california_housing.npz")
if cached or os.environ.get("COURSE_DOWNLOAD") == "1":
    data = keras.datasets.california_housing.load_data(version="small")
    (inputs, target), (test_inputs, test_target) = data
    print("Data: California housing, the small version")
else:
    inputs, target = load_diabetes(return_X_y=True)
    rows = np.random.default_rng(1).permutation(len(target))
    inputs, test_inputs = inputs[rows[:350]], inputs[rows[350:]]
    target, test_target = target[rows[:350]], target[rows[350:]]
    print("Data: diabetes (California housing is not on this machine)")

# %%
# .. solution

mean, sd = inputs.mean(axis=0), inputs.std(axis=0, ddof=1)
y_mean, y_sd = target.mean(), target.std(ddof=1)
model = build_model(inputs.shape[1], [32])
model.compile(keras.optimizers.Adam(0.005), loss="mse")
model.fit(
    (inputs - mean) / sd, (target - y_mean) / y_sd, epochs=15, batch_size=32, verbose=0
)
output = model.predict((test_inputs - mean) / sd, verbose=0)[:, 0]
predicted = output * y_sd + y_mean  # back to the units of the target
rmse = np.sqrt(np.mean((predicted - test_target) ** 2))
rmse_of_mean = np.sqrt(np.mean((y_mean - test_target) ** 2))
print("Training cases and inputs:", *inputs.shape)
print(f"Test RMSE {rmse:.6g}, of the mean {rmse_of_mean:.6g} (one run, seed 1)")
plt.show()

# %%
# Means and standard deviations come from the training data alone, and predictions are
# turned back into the units of the target before the error is computed. Then the two
# errors can be compared.
#
# .. end of solution
