"""A layer that is a matrix product, and what it shares with a convolution."""

import numpy as np

from course import activations
from course.inputs import Shape, truth_value, whole_number
from course.layers import initializers
from course.layers.base import Layer, text_of


class KernelAndBias(Layer):
    """A layer with a kernel, whose last axis counts the outputs, a bias and an activation."""

    def _set_up(
        self,
        activation: str | None,
        use_bias: bool,
        kernel_initializer: str,
        bias_initializer: str,
    ) -> None:
        self.activation = activations.get(activation)
        self.use_bias = truth_value(use_bias, type(self).__name__, "use_bias")
        self.weight_names = ("kernel", "bias") if use_bias else ("kernel",)
        self.initializers = [initializers.get(f) for f in (kernel_initializer, bias_initializer)]

    def _draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> None:
        self.kernel = self.initializers[0](shape, rng).astype(self.dtype)
        self.bias = self.initializers[1](shape[-1:], rng).astype(self.dtype)


class Dense(KernelAndBias):
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

    def _output_shape(self, input_shape: Shape) -> Shape:
        """``(n, ..., p)`` becomes ``(n, ..., units)``."""
        if len(input_shape) < 2:
            raise ValueError(
                f"{self.name}: expected inputs of shape (cases, numbers). Received shape "
                f"{text_of(input_shape)}. Put each case into a row, with x.reshape(-1, 1) for one "
                "number each."
            )
        return (*input_shape[:-1], self.units)

    def _build(self, rng: np.random.Generator) -> None:
        self._draw((self.input_shape[-1], self.units), rng)

    def _forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        z = x @ self.kernel  # (n, p) @ (p, q) -> (n, q)
        return z + self.bias if self.use_bias else z

    def _backward(self, dz: np.ndarray) -> np.ndarray:
        x_rows = self.x.reshape(-1, self.x.shape[-1])
        dz_rows = dz.reshape(-1, self.units)
        self.dkernel = x_rows.T @ dz_rows  # (p, n) @ (n, q) -> (p, q)
        self.dbias = dz_rows.sum(axis=0)  # (q,)
        return dz @ self.kernel.T  # (n, q) @ (q, p) -> (n, p)
