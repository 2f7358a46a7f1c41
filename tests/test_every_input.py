"""Every public function gives the right answer on odd input, or a clear error; never anything else.

An input is odd in its form (another type of numbers, a list, a data frame, read-only), or in its
value (no number, missing, negative, a text). Right is what the same values give as float64 arrays.
An error is clear if the docstring names its type, and if it says what was expected and received.
A warning, a changed input or any other error is a fault.
"""

import inspect
import io
import re
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from decimal import Decimal
from numbers import Integral, Real

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import examples, some
from hypothesis import given, settings
from hypothesis import strategies as st
from r_fixtures import DATASETS

from course import (
    activations,
    agreement,
    images,
    layers,
    losses,
    optimizers,
    plots,
    rbase,
    rrandom,
    sequential,
    tables,
)

OUTCOMES = Counter()  # told at the end of the run

# Odd forms of the same numbers -------------------------------------------------------------------

TYPES = [*(f"{u}int{bits}" for u in ("", "u") for bits in (8, 16, 32, 64))]
TYPES += ["bool", "float16", "float32", "float64", "longdouble", ">f4", ">i2"]


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


FORMS = {dtype: lambda x, dtype=dtype: x.astype(dtype) for dtype in TYPES} | {
    "object": lambda x: x.astype(object),
    "list": lambda x: x.tolist(),
    "whole list": lambda x: x.astype(int).tolist(),
    "read-only": read_only,
    "columns first": np.asfortranarray,
    "every other": lambda x: np.repeat(x, 2, axis=0)[::2],
    "nothing masked": lambda x: np.ma.array(x, mask=False),
    "data frame": lambda x: pd.DataFrame(x) if x.ndim == 2 else x,
    "nullable": lambda x: pd.DataFrame(x).convert_dtypes() if x.ndim == 2 else x.astype(">f8"),
    "series": lambda x: pd.Series(x, index=np.arange(5, 5 + len(x))) if x.ndim == 1 else x,
}

NO_NUMBERS = {
    "text": lambda x: np.full(x.shape, "a"),
    "texts of numbers": lambda x: x.astype(str),
    "one text": lambda x: np.array([*x.ravel()[:-1], "a"], dtype=object).reshape(x.shape),
    "missing": lambda x: np.array([*x.ravel()[:-1], None], dtype=object).reshape(x.shape),
    "NA": lambda x: np.array([*x.ravel()[:-1], pd.NA], dtype=object).reshape(x.shape),
    "complex": lambda x: x + 1j,
    "dates": lambda x: x.astype("M8[s]"),
    "spans": lambda x: x.astype("m8[s]"),
    "masked": lambda x: np.ma.array(x, mask=True),
    "decimals": lambda x: np.vectorize(Decimal, otypes=[object])(x),
    "uneven": lambda x: [[1, 2], [3]],
    "word": lambda x: "iris",
    "nothing": lambda x: None,
    "set": lambda x: {1, 2},
    "generator": lambda x: (one for one in [1, 2]),
    "bytes": lambda x: b"12",
    "function": lambda x: len,
}

# Odd values of settings --------------------------------------------------------------------------

ODD = [True, False, 0, 1, 2, 3, -1, 10**30, 0.0, 0.5, 1.0, 2.5, -0.5, float("nan"), float("inf")]
ODD += [1j, "", "3", "relu", b"3", None, [], [3], (3, 3), {3: 3}, {3}, object(), len]
ODD += [np.int64(2), np.uint8(3), np.float32(0.5), np.float64(1), np.bool_(True), np.array(3)]


def is_whole(value) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool | np.bool_)


def is_number(value) -> bool:
    return (
        isinstance(value, Real)
        and not isinstance(value, bool | np.bool_)
        and abs(value) < float("inf")
    )


def is_flag(value) -> bool:
    return isinstance(value, bool | np.bool_)


def count(value) -> bool:
    return is_whole(value) and 1 <= value < 100


def positive(value) -> bool:
    return is_number(value) and value > 0


def part(value) -> bool:
    return is_number(value) and 0 <= value <= 1


def below_1(value) -> bool:
    return is_number(value) and 0 <= value < 1


