"""What all layers share: shapes, weights, and the way forward and back."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from course import activations
from course.inputs import (
    DTYPES,
    Seed,
    Shape,
    finite,
    float_type,
    in_type,
    random_generator,
    real_numbers,
    shape_of,
    truth_value,
)


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


class BaseLayer:
    """What all layers share, with one input or several: building, weights and gradients.

    Attributes:
        name: the name in messages and summaries; `course.sequential.Sequential` gives one.
        built: whether the shape of the inputs is known and the weights exist.
        dtype: the type of the weights and outputs; None until the layer is built, as the next.
        input_shape: the shape of the inputs, with None for the number of cases; of several inputs
            a list of shapes.

    Source: ``keras.layers.Layer``.
    """

    weight_names: tuple[str, ...] = ()  # the attributes that hold the weights, in Keras' order
    output_shape: Shape
    a: np.ndarray  # the outputs

    def __init__(self) -> None:
        self.name = self.kind()
        self.built = False
        self.dtype: Any = None
        self.input_shape: Any = None
        self._called = False

    @classmethod
    def kind(cls) -> str:
        """The name of the class as Keras writes it: ``max_pooling2d`` for ``MaxPooling2D``."""
        return re.sub(r"(?<=[a-z])([A-Z])(?=[a-z])", r"_\1", cls.__name__).lower()

    def build(self, input_shape: Sequence, dtype: str = "float32", seed: Seed = None) -> None:
        """Learn the shape of the inputs and draw the initial weights.

        Args:
            input_shape: the shape of the inputs, of several a list of shapes; the first entry,
                the number of cases, is ignored.
            dtype: ``"float32"``, as in Keras, or ``"float64"``.
            seed: for the random weights: a whole number, or a NumPy random generator.

        Raises:
            ValueError: if the layer cannot take inputs of this shape, an argument is none of these,
                or the layer is built already: its weights would be drawn anew.
        """
        if self.built:
            raise ValueError(
                f"{self.name}: expected a layer that is not built yet. Received one that has its "
                f"weights already, for inputs of shape {text_of(self.input_shape)}. Use it as it "
                "is, or make a new layer for new weights."
            )
        input_shape = self._for_any_cases(input_shape)
        computed_in, rng = float_type(dtype, self.name), random_generator(seed, self.name)
        output_shape = self.compute_output_shape(input_shape)
        self.input_shape, self.output_shape, self.dtype = input_shape, output_shape, computed_in
        self._build(rng)
        self.built = True

    def compute_output_shape(self, input_shape: Sequence) -> tuple[int | None, ...]:
        """The shape of the outputs for inputs of a shape; the number of cases may be None.

        Raises:
            ValueError: if the layer cannot take inputs of this shape.
        """
        self._for_any_cases(input_shape)  # or it is no shape
        return self._output_shape(input_shape)

    def _build(self, rng: np.random.Generator) -> None:
        """Draw the initial weights."""

    def _for_any_cases(self, input_shape: Any) -> Any:
        """The shape or shapes of the inputs, with None for the number of cases."""
        raise NotImplementedError

    def _output_shape(self, input_shape: Any) -> Shape:
        """From the shape of the inputs to that of the outputs, if the layer can take them."""
        raise NotImplementedError

    def _one_shape(self, shape: Sequence) -> Shape:
        return shape_of(shape, self.name, "input_shape", cases=True)

    def _one_array(self, x: object) -> np.ndarray:
        x = real_numbers(x, self.name, "x")
        if not x.ndim:
            raise ValueError(f"{self.name}: expected an array of cases. Received a single number.")
        return x

    def _fitting(self, x: np.ndarray, shape: Shape) -> np.ndarray:
        """An input in the type of the layer, if it has the shape for which the layer is built."""
        if x.ndim != len(shape) or x.shape[1:] != shape[1:]:
            raise ValueError(
                f"{self.name}: expected inputs of shape {text_of(shape)}. Received an "
                f"array of shape {x.shape}. The first entry is the number of cases; the others "
                "must be as the layer was built."
            )
        return in_type(x, self.dtype, self.name, "x")

    def _copy(self, x: np.ndarray) -> np.ndarray:
        """A copy: what the caller does to the array later must not reach the way back."""
        finite(x, self.name, "x")
        return x.copy()

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
            RuntimeError: if ``backward`` was not called before.
        """
        if not all(hasattr(self, f"d{name}") for name in self.weight_names):
            raise RuntimeError(f"{self.name}: expected backward() before get_gradients().")
        return [getattr(self, f"d{name}") for name in self.weight_names]

    def count_params(self) -> int:
        """How many weights and biases there are."""
        return sum(w.size for w in self.weights)


