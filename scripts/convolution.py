r"""Convolution: a filter slides over a picture
===========================================

**What does a convolution find in a picture, and what do its settings change?** A filter
looks at a small window of the picture and gives one number. Then the window moves on.
With a kernel :math:`W` of :math:`k` rows and :math:`k` columns, and :math:`c` channels:

.. math::

   y_{ij} = \sum_{u=0}^{k-1} \sum_{v=0}^{k-1} \sum_{l=0}^{c-1}
            x_{si+u,\,sj+v,\,l}\; W_{uvl} + b.

Here :math:`s` is the stride, the number of pixels by which the window moves. In
mathematics this is called a *cross-correlation*; a convolution in the strict sense
turns the kernel upside down first. Neural networks learn their kernels, so it makes no
difference to them.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

from course.agreement import compare, keras_precision, print_comparisons
from course.plots import plot_grids, plot_images
from course.quiet import quiet_start
from course.rbase import r_print

with quiet_start():
    import keras

plt.style.use("course.lecture")

# %%
# A picture is an array of numbers
# --------------------------------
#
# This photograph comes with scikit-learn. We take the mean of its three colours and
# every second pixel, with 0 for black and 1 for white. A *pixel* is then one number.

photograph = load_sample_image("china.jpg") / 255  # (427, 640, 3)
picture = photograph.mean(axis=2)[50:370:2, 120:600:2]  # (160, 240)
print("Height and width:", *picture.shape)
plot_images(
    [picture], [""], "The picture: a tower above a lake, and trees", 1, cmap="gray"
)

# %%
# One window
# ----------
#
# The kernel below compares the column on the right with the column on the left. It
# gives a large number where brightness rises from left to right, a negative one where
# it falls, and 0 where the picture is even. Here is one window, in round numbers:
#
# .. code-block:: r
#
#    kernel <- rbind(c(-1, 0, 1), c(-1, 0, 1), c(-1, 0, 1)) / 3
#    window <- rbind(c(0.1, 0.5, 0.7), c(0.1, 0.4, 0.7), c(0.2, 0.5, 0.8))
#    print(window * kernel)
#    print(sum(window * kernel))

kernel = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]) / 3
window = np.array([[0.1, 0.5, 0.7], [0.1, 0.4, 0.7], [0.2, 0.5, 0.8]])
r_print(window * kernel)
r_print(np.sum(window * kernel))

# %%
# All windows
# -----------
#
# The loop below goes over the nine places *in the window*. At each place it takes the
# pixels that ever stand there, which is the whole picture but for an edge, times the
# weight of this place. That is the double sum of the formula, for all :math:`i, j` at
# once.


def convolve(x, kernel, stride=1):
    k = len(kernel)
    height = (x.shape[0] - k) // stride + 1
    width = (x.shape[1] - k) // stride + 1
    y = np.zeros((height, width))
    for u, v in np.ndindex(k, k):
        rows = slice(u, u + stride * (height - 1) + 1, stride)
        columns = slice(v, v + stride * (width - 1) + 1, stride)
        y += x[rows, columns] * kernel[u, v]
    return y


# %%
# Here is a picture of six rows and six columns, with a bright bar in its upper half,
# and three of its windows: ``A`` where brightness rises, ``B`` where it falls, ``C``
# where the left and the right column are as bright. The kernel is the one above without
# the division by 3. Under the picture stands the sum of each window, row by row. It is
# one number of the result, in the row and the column in which the window begins.

bar = np.array([[0, 1, 3, 3, 1, 0], [1, 0, 3, 3, 0, 1], [0, 1, 3, 2, 1, 0]])
small = np.vstack([bar, [[2, 1, 2, 1, 1, 2], [1, 2, 1, 2, 2, 1], [2, 1, 2, 1, 2, 2]]])
unscaled = 3 * kernel
result = convolve(small, unscaled)
places = {"A": (0, 0), "B": (0, 3), "C": (3, 2)}
sums = []
for letter, (i, j) in places.items():
    pairs = zip(unscaled.flat, small[i : i + 3, j : j + 3].flat, strict=True)
    products = " ".join(rf"{w:+.0f} \cdot {x}" for w, x in pairs)
    sums.append(f"{letter}:  ${products} = {result[i, j]:.0f}$")
plot_grids(
    {"picture": small, "kernel": unscaled, "result": result},
    "Three windows of a picture, and what the kernel makes of them",
    frames={
        "picture": {letter: (*place, 3) for letter, place in places.items()},
        "result": {letter: (*place, 1) for letter, place in places.items()},
    },
    below=sums,
)

# %%
# The same on the photograph, with this kernel and three others:

kernels = {
    "edges, left to right": kernel,
    "edges, top to bottom": kernel.T,
    "blur": np.full((3, 3), 1 / 9),
    "outlines": np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
}
responses = {name: convolve(picture, k) for name, k in kernels.items()}
for name, response in responses.items():
    lowest, highest = response.min(), response.max()
    print(f"{name}: {response.shape}, from {lowest:.2f} to {highest:.2f}")

# %%

fig, axes = plt.subplots(2, 2, figsize=(6.4, 4.9))
for ax, (name, response) in zip(axes.flat, responses.items(), strict=True):
    reach = 1 if name == "blur" else np.quantile(np.abs(response), 0.99)
    ax.imshow(response, cmap="gray", vmin=0 if name == "blur" else -reach, vmax=reach)
    ax.set_title(name)
    ax.axis("off")
fig.suptitle("One picture through four kernels")

# %%
# In the three edge pictures, grey is 0, white is positive and black is negative. The
# blur takes the mean of nine pixels. A network starts from random kernels and learns
# which ones help.
#
# In Keras
# --------
#
# ``Conv2D`` with four *filters* does all four at once: each filter has a kernel of its
# own and gives a picture of its own, called a *feature map*. The kernels lie in one
# tensor of shape *(height, width, channels, filters)*, and the maps of a picture make a
# tensor too. That is why a network flattens them before its dense layers.

weights = np.stack(list(kernels.values()), axis=-1)[:, :, np.newaxis, :]  # (3, 3, 1, 4)
with keras_precision("float64"):
    layer = keras.layers.Conv2D(filters=4, kernel_size=3)
    layer.build((None, *picture.shape, 1))
    layer.set_weights([weights, np.zeros(4)])
    maps = layer(picture[np.newaxis, :, :, np.newaxis]).numpy()[0]  # (158, 238, 4)
comparisons = [
    compare(name, response, maps[:, :, filter_number])
    for filter_number, (name, response) in enumerate(responses.items())
]
print_comparisons(comparisons)

# %%
# How large is the result?
# ------------------------
#
# Four settings decide. With :math:`n` pixels along one side:
#
# - ``filters``: how many feature maps. It does not change their size.
# - ``kernel_size`` :math:`k`: how large the window is. Along a side it fits at
#   :math:`n - k + 1` places.
# - ``strides`` :math:`s`: how far the window moves. It stops at every :math:`s`-th
#   place.
# - ``padding``: with ``"valid"`` the window stays inside the picture. With ``"same"``
#   zeros are added around it, so that with a stride of 1 the result is as large as the
#   picture.
#
# .. math::
#
#    \text{valid: } \left\lfloor \frac{n - k}{s} \right\rfloor + 1, \qquad
#    \text{same: } \left\lceil \frac{n}{s} \right\rceil.
#
# .. code-block:: r
#
#    side <- function(n, k, s, padding) {
#      if (padding == "same") ceiling(n / s) else floor((n - k) / s) + 1
#    }
#    print(c(side(32, 3, 1, "valid"), side(32, 3, 1, "same")))
#    print(c(side(32, 3, 2, "valid"), side(32, 3, 2, "same")))


def side(n, k, s, padding):
    return int(np.ceil(n / s)) if padding == "same" else (n - k) // s + 1


r_print([side(32, 3, 1, "valid"), side(32, 3, 1, "same")])
r_print([side(32, 3, 2, "valid"), side(32, 3, 2, "same")])

# %%
# Does Keras agree, for pictures and kernels of many sizes?

settings = [
    (n, k, s, padding)
    for n in [8, 15, 28, 32]
    for k in [1, 2, 3, 5]
    for s in [1, 2, 3]
    for padding in ["valid", "same"]
]
agree = 0
for n, k, s, padding in settings:
    layer = keras.layers.Conv2D(6, k, strides=s, padding=padding)
    expected = (None, side(n, k, s, padding), side(n, k, s, padding), 6)
    agree += layer.compute_output_shape((None, n, n, 3)) == expected
print(f"The formula and Keras agree in {agree} of {len(settings)} settings")

# %%
# In a picture: one row of 8 pixels, seen from above, and where a window of 3 pixels
# stops. Each line is one stop, so it makes one output.

fig, axes = plt.subplots(1, 3, sharey=True, figsize=(6.4, 3.4))
cases = [("valid", 1), ("same", 1), ("same", 2)]
for ax, (padding, s) in zip(axes, cases, strict=True):
    n, k = 8, 3
    stops = side(n, k, s, padding)
    missing = max((stops - 1) * s + k - n, 0) if padding == "same" else 0
    first = -(missing // 2)  # as many zeros in front as after, or one fewer
    ax.axvspan(-0.5, n - 0.5, color="#cfe3f1")
    for stop in range(stops):
        start = first + s * stop
        ax.plot([start - 0.3, start + k - 1 + 0.3], [stop, stop], "-", color="#0b3c6f")
    ax.set_title(f'"{padding}", stride {s}:\n{stops} outputs', fontsize=10)
    ax.set_xlabel("pixel")
    ax.set_xlim(-1.7, n + 0.7)
    ax.grid(False)
axes[0].set_ylabel("output")
axes[0].invert_yaxis()
fig.suptitle("Windows inside the row (shaded), and over its edges")

# %%
# How far the window moves, in rows and in columns: each pixel below has the number of
# windows that it is in. ``A`` is the first window, ``B`` the next to its right, ``C``
# the next below. While the stride is less than the window is wide, windows overlap, and
# a pixel is in several. With a stride of 3, a window of 3 begins where the last one
# ends. Where the stride is larger, there are gaps, with pixels that no window sees.

n, k = 7, 3
windows, firsts = {}, {}
for s in [1, 2, 3, 4]:
    stops = side(n, k, s, "valid")
    name = f"stride {s}: {stops} × {stops} windows"
    windows[name] = np.zeros((n, n))
    for i, j in np.ndindex(stops, stops):
        windows[name][s * i : s * i + k, s * j : s * j + k] += 1
    firsts[name] = {"A": (0, 0, k), "B": (0, s, k), "C": (s, 0, k)}
plot_grids(windows, "The number of windows on each pixel", frames=firsts, columns=2)

# %%
# Strides on the photograph: the larger the stride, the fewer windows, and the smaller
# the result.

fig, axes = plt.subplots(1, 3, figsize=(6.4, 2.3))
for ax, stride in zip(axes, [1, 2, 4], strict=True):
    response = convolve(picture, kernel, stride)
    ax.imshow(response, cmap="gray", vmin=-0.4, vmax=0.4)
    ax.set_title(f"stride {stride}: {response.shape[0]} × {response.shape[1]}")
    print(f"Stride {stride}:", *response.shape)
    ax.axis("off")
fig.suptitle("One kernel with three strides")

# %%
# Why the weights are shared
# --------------------------
#
# A dense layer could compute the same feature maps: every output is a weighted sum of
# the inputs. How many parameters would it need, for colour pictures of 32 by 32 pixels
# and 32 filters of 3 by 3?
#
# .. code-block:: r
#
#    inputs <- 32 * 32 * 3
#    outputs <- 30 * 30 * 32
#    cat("dense:", (inputs + 1) * outputs, "\n")
#    cat("convolution:", (3 * 3 * 3 + 1) * 32, "\n")

inputs = 32 * 32 * 3
outputs = 30 * 30 * 32
print("dense:", (inputs + 1) * outputs)
print("convolution:", (3 * 3 * 3 + 1) * 32)

# %%
# There are two reasons why the few are enough. What lies next to a pixel says more
# about it than what lies far away. And an edge is an edge wherever it is: if the
# picture moves, the feature map moves with it and does not change otherwise.

right = 7
moved = np.roll(picture, right, axis=1)  # what leaves on the right enters on the left
response, response_of_moved = convolve(picture, kernel), convolve(moved, kernel)
print(
    f"Moved by {right} pixels, the feature map is the same, apart from the edge:",
    np.array_equal(response_of_moved[:, right:], response[:, :-right]),
)

# %%
# How many multiplications
# ------------------------
#
# Few weights do not mean little work. Each output takes :math:`k \cdot k \cdot c`
# multiplications, and there are many outputs. For the layers of the next lesson's
# network, and one picture:
#
# .. code-block:: r
#
#    conv <- function(height, width, filters, k, channels) {
#      height * width * filters * k * k * channels
#    }
#    cat("first convolution: ", conv(30, 30, 32, 3, 3), "\n")
#    cat("second convolution:", conv(13, 13, 64, 3, 32), "\n")
#    cat("first dense layer: ", 6 * 6 * 64 * 64, "\n")
#    cat("second dense layer:", 64 * 10, "\n")


def conv(height, width, filters, k, channels):
    return height * width * filters * k * k * channels


print("first convolution: ", conv(30, 30, 32, 3, 3))
print("second convolution:", conv(13, 13, 64, 3, 32))
print("first dense layer: ", 6 * 6 * 64 * 64)
print("second dense layer:", 64 * 10)
plt.show()

# %%
# Most of the work is in the second convolution, most of the weights are in the first
# dense layer.
#
# Summary
# -------
#
# A convolution multiplies a small window with the same weights everywhere. It finds a
# pattern wherever it is, and needs few weights for that. ``filters`` says how many
# patterns, ``kernel_size`` how large they are; together with ``strides`` and
# ``padding``, it decides how large the result is.
#
# Try it
# ------
#
# 1. Blur the picture five times in a row, then look for edges. What has become of them?
# 2. Which ``padding`` and ``strides`` turn 32 pixels into 16, with a kernel of 5?
# 3. Turn the kernel for edges by 45 degrees. What does it find?
