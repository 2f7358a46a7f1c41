"""Losses and their derivatives, as Keras computes them.

A loss is called with the true answers and the predictions and returns one number. Its
``gradient`` returns the derivative of that number with respect to each prediction.
"""

from abc import ABC, abstractmethod

import numpy as np

from course.activations import softmax
from course.inputs import finite, floats, in_type, truth_value

__all__ = ["CategoricalCrossentropy", "Loss", "MeanSquaredError", "get"]

UNITS = "The last layer needs one unit for each column of the answers."
REDUCTIONS = ("sum_over_batch_size", "sum")
SMALLEST_PROBABILITY = 1e-7  # keras.config.epsilon(): Keras keeps probabilities this far from 0


def matching(
    y_true: np.ndarray, y_pred: np.ndarray, where: str, remedy: str
) -> tuple[np.ndarray, np.ndarray]:
    """True answers and predictions as arrays of one shape, in the type of the predictions.

    Raises:
        TypeError: if one of them does not hold real numbers.
        ValueError: if the shapes differ, there are no cases, or a number is not finite.
    """
    y_pred = floats(y_pred, where, "y_pred")
    y_true = in_type(floats(y_true, where, "y_true"), y_pred.dtype, where, "y_true")
    finite(y_pred, where, "y_pred")
    finite(y_true, where, "y_true")
    if y_true.ndim == y_pred.ndim - 1 and y_pred.shape[-1] == 1:
        # Their difference would be (n, n): NumPy stretches (n,) and (n, 1) over each other.
        y_true = y_true[..., np.newaxis]
    if y_true.shape != y_pred.shape or not y_pred.ndim or not y_pred.size:
        raise ValueError(
            f"{where}: expected true answers and predictions of one shape, with one case or more. "
            f"Received y_true of shape {y_true.shape} and y_pred of shape {y_pred.shape}. {remedy}"
        )
    return y_true, y_pred