def seed(value) -> bool:
    return value is None or (is_whole(value) and value >= 0)


def amount(value) -> bool:
    return is_whole(value) and 0 <= value < 100


def not_negative(value) -> bool:
    return is_number(value) and value >= 0


def maybe(good):
    return lambda value: value is None or good(value)


def plain(value):
    """The same setting as Python's own number."""
    if is_flag(value):
        return bool(value)
    if is_whole(value):
        return int(value)
    return float(value) if is_number(value) else value


# What is called, and with what -------------------------------------------------------------------


def whole(*shape: int, least: int = -100, most: int = 100) -> Callable:
    """Draws whole numbers, which every type holds as they are (but for signs)."""
    return lambda rng: rng.integers(least, most + 1, size=shape).astype(float)


def one_hot_rows(rng):
    return np.eye(3)[rng.integers(3, size=4)]


@dataclass
class Call:
    """A function, and what it is called with.

    Attributes:
        run: calls it, with the arguments below.
        arguments: for numbers how to draw usual ones; for a setting a pair, the usual value and
            which values are good.
        documented: whose docstrings name the errors.
        by_kind: whether whole numbers and truth values have an answer of their own, as in R.
        any_label: whether anything may be a label.
    """

    name: str
    run: Callable
    arguments: dict
    documented: list
    by_kind: bool = False
    any_label: bool = False

    def __str__(self):
        """For pytest."""
        return self.name

    def draw(self, rng) -> dict:
        """The usual arguments, numbers at random."""
        return {name: how(rng) if callable(how) else how[0] for name, how in self.arguments.items()}

    def oddities(self) -> list[tuple]:
        """Every odd form, wrong content or odd value, for each argument: what to put instead."""
        return [
            (name, kind, key)
            for name, how in self.arguments.items()
            for kind, keys in (
                [("form", FORMS), ("wrong", NO_NUMBERS), ("special", ["nan", "inf"])]
                if callable(how)
                else [("setting", range(len(ODD)))]
            )
            for key in keys
        ]


CALLS: list[Call] = []


def call(name: str, documented, by_kind=False, any_label=False, **arguments):
    """Puts a function into the list of what is called."""
    documented = documented if isinstance(documented, list) else [documented]

    def note(run):
        CALLS.append(Call(name, run, arguments, documented, by_kind, any_label))
        return run

    return note


for _name, _function in activations.ACTIVATIONS.items():
    call(f"activations.{_name}", [activations, getattr(activations, _name)], z=whole(2, 3))(
        _function.forward
    )
call(
    *("activations.leaky_relu with a slope", [activations, activations.leaky_relu]),
    z=whole(4),
    negative_slope=(0.2, is_number),
)(activations.leaky_relu)


def is_activation(value) -> bool:
    return value is None or (isinstance(value, str) and value in activations.ACTIVATIONS)


@call("activations.get", activations.get, identifier=("relu", is_activation))
def _(identifier):
    return activations.get(identifier).name


CROSSENTROPY = {"y_true": one_hot_rows, "y_pred": whole(4, 3, least=1)}
for _loss, _answers in [
    (losses.MeanSquaredError, {"y_true": whole(4, 3), "y_pred": whole(4, 3)}),
    (losses.CategoricalCrossentropy, CROSSENTROPY),
]:
    call(f"losses.{_loss.__name__}()", losses.Loss.__call__, **_answers)(_loss())
    call(f"losses.{_loss.__name__}.gradient", losses.Loss.gradient, **_answers)(_loss().gradient)
    call(f"losses.{_loss.__name__}.checked", _loss.checked, **_answers)(_loss().checked)


@call("losses.CategoricalCrossentropy", losses.Loss, from_logits=(False, is_flag))
def _(from_logits):
    return losses.CategoricalCrossentropy(from_logits).from_logits


for _name in ("accuracy", "mae", "mse"):
    call(f"metrics.{_name}", losses.matching, y_true=whole(4, 1), y_pred=whole(4, 1))(
        sequential.METRICS[_name]
    )

