"""A layer that gives each vector mean 0 and standard deviation 1."""

import numpy as np

from course.inputs import Shape, is_whole, number, truth_value
from course.layers.base import Layer, text_of


class LayerNormalization(Layer):
    """Each vector gets mean 0 and standard deviation 1, then a size and a centre that are learnt.

    ``y = gamma * (x - mean) / sqrt(variance + epsilon) + beta``, with mean and variance over the
    last axis, for each vector by itself. Inputs ``(n, ..., d)`` keep their shape. The weights are
    ``gamma`` ``(d,)`` and ``beta`` ``(d,)``.

    Args:
        axis: the axis of mean and variance; only the last, -1.
        epsilon: a small number above 0 that prevents a division by zero.
        center: whether there is ``beta``.
        scale: whether there is ``gamma``.

    Raises:
        ValueError: if an argument is none of these.

    Source: J. L. Ba, J. R. Kiros and G. E. Hinton, *Layer normalization* (2016);
    ``keras.layers.LayerNormalization``, which also takes other axes; in R
    ``layer_layer_normalization``. The variance has the divisor ``d``; R's ``var`` has ``d - 1``.
    """

    def __init__(
        self, axis: int = -1, epsilon: float = 1e-3, center: bool = True, scale: bool = True
    ):
        super().__init__()
        if not is_whole(axis) or axis != -1:
            raise ValueError(
                f"LayerNormalization: expected axis=-1, the last axis. Received: axis={axis!r}. "
                "Bring the axis to the end with np.moveaxis."
            )
        cls = type(self).__name__
        self.axis = axis
        self.epsilon = number(epsilon, cls, "epsilon", "above 0", lambda v: v > 0)
        self.center = truth_value(center, cls, "center")
        self.scale = truth_value(scale, cls, "scale")
        self.weight_names = ("gamma",) * self.scale + ("beta",) * self.center

    def _output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the inputs, ``(n, ..., d)``."""
        if len(input_shape) < 2 or not input_shape[-1]:
            raise ValueError(
                f"{self.name}: expected inputs of shape (cases, ..., numbers). Received shape "
                f"{text_of(input_shape)}. Put each case into a row."
            )
        return tuple(input_shape)

    def _build(self, rng: np.random.Generator) -> None:
        self.gamma = np.ones(self.input_shape[-1], self.dtype)
        self.beta = np.zeros(self.input_shape[-1], self.dtype)

    def _forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        mean = x.mean(axis=-1, keepdims=True)  # (n, T, 1)
        variance = x.var(axis=-1, keepdims=True)  # (n, T, 1)
        self.sd = np.sqrt(variance + self.epsilon)
        self.u = (x - mean) / self.sd  # (n, T, d)
        return self.gamma * self.u + self.beta

    def _backward(self, dy: np.ndarray) -> np.ndarray:
        cases = tuple(range(dy.ndim - 1))  # the axes n, T
        self.dgamma = (dy * self.u).sum(axis=cases)  # (d,)
        self.dbeta = dy.sum(axis=cases)  # (d,)
        du = dy * self.gamma  # (n, T, d)
        mean = du.mean(axis=-1, keepdims=True)  # what goes through the mean, (n, T, 1)
        along = (du * self.u).mean(axis=-1, keepdims=True)  # and through the variance
        return (du - mean - along * self.u) / self.sd