class Loss(ABC):
    """What all losses share: one loss for each case, then their mean or their sum.

    Args:
        reduction: ``"sum_over_batch_size"`` for the mean over the cases, or ``"sum"``.

    Raises:
        ValueError: for another reduction.
    """

    def __init__(self, reduction: str = "sum_over_batch_size"):
        if not isinstance(reduction, str) or reduction not in REDUCTIONS:
            raise ValueError(
                f"{type(self).__name__}: expected a reduction of {' or '.join(REDUCTIONS)}. "
                f"Received: reduction={reduction!r}."
            )
        self.reduction = reduction

    def __call__(self, y_true: np.ndarray, y_pred: np.ndarray) -> float:
        """The loss of all cases together.

        Args:
            y_true: ``(n, ..., k)``, the true answers.
            y_pred: the predictions, in the same shape; ``(n, 1)`` also fits ``(n,)``.

        Returns:
            One number, of the type of the predictions.

        Raises:
            TypeError: if one of them does not hold real numbers.
            ValueError: if the shapes differ, a number is not finite, or the answers cannot be
                true ones.
        """
        y_true, y_pred = self.checked(y_true, y_pred)
        each = self.each(y_true, y_pred)
        return each.sum() / self._divisor(each.size)

    def gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """The derivative of the loss with respect to each prediction.

        Args:
            y_true: the true answers.
            y_pred: the predictions.

        Returns:
            An array of the shape of the predictions.

        Raises:
            TypeError: if one of them does not hold real numbers.
            ValueError: if the shapes differ, a number is not finite, or the answers cannot be
                true ones.
        """
        y_true, y_pred = self.checked(y_true, y_pred)
        return self.each_gradient(y_true, y_pred) / self._divisor(y_pred[..., 0].size)

    @abstractmethod
    def each(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """The loss of each case: ``(n, ..., k)`` becomes ``(n, ...)``."""

    @abstractmethod
    def each_gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """The derivative of the sum of `each`, in the shape of the predictions."""

    def _divisor(self, n: int) -> int:
        return n if self.reduction == "sum_over_batch_size" else 1

    def checked(self, y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both as arrays of one shape and type, if the loss can be computed from them.

        Raises:
            TypeError: if one of them does not hold real numbers.
            ValueError: if the shapes differ, a number is not finite, or the answers cannot be
                true ones.
        """
        return matching(y_true, y_pred, type(self).__name__, self.remedy)

    remedy = UNITS


class MeanSquaredError(Loss):
    """The mean of the squared errors.

    Args:
        reduction: ``"sum_over_batch_size"`` for the mean over the cases, or ``"sum"``.

    Source: ``keras.losses.MeanSquaredError``; in R ``mean((y_pred - y_true)^2)``.
    """

    def each(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """The mean of the squared errors of each case."""
        return ((y_pred - y_true) ** 2).mean(axis=-1)

    def each_gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Twice the error, divided by how many numbers a case has."""
        return 2 * (y_pred - y_true) / y_pred.shape[-1]


class CategoricalCrossentropy(Loss):
    """Minus the logarithm of the probability that the true class was given.

    Args:
        from_logits: whether the predictions are the weighted sums before a softmax, called
            *logits*, rather than probabilities.
        reduction: ``"sum_over_batch_size"`` for the mean over the cases, or ``"sum"``.

    From probabilities, each row is first divided by its sum and kept away from 0 and 1 by 1e-7,
    as Keras does: outside these limits the gradient is 0. From logits nothing has to be cut off,
    and the gradient is *prediction minus truth*. `course.sequential.Sequential` takes this way
    where the last activation is a softmax, as Keras with TensorFlow does.

    Source: ``keras.losses.CategoricalCrossentropy``. Unlike there, ``reduction`` can only be given
    by its name.
    """

    remedy = (
        "The last layer needs one unit for each class, and the answers are one-hot: "
        "course.rbase.one_hot makes them of labels."
    )

    def __init__(self, from_logits: bool = False, *, reduction: str = "sum_over_batch_size"):
        super().__init__(reduction)
        self.from_logits = truth_value(from_logits, type(self).__name__, "from_logits")

    def each(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Minus the logarithm of the probability of the true class, for each case."""
        if self.from_logits:
            # The shift changes no probability, and exp cannot overflow.
            shifted = y_pred - y_pred.max(axis=-1, keepdims=True)
            log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        else:
            log_p = np.log(self._kept_away(y_pred / y_pred.sum(axis=-1, keepdims=True)))
        return -(y_true * log_p).sum(axis=-1)

    def each_gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """From logits: prediction minus truth."""
        if self.from_logits:
            return softmax(y_pred) - y_true
        total = y_pred.sum(axis=-1, keepdims=True)
        p = y_pred / total
        # What was cut off does not change with p. Then back through the division by the sum.
        dp = -y_true / self._kept_away(p) * (p == self._kept_away(p))
        return (dp - (dp * p).sum(axis=-1, keepdims=True)) / total

    def _kept_away(self, p: np.ndarray) -> np.ndarray:
        """The probabilities, none nearer to 0 or 1 than Keras allows."""
        return np.clip(p, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)

    def checked(self, y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both as arrays of one shape and type, if the loss can be computed from them.

        Raises:
            TypeError: if one of them does not hold real numbers.
            ValueError: if the shapes differ, or the answers of a case do not sum to 1, or the
                predictions of a case to 0.
        """
        y_true, y_pred = super().checked(y_true, y_pred)
        sums = y_true.sum(axis=-1)
        if not (np.abs(sums - 1) <= 1e-3).all():
            raise ValueError(
                f"{type(self).__name__}: expected rows of true answers that sum to 1. Received "
                f"one that sums to {sums.flat[np.abs(sums - 1).argmax()]:.6g}. {self.remedy}"
            )
        if not self.from_logits and not y_pred.sum(axis=-1).all():
            raise ValueError(
                f"{type(self).__name__}: expected rows of probabilities. Received predictions that "
                "sum to 0. Let the last activation be softmax, or choose from_logits=True."
            )
        return y_true, y_pred


LOSSES = {
    "mse": MeanSquaredError,
    "mean_squared_error": MeanSquaredError,
    "categorical_crossentropy": CategoricalCrossentropy,
}


def get(identifier: str | Loss) -> Loss:
    """The loss of a name, as ``keras.losses.get``.

    Args:
        identifier: ``"mse"``, ``"mean_squared_error"`` or ``"categorical_crossentropy"``, or a
            loss.

    Returns:
        The loss.

    Raises:
        ValueError: if there is none of that name.
    """
    if isinstance(identifier, Loss):
        return identifier
    if not isinstance(identifier, str) or identifier not in LOSSES:
        raise ValueError(
            f"Expected a loss: {', '.join(LOSSES)}. Received: loss={identifier!r}. "
            "Others can be written as a subclass of course.losses.Loss."
        )
    return LOSSES[identifier]()
