r"""Training attention by hand
==========================

**Can attention learn where to look, though nobody tells it?** The lines of
:doc:`attention_nopackages` become functions for many sentences at once. Then a network
of one attention learns to find the letter before:

.. math::

   \begin{aligned}
   X &= E[\text{tokens}] + P, \\
   A &= \operatorname{softmax}(X W_Q (X W_K)^\top / \sqrt{k}), \\
   Y &= A\, X W_V W_O .
   \end{aligned}
"""

from math import sqrt

import matplotlib.pyplot as plt
import numpy as np

from course.rbase import r_print
from course.rrandom import RRandom

plt.style.use("course.lecture")

# %%
# Many matrices in one product
# ----------------------------
#
# With more than two dimensions, ``@`` multiplies matrix by matrix: the first of one
# stack with the first of the other, the second with the second. ``swapaxes(-1, -2)``
# transposes each. R multiplies two matrices at a time, and goes through a list of them
# with ``sapply`` or ``lapply``. Here are two rows, each times itself:
#
# .. code-block:: r
#
#    two_rows <- list(t(c(1, 2)), t(c(3, 4)))
#    print(sapply(two_rows, function(row) row %*% t(row)))

two_rows = np.array([[[1, 2]], [[3, 4]]])  # (2, 1, 2): a stack of two matrices
r_print((two_rows @ two_rows.swapaxes(-1, -2)).ravel())  # (2, 1, 2) @ (2, 2, 1)

# %%
# Attention as functions
# ----------------------
#
# The lines of :doc:`attention_nopackages` as functions, for a whole stack of sentences:
# ``X`` now has the shape ``(n, T, d)``. For the derivatives of the weights, the rows of
# all sentences stand under one another. The R functions take one sentence.
#
# .. code-block:: r
#
#    softmax <- function(S) exp(S) / rowSums(exp(S))
#    attention <- function(X, WQ, WK, WV, WO, hidden) {
#      Q <- X %*% WQ
#      K <- X %*% WK
#      V <- X %*% WV
#      S <- Q %*% t(K) / sqrt(ncol(K))
#      S[hidden] <- -Inf
#      A <- softmax(S)
#      C <- A %*% V
#      list(Y = C %*% WO, Q = Q, K = K, V = V, A = A, C = C)
#    }
#    attention_backward <- function(dY, X, WQ, WK, WV, WO, kept) with(kept, {
#      dC <- dY %*% t(WO)
#      dV <- t(A) %*% dC
#      dA <- dC %*% t(V)
#      dS <- A * (dA - rowSums(dA * A))
#      dQ <- dS %*% K / sqrt(ncol(K))
#      dK <- t(dS) %*% Q / sqrt(ncol(K))
#      list(
#        dX = dQ %*% t(WQ) + dK %*% t(WK) + dV %*% t(WV),
#        dWQ = t(X) %*% dQ, dWK = t(X) %*% dK, dWV = t(X) %*% dV, dWO = t(C) %*% dY
#      )
#    })


def softmax(S):
    return np.exp(S) / np.exp(S).sum(axis=-1, keepdims=True)


def attention(X, WQ, WK, WV, WO, hidden):
    Q, K, V = X @ WQ, X @ WK, X @ WV  # (n, T, d) @ (d, k) -> (n, T, k)
    S = Q @ K.swapaxes(-1, -2) / sqrt(K.shape[-1])  # (n, T, k) @ (n, k, T)
    A = softmax(np.where(hidden, -np.inf, S))  # (n, T, T)
    C = A @ V  # (n, T, T) @ (n, T, k) -> (n, T, k)
    return C @ WO, (Q, K, V, A, C)


def weight_gradient(x, dz):
    return x.reshape(-1, x.shape[-1]).T @ dz.reshape(-1, dz.shape[-1])


def attention_backward(dY, X, WQ, WK, WV, WO, kept):
    Q, K, V, A, C = kept
    dC = dY @ WO.T  # (n, T, q) @ (q, k) -> (n, T, k)
    dV = A.swapaxes(-1, -2) @ dC  # (n, T, T) @ (n, T, k) -> (n, T, k)
    dA = dC @ V.swapaxes(-1, -2)  # (n, T, k) @ (n, k, T) -> (n, T, T)
    dS = A * (dA - (dA * A).sum(axis=-1, keepdims=True))  # (n, T, T)
    dQ = dS @ K / sqrt(K.shape[-1])  # (n, T, T) @ (n, T, k) -> (n, T, k)
    dK = dS.swapaxes(-1, -2) @ Q / sqrt(K.shape[-1])
    dX = dQ @ WQ.T + dK @ WK.T + dV @ WV.T  # (n, T, k) @ (k, d) -> (n, T, d)
    dweights = [weight_gradient(X, dz) for dz in (dQ, dK, dV)]  # (d, k) each
    return dX, [*dweights, weight_gradient(C, dY)]


