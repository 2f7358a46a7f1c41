"""Hold the layers of the course against Keras and against central differences.

The tests use these checks on the layers as they are, and on copies with planted faults.
"""

import numpy as np
from reference.beside_keras import beside_keras, normals

from course.agreement import (
    CENTRAL_DIFFERENCE_TOLERANCE,
    TOLERANCES,
    assert_agree,
    central_difference,
)
from course.quiet import quiet_start

with quiet_start():
    import keras  # noqa: F401  (the tests take it from here)
    import tensorflow as tf

LARGEST: dict[tuple[str, str], float] = {}  # the largest difference by what and type; printed


def note(what: str, dtype: str, value: float) -> None:
    """Keep the largest difference found, for the summary that the tests print."""
    LARGEST[what, dtype] = max(LARGEST.get((what, dtype), 0.0), value)


def eighths(seed: int, *shape: int, dtype="float64", scale: float = 1.0) -> np.ndarray:
    """Multiples of one eighth from -1 to 1, so few that equal ones are frequent.

    Sums and products of them are exact in both types: nothing can hide behind rounding, and sums
    that cancel leave no rounding error to be divided by a small number.
    """
    return (np.random.default_rng(seed).integers(-8, 9, shape) / 8 * scale).astype(dtype)


def cifar_network(module):
    """The lecture's network for pictures, from the layers of the course or of Keras."""
    return [
        module.Input((32, 32, 3)),
        module.Conv2D(32, 3, activation="relu"),
        module.MaxPooling2D(2),
        module.Conv2D(64, 3, activation="relu"),
        module.MaxPooling2D(2),
        module.Flatten(),
        module.Dense(64, activation="relu"),
        module.Dense(10, activation="softmax"),
    ]


def in_keras(layer, x: np.ndarray, dy: np.ndarray) -> tuple[np.ndarray, list, list[np.ndarray]]:
    """The outputs of a Keras layer, the derivative for its inputs, and those for its weights."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    dx, *dweights = tape.gradient(y, [x, *layer.trainable_weights], output_gradients=dy)
    return y.numpy(), dx.numpy(), [d.numpy() for d in dweights]


def check_layer(own, other, draw, *x: np.ndarray, what=None, scale=1 / 8, **options) -> None:
    """A layer gives the outputs and all derivatives of its Keras twin.

    Args:
        own: the layer of the course.
        other: the layer of Keras, with the same arguments.
        draw: makes numbers from a seed and a shape, for weights and derivatives.
        x: the inputs.
        what: the name under which the largest difference is noted.
        scale: what the numbers are multiplied by for the weights.
        options: what both are called with besides.
    """
    what = what or type(own).__name__
    for part, pairs in beside_keras(own, other, list(x), draw, scale, **options).items():
        for ours, theirs in pairs:
            found = assert_agree(f"{what}, {part}", ours, theirs)
            note(f"{what}, {part}", found.dtype, found.max_rel)


def check_central_differences(own, x: np.ndarray, training: bool = False) -> None:
    """The derivatives that a layer gives are those of central differences."""
    if not own.built:
        own.build(x.shape, "float64", seed=0)
    for i, weight in enumerate(own.weights):
        weight[...] = normals(i + 1, *weight.shape) / 2
    dy = normals(0, *own.forward(x, training).shape)

    def loss():
        return float(np.sum(dy * own.forward(x, training)))

    own.forward(x, training)
    found = {"inputs": own.backward(dy)}
    found |= dict(zip(own.weight_names, own.get_gradients(), strict=True))
    places = {"inputs": x} | dict(zip(own.weight_names, own.weights, strict=True))
    name = type(own).__name__
    for part, place in places.items():
        numeric = central_difference(loss, place)
        c = assert_agree(f"{name}, {part}", found[part], numeric, CENTRAL_DIFFERENCE_TOLERANCE)
        note(f"{name}, central differences", "float64", c.max_rel)


def summary_lines() -> list[str]:
    """The largest differences found, a line for each thing compared."""
    return [
        f"{what:<50}{dtype:<9}{value:>9.1e}   limit "
        + f"{1e-6 if 'central' in what else TOLERANCES[dtype]:.0e}"
        for (what, dtype), value in sorted(LARGEST.items())
    ]
