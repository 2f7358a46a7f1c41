"""The layers of the lecture by hand, with the names, arguments and weights of Keras.

Each layer has a ``forward`` that turns its inputs ``x`` into its outputs, and a ``backward`` that
turns ``dy``, the derivative of the loss with respect to its outputs, into the derivative with
respect to its inputs, and notes the derivatives with respect to its weights on the way::

    layer = Dense(5, activation="relu")
    y = layer.forward(x)          # (n, 4) -> (n, 5)
    dx = layer.backward(dy)       # (n, 5) -> (n, 4)
    dkernel, dbias = layer.get_gradients()

Weights have the shapes and the order of Keras, so they copy over with ``get_weights`` and
``set_weights``. Pictures are arrays of shape ``(n, height, width, channels)``, sequences of vectors
``(n, length, d)``. A layer computes in the type in which it was built, float32 or float64.

`Add` and `MultiHeadAttention` take several inputs; their ``backward`` returns a list with one
derivative for each. A `course.sequential.Sequential` passes one array on, so they have no place in
it: a network with them calls its layers itself.

Only NumPy is used. The lessons :doc:`/lessons/layer_types` and
:doc:`/lessons/cifar_nopackages_cnn` derive these formulas step by step; the page
:doc:`/layers` has them in one table, compared with Keras.
"""

import math
import re
from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course import activations
from course.inputs import (
    DTYPES,
    finite,
    float_type,
    in_type,
    number,
    random_generator,
    real_numbers,
    shape_of,
    truth_value,
    whole_number,
)

__all__ = [
    "Activation",
    "Add",
    "AveragePooling2D",
    "Conv2D",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "Input",
    "Layer",
    "LayerNormalization",
    "MaxPooling2D",
    "MultiHeadAttention",
]

PADDINGS = ("valid", "same")
HIDDEN = -1e30  # the score of a position that a mask hides: exp makes it 0, and it is no infinity


class Input:
    """The shape of the data, as the first entry of a `course.sequential.Sequential`.

    Args:
        shape: the shape of one case, for example ``(4,)`` or ``(32, 32, 3)``.

    Raises:
        ValueError: if this is no shape.

    Source: ``keras.layers.Input``.
    """

    def __init__(self, shape: Sequence[int]):
        self.shape = (None, *shape_of(shape, "Input", "shape", cases=False))