for _optimizer, _options in [
    (optimizers.SGD, {"momentum": (0.5, part), "nesterov": (False, is_flag)}),
    (
        optimizers.RMSprop,
        {"rho": (0.9, part), "momentum": (0.0, part), "epsilon": (1e-7, positive)}
        | {"centered": (False, is_flag)},
    ),
    (
        optimizers.Adam,
        {"beta_1": (0.9, below_1), "beta_2": (0.9, below_1), "epsilon": (1e-7, positive)}
        | {"amsgrad": (False, is_flag)},
    ),
]:

    @call(
        f"optimizers.{_optimizer.__name__}",
        [_optimizer, optimizers.Optimizer.apply],
        learning_rate=(0.1, positive),
        g=whole(3),
        **_options,
    )
    def _(g, optimizer=_optimizer, **options):
        w = np.ones(3)
        optimizer(**options).apply([g], [w])
        return w


def there_and_back(layer, x, dy):
    y = layer.forward(x)
    return y, layer.backward(dy), layer.get_gradients()


LAYER = [layers.Layer.forward, layers.Layer.backward]
for _make, _x, _dy in [
    (lambda: layers.Dense(2, "tanh"), (3, 4), (3, 2)),
    (lambda: layers.Conv2D(2, 2, activation="relu"), (2, 4, 4, 1), (2, 3, 3, 2)),
    (layers.MaxPooling2D, (2, 4, 4, 1), (2, 2, 2, 1)),
    (lambda: layers.AveragePooling2D(3, padding="same"), (2, 4, 4, 1), (2, 2, 2, 1)),
    (layers.Flatten, (2, 4, 3), (2, 12)),
    (lambda: layers.Dropout(0.5, seed=1), (3, 4), (3, 4)),
    (lambda: layers.Activation("gelu"), (3, 4), (3, 4)),
    (layers.LayerNormalization, (3, 4), (3, 4)),
]:

    @call(f"layers.{type(_make()).__name__}, there and back", LAYER, x=whole(*_x), dy=whole(*_dy))
    def _(x, dy, make=_make, shape=_x):
        layer = make()
        layer.build(shape, "float64", seed=0)
        return there_and_back(layer, x, dy)


@call("layers.Dense in its own type", LAYER, x=whole(3, 4), training=(False, is_flag))
def _(x, training):
    layer = layers.Dense(2)
    layer.build((3, 4), seed=0)
    return layer.forward(x, training)


@call("layers.Embedding", LAYER, dy=whole(2, 3, 2))
def _(dy):
    layer = layers.Embedding(5, 2)
    layer.build((None, 3), seed=0)
    return there_and_back(layer, np.array([[0, 1, 1], [4, 0, 2]]), dy)


@call("layers.Add", LAYER, x1=whole(3, 4), x2=whole(3, 4), dy=whole(3, 4))
def _(x1, x2, dy):
    layer = layers.Add()
    layer.build([(3, 4)] * 2, "float64")
    return there_and_back(layer, [x1, x2], dy)


@call(
    *("layers.MultiHeadAttention", [layers.MultiHeadAttention.forward, *LAYER]),
    query=whole(2, 3, 4, most=9, least=-9),
    value=whole(2, 5, 4, most=9, least=-9),
    use_causal_mask=(False, is_flag),
)
def _(query, value, use_causal_mask):
    layer = layers.MultiHeadAttention(2, 3)
    layer.build([(2, 3, 4), (2, 5, 4)], "float64", seed=0)
    y = layer.forward(query, value, use_causal_mask=use_causal_mask)
    return y, layer.backward(y)


def size(value) -> bool:
    """One whole number, or two."""
    values = value if isinstance(value, tuple) and len(value) == 2 else (value, value)
    return all(map(count, values))


