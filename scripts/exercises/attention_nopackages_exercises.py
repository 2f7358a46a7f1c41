r"""Exercises: attention by hand
============================

They go with the lesson :doc:`../attention_nopackages`. Here is its formula for one
head. Queries, keys and values are those of six words, four numbers each.

.. math::

   \operatorname{attention}(Q, K, V)
     = \operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{k}}\right) V
"""

import matplotlib.pyplot as plt
import numpy as np

plt.style.use("course.lecture")

rng = np.random.default_rng(1)
n, k = 6, 4
Q, K, V = rng.normal(size=(3, n, k))  # each (6, 4)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# %%
# Exercise 1: read the formula
# ----------------------------
#
# What shapes have :math:`Q K^\top`, the weights after softmax, and the result? What do
# the weights sum to, along which axis? Check it.

scores = Q @ K.T / np.sqrt(k)

# %%
# .. solution

weights = softmax(scores)  # (6, 6): one row for each query
result = weights @ V  # (6, 6) @ (6, 4) -> (6, 4)
print("Shapes:", scores.shape, weights.shape, result.shape)
print("Rows sum to:   ", *np.round(weights.sum(axis=1), 4))
print("Columns sum to:", *np.round(weights.sum(axis=0), 4))

# %%
# There is a score for each pair of words. Each row of weights sums to 1, so each word
# gets a weighted mean of the values. A column may sum to anything: some words are
# looked at more than others.
#
# .. end of solution

# %%
# Exercise 2: do not look ahead
# -----------------------------
#
# A network that predicts the next word must not see it. Set the scores of all later
# words to minus infinity before the softmax (a *causal mask*). Draw the weights. What
# is the first row, and why?

weights = softmax(scores)
later = np.triu(np.ones((n, n), dtype=bool), k=1)  # True above the diagonal

# %%
# .. solution

masked = softmax(np.where(later, -np.inf, scores))
print("First row:", *np.round(masked[0], 3))
print("Weights on later words:", masked[later].sum())
changed = V.copy()
changed[-1] += 100  # another last word
same = np.array_equal((masked @ V)[:-1], (masked @ changed)[:-1])
print("The others do not notice another last word:", same)
fig, axes = plt.subplots(1, 2, figsize=(6.4, 3.4))
for ax, (name, w) in zip(axes, [("all", weights), ("masked", masked)], strict=True):
    ax.imshow(w, vmin=0, vmax=1)
    ax.set_title(name)
    ax.set_xlabel("word looked at")
    ax.grid(False)
axes[0].set_ylabel("word that looks")
fig.suptitle("With the mask, each word looks at itself and those before it")

# %%
# The first word can look at nothing but itself, so its only weight is 1. Masking before
# the softmax keeps the row sums at 1; masking after it would not.
#
# .. end of solution

# %%
# Exercise 3: does attention know the order?
# ------------------------------------------
#
# Put the six words into another order: the same permutation of the rows of ``Q``, ``K``
# and ``V``. What happens to the result?

result = softmax(scores) @ V
order = rng.permutation(n)

# %%
# .. solution

permuted = softmax(Q[order] @ K[order].T / np.sqrt(k)) @ V[order]
print("Order:", *order)
print("The same rows, permuted alike:", np.allclose(permuted, result[order]))

# %%
# Each word gets what it got before. Attention sees a set of words, not a sequence; this
# is why transformers add a code of the position to each word.
#
# .. end of solution

# %%
# Exercise 4: why divide by the root of :math:`k`?
# ------------------------------------------------
#
# Draw random queries and keys of the lengths below. What is the standard deviation of
# the scores with and without the division, and the mean of the largest weight in a row?

lengths = [4, 64, 1024]

# %%
# .. solution

for length in lengths:
    queries, keys = rng.normal(size=(2, 200, length))
    raw = (queries @ keys.T)[:, :8]  # eight keys for each query
    for name, z in [("as they are", raw), ("divided", raw / np.sqrt(length))]:
        largest = softmax(z).max(axis=1).mean()
        print(f"k = {length}, {name}: sd {z.std():.2f}, largest weight {largest:.2f}")
plt.show()

# %%
# A score is a sum of :math:`k` products, so it grows with the root of :math:`k`.
# Without the division, nearly all weight goes to one word once :math:`k` is large;
# softmax is then saturated and its derivative close to zero.
#
# .. end of solution