class Layer:
    """What all layers share: building, weights and gradients.

    Attributes:
        name: the name in messages and summaries; `course.sequential.Sequential` gives one.
        built: whether the shape of the inputs is known and the weights exist.
        dtype: the type of the weights and outputs.
        input_shape: the shape of the inputs, with None for the number of cases.

    Source: ``keras.layers.Layer``.
    """

    weight_names: tuple[str, ...] = ()  # the attributes that hold the weights, in Keras' order
    activation = activations.get("linear")

    def __init__(self):
        self.name = self.kind()
        self.built = False
        self.dtype = None
        self.input_shape = None
        self._called = False

    @classmethod
    def kind(cls) -> str:
        """The name of the class as Keras writes it: ``max_pooling2d`` for ``MaxPooling2D``."""
        return re.sub(r"(?<=[a-z])([A-Z])(?=[a-z])", r"_\1", cls.__name__).lower()

    def build(self, input_shape: Sequence[int | None], dtype: str = "float32", seed=None) -> None:
        """Learn the shape of the inputs and draw the initial weights.

        Args:
            input_shape: the shape of the inputs; the first entry, the number of cases, is
                ignored.
            dtype: ``"float32"``, as in Keras, or ``"float64"``.
            seed: for the random weights: a whole number, or a NumPy random generator.

        Raises:
            ValueError: if the layer cannot take inputs of this shape, an argument is none of these,
                or the layer is built already: its weights would be drawn anew.
        """
        if self.built:
            raise ValueError(
                f"{self.name}: expected a layer that is not built yet. Received one that has its "
                f"weights already, for inputs of shape {_text(self.input_shape)}. Use it as it is, "
                "or make a new layer for new weights."
            )
        input_shape = self._for_any_cases(input_shape)
        dtype, rng = float_type(dtype, self.name), random_generator(seed, self.name)
        output_shape = self.compute_output_shape(input_shape)
        self.input_shape, self.output_shape, self.dtype = input_shape, output_shape, dtype
        self._build(rng)
        self.built = True

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the outputs for inputs of a shape; the number of cases may be None.

        Raises:
            ValueError: if the layer cannot take inputs of this shape.
        """
        self._for_any_cases(input_shape)  # or it is no shape
        return self._output_shape(input_shape)

    def _output_shape(self, input_shape):
        """From the shape of the inputs to that of the outputs, if the layer can take them."""
        return tuple(input_shape)

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """The outputs of the layer; keeps what `backward` needs.

        A layer that is not built yet builds itself for these inputs.

        Args:
            x: the inputs, one case for each entry of the first axis.
            training: whether this is for training; only `Dropout` makes a difference.

        Returns:
            The outputs.

        Raises:
            TypeError: if the inputs do not hold real numbers.
            ValueError: if the inputs have another shape than the layer was built for, or a number
                is not finite or too large for its type.
        """
        training = truth_value(training, self.name, "training")
        x = self._own(self._checked_inputs(x))
        return self._through(x, training).copy()

    def _through(self, x, training):
        """From inputs that fit to the outputs: the layer's own arrays, not to be changed."""
        self.x = x
        self.z = self._forward(x, training)
        self.a = self.activation.forward(self.z)
        self._called = True
        return self.a

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """The derivative with respect to the inputs; notes those with respect to the weights.

        Args:
            dy: the derivative of the loss with respect to the outputs of the last `forward`.

        Returns:
            The derivative with respect to the inputs, in their shape.

        Raises:
            RuntimeError: if `forward` was not called before.
            TypeError: if ``dy`` does not hold real numbers.
            ValueError: if ``dy`` has another shape than the outputs, or a number is not finite.
        """
        return self._back(self._checked_derivative(dy))

    def _back(self, dy):
        """From a derivative that fits to the one with respect to the inputs."""
        return self._backward(self.activation.backward(dy, self.z, self.a))

    def backward_from_z(self, dz: np.ndarray) -> np.ndarray:
        """As `backward`, from the derivative with respect to ``z``, before the activation.

        The loss and the last activation are often easier to differentiate together: softmax with
        cross-entropy gives *prediction minus truth*.
        """
        return self._backward(self._checked_derivative(dz))

    def _build(self, rng: np.random.Generator) -> None:
        """Draw the initial weights."""

    def _forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        """From the inputs to ``z``, before the activation."""
        raise NotImplementedError

    def _backward(self, dz: np.ndarray) -> np.ndarray:
        """From the derivative with respect to ``z`` to the one with respect to the inputs."""
        raise NotImplementedError

    def _for_any_cases(self, input_shape):
        """The shape of the inputs, with None for the number of cases."""
        return shape_of(input_shape, self.name, "input_shape", cases=True)

    def _checked_inputs(self, x):
        """The inputs in the type of the layer; builds the layer if need be."""
        x = self._cases(x)
        if not self.built:
            self.build(x.shape, _type_for(x))
        return self._fitting(x, self.input_shape)

    def _own(self, x):
        """A copy: what the caller does to the array later must not reach the way back."""
        finite(x, self.name, "x")
        return x.copy()

    def _cases(self, x):
        x = real_numbers(x, self.name, "x")
        if not x.ndim:
            raise ValueError(f"{self.name}: expected an array of cases. Received a single number.")
        return x

    def _fitting(self, x, shape):
        if x.ndim != len(shape) or x.shape[1:] != shape[1:]:
            raise ValueError(
                f"{self.name}: expected inputs of shape {_text(shape)}. Received an "
                f"array of shape {x.shape}. The first entry is the number of cases; the others "
                "must be as the layer was built."
            )
        return in_type(x, self.dtype, self.name, "x")

    def _checked_derivative(self, dy: np.ndarray) -> np.ndarray:
        if not self._called:
            raise RuntimeError(
                f"{self.name}: expected forward() before backward(), which differentiates it."
            )
        dy = real_numbers(dy, self.name, "dy")
        if dy.shape != self.a.shape:
            raise ValueError(
                f"{self.name}: expected a derivative of the shape of the outputs, {self.a.shape}. "
                f"Received an array of shape {dy.shape}."
            )
        finite(dy, self.name, "dy")
        return in_type(dy, self.dtype, self.name, "dy").copy()

    @property
    def weights(self) -> list[np.ndarray]:
        """The arrays of weights themselves, not copies, in the order of Keras."""
        return [getattr(self, name) for name in self.weight_names] if self.built else []

    def get_weights(self) -> list[np.ndarray]:
        """Copies of the weights, in the order of Keras: for most layers kernel and bias."""
        return [w.copy() for w in self.weights]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Put in other weights, for example those of a Keras layer.

        Args:
            weights: arrays of the shapes of `get_weights`, in its order.

        Raises:
            TypeError: if one of them does not hold real numbers.
            ValueError: if the layer is not built, or the number or a shape differs, or the type of
                the layer cannot hold a number. The weights then stay as they are.
        """
        if not self.built:
            raise ValueError(
                f"{self.name}: expected a layer that is built. Received weights for one that does "
                "not know the shape of its inputs yet. Call build() or forward() first."
            )
        replace_weights(self.weights, weights, self.name, "get_weights() shows the order.")

    def get_gradients(self) -> list[np.ndarray]:
        """The derivatives of the loss with respect to the weights, in the same order.

        Raises:
            RuntimeError: if `backward` was not called before.
        """
        if not all(hasattr(self, f"d{name}") for name in self.weight_names):
            raise RuntimeError(f"{self.name}: expected backward() before get_gradients().")
        return [getattr(self, f"d{name}") for name in self.weight_names]

    def count_params(self) -> int:
        """How many weights and biases there are."""
        return sum(w.size for w in self.weights)


class _KernelAndBias(Layer):
    """A layer with a kernel, whose last axis counts the outputs, a bias and an activation."""

    def _set_up(self, activation, use_bias, kernel_initializer, bias_initializer):
        self.activation = activations.get(activation)
        self.use_bias = truth_value(use_bias, type(self).__name__, "use_bias")
        self.weight_names = ("kernel", "bias") if use_bias else ("kernel",)
        self.initializers = [_initializer(f) for f in (kernel_initializer, bias_initializer)]

    def _draw(self, shape, rng):
        self.kernel = self.initializers[0](shape, rng).astype(self.dtype)
        self.bias = self.initializers[1](shape[-1:], rng).astype(self.dtype)


class Dense(_KernelAndBias):
    """Every output is a weighted sum of every input: ``y = activation(x @ kernel + bias)``.

    Inputs ``(n, ..., p)`` become outputs ``(n, ..., units)``. The weights are ``kernel``
    ``(p, units)`` and ``bias`` ``(units,)``.

    Args:
        units: how many outputs, a positive whole number.
        activation: the name of an activation function; None for none.
        use_bias: whether there is a bias.
        kernel_initializer: how the kernel starts: ``"glorot_uniform"`` or ``"zeros"``.
        bias_initializer: how the bias starts.

    Raises:
        ValueError: if an argument is none of these.

    Source: ``keras.layers.Dense``; in R ``layer_dense``.
    """

    def __init__(
        self,
        units: int,
        activation: str | None = None,
        use_bias: bool = True,
        kernel_initializer: str = "glorot_uniform",
        bias_initializer: str = "zeros",
    ):
        super().__init__()
        self.units = whole_number(units, "Dense", "units")
        self._set_up(activation, use_bias, kernel_initializer, bias_initializer)

    def _output_shape(self, input_shape):
        """``(n, ..., p)`` becomes ``(n, ..., units)``."""
        if len(input_shape) < 2:
            raise ValueError(
                f"{self.name}: expected inputs of shape (cases, numbers). Received shape "
                f"{_text(input_shape)}. Put each case into a row, with x.reshape(-1, 1) for one "
                "number each."
            )
        return (*input_shape[:-1], self.units)

    def _build(self, rng):
        self._draw((self.input_shape[-1], self.units), rng)

    def _forward(self, x, training):
        z = x @ self.kernel  # (n, p) @ (p, q) -> (n, q)
        return z + self.bias if self.use_bias else z

    def _backward(self, dz):
        x_rows = self.x.reshape(-1, self.x.shape[-1])
        dz_rows = dz.reshape(-1, self.units)
        self.dkernel = x_rows.T @ dz_rows  # (p, n) @ (n, q) -> (p, q)
        self.dbias = dz_rows.sum(axis=0)  # (q,)
        return dz @ self.kernel.T  # (n, q) @ (q, p) -> (n, p)


class _Windows(Layer):
    """A layer that looks at a picture through a sliding window."""

    def __init__(self, size, strides, padding):
        super().__init__()
        cls = type(self).__name__
        self.size = _pair(cls, self.size_name, size)
        self.strides = self.size if strides is None else _pair(cls, "strides", strides)
        if not isinstance(padding, str) or padding.lower() not in PADDINGS:
            raise ValueError(
                f"{cls}: expected a padding of {' or '.join(PADDINGS)}. "
                f"Received: padding={padding!r}."
            )
        self.padding = padding.lower()

    def _output_shape(self, input_shape):
        """``(n, height, width, channels)`` becomes ``(n, height', width', channels')``.

        With padding ``"valid"``, ``height' = (height - size) // strides + 1``; with ``"same"``,
        ``height'`` is ``height / strides``, rounded up.
        """
        if len(input_shape) != 4 or not all(input_shape[1:]):
            raise ValueError(
                f"{self.name}: expected pictures of shape (cases, height, width, channels). "
                f"Received shape {_text(input_shape)}. Grey pictures need one channel: "
                "x[..., np.newaxis]."
            )
        n, *sides, channels = input_shape
        if self.padding == "valid" and any(
            side < k for side, k in zip(sides, self.size, strict=True)
        ):
            raise ValueError(
                f"{self.name}: expected pictures of at least the {self.size_name} {self.size}. "
                f"Received shape {_text(input_shape)}. Choose a smaller {self.size_name}, or "
                "padding='same'."
            )
        out = [
            -(-side // step) if self.padding == "same" else (side - k) // step + 1
            for side, k, step in zip(sides, self.size, self.strides, strict=True)
        ]
        return (n, *out, getattr(self, "filters", channels))

    def _edges(self):
        """How many rows and columns to add before and after: as little as possible, first after."""
        edges = []
        for side, out, k, step in zip(
            self.input_shape[1:3], self.output_shape[1:3], self.size, self.strides, strict=True
        ):
            total = max((out - 1) * step + k - side, 0) if self.padding == "same" else 0
            edges.append((total // 2, total - total // 2))
        return [(0, 0), *edges, (0, 0)]

    def _padded(self, x, value=0.0):
        return np.pad(x, self._edges(), constant_values=value) if self.padding == "same" else x

    def _cropped(self, x):
        (top, _), (left, _) = self._edges()[1:3]
        height, width = self.input_shape[1:3]
        return x[:, top : top + height, left : left + width]

    def _windows(self, x):
        """A view of all windows: ``(n, height', width', size, size, channels)``."""
        windows = sliding_window_view(x, self.size, axis=(1, 2))
        return windows[:, :: self.strides[0], :: self.strides[1]].transpose(0, 1, 2, 4, 5, 3)

    def _places(self):
        """For each place in the window, the index of the pixels that stand there."""
        _, height, width, _ = self.output_shape
        down, right = self.strides
        for i, j in np.ndindex(self.size):
            rows = slice(i, i + (height - 1) * down + 1, down)
            columns = slice(j, j + (width - 1) * right + 1, right)
            yield (i, j), (slice(None), rows, columns)


class Conv2D(_Windows, _KernelAndBias):
    """Every output is a weighted sum of the pixels in a window, with the same weights everywhere.

    Inputs ``(n, height, width, channels)`` become ``(n, height', width', filters)``. The weights
    are ``kernel`` ``(kernel height, kernel width, channels, filters)`` and ``bias``
    ``(filters,)``.

    Args:
        filters: how many outputs for each window, a positive whole number.
        kernel_size: the size of the window: a whole number, or height and width.
        strides: how far the window moves: a whole number, or down and right.
        padding: ``"valid"``, or ``"same"``: zeros are added at the edges so that with strides of
            1 the outputs are as high and wide as the inputs.
        activation: the name of an activation function; None for none.
        use_bias: whether there is a bias.
        kernel_initializer: how the kernel starts: ``"glorot_uniform"`` or ``"zeros"``.
        bias_initializer: how the bias starts.

    Raises:
        ValueError: if an argument is none of these.

    Source: ``keras.layers.Conv2D``; in R ``layer_conv_2d``. Keras has three more arguments before
    ``activation``; so here ``activation`` and what follows must be given by name.
    """

    size_name = "kernel_size"

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = (1, 1),
        padding: str = "valid",
        *,
        activation: str | None = None,
        use_bias: bool = True,
        kernel_initializer: str = "glorot_uniform",
        bias_initializer: str = "zeros",
    ):
        super().__init__(kernel_size, (1, 1) if strides is None else strides, padding)
        self.filters = whole_number(filters, "Conv2D", "filters")
        self.kernel_size = self.size
        self._set_up(activation, use_bias, kernel_initializer, bias_initializer)

    def _build(self, rng):
        self._draw((*self.kernel_size, self.input_shape[-1], self.filters), rng)

    def _forward(self, x, training):
        windows = self._windows(self._padded(x))  # (n, h', w', k, k, c)
        z = np.tensordot(windows, self.kernel, axes=3)  # . (k, k, c, f) -> (n, h', w', f)
        return z + self.bias if self.use_bias else z

    def _backward(self, dz):
        x = self._padded(self.x)
        cases = [0, 1, 2]  # the axes n, h', w': each window is a case
        self.dkernel = np.tensordot(self._windows(x), dz, axes=(cases, cases))  # (k, k, c, f)
        self.dbias = dz.sum(axis=(0, 1, 2))  # (f,)
        dx = np.zeros_like(x)
        for (i, j), pixels in self._places():
            dx[pixels] += dz @ self.kernel[i, j].T  # (n, h', w', f) @ (f, c)
        return self._cropped(dx)


class MaxPooling2D(_Windows):
    """The largest pixel of each window, channel by channel.

    Inputs ``(n, height, width, channels)`` become ``(n, height', width', channels)``. On the way
    back, the derivative goes to the pixel that was the largest; to the first, row by row, if
    several were.

    Args:
        pool_size: the size of the window: a whole number, or height and width.
        strides: how far the window moves; by default its size, so that windows do not overlap.
        padding: ``"valid"``, or ``"same"``: the windows at the edges may reach outside, where
            there are no pixels.

    Raises:
        ValueError: if an argument is none of these.

    Source: ``keras.layers.MaxPooling2D``; in R ``layer_max_pooling_2d``.
    """

    size_name = "pool_size"

    def __init__(
        self,
        pool_size: int | Sequence[int] = (2, 2),
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
    ):
        super().__init__(pool_size, strides, padding)
        self.pool_size = self.size

    def _forward(self, x, training):
        x = self._padded(x, value=-np.inf)
        return np.maximum.reduce([x[pixels] for _, pixels in self._places()])  # (n, h', w', c)

    def _backward(self, dy):
        x = self._padded(self.x, value=-np.inf)
        dx = np.zeros_like(x)
        waiting = np.ones(dy.shape, dtype=bool)  # the windows whose largest pixel is still to come
        for _, pixels in self._places():
            largest = waiting & (x[pixels] == self.z)  # (n, h', w', c)
            dx[pixels] += dy * largest
            waiting &= ~largest
        return self._cropped(dx)


class AveragePooling2D(_Windows):
    """The mean of the pixels of each window, channel by channel.

    Inputs ``(n, height, width, channels)`` become ``(n, height', width', channels)``. On the way
    back, every pixel of a window gets the same part of the derivative.

    Args:
        pool_size: the size of the window: a whole number, or height and width.
        strides: how far the window moves; by default its size, so that windows do not overlap.
        padding: ``"valid"``, or ``"same"``: the windows at the edges may reach outside; the mean
            is that of the pixels inside.

    Raises:
        ValueError: if an argument is none of these.

    Source: ``keras.layers.AveragePooling2D``; in R ``layer_average_pooling_2d``.
    """

    size_name = "pool_size"

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
    ):
        super().__init__(pool_size, strides, padding)
        self.pool_size = self.size

    def _build(self, rng):
        inside = self._padded(np.ones((1, *self.input_shape[1:]), self.dtype))
        self.counts = sum(inside[pixels] for _, pixels in self._places())  # pixels in each window

    def _forward(self, x, training):
        x = self._padded(x)
        return sum(x[pixels] for _, pixels in self._places()) / self.counts  # (n, h', w', c)

    def _backward(self, dy):
        dx = self._padded(np.zeros_like(self.x))
        for _, pixels in self._places():
            dx[pixels] += dy / self.counts  # (n, h', w', c)
        return self._cropped(dx)


class Flatten(Layer):
    """All numbers of a case in one row: ``(n, height, width, channels)`` becomes ``(n, p)``.

    The last axis runs fastest. R's ``as.vector`` lets the first run fastest, but R's
    ``layer_flatten`` is Keras' and does as here.

    Source: ``keras.layers.Flatten``; in R ``layer_flatten``.
    """

    def _output_shape(self, input_shape):
        """``(n, ...)`` becomes ``(n, p)``: ``p`` is the product of all sizes but the first."""
        return (input_shape[0], math.prod(input_shape[1:]))

    def _forward(self, x, training):
        return x.reshape(len(x), self.output_shape[1])

    def _backward(self, dy):
        return dy.reshape(self.x.shape)


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

    def __init__(self, rate: float, *, seed=None):
        super().__init__()
        self.rate = number(rate, "Dropout", "rate", "from 0 to below 1", lambda v: 0 <= v < 1)
        self.seed = None if seed is None else random_generator(seed, "Dropout")
        self.mask = None

    def _build(self, rng):
        self.rng = rng if self.seed is None else self.seed

    def _forward(self, x, training):
        self.mask = np.ones_like(x)
        if training:
            self.mask = (self.rng.random(x.shape) >= self.rate) / self.dtype.type(1 - self.rate)
        return x * self.mask

    def _backward(self, dy):
        return dy * self.mask


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

    def _forward(self, x, training):
        return x

    def _backward(self, dz):
        return dz


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
        self.initializer = _initializer(embeddings_initializer)

    def _output_shape(self, input_shape):
        """``(n, ...)`` becomes ``(n, ..., output_dim)``."""
        return (*input_shape, self.output_dim)

    def _build(self, rng):
        shape = (self.input_dim, self.output_dim)
        self.embeddings = self.initializer(shape, rng).astype(self.dtype)

    def _checked_inputs(self, x):
        x = self._cases(x)
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

    def _forward(self, x, training):
        return self.embeddings[x]  # (n, T) -> (n, T, d)

    def _backward(self, dy):
        self.dembeddings = np.zeros_like(self.embeddings)
        np.add.at(self.dembeddings, self.x, dy)  # adds up where several positions took one row
        return None


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
        if not isinstance(axis, Integral) or axis != -1:
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

    def _output_shape(self, input_shape):
        """The shape of the inputs, ``(n, ..., d)``."""
        if len(input_shape) < 2 or not input_shape[-1]:
            raise ValueError(
                f"{self.name}: expected inputs of shape (cases, ..., numbers). Received shape "
                f"{_text(input_shape)}. Put each case into a row."
            )
        return tuple(input_shape)

    def _build(self, rng):
        self.gamma = np.ones(self.input_shape[-1], self.dtype)
        self.beta = np.zeros(self.input_shape[-1], self.dtype)

    def _forward(self, x, training):
        mean = x.mean(axis=-1, keepdims=True)  # (n, T, 1)
        variance = x.var(axis=-1, keepdims=True)  # (n, T, 1)
        self.sd = np.sqrt(variance + self.epsilon)
        self.u = (x - mean) / self.sd  # (n, T, d)
        return self.gamma * self.u + self.beta

    def _backward(self, dy):
        cases = tuple(range(dy.ndim - 1))  # the axes n, T
        self.dgamma = (dy * self.u).sum(axis=cases)  # (d,)
        self.dbeta = dy.sum(axis=cases)  # (d,)
        du = dy * self.gamma  # (n, T, d)
        mean = du.mean(axis=-1, keepdims=True)  # what goes through the mean, (n, T, 1)
        along = (du * self.u).mean(axis=-1, keepdims=True)  # and through the variance
        return (du - mean - along * self.u) / self.sd


class _SeveralInputs(Layer):
    """A layer of several inputs: arrays, shapes and derivatives come in lists, one for each."""

    def _for_any_cases(self, input_shape):
        listed = isinstance(input_shape, tuple | list)
        if not listed or not all(isinstance(shape, tuple | list) for shape in input_shape):
            raise ValueError(
                f"{self.name}: expected a list of shapes, one for each input. Received: "
                f"input_shape={input_shape!r}. A Sequential passes one array on; call this layer "
                "yourself."
            )
        return [super(_SeveralInputs, self)._for_any_cases(shape) for shape in input_shape]

    def _own(self, x):
        return [super(_SeveralInputs, self)._own(one) for one in x]

    def _checked_inputs(self, x):
        if not isinstance(x, tuple | list):
            raise ValueError(
                f"{self.name}: expected a list of arrays, [x1, x2]. Received one of type "
                f"{type(x).__name__} and shape {getattr(x, 'shape', 'unknown')}."
            )
        x = [self._cases(one) for one in x]
        if not self.built:
            self.build([one.shape for one in x], _type_for(x[0]) if x else "float32")
        if len(x) != len(self.input_shape) or len({len(one) for one in x}) > 1:
            raise ValueError(
                f"{self.name}: expected {len(self.input_shape)} inputs with as many cases in each. "
                f"Received arrays of shapes {[one.shape for one in x]}."
            )
        return [self._fitting(one, shape) for one, shape in zip(x, self.input_shape, strict=True)]


class Add(_SeveralInputs):
    """The sum of several inputs of one shape.

    Called with a list: ``Add().forward([x1, x2])``. On the way back, each input gets the whole
    derivative.

    Source: ``keras.layers.Add``; in R ``layer_add``. Keras stretches inputs of size 1 over others;
    here all must have one shape.
    """

    def _output_shape(self, input_shape):
        """The shape that all inputs have.

        Raises:
            ValueError: if there are no inputs, or their shapes differ.
        """
        if len({tuple(shape)[1:] for shape in input_shape}) != 1:
            received = ", ".join(map(_text, self._for_any_cases(input_shape))) or "none"
            raise ValueError(
                f"{self.name}: expected inputs of one shape. Received shapes: {received}. "
                "np.broadcast_to stretches an array."
            )
        return tuple(input_shape[0])

    def _forward(self, x, training):
        return sum(x[1:], start=x[0])  # (n, ...)

    def _backward(self, dy):
        return [dy.copy() for _ in self.x]


class MultiHeadAttention(_SeveralInputs):
    """Each query takes a mean of all values, weighted by how well their keys fit it.

    ::

        layer = MultiHeadAttention(num_heads=2, key_dim=4)
        y = layer.forward(x, x)  # self-attention: (n, T, d) -> (n, T, d)
        dquery, dvalue = layer.backward(dy)
        dx = dquery + dvalue  # x went in twice

    In each head ``q = query @ Wq + bq``, ``k = key @ Wk + bk``, ``v = value @ Wv + bv``,
    ``a = softmax(q @ k.T / sqrt(key_dim))``, ``c = a @ v``. The outputs are the sum of ``c @ Wo``
    over the heads, plus ``bo``.

    The weights, in the order of Keras: kernel ``(d, heads, key_dim)`` and bias
    ``(heads, key_dim)`` for the query, likewise for the key, with ``value_dim`` for the value, then
    the kernel of the output, ``(heads, value_dim, d)``, and its bias ``(d,)``. Kernels start at
    random, as ``"glorot_uniform"`` says; biases start at zero.

    Args:
        num_heads: how many heads, a positive whole number.
        key_dim: how many numbers a query or a key has in each head.
        value_dim: how many numbers a value has in each head; ``key_dim`` if not given.
        dropout: which part of the attention is dropped in training; only 0.0.
        use_bias: whether there are biases.

    Attributes:
        attention_scores: ``(n, heads, T, S)``: how much each query took of each value in the last
            `forward`; not negative, with sum 1 over the last axis.

    Raises:
        ValueError: if an argument is none of these.

    Source: A. Vaswani and others, *Attention is all you need* (2017);
    ``keras.layers.MultiHeadAttention``; in R ``layer_multi_head_attention``. Dropout, sequences
    of more than one axis and other shapes of the outputs are left out. With TensorFlow, Keras
    rounds ``1 / sqrt(key_dim)`` to single precision even in a double-precision network. Here it is
    not rounded, which makes no difference for a ``key_dim`` of 4 or 16: there it is a power of two.
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
    ):
        super().__init__()
        cls = type(self).__name__
        self.num_heads = whole_number(num_heads, cls, "num_heads")
        self.key_dim = whole_number(key_dim, cls, "key_dim")
        self.value_dim = (
            self.key_dim if value_dim is None else whole_number(value_dim, cls, "value_dim")
        )
        if isinstance(dropout, bool) or not isinstance(dropout, Real) or dropout != 0:
            raise ValueError(
                f"{cls}: expected dropout=0.0, the only one supported here. Received: "
                f"dropout={dropout!r}. A Dropout layer after this one drops outputs instead."
            )
        self.dropout = 0.0
        self.use_bias = truth_value(use_bias, cls, "use_bias")
        self.scale = 1 / math.sqrt(self.key_dim)
        kinds = ("kernel", "bias") if use_bias else ("kernel",)
        self.weight_names = tuple(
            f"{part}_{kind}" for part in ("query", "key", "value", "output") for kind in kinds
        )
        self.attention_scores = None

    def _output_shape(self, input_shape):
        """The shape of the query, ``(n, T, d)``, from the shapes of query, value and maybe key.

        Raises:
            ValueError: if one is no sequence of vectors, or value and key differ in length.
        """
        shapes = self._for_any_cases(input_shape)
        if len(shapes) not in (2, 3) or any(len(s) != 3 or not all(s[1:]) for s in shapes):
            raise ValueError(
                f"{self.name}: expected query, value and maybe key of shape (cases, length, "
                f"numbers). Received shapes: {', '.join(map(_text, shapes))}."
            )
        if shapes[1][1] != shapes[-1][1]:
            raise ValueError(
                f"{self.name}: expected one key for each value. Received values of shape "
                f"{_text(shapes[1])} and keys of shape {_text(shapes[2])}. The lengths must be "
                "equal."
            )
        return tuple(input_shape[0])

    def _build(self, rng):
        d, d_value, d_key = (self.input_shape[i][-1] for i in (0, 1, -1))
        h, k, v = self.num_heads, self.key_dim, self.value_dim
        for part, shape, outputs in [
            ("query", (d, h, k), (h, k)),
            ("key", (d_key, h, k), (h, k)),
            ("value", (d_value, h, v), (h, v)),
            ("output", (h, v, d), (d,)),
        ]:
            as_matrix = (math.prod(shape) // math.prod(outputs), math.prod(outputs))
            kernel = glorot_uniform(as_matrix, rng).reshape(shape)
            setattr(self, f"{part}_kernel", kernel.astype(self.dtype))
            setattr(self, f"{part}_bias", np.zeros(outputs, self.dtype))

    def forward(
        self,
        query: np.ndarray,
        value: np.ndarray,
        key: np.ndarray | None = None,
        *,
        attention_mask: np.ndarray | None = None,
        use_causal_mask: bool = False,
        training: bool = False,
    ) -> np.ndarray:
        """The outputs of the layer; keeps what `backward` needs.

        Keras has the masks of the inputs before ``attention_mask``; so here ``attention_mask`` and
        what follows must be given by name.

        Args:
            query: ``(n, T, d)``: what looks.
            value: ``(n, S, ...)``: what is looked at.
            key: ``(n, S, ...)``: what the queries are compared with; the value if not given.
            attention_mask: ``(n, T, S)`` truth values: which query may look at which value. An axis
                of size 1 and a missing first axis stand for all. A query that may look at nothing
                takes the plain mean of all values, as Keras does by default.
            use_causal_mask: whether a query may look only at the positions up to its own.
            training: makes no difference.

        Returns:
            The outputs, ``(n, T, d)``.

        Raises:
            TypeError: if the inputs do not hold real numbers.
            ValueError: if the inputs or the mask have another shape or type, or a number is not
                finite.
        """
        truth_value(use_causal_mask, self.name, "use_causal_mask")
        x = self._checked_inputs([query, value] if key is None else [query, value, key])
        self.mask = self._mask(attention_mask, use_causal_mask, len(x[0]))
        return super().forward(x, training)

    def backward(self, dy: np.ndarray) -> list[np.ndarray]:
        """The derivatives with respect to query, value and, if one was given, key.

        Args:
            dy: ``(n, T, d)``: the derivative of the loss with respect to the outputs.

        Returns:
            A list of arrays in the shapes of the inputs. Where one array went in as query and as
            value, its derivative is their sum.

        Raises:
            RuntimeError: if `forward` was not called before.
            ValueError: if ``dy`` has another shape than the outputs.
        """
        return super().backward(dy)

    def _mask(self, given, causal, n):
        """Which query may look at which value, in a shape that fits ``(n, heads, T, S)``."""
        lengths = self.input_shape[0][1], self.input_shape[1][1]
        mask = np.ones(lengths, bool) if given is None else np.asarray(given)
        if mask.dtype != bool:
            raise ValueError(
                f"{self.name}: expected an attention_mask of truth values. Received an array of "
                f"type {mask.dtype} and shape {mask.shape}. Write attention_mask == 1."
            )
        fits = zip(mask.shape[::-1], (n, *lengths)[::-1], strict=False)
        if mask.ndim not in (2, 3) or any(size not in (1, whole) for size, whole in fits):
            raise ValueError(
                f"{self.name}: expected an attention_mask of shape {(n, *lengths)}: cases, "
                f"queries, values. Received shape {mask.shape}."
            )
        if causal:
            mask = mask & np.tri(*lengths, dtype=bool)
        return mask if mask.ndim == 2 else mask[:, np.newaxis]

    def _forward(self, x, training):
        query, value, key = x[0], x[1], x[-1]  # the key is the value if there is no other
        self.q = _heads(query, self.query_kernel, self.query_bias)  # (n, h, T, k)
        self.k = _heads(key, self.key_kernel, self.key_bias)  # (n, h, S, k)
        self.v = _heads(value, self.value_kernel, self.value_bias)  # (n, h, S, v)
        s = self.q @ self.k.swapaxes(2, 3) * self.scale  # (n, h, T, k) @ (n, h, k, S)
        self.attention_scores = activations.softmax(np.where(self.mask, s, HIDDEN))  # (n, h, T, S)
        self.c = self.attention_scores @ self.v  # (n, h, T, S) @ (n, h, S, v) -> (n, h, T, v)
        y = np.tensordot(self.c, self.output_kernel, axes=([1, 3], [0, 1]))  # . (h, v, d)
        return y + self.output_bias  # (n, T, d)

    def _backward(self, dy):
        a, (query, value, key) = self.attention_scores, (self.x[0], self.x[1], self.x[-1])
        self.doutput_kernel = np.tensordot(self.c, dy, axes=([0, 2], [0, 1]))  # (h, v, d)
        self.doutput_bias = dy.sum(axis=(0, 1))  # (d,)
        dc = np.tensordot(dy, self.output_kernel, axes=(2, 2)).swapaxes(1, 2)  # (n, h, T, v)
        dv = a.swapaxes(2, 3) @ dc  # (n, h, S, T) @ (n, h, T, v) -> (n, h, S, v)
        da = dc @ self.v.swapaxes(2, 3)  # (n, h, T, v) @ (n, h, v, S) -> (n, h, T, S)
        ds = activations.softmax_backward(da, None, a) * self.mask  # (n, h, T, S)
        dq = ds @ self.k * self.scale  # (n, h, T, S) @ (n, h, S, k) -> (n, h, T, k)
        dk = ds.swapaxes(2, 3) @ self.q * self.scale  # (n, h, S, T) @ (n, h, T, k)
        dquery, self.dquery_kernel, self.dquery_bias = _heads_backward(query, self.query_kernel, dq)
        dkey, self.dkey_kernel, self.dkey_bias = _heads_backward(key, self.key_kernel, dk)
        dvalue, self.dvalue_kernel, self.dvalue_bias = _heads_backward(value, self.value_kernel, dv)
        return [dquery, dvalue, dkey] if len(self.x) == 3 else [dquery, dvalue + dkey]


def _heads(x, kernel, bias):
    """Weighted sums, head by head."""
    z = np.tensordot(x, kernel, axes=1) + bias  # (n, T, d) . (d, h, k) -> (n, T, h, k)
    return z.swapaxes(1, 2)  # (n, h, T, k)


def _heads_backward(x, kernel, dz):
    """The derivatives for the inputs, the kernel and the bias of `_heads`."""
    dx = np.tensordot(dz, kernel, axes=([1, 3], [1, 2]))  # (n, h, T, k) . (d, h, k) -> (n, T, d)
    dkernel = np.tensordot(x, dz, axes=([0, 1], [0, 2]))  # (n, T, d) . (n, h, T, k) -> (d, h, k)
    dbias = dz.sum(axis=(0, 2))  # (h, k)
    return dx, dkernel, dbias


def replace_weights(own: list[np.ndarray], new: Sequence, where: str, hint: str) -> None:
    """Put new numbers into arrays of weights: into all of them, or, if one does not fit, into none.

    Raises:
        TypeError: if one of them does not hold real numbers.
        ValueError: if their number or a shape differs, or a type cannot hold a number.
    """
    new = [real_numbers(w, where, "each weight") for w in new]
    expected, found = [w.shape for w in own], [w.shape for w in new]
    if expected != found:
        raise ValueError(
            f"{where}: expected weights of shapes {expected}. Received shapes {found}. {hint}"
        )
    new = [in_type(w, mine.dtype, where, "each weight") for mine, w in zip(own, new, strict=True)]
    for mine, w in zip(own, new, strict=True):
        mine[...] = w


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


def _initializer(identifier):
    if not isinstance(identifier, str) or identifier not in INITIALIZERS:
        raise ValueError(
            f"Expected an initializer: {', '.join(INITIALIZERS)}. Received: {identifier!r}. "
            "For other initial weights use set_weights."
        )
    return INITIALIZERS[identifier]


def _pair(where: str, name: str, value) -> tuple[int, int]:
    """A whole number twice, or two of them."""
    values = value if isinstance(value, tuple | list) else (value, value)
    try:
        first, second = (whole_number(size, where, name) for size in values)
        return first, second
    except ValueError:
        raise ValueError(
            f"{where}: expected {name} to be a positive whole number or two of them. "
            f"Received: {name}={value!r}."
        ) from None


def _type_for(x: np.ndarray) -> str:
    """The type of an array if a layer computes in it, else single precision, as in Keras."""
    return x.dtype.name if x.dtype.name in DTYPES else "float32"


def _text(shape) -> str:
    """A shape for messages: ``(None, 4)`` as ``(cases, 4)``; a list of them likewise."""
    if isinstance(shape, list):
        return ", ".join(map(_text, shape))
    return "(" + ", ".join("cases" if size is None else str(size) for size in shape) + ")"
