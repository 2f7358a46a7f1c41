r"""A first transformer with Keras
==============================

**What does a transformer add to attention, and what can it learn?**
:doc:`attention_nopackages` computes attention by hand. A *transformer* puts four things
around it. Here it learns a task in which we can see what it attends to. Then each of
its derivatives is compared with those of our own layers. At the end it forecasts a real
series, and we compare it with simple rules.

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

from course import layers
from course.agreement import (
    TOLERANCES,
    bound,
    compare,
    keras_precision,
    print_comparisons,
)
from course.data import load_airpassengers
from course.plots import plot_flow
from course.quiet import quiet_start
from course.rbase import r_print

with quiet_start():
    import keras
    import tensorflow as tf

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

# %%
# The dark squares lie on the diagonal from the lower left to the upper right. The model
# was not told to look there. It learnt to, because that made the loss smaller.
#
# The same block by hand
# ----------------------
#
# The layers of ``course.layers`` are written in NumPy and have Keras' names. Here are
# those of this model, with its weights.

twins = [layer for layer in model.layers if layer.weights]


def own_layers(dtype):
    row, vectors = (None, length), (None, length, width)
    pairs = [
        (layers.Embedding(n_tokens, width), row),
        (layers.Embedding(length, width), row),
        (layers.MultiHeadAttention(num_heads=1, key_dim=key_dim), [vectors, vectors]),
        (layers.LayerNormalization(), vectors),
        (layers.Dense(hidden, "relu"), vectors),
        (layers.Dense(width), (None, length, hidden)),
        (layers.LayerNormalization(), vectors),
        (layers.Dense(n_tokens, "softmax"), vectors),
    ]
    for (layer, shape), twin in zip(pairs, twins, strict=True):
        layer.build(shape, dtype)
        layer.set_weights(twin.get_weights())
    return [layer for layer, _ in pairs]


weight_names = [
    f"{twin.name} d{name}"
    for twin, layer in zip(twins, own_layers("float64"), strict=True)
    for name in layer.weight_names
]
print("Arrays of parameters:", len(weight_names))

# %%
# Forward, a residual connection is a plus sign. On the way back, each part of the sum
# gets the whole derivative. :math:`x` goes into attention twice, as query and as value,
# and into the sum: its derivative has three parts.


def forward_and_backward(own, tokens, answers):
    embed, embed_place, attention, norm_1, dense_1, dense_2, norm_2, dense_3 = own
    positions = np.tile(places, (len(tokens), 1))  # (n, 10)
    x = embed.forward(tokens) + embed_place.forward(positions)  # (n, 10, 32)
    a = norm_1.forward(x + attention.forward(x, x))  # (n, 10, 32)
    h = norm_2.forward(a + dense_2.forward(dense_1.forward(a)))  # (n, 10, 32)
    p = dense_3.forward(h)  # (n, 10, 10)

    dz = (p - np.eye(n_tokens, dtype=p.dtype)[answers]) / answers.size  # (n, 10, 10)
    dsum = norm_2.backward(dense_3.backward_from_z(dz))  # (n, 10, 32)
    da = dsum + dense_1.backward(dense_2.backward(dsum))
    dsum = norm_1.backward(da)
    dquery, dvalue = attention.backward(dsum)
    dx = dsum + dquery + dvalue
    embed.backward(dx)
    embed_place.backward(dx)
    gradients = [g for part in own for g in part.get_gradients()]
    return p, attention.attention_scores, gradients


# %%
# Keras differentiates its own model, in double or in single precision.


def in_keras(dtype, tokens, answers):
    keras_precision(dtype)
    twin, twin_with_scores = build_model()
    twin.set_weights(model.get_weights())
    with tf.GradientTape() as tape:
        p, scores = twin_with_scores([tokens, np.tile(places, (len(tokens), 1))])
        loss = keras.losses.SparseCategoricalCrossentropy()(answers, p)
    gradients = tape.gradient(loss, twin.trainable_weights)
    return p, scores, [tf.convert_to_tensor(g) for g in gradients]


# %%
# The derivatives of a trained model are almost 0: they are differences of nearly equal
# numbers, *prediction minus truth*, in which little but rounding is left. So we compare
# the derivatives for other answers, drawn at random, where there is much to correct.
#
# One derivative is 0 for any answers: that for the bias of the keys. It adds the same
# number to all the scores of a query, and softmax does not change then. Here both sides
# give rounding errors, so we look at their size and not at their ratio.

sixteen, answers = unseen[:16], rng.integers(0, n_tokens, (16, length))
comparisons, key_bias = {}, {}
for dtype in TOLERANCES:
    own = own_layers(dtype)
    p, scores, by_hand = forward_and_backward(own, sixteen, answers)
    p_keras, scores_keras, other = in_keras(dtype, sixteen, answers)
    comparisons[dtype] = [
        compare("answers", p, p_keras),
        compare("attention weights", scores, scores_keras),
    ]
    for name, g, g_keras in zip(weight_names, by_hand, other, strict=True):
        if "key_bias" in name:
            key_bias[dtype] = np.abs(g).max(), np.abs(g_keras).max()
        else:
            comparisons[dtype].append(compare(name, g, g_keras))
keras_precision("float32")
print_comparisons(comparisons["float64"])

# %%
# In single precision the differences are larger, since its numbers have fewer digits.
# Here is the largest of each:

for dtype, limit in TOLERANCES.items():
    largest = max(c.max_rel for c in comparisons[dtype])
    print(f"{dtype}, relative difference {bound(largest)}, limit {limit:.0e}")
    ours, theirs = (bound(size) for size in key_bias[dtype])
    print(f"    gradient of the key bias {ours} by hand, {theirs} in Keras")

# %%
# A real series
# -------------
#
# R has the series ``AirPassengers``: international airline passengers of each month
# from 1949 to 1960, in thousands. Each year has much the same seasons, and more
# passengers than the one before. These are the years' totals, and each year's ratio to
# the year before:
#
# .. code-block:: r
#
#    passengers <- as.vector(AirPassengers)
#    years <- colSums(matrix(passengers, 12))
#    print(years)
#    print(years[-1] / years[-12])

passengers = load_airpassengers()["passengers"].to_numpy()  # (144,)
years = passengers.reshape(12, 12).sum(axis=1)  # (12,)
r_print(years)
r_print(years[1:] / years[:-1])

# %%
# The years 1949 to 1957 are for training. At the end of 1957, of 1958 and of 1959 we
# forecast the next twelve months: 36 months for testing. The months before a forecast
# are known when it is made.
#
# A forecast has to be better than rules that anyone can apply. The first takes the same
# month of last year (the *seasonal naive* forecast). The second lets that grow as last
# year grew against the year before. The third lets it grow by the mean ratio of the
# training years. What are their mean
# absolute errors, in thousands of passengers?
#
# .. code-block:: r
#
#    n_train <- 108
#    actual <- passengers[-(1:n_train)]
#    last_year <- passengers[n_train + 1:36 - 12]
#    last_growth <- rep(years[9:11] / years[8:10], each = 12)
#    mean_growth <- mean(years[2:9] / years[1:8])
#    mae <- function(forecast) mean(abs(forecast - actual))
#    print(mae(last_year))
#    print(mae(last_year * last_growth))
#    print(mae(last_year * mean_growth))

n_train = 108
actual = passengers[n_train:]  # (36,)
last_year = passengers[n_train - 12 : -12]  # (36,)
last_growth = np.repeat(years[8:11] / years[7:10], 12)  # (36,)
mean_growth = np.mean(years[1:9] / years[:8])


def mae(forecast):
    return np.mean(np.abs(forecast - actual))


rules = {
    "as last year": last_year,
    "grown as last year": last_year * last_growth,
    "grown by the mean": last_year * mean_growth,
}
for forecast in rules.values():
    r_print(mae(forecast))

# %%
# The network reads 24 months and answers with the next 12. It works with logarithms: a
# growth of a tenth is then the same step everywhere. Each piece of 36 months of the
# training years is one case. R's ``embed`` makes them, latest month first.
#
# .. code-block:: r
#
#    past <- 24
#    ahead <- 12
#    y <- log(passengers)
#    windows <- embed(y[1:n_train], past + ahead)[, (past + ahead):1]
#    print(dim(windows))
#    print(windows[1:3, 1:4])

past, ahead = 24, 12
y = np.log(passengers)
windows = np.lib.stride_tricks.sliding_window_view(y[:n_train], past + ahead)
r_print(np.array(windows.shape))
r_print(windows[:3, :4])

# %%
# From each window we subtract the mean of its 24 months, and divide by one number for
# all, taken from the training windows. So nothing of the test months gets into the
# training.

centred = windows - windows[:, :past].mean(axis=1, keepdims=True)  # (73, 36)
spread = centred[:, :past].std()
x_train = centred[:, :past, np.newaxis] / spread  # (73, 24, 1)
y_train = centred[:, past:] / spread  # (73, 12)

test_windows = np.stack([y[end - past : end] for end in [108, 120, 132]])  # (3, 24)
level = test_windows.mean(axis=1, keepdims=True)  # (3, 1)
x_test = (test_windows - level)[..., np.newaxis] / spread  # (3, 24, 1)

# %%
# The encoder block is the one from above. Numbers take the place of tokens, so a dense
# layer takes the place of their embedding. What comes out at a month is the forecast
# for the same month a year later; the last twelve are the answer. We chose the settings
# with the years before 1958 alone.


def build_forecaster():
    numbers = keras.layers.Input((past, 1))
    positions = keras.layers.Input((past,), dtype="int32")
    number_vectors = keras.layers.Dense(width)(numbers)
    position_vectors = keras.layers.Embedding(past, width)(positions)
    h, _ = encoder_block(keras.layers.Add()([number_vectors, position_vectors]))
    z = keras.layers.Flatten()(keras.layers.Dense(1)(h))  # (n, 24)
    return keras.Model([numbers, positions], z[:, -ahead:])


seeds = [1, 2, 3, 4, 5]
forecast_steps = 200
months_train = np.tile(np.arange(past), (len(x_train), 1))  # (73, 24)
forecasts = []
for seed in seeds:
    keras.utils.set_random_seed(seed)
    forecaster = build_forecaster()
    forecaster.compile(keras.optimizers.Adam(0.003), "mse")
    for _ in range(forecast_steps):
        forecaster.train_on_batch([x_train, months_train], y_train)
    z = forecaster([x_test, months_train[:3]]).numpy()  # (3, 12)
    forecasts.append(np.exp(level + spread * z).ravel())  # (36,)

# %%
# The result
# ----------

errors = [mae(forecast) for forecast in forecasts]
mean_error, sd_error = np.mean(errors), np.std(errors, ddof=1)
print("Mean absolute error, thousands of passengers")
for rule, forecast in rules.items():
    print(f"{rule:<26}{mae(forecast):6.2f}")
print(f"{'transformer, 5 seeds':<26}{mean_error:6.2f} ± {sd_error:.2f}")

for rule, forecast in rules.items():
    better = sum(error < mae(forecast) for error in errors)
    print(f"The transformer is better than '{rule}' in {better} of 5 runs.")
print(
    f"It has {forecaster.count_params()} parameters, for {n_train} months of training."
)

# %%

month = 1949 + np.arange(144) / 12
fig, ax = plt.subplots()
shown = slice(n_train - 24, None)
ax.plot(month[shown], passengers[shown], color="black", label="actual")
ax.plot(month[n_train:], last_year, ":", color="#c8500a", label="as last year")
for forecast in forecasts:
    for year in range(3):
        rows = slice(12 * year, 12 * year + 12)
        (line,) = ax.plot(
            month[n_train:][rows], forecast[rows], "--", color="#3f93c8", linewidth=1
        )
line.set_label("transformer, five runs")
ax.axvline(1958, color="0.6", linewidth=1)
ax.set_ylabel("passengers (thousands)")
ax.legend()
fig.suptitle("Passengers, as last year, and five runs of the transformer")
plt.show()

# %%
# A rule with one number needs few data. The network has to learn all it does from nine
# years, in pieces that overlap. So do not expect it to beat a good rule: the lines
# above say how often it does. The five runs say how much of the result is due to the
# random start.
#
# Summary
# -------
#
# A transformer block is attention, then two dense layers; both parts have a residual
# connection and a layer normalisation. Positions are added to the inputs, since
# attention without a mask knows no order. Its parts are matrix products and simple
# functions: their derivatives can be written down, and agree with those of Keras.
#
# Try it
# ------
#
# 1. Make the sequences twice as long. How many steps does the model need now?
# 2. Change the task: the answer is the sequence in ascending order
#    (``np.sort(batch, axis=1)``). What does the attention look like?
# 3. Set ``n_train`` to 72 and the ends of the test windows to 72, 84 and 96, with the
#    rules to match. How does the error change with ``forecast_steps``?
