r"""A first transformer with Keras
==============================

**What does a transformer add to attention, and what can it learn?**
:doc:`attention_nopackages` computes attention by hand. A *transformer* puts four things
around it. Here it learns a task in which we can see what it attends to.

For the tokens :math:`t_1, \dots, t_T` of a sequence, the network is

.. math::

   \begin{aligned}
   x_i &= E[t_i] + P[i] \\
   a &= \operatorname{norm}(x + \operatorname{attention}(x)) \\
   h &= \operatorname{norm}(a + \operatorname{relu}(a W_1 + b_1) W_2 + b_2) \\
   p &= \operatorname{softmax}(h W_3 + b_3)
   \end{aligned}
"""

import matplotlib.pyplot as plt
import numpy as np

from course.plots import plot_flow
from course.quiet import quiet_start
from course.rbase import r_print

with quiet_start():
    import keras

plt.style.use("course.lecture")

# %%
# The task
# --------
#
# The network reads ten digits and writes them in reverse order. In R and in NumPy this
# is one function. The network is not told the rule. It sees sequences and their
# answers.
#
# .. code-block:: r
#
#    sequence <- c(3, 1, 4, 1, 5, 9, 2, 6, 5, 3)
#    print(rev(sequence))

sequence = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3])
r_print(sequence[::-1])

# %%
# Each step of the training gets 64 new sequences of random digits. There are
# :math:`10^{10}` different ones, so learning them by heart would not help. The digits
# are called *tokens*: things out of a fixed list, known by their number.

length, n_tokens = 10, 10
steps, batch_size = 400, 64
rng = np.random.default_rng(1)
train = rng.integers(0, n_tokens, (steps, batch_size, length))  # (400, 64, 10)
test = rng.integers(0, n_tokens, (2000, length))  # (2000, 10)
seen = set(map(tuple, train.reshape(-1, length).tolist()))
unseen = np.array([row for row in test.tolist() if tuple(row) not in seen])
print(f"Training sequences: {train.shape[0] * train.shape[1]}")
print(f"Test sequences that are not among them: {len(unseen)}")

# %%
# What a transformer adds to attention
# ------------------------------------
#
# - **Positions.** Attention treats its inputs as a set: it does not know which of them
#   comes first. So each position :math:`i` has a vector :math:`P[i]` of its own, added
#   to the vector :math:`E[t]` of the token. Both are looked up in tables of weights.
#   Such a table is called an *embedding*, the second one a *position embedding*.
# - **Residual connections.** What attention finds is *added* to its input. The input
#   remains, and the derivatives have a direct way back.
# - **Layer normalisation.** The numbers of each position are shifted and scaled to mean
#   0 and variance 1, then multiplied by a learnt scale and shifted by a learnt number.
#   Sums of many parts keep the same size that way.
# - **Feed-forward.** Two dense layers work on each position by itself. Attention moves
#   numbers from one to another; these layers compute with what has arrived.
#
# This is an *encoder block*. Large transformers stack many of them, and give each
# attention several *heads*. One block with one head is enough here.

width, hidden, key_dim = 32, 64, 16


def encoder_block(x):
    attention = keras.layers.MultiHeadAttention(num_heads=1, key_dim=key_dim)
    found, scores = attention(x, x, return_attention_scores=True)
    a = keras.layers.LayerNormalization()(keras.layers.Add()([x, found]))
    hidden_units = keras.layers.Dense(hidden, activation="relu")(a)
    out = keras.layers.Dense(width)(hidden_units)
    return keras.layers.LayerNormalization()(keras.layers.Add()([a, out])), scores


# %%
# A model in which the inputs of a layer come from two others is no row of layers, so
# ``Sequential`` cannot write it. Keras' *functional* way can: each layer is called with
# the results of others. The second model has the same layers and also gives the
# attention weights, which Keras calls *scores*.


def build_model():
    tokens = keras.layers.Input((length,), dtype="int32")
    positions = keras.layers.Input((length,), dtype="int32")
    token_vectors = keras.layers.Embedding(n_tokens, width)(tokens)
    position_vectors = keras.layers.Embedding(length, width)(positions)
    x = keras.layers.Add()([token_vectors, position_vectors])
    h, scores = encoder_block(x)
    p = keras.layers.Dense(n_tokens, activation="softmax")(h)
    model = keras.Model([tokens, positions], p)
    return model, keras.Model([tokens, positions], [p, scores])


keras.utils.set_random_seed(1)
model, model_with_scores = build_model()
for layer in model.layers:
    if layer.weights:
        print(f"{layer.name:<22}{layer.count_params():>6} parameters")
print(f"{'together':<22}{model.count_params():>6}")

