r"""Exercises: a convolutional network by hand
==========================================

They go with the lesson :doc:`../cifar_nopackages_cnn`. The lines below repeat its
convolution and its pooling; the pictures are a few photo digits.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.agreement import central_difference, compare, print_comparisons
from course.images import photo_digits
from course.plots import plot_images

plt.style.use("course.lecture")

(pictures, _), _, _ = photo_digits(n_train=100, n_test=10)
x = pictures / 255  # (100, 32, 32, 3)
CORNERS = [(0, 0), (0, 1), (1, 0), (1, 1)]


def windows(x):
    """All windows of 3 x 3: (n, h, w, c) -> (n, h - 2, w - 2, 3, 3, c)."""
    view = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
    return view.transpose(0, 1, 2, 4, 5, 3)


def convolve(x, W, b):
    return np.tensordot(windows(x), W, axes=3) + b  # (.., 3, 3, c) . (3, 3, c, f)


def corner(a, i, j):
    height, width = a.shape[1] // 2 * 2, a.shape[2] // 2 * 2
    return a[:, i:height:2, j:width:2]  # (n, h, w, c) -> (n, h / 2, w / 2, c)


def pool(a):
    return np.maximum.reduce([corner(a, i, j) for i, j in CORNERS])


rng = np.random.default_rng(1)
W1 = rng.uniform(-0.1, 0.1, (3, 3, 3, 8))
W2 = rng.uniform(-0.1, 0.1, (3, 3, 8, 16))

# %%
# Exercise 1: follow the shapes
# -----------------------------
#
# A picture of 32 by 32 pixels goes through a convolution of 3 by 3, pooling, a second
# convolution, and pooling. How many rows and columns are left after each? And from a
# picture of 28 by 28? Check with arrays.

picture_sizes = [32, 28]

# %%
# .. solution

for n in picture_sizes:
    on_paper = [n - 2, (n - 2) // 2]
    on_paper += [on_paper[1] - 2, (on_paper[1] - 2) // 2]
    z1 = convolve(x[:1, :n, :n], W1, 0)
    p1 = pool(z1)
    z2 = convolve(p1, W2, 0)
    p2 = pool(z2)
    sides = [array.shape[1] for array in (z1, p1, z2, p2)]
    print(f"{n}: on paper {on_paper}, arrays {sides}")

# %%
# A convolution of 3 by 3 takes two rows and two columns away; pooling halves what is
# left and drops a last odd row and column.
#
# .. end of solution

# %%
# Exercise 2: how often do windows tie?
# -------------------------------------
#
# ``pool_backward`` of the lesson gives the derivative to the *first* of several equal
# largest numbers. How many windows have such a tie, before ReLU and after it? Where do
# the ties come from?

z1 = convolve(x, W1, 0)  # (100, 30, 30, 8)
a1 = np.maximum(0, z1)

# %%
# .. solution

for name, maps in [("before ReLU", z1), ("after ReLU", a1)]:
    largest = pool(maps)
    times = sum(corner(maps, i, j) == largest for i, j in CORNERS)
    tie = times > 1
    print(f"{name}: {np.mean(tie):.1%} of the windows tie,", end=" ")
    print(f"{np.mean(tie & (largest > 0)):.1%} at a number above 0")
share = tie.mean(axis=3)  # (100, 15, 15): how many of the 8 maps tie, after ReLU
plot_images(
    [*x[:6, 1:31, 1:31].mean(axis=3), *share[:6].repeat(2, axis=1).repeat(2, axis=2)],
    [""] * 12,
    "Six pictures, and where windows tie after ReLU (the whiter, the more maps)",
    columns=6,
    cmap="gray",
    vmin=0,
    vmax=1,
)

# %%
# After ReLU many windows hold nothing but zeros. To which of the zeros the derivative
# goes makes no difference: behind it stands :math:`[a > 0]`, which is 0 there. Only
# ties above 0 matter, as in parts of a picture that are of one colour.
#
# .. end of solution

# %%
# Exercise 3: pooling by the mean
# -------------------------------
#
# Write ``mean_pool`` and ``mean_pool_backward``. Check the derivative with
# ``central_difference``, which moves each number of ``a`` a little and looks at the
# loss.

a = rng.normal(size=(2, 5, 6, 3))  # the last row has no window
dp = rng.normal(size=(2, 2, 3, 3))  # the loss is sum(dp * mean_pool(a))

# %%
# .. solution


def mean_pool(a):
    return sum(corner(a, i, j) for i, j in CORNERS) / 4


def mean_pool_backward(a, dp):
    da = np.zeros_like(a)
    for i, j in CORNERS:
        corner(da, i, j)[...] = dp / 4  # corner() is a view: this writes into da
    return da


numeric = central_difference(lambda: np.sum(dp * mean_pool(a)), a)
print_comparisons([compare("da", mean_pool_backward(a, dp), numeric)])
print("The odd row gets nothing:", not mean_pool_backward(a, dp)[:, 4].any())
plt.show()

# %%
# Forward each corner counts a quarter, so backward each gets a quarter. What remains of
# the difference is the rounding of the central differences.
#
# .. end of solution
