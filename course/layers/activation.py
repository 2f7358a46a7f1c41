"""An activation function as a layer of its own."""

import numpy as np

from course import activations
from course.layers.base import Layer


class Activation(Layer):
    """An activation function as a layer of its own.

    Args:
        activation: the name of an activation function.

    Raises:
        ValueError: if there is none of that name.

    Source: ``keras.layers.Activation``; in R ``layer_activation``.
    """

    def __init__(self, activation: str):
        super().__init__()
        self.activation = activations.get(activation)

    def _forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        return x

    def _backward(self, dz: np.ndarray) -> np.ndarray:
        return dz
