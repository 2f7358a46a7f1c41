"""A layer that has numbers for words."""

import numpy as np

from course.inputs import Shape, whole_number
from course.layers import initializers
from course.layers.base import Layer


class Embedding(Layer):
    """A row of numbers for each word: ``y = embeddings[x]``.

    Inputs are whole numbers from 0 to ``input_dim - 1``, of shape ``(n, ...)``; outputs are
    ``(n, ..., output_dim)``. The only weights are ``embeddings`` ``(input_dim, output_dim)``.

    On the way back, each row of ``embeddings`` gets the sum of the derivatives of all positions
    that took it. ``backward`` returns None: a whole number cannot move a little, so the inputs have
    no derivative.

    Args:
        input_dim: how many different whole numbers there are.
        output_dim: how many numbers stand for each.
        embeddings_initializer: how they start: ``"uniform"``, ``"glorot_uniform"`` or ``"zeros"``.

    Raises:
        ValueError: if an argument is none of these.

    Source: ``keras.layers.Embedding``; in R ``layer_embedding``. Keras cuts off what follows the
    point of other numbers; here they are refused.
    """

    weight_names = ("embeddings",)

    def __init__(self, input_dim: int, output_dim: int, embeddings_initializer: str = "uniform"):
        super().__init__()
        self.input_dim = whole_number(input_dim, "Embedding", "input_dim")
        self.output_dim = whole_number(output_dim, "Embedding", "output_dim")
        self.initializer = initializers.get(embeddings_initializer)

    def _output_shape(self, input_shape: Shape) -> Shape:
        """``(n, ...)`` becomes ``(n, ..., output_dim)``."""
        return (*input_shape, self.output_dim)

    def _build(self, rng: np.random.Generator) -> None:
        shape = (self.input_dim, self.output_dim)
        self.embeddings = self.initializer(shape, rng).astype(self.dtype)

    def _checked_inputs(self, x: object) -> np.ndarray:
        x = self._one_array(x)
        if x.dtype.kind not in "iu":
            raise ValueError(
                f"{self.name}: expected whole numbers. Received an array of type {x.dtype} and "
                f"shape {x.shape}. Number the words from 0, or convert with x.astype(int)."
            )
        if x.size and not (x.min() >= 0 and x.max() < self.input_dim):
            raise ValueError(
                f"{self.name}: expected whole numbers from 0 to {self.input_dim - 1}. Received "
                f"numbers from {x.min()} to {x.max()} in an array of shape {x.shape}. Choose a "
                "larger input_dim, or number the words from 0."
            )
        super()._checked_inputs(x)
        return x  # as they are: they count rows

    def _forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        return self.embeddings[x]  # (n, T) -> (n, T, d)

    def _backward(self, dy: np.ndarray) -> None:
        self.dembeddings = np.zeros_like(self.embeddings)
        np.add.at(self.dembeddings, self.x, dy)  # adds up where several positions took one row
        return None