BIAS = {"use_bias": (True, is_flag)}
for _layer, _shape, _options in [
    (layers.Dense, (None, 4), {"units": (3, count), "activation": (None, is_activation)} | BIAS),
    (
        layers.Conv2D,
        (None, 99, 99, 1),
        {"filters": (3, count), "kernel_size": (2, size), "strides": ((1, 1), maybe(size))} | BIAS,
    ),
    (
        *(layers.MaxPooling2D, (None, 99, 99, 1)),
        {"pool_size": (2, size), "strides": (None, maybe(size))},
    ),
    (
        *(layers.AveragePooling2D, (None, 99, 99, 1)),
        {"pool_size": (2, size), "strides": (None, maybe(size))},
    ),
    (layers.Dropout, (None, 4), {"rate": (0.5, below_1), "seed": (1, seed)}),
    (layers.Activation, (None, 4), {"activation": ("tanh", is_activation)}),
    (layers.Embedding, (None, 4), {"input_dim": (5, count), "output_dim": (2, count)}),
    (
        *(layers.LayerNormalization, (None, 4)),
        {"epsilon": (0.1, positive), "center": (True, is_flag), "scale": (True, is_flag)},
    ),
    (
        *(layers.MultiHeadAttention, [(None, 3, 4)] * 2),
        {"num_heads": (2, count), "key_dim": (3, count), "value_dim": (None, maybe(count))} | BIAS,
    ),
]:

    @call(f"layers.{_layer.__name__}", _layer, **_options)
    def _(layer=_layer, shape=_shape, **options):
        made = layer(**options)
        made.build(shape, "float64", seed=0)
        return made.get_weights(), made.output_shape


def is_shape(value) -> bool:
    return isinstance(value, tuple | list) and len(value) > 0 and all(map(count, value[1:]))


def is_case(value) -> bool:
    return isinstance(value, tuple | list) and all(map(count, value))


@call("layers.Input", layers.Input, shape=((4,), is_case))
def _(shape):
    return layers.Input(shape).shape


@call(
    *("layers.Layer.build", layers.Layer.build),
    input_shape=((None, 4), lambda v: is_shape(v) and len(v) > 1),
    dtype=("float64", lambda value: isinstance(value, str) and value in ("float32", "float64")),
    seed=(0, seed),
)
def _(input_shape, dtype, seed):
    layer = layers.Dense(2)
    layer.build(input_shape, dtype, 0 if seed is None else seed)
    return layer.get_weights()


@call("layers.Layer.set_weights", layers.Layer.set_weights, kernel=whole(4, 2), bias=whole(2))
def _(kernel, bias):
    layer = layers.Dense(2)
    layer.build((None, 4), "float64")
    layer.set_weights([kernel, bias])
    return layer.get_weights()


def network() -> sequential.Sequential:
    model = sequential.Sequential(
        [layers.Input((4,)), layers.Dense(3, "tanh"), layers.Dense(2)], dtype="float64", seed=0
    )
    model.compile(optimizers.SGD(1e-6), "mse", ["mae", "accuracy"])
    return model


def of_network(method: str, **arguments):
    @call(f"Sequential.{method}", getattr(sequential.Sequential, method), **arguments)
    def _(**arguments):
        model = network()
        returned = getattr(model, method)(**arguments)
        return getattr(returned, "history", returned), model.get_weights()


X, Y = whole(6, 4), whole(6, 2)
of_network("predict", x=X, batch_size=(None, maybe(count)))
of_network("evaluate", x=X, y=Y, batch_size=(None, maybe(count)))
of_network("train_on_batch", x=X, y=Y)
of_network("forward", x=X, training=(False, is_flag))
of_network("gradients", x=X, y=Y, training=(False, is_flag))
of_network(
    "fit",
    x=X,
    y=Y,
    batch_size=(4, maybe(count)),
    epochs=(2, count),
    verbose=(0, lambda value: True),
    validation_split=(0.0, lambda value: is_number(value) and (value == 0 or 0.1 < value < 0.9)),
    shuffle=(True, is_flag),
)


@call("Sequential.fit, validation_data", sequential.Sequential.fit, x=X, y=Y)
def _(x, y):
    return (
        network().fit(np.ones((3, 4)), np.ones((3, 2)), validation_data=(x, y), verbose=0).history
    )


@call(
    *("Sequential.compile", sequential.Sequential.compile),
    optimizer=("sgd", lambda value: isinstance(value, str) and value in optimizers.OPTIMIZERS),
    loss=("mse", lambda value: value is None),
    metrics=(["mae"], lambda value: value is None or (isinstance(value, list) and not value)),
)
def _(**options):
    network().compile(**options)


