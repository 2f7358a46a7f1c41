r"""Exercises: regression by hand
=============================

They go with the lesson :doc:`../mtcars_nopackages`. The lines below repeat its cars and
its network, for any number of inputs and hidden units.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes

from course.data import load_mtcars
from course.plots import plot_predicted
from course.rrandom import RRandom

plt.style.use("course.lecture")

mtcars = load_mtcars()
train_rows = RRandom(123).sample(len(mtcars), int(len(mtcars) * 0.7))
train_data = mtcars.iloc[train_rows]
test_data = mtcars.drop(train_data.index)


def normalize(x):
    return (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def train(X, y, hidden=5, learning_rate=0.01, epochs=1000, seed=1):
    rng = np.random.default_rng(seed)
    W1, b1 = rng.uniform(-1, 1, (X.shape[1], hidden)), rng.uniform(size=hidden)
    W2, b2 = rng.uniform(-1, 1, (hidden, 1)), rng.uniform(size=1)
    losses = []
    for _ in range(epochs):
        a1 = sigmoid(X @ W1 + b1)  # (n, hidden)
        a2 = a1 @ W2 + b2  # (n, 1)
        losses.append(np.mean((a2 - y) ** 2))
        delta2 = a2 - y
        delta1 = delta2 @ W2.T * a1 * (1 - a1)
        W2 = W2 - learning_rate * a1.T @ delta2
        b2 = b2 - learning_rate * delta2.sum(axis=0)
        W1 = W1 - learning_rate * X.T @ delta1
        b1 = b1 - learning_rate * delta1.sum(axis=0)
    return W1, b1, W2, b2, losses


X = normalize(train_data[["hp", "wt"]].to_numpy())  # (22, 2)
y = normalize(train_data[["mpg"]].to_numpy())  # (22, 1)

# %%
# Exercise 1: read a factor
# -------------------------
#
# The line of ``delta1`` ends with ``* a1 * (1 - a1)``. Show that this is the derivative
# of the sigmoid: compare it with the slope between two points close to each other.

z = np.linspace(-6, 6, 25)
a1 = sigmoid(z)

# %%
# .. solution

step = 1e-6
slope = (sigmoid(z + step) - sigmoid(z - step)) / (2 * step)
difference = np.abs(slope - a1 * (1 - a1)).max()
print("Largest difference below 1e-9:", difference < 1e-9)
print(f"Largest derivative: {np.max(a1 * (1 - a1)):g}, at z = {z[np.argmax(slope)]:g}")

# %%
# The two agree. The derivative is largest in the middle and close to zero at both ends:
# where a unit is *saturated*, hardly any change comes through.
#
# .. end of solution

# %%
# Exercise 2: a third predictor
# -----------------------------
#
# Add the column ``qsec`` to the inputs. Which of the four arrays change their shape?
# Does the training loss get smaller?

names = ["hp", "wt"]

# %%
# .. solution

for names in [["hp", "wt"], ["hp", "wt", "qsec"]]:
    inputs = normalize(train_data[names].to_numpy())
    *weights, losses = train(inputs, y)
    print(*names, "- shapes:", *[w.shape for w in weights])
    print(f"  training loss {losses[-1]:.5f} (one run, seed 1)")

# %%
# Only :math:`W_1` changes: it has a row for each input. The training loss gets smaller
# here, but that is not yet a reason to add a predictor; test cars decide that, and they
# are few.
#
# .. end of solution

# %%
# Exercise 3: without normalisation
# ---------------------------------
#
# Train with horsepower and weight as they are. Compare the last loss with the variance
# of ``y``. How many of the hidden units' outputs lie between 0.01 and 0.99?

X_raw = train_data[["hp", "wt"]].to_numpy()

# %%
# .. solution

print(f"Variance of y: {np.var(y):.5f}")
for name, inputs in [("normalised", X), ("as they are", X_raw)]:
    with np.errstate(over="ignore"):  # exp() of large numbers
        W1, b1, *_, losses = train(inputs, y)
        a1 = sigmoid(inputs @ W1 + b1)
    between = np.mean((a1 > 0.01) & (a1 < 0.99))
    print(f"{name}: loss {losses[-1]:.5f}, share of outputs in between {between:.2f}")

# %%
# With sums so far from 0 the sigmoid is 0 or 1 for nearly every car. Such units tell
# the cars apart hardly or not at all and have almost no derivative, so the network can
# do little more than predict the mean, whose loss is the variance.
#
# .. end of solution

# %%
# Exercise 4: another data set
# ----------------------------
#
# scikit-learn brings data on patients: ten measurements, and how far their diabetes
# has gone a year later. Use 300 for training. Normalise the others on the *training*
# scale, and compare the test error with that of predicting the mean. (Use the learning
# rate 0.001: there are more cases, and the steps descend a sum over them.)

measurements, progression = load_diabetes(return_X_y=True)
rows = np.random.default_rng(1).permutation(len(progression))
train_rows, test_rows = rows[:300], rows[300:]

# %%
# .. solution

low, high = measurements[train_rows].min(axis=0), measurements[train_rows].max(axis=0)
inputs = (measurements - low) / (high - low)
y_low, y_high = progression[train_rows].min(), progression[train_rows].max()
target = ((progression - y_low) / (y_high - y_low)).reshape(-1, 1)
W1, b1, W2, b2, losses = train(
    inputs[train_rows], target[train_rows], learning_rate=0.001, epochs=2000
)
output = sigmoid(inputs[test_rows] @ W1 + b1) @ W2 + b2
predicted = output[:, 0] * (y_high - y_low) + y_low
actual = progression[test_rows]
rmse = np.sqrt(np.mean((predicted - actual) ** 2))
rmse_of_mean = np.sqrt(np.mean((progression[train_rows].mean() - actual) ** 2))
print(f"Test RMSE {rmse:.1f}, of the mean {rmse_of_mean:.1f} (one run, seed 1)")
plot_predicted(
    actual,
    predicted,
    "Diabetes after a year, predicted and actual",
)
plt.show()

# %%
# Nothing in the network had to change but the number of inputs. Whether it is of use
# shows only beside a prediction that needs no network, such as the mean.
#
# .. end of solution
