r"""Activation functions and their derivatives
==========================================

**Which function turns a sum into an output, and what does its derivative do?** A layer
computes weighted sums :math:`z`, and an *activation function* :math:`f` makes its
outputs of them. On the way back the derivative multiplies what comes from above:

.. math::

   a = f(z), \qquad dz = f'(z) \odot da.

The lecture asks three things of such a function: that it keeps values in a range, that
it has a derivative, and that it is simple to compute. In the last layer it has to match
the kind of answer. This lesson writes down ten common functions, and compares them with
Keras.
"""

import math

import matplotlib.pyplot as plt
import numpy as np

from course.agreement import compare, keras_precision, print_comparisons
from course.quiet import quiet_start
from course.rbase import r_print

with quiet_start():
    import keras
    import tensorflow as tf

plt.style.use("course.lecture")
keras_precision("float64")  # double precision, as in R and NumPy

# %%
# Nine functions of one number
# ----------------------------
#
# .. math::
#
#    \begin{aligned}
#    \text{linear:} &\quad z &
#    \text{leaky ReLU:} &\quad \max(c z, z) \\
#    \text{sigmoid:} &\quad \sigma(z) = \frac{1}{1 + e^{-z}} &
#    \text{ELU:} &\quad e^z - 1 \text{ if } z < 0, \text{ else } z \\
#    \text{tanh:} &\quad \frac{e^z - e^{-z}}{e^z + e^{-z}} &
#    \text{SiLU:} &\quad z\, \sigma(z) \\
#    \text{ReLU:} &\quad \max(0, z) &
#    \text{GELU:} &\quad z\, \Phi(z) \\
#    \text{softplus:} &\quad \log(1 + e^z)
#    \end{aligned}
#
# :math:`\Phi` is the distribution function of the standard normal distribution, R's
# ``pnorm``. NumPy has none; Python's ``math`` has the *error function*, and
# :math:`\Phi(z) = (1 + \operatorname{erf}(z / \sqrt 2)) / 2`. The slope :math:`c` of
# leaky ReLU is ours to choose, between 0 and 1.
#
# .. code-block:: r
#
#    slope <- 0.25
#    sigmoid <- function(z) 1 / (1 + exp(-z))
#    z <- c(-4, -1, 0, 1, 4)
#    values <- rbind(
#      linear = z,
#      sigmoid = sigmoid(z),
#      tanh = tanh(z),
#      relu = pmax(z, 0),
#      leaky_relu = pmax(slope * z, z),
#      elu = ifelse(z < 0, exp(z) - 1, z),
#      softplus = log1p(exp(z)),
#      silu = z * sigmoid(z),
#      gelu = z * pnorm(z)
#    )
#    print(values)

slope = 0.25
erf = np.vectorize(math.erf)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def pnorm(z):
    return (1 + erf(z / math.sqrt(2))) / 2


functions = {
    "linear": lambda z: z,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(0, z),
    "leaky_relu": lambda z: np.maximum(slope * z, z),
    "elu": lambda z: np.where(z < 0, np.exp(z) - 1, z),
    "softplus": lambda z: np.log1p(np.exp(z)),
    "silu": lambda z: z * sigmoid(z),
    "gelu": lambda z: z * pnorm(z),
}
z = np.array([-4.0, -1, 0, 1, 4])
values = np.array([f(z) for f in functions.values()])  # (9, 5)
r_print(values, rows=list(functions))

# %%
# Their derivatives
# -----------------
#
# Sigmoid and tanh have derivatives that need nothing but their values:
# :math:`\sigma' = \sigma (1 - \sigma)` and :math:`\tanh' = 1 - \tanh^2`. The derivative
# of softplus is sigmoid. SiLU and GELU follow by the product rule; the derivative of
# :math:`\Phi` is the normal density, R's ``dnorm``. ReLU has no derivative at 0, where
# it has a kink; Keras and we take 0 there.
#
# .. code-block:: r
#
#    s <- sigmoid(z)
#    derivatives <- rbind(
#      linear = z * 0 + 1,
#      sigmoid = s * (1 - s),
#      tanh = 1 - tanh(z)^2,
#      relu = ifelse(z > 0, 1, 0),
#      leaky_relu = ifelse(z > 0, 1, slope),
#      elu = ifelse(z < 0, exp(z), 1),
#      softplus = s,
#      silu = s + z * s * (1 - s),
#      gelu = pnorm(z) + z * dnorm(z)
#    )
#    print(derivatives)


def dnorm(z):
    return np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