@call(
    *("sequential.Sequential", sequential.Sequential),
    dtype=("float64", lambda value: isinstance(value, str) and value in ("float32", "float64")),
    seed=(0, seed),
    layers=([], lambda value: isinstance(value, list) and not value),
)
def _(dtype, seed, layers):
    model = sequential.Sequential(layers, dtype=dtype, seed=0 if seed is None else seed)
    return model.dtype


@call("agreement.compare", agreement.compare, a=whole(2, 3), b=whole(2, 3))
def _(a, b):
    return agreement.compare("w", a, b).max_abs


@call("agreement.bound", agreement.bound, difference=(0.1, lambda v: is_number(v) and v >= 0))
def _(difference):
    return agreement.bound(difference)


@call("agreement.central_difference", agreement.central_difference, step=(1e-6, positive))
def _(step):
    w = np.ones(2)
    return agreement.central_difference(lambda: float((w**2).sum()), w, step)


@call("RRandom", rrandom.RRandom, seed=(1, lambda v: is_whole(v) and abs(v) < 2**31))
def _(seed):
    return rrandom.RRandom(seed).runif(3)


for _draw, _options in [
    (
        "runif",
        {
            "min": (0, lambda v: is_number(v) and v <= 4),
            "max": (4, lambda v: is_number(v) and v >= 0),
        },
    ),
    ("rnorm", {"mean": (0, is_number), "sd": (1, lambda v: is_number(v) and v >= 0)}),
]:

    @call(f"RRandom.{_draw}", getattr(rrandom.RRandom, _draw), n=(3, amount), **_options)
    def _(draw=_draw, **options):
        return getattr(rrandom.RRandom(1), draw)(**options)


@call("RRandom.sample", rrandom.RRandom.sample, size=(3, maybe(lambda v: amount(v) and v <= 9)))
def _(size):
    return rrandom.RRandom(1).sample(9, size)


@call(
    "images.photo_digits",
    images.photo_digits,
    seed=(1, seed),
    n_train=(2, count),
    n_test=(2, count),
)
def _(seed, n_train, n_test):
    return images.photo_digits(1 if seed is None else seed, n_train, n_test)


# In R, whole numbers and truth values print in ways of their own.
@call("rbase.r_print of a matrix", rbase.r_print, by_kind=True, x=whole(2, 3))
def _(x):
    rbase.r_print(x, rows=["a", "b"], columns=["c", "d", "e"])


call("rbase.r_print of a vector", rbase.r_print, by_kind=True, x=whole(4))(rbase.r_print)
call("rbase.r_str of a matrix", rbase.r_str, by_kind=True, x=whole(2, 3))(rbase.r_str)
call("rbase.r_str of a vector", rbase.r_str, by_kind=True, x=whole(4))(rbase.r_str)
call("rbase.scale", rbase.scale, x=whole(4, 2))(rbase.scale)
call("rbase.scale of a column", rbase.scale, x=whole(4))(rbase.scale)
call("rbase.max_col", rbase.max_col, m=whole(4, 3))(rbase.max_col)
for _name, _argument in [("factor", "x"), ("one_hot", "labels")]:
    call(f"rbase.{_name}", getattr(rbase, _name), any_label=True, **{_argument: whole(5)})(
        getattr(rbase, _name)
    )
call("rbase.table", rbase.table, any_label=True, A=whole(5), B=whole(5))(rbase.table)


def drawn(figure) -> list:
    """The numbers in a figure."""
    plt.close(figure)
    axes = figure.axes
    lines = [np.asarray(line.get_xydata(), float) for ax in axes for line in ax.lines]
    return lines + [np.asarray(image.get_array(), float) for ax in axes for image in ax.images]


@call("plots.plot_history", plots.plot_history, loss=whole(3))
def _(loss):
    return drawn(plots.plot_history({"loss": loss}, "Title"))


@call("plots.plot_predicted", plots.plot_predicted, actual=whole(3), predicted=whole(3))
def _(actual, predicted):
    return drawn(plots.plot_predicted(actual, predicted, "Title"))