class Layer(BaseLayer):
    """A layer with one input: what a `course.sequential.Sequential` is made of."""

    activation = activations.get("linear")
    x: np.ndarray  # the inputs
    z: np.ndarray  # what stands before the activation

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
        x = self._copy(self._checked_inputs(x))
        return self._through(x, training).copy()

    def _through(self, x: np.ndarray, training: bool) -> np.ndarray:
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

    def _back(self, dy: np.ndarray) -> np.ndarray:
        """From a derivative that fits to the one with respect to the inputs."""
        return self._backward(self.activation.backward(dy, self.z, self.a))

    def backward_from_z(self, dz: np.ndarray) -> np.ndarray:
        """As `backward`, from the derivative with respect to ``z``, before the activation.

        The loss and the last activation are often easier to differentiate together: softmax with
        cross-entropy gives *prediction minus truth*.
        """
        return self._backward(self._checked_derivative(dz))

    def _forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        """From the inputs to ``z``, before the activation."""
        raise NotImplementedError

    def _backward(self, dz: np.ndarray) -> Any:
        """From the derivative with respect to ``z`` to the one with respect to the inputs.

        It is an array; None where the inputs have no derivative, as words.
        """
        raise NotImplementedError

    def _for_any_cases(self, input_shape: Sequence) -> Shape:
        return self._one_shape(input_shape)

    def _output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the inputs, unless a layer changes it."""
        return tuple(input_shape)

    def _checked_inputs(self, x: object) -> np.ndarray:
        """The inputs in the type of the layer; builds the layer if need be."""
        x = self._one_array(x)
        if not self.built:
            self.build(x.shape, _type_for(x))
        return self._fitting(x, self.input_shape)


class SeveralInputs(BaseLayer):
    """A layer with several inputs: arrays, shapes and derivatives come in lists, one for each.

    A `course.sequential.Sequential` passes one array on, so it takes none of these layers.
    """

    x: list[np.ndarray]

    def _through(self, x: list[np.ndarray]) -> np.ndarray:
        """The outputs of the layer for checked inputs; keeps what `backward` needs."""
        self.x = [self._copy(one) for one in x]
        self.a = self._forward(self.x)
        self._called = True
        return self.a.copy()

    def backward(self, dy: np.ndarray) -> list[np.ndarray]:
        """The derivatives with respect to the inputs; notes those with respect to the weights.

        Args:
            dy: the derivative of the loss with respect to the outputs of the last ``forward``.

        Returns:
            A list of arrays in the shapes of the inputs.

        Raises:
            RuntimeError: if ``forward`` was not called before.
            TypeError: if ``dy`` does not hold real numbers.
            ValueError: if ``dy`` has another shape than the outputs, or a number is not finite.
        """
        return self._backward(self._checked_derivative(dy))

    def _forward(self, x: list[np.ndarray]) -> np.ndarray:
        """From the inputs to the outputs."""
        raise NotImplementedError

    def _backward(self, dy: np.ndarray) -> list[np.ndarray]:
        """From the derivative with respect to the outputs to those with respect to the inputs."""
        raise NotImplementedError

    def _for_any_cases(self, input_shape: Sequence[Sequence]) -> list[Shape]:
        listed = isinstance(input_shape, tuple | list)
        if not listed or not all(isinstance(shape, tuple | list) for shape in input_shape):
            raise ValueError(
                f"{self.name}: expected a list of shapes, one for each input. Received: "
                f"input_shape={input_shape!r}. Put the shapes into a list: [shape1, shape2]."
            )
        return [self._one_shape(shape) for shape in input_shape]

    def _checked_inputs(self, x: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The inputs in the type of the layer; builds the layer if need be."""
        if not isinstance(x, tuple | list):
            raise ValueError(
                f"{self.name}: expected a list of arrays, [x1, x2]. Received one of type "
                f"{type(x).__name__} and shape {getattr(x, 'shape', 'unknown')}."
            )
        x = [self._one_array(one) for one in x]
        if not self.built:
            self.build([one.shape for one in x], _type_for(x[0]) if x else "float32")
        if len(x) != len(self.input_shape) or len({len(one) for one in x}) > 1:
            raise ValueError(
                f"{self.name}: expected {len(self.input_shape)} inputs with as many cases in each. "
                f"Received arrays of shapes {[one.shape for one in x]}."
            )
        return [self._fitting(one, shape) for one, shape in zip(x, self.input_shape, strict=True)]


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
        mine[...] = w  # into the array itself, which an optimiser knows the weights by


def _type_for(x: np.ndarray) -> str:
    """The type of an array if a layer computes in it, else single precision, as in Keras."""
    return x.dtype.name if x.dtype.name in DTYPES else "float32"


def text_of(shape: Sequence) -> str:
    """A shape for messages: ``(None, 4)`` as ``(cases, 4)``; a list of them likewise."""
    if isinstance(shape, list):
        return ", ".join(map(text_of, shape))
    return "(" + ", ".join("cases" if size is None else str(size) for size in shape) + ")"
