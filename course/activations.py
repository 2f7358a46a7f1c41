"""Activation functions and their derivatives, as Keras computes them.

Each function takes the weighted sums ``z`` of a layer, an array of any shape, and returns the
activations ``a`` in the same shape. float32 stays float32; all other numbers, whole ones too, are
computed in float64. Beside each stands its backward step: it takes the derivative of the loss with
respect to ``a``, called ``da``, and returns the one with respect to ``z``. All act entry by entry,
except `softmax`, which acts on the last axis. What holds no real numbers is a ``TypeError``, what
is masked or no array a ``ValueError``; NaN stays NaN.

Source: the functions of ``keras.activations``, with their default settings. One of them,
`gelu`, needs the error function, which NumPy lacks; it comes from Python's ``math``.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course.inputs import floats, number

__all__ = [
    "ACTIVATIONS",
    "ActivationFunction",
    "elu",
    "gelu",
    "get",
    "leaky_relu",
    "linear",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]


def linear(z: np.ndarray) -> np.ndarray:
    """No activation: ``a = z``."""
    return floats(z, "linear", "z").copy()  # as all others, never the array that was given


def linear_backward(da: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return da


def relu(z: np.ndarray) -> np.ndarray:
    """The positive part of ``z``. Its derivative at 0 counts as 0."""
    return np.maximum(0, floats(z, "relu", "z"))


def relu_backward(da: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return da * (z > 0)


def leaky_relu(z: np.ndarray, negative_slope: float = 0.2) -> np.ndarray:
    """``z`` where it is positive, ``negative_slope * z`` elsewhere.

    Raises:
        ValueError: if the slope is no finite number.
    """
    z = floats(z, "leaky_relu", "z")
    negative_slope = number(negative_slope, "leaky_relu", "negative_slope", "that is finite")
    return np.where(z > 0, z, negative_slope * z)


def leaky_relu_backward(
    da: np.ndarray, z: np.ndarray, a: np.ndarray, negative_slope: float = 0.2
) -> np.ndarray:
    return np.where(z > 0, da, negative_slope * da)


def elu(z: np.ndarray) -> np.ndarray:
    """``z`` where it is positive, ``exp(z) - 1`` elsewhere."""
    z = floats(z, "elu", "z")
    # np.where computes both sides everywhere: exp of a large z would overflow. Near 0, expm1 keeps
    # the digits that exp(z) - 1 loses.
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def elu_backward(da: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return np.where(z > 0, da, da * (a + 1))  # the derivative exp(z) is a + 1


def sigmoid(z: np.ndarray) -> np.ndarray:
    """``1 / (1 + exp(-z))``, written so that nothing overflows."""
    z = floats(z, "sigmoid", "z")
    e = np.exp(-np.abs(z))  # at most 1
    return np.where(z >= 0, 1, e) / (1 + e)


def sigmoid_backward(da: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return da * a * (1 - a)


def tanh(z: np.ndarray) -> np.ndarray:
    """The hyperbolic tangent."""
    return np.tanh(floats(z, "tanh", "z"))


def tanh_backward(da: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return da * (1 - a**2)


def softplus(z: np.ndarray) -> np.ndarray:
    """``log(1 + exp(z))``, written so that nothing overflows."""
    with np.errstate(invalid="ignore"):  # NumPy would warn of NaN
        return np.logaddexp(0, floats(z, "softplus", "z"))


def softplus_backward(da: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return da * sigmoid(z)


def silu(z: np.ndarray) -> np.ndarray:
    """``z * sigmoid(z)``, also called swish."""
    z = floats(z, "silu", "z")
    return _no_infinity_below(z) * sigmoid(z)


def silu_backward(da: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    s = sigmoid(z)
    return da * (s + a * (1 - s))  # a is z * s, and s * (1 - s) the derivative of s


def _no_infinity_below(z: np.ndarray) -> np.ndarray:
    """Minus infinity as a finite number, so that times a probability of 0 it is 0 and not NaN."""
    return np.maximum(z, np.finfo(z.dtype).min)


def gelu(z: np.ndarray) -> np.ndarray:
    """``z`` times the probability that a standard normal number is below ``z``."""
    z = floats(z, "gelu", "z")
    return _no_infinity_below(z) * _normal_below(z)


LARGE = 100.0  # here the normal distribution has nothing left on either side


def gelu_backward(da: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    z = np.clip(z, -LARGE, LARGE)  # beyond, the density is 0, and a square would overflow
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return da * (_normal_below(z) + z * density)


def _normal_below(z: np.ndarray) -> np.ndarray:
    """The distribution function of the standard normal distribution, R's ``pnorm``."""
    erf = np.vectorize(math.erf, otypes=[float])
    return ((1 + erf(z / math.sqrt(2))) / 2).astype(z.dtype)


def softmax(z: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis: positive, with sum 1.

    The largest ``z`` of each row is subtracted first; the result is the same and nothing
    overflows. A row with an infinite number that is the largest has no answer: it becomes NaN.

    Raises:
        ValueError: if there are no numbers along the last axis.
    """
    z = floats(z, "softmax", "z")
    if not z.ndim or not z.shape[-1]:
        raise ValueError(
            "softmax: expected z to be an array with at least one number along its last axis. "
            f"Received shape {z.shape}. It turns several numbers into probabilities."
        )
    with np.errstate(invalid="ignore"):  # infinity less infinity is NaN
        e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_backward(da: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    """For each row, ``da`` times the Jacobian ``diag(a) - a a'``, which is never made."""
    return a * (da - (da * a).sum(axis=-1, keepdims=True))


@dataclass(frozen=True)
class ActivationFunction:
    """An activation function and its backward step.

    Attributes:
        name: the name in Keras, for example ``"relu"``.
        forward: from ``z`` to ``a``.
        backward: from ``da, z, a`` to ``dz``; all four have one shape.
    """

    name: str
    forward: Callable[[np.ndarray], np.ndarray]
    backward: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


ACTIVATIONS = {
    function.name: function
    for function in [
        ActivationFunction("linear", linear, linear_backward),
        ActivationFunction("relu", relu, relu_backward),
        ActivationFunction("leaky_relu", leaky_relu, leaky_relu_backward),
        ActivationFunction("elu", elu, elu_backward),
        ActivationFunction("gelu", gelu, gelu_backward),
        ActivationFunction("silu", silu, silu_backward),
        ActivationFunction("sigmoid", sigmoid, sigmoid_backward),
        ActivationFunction("tanh", tanh, tanh_backward),
        ActivationFunction("softplus", softplus, softplus_backward),
        ActivationFunction("softmax", softmax, softmax_backward),
    ]
}
"""All activation functions of the course, by their names in Keras."""


def get(identifier: str | ActivationFunction | None) -> ActivationFunction:
    """The activation function of a name, as ``keras.activations.get``.

    Args:
        identifier: a name, an `ActivationFunction` of your own, or None for no activation.

    Returns:
        The function and its backward step.

    Raises:
        ValueError: if there is none of that name.
    """
    if identifier is None:
        return ACTIVATIONS["linear"]
    if isinstance(identifier, ActivationFunction):
        return identifier
    if not isinstance(identifier, str) or identifier not in ACTIVATIONS:
        raise ValueError(
            f"Expected the name of an activation function: {', '.join(ACTIVATIONS)}. "
            f"Received: activation={identifier!r}. For another, make an ActivationFunction."
        )
    return ACTIVATIONS[identifier]