@call("plots.plot_confusion_matrix", plots.plot_confusion_matrix, counts=whole(2, 2, least=0))
def _(counts):
    is_frame = isinstance(counts, np.ndarray) and counts.ndim == 2
    counts = pd.DataFrame(counts) if is_frame else counts
    return drawn(plots.plot_confusion_matrix(counts, "Title"))


@call("plots.plot_images", plots.plot_images, images=whole(2, 4, 4, least=0), columns=(2, count))
def _(images, columns):
    return drawn(plots.plot_images(images, ["", ""], "Title", columns))


@call(
    *("tables.read_table", tables.read_table),
    path=(DATASETS / "iris.csv", lambda value: False),
    target=("Species", lambda value: False),
    sep=(",", lambda value: False),
    dec=(".", lambda value: False),
    leave_out=("Sepal.Width", lambda value: isinstance(value, list) and not value),
    classes=(None, maybe(is_flag)),
)
def _(path, target, **options):
    x, y = tables.read_table(path, target, **options)
    return x.to_numpy(), y.cat.codes.to_numpy()


@call("plots.plot_network", plots.plot_network, size=(3, count))
def _(size):
    return drawn(plots.plot_network([2, size], ["in", "out"], "Title"))


def written(figure) -> list[str]:
    """The texts in a drawing, and how large it is."""
    plt.close(figure)
    size = [f"{inches:.3f}" for inches in figure.get_size_inches()]
    return size + [text.get_text() for text in figure.findobj(plt.Text)]


def on_the_page(value) -> bool:
    return is_number(value) and abs(value) <= 20


@call("plots.plot_flow", plots.plot_flow, column=(1, on_the_page))
def _(column):
    boxes = {"a": (0, 0, "A"), "b": (column, 1, "B")}
    return written(plots.plot_flow(boxes, [["a", (-5, column), "b"]], "Title"))


@call("plots.plot_volumes", plots.plot_volumes, side=(3, count))
def _(side):
    return written(plots.plot_volumes([(side, 2, 1), (side,)], ["A", "B"], "Title"))


@call("plots.plot_grids", plots.plot_grids, grid=whole(2, 3), columns=(2, count))
def _(grid, columns):
    return written(plots.plot_grids({"A": grid}, "Title", columns=columns))


@call("plots.plot_grids, frames", plots.plot_grids, row=(1, lambda v: is_whole(v) and 0 <= v < 3))
def _(row):
    return written(plots.plot_grids({"A": np.eye(3)}, "Title", frames={"A": {"1": (row, 2, 1)}}))


# What comes out ----------------------------------------------------------------------------------


def copied(value):
    """As it is now, to see later whether somebody changed it."""
    return value.copy() if hasattr(value, "copy") else value


