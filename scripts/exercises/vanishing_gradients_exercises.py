r"""Exercises: vanishing gradients
==============================

They go with the lesson :doc:`../vanishing_gradients`.
"""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from course.agreement import central_difference, compare, print_comparisons
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
# Exercise 1: any number of layers
# --------------------------------
#
# Write ``loss_and_gradients`` for a list of weight matrices of any length: ReLU between
# the layers, softmax at the end, the mean loss, no biases. Check the gradients by
# central differences.

matrices = random_weights([4, 6, 5, 3])

# %%
# .. solution


def loss_and_gradients(matrices):
    activations = [x]
    for W in matrices[:-1]:
        activations.append(np.maximum(0, activations[-1] @ W))
    z = activations[-1] @ matrices[-1]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    prediction = e / e.sum(axis=1, keepdims=True)
    dz = (prediction - y) / len(x)
    gradients = []
    for a, W in zip(reversed(activations), reversed(matrices), strict=True):
        gradients.insert(0, a.T @ dz)
        dz = dz @ W.T * (a > 0)  # for the layer below; not needed below the first
    return -np.sum(y * np.log(prediction)) / len(x), gradients


_, gradients = loss_and_gradients(matrices)
print_comparisons(
    compare(f"dW{k}", g, central_difference(lambda: loss_and_gradients(matrices)[0], W))
    for k, (g, W) in enumerate(zip(gradients, matrices, strict=True), start=1)
)

# %%
# Forward keeps the activations of all layers, backward uses them in reverse. The two
# loops are the same for any depth. What remains of the differences is the rounding of
# the central differences.
#
# .. end of solution

# %%
# Exercise 2: on the way forward
# ------------------------------
#
# Send ``x`` through ten layers of 20 units with tanh, without biases. The weights are
# those of ``random_weights``, with the variance :math:`1 / p`, times one of the scales
# below. How large are the activations of each layer? Print the root of the mean square
# after the tenth, and draw it for all.

sizes = [4, *10 * [20]]
scales = [0.5, 1, 4]

# %%
# .. solution

fig, ax = plt.subplots()
for factor, line in zip(scales, ["-", "--", ":"], strict=True):
    a, roots = x, []
    for W in random_weights(sizes):
        a = np.tanh(a @ (factor * W))
        roots.append(np.sqrt(np.mean(a**2)))
    print(f"scale {factor}: {roots[-1]:.5f} after the tenth layer")
    ax.semilogy(range(1, 11), roots, line, label=f"scale {factor}")
ax.set_xlabel("layer")
ax.set_ylabel("root of the mean square")
ax.legend()
fig.suptitle("The size of the activations in ten layers of tanh")
plt.show()

# %%
# With the small scale each layer about halves the activations, and little is left of
# the flowers. With the large one they are near :math:`-1` or 1, where tanh is saturated
# and its derivative close to 0. The scale 1 lies between: forward and backward ask for
# the same.
#
# .. end of solution