slopes = {
    "linear": np.ones_like,
    "sigmoid": lambda z: sigmoid(z) * (1 - sigmoid(z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: np.where(z > 0, 1.0, 0),
    "leaky_relu": lambda z: np.where(z > 0, 1, slope),
    "elu": lambda z: np.where(z < 0, np.exp(z), 1),
    "softplus": sigmoid,
    "silu": lambda z: sigmoid(z) + z * sigmoid(z) * (1 - sigmoid(z)),
    "gelu": lambda z: pnorm(z) + z * dnorm(z),
}
derivatives = np.array([df(z) for df in slopes.values()])  # (9, 5)
r_print(derivatives, rows=list(slopes))

# %%

line = np.linspace(-4, 4, 401)
fig, axes = plt.subplots(3, 3, figsize=(6.4, 6), sharex=True, sharey=True)
for ax, name in zip(axes.flat, functions, strict=True):
    ax.plot(line, functions[name](line), label="function")
    ax.plot(line, slopes[name](line), label="derivative")
    ax.set_title(name)
    ax.set_ylim(-1.5, 3)
axes[0, 1].legend(loc="upper left")
fig.suptitle("Nine activation functions and their derivatives")

# %%
# Softmax takes a whole row
# -------------------------
#
# Softmax turns a row of sums into probabilities. Each output depends on all sums of the
# row, so the derivative is a matrix, with entries
#
# .. math::
#
#    \frac{\partial a_i}{\partial z_j} = a_i (1 - a_i) \text{ if } i = j,
#    \text{ else } -a_i a_j.
#
# Its rows and columns sum to 0, as the probabilities must go on summing to 1.
#
# .. code-block:: r
#
#    softmax <- function(z) exp(z) / rowSums(exp(z))
#    a <- softmax(rbind(c(2, -1, 0.5)))
#    jacobian <- diag(as.vector(a)) - t(a) %*% a
#    print(a)
#    print(jacobian)


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


a = softmax(np.array([[2, -1, 0.5]]))  # (1, 3)
jacobian = np.diag(a[0]) - a.T @ a  # (3, 3) - (3, 1) @ (1, 3) -> (3, 3)
r_print(a)
r_print(jacobian)

# %%
# Here the first of these sums moves and the other two stay:

moving = np.column_stack([line, np.full(401, -1.0), np.full(401, 0.5)])  # (401, 3)
a = softmax(moving)
along = a * (np.array([1, 0, 0]) - a[:, :1])  # a_1 (1 - a_1), -a_1 a_2, -a_1 a_3
fig, axes = plt.subplots(1, 2, figsize=(6.4, 3), sharex=True)
for ax, title, curves in zip(axes, ["softmax", "derivatives"], [a, along], strict=True):
    for i in range(3):
        ax.plot(line, curves[:, i], label=f"$a_{i + 1}$")
    ax.set_title(title)
    ax.set_xlabel("$z_1$")
axes[0].legend()
fig.suptitle("What the first probability gains the others lose")

# %%
# Are they those of Keras?
# ------------------------
#
# Values and derivatives on 121 sums from -6 to 6, 0 among them, in double precision.
# Two cases need care. TensorFlow keeps some constants in single precision, even in
# double precision models: the slope of leaky ReLU, and the root of one half in GELU.
# Our slope is a power of two, which both precisions hold exactly; Keras' default 0.2 is
# not, and would differ by more than double precision rounds. GELU is compared in single
# precision.


def in_keras(name, z, da):
    options = {"negative_slope": slope} if name == "leaky_relu" else {}
    z = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        a = getattr(keras.activations, name)(z, **options)
    return a, tape.gradient(a, z, output_gradients=da)


sums = np.linspace(-6, 6, 121)
comparisons = []
for name in functions:
    dtype = "float32" if name == "gelu" else "float64"
    x = sums.astype(dtype)
    a_keras, dz_keras = in_keras(name, x, np.ones_like(x))
    by_hand = functions[name](x).astype(dtype), slopes[name](x).astype(dtype)
    comparisons.append(compare(name, by_hand[0], a_keras))
    comparisons.append(compare("  derivative", by_hand[1], dz_keras))
rows, da = np.random.default_rng(1).normal(size=(2, 40, 3))  # two arrays (40, 3)
a = softmax(rows)
a_keras, dz_keras = in_keras("softmax", rows, da)
dz = a * (da - (da * a).sum(axis=1, keepdims=True))  # each row of da times the matrix
comparisons.append(compare("softmax", a, a_keras))
comparisons.append(compare("  derivative", dz, dz_keras))
print_comparisons(comparisons)

# %%
# Range, smoothness, cost
# -----------------------
#
# The lowest and the highest value between -30 and 30 show the range. The derivative
# just right of 0 minus the one just left of it shows a kink. The cost is the most
# expensive part of what has to be computed for one number.

cost = {
    "linear": "nothing",
    "sigmoid": "1 exponential",
    "tanh": "1 exponential",
    "relu": "1 comparison",
    "leaky_relu": "1 comparison, 1 product",
    "elu": "1 comparison, 1 exponential if negative",
    "softplus": "1 exponential, 1 logarithm",
    "silu": "1 exponential, 1 product",
    "gelu": "1 error function, 1 product",
}
wide = np.linspace(-30, 30, 6001)
lowest = {name: f(wide).min() for name, f in functions.items()}
highest = {name: f(wide).max() for name, f in functions.items()}
beside_0 = np.array([-1e-9, 1e-9])
kinks = {name: np.diff(df(beside_0)).item() for name, df in slopes.items()}
print("            lowest  highest  kink  cost")
for name in functions:
    low, high = round(lowest[name], 2) + 0.0, highest[name]  # + 0 turns -0 into 0
    print(f"{name:<12}{low:>6.2f}{high:>9.2f}{abs(kinks[name]):>6.2f}  {cost[name]}")

# %%
# Sigmoid and tanh keep values in a range. Where they are flat, their derivative is
# close to 0: they are *saturated*. The others are open upwards. ReLU and leaky
# ReLU have a kink and are the cheapest; in practice a sum is hardly ever exactly 0, so
# the kink does no harm. SiLU and GELU are smooth and look like ReLU from afar. They dip
# below 0 before they rise. (A tanh by one exponential:
# :math:`\tanh z = 2 \sigma(2z) - 1`.)
#
# The last layer
# --------------
#
# In hidden layers the choice is free. In the last layer the function has to give the
# kind of number that is asked for, and the loss has to fit:
#
# - *one of several classes*: softmax, probabilities that sum to 1, with the categorical
#   cross-entropy;
# - *several labels at once*, each yes or no: sigmoid, a probability for each, with the
#   binary cross-entropy;
# - *any number*: linear, with the mean squared error;
# - *a positive number*: softplus, for instance with the mean squared error.
#
# The same three sums through all four, each with a true answer of its kind:
#
# .. code-block:: r
#
#    z <- rbind(c(2, -1, 0.5))
#    outputs <- rbind(softmax(z), sigmoid(z), z, log1p(exp(z)))
#    truth <- rbind(c(1, 0, 0), c(1, 0, 1), c(1.5, -1, 0), c(2, 0.5, 1))
#    losses <- c(
#      -sum(truth[1, ] * log(outputs[1, ])),
#      -mean(log(ifelse(truth[2, ] == 1, outputs[2, ], 1 - outputs[2, ]))),
#      mean((outputs[3, ] - truth[3, ])^2),
#      mean((outputs[4, ] - truth[4, ])^2)
#    )
#    rownames(outputs) <- c("softmax", "sigmoid", "linear", "softplus")
#    print(outputs)
#    print(losses)

z = np.array([[2, -1, 0.5]])  # (1, 3)
outputs = np.vstack([softmax(z), sigmoid(z), z, np.log1p(np.exp(z))])  # (4, 3)
truth = np.array([[1, 0, 0], [1, 0, 1], [1.5, -1, 0], [2, 0.5, 1]])  # (4, 3)
losses = np.array(
    [
        -np.sum(truth[0] * np.log(outputs[0])),
        -np.mean(np.log(np.where(truth[1] == 1, outputs[1], 1 - outputs[1]))),
        np.mean((outputs[2] - truth[2]) ** 2),
        np.mean((outputs[3] - truth[3]) ** 2),
    ]
)
r_print(outputs, rows=["softmax", "sigmoid", "linear", "softplus"])
r_print(losses)

# %%
# The second row does not sum to 1, and need not: the labels do not exclude one another.
# Keras gives the same losses under these names:

last_layers = {
    "softmax": "categorical_crossentropy",
    "sigmoid": "binary_crossentropy",
    "linear": "mean_squared_error",
    "softplus": "mean_squared_error",
}
loss_comparisons = []
for i, (name, loss) in enumerate(last_layers.items()):
    output = getattr(keras.activations, name)(tf.constant(z))
    loss_keras = keras.losses.get(loss)(truth[i : i + 1], output)
    loss_comparisons.append(compare(f"{name}, {loss}", losses[i : i + 1], loss_keras))
print_comparisons(loss_comparisons)
keras_precision("float32")
plt.show()

# %%
# More functions
# --------------
#
# Keras has more, in ``keras.activations``. Some to go on with:
#
# - ``selu``: ELU with two constants that keep mean 0 and variance 1 through many dense
#   layers, without any normalisation;
# - ``mish``: :math:`z \tanh(\operatorname{softplus}(z))`, smooth, much like SiLU;
# - ``softsign``: :math:`z / (1 + |z|)`, a tanh that saturates more slowly;
# - ``hard_sigmoid``, ``hard_tanh``: made of straight lines, for small devices;
# - ``relu6``: ReLU cut off at 6, for computing with few bits;
# - ``glu``: one half of the numbers times the sigmoid of the other half, which is the
#   gate that lets them through;
# - ``exponential``: for positive answers, as in a model with a log link;
# - ``log_softmax``: the logarithm of softmax, computed so that nothing overflows;
# - ``sparsemax``: probabilities like those of softmax, but some exactly 0.
#
# Summary
# -------
#
# An activation function acts twice: forward with its values, backward with its
# derivative. Sigmoid and tanh keep a range and saturate. ReLU is cheap and does not
# saturate above 0, but passes nothing back below. Leaky ReLU always passes something
# back; ELU, SiLU and GELU do so as long as the sum is not far below 0. In the last
# layer the kind of answer decides. What this does to a network is the question of
# :doc:`dead_units`.
#
# Try it
# ------
#
# 1. Set ``slope`` to ``0.2``. How large is the difference from Keras now, and why?
# 2. Compute the binary cross-entropy with a linear last layer on the same sums. What
#    goes wrong?
# 3. Where is the derivative of SiLU 0, and what is the lowest value of SiLU there?