# %%
# The block as a picture, with the shape of what comes out of each of its layers, for
# one sequence. The dashed arrows are the residual connections: they lead around
# attention, and around the two dense layers, to the sums.

kinds = ["$x$", "attention", "add $x$", "normalise: $a$"]
kinds += ["dense, relu", "dense", "add $a$", "normalise: $h$"]
at = [(1, 0), (1, 1), (1, 2), (1, 3), (3, 3), (3, 2), (3, 1), (3, 0)]
boxes = {}
for kind, place, layer in zip(kinds, at, model.layers[4:12], strict=True):
    boxes[kind] = (*place, f"{kind}\n{keras.tree.flatten(layer.output)[0].shape[1:]}")
plot_flow(
    boxes,
    [kinds],
    "The encoder block, with its residual connections (dashed)",
    dashed=[
        ["$x$", (0.3, 0), (0.3, 2), "add $x$"],
        ["normalise: $a$", (2, 3), (2, 1), "add $a$"],
    ],
)

# %%
# Training
# --------
#
# The loss is the cross-entropy of each of the ten answers. ``train_on_batch`` takes one
# step. Beside the model we train a second one that gets position 0 for every token, so
# that it cannot tell them apart. On a computer with another number of processor
# cores, what trained models print may differ a little: single precision rounds, and
# sums are then taken in another order.


def training_losses(model, positions):
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    positions = np.tile(positions, (batch_size, 1))  # (64, 10)
    return [
        float(model.train_on_batch([batch, positions], batch[:, ::-1]))
        for batch in train
    ]


places = np.arange(length)
losses = training_losses(model, places)
without_positions, _ = build_model()
losses_without = training_losses(without_positions, 0 * places)

fig, ax = plt.subplots()
ax.plot(losses, label="with positions")
ax.plot(losses_without, label="without")
ax.set_xlabel("step")
ax.set_ylabel("loss")
ax.legend()
fig.suptitle("With positions the loss falls towards 0, without them it does not")

# %%
# How many of the answers are right, for sequences that were not in the training?


def accuracies(model, positions):
    p = model.predict([unseen, np.tile(positions, (len(unseen), 1))], verbose=0)
    right = p.argmax(axis=-1) == unseen[:, ::-1]  # (2000, 10)
    return right.mean(), right.all(axis=1).mean()


digit_accuracy, sequence_accuracy = accuracies(model, places)
digit_without, sequence_without = accuracies(without_positions, 0 * places)
print("Unseen sequences (one run, seed 1)    digits right    whole sequences right")
print(f"with positions    {digit_accuracy:>32.4f}{sequence_accuracy:>25.4f}")
print(f"without positions {digit_without:>32.4f}{sequence_without:>25.4f}")

# %%
# Without positions the model knows which digits there are, and not where. It does
# better than one in ten, since a digit that occurs often is a good guess everywhere.
#
# Where it looks
# --------------
#
# For each position of the answer, attention has ten weights that sum to 1: how much of
# each input goes into it. Position 0 of the answer should look at position 9 of the
# input, position 1 at position 8, and so on.

one = unseen[:1]
p, scores = model_with_scores.predict([one, places[np.newaxis]], verbose=0)
weights = scores[0, 0]  # (10, 10): the first sequence, the only head
print("input ", *one[0])
print("answer", *p[0].argmax(axis=-1))
print("looks most at position", *weights.argmax(axis=1))
opposite = weights[places, length - 1 - places]
print(f"weight of the opposite position: {opposite.min():.2f} to {opposite.max():.2f}")

# %%

fig, ax = plt.subplots(figsize=(5.4, 4.4))
picture = ax.imshow(weights, vmin=0, vmax=1)
ax.set_xticks(places, one[0])
ax.set_yticks(places, p[0].argmax(axis=-1))
ax.set_xlabel("input digits, in order")
ax.set_ylabel("answer, in order from above")
ax.grid(False)
fig.colorbar(picture, label="attention weight")
fig.suptitle("Each position of the answer attends to the opposite one")
plt.show()

# %%
# The dark squares lie on the diagonal from the lower left to the upper right. The model
# was not told to look there. It learnt to, because that made the loss smaller.
#
# Summary
# -------
#
# A transformer block is attention, then two dense layers; both parts have a residual
# connection and a layer normalisation. Positions are added to the inputs, since
# attention without a mask knows no order. What comes out of a block has the shape of
# what went in, so blocks can be stacked. The next lesson writes the block by hand and
# compares each derivative with that of Keras: :doc:`transformer_agreement`.
#
# Try it
# ------
#
# 1. Make the sequences twice as long. How many steps does the model need now?
# 2. Change the task: the answer is the sequence in ascending order
#    (``np.sort(batch, axis=1)``). What does the attention look like?
# 3. Stack a second block on the first in ``build_model``. Are fewer steps enough now?
