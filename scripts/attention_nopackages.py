r"""Attention by hand
=================

**How can a network let each word of a sentence look at the others, and at which?** A
dense layer has one weight for each position, the same for all sentences. In *attention*
the words themselves decide, anew in each sentence, what counts. It is the part that
makes a network a *transformer*. This lesson builds it from matrices, forward and
backward, for one sentence. All symbols are explained on the page :doc:`/notation`.

For a sentence whose words stand in the rows of :math:`X`, attention is

.. math::

   \begin{aligned}
   Q &= X W_Q, \quad K = X W_K, \quad V = X W_V, \\
   S &= Q K^\top / \sqrt{k}, \quad A = \operatorname{softmax}(S), \\
   C &= A V, \quad Y = C W_O .
   \end{aligned}

Attention is an idea of D. Bahdanau, K. Cho and Y. Bengio, *Neural machine translation
by jointly learning to align and translate* (2014); these scaled products are from A.
Vaswani and others, *Attention is all you need* (2017).
"""

from math import sqrt

import matplotlib.pyplot as plt
import numpy as np

from course.plots import plot_flow
from course.rbase import r_print
from course.rrandom import RRandom

plt.style.use("course.lecture")

# %%
# Words become numbers
# --------------------
#
# A network computes with numbers, so each word of the vocabulary gets its own row of
# :math:`d` numbers in a matrix :math:`E`, the *embedding*. The pieces into which a text
# is cut are called *tokens*; here they are whole words. The embedding consists of
# weights like any other: it starts at random and is learnt.
#
# .. code-block:: r
#
#    sentence <- c("the", "dog", "saw", "the", "cat")
#    vocabulary <- c("the", "dog", "saw", "cat")
#    tokens <- match(sentence, vocabulary)
#    d <- 4
#    set.seed(1)
#    normals <- function(rows, columns) matrix(rnorm(rows * columns), rows, columns) / 2
#    E <- normals(length(vocabulary), d)
#    embedded <- E[tokens, ]
#    rownames(embedded) <- sentence
#    print(embedded)

sentence = ["the", "dog", "saw", "the", "cat"]
vocabulary = ["the", "dog", "saw", "cat"]
tokens = [vocabulary.index(word) for word in sentence]
d = 4
rng = RRandom(1)


def normals(rows, columns):
    return rng.rnorm(rows * columns).reshape(rows, columns, order="F") / 2


E = normals(len(vocabulary), d)  # (4 words, d)
embedded = E[tokens]  # (5, d)
r_print(embedded, rows=sentence)

# %%
# Positions become numbers, too
# -----------------------------
#
# Both rows of *the* are equal. Nothing says yet which comes first, and attention to all
# rows treats them alike. So each position in the sentence gets a row of weights, too,
# in the matrix :math:`P`, and the two are added. Now the two rows differ.
#
# .. code-block:: r
#
#    P <- normals(length(sentence), d)
#    X <- embedded + P
#    print(X)

P = normals(len(sentence), d)  # (5, d)
X = embedded + P  # (5, d)
r_print(X, rows=sentence)

# %%
# Queries, keys and values
# ------------------------
#
# From each row of :math:`X` three matrices of weights compute three new rows of
# :math:`k` numbers: a *query*, what the word looks for; a *key*, what it offers to
# those who look; a *value*, what they take from it. Keras adds biases, which this
# lesson leaves out.
#
# .. code-block:: r
#
#    k <- 4
#    WQ <- normals(d, k)
#    WK <- normals(d, k)
#    WV <- normals(d, k)
#    Q <- X %*% WQ
#    K <- X %*% WK
#    V <- X %*% WV
#    print(Q)

k = 4
WQ, WK, WV = (normals(d, k) for _ in range(3))
Q = X @ WQ  # (5, d) @ (d, k) -> (5, k)
K = X @ WK  # (5, k)
V = X @ WV  # (5, k)
r_print(Q, rows=sentence)

# %%
# Scores and attention
# --------------------
#
# How well does a key fit a query? The sum of the products of their numbers, the *dot
# product*, says so. All of them at once are :math:`Q K^\top`: a row for each query, a
# column for each key. Sums of :math:`k` products grow with :math:`k`; the division by
# :math:`\sqrt{k}` keeps their spread. Softmax makes each row of scores :math:`S` into
# shares :math:`A` that sum to 1: the *attention*.
#
# .. code-block:: r
#
#    softmax <- function(S) exp(S) / rowSums(exp(S))
#    S <- Q %*% t(K) / sqrt(k)
#    A <- softmax(S)
#    print(A)
#    print(unname(rowSums(A)))


def softmax(S):
    return np.exp(S) / np.exp(S).sum(axis=-1, keepdims=True)