# %%
# The sentence *the dog saw the cat* is now a stack of one sentence. The weights are
# those of :doc:`attention_nopackages`, from the same seed. This comes out, one column
# for each word of the vocabulary:
#
# .. code-block:: r
#
#    d <- 4
#    k <- 4
#    set.seed(1)
#    normals <- function(rows, columns) matrix(rnorm(rows * columns), rows, columns) / 2
#    tokens <- c(1, 2, 3, 1, 4)
#    E <- normals(4, d)
#    P <- normals(5, d)
#    X <- E[tokens, ] + P
#    WQ <- normals(d, k)
#    WK <- normals(d, k)
#    WV <- normals(d, k)
#    WO <- normals(k, 4)
#    hidden <- upper.tri(diag(5))
#    kept <- attention(X, WQ, WK, WV, WO, hidden)
#    print(kept$Y)

d, k = 4, 4
rng = RRandom(1)


def normals(rows, columns):
    return rng.rnorm(rows * columns).reshape(rows, columns, order="F") / 2


tokens = np.array([[0, 1, 2, 0, 3]])  # (1, 5)
E, P = normals(4, d), normals(5, d)  # (4 words, d), (5, d)
X = E[tokens] + P  # (1, 5, d)
WQ, WK, WV = (normals(d, k) for _ in range(3))
WO = normals(k, 4)  # (k, 4 words)
hidden = np.triu(np.ones((5, 5), dtype=bool), k=1)
Y, kept = attention(X, WQ, WK, WV, WO, hidden)  # Y: (1, 5, 4 words)
r_print(Y[0])

# %%
# The task there was to say which word came before. The derivatives of the embedding
# have the digits that are printed on that page:
#
# .. code-block:: r
#
#    truth <- rbind(0, diag(4)[tokens[1:4], ])
#    dY <- (softmax(kept$Y) - truth) * rowSums(truth)
#    dX <- attention_backward(dY, X, WQ, WK, WV, WO, kept)$dX
#    print(unname(rowsum(dX, tokens)))

dY = softmax(Y) - np.eye(4)[np.roll(tokens, 1, axis=1)]
dY[:, 0] = 0  # the first word has none before it
dX, _ = attention_backward(dY, X, WQ, WK, WV, WO, kept)  # (1, 5, d)
dE = np.zeros_like(E)
np.add.at(dE, tokens, dX)  # adds each row to that of its word
r_print(dE)

# %%
# Several heads
# -------------
#
# One *attention head* has one pattern. *Several heads* side by side have several: each
# has its own matrices, and their outputs are added. It is the same to put the :math:`C`
# of all heads beside one another and their :math:`W_O` under one another, as A. Vaswani
# and others write it (*Attention is all you need*, 2017).
#
# .. code-block:: r
#
#    WQ2 <- normals(d, k)
#    WK2 <- normals(d, k)
#    WV2 <- normals(d, k)
#    WO2 <- normals(k, 4)
#    second <- attention(X, WQ2, WK2, WV2, WO2, hidden)
#    both_heads <- cbind(kept$C, second$C) %*% rbind(WO, WO2)
#    print(kept$Y + second$Y)
#    print(both_heads)

WQ2, WK2, WV2 = (normals(d, k) for _ in range(3))
WO2 = normals(k, 4)
Y2, (*_, C2) = attention(X, WQ2, WK2, WV2, WO2, hidden)
C_beside = np.concatenate([kept[-1], C2], axis=-1)  # (1, 5, 2k)
both_heads = C_beside @ np.vstack([WO, WO2])  # (1, 5, 2k) @ (2k, 4 words)
r_print((Y + Y2)[0])
r_print(both_heads[0])

# %%
# Training: find the word before
# ------------------------------
#
# Now many sentences of six random letters. The task is to say at each position which
# letter came before. The letters are random, so nothing but the letter before helps,
# and to find it the network must attend to the right *position*. It is told nothing of
# that. One head, a causal mask, plain gradient descent on the mean loss. (No R lines
# from here on: letters and weights are drawn by NumPy, whose random numbers R has not.)

