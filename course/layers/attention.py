"""What a transformer needs besides: attention, and the sum of two ways."""

import math
from collections.abc import Sequence

import numpy as np

from course import activations
from course.inputs import Shape, is_real, truth_value, whole_number
from course.layers.base import SeveralInputs, text_of
from course.layers.initializers import glorot_uniform

HIDDEN = -1e30  # the score of a position that a mask hides: exp makes it 0, and it is no infinity


class Add(SeveralInputs):
    """The sum of several inputs of one shape.

    Called with a list: ``Add().forward([x1, x2])``. On the way back, each input gets the whole
    derivative.

    Source: ``keras.layers.Add``; in R ``layer_add``. Keras stretches inputs of size 1 over others;
    here all must have one shape.
    """

    def forward(self, x: Sequence[np.ndarray], training: bool = False) -> np.ndarray:
        """The sum; keeps what ``backward`` needs.

        A layer that is not built yet builds itself for these inputs.

        Args:
            x: a list of arrays of one shape, one case for each entry of the first axis.
            training: makes no difference.

        Returns:
            An array of the same shape.

        Raises:
            TypeError: if the inputs do not hold real numbers.
            ValueError: if these are not inputs that the layer was built for, or a number is not
                finite or too large for its type.
        """
        truth_value(training, self.name, "training")
        return self._through(self._checked_inputs(x))

    def _output_shape(self, input_shape: list[Shape]) -> Shape:
        """The shape that all inputs have.

        Raises:
            ValueError: if there are no inputs, or their shapes differ.
        """
        if len({tuple(shape)[1:] for shape in input_shape}) != 1:
            received = ", ".join(map(text_of, self._for_any_cases(input_shape))) or "none"
            raise ValueError(
                f"{self.name}: expected inputs of one shape. Received shapes: {received}. "
                "np.broadcast_to stretches an array."
            )
        return tuple(input_shape[0])

    def _forward(self, x: list[np.ndarray]) -> np.ndarray:
        return sum(x[1:], start=x[0])  # (n, ...)

    def _backward(self, dy: np.ndarray) -> list[np.ndarray]:
        return [dy.copy() for _ in self.x]


