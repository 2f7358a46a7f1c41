"""Layers that look at a picture through a sliding window."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course.inputs import Shape, whole_number
from course.layers.base import Layer, text_of
from course.layers.dense import KernelAndBias

PADDINGS = ("valid", "same")


class _Windows(Layer):
    """A layer that looks at a picture through a sliding window."""

    size_name: str  # the argument that gives the size

    def __init__(
        self, size: int | Sequence[int], strides: int | Sequence[int] | None, padding: str
    ):
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

    def _output_shape(self, input_shape: Shape) -> Shape:
        """``(n, height, width, channels)`` becomes ``(n, height', width', channels')``.

        With padding ``"valid"``, ``height' = (height - size) // strides + 1``; with ``"same"``,
        ``height'`` is ``height / strides``, rounded up.
        """
        if len(input_shape) != 4 or not all(input_shape[1:]):
            raise ValueError(
                f"{self.name}: expected pictures of shape (cases, height, width, channels). "
                f"Received shape {text_of(input_shape)}. Grey pictures need one channel: "
                "x[..., np.newaxis]."
            )
        n, *sides, channels = input_shape
        if self.padding == "valid" and any(
            side < k for side, k in zip(sides, self.size, strict=True)
        ):
            raise ValueError(
                f"{self.name}: expected pictures of at least the {self.size_name} {self.size}. "
                f"Received shape {text_of(input_shape)}. Choose a smaller {self.size_name}, or "
                "padding='same'."
            )
        out = [
            -(-side // step) if self.padding == "same" else (side - k) // step + 1
            for side, k, step in zip(sides, self.size, self.strides, strict=True)
        ]
        return (n, *out, getattr(self, "filters", channels))

    def _edges(self) -> list[tuple[int, int]]:
        """How many rows and columns to add before and after: as little as possible, first after."""
        edges = []
        for side, out, k, step in zip(
            self.input_shape[1:3], self.output_shape[1:3], self.size, self.strides, strict=True
        ):
            total = max((out - 1) * step + k - side, 0) if self.padding == "same" else 0
            edges.append((total // 2, total - total // 2))
        return [(0, 0), *edges, (0, 0)]

    def _padded(self, x: np.ndarray, value: float = 0.0) -> np.ndarray:
        return np.pad(x, self._edges(), constant_values=value) if self.padding == "same" else x

    def _cropped(self, x: np.ndarray) -> np.ndarray:
        (top, _), (left, _) = self._edges()[1:3]
        height, width = self.input_shape[1:3]
        return x[:, top : top + height, left : left + width]

    def _windows(self, x: np.ndarray) -> np.ndarray:
        """A view of all windows: ``(n, height', width', size, size, channels)``."""
        windows = sliding_window_view(x, self.size, axis=(1, 2))
        return windows[:, :: self.strides[0], :: self.strides[1]].transpose(0, 1, 2, 4, 5, 3)

    def _places(self) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
        """For each place in the window, the index of the pixels that stand there.

        Windows overlap, yet at one place each has a pixel of its own: ``+=`` reaches all of them.
        """
        _, height, width, _ = self.output_shape
        down, right = self.strides
        for i, j in np.ndindex(self.size):
            rows = slice(i, i + (height - 1) * down + 1, down)
            columns = slice(j, j + (width - 1) * right + 1, right)
            yield (i, j), (slice(None), rows, columns)


class Conv2D(_Windows, KernelAndBias):
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

    def _build(self, rng: np.random.Generator) -> None:
        self._draw((*self.kernel_size, self.input_shape[-1], self.filters), rng)

    def _forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        windows = self._windows(self._padded(x))  # (n, h', w', k, k, c)
        z = np.tensordot(windows, self.kernel, axes=3)  # . (k, k, c, f) -> (n, h', w', f)
        return z + self.bias if self.use_bias else z

    def _backward(self, dz: np.ndarray) -> np.ndarray:
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

    def _forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        x = self._padded(x, value=-np.inf)
        return np.maximum.reduce([x[pixels] for _, pixels in self._places()])  # (n, h', w', c)

    def _backward(self, dy: np.ndarray) -> np.ndarray:
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

    def _build(self, rng: np.random.Generator) -> None:
        inside = self._padded(np.ones((1, *self.input_shape[1:]), self.dtype))
        pixels_of_window = [inside[pixels] for _, pixels in self._places()]
        self.counts = np.sum(pixels_of_window, axis=0)  # pixels in each window

    def _forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        x = self._padded(x)
        return sum(x[pixels] for _, pixels in self._places()) / self.counts  # (n, h', w', c)

    def _backward(self, dy: np.ndarray) -> np.ndarray:
        dx = self._padded(np.zeros_like(self.x))
        for _, pixels in self._places():
            dx[pixels] += dy / self.counts  # (n, h', w', c)
        return self._cropped(dx)


def _pair(where: str, name: str, value: int | Sequence[int]) -> tuple[int, int]:
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
