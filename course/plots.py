"""The plots that R and its packages draw for free, and a drawing of a network.

All follow the style sheet beside this module: start with ``plt.style.use("course.lecture")``.
Each function draws on new axes and returns the figure; each title says what the figure shows. What
is given is never changed. Names of classes and metrics are drawn letter by letter. In the other
texts, between two signs ``$``, stands mathematics as matplotlib draws it.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from course.inputs import finite, floats, real_numbers, whole_number

__all__ = [
    "plot_confusion_matrix",
    "plot_history",
    "plot_images",
    "plot_network",
    "plot_predicted",
]

MANY_CLASSES = 5  # from here on a confusion matrix is drawn larger, with smaller numbers
WHITE_TEXT_FROM = 0.7  # where white and black text are equally clear on the colour map
ROUNDING = 1e-6  # so far below 0 or above 1 may rounding bring a pixel
AS_IT_IS = {"parse_math": False}  # for names, in which matplotlib would read $ as mathematics


def plot_history(history, title: str) -> Figure:
    """Draw how the loss and each metric change over the epochs, as R's ``plot(history)``.

    Args:
        history: what Keras' ``fit`` returns, or a mapping from names to lists of one number
            per epoch. A name that starts with ``val_`` is drawn beside the name it ends with;
            it may have fewer numbers if it ends with the last epoch.
        title: the title of the figure.

    Returns:
        The figure, with one panel for each name. A NaN or an infinity leaves a gap, and the panel
        says in how many epochs.

    Raises:
        TypeError: if ``history`` is neither, or holds something other than real numbers.
        ValueError: if it holds no numbers to draw, not one for each epoch, or numbers for
            validation from more epochs than for training.
    """
    values = getattr(history, "history", history)
    if not isinstance(values, Mapping):
        raise TypeError(
            "plot_history expects what fit() returns, or a mapping such as {'loss': [2, 1]}. "
            f"Received: {type(history).__name__}. Put a list into such a mapping."
        )
    curves = {str(name): _curve(str(name), numbers) for name, numbers in values.items()}
    names = [name for name in curves if not name.startswith("val_") and len(curves[name])]
    if not names:
        raise ValueError(
            "plot_history expects at least one list of numbers, such as 'loss'. "
            f"Received the names: {', '.join(curves) or 'none'}. Train for one epoch or more."
        )
    fig, axes = plt.subplots(len(names), 1, sharex=True, figsize=(6.4, 1 + 2.2 * len(names)))
    for ax, name in zip(np.atleast_1d(axes), names, strict=True):
        training, validation = curves[name], curves.get(f"val_{name}", np.empty(0))
        epochs = np.arange(1, len(training) + 1)
        if len(validation) > len(training):
            raise ValueError(
                "plot_history expects validation in no more epochs than training. Received "
                f"{len(validation)} numbers of 'val_{name}' for {len(training)} of {name!r}. "
                "Draw one history at a time."
            )
        ax.plot(epochs, training, label="training")
        if len(validation):
            ax.plot(epochs[-len(validation) :], validation, label="validation")
            ax.legend()
        gaps = np.sum(~np.isfinite(training)) + np.sum(~np.isfinite(validation))
        if gaps:
            ax.set_title(f"NaN or infinite, and not drawn: {gaps}", fontsize=10)
        ax.set_ylabel(name.replace("_", " "), **AS_IT_IS)
    ax.set_xlabel("epoch")
    fig.suptitle(title)
    return fig


def _curve(name: str, numbers) -> np.ndarray:
    """One real number for each epoch."""
    curve = floats(numbers, "plot_history", f"history[{name!r}]")
    if curve.ndim != 1:
        raise ValueError(
            f"plot_history expects one number for each epoch as history[{name!r}]. Received the "
            f"shape {curve.shape}. Put the numbers into a list."
        )
    return curve


def plot_confusion_matrix(counts: pd.DataFrame, title: str) -> Figure:
    """Draw a table of counts, darker where the count is larger.

    Args:
        counts: predicted (rows) by actual (columns) classes, as `course.rbase.table` gives it.
        title: the title of the figure.

    Returns:
        The figure.

    Raises:
        TypeError: if ``counts`` is not a data frame of numbers.
        ValueError: if it is empty, or holds something other than whole numbers of 0 or more.
    """
    if not isinstance(counts, pd.DataFrame):
        raise TypeError(
            "plot_confusion_matrix expects a table of counts. "
            f"Received: {type(counts).__name__}. Make one with course.rbase.table."
        )
    if counts.size == 0:
        raise ValueError(
            "plot_confusion_matrix expects at least one class. Received none. Predict first."
        )
    numbers = floats(counts, "plot_confusion_matrix", "counts")
    for count in numbers.flat:
        if count < 0 or not count.is_integer():
            raise ValueError(
                "plot_confusion_matrix expects counts, whole numbers of 0 or more. "
                f"Received {count:g}. Make a table of them with course.rbase.table."
            )
    rows, columns = ([str(name) for name in names] for names in counts.axes)
    many = max(numbers.shape) > MANY_CLASSES
    fig, ax = plt.subplots(figsize=(6.4, 5.6) if many else (4.6, 4))
    ax.imshow(numbers, vmin=0)
    ax.grid(False)
    ax.set_xticks(range(len(columns)), columns, rotation=60 if many else 0, **AS_IT_IS)
    ax.set_yticks(range(len(rows)), rows, **AS_IT_IS)
    ax.set_xlabel(counts.columns.name, **AS_IT_IS)
    ax.set_ylabel(counts.index.name, **AS_IT_IS)
    for (i, j), count in np.ndenumerate(numbers):
        colour = "white" if count > WHITE_TEXT_FROM * numbers.max() else "black"
        size = 9 if many else 13
        ax.text(j, i, f"{count:.0f}", ha="center", va="center", color=colour, fontsize=size)
    fig.suptitle(title)
    return fig


def plot_predicted(actual: Sequence, predicted: Sequence, title: str, unit: str = "") -> Figure:
    """Draw predicted against actual values, with the line on which they would be equal.

    Args:
        actual: ``(n,)`` or ``(n, 1)`` numbers.
        predicted: as many.
        title: the title of the figure.
        unit: the unit of both, for the axes.

    Returns:
        The figure.

    Raises:
        TypeError: if something other than real numbers is given.
        ValueError: if the lengths differ, there are no values, or one is missing or not finite.
    """
    actual = _column(actual, "actual")
    predicted = _column(predicted, "predicted")
    if len(actual) != len(predicted) or not len(actual):
        raise ValueError(
            "plot_predicted expects as many predicted as actual values, and at least one. "
            f"Received {len(predicted)} and {len(actual)}. Predict for each case once."
        )
    if not (np.isfinite(actual).all() and np.isfinite(predicted).all()):
        raise ValueError(
            "plot_predicted expects finite numbers. Received a NaN or an infinity. "
            "If it is a prediction, try a smaller learning rate."
        )
    fig, ax = plt.subplots(figsize=(5, 4.4))
    ends = [min(actual.min(), predicted.min()), max(actual.max(), predicted.max())]
    ax.plot(ends, ends, color="0.45", linestyle="--", label="predicted = actual")
    ax.plot(actual, predicted, "o", color="#0b3c6f")
    ax.set_xlabel(f"actual ({unit})" if unit else "actual")
    ax.set_ylabel(f"predicted ({unit})" if unit else "predicted")
    ax.set_aspect("equal")
    ax.legend()
    fig.suptitle(title)
    return fig


def _column(values, name: str) -> np.ndarray:
    """The numbers of a single column."""
    values = floats(values, "plot_predicted", name)
    if values.shape not in [(values.size,), (values.size, 1)]:
        raise ValueError(
            f"plot_predicted expects {name} of shape (n,) or (n, 1). Received the shape "
            f"{values.shape}. Draw one column at a time."
        )
    return values.ravel()


def plot_images(
    images: Sequence, titles: Sequence[str], title: str, columns: int = 10, **options
) -> Figure:
    """Draw pictures in rows, each with a line of text above it.

    Args:
        images: ``(n, height, width, 3)`` colour pictures, as whole numbers from 0 to 255 or as
            floating-point numbers from 0 to 1, or ``(n, height, width)`` or ``(n, height, width,
            1)`` grey ones with any numbers.
        titles: what to write above each picture; an empty text leaves it without.
        title: the title of the figure.
        columns: how many pictures stand in a row.
        options: further settings of matplotlib's ``imshow``. Without them each grey picture goes
            from its own smallest to its own largest number.

    Returns:
        The figure.

    Raises:
        TypeError: if something other than real numbers is in the pictures, or ``titles`` is no
            list.
        ValueError: if there are no pictures, their shape is another, a number is not finite or,
            in a colour picture, not in its range, there is not one text for each, or ``columns``
            is not a positive whole number.
    """
    images = _pixels(images)
    titles = list(map(str, _listed(titles, "plot_images", "titles")))
    if len(titles) != len(images):
        raise ValueError(
            f"plot_images expects one text for each picture. Received {len(titles)} texts for "
            f"{len(images)} pictures. An empty text leaves a picture without."
        )
    columns = whole_number(columns, "plot_images", "columns")
    rows = -(-len(images) // columns)
    height, width = images.shape[1:3]
    row_height = 6.4 / columns * height / width + (0.25 if any(titles) else 0.03)
    fig, axes = plt.subplots(rows, columns, figsize=(6.4, 0.4 + rows * row_height), squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, text in zip(axes.flat, images, titles, strict=False):
        ax.imshow(image, **options)
        ax.set_title(text, loc="center", fontsize=8, pad=2, **AS_IT_IS)
    fig.suptitle(title)
    return fig


def _pixels(images) -> np.ndarray:
    """Pictures as matplotlib draws them without a word: colours in their range, grey as floats."""
    images = real_numbers(images, "plot_images", "images")
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim < 3 or images.shape[3:] not in [(), (3,)] or not images.size:
        raise ValueError(
            "plot_images expects pictures of shape (n, height, width, 3) or (n, height, width). "
            f"Received shape {images.shape}. For a single picture x, pass x[np.newaxis]."
        )
    finite(images, "plot_images", "images")
    if images.ndim == 3:
        return images.astype(float)
    whole = images.dtype.kind in "iu"
    top, slack = (255, 0) if whole else (1, ROUNDING)
    if images.min() < -slack or images.max() > top + slack:
        raise ValueError(
            "plot_images expects colours as whole numbers from 0 to 255, or as floating-point "
            f"numbers from 0 to 1. Received {images.dtype} from {images.min():.4g} to "
            f"{images.max():.4g}. Bring them into this range first, as by dividing by 255."
        )
    return images.astype(np.uint8) if whole else images.astype(float).clip(0, 1)


def plot_network(sizes: Sequence[int], layers: Sequence[str], title: str) -> Figure:
    """Draw a network of dense layers: a circle for each unit, a line for each weight.

    Args:
        sizes: how many units each layer has, inputs first.
        layers: what to write below each layer. It may have mathematics between two signs ``$``.
        title: the title of the figure.

    Returns:
        The figure.

    Raises:
        TypeError: if ``sizes`` or ``layers`` is no list.
        ValueError: if a size is not a positive whole number, there is none, or there is not one
            text for each layer.
    """
    sizes = _listed(sizes, "plot_network", "sizes")
    sizes = [whole_number(size, "plot_network", "units") for size in sizes]
    layers = list(map(str, _listed(layers, "plot_network", "layers")))
    if len(sizes) != len(layers) or not sizes:
        raise ValueError(
            "plot_network expects one text for each layer, and at least one layer. Received "
            f"{len(layers)} texts for {len(sizes)} layers. An empty text leaves a layer without."
        )
    fig, ax = plt.subplots(figsize=(6.4, 3.6))
    heights = [np.arange(n) - (n - 1) / 2 for n in sizes]
    for x, (left, right) in enumerate(pairwise(heights)):
        for y_left in left:
            for y_right in right:
                ax.plot([x, x + 1], [y_left, y_right], "-", color="0.6", linewidth=0.8, zorder=1)
    for x, ys in enumerate(heights):
        ax.scatter(np.full(len(ys), x), ys, s=420, color="white", edgecolor="#0b3c6f", zorder=2)
    lowest = -(max(sizes) - 1) / 2 - 0.8
    for x, text in enumerate(layers):
        ax.text(x, lowest, text, ha="center", va="top")
    ax.set_xlim(-0.5, len(sizes) - 0.5)
    ax.set_ylim(lowest - 0.9, -lowest)
    ax.axis("off")
    fig.suptitle(title)
    return fig


def _listed(values, where: str, name: str) -> list:
    """What stands in a list, an array or a series; a single text or number is none."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(
            f"{where} expects a list as {name}. Received {values!r}. Put it into a list: [...]."
        )
    return list(values)