class MultiHeadAttention(SeveralInputs):
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

    query_kernel: np.ndarray
    query_bias: np.ndarray
    key_kernel: np.ndarray
    key_bias: np.ndarray
    value_kernel: np.ndarray
    value_bias: np.ndarray
    output_kernel: np.ndarray
    output_bias: np.ndarray

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
        if not is_real(dropout) or dropout != 0:
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

    def _output_shape(self, input_shape: list[Shape]) -> Shape:
        """The shape of the query, ``(n, T, d)``, from the shapes of query, value and maybe key.

        Raises:
            ValueError: if one is no sequence of vectors, or value and key differ in length.
        """
        shapes = self._for_any_cases(input_shape)
        if len(shapes) not in (2, 3) or any(len(s) != 3 or not all(s[1:]) for s in shapes):
            raise ValueError(
                f"{self.name}: expected query, value and maybe key of shape (cases, length, "
                f"numbers). Received shapes: {', '.join(map(text_of, shapes))}."
            )
        if shapes[1][1] != shapes[-1][1]:
            raise ValueError(
                f"{self.name}: expected one key for each value. Received values of shape "
                f"{text_of(shapes[1])} and keys of shape {text_of(shapes[2])}. The lengths must be "
                "equal."
            )
        return tuple(input_shape[0])

    def _build(self, rng: np.random.Generator) -> None:
        d, d_value, d_key = (self.input_shape[i][-1] for i in (0, 1, -1))
        h, k, v = self.num_heads, self.key_dim, self.value_dim
        for part, shape, outputs in [
            ("query", (d, h, k), (h, k)),
            ("key", (d_key, h, k), (h, k)),
            ("value", (d_value, h, v), (h, v)),
            ("output", (h, v, d), (d,)),
        ]:
            # All heads together are one matrix: its inputs and outputs set the bounds.
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
        """The outputs of the layer; keeps what ``backward`` needs.

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
        truth_value(training, self.name, "training")
        truth_value(use_causal_mask, self.name, "use_causal_mask")
        x = self._checked_inputs([query, value] if key is None else [query, value, key])
        self.mask = self._mask(attention_mask, use_causal_mask, len(x[0]))
        return self._through(x)

    def _mask(self, given: np.ndarray | None, causal: bool, n: int) -> np.ndarray:
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

    def _forward(self, x: list[np.ndarray]) -> np.ndarray:
        query, value, key = x[0], x[1], x[-1]  # the key is the value if there is no other
        self.q = _heads(query, self.query_kernel, self.query_bias)  # (n, h, T, k)
        self.k = _heads(key, self.key_kernel, self.key_bias)  # (n, h, S, k)
        self.v = _heads(value, self.value_kernel, self.value_bias)  # (n, h, S, v)
        self.s = self.q @ self.k.swapaxes(2, 3) * self.scale  # (n, h, T, k) @ (n, h, k, S)
        self.attention_scores = activations.softmax(
            np.where(self.mask, self.s, HIDDEN)
        )  # (n, h, T, S)
        self.c = self.attention_scores @ self.v  # (n, h, T, S) @ (n, h, S, v) -> (n, h, T, v)
        y = np.tensordot(self.c, self.output_kernel, axes=([1, 3], [0, 1]))  # . (h, v, d)
        return y + self.output_bias  # (n, T, d)

    def _backward(self, dy: np.ndarray) -> list[np.ndarray]:
        a, (query, value, key) = self.attention_scores, (self.x[0], self.x[1], self.x[-1])
        self.doutput_kernel = np.tensordot(self.c, dy, axes=([0, 2], [0, 1]))  # (h, v, d)
        self.doutput_bias = dy.sum(axis=(0, 1))  # (d,)
        dc = np.tensordot(dy, self.output_kernel, axes=(2, 2)).swapaxes(1, 2)  # (n, h, T, v)
        dv = a.swapaxes(2, 3) @ dc  # (n, h, S, T) @ (n, h, T, v) -> (n, h, S, v)
        da = dc @ self.v.swapaxes(2, 3)  # (n, h, T, v) @ (n, h, v, S) -> (n, h, T, S)
        # A hidden score is HIDDEN whatever the query: also where a query may look at nothing.
        ds = activations.softmax_backward(da, self.s, a) * self.mask  # (n, h, T, S)
        dq = ds @ self.k * self.scale  # (n, h, T, S) @ (n, h, S, k) -> (n, h, T, k)
        dk = ds.swapaxes(2, 3) @ self.q * self.scale  # (n, h, S, T) @ (n, h, T, k)
        dquery, self.dquery_kernel, self.dquery_bias = _heads_backward(query, self.query_kernel, dq)
        dkey, self.dkey_kernel, self.dkey_bias = _heads_backward(key, self.key_kernel, dk)
        dvalue, self.dvalue_kernel, self.dvalue_bias = _heads_backward(value, self.value_kernel, dv)
        return [dquery, dvalue, dkey] if len(self.x) == 3 else [dquery, dvalue + dkey]


def _heads(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Weighted sums, head by head."""
    z = np.tensordot(x, kernel, axes=1) + bias  # (n, T, d) . (d, h, k) -> (n, T, h, k)
    return z.swapaxes(1, 2)  # (n, h, T, k)


def _heads_backward(
    x: np.ndarray, kernel: np.ndarray, dz: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The derivatives for the inputs, the kernel and the bias of `_heads`."""
    dx = np.tensordot(dz, kernel, axes=([1, 3], [1, 2]))  # (n, h, T, k) . (d, h, k) -> (n, T, d)
    dkernel = np.tensordot(x, dz, axes=([0, 1], [0, 2]))  # (n, T, d) . (n, h, T, k) -> (d, h, k)
    dbias = dz.sum(axis=(0, 2))  # (h, k)
    return dx, dkernel, dbias
