r"""Exercises: convolution
======================

They go with the lesson :doc:`../convolution`. The lines below repeat its picture
and its loop.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

from course.agreement import bound
from course.plots import plot_images

plt.style.use("course.lecture")

photograph = load_sample_image("china.jpg") / 255
picture = photograph.mean(axis=2)[50:370:2, 120:600:2]  # (160, 240)
edges = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]) / 3
blur = np.full((3, 3), 1 / 9)


def convolve(x, kernel):
    k = len(kernel)
    height, width = x.shape[0] - k + 1, x.shape[1] - k + 1
    y = np.zeros((height, width))
    for u, v in np.ndindex(k, k):
        y += x[u : u + height, v : v + width] * kernel[u, v]
    return y


# %%
# Exercise 1: from 32 to 16
# -------------------------
#
# Which ``padding`` and ``strides`` turn 32 pixels into 16, with a kernel of 5? Try all
# strides from 1 to 4 with the formulas of the lesson.

n, k = 32, 5

# %%
# .. solution

for s in [1, 2, 3, 4]:
    valid = (n - k) // s + 1
    same = int(np.ceil(n / s))
    print(f"stride {s}: valid {valid}, same {same}")

# %%
# Only ``"same"`` with stride 2. With ``"valid"`` the window stops before it would reach
# over the end.
#
# .. end of solution

# %%
# Exercise 2: a kernel at 45 degrees
# ----------------------------------
#
# Write a kernel that answers to edges along a diagonal. Draw what it finds in the
# picture, beside what the kernel for upright edges finds.

upright = convolve(picture, edges)

# %%
# .. solution

diagonal = np.array([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]]) / 3
responses = [upright, convolve(picture, diagonal)]
reach = np.quantile(np.abs(responses), 0.99)
plot_images(
    responses,
    ["from left to right", "from the upper left to the lower right"],
    "Upright edges, and edges along a diagonal",
    columns=2,
    cmap="gray",
    vmin=-reach,
    vmax=reach,
)
stairs = np.triu(np.ones((5, 5)))[:, ::-1]  # bright on one side of a diagonal
for name, x in [("stairs", stairs), ("turned by a quarter", np.rot90(stairs))]:
    print(f"{name}: largest answer {np.abs(convolve(x, diagonal)).max():.2f}")

# %%
# The weights grow across the diagonal that runs from the lower left to the upper right,
# so the kernel answers most where brightness changes across it, and less or not at all
# along it.
#
# .. end of solution

# %%
# Exercise 3: two blurs are one
# -----------------------------
#
# Blur the picture twice. Find *one* kernel of 5 by 5 that does the same in one pass. (A
# picture that is black but for one white pixel may help.)

twice = convolve(convolve(picture, blur), blur)

# %%
# .. solution

point = np.zeros((9, 9))
point[4, 4] = 1
one_kernel = convolve(convolve(point, blur), blur)  # (5, 5)
print(np.round(one_kernel * 81).astype(int))
difference = np.abs(convolve(picture, one_kernel) - twice).max()
print("Largest difference:", bound(difference))
print("Weights: one kernel", one_kernel.size, "- two kernels", 2 * blur.size)
plt.show()

# %%
# Two convolutions in a row are one with a larger window, here a weighted mean (the
# numbers printed are the weights times 81). The two small kernels need fewer weights,
# and with an activation function between them they can do what no single one can.
#
# .. end of solution