S = Q @ K.T / sqrt(k)  # (5, k) @ (k, 5) -> (5, 5)
A = softmax(S)  # (5, 5), each row sums to 1
r_print(A, rows=sentence, columns=sentence)
r_print(A.sum(axis=1))

# %%
# A pattern to check on paper
# ---------------------------
#
# These weights are random, and so is the attention. With weights of our choice it does
# what we want. Let :math:`X` be the identity matrix for four positions, the keys too,
# and let each query be 10 times the key of the position before. Then :math:`S` is
# :math:`10 / \sqrt{4} = 5` there and 0 elsewhere. Softmax gives :math:`e^5 / (e^5 + 3)`
# to the position before and :math:`1 / (e^5 + 3)` to the three others. The first
# position has none before it; it looks everywhere alike.
#
# .. code-block:: r
#
#    shift <- rbind(0, diag(4)[1:3, ])
#    on_paper <- softmax(10 * shift %*% t(diag(4)) / sqrt(4))
#    print(on_paper)
#    print(exp(5) / (exp(5) + 3))

shift = np.eye(4, k=-1)  # a 1 below each place of the diagonal
on_paper = softmax(10 * shift @ np.eye(4).T / sqrt(4))
r_print(on_paper)
r_print(np.exp(5) / (np.exp(5) + 3))

# %%
# The mask
# --------
#
# A network that is to predict the next word must not see it. The *causal mask* hides
# from each word those that come after it: their scores become minus infinity, softmax
# turns that into 0, and the rest sums to 1 again. The first word sees only itself.
#
# .. code-block:: r
#
#    hidden <- upper.tri(S)
#    S[hidden] <- -Inf
#    A <- softmax(S)
#    print(A)

hidden = np.triu(np.ones((5, 5), dtype=bool), k=1)  # above the diagonal
A_unmasked = A
S = np.where(hidden, -np.inf, S)
A = softmax(S)
r_print(A, rows=sentence, columns=sentence)

# %%
# As a picture: each row is a word that looks, each column a word that is looked at.


def draw_attention(ax, A, words, title):
    ax.imshow(A, vmin=0, vmax=1)
    ax.grid(False)
    ax.set_xticks(range(len(words)), words)
    ax.set_yticks(range(len(words)), words)
    ax.set_title(title)
    for (i, j), share in np.ndenumerate(A):
        colour = "white" if share > 0.6 else "black"
        ax.text(j, i, f"{share:.2f}", ha="center", va="center", color=colour)


fig, axes = plt.subplots(1, 2, figsize=(7.4, 3.9))
draw_attention(axes[0], A_unmasked, sentence, "every word")
draw_attention(axes[1], A, sentence, "no later word")
axes[0].set_ylabel("the word that looks")
fig.supxlabel("the word that is looked at", fontsize=11)
fig.suptitle("Attention without a mask, and with the causal mask")

# %%
# The output
# ----------
#
# Each word takes a mean of the values, weighted by its attention: :math:`C = A V`. One
# more matrix :math:`W_O` makes the output from it. In Keras it leads back to :math:`d`
# numbers, so that layers can follow one another. Here it leads to a number for each
# word of the vocabulary at once, and the task is to say *which word came before*. For
# that, softmax and cross-entropy are those of :doc:`iris_nopackages`. The first word
# has none before it and does not count.
#
# .. code-block:: r
#
#    WO <- normals(k, length(vocabulary))
#    C <- A %*% V
#    Y <- C %*% WO
#    truth <- rbind(0, diag(4)[tokens[1:4], ])
#    loss <- -sum(truth * log(softmax(Y)))
#    print(C)
#    print(loss)

WO = normals(k, len(vocabulary))
C = A @ V  # (5, 5) @ (5, k) -> (5, k)
Y = C @ WO  # (5, k) @ (k, 4 words) -> (5, 4 words)
truth = np.vstack([np.zeros(4), np.eye(4)[tokens[:4]]])  # (5, 4 words)
loss = -np.sum(truth * np.log(softmax(Y)))
r_print(C, rows=sentence)
r_print(loss)

# %%
# This is one *head* of attention, as a picture: the words of :math:`X` become queries,
# keys and values. Queries and keys meet in the scores. The mask and softmax make the
# attention from them, and the attention says how much of each value goes into the
# output.

