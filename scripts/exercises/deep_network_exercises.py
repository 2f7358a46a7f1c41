r"""Exercises: from simple to deep
==============================

They go with the lesson :doc:`../deep_network`.
"""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from course import layers, sequential
from course.agreement import compare, print_comparisons
from course.data import load_iris
from course.rbase import one_hot, scale
from course.rrandom import RRandom

plt.style.use("course.lecture")

iris = load_iris()
train_rows = RRandom(123).sample(150, 105)
x = scale(iris.iloc[train_rows, :4])  # (105, 4)
y = one_hot(iris["Species"].iloc[train_rows])  # (105, 3)


def random_weights(sizes, seed=1):
    rng = np.random.default_rng(seed)
    shapes = list(pairwise(sizes))
    return [rng.normal(size=s) / np.sqrt(s[0]) for s in shapes]


# %%
# Exercise 1: count the parameters
# --------------------------------
#
# How many weights and biases has a network of dense layers with the sizes below, inputs
# first? Which hidden layer would you leave out to save most?

sizes = [4, 16, 16, 8, 3]

# %%
# .. solution


def n_parameters(sizes):
    return sum((inputs + 1) * units for inputs, units in pairwise(sizes))


print("All layers:", n_parameters(sizes))
for place in range(1, len(sizes) - 1):
    fewer = sizes[:place] + sizes[place + 1 :]
    print(f"Without hidden layer {place}: {fewer} has {n_parameters(fewer)}")

# %%
# Each pair of neighbours counts, with one row more for the bias. The first or the
# second hidden layer saves most: without either, 243 parameters are left of 515, since
# no layer of 16 then stands behind another. Without the third, 403 are left.
#
# .. end of solution

# %%
# Exercise 2: without activation functions
# ----------------------------------------
#
# Send ``x`` through the three matrices below with no activation function in between.
# Find one matrix that does the same. What does that say about deep networks without
# such functions?

matrices = random_weights([4, 16, 16, 3])

# %%
# .. solution

a = x
for W in matrices:
    a = a @ W
one_matrix = matrices[0] @ matrices[1] @ matrices[2]  # (4, 3)
print_comparisons([compare("outputs", a, x @ one_matrix)])
weights = sum(W.size for W in matrices)
print("Weights in three layers:", weights, " in one:", one_matrix.size)

# %%
# A chain of matrix products is one matrix product. Without activation functions between
# them, more layers add weights but nothing that one layer could not do.
#
# .. end of solution

# %%
# Exercise 3: add layers
# ----------------------
#
# Train networks with 1, 2 and 4 hidden layers of 8 units on the iris flowers, with
# ``course.sequential``, for five seeds each. Does the training loss get smaller with
# more layers? Draw how it falls.


def build(depth, seed):
    hidden = [layers.Dense(8, activation="relu") for _ in range(depth)]
    model = sequential.Sequential(
        [layers.Input((4,)), *hidden, layers.Dense(3, activation="softmax")],
        seed=seed,
    )
    model.compile(sequential.optimizers.SGD(0.3), loss="categorical_crossentropy")
    return model


# %%
# .. solution

fig, ax = plt.subplots()
for depth, line in [(1, "-"), (2, "--"), (4, ":")]:
    runs = []
    for seed in [1, 2, 3, 4, 5]:
        model = build(depth, seed)
        runs.append([model.train_on_batch(x, y)["loss"] for _ in range(150)])
    last = [run[-1] for run in runs]
    mean, sd = np.mean(last), np.std(last, ddof=1)
    print(f"{depth} hidden: {mean:.4f} (sd {sd:.4f}, 5 seeds)")
    ax.semilogy(np.mean(runs, axis=0), line, label=f"{depth} hidden")
ax.set_xlabel("step")
ax.set_ylabel("training loss, mean of 5 seeds")
ax.legend()
fig.suptitle("The training loss with one, two and four hidden layers")
plt.show()

# %%
# The first number is the mean, *sd* the standard deviation over the seeds. From one
# layer to two the loss gets smaller, from two to four it does not. A deeper network can
# fit more, but is not sure to get there sooner: it depends on the start and on the
# learning rate, and the training loss says nothing about other flowers.
#
# .. end of solution
