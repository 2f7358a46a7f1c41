r"""Exercises: training attention by hand
=====================================

They go with the lesson :doc:`../attention_nopackages_training`. The functions below are
its own, for a stack of sentences.
"""

from math import sqrt

import matplotlib.pyplot as plt
import numpy as np

plt.style.use("course.lecture")


def softmax(S):
    return np.exp(S) / np.exp(S).sum(axis=-1, keepdims=True)


def attention(X, WQ, WK, WV, WO, hidden):
    Q, K, V = X @ WQ, X @ WK, X @ WV  # (n, T, k)
    S = Q @ K.swapaxes(-1, -2) / sqrt(K.shape[-1])  # (n, T, T)
    A = softmax(np.where(hidden, -np.inf, S))
    C = A @ V  # (n, T, k)
    return C @ WO, (Q, K, V, A, C)


def attention_backward(dY, X, WQ, WK, WV, WO, kept):
    Q, K, V, A, _ = kept
    dC = dY @ WO.T  # (n, T, k)
    dV = A.swapaxes(-1, -2) @ dC
    dA = dC @ V.swapaxes(-1, -2)  # (n, T, T)
    dS = A * (dA - (dA * A).sum(axis=-1, keepdims=True))
    dQ = dS @ K / sqrt(K.shape[-1])  # (n, T, k)
    dK = dS.swapaxes(-1, -2) @ Q / sqrt(K.shape[-1])
    return dQ, dK, dV, dQ @ WQ.T + dK @ WK.T + dV @ WV.T


rng = np.random.default_rng(1)
n, T, d, k = 3, 6, 8, 4
X = rng.normal(size=(n, T, d))
WQ, WK, WV = rng.normal(size=(3, d, k)) / 2
WO = rng.normal(size=(k, 5))
later = np.triu(np.ones((T, T), dtype=bool), k=1)

# %%
# Exercise 1: move one weight
# ---------------------------
#
# Is the derivative of ``WQ[2, 1]`` right? Let the loss be ``np.sum(wanted * Y)``. Move
# the weight a little up and a little down, and see what the loss does.

wanted = rng.normal(size=(n, T, 5))
Y, kept = attention(X, WQ, WK, WV, WO, later)
dQ, dK, dV, dX = attention_backward(wanted, X, WQ, WK, WV, WO, kept)
dWQ = X.reshape(-1, d).T @ dQ.reshape(-1, k)  # (d, n * T) @ (n * T, k)

# %%
# .. solution

step = 1e-5
losses = []
for change in [step, -step]:
    moved = WQ.copy()
    moved[2, 1] += change
    losses.append(np.sum(wanted * attention(X, moved, WK, WV, WO, later)[0]))
slope = (losses[0] - losses[1]) / (2 * step)
print(f"By the formulas: {dWQ[2, 1]:.6f}")
print(f"By moving it:    {slope:.6f}")

# %%
# All the digits shown are the same. The loss is computed forward only, so a mistake in
# the formulas of the way back would show.
#
# .. end of solution

# %%
# Exercise 2: who has an influence on whom?
# -----------------------------------------
#
# Let the loss depend on the output at position 2 alone: ``dY`` is 0 everywhere else. At
# which positions is the derivative of ``X`` not 0, with the mask and without it?

dY = np.zeros((n, T, 5))
dY[:, 2] = 1

# %%
# .. solution

fig, axes = plt.subplots(1, 2, figsize=(6.4, 2.4))
for ax, name, hidden in zip(
    axes, ["with the mask", "without"], [later, 0 * later], strict=True
):
    kept_now = attention(X, WQ, WK, WV, WO, hidden)[1]
    dX_now = attention_backward(dY, X, WQ, WK, WV, WO, kept_now)[-1]
    sizes = np.abs(dX_now).sum(axis=(0, 2))  # (T,)
    print(f"{name}: positions", *np.flatnonzero(sizes))
    ax.bar(range(T), sizes)
    ax.set_title(name)
    ax.set_xlabel("position")
axes[0].set_ylabel("size of the derivative")
fig.suptitle("Derivatives of X for a loss at position 2")

# %%
# With the mask, positions 0 to 2 have an influence: the position itself and those
# before it. What comes later has none, so its derivative is exactly 0. Without the mask
# all six have one.
#
# .. end of solution

# %%
# Exercise 3: two heads or a wide one
# -----------------------------------
#
# Two heads have queries, keys and values of :math:`k` numbers each. Put their matrices
# beside one another: that is one head with :math:`2k` numbers and as many parameters.
# Is its output the same?

second = [*(rng.normal(size=(3, d, k)) / 2), rng.normal(size=(k, 5))]

# %%
# .. solution

first = [WQ, WK, WV, WO]
wide = [np.hstack(pair) for pair in zip(first[:3], second[:3], strict=True)]
wide.append(np.vstack([WO, second[3]]))
two = attention(X, *first, later)[0] + attention(X, *second, later)[0]
one = attention(X, *wide, later)[0]
for name, matrices in [("two heads", [*first, *second]), ("a wide one", wide)]:
    print(f"{name}: {sum(w.size for w in matrices)} parameters")
print(f"Largest difference of the outputs: {np.abs(two - one).max():.3f}")
same_there = np.allclose(two[:, 0], one[:, 0])
print("The same at position 0:", same_there)
plt.show()

# %%
# The outputs differ: one head has one softmax, of the sum of both products, where two
# heads have one each and so two patterns. At position 0 they are the same, since the
# mask leaves it one word to look at in any case.
#
# .. end of solution