letters = "abcde"
T = 6
n = 100
learning_rate = 0.5
steps = 200
later = np.triu(np.ones((T, T), dtype=bool), k=1)


def loss_and_derivative(Y, sentences):
    truth = np.eye(len(letters))[sentences[:, :-1]]  # (n, T - 1, 5), letters before
    probabilities = softmax(Y[:, 1:])
    dY = np.zeros_like(Y)  # the first position does not count
    dY[:, 1:] = (probabilities - truth) / truth[..., 0].size
    return -np.log((probabilities * truth).sum(axis=-1)).mean(), dY


def train(seed):
    rng = np.random.default_rng(seed)
    sentences = rng.integers(0, len(letters), (n, T))
    shapes = [(5, 8), (T, 8), (8, 4), (8, 4), (8, 4), (4, 5)]  # E, P, WQ, WK, WV, WO
    weights = [rng.normal(size=shape) / 2 for shape in shapes]
    start, losses = weights, []
    for _ in range(steps):
        E, P, *matrices = weights
        X = E[sentences] + P  # (n, T, 8) + (T, 8)
        Y, kept = attention(X, *matrices, later)
        loss, dY = loss_and_derivative(Y, sentences)
        losses.append(loss)
        dX, dmatrices = attention_backward(dY, X, *matrices, kept)
        dE = np.zeros_like(E)
        np.add.at(dE, sentences, dX)
        gradients = [dE, dX.sum(axis=0), *dmatrices]
        steps_down = zip(weights, gradients, strict=True)
        weights = [w - learning_rate * g for w, g in steps_down]
    return start, weights, losses


seeds = [1, 2, 3, 4, 5]
runs = [train(seed) for seed in seeds]
fig, ax = plt.subplots()
for seed, (_, _, losses) in zip(seeds, runs, strict=True):
    ax.plot(losses, color="#0b3c6f", alpha=0.3 + 0.14 * seed, linestyle="-")
ax.axhline(np.log(5), color="0.4", linestyle=":")
ax.text(steps, np.log(5), "guessing: log 5", ha="right", va="bottom")
ax.set_xlabel("step")
ax.set_ylabel("loss")
fig.suptitle("From five random starts the loss falls to almost 0")

# %%
# How well does it do on 200 new sentences, and how much of the attention goes to the
# position before?


def evaluate(weights):
    sentences = np.random.default_rng(0).integers(0, len(letters), (200, T))
    E, P, *matrices = weights
    Y, (*_, A, _) = attention(E[sentences] + P, *matrices, later)
    right = Y[:, 1:].argmax(axis=-1) == sentences[:, :-1]
    share = np.diagonal(A, offset=-1, axis1=1, axis2=2)  # (200, T - 1)
    return right.mean(), share.mean(), A[0], [letters[i] for i in sentences[0]]


def mean_and_sd(numbers):
    return f"{np.mean(numbers):.3f} (sd {np.std(numbers, ddof=1):.3f})"


for name, which in [("before training", 0), ("after training", 1)]:
    accuracies, shares = np.transpose([evaluate(run[which])[:2] for run in runs])
    print(f"{name}, mean and standard deviation over {len(seeds)} seeds:")
    print(f"  right letters {mean_and_sd(accuracies)}")
    print(f"  attention to the position before {mean_and_sd(shares)}")

# %%
# One new sentence in the network of the first seed. Trained, its attention is the
# pattern that :doc:`attention_nopackages` made on paper, and here nobody has written it
# down.


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
for ax, which, title in [
    (axes[0], 0, "before training"),
    (axes[1], 1, "after training"),
]:
    *_, A_new, new_sentence = evaluate(runs[0][which])
    draw_attention(ax, A_new, new_sentence, title)
axes[0].set_ylabel("the letter that looks")
fig.supxlabel("the letter that is looked at", fontsize=11)
fig.suptitle("Training moves the attention to the position before")
plt.show()

# %%
# Summary
# -------
#
# What is learnt are the embeddings of words and positions, and the matrices that make
# queries, keys, values and the output. The outputs of several heads are added. Nobody
# tells the network where to look: softmax has derivatives, so gradient descent can
# change the attention. The next lesson builds a transformer around it, with Keras:
# :doc:`transformer_keras`.
#
# Try it
# ------
#
# 1. Leave out ``P`` in the training. How many letters are right now, and why?
# 2. Leave out the mask (``later[:] = False``). Does the network still find the position
#    before?
# 3. Change the task: the letter *two* positions before. Which lines change?
