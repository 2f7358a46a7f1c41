"""A layer of the course beside its twin in Keras: what both give, forward and backward."""

from collections.abc import Callable

import numpy as np

from course import layers
from course.quiet import quiet_start

with quiet_start():
    import keras
    import tensorflow as tf

Pair = tuple[np.ndarray, np.ndarray]  # ours, and that of Keras


def normals(seed: int, *shape: int, dtype: str = "float64") -> np.ndarray:
    """Standard normal numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def beside_keras(
    own, twin, inputs: list[np.ndarray], draw: Callable, scale: float = 1.0, **options
) -> dict[str, list[Pair]]:
    """Outputs and derivatives of two layers that have the same weights.

    The derivatives of attention are put together in one array, and so measured by the largest of
    them. Some are 0 in mathematics and nothing but rounding errors in the computer: that of the key
    bias always (it adds the same to all scores of a query, which softmax does not see), those of
    all queries and keys where a query sees one value only.

    Args:
        own: the layer of the course.
        twin: the layer of Keras, with the same arguments.
        inputs: what both are called with, one array or several.
        draw: makes numbers from a seed, a shape and a type, for weights and derivatives.
        scale: what the numbers are multiplied by for the weights.
        options: what both are called with besides.

    Returns:
        The pairs of arrays under ``"outputs"``, ``"input gradients"`` and ``"weight gradients"``.
    """
    whole = inputs[0].dtype.kind != "f"  # words
    dtype = keras.config.floatx() if whole else inputs[0].dtype.name
    tensors = [tf.constant(one) for one in inputs]
    in_a_list = isinstance(own, layers.Add)
    ours, theirs = ([inputs], [tensors]) if in_a_list else (inputs, tensors)
    shape = [one.shape for one in inputs]
    shape = shape if in_a_list or len(inputs) > 1 else shape[0]
    if not own.built:
        own.build(shape, dtype)
    if not twin.built:
        twin(*theirs)
    weights = twin.get_weights()
    assert [w.shape for w in own.get_weights()] == [w.shape for w in weights]
    weights = [scale * draw(i, *w.shape, dtype=dtype) for i, w in enumerate(weights, start=1)]
    for layer in (own, twin):
        layer.set_weights(weights)
    watched = [] if whole else tensors
    with tf.GradientTape() as tape:
        tape.watch(watched)
        expected = twin(*theirs, **options)
    y = own.forward(*ours, **options)
    if isinstance(own, layers.Dropout):  # each draws numbers of its own: take the choice of Keras
        own.mask = (expected.numpy() != 0) / own.dtype.type(1 - own.rate)
        y = inputs[0] * own.mask
    assert own.compute_output_shape(shape) == y.shape
    dy = draw(0, *y.shape, dtype=dtype)
    gradients = tape.gradient(expected, [*watched, *twin.trainable_weights], output_gradients=dy)
    gradients = [tf.convert_to_tensor(g).numpy() for g in gradients]
    dx, dweights = own.backward(dy), own.get_gradients()
    dx = dx if isinstance(dx, list) else [dx]
    if whole:
        assert dx == [None]  # words have no derivative
        dx = []
    found = {"outputs": [(y, expected.numpy())]}
    found["input gradients"] = list(zip(dx, gradients[: len(dx)], strict=True))
    found["weight gradients"] = list(zip(dweights, gradients[len(dx) :], strict=True))
    if isinstance(own, layers.MultiHeadAttention):
        for part in ("input gradients", "weight gradients"):
            found[part] = [tuple(map(together, zip(*found[part], strict=True)))]
    return found


def together(arrays: list[np.ndarray]) -> np.ndarray:
    """All numbers of several arrays in one."""
    return np.concatenate([array.ravel() for array in arrays])
