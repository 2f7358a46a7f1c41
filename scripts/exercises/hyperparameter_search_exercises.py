r"""Exercises: searching for hyper-parameters
=========================================

They go with the lesson :doc:`../hyperparameter_search`. Below is a network for the iris
flowers, from the layers of ``course``, and its loss on flowers that it was not trained
on.
"""

import matplotlib.pyplot as plt
import numpy as np

from course import layers
from course.data import load_iris
from course.optimizers import Adam
from course.rbase import one_hot
from course.rrandom import RRandom
from course.sequential import Sequential

plt.style.use("course.lecture")

iris = load_iris()
train_rows = RRandom(123).sample(150, 105)
x = iris.iloc[train_rows, :4].to_numpy()  # (105, 4)
y = one_hot(iris["Species"].iloc[train_rows])  # (105, 3)


def validation_loss(rate, units, kept, seed=1):
    """Train without the rows ``kept``; return the loss on them."""
    hidden_layer = layers.Dense(units, activation="relu")
    output_layer = layers.Dense(3, activation="softmax")
    model = Sequential([layers.Input((4,)), hidden_layer, output_layer], seed=seed)
    model.compile(Adam(rate), "categorical_crossentropy")
    others = np.delete(np.arange(len(x)), kept)
    model.fit(x[others], y[others], 16, 20, verbose=0)
    return model.evaluate(x[kept], y[kept])


# %%
# Exercise 1: the best of many
# ----------------------------
#
# Suppose that all settings are equally good, and that their validation losses differ by
# chance alone: normal numbers with the mean and the standard deviation below. How small
# is the smallest of 1, 4, 16 and 64 such losses, on average?

true_mean, chance = 0.15, 0.02
n_trials = [1, 4, 16, 64]

# %%
# .. solution

rng = np.random.default_rng(1)
for n in n_trials:
    smallest = rng.normal(true_mean, chance, size=(2000, n)).min(axis=1)
    print(f"{n} trials: the smallest loss is {smallest.mean():.3f} on average")

# %%
# The more trials, the smaller the loss of the best, although none is better than
# another. So the loss of a winner promises too much; its expected value needs new data
# or at least new seeds.
#
# .. end of solution

# %%
# Exercise 2: a grid or chance
# ----------------------------
#
# Nine trials for a learning rate from 0.001 to 0.1 and 2 to 32 units. Set them on a
# grid, three by three, then at random with five seeds, all on logarithmic scales. How
# many different learning rates do nine trials try, and how small does the loss get?

kept = np.arange(84, 105)

# %%
# .. solution


def smallest(settings):
    return min(validation_loss(rate, units, kept) for rate, units in settings)


grid = [(rate, units) for rate in [0.001, 0.01, 0.1] for units in [2, 8, 32]]
print(f"grid: 3 learning rates, smallest loss {smallest(grid):.3f}")
found = []
for seed in range(1, 6):
    rng = np.random.default_rng(seed)
    rates, powers = 10 ** rng.uniform(-3, -1, 9), rng.uniform(1, 5, 9)
    found.append(
        smallest((rate, round(2**p)) for rate, p in zip(rates, powers, strict=True))
    )
mean, sd = np.mean(found), np.std(found, ddof=1)
print(
    f"random: {len(set(rates))} learning rates, smallest loss {mean:.3f} (sd {sd:.3f})"
)

# %%
# The grid tries three learning rates, three times each; random trials try nine. That
# helps where one hyper-parameter matters much more than the other.
#
# .. end of solution

# %%
# Exercise 3: five folds
# ----------------------
#
# A search that keeps 21 flowers for validation depends on which they are. Compare the
# two settings below in a *cross-validation*: each fifth of the flowers, a *fold*, is
# kept once. Which setting is better, and in how many of the five folds?

settings = {"few units": (0.02, 3), "more units": (0.02, 24)}

# %%
# .. solution

folds = np.arange(105).reshape(5, 21)
losses = {
    name: np.array([validation_loss(rate, units, kept) for kept in folds])
    for name, (rate, units) in settings.items()
}  # five each
fig, ax = plt.subplots()
for name, found in losses.items():
    print(f"{name}: {found.mean():.3f} (sd {found.std(ddof=1):.3f})")
    ax.plot(range(1, 6), found, "o-", label=name)
better = np.sum(losses["more units"] < losses["few units"])
print("More units are better in", better, "of 5 folds")
ax.set(xlabel="fold", ylabel="validation loss", xticks=range(1, 6))
ax.legend()
fig.suptitle("The validation loss of two settings in five folds")
plt.show()

# %%
# The folds agree, so the difference is no accident of the 21 flowers. If they did not,
# the mean over the folds would be the fairer judge. It takes five trainings for each
# setting.
#
# .. end of solution
