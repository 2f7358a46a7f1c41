r"""Exercises: activation functions
===============================

They go with the lesson :doc:`../activations`.
"""

import matplotlib.pyplot as plt
import numpy as np

from course import activations
from course.agreement import bound

plt.style.use("course.lecture")


def slope_of(function, z, step=1e-6):
    """The derivative by central differences."""
    return (function(z + step) - function(z - step)) / (2 * step)


# %%
# Exercise 1: a softmax that overflows
# ------------------------------------
#
# What does the softmax of the lecture give for the sums below, and why? Write one that
# gives the right probabilities.

z = np.array([[1.0, 2.0, 3.0], [1001.0, 1002.0, 1003.0]])


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


# %%
# .. solution


def safe_softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


with np.errstate(all="ignore"):  # NumPy would warn of the overflow
    print("exp(1001):", np.exp(1001.0))
    print("the lecture's softmax:", *softmax(z)[1])
print("with the shift:       ", *np.round(safe_softmax(z)[1], 4))
print("first row, both ways: ", np.allclose(softmax(z[:1]), safe_softmax(z[:1])))

# %%
# :math:`e^{1001}` is larger than any double, and infinity divided by infinity is not a
# number. Softmax depends on the differences between the sums alone, so the largest may
# be subtracted first; then no exponent is above 0.
#
# .. end of solution

# %%
# Exercise 2: check a derivative
# ------------------------------
#
# Somebody claims that the derivative of :math:`\tanh z` is :math:`1 - \tanh(z)`. Find
# out with ``slope_of``, and find the right formula.

z = np.linspace(-3, 3, 13)

# %%
# .. solution

a = np.tanh(z)
for name, claimed in [("1 - a", 1 - a), ("1 - a^2", 1 - a**2)]:
    difference = np.abs(claimed - slope_of(np.tanh, z)).max()
    print(f"{name}: largest difference {difference:.6f}")

# %%
# It is :math:`1 - \tanh^2 z`. Like that of the sigmoid, it can be computed from the
# activation alone; ``z`` itself need not be kept.
#
# .. end of solution

# %%
# Exercise 3: an activation function of your own
# ----------------------------------------------
#
# *Softsign* is :math:`z / (1 + |z|)`. Find its derivative, check it, and draw both
# beside those of tanh. Where do the two functions differ most?

z = np.linspace(-6, 6, 241)

# %%
# .. solution


def softsign(z):
    return z / (1 + np.abs(z))


def softsign_derivative(z):
    return 1 / (1 + np.abs(z)) ** 2


away = z[np.abs(z) > 1e-3]  # at 0 the second derivative jumps
numeric = slope_of(softsign, away)
difference = np.abs(softsign_derivative(away) - numeric).max()
print("Largest difference from the slope:", bound(difference))
apart = np.abs(softsign(z) - np.tanh(z))
print(f"Furthest apart by {apart.max():.2f}, where |z| is {abs(z[apart.argmax()]):.2f}")
fig, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(6.4, 5))
above.plot(z, softsign(z), label="softsign")
above.plot(z, np.tanh(z), "--", label="tanh")
below.plot(z, softsign_derivative(z), label="softsign")
below.plot(z, 1 - np.tanh(z) ** 2, "--", label="tanh")
above.set_ylabel("activation")
below.set_ylabel("derivative")
below.set_xlabel("z")
above.legend()
fig.suptitle("Softsign and tanh")

# %%
# Both run from :math:`-1` to 1 and have the slope 1 at 0. They differ most where
# :math:`|z|` is about 1.6, by 0.31: tanh is near its limits there, softsign far from
# them. Further out the derivative of softsign is still of some size where that of tanh
# has all but vanished.
#
# .. end of solution

# %%
# Exercise 4: the last layer fits the answer
# ------------------------------------------
#
# Which of ``linear``, ``sigmoid`` and ``softmax`` belongs after these three sums if the
# answer is (a) one of three species, (b) three independent yes-or-no answers, (c) three
# temperatures? Apply each function and look at the row's sum and range.

z = np.array([[-1.0, 0.5, 3.0]])

# %%
# .. solution

for name in ["linear", "sigmoid", "softmax"]:
    a = getattr(activations, name)(z)[0]
    print(f"{name:<8}", *[f"{value:7.4f}" for value in a], f"  sum {a.sum():.4f}")
plt.show()

# %%
# (a) Softmax: probabilities that sum to 1. (b) Sigmoid: each between 0 and 1, whatever
# the others are. (c) Linear: any number.
#
# .. end of solution
