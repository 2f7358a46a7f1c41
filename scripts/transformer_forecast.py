r"""A forecast: the transformer and simple rules
============================================

**Does a transformer forecast a short series better than a simple rule?** The network is
the block of :doc:`transformer_keras`. The series has 144 months, of which it sees 108
in training. Rules with one number or none are tried on the same months.

For the last 24 months :math:`y_1, \dots, y_{24}`, centred, the forecast
:math:`\hat y` is

.. math::

   \begin{aligned}
   x_i &= y_i\, w + b + P[i] \\
   h &= \operatorname{block}(x) \\
   \hat y_{i + 12} &= h_i\, v + c, \qquad i = 13, \dots, 24
   \end{aligned}
"""

import matplotlib.pyplot as plt
import numpy as np

from course.data import load_airpassengers
from course.quiet import quiet_start
from course.rbase import r_print

with quiet_start():
    import keras

plt.style.use("course.lecture")

# %%
# The series
# ----------
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

n_train = 108
month = 1949 + np.arange(144) / 12
fig, ax = plt.subplots()
ax.semilogy(month[:n_train], passengers[:n_train], label="training")
ax.semilogy(month[n_train:], passengers[n_train:], label="test")
ax.set_yticks([100, 200, 400, 600], ["100", "200", "400", "600"])
ax.minorticks_off()
ax.set_ylabel("passengers (thousands)")
ax.legend()
fig.suptitle("Airline passengers of each month, on a logarithmic scale")

# %%
# Simple rules
# ------------
#
# A forecast has to be better than rules that anyone can apply. The first takes the same
# month of last year (the *seasonal naive* forecast). The second lets that grow as last
# year grew against the year before. The third lets it grow by the mean ratio of the
# training years. What are their mean absolute errors, in thousands of passengers?
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
# Windows of three years
# ----------------------
#
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
# The network
# -----------
#
# The encoder block is that of :doc:`transformer_keras`, line by line. Numbers take the
# place of tokens, so a dense layer takes the place of their embedding. What comes out
# at a month is the forecast for the same month a year later; the last twelve are the
# answer.

width, hidden, key_dim = 32, 64, 16


def encoder_block(x):
    attention = keras.layers.MultiHeadAttention(num_heads=1, key_dim=key_dim)
    found, scores = attention(x, x, return_attention_scores=True)
    a = keras.layers.LayerNormalization()(keras.layers.Add()([x, found]))
    hidden_units = keras.layers.Dense(hidden, activation="relu")(a)
    out = keras.layers.Dense(width)(hidden_units)
    return keras.layers.LayerNormalization()(keras.layers.Add()([a, out])), scores


def build_forecaster():
    numbers = keras.layers.Input((past, 1))
    positions = keras.layers.Input((past,), dtype="int32")
    number_vectors = keras.layers.Dense(width)(numbers)
    position_vectors = keras.layers.Embedding(past, width)(positions)
    h, _ = encoder_block(keras.layers.Add()([number_vectors, position_vectors]))
    z = keras.layers.Flatten()(keras.layers.Dense(1)(h))  # (n, 24)
    return keras.Model([numbers, positions], z[:, -ahead:])


# %%
# It is trained from five random starts. We chose the settings with the years before
# 1958 alone. On a computer with another number of processor cores, what trained models
# print may differ a little: single precision rounds, and sums are then taken in another
# order.

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
# A forecast is compared with simple rules, on months that were kept out of the training
# and of the choice of settings. Here the rule of one number, growth by the mean, was
# better than all five runs of the transformer. Numbers enter through a dense layer in
# place of the embedding of tokens; the block remains as it was.
#
# Try it
# ------
#
# 1. Set ``n_train`` to 72 and the ends of the test windows to 72, 84 and 96, with the
#    rules to match. How does the error change with ``forecast_steps``?
# 2. Leave out the logarithm. Which of the errors change, and why?