plot_flow(
    {
        "X": (1, 0, f"words $X$\n{X.shape}"),
        "Q": (0, 1, f"queries $Q = X W_Q$\n{Q.shape}"),
        "K": (1, 1, f"keys $K = X W_K$\n{K.shape}"),
        "V": (2, 1, f"values $V = X W_V$\n{V.shape}"),
        "S": (0.5, 2, rf"scores $S = Q K^\top / \sqrt{{k}}$" f"\n{S.shape}"),
        "mask": (0.5, 3, f"mask: no later word\n{hidden.shape}"),
        "A": (0.5, 4, rf"$A = \operatorname{{softmax}}(S)$" f"\n{A.shape}"),
        "C": (1.25, 5, f"$C = A V$\n{C.shape}"),
        "Y": (1.25, 6, f"output $Y = C W_O$\n{Y.shape}"),
    },
    [
        ["X", (0, 0), "Q", "S", "mask", "A", (0.5, 5), "C", "Y"],
        ["X", "K", "S"],
        ["X", (2, 0), "V", (2, 5), "C"],
    ],
    "One head of attention, from the words to the output",
)

# %%
# Backward
# --------
#
# The chain rule, from the last line back to the first. Each product of two matrices
# gives two lines, one for each factor:
#
# .. math::
#
#    \begin{aligned}
#    dY &= \operatorname{softmax}(Y) - \text{truth}, \text{ in the first row } 0 \\
#    dW_O &= C^\top dY, & dC &= dY\, W_O^\top \\
#    dV &= A^\top dC, & dA &= dC\, V^\top \\
#    dS &= A \odot (dA - \text{row sums of } dA \odot A) \\
#    dQ &= dS\, K / \sqrt{k}, & dK &= dS^\top Q / \sqrt{k} \\
#    dW_Q &= X^\top dQ, & dW_K &= X^\top dK, \quad dW_V = X^\top dV \\
#    dX &= dQ\, W_Q^\top + dK\, W_K^\top + dV\, W_V^\top
#    \end{aligned}
#
# The line of :math:`dS` is the derivative of softmax: if one share grows, the others of
# its row must shrink. Where the mask hides, :math:`A` is 0, and so is :math:`dS`. The
# rows of :math:`X` went in three times, so :math:`dX` has three terms. It is also
# :math:`dP`; and each row of :math:`E` gets the sum over the positions of its word.
#
# .. code-block:: r
#
#    dY <- (softmax(Y) - truth) * rowSums(truth)
#    dWO <- t(C) %*% dY
#    dC <- dY %*% t(WO)
#    dV <- t(A) %*% dC
#    dA <- dC %*% t(V)
#    dS <- A * (dA - rowSums(dA * A))
#    dQ <- dS %*% K / sqrt(k)
#    dK <- t(dS) %*% Q / sqrt(k)
#    dWQ <- t(X) %*% dQ
#    dWK <- t(X) %*% dK
#    dWV <- t(X) %*% dV
#    dX <- dQ %*% t(WQ) + dK %*% t(WK) + dV %*% t(WV)
#    dE <- unname(rowsum(dX, tokens))
#    print(dS)
#    print(dE)

dY = (softmax(Y) - truth) * truth.sum(axis=1, keepdims=True)  # (5, 4 words)
dWO = C.T @ dY  # (k, 5) @ (5, 4 words) -> (k, 4 words)
dC = dY @ WO.T  # (5, 4 words) @ (4 words, k) -> (5, k)
dV = A.T @ dC  # (5, 5) @ (5, k) -> (5, k)
dA = dC @ V.T  # (5, k) @ (k, 5) -> (5, 5)
dS = A * (dA - (dA * A).sum(axis=1, keepdims=True))  # (5, 5)
dQ = dS @ K / sqrt(k)  # (5, 5) @ (5, k) -> (5, k)
dK = dS.T @ Q / sqrt(k)  # (5, 5) @ (5, k) -> (5, k)
dWQ, dWK, dWV = X.T @ dQ, X.T @ dK, X.T @ dV  # (d, 5) @ (5, k) -> (d, k)
dX = dQ @ WQ.T + dK @ WK.T + dV @ WV.T  # (5, k) @ (k, d) -> (5, d)
dE = np.zeros_like(E)  # (4 words, d)
np.add.at(dE, tokens, dX)  # adds each row to that of its word
r_print(dS, rows=sentence, columns=sentence)
r_print(dE)
plt.show()

# %%
# Summary
# -------
#
# Attention is a weighted mean of values. Its weights are no parameters: they are
# computed for each sentence, from queries and keys, with a softmax. A mask hides
# positions. The derivatives are those of matrix products and of softmax. The next
# lesson takes many sentences, and trains: :doc:`attention_nopackages_training`.
#
# Try it
# ------
#
# 1. Leave out ``P``. Which rows of the attention are equal then?
# 2. Leave out the mask. How does the loss change, and which numbers of ``dS`` are no
#    longer 0?
# 3. Multiply ``WQ`` by 10. What happens to the attention, and to ``dS``?