def same(found, expected) -> bool:
    """Whether two answers are equal: numbers to rounding in single precision."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(same(found[k], expected[k]) for k in found)
    if isinstance(expected, list | tuple):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, pd.DataFrame):
        labels = [list(found.index) == list(expected.index), *(found.columns == expected.columns)]
        return all(labels) and same(found.to_numpy(), expected.to_numpy())
    if isinstance(expected, pd.Categorical):
        return list(found) == list(expected) and same(found.codes, expected.codes)
    if isinstance(expected, np.ndarray | Real) and not isinstance(expected, bool):
        found, expected = np.asarray(found), np.asarray(expected)
        if found.shape != expected.shape or found.dtype.kind in "OUSmMc":
            return False
        return np.allclose(found, expected, rtol=1e-5, atol=1e-5, equal_nan=True)
    return type(found) is type(expected) and bool(found == expected)


def answer(call: Call, arguments: dict):
    """What the function returns and prints, or its error."""
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            returned = call.run(**arguments)
    except Exception as error:  # which of them is all right is judged later
        return error
    return [returned, printed.getvalue()]


def usual(call: Call, value, kind: str, key):
    """What the odd argument stands for: the same values as float64, or a plain setting."""
    if kind == "setting":
        return plain(value)
    values = np.asarray(value)
    if call.by_kind and values.dtype.kind in "bui":
        return values.astype({"b": bool}.get(values.dtype.kind, int))
    return values.astype(float)


def judge(call: Call, arguments: dict, oddities: list[tuple]) -> str:
    """Whether odd arguments lead to the right answer or to a clear error; all else fails."""
    plainly, answers_allowed, must_be_right = dict(arguments), True, True
    for name, kind, key in oddities:
        base = arguments[name]
        if kind == "form":
            if key in ("uint8", "uint16", "uint32", "uint64"):
                base = np.abs(base)
            if key == "bool":
                base = (base > 0).astype(float)
            arguments[name] = FORMS[key](base)
        elif kind == "wrong":
            arguments[name] = NO_NUMBERS[key](base)
            answers_allowed, must_be_right = answers_allowed and call.any_label, False
            continue
        elif kind == "special":
            base = base.copy()
            base.flat[-1] = float(key)
            arguments[name] = base.tolist()
        else:
            arguments[name] = ODD[key]
            if not call.arguments[name][1](ODD[key]):
                answers_allowed, must_be_right = False, False
                continue
        plainly[name] = usual(call, arguments[name], kind, key)
    before = {name: copied(value) for name, value in arguments.items()}
    found = answer(call, arguments)
    told = f"{call.name}({', '.join(f'{n}={v!r:.90}' for n, v in before.items())}): {found!r:.300}"
    for name, value in arguments.items():
        unchanged = repr(value) == repr(before[name]) or value is before[name]
        assert unchanged, f"{name} was changed. {told}"
    if isinstance(found, Exception):
        documents = " ".join(inspect.getdoc(one) or "" for one in call.documented)
        assert type(found).__name__ in documents, f"Not documented. {told}"
        assert re.search(r"xpect|cannot|can be", str(found)), f"What was expected? {told}"
        assert re.search(r"eceived|Found|is constant|which is in", str(found)), f"What came? {told}"
        return "clear errors"
    assert answers_allowed, f"Accepted. {told}"
    if must_be_right:
        expected = answer(call, plainly)
        assert same(found, expected), f"Expected {expected!r:.300}. {told}"
        return "right answers"
    return "answers to labels of any kind"


@pytest.mark.rest
@pytest.mark.parametrize("call", CALLS, ids=str)
def test_one_odd_argument(call):
    """Without ``--all`` some; others for the next function."""
    for number, oddity in some(list(enumerate(call.oddities())), first=CALLS.index(call)):
        arguments = call.draw(np.random.default_rng(number))
        OUTCOMES[judge(call, arguments, [oddity])] += 1


@pytest.mark.parametrize("call", [c for c in CALLS if len(c.arguments) > 1], ids=str)
@settings(max_examples=examples(150), deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_two_odd_arguments(call, data):
    oddities = st.sampled_from(call.oddities())
    chosen = data.draw(st.lists(oddities, min_size=2, max_size=2, unique_by=lambda o: o[0]))
    arguments = call.draw(np.random.default_rng(data.draw(st.integers(0, 10**6))))
    OUTCOMES[judge(call, arguments, chosen)] += 1


# Classes whose methods are called, and what has tests of its own: files, figures, messages.
ELSEWHERE = {
    *("activations.ACTIVATIONS", "activations.ActivationFunction", "losses.Loss", "losses.get"),
    *("optimizers.Optimizer", "optimizers.get", "sequential.METRICS"),
    *("layers.BaseLayer", "layers.Layer", "layers.SeveralInputs"),
    *("sequential.History", "agreement.TOLERANCES", "agreement.CENTRAL_DIFFERENCE_TOLERANCE"),
    *("agreement.Comparison", "agreement.assert_agree", "agreement.compare_all"),
    *("agreement.keras_precision", "agreement.print_comparisons", "plots.plot_comparisons"),
    *("images.find_images", "images.load_images"),
}


@pytest.mark.parametrize(
    "module",
    [
        *[activations, agreement, images, layers, losses, optimizers, plots, rbase, rrandom],
        *[sequential, tables],
    ],
)
def test_every_public_name_is_called(module):
    called = " ".join(call.name for call in CALLS)
    for name in module.__all__:
        if f"{module.__name__.removeprefix('course.')}.{name}" not in ELSEWHERE:
            assert re.search(rf"\b{name}\b", called), name
