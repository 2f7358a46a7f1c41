"""A layer that only changes the shape."""

import math

import numpy as np

from course.inputs import Shape
from course.layers.base import Layer


class Flatten(Layer):
    """All numbers of a case in one row: ``(n, height, width, channels)`` becomes ``(n, p)``.

    The last axis runs fastest. R's ``as.vector`` lets the first run fastest, but R's
    ``layer_flatten`` is Keras' and does as here.

    Source: ``keras.layers.Flatten``; in R ``layer_flatten``.
    """

    def _output_shape(self, input_shape: Shape) -> Shape:
        """``(n, ...)`` becomes ``(n, p)``: ``p`` is the product of all sizes but the first."""
        return (input_shape[0], math.prod(input_shape[1:]))

    def _forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        return x.reshape(len(x), self.output_shape[1])

    def _backward(self, dy: np.ndarray) -> np.ndarray:
        return dy.reshape(self.x.shape)
