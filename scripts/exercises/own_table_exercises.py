r"""Exercises: your own table
=========================

They go with the lesson :doc:`../own_table`.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from course.agreement import bound, central_difference
from course.data import load_iris, load_mtcars
from course.rbase import one_hot
from course.rrandom import RRandom
from course.tables import read_table

folder = Path(tempfile.mkdtemp())  # for the files that the exercises read

# %%
# Exercise 1: a file from a spreadsheet
# -------------------------------------
#
# Many spreadsheets write a comma in numbers, and so a semicolon between columns. Here
# is such a file, with the names of the cars in a column of its own. Read it, to predict
# ``mpg``: call ``read_table`` and do what its errors say.

path = folder / "cars.csv"
cars = load_mtcars().reset_index(names="car")
cars.to_csv(path, sep=";", decimal=",", index=False)
print(*path.read_text(encoding="utf-8").splitlines()[:2], sep="\n")

# %%
# .. solution

X, y = read_table(path, "mpg", sep=";", dec=",", leave_out="car")
print("Rows and predictors:", *X.shape)
print("The first of mpg:", *y[:3])

# %%
# The errors come one after the other: one column, then commas, then text in ``car``. In
# R, ``read.csv2`` is for such files.
#
# .. end of solution

# %%
# Exercise 2: a class among the predictors
# ----------------------------------------
#
# How wide the petals are, shall be predicted from the other measurements *and* the
# species. That is text, and ``read_table`` refuses it. Code it: one column of 0 and 1
# for each species but the first.

path = folder / "iris.csv"
iris = load_iris()

# %%
# .. solution

species = iris["Species"]
coded = one_hot(species)[:, 1:]  # (150, 2)
coded = pd.DataFrame(coded, index=iris.index, columns=species.cat.categories[1:])
iris.drop(columns="Species").join(coded).to_csv(path, index=False)
X, y = read_table(path, "Petal.Width")
print("Predictors:", *X.columns)
print(X.iloc[[0, 50, 100], 3:].to_string())

# %%
# A flower of the first species has 0 in both columns. R's ``lm`` codes a factor in this
# way, by ``model.matrix``.
#
# .. end of solution

# %%
# Exercise 3: prediction minus truth
# ----------------------------------
#
# The lesson says that both losses have the derivative *prediction minus truth*, divided
# by the number of rows. Check it with ``central_difference``, for the sums ``z`` and
# the answers below. What is the derivative of the mean squared error without the half?

rng = RRandom(1)
z = rng.rnorm(12).reshape(4, 3, order="F")
Y = one_hot(["a", "b", "c", "a"])  # (4, 3), for a class
numbers = rng.rnorm(12).reshape(4, 3, order="F")  # three numbers for each row


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# %%
# .. solution


def cross_entropy():
    return -np.sum(Y * np.log(softmax(z))) / len(Y)


def half_the_squares():
    return np.sum((z - numbers) ** 2) / (2 * len(z))


pairs = {
    "softmax, cross-entropy": (cross_entropy, (softmax(z) - Y) / len(Y)),
    "no function, half the squares": (half_the_squares, (z - numbers) / len(z)),
}
for name, (loss, formula) in pairs.items():
    difference = np.abs(central_difference(loss, z) - formula).max()
    print(f"{name}: largest difference {bound(difference)}")

# %%
# Both formulas are right, up to the error of central differences. Without the half, the
# derivative is twice as long: the half is there to make the two the same.
#
# .. end of solution

# %%
# Exercise 4: the scale of the training rows
# ------------------------------------------
#
# A rule for scaling: subtract the mean, divide by the standard deviation. Apply it to
# the weight of the cars below, once with the numbers of the training cars and once to
# the test cars by themselves. What would the network be told of a test car in each
# case?

weights = load_mtcars()["wt"]
train_rows = RRandom(123).sample(32, 22)
train = weights.iloc[train_rows]
test = weights.drop(train.index)

# %%
# .. solution

as_trained = (test - train.mean()) / train.std()
by_itself = (test - test.mean()) / test.std()
for car in test.index[:3]:
    told = f"{as_trained[car]:.3f}, by itself {by_itself[car]:.3f}"
    print(f"{car}, {test[car]:.3f}: on the training scale {told}")

# %%
# The same car gets another number by itself, which depends on the other test cars. The
# network has learnt what a number means on the training scale. And a single new car has
# no standard deviation.
#
# .. end of solution
