"""Optimisers: how far to move each weight, given its gradient, as Keras computes it.

``apply(gradients, weights)`` changes the arrays of weights in place. What an optimiser has to
remember from step to step, such as a running mean of the squared gradients, it keeps in arrays of
the same shapes, one for each weight, by their place in the list.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from course.inputs import DTYPES, FLOATS, finite, floats, number, truth_value

__all__ = ["SGD", "Adam", "Optimizer", "RMSprop", "get"]


class Optimizer(ABC):
    """What all optimisers share.

    Args:
        learning_rate: how far to move, a positive number.

    Attributes:
        iterations: how many steps have been taken.

    Raises:
        ValueError: if the learning rate is not a positive number.
    """

    slots = 0  # how many arrays to remember for each weight

    def __init__(self, learning_rate: float):
        self.learning_rate = _above_0(self, "learning_rate", learning_rate)
        self.iterations = 0
        self._weights: list[np.ndarray] | None = None
        self._memory: list[list[np.ndarray]] = []

    def apply(self, gradients: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> None:
        """Take one step: change all weights in place.

        Args:
            gradients: the derivative of the loss with respect to each weight.
            weights: arrays of float32 or float64, of the same shapes; the very same arrays in
                every step, since the memory of an optimiser belongs to them.

        Raises:
            TypeError: if a gradient does not hold real numbers, or a weight is no such array.
            ValueError: if the two lists, or the shapes in them, do not match, or if these are not
                the weights of the steps before, or if a gradient is not finite, as when training
                diverges. Nothing is changed then.
        """
        where = type(self).__name__
        weights = list(weights)
        gradients = [floats(g, where, "each gradient") for g in gradients]
        for g in gradients:
            finite(g, where, "each gradient")
        for w in weights:
            if not (isinstance(w, np.ndarray) and w.dtype in FLOATS and w.flags.writeable):
                raise TypeError(
                    f"{where}: expected weights that can be changed: arrays of "
                    f"{' or '.join(DTYPES)}. Received {type(w).__name__} of type "
                    f"{getattr(w, 'dtype', type(w).__name__)}. Make one with np.array(w, float)."
                )
        found, expected = [g.shape for g in gradients], [w.shape for w in weights]
        if found != expected:
            raise ValueError(
                f"{where}: expected a gradient for each weight, of its shape. "
                f"Received gradients of shapes {found} for weights of shapes {expected}."
            )
        if self._weights is None:
            self._weights = weights
            self._memory = [[np.zeros_like(w) for _ in range(self.slots)] for w in weights]
        same = len(weights) == len(self._weights)
        if not same or any(w is not old for w, old in zip(weights, self._weights, strict=True)):
            raise ValueError(
                f"{where}: expected the {len(self._weights)} weights of the steps before, the same "
                f"arrays. Received {len(weights)} others. Make a new optimiser for another network."
            )
        self.iterations += 1
        for g, w, memory in zip(gradients, weights, self._memory, strict=True):
            w -= self.step(g, *memory)

    @abstractmethod
    def step(self, g: np.ndarray, *memory: np.ndarray) -> np.ndarray:
        """How far to move one weight against its gradient ``g``; updates the memory in place."""


class SGD(Optimizer):
    """Gradient descent: ``w -= learning_rate * g``, with momentum if asked for.

    Args:
        learning_rate: how far to move.
        momentum: which part of the last step is taken once more, from 0 to 1.
        nesterov: whether to look ahead along that step first.

    Raises:
        ValueError: if an argument is none of these.

    Source: ``keras.optimizers.SGD``.
    """

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.0, nesterov: bool = False):
        super().__init__(learning_rate)
        self.momentum = _from_0_to_1(self, "momentum", momentum)
        self.nesterov = truth_value(nesterov, type(self).__name__, "nesterov")
        self.slots = 1 if momentum else 0

    def step(self, g: np.ndarray, *memory: np.ndarray) -> np.ndarray:
        """The learning rate times the gradient, or the move with momentum."""
        if not memory:
            return self.learning_rate * g
        (m,) = memory
        m *= self.momentum
        m -= self.learning_rate * g  # m is the move itself; `apply` subtracts what is returned
        return self.learning_rate * g - self.momentum * m if self.nesterov else -m


class RMSprop(Optimizer):
    """Each gradient divided by the root of a running mean of its squares.

    ``v = rho * v + (1 - rho) * g**2``, then ``w -= learning_rate * g / sqrt(v + epsilon)``: the
    small number stands inside the root. Keras 2 also had an older form,
    ``keras.optimizers.legacy.RMSprop``, which divides by ``sqrt(v) + epsilon``.

    Args:
        learning_rate: how far to move.
        rho: how much of the running mean is kept in each step, from 0 to 1.
        momentum: which part of the last step is taken once more, from 0 to 1.
        epsilon: a small number above 0 that keeps the root away from 0.
        centered: whether the square of a running mean of the gradients is subtracted from ``v``.

    Raises:
        ValueError: if an argument is none of these.

    Source: ``keras.optimizers.RMSprop``; G. Hinton, *Neural networks for machine learning*,
    lecture 6e (2012).
    """

    slots = 3  # those of a setting that is off stay 0

    def __init__(
        self,
        learning_rate: float = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
    ):
        super().__init__(learning_rate)
        self.rho = _from_0_to_1(self, "rho", rho)
        self.momentum = _from_0_to_1(self, "momentum", momentum)
        self.epsilon = _above_0(self, "epsilon", epsilon)
        self.centered = truth_value(centered, type(self).__name__, "centered")

    def step(self, g: np.ndarray, *memory: np.ndarray) -> np.ndarray:
        """The learning rate times the gradient, divided by the root of ``v``."""
        v, mean, m = memory
        v *= self.rho
        v += (1 - self.rho) * g**2
        spread = v
        if self.centered:
            mean *= self.rho
            mean += (1 - self.rho) * g
            spread = np.maximum(v - mean**2, 0)  # below 0 by rounding only
        move = self.learning_rate * g / np.sqrt(spread + self.epsilon)
        if self.momentum:
            m *= self.momentum
            m += move
            return m
        return move


class Adam(Optimizer):
    """Running means of the gradient and of its square, corrected for their start at 0.

    ``m = beta_1 * m + (1 - beta_1) * g`` and ``v = beta_2 * v + (1 - beta_2) * g**2``, then
    ``w -= a * m / (sqrt(v) + epsilon)`` with
    ``a = learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t)`` in step ``t``: the small number
    stands outside the root.

    Args:
        learning_rate: how far to move.
        beta_1: how much of the mean gradient is kept in each step, from 0 to below 1.
        beta_2: how much of the mean square is kept in each step, from 0 to below 1.
        epsilon: a small number above 0 that keeps the divisor away from 0.
        amsgrad: whether to divide by the largest ``v`` so far.

    Raises:
        ValueError: if an argument is none of these.

    Source: ``keras.optimizers.Adam``; D. P. Kingma and J. Ba, *Adam: a method for stochastic
    optimization* (2015). TensorFlow rounds ``beta_1`` and ``beta_2`` to single precision, also
    in a network of double precision; here they are exact.
    """

    slots = 3

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
    ):
        super().__init__(learning_rate)
        self.beta_1 = _from_0_to_1(self, "beta_1", beta_1, below=True)
        self.beta_2 = _from_0_to_1(self, "beta_2", beta_2, below=True)
        self.epsilon = _above_0(self, "epsilon", epsilon)
        self.amsgrad = truth_value(amsgrad, type(self).__name__, "amsgrad")

    def step(self, g: np.ndarray, *memory: np.ndarray) -> np.ndarray:
        """The corrected learning rate times ``m``, divided by the root of ``v``."""
        m, v, largest = memory
        # The means of the docstring as Keras writes them: rounded in the same way.
        m += (1 - self.beta_1) * (g - m)
        v += (1 - self.beta_2) * (g**2 - v)
        if self.amsgrad:
            np.maximum(largest, v, out=largest)
        return self.rate() * m / (np.sqrt(largest if self.amsgrad else v) + self.epsilon)

    def rate(self) -> float:
        """The learning rate of this step, with the correction for the start at 0."""
        t = self.iterations
        return self.learning_rate * (1 - self.beta_2**t) ** 0.5 / (1 - self.beta_1**t)


def _above_0(optimizer: Optimizer, name: str, value: float) -> float:
    return number(value, type(optimizer).__name__, name, "above 0", lambda v: v > 0)


def _from_0_to_1(optimizer: Optimizer, name: str, value: float, below: bool = False) -> float:
    where, expected = type(optimizer).__name__, f"from 0 to {'below ' * below}1"
    return number(value, where, name, expected, lambda v: 0 <= v < 1 if below else 0 <= v <= 1)


OPTIMIZERS = {"sgd": SGD, "rmsprop": RMSprop, "adam": Adam}


def get(identifier: str | Optimizer) -> Optimizer:
    """The optimiser of a name, with its usual settings, as ``keras.optimizers.get``.

    Args:
        identifier: ``"sgd"``, ``"rmsprop"`` or ``"adam"`` in any case, or an optimiser.

    Returns:
        The optimiser.

    Raises:
        ValueError: if there is none of that name.
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if not isinstance(identifier, str) or identifier.lower() not in OPTIMIZERS:
        raise ValueError(
            f"Expected an optimiser: {', '.join(OPTIMIZERS)}. Received: optimizer={identifier!r}."
        )
    return OPTIMIZERS[identifier.lower()]()
