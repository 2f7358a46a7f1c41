"""A network of layers one after the other, by hand, used as Keras' ``Sequential``.

::

    model = Sequential([Input((4,)), Dense(5, activation="relu"), Dense(3, activation="softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, y_train, batch_size=16, epochs=50)
    probabilities = model.predict(x_test)

Forward, loss, backward, update: the four steps stand in `Sequential.train_on_batch`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from course import losses, optimizers
from course.inputs import (
    Seed,
    Shape,
    finite,
    float_type,
    number,
    random_generator,
    real_numbers,
    shape_of,
    truth_value,
    whole_number,
)
from course.layers import Input, Layer, SeveralInputs
from course.layers.base import replace_weights
from course.losses import UNITS, CategoricalCrossentropy, Loss, MeanSquaredError, matching
from course.optimizers import Optimizer

__all__ = ["METRICS", "History", "Sequential"]


def accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """For each case 1 if the prediction is right, else 0.

    With several columns, the largest prediction has to stand where the largest answer stands. With
    one column, the prediction is 1 above one half, else 0, and the answers are 0 or 1.
    """
    y_true, y_pred = matching(y_true, y_pred, "accuracy", UNITS)
    if y_pred.shape[-1] == 1:
        # Keras compares with the answers as they are: with those of a regression, hardly any agree.
        return ((y_pred > 0.5) == y_true).mean(axis=-1)
    return y_true.argmax(axis=-1) == y_pred.argmax(axis=-1)


def mean_absolute_error(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """The mean of the absolute errors of each case."""
    y_true, y_pred = matching(y_true, y_pred, "mean_absolute_error", UNITS)
    return np.abs(y_pred - y_true).mean(axis=-1)


def mean_squared_error(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """The mean of the squared errors of each case."""
    return MeanSquaredError().each(*matching(y_true, y_pred, "mean_squared_error", UNITS))


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
            shape is learnt from the first data. Layers of another network keep their weights:
            both networks then have them, and train them.
        dtype: ``"float32"``, as in Keras, or ``"float64"``.
        seed: for initial weights, shuffling and dropout: a whole number, or a NumPy random
            generator.

    Attributes:
        layers: the layers, without the `course.layers.Input`.

    Raises:
        TypeError: if this is no list, or an entry is no layer, or one with several inputs.
        ValueError: if two entries are the same layer, or a layer cannot take the outputs of the
            one before.

    Source: ``keras.Sequential``; in R ``keras_model_sequential``.
    """

    def __init__(
        self, layers: Sequence[Layer | Input] = (), *, dtype: str = "float32", seed: Seed = None
    ):
        self.dtype = float_type(dtype, "Sequential")
        self.layers: list[Layer] = []
        self._input_shape: Shape | None = None
        self._rng = random_generator(seed, "Sequential")
        self._optimizer: Optimizer | None = None
        self._loss: Loss | None = None
        if not isinstance(layers, tuple | list):
            raise TypeError(
                f"Sequential: expected a list of layers. Received: {layers!r:.60}. "
                "Write Sequential([Input((4,)), Dense(3)])."
            )
        for layer in layers:
            self.add(layer)

    def add(self, layer: Layer | Input) -> None:
        """Put a layer at the end.

        Raises:
            TypeError: if it is no layer, or one with several inputs.
            ValueError: if it is in the network already, or cannot take the outputs before it.
        """
        if isinstance(layer, Input) and not self.layers and self._input_shape is None:
            self._input_shape = layer.shape
            return
        if isinstance(layer, SeveralInputs):
            raise TypeError(
                f"Sequential: expected layers with one input. Received {type(layer).__name__}, "
                "which takes several. A Sequential passes one array on; call this layer yourself."
            )
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
        taken, count = {other.name for other in self.layers}, 0
        while layer.name in taken:
            count += 1
            layer.name = f"{layer.kind()}_{count}"  # dense, dense_1, dense_2, as in Keras
        shape = self.layers[-1].output_shape if self.built else self._input_shape
        if layer.built and not self.layers and shape is None:
            shape = layer.input_shape
        if shape is not None:
            self._build_layer(layer, shape)
            self._input_shape = self._input_shape or shape
        self.layers.append(layer)

    @property
    def built(self) -> bool:
        """Whether the shape of the data is known and all weights exist."""
        return bool(self.layers) and all(layer.built for layer in self.layers)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Build all layers for inputs of a shape; the first entry, the number of cases, is ignored.

        Layers that are built keep their weights.

        Raises:
            ValueError: if there are no layers, or one cannot take the outputs of the one before.
        """
        if not self.layers:
            raise ValueError("Sequential: expected at least one layer. Received none. Use add().")
        shape = shape_of(input_shape, "Sequential.build", "input_shape", cases=True)
        for layer in self.layers:
            self._build_layer(layer, shape)
            self._input_shape = self._input_shape or shape
            shape = layer.output_shape

    def _build_layer(self, layer: Layer, shape: Shape) -> None:
        """Build it; or, if it has weights already, see that it fits here, and leave it alone."""
        if not layer.built:
            layer.build(shape, self.dtype.name, self._rng)
        elif layer.input_shape != shape:
            raise ValueError(
                f"Sequential: expected a layer for inputs of shape {shape}. Received "
                f"{layer.name}, which is built for shape {layer.input_shape}. Make a new one."
            )
        elif layer.dtype != self.dtype:
            raise ValueError(
                f"Sequential: expected layers of its own type, {self.dtype}. Received "
                f"{layer.name}, which is built in {layer.dtype}. Choose dtype='{layer.dtype}'."
            )

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
        metrics = () if metrics is None else metrics
        if not isinstance(metrics, tuple | list) or any(name not in METRICS for name in metrics):
            raise ValueError(
                f"Sequential.compile: expected a list of metrics, of {', '.join(METRICS)}. "
                f"Received: metrics={metrics!r}. For one of them write metrics=['accuracy']."
            )
        self._optimizer, self._loss, self._metrics = optimizer, loss, list(metrics)

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """The outputs of the last layer for all cases at once.

        Args:
            x: the inputs.
            training: whether layers such as dropout do what they do in training.

        Returns:
            The outputs.

        Raises:
            TypeError: if the inputs do not hold real numbers.
            ValueError: if they have another shape than expected, or a number is not finite.
        """
        training = truth_value(training, "Sequential.forward", "training")
        x = real_numbers(x, "Sequential.forward", "x").copy()
        finite(x, "Sequential.forward", "x")
        return self._through(x, training).copy()

    def _through(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """The same with arrays of our own, which nobody changes: no copies."""
        if not self.built:
            self.build(x.shape)
        for layer in self.layers:
            x = layer._through(layer._checked_inputs(x), training)
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
            TypeError: if ``x`` or ``y`` does not hold real numbers.
            ValueError: if shapes do not match, or a number is not finite.
        """
        self._compiled()
        training = truth_value(training, "Sequential.gradients", "training")
        x, y = self._cases("gradients", x, y)
        self._through(x, training)
        self._backward(y)
        return [g for layer in self.layers for g in layer.get_gradients()]

    def _backward(self, y: np.ndarray) -> float:
        """From the loss back to the first layer; returns the loss."""
        loss, found, backward = self._loss_at_the_end()
        dy = backward(loss.gradient(y, found))
        for layer in reversed(self.layers[:-1]):
            dy = layer._back(dy)
        return loss(y, found)

    def _loss_at_the_end(
        self,
    ) -> tuple[Loss, np.ndarray, Callable[[np.ndarray], np.ndarray]]:
        """The loss, what it takes of the last layer, and that layer's way back from there."""
        (_, loss), last = self._compiled(), self.layers[-1]
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
            FloatingPointError: if the training has diverged: the loss or a gradient is no finite
                number, and the weights stay as they are; or the step has made a weight infinite.
            RuntimeError: if there is no loss yet.
            TypeError: if ``x`` or ``y`` does not hold real numbers.
            ValueError: if shapes do not match, or a number is not finite.
        """
        self._compiled()
        x, y = self._cases("train_on_batch", x, y)
        return self._train(x, y, "In this step")

    def _train(self, x: np.ndarray, y: np.ndarray, when: str) -> dict[str, float]:
        optimizer, _ = self._compiled()
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # told as an error
            y_pred = self._through(x, training=True)
            loss = float(self._backward(y)) if np.isfinite(y_pred).all() else np.nan
            if not np.isfinite(loss):
                raise self._diverged(f"{when} the loss is {loss}")
            measured = self._measure(y, y_pred)  # before the update, as the loss
            gradients = [g for layer in self.layers for g in layer.get_gradients()]
            weights = [w for layer in self.layers for w in layer.weights]
            if not all(np.isfinite(g).all() for g in gradients):
                raise self._diverged(f"{when} the loss is {loss:.4g}, and a gradient is infinite")
            optimizer.apply(gradients, weights)
        if not all(np.isfinite(w).all() for w in weights):
            raise self._diverged(f"{when} the loss is {loss:.4g}, and a weight became infinite")
        return {"loss": loss} | measured

    def _diverged(self, what: str) -> FloatingPointError:
        rate = self._compiled()[0].learning_rate
        return FloatingPointError(
            f"Sequential: the training has diverged. {what}. Expected finite numbers. Make the "
            f"network anew and try a smaller learning rate, {rate / 10:.2g} instead of {rate:.2g}; "
            "and see that the inputs are scaled."
        )

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
            shuffle: whether each epoch takes the cases in a new random order. (In Keras, once a
                seed is set, TensorFlow draws the same order again in every epoch.)

        Returns:
            The history. As in Keras, the training loss of an epoch is the mean over its batches
            while the weights changed; the validation loss is taken after the epoch.

        Raises:
            FloatingPointError: if the training diverges: the loss or a weight is no finite number.
            RuntimeError: if the network is not compiled.
            TypeError: if the data do not hold real numbers.
            ValueError: if a setting or a shape does not fit, or a number is not finite. What is
                wrong with the data, also with those for validation, is found before the training.
        """
        self._compiled()
        batch_size = _batch_size("fit", batch_size)
        epochs = whole_number(epochs, "Sequential.fit", "epochs")
        shuffle = truth_value(shuffle, "Sequential.fit", "shuffle")
        part = number(
            *(validation_split, "Sequential.fit", "validation_split", "from 0 to below 1"),
            lambda v: 0 <= v < 1,
        )
        x, y = self._fitting_cases("fit", x, y)
        if validation_data is not None:
            if not isinstance(validation_data, tuple | list) or len(validation_data) != 2:
                found = f"{type(validation_data).__name__} of {np.size(validation_data)}"
                if isinstance(validation_data, tuple | list):
                    found = f"{len(validation_data)} arrays"
                raise ValueError(
                    "Sequential.fit: expected validation_data to be a pair, inputs and answers. "
                    f"Received {found}. Weights for cases are left out here."
                )
            validation_data = self._fitting_cases("fit, validation_data", *validation_data)
        elif part:
            kept = int(np.floor(len(x) * (1 - part)))  # as Keras: the last cases, unshuffled
            if not 0 < kept < len(x):
                raise ValueError(
                    "Sequential.fit: expected at least one case for training and one for "
                    f"validation. Received validation_split={part} of {len(x)} cases."
                )
            validation_data = x[kept:], y[kept:]
            x, y = x[:kept], y[:kept]
        history = History()
        for epoch in range(epochs):
            order = self._rng.permutation(len(x)) if shuffle else np.arange(len(x))
            batches = [order[i : i + batch_size] for i in range(0, len(x), batch_size)]
            when = f"In epoch {epoch + 1} of {epochs}"
            results = [self._train(x[rows], y[rows], when) for rows in batches]
            sizes = [len(rows) for rows in batches]  # the last may be smaller
            values = {
                name: float(np.average([result[name] for result in results], weights=sizes))
                for name in results[0]
            }
            if validation_data is not None:
                validation = self._evaluate(*validation_data, batch_size)
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
            TypeError: if the inputs do not hold real numbers.
            ValueError: if they have another shape than expected, there are none, or a number is
                not finite.
        """
        (x,) = self._cases("predict", x)
        size = _batch_size("predict", batch_size)
        return np.concatenate([self._through(x[i : i + size]) for i in range(0, len(x), size)])

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
            TypeError: if the data do not hold real numbers.
            ValueError: if shapes do not match, or a number is not finite.
        """
        self._compiled()
        x, y = self._cases("evaluate", x, y)
        values = self._evaluate(x, y, _batch_size("evaluate", batch_size))
        return list(values.values()) if len(values) > 1 else values["loss"]

    def _evaluate(self, x: np.ndarray, y: np.ndarray, batch_size: int) -> dict[str, float]:
        results, sizes = [], []
        for i in range(0, len(x), batch_size):
            y_batch = y[i : i + batch_size]
            y_pred = self._through(x[i : i + batch_size])
            loss, found, _ = self._loss_at_the_end()
            results.append({"loss": float(loss(y_batch, found))} | self._measure(y_batch, y_pred))
            sizes.append(len(y_batch))
        return {
            name: float(np.average([result[name] for result in results], weights=sizes))
            for name in results[0]
        }

    def _measure(self, y: np.ndarray, y_pred: np.ndarray) -> dict[str, float]:
        return {name: float(np.mean(METRICS[name](y, y_pred))) for name in self._metrics}

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights, layer by layer, in the order of Keras."""
        return [w for layer in self.layers for w in layer.get_weights()]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Put in other weights, for example those of a Keras model with the same layers.

        Args:
            weights: arrays of the shapes of `get_weights`, in its order.

        Raises:
            TypeError: if one of them does not hold real numbers.
            ValueError: if their number or a shape differs, or the type of the network cannot hold
                a number. The weights then stay as they are.
        """
        own = [w for layer in self.layers for w in layer.weights]
        hint = "" if own else "Name the shape of the data first, with an Input."
        replace_weights(own, weights, "Sequential.set_weights", hint)

    def count_params(self) -> int:
        """How many weights and biases there are."""
        return sum(layer.count_params() for layer in self.layers)

    def summary(self) -> None:
        """Print each layer, the shape of its outputs, and how many weights it has.

        Raises:
            ValueError: if the shape of the data is not known yet.
        """
        if not self.built:
            raise ValueError(
                "Sequential.summary: expected a network that knows the shape of its data. "
                "Name it with an Input, or call build() or fit() first."
            )
        print(f"{'Layer (type)':<34}{'Output shape':<22}{'Parameters':>10}")
        for layer in self.layers:
            kind = f"{layer.name} ({type(layer).__name__})"
            print(f"{kind:<34}{layer.output_shape!s:<22}{layer.count_params():>10,}")
        print(f"{'Total':<56}{self.count_params():>10,}")

    def _cases(self, where: str, x: object, *answers: object) -> list[np.ndarray]:
        """The inputs, in the type of the network, and the answers, as arrays of as many cases."""
        where = f"Sequential.{where}"
        arrays = [
            real_numbers(array, where, name)
            for array, name in zip((x, *answers), ("x", "y"), strict=False)
        ]
        lengths = [len(array) if array.ndim else None for array in arrays]
        if not lengths[0] or len(set(lengths)) > 1:
            shapes = ", ".join(str(array.shape) for array in arrays)
            raise ValueError(
                f"{where}: expected arrays with one entry for each case, as many in each, and at "
                f"least one. Received shapes {shapes}."
            )
        for array, name in zip(arrays, ("x", "y"), strict=False):
            finite(array, where, name)
        if not self.built:
            self.build(arrays[0].shape)
        return [self.layers[0]._checked_inputs(arrays[0]), *arrays[1:]]

    def _fitting_cases(self, where: str, x: object, y: object) -> tuple[np.ndarray, np.ndarray]:
        """The same, if the loss can take all answers: before the first step of many."""
        x, y = self._cases(where, x, y)
        one = self._through(x[:1])  # has the shape of all outputs, in the time of one
        y, _ = self._compiled()[1].checked(y, np.broadcast_to(one, (len(x), *one.shape[1:])))
        return x, y

    def _compiled(self) -> tuple[Optimizer, Loss]:
        """The optimiser and the loss, without which nothing can be trained."""
        if self._optimizer is None or self._loss is None:
            raise RuntimeError(
                "Sequential: expected a network that is compiled with a loss. "
                "Call compile(optimizer, loss) first."
            )
        return self._optimizer, self._loss


def _batch_size(where: str, batch_size: int | None) -> int:
    return (
        32 if batch_size is None else whole_number(batch_size, f"Sequential.{where}", "batch_size")
    )
