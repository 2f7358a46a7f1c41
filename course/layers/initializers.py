"""How weights start."""

import math
from collections.abc import Callable

import numpy as np

Initializer = Callable[[tuple[int, ...], np.random.Generator], np.ndarray]


def glorot_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Uniform numbers between ``-b`` and ``b`` with ``b = sqrt(6 / (inputs + outputs))``.

    For a convolution, the inputs of an output are all numbers of its window.

    Source: X. Glorot and Y. Bengio, *Understanding the difficulty of training deep feedforward
    neural networks* (2010); ``keras.initializers.GlorotUniform``.
    """
    window = math.prod(shape[:-2])
    inputs, outputs = shape[-2] * window, shape[-1] * window
    bound = math.sqrt(6 / (inputs + outputs))
    return rng.uniform(-bound, bound, shape)


def zeros(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Zeros."""
    return np.zeros(shape)


def uniform(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Uniform numbers between -0.05 and 0.05.

    Source: ``keras.initializers.RandomUniform`` with its default settings.
    """
    return rng.uniform(-0.05, 0.05, shape)


INITIALIZERS = {"glorot_uniform": glorot_uniform, "uniform": uniform, "zeros": zeros}


def get(identifier: str) -> Initializer:
    """The initializer of a name.

    Raises:
        ValueError: if there is none of this name.
    """
    if not isinstance(identifier, str) or identifier not in INITIALIZERS:
        raise ValueError(
            f"Expected an initializer: {', '.join(INITIALIZERS)}. Received: {identifier!r}. "
            "For other initial weights use set_weights."
        )
    return INITIALIZERS[identifier]
