r"""Exercises: saturated and dead units
===================================

They go with the lesson :doc:`../dead_units`.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.data import load_iris
from course.rrandom import RRandom

plt.style.use("course.lecture")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# %%
# Exercise 1: saturated in the last layer
# ---------------------------------------
#
# A sigmoid unit in the last layer gives :math:`a = \sigma(z)`, and the true answer is
# 0. Compute the derivative with respect to :math:`z` of the squared error
# :math:`a^2`, and of the binary cross-entropy :math:`-\log(1 - a)`, for the sums below.
# Draw both. Which loss helps where the unit is sure and wrong?

z = np.linspace(-8, 8, 9)

# %%
# .. solution

a = sigmoid(z)
of_square = 2 * a * a * (1 - a)
of_entropy = a
print("     z  squared error  cross-entropy")
for row in zip(z, of_square, of_entropy, strict=True):
    print("{:6.0f}  {:13.4f}  {:13.4f}".format(*row))
fig, ax = plt.subplots()
ax.plot(z, of_square, label="squared error")
ax.plot(z, of_entropy, label="cross-entropy")
ax.set_xlabel("z")
ax.set_ylabel("derivative of the loss")
ax.legend()
fig.suptitle("The derivative of two losses of a sigmoid unit")
plt.show()

# %%
# The cross-entropy. With the squared error the factor :math:`a (1 - a)` stays, and the
# derivative is close to 0 where the unit is sure and wrong. In the cross-entropy it is
# divided out: :math:`\frac{1}{1 - a} \cdot a (1 - a) = a`.
#
# .. end of solution

# %%
# Exercise 2: wake a dead unit
# ----------------------------
#
# The first hidden unit of the lesson is active for no flower. From which bias on is it
# active for one, and from which for all of them? How many flowers make it active with a
# bias half-way between?

iris = load_iris()
rng = RRandom(123)
X = iris.iloc[rng.sample(150, 105), :4].to_numpy()  # (105, 4)
w = rng.rnorm(20).reshape(4, 5, order="F")[:, 0]  # of the first unit: (4,)

# %%
# .. solution

sums = X @ w  # (105, 4) @ (4,) -> (105,)
first, last = -sums.max(), -sums.min()
half_way = (first + last) / 2
print(f"Active for one flower above {first:.2f}, for all above {last:.2f}")
print(f"With the bias {half_way:.2f}: {np.sum(sums + half_way > 0)} of {len(sums)}")

# %%
# The unit is active where the sum with the bias is above 0. So the bias has to be above
# minus the largest sum for one flower, and above minus the smallest for all. A positive
# bias at the start is one way to begin with fewer dead units.
#
# .. end of solution
