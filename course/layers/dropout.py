"""A layer that is there in training only."""

import numpy as np

from course.inputs import Seed, number, random_generator
from course.layers.base import Layer


class Dropout(Layer):
    """In training, a random part of the inputs becomes 0; in prediction nothing happens.

    What stays is divided by ``1 - rate``, so that sums keep their size on average. On the way
    back, the derivative passes where the input passed, and is divided likewise.

    Args:
        rate: which part becomes 0, from 0 to below 1.
        seed: for the random choice: a whole number, or a NumPy random generator.

    Attributes:
        mask: what the inputs of the last ``forward`` were multiplied by.

    Raises:
        ValueError: if the rate is none of these.

    Source: ``keras.layers.Dropout``; in R ``layer_dropout``. The random numbers are NumPy's, so
    other entries become 0 than in Keras. Keras' ``noise_shape`` is left out, so ``seed`` must be
    given by its name.
    """

    def __init__(self, rate: float, *, seed: Seed = None):
        super().__init__()
        self.rate = number(rate, "Dropout", "rate", "from 0 to below 1", lambda v: 0 <= v < 1)
        self.seed = None if seed is None else random_generator(seed, "Dropout")

    def _build(self, rng: np.random.Generator) -> None:
        self.rng = rng if self.seed is None else self.seed

    def _forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        self.mask = np.ones_like(x)
        if training:
            # Divided by a Python number, truth values would become float64.
            self.mask = (self.rng.random(x.shape) >= self.rate) / self.dtype.type(1 - self.rate)
        return x * self.mask

    def _backward(self, dy: np.ndarray) -> np.ndarray:
        return dy * self.mask
