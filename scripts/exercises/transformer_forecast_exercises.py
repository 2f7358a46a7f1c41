r"""Exercises: a forecast
=====================

They go with the lesson :doc:`../transformer_forecast`. They need no network: the lines
below repeat its series, and its windows on the scale of the training.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.data import load_airpassengers

plt.style.use("course.lecture")

passengers = load_airpassengers()["passengers"].to_numpy()  # (144,)
years = passengers.reshape(12, 12).sum(axis=1)  # (12,)
n_train, past, ahead = 108, 24, 12
y = np.log(passengers)
windows = np.lib.stride_tricks.sliding_window_view(y[:n_train], past + ahead)


def mae(forecast, actual):
    return np.mean(np.abs(forecast - actual))


# %%
# Exercise 1: choose a rule without the test months
# -------------------------------------------------
#
# The lesson reports three rules on the test months. Which would you have chosen at the
# end of 1957? Compare them on the years 1955 to 1957, each forecast from the years
# before it.

in_order = passengers.reshape(12, 12)  # a row for each year, 1949 first

# %%
# .. solution

errors = {"as last year": [], "grown as last year": [], "grown by the mean": []}
for year in [6, 7, 8]:  # 1955, 1956, 1957
    growth = years[1:year] / years[: year - 1]
    factors = [1, growth[-1], growth.mean()]
    for rule, factor in zip(errors, factors, strict=True):
        errors[rule].append(mae(factor * in_order[year - 1], in_order[year]))
for rule, by_year in errors.items():
    print(f"{rule:<20}{np.mean(by_year):6.2f}  by year:", *np.round(by_year, 1))

# %%
# Growth by the mean has the smallest error here as well, so the choice could be made
# without the test months. It was best in each of the three years.
#
# .. end of solution

# %%
# Exercise 2: a straight line
# ---------------------------
#
# Between rules and a network stands linear regression: each of the twelve months ahead
# as a weighted sum of the 24 months before, by least squares (``np.linalg.lstsq``).
# Take the mean of the 24 months from each window first, as the lesson does. How large
# is the mean absolute error on the test months?

centred = windows - windows[:, :past].mean(axis=1, keepdims=True)  # (73, 36)
test_windows = np.stack([y[end - past : end] for end in [108, 120, 132]])  # (3, 24)

# %%
# .. solution

weights, *_ = np.linalg.lstsq(centred[:, :past], centred[:, past:])  # (24, 12)
level = test_windows.mean(axis=1, keepdims=True)  # (3, 1)
linear = np.exp(level + (test_windows - level) @ weights).ravel()  # (36,)
print("Numbers to learn:", weights.size)
print(f"Linear regression: {mae(linear, passengers[n_train:]):.2f}")
fitted = centred[:, :past] @ weights
print(f"Mean error of the logarithms in training: {mae(fitted, centred[:, past:]):.3f}")
print(f"and in the test: {mae(np.log(linear), y[n_train:]):.3f}")
fig, ax = plt.subplots()
ax.plot(1958 + np.arange(36) / 12, passengers[n_train:], color="black", label="actual")
ax.plot(1958 + np.arange(36) / 12, linear, "--", label="linear regression")
ax.set_ylabel("passengers (thousands)")
ax.legend()
fig.suptitle("Linear regression on the 24 months before")

# %%
# It is about as good as the transformer, with 288 numbers where that has thousands:
# better than last year's months, as they were or grown as last year. Growth by the mean
# is still better. The logarithms are further off in the test than in training: that is
# over-fitting.
#
# .. end of solution

# %%
# Exercise 3: how many cases are there?
# -------------------------------------
#
# The training has one window for each month at which it may begin. How many windows
# is the month number 60 in? How many can be chosen so that no two share a month?

n_windows = len(windows)

# %%
# .. solution

first = np.arange(n_windows)  # the month at which each window begins
last = first + past + ahead - 1
print("Windows:", n_windows)
print("Windows with month 60:", np.sum((first <= 60) & (last >= 60)))
print("Windows without a common month:", n_train // (past + ahead))
plt.show()

# %%
# The windows share nearly all their months with their neighbours. They are far fewer
# than their number says: with so few independent cases a rule of one number has an
# advantage.
#
# .. end of solution
