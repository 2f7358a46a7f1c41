r"""Exercises: Iris with Keras
==========================

They go with the lesson :doc:`../iris_keras`. Below are its flowers, and a function that
trains with all flowers in each step. It calls ``train_on_batch``, which makes one
update and is quicker than ``fit`` for so little data.
"""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np

from course.data import load_iris
from course.plots import plot_history
from course.quiet import quiet_start
from course.rbase import one_hot
from course.rrandom import RRandom

with quiet_start():
    import keras

plt.style.use("course.lecture")

iris = load_iris()
train_rows = RRandom(123).sample(150, 105)
x = iris.iloc[:, :4].to_numpy()
y = one_hot(iris["Species"])
x_train, y_train = x[train_rows], y[train_rows]  # (105, 4), (105, 3)
x_test, y_test = np.delete(x, train_rows, axis=0), np.delete(y, train_rows, axis=0)


def build_model(hidden, activation="relu", seed=1):
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(units, activation=activation) for units in hidden]
    output = keras.layers.Dense(3, activation="softmax")
    return keras.Sequential([keras.layers.Input((4,)), *layers, output])


def train(model, optimizer, steps=150):
    model.compile(optimizer, loss="categorical_crossentropy")
    return [float(model.train_on_batch(x_train, y_train)) for _ in range(steps)]


# %%
# Exercise 1: one layer more
# --------------------------
#
# The lesson's network has hidden layers of 5 and 12 units. How many parameters does a
# third hidden layer of 8 units add? Mind that the output layer changes too.

model = build_model([5, 12])

# %%
# .. solution

deeper = build_model([5, 12, 8])
for network in [model, deeper]:
    shapes = [w.shape for w in network.get_weights() if w.ndim == 2]
    counts = [(inputs + 1) * units for inputs, units in shapes]
    print(" + ".join(map(str, counts)), "=", network.count_params())
print("More parameters:", deeper.count_params() - model.count_params())

# %%
# The new layer brings its own weights and biases, and the output layer loses some: it
# now has 8 inputs instead of 12.
#
# .. end of solution

# %%
# Exercise 2: other layers, units and activation functions
# --------------------------------------------------------
#
# Compare the networks below: train each from five seeds and report the accuracy on the
# test flowers as mean and standard deviation. Do they differ by more than the seeds do?

networks = {
    "one layer of 5, relu": ([5], "relu"),
    "5 and 12, relu": ([5, 12], "relu"),
    "5 and 12, tanh": ([5, 12], "tanh"),
}

# %%
# .. solution

results = {}
for name, (hidden, activation) in networks.items():
    accuracies = []
    for seed in [1, 2, 3, 4, 5]:
        model = build_model(hidden, activation, seed)
        train(model, keras.optimizers.Adam(0.01), steps=100)
        predicted = np.asarray(model(x_test)).argmax(axis=1)
        accuracies.append(np.mean(predicted == y_test.argmax(axis=1)))
    mean, sd = np.mean(accuracies), np.std(accuracies, ddof=1)
    results[name] = mean, sd / np.sqrt(5)  # and the standard error of the mean
    print(f"{name}: {mean:.3f} ± {sd:.3f} over 5 seeds")

for one, other in combinations(results, 2):
    difference = results[other][0] - results[one][0]
    error = np.hypot(results[one][1], results[other][1])
    print(f"{other} minus {one}:")
    print(f"  {difference:.3f}, standard error {error:.3f}")

# %%
# The first number is the mean, the second the standard deviation of single runs. The
# yardstick for means of five is the *standard error*, that deviation divided by
# :math:`\sqrt 5`. Both networks with two layers do better than the one with one, by
# more than twice the standard error of the difference. Between relu and tanh nothing
# can be decided: they differ by less than one test flower.
#
# .. end of solution

# %%
# Exercise 3: Adam against plain steps
# ------------------------------------
#
# Train the network of the lesson twice from the same weights: with ``Adam(0.01)`` and
# with ``SGD(0.01)``. Draw both losses. How many steps of ``SGD`` does it take to come
# to the loss that Adam has after 50?

steps = 1000

# %%
# .. solution

adam = train(build_model([5, 12]), keras.optimizers.Adam(0.01), steps=150)
sgd = train(build_model([5, 12]), keras.optimizers.SGD(0.01), steps=steps)
there = np.flatnonzero(np.array(sgd) <= adam[49])
print(f"Adam after 50 steps: {adam[49]:.4f} (one run, seed 1)")
if len(there):
    print("SGD is there after", there[0] + 1, "steps")
else:
    print(f"SGD is not there after {steps} steps: {sgd[-1]:.4f}")
fig = plot_history(
    {"Adam loss": adam, "SGD loss": sgd},
    "The training loss with Adam and with SGD",
)
for ax in fig.axes:
    ax.set_xlabel("step")
plt.show()

# %%
# Both learning rates are 0.01 but mean different things: Adam divides by the size that
# the gradients have had lately, so that each weight moves by about the learning rate.
# SGD moves by the learning rate times the gradient.
#
# .. end of solution
