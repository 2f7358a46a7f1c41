"""A network of layers one after the other, by hand, used as Keras' ``Sequential``.

::

    model = Sequential([Input((4,)), Dense(5, activation="relu"), Dense(3, activation="softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, y_train, batch_size=16, epochs=50)
    probabilities = model.predict(x_test)

Forward, loss, backward, update: the four steps stand in `Sequential.train_on_batch`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real

import numpy as np

from course import losses, optimizers
from course.layers import DTYPES, Input, Layer
from course.losses import CategoricalCrossentropy, Loss
from course.optimizers import Optimizer

__all__ = ["METRICS", "History", "Sequential"]


def accuracy(y_true, y_pred):
    """For each case 1 if the prediction is right, else 0.

    With several columns, the largest prediction has to stand where the largest answer stands. With
    one column, the prediction is rounded at one half.
    """
    if y_pred.shape[-1] == 1:
        return ((y_pred > 0.5) == (y_true.reshape(y_pred.shape) == 1)).mean(axis=-1)
    return y_true.argmax(axis=-1) == y_pred.argmax(axis=-1)


def mean_absolute_error(y_true, y_pred):
    """The mean of the absolute errors of each case."""
    return np.abs(y_pred - y_true.reshape(y_pred.shape)).mean(axis=-1)


def mean_squared_error(y_true, y_pred):
    """The mean of the squared errors of each case."""
    return ((y_pred - y_true.reshape(y_pred.shape)) ** 2).mean(axis=-1)


METRICS = {
    "accuracy": accuracy,
    "mae": mean_absolute_error,
    "mean_absolute_error": mean_absolute_error,
    "mse": mean_squared_error,
    "mean_squared_error": mean_squared_error,
}
"""What can be reported besides the loss, by the names in Keras."""


@dataclass
class History:
    """What ``fit`` returns: the loss and each metric, one number for each epoch.

    Attributes:
        history: lists by name; names that start with ``val_`` are those of the validation data.
        epoch: the numbers of the epochs, from 0.
    """

    history: dict = field(default_factory=dict)
    epoch: list = field(default_factory=list)


class Sequential:
    """Layers one after the other.

    Args:
        layers: the layers, the first of them perhaps an `course.layers.Input`. Without it the
            shape is learnt from the first data.
        dtype: ``"float32"``, as in Keras, or ``"float64"``.
        seed: for initial weights, shuffling and dropout: a whole number, or a NumPy random
            generator.

    Attributes:
        layers: the layers, without the `course.layers.Input`.

    Raises:
        TypeError: if an entry is no layer.
        ValueError: if two entries are the same layer, or a layer cannot take the outputs of the
            one before.

    Source: ``keras.Sequential``; in R ``keras_model_sequential``.
    """

    def __init__(self, layers: Sequence[Layer | Input] = (), *, dtype="float32", seed=None):
        self.dtype = np.dtype(dtype)
        if self.dtype.name not in DTYPES:
            raise ValueError(
                f"Sequential: expected a type of {' or '.join(DTYPES)}. Received: dtype={dtype!r}."
            )
        self.layers: list[Layer] = []
        self._input_shape = None
        self._rng = np.random.default_rng(seed)
        self._optimizer: Optimizer | None = None
        for layer in layers:
            self.add(layer)

    def add(self, layer: Layer | Input) -> None:
        """Put a layer at the end.

        Raises:
            TypeError: if it is no layer.
            ValueError: if it is in the network already, or cannot take the outputs before it.
        """
        if isinstance(layer, Input) and not self.layers and self._input_shape is None:
            self._input_shape = layer.shape
            return
        if not isinstance(layer, Layer):
            raise TypeError(
                "Sequential: expected layers of course.layers, and an Input in the first place "
                f"only. Received {type(layer).__name__}. Layers of Keras belong into "
                "keras.Sequential."
            )
        if any(layer is other for other in self.layers):
            raise ValueError(
                f"Sequential: expected each layer once. Received {layer.name} twice. "
                "Make a new one."
            )
        before = sum(type(other) is type(layer) for other in self.layers)
        layer.name = f"{layer.kind()}_{before}" if before else layer.kind()
        if self._input_shape is not None:
            shape = self.layers[-1].output_shape if self.layers else self._input_shape
            layer.build(shape, self.dtype, self._rng)
        self.layers.append(layer)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Build all layers for inputs of a shape; the first entry, the number of cases, is ignored.

        Raises:
            ValueError: if there are no layers, or one cannot take the outputs of the one before.
        """
        if not self.layers:
            raise ValueError("Sequential: expected at least one layer. Received none. Use add().")
        shape = self._input_shape = (None, *tuple(input_shape)[1:])
        for layer in self.layers:
            layer.build(shape, self.dtype, self._rng)
            shape = layer.output_shape

    def compile(
        self,
        optimizer: str | Optimizer = "rmsprop",
        loss: str | Loss | None = None,
        metrics: Sequence[str] | None = None,
    ) -> None:
        """Say how to train: which optimiser, which loss, what to report besides.

        Args:
            optimizer: an optimiser or its name.
            loss: a loss or its name.
            metrics: names from `METRICS`.

        Raises:
            ValueError: if there is none of such a name.
        """
        optimizer = optimizers.get(optimizer)
        loss = None if loss is None else losses.get(loss)
        for name in metrics or []:
            if name not in METRICS:
                raise ValueError(
                    f"Sequential.compile: expected metrics of {', '.join(METRICS)}. "
                    f"Received: {name!r}."
                )
        self._optimizer, self._loss, self._metrics = optimizer, loss, list(metrics or [])

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """The outputs of the last layer for all cases at once.

        Args:
            x: the inputs.
            training: whether layers such as dropout do what they do in training.

        Returns:
            The outputs.

        Raises:
            ValueError: if the inputs have another shape than expected.
        """
        x = np.asarray(x)
        if not self.layers or not self.layers[0].built:
            self.build(x.shape)
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def gradients(self, x: np.ndarray, y: np.ndarray, training: bool = False) -> list[np.ndarray]:
        """The derivative of the loss with respect to each weight, in the order of `get_weights`.

        Args:
            x: the inputs.
            y: the true answers.
            training: whether layers such as dropout do what they do in training.

        Returns:
            Arrays of the shapes of the weights.

        Raises:
            RuntimeError: if there is no loss yet.
            ValueError: if shapes do not match.
        """
        self._need_loss()
        self.forward(x, training)
        self._backward(y)
        return [g for layer in self.layers for g in layer.get_gradients()]

    def _backward(self, y):
        """From the loss back to the first layer; returns the loss."""
        loss, found, backward = self._loss_at_the_end()
        dy = backward(loss.gradient(y, found))
        for layer in reversed(self.layers[:-1]):
            dy = layer.backward(dy)
        return loss(y, found)

    def _loss_at_the_end(self):
        """The loss, what it takes of the last layer, and that layer's way back from there."""
        loss, last = self._loss, self.layers[-1]
        takes_probabilities = isinstance(loss, CategoricalCrossentropy) and not loss.from_logits
        if takes_probabilities and last.activation.name == "softmax":
            # The derivative through softmax and cross-entropy together is exact where their
            # product is not: a probability near 0 would be divided by, then multiplied with.
            loss = CategoricalCrossentropy(from_logits=True, reduction=loss.reduction)
            return loss, last.z, last.backward_from_z
        return loss, last.a, last.backward

    def train_on_batch(self, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
        """Forward, loss, backward, update, with all cases in one step.

        Args:
            x: the inputs.
            y: the true answers.

        Returns:
            The loss and each metric, as they were before the update.

        Raises:
            RuntimeError: if there is no loss yet.
            ValueError: if shapes do not match.
        """
        self._need_loss()
        y_pred = self.forward(x, training=True)
        loss = self._backward(y)
        gradients = [g for layer in self.layers for g in layer.get_gradients()]
        self._optimizer.apply(gradients, [w for layer in self.layers for w in layer.weights])
        return {"loss": float(loss)} | self._measure(y, y_pred)

    def fit(
        self,
        x: np.ndarray,
        y: np.ndarray,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        *,
        validation_split: float = 0.0,
        validation_data: tuple[np.ndarray, np.ndarray] | None = None,
        shuffle: bool = True,
    ) -> History:
        """Train: go through the data ``epochs`` times, one step for each batch.

        Args:
            x: the inputs.
            y: the true answers.
            batch_size: how many cases for each step; 32 if not given.
            epochs: how many times to go through the data.
            verbose: 0 prints nothing; anything else prints a line for each epoch.
            validation_split: which part, from the end of the data, is kept for validation.
            validation_data: other data for validation, instead.
            shuffle: whether each epoch takes the cases in a new random order.

        Returns:
            The history. As in Keras, the training loss of an epoch is the mean over its batches
            while the weights changed; the validation loss is taken after the epoch.

        Raises:
            RuntimeError: if the network is not compiled.
            ValueError: if a setting or a shape does not fit.
        """
        self._need_loss()
        x, y = _cases("fit", x, y)
        batch_size = _batch_size("fit", batch_size)
        if not isinstance(epochs, Integral) or epochs < 1:
            raise ValueError(
                "Sequential.fit: expected epochs to be a positive whole number. "
                f"Received: epochs={epochs!r}."
            )
        if not (isinstance(validation_split, Real) and 0 <= validation_split < 1):
            raise ValueError(
                "Sequential.fit: expected validation_split from 0 to below 1. "
                f"Received: validation_split={validation_split!r}."
            )
        if validation_data is None and validation_split:
            kept = int(np.floor(len(x) * (1 - validation_split)))
            if not 0 < kept < len(x):
                raise ValueError(
                    "Sequential.fit: expected at least one case for training and one for "
                    f"validation. Received validation_split={validation_split} of {len(x)} cases."
                )
            validation_data = x[kept:], y[kept:]
            x, y = x[:kept], y[:kept]
        history = History()
        for epoch in range(epochs):
            order = self._rng.permutation(len(x)) if shuffle else np.arange(len(x))
            batches = [order[i : i + batch_size] for i in range(0, len(x), batch_size)]
            results = [self.train_on_batch(x[rows], y[rows]) for rows in batches]
            sizes = [len(rows) for rows in batches]
            values = {
                name: float(np.average([result[name] for result in results], weights=sizes))
                for name in results[0]
            }
            if validation_data is not None:
                validation = self._evaluate(*_cases("fit", *validation_data), batch_size)
                values |= {f"val_{name}": value for name, value in validation.items()}
            history.epoch.append(epoch)
            for name, value in values.items():
                history.history.setdefault(name, []).append(value)
            if verbose:
                shown = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
                print(f"Epoch {epoch + 1}/{epochs}: {shown}")
        return history

    def predict(self, x: np.ndarray, batch_size: int | None = None) -> np.ndarray:
        """The outputs for all cases, computed in batches.

        Args:
            x: the inputs.
            batch_size: how many cases at a time; 32 if not given.

        Returns:
            One row of outputs for each case.

        Raises:
            ValueError: if the inputs have another shape than expected, or there are none.
        """
        (x,) = _cases("predict", x)
        size = _batch_size("predict", batch_size)
        return np.concatenate([self.forward(x[i : i + size]) for i in range(0, len(x), size)])

    def evaluate(
        self, x: np.ndarray, y: np.ndarray, batch_size: int | None = None
    ) -> float | list[float]:
        """The loss and the metrics, with the weights as they are.

        Args:
            x: the inputs.
            y: the true answers.
            batch_size: how many cases at a time; 32 if not given.

        Returns:
            The loss; with metrics, a list of the loss and each metric.

        Raises:
            RuntimeError: if the network is not compiled.
            ValueError: if shapes do not match.
        """
        self._need_loss()
        values = self._evaluate(*_cases("evaluate", x, y), _batch_size("evaluate", batch_size))
        return list(values.values()) if len(values) > 1 else values["loss"]

    def _evaluate(self, x, y, batch_size):
        results, sizes = [], []
        for i in range(0, len(x), batch_size):
            y_batch = y[i : i + batch_size]
            y_pred = self.forward(x[i : i + batch_size])
            loss, found, _ = self._loss_at_the_end()
            results.append({"loss": float(loss(y_batch, found))} | self._measure(y_batch, y_pred))
            sizes.append(len(y_batch))
        return {
            name: float(np.average([result[name] for result in results], weights=sizes))
            for name in results[0]
        }

    def _measure(self, y, y_pred):
        y = np.asarray(y)
        return {name: float(np.mean(METRICS[name](y, y_pred))) for name in self._metrics}

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights, layer by layer, in the order of Keras."""
        return [w for layer in self.layers for w in layer.get_weights()]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Put in other weights, for example those of a Keras model with the same layers.

        Args:
            weights: arrays of the shapes of `get_weights`, in its order.

        Raises:
            ValueError: if their number or a shape differs; the weights then stay as they are.
        """
        own = [w for layer in self.layers for w in layer.weights]
        expected, found = [w.shape for w in own], [np.shape(w) for w in weights]
        if expected != found:
            hint = "" if own else " Name the shape of the data first, with an Input."
            raise ValueError(
                f"Sequential.set_weights: expected weights of shapes {expected}. "
                f"Received shapes {found}.{hint}"
            )
        for mine, new in zip(own, weights, strict=True):
            mine[...] = new

    def count_params(self) -> int:
        """How many weights and biases there are."""
        return sum(layer.count_params() for layer in self.layers)

    def summary(self) -> None:
        """Print each layer, the shape of its outputs, and how many weights it has.

        Raises:
            ValueError: if the shape of the data is not known yet.
        """
        if not self.layers or not self.layers[-1].built:
            raise ValueError(
                "Sequential.summary: expected a network that knows the shape of its data. "
                "Name it with an Input, or call build() or fit() first."
            )
        print(f"{'Layer (type)':<34}{'Output shape':<22}{'Parameters':>10}")
        for layer in self.layers:
            kind = f"{layer.name} ({type(layer).__name__})"
            print(f"{kind:<34}{layer.output_shape!s:<22}{layer.count_params():>10,}")
        print(f"{'Total':<56}{self.count_params():>10,}")

    def _need_loss(self):
        if self._optimizer is None or self._loss is None:
            raise RuntimeError(
                "Sequential: expected a network that is compiled with a loss. "
                "Call compile(optimizer, loss) first."
            )


def _cases(where, x, *answers):
    """The inputs and the answers as arrays, with as many cases in each."""
    arrays = [np.asarray(array) for array in (x, *answers)]
    lengths = [len(array) if array.ndim else None for array in arrays]
    if not lengths[0] or len(set(lengths)) > 1:
        raise ValueError(
            f"Sequential.{where}: expected arrays with one entry for each case, as many in each, "
            f"and at least one. Received shapes {', '.join(str(array.shape) for array in arrays)}."
        )
    return arrays


def _batch_size(where, batch_size):
    if batch_size is None:
        return 32
    if isinstance(batch_size, bool) or not isinstance(batch_size, Integral) or batch_size < 1:
        raise ValueError(
            f"Sequential.{where}: expected batch_size to be a positive whole number. "
            f"Received: batch_size={batch_size!r}."
        )
    return int(batch_size)
