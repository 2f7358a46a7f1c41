"""The plots that R and its packages draw for free, and a drawing of a network.

All follow the style sheet beside this module: start with ``plt.style.use("course.lecture")``.
Each function draws on new axes and returns the figure; each title says what the figure shows.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from numbers import Integral

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

__all__ = [
    "plot_confusion_matrix",
    "plot_history",
    "plot_images",
    "plot_network",
    "plot_predicted",
]

MANY_CLASSES = 5  # from here on a confusion matrix is drawn larger, with smaller numbers
WHITE_TEXT_FROM = 0.7  # where white and black text are equally clear on the colour map


def plot_history(history, title: str) -> Figure:
    """Draw how the loss and each metric change over the epochs, as R's ``plot(history)``.

    Args:
        history: what Keras' ``fit`` returns, or a mapping from names to lists of one number
            per epoch. A name that starts with ``val_`` is drawn beside the name it ends with;
            it may have fewer numbers if it ends with the last epoch.
        title: the title of the figure.

    Returns:
        The figure, with one panel for each name.

    Raises:
        TypeError: if ``history`` is neither.
        ValueError: if it holds no numbers to draw.
    """
    values = getattr(history, "history", history)
    if not isinstance(values, Mapping):
        raise TypeError(
            "plot_history expects what fit() returns, or a mapping such as {'loss': [2, 1]}. "
            f"Received: {type(history).__name__}. Put a list into such a mapping."
        )
    names = [name for name in values if not name.startswith("val_") and len(values[name])]
    if not names:
        raise ValueError(
            "plot_history expects at least one list of numbers, such as 'loss'. "
            f"Received the names: {', '.join(values) or 'none'}. Train for one epoch or more."
        )
    fig, axes = plt.subplots(len(names), 1, sharex=True, figsize=(6.4, 1 + 2.2 * len(names)))
    for ax, name in zip(np.atleast_1d(axes), names, strict=True):
        epochs = np.arange(1, len(values[name]) + 1)
        ax.plot(epochs, values[name], label="training")
        validation = values.get(f"val_{name}", [])
        if len(validation):
            ax.plot(epochs[-len(validation) :], validation[-len(epochs) :], label="validation")
            ax.legend()
        ax.set_ylabel(name.replace("_", " "))
    ax.set_xlabel("epoch")
    fig.suptitle(title)
    return fig


def plot_confusion_matrix(counts: pd.DataFrame, title: str) -> Figure:
    """Draw a table of counts, darker where the count is larger.

    Args:
        counts: predicted (rows) by actual (columns) classes, as `course.rbase.table` gives it.
        title: the title of the figure.

    Returns:
        The figure.

    Raises:
        TypeError: if ``counts`` is not a data frame.
        ValueError: if it is empty.
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
    many = max(counts.shape) > MANY_CLASSES
    fig, ax = plt.subplots(figsize=(6.4, 5.6) if many else (4.6, 4))
    ax.imshow(counts, vmin=0)
    ax.grid(False)
    ax.set_xticks(range(counts.shape[1]), counts.columns, rotation=60 if many else 0)
    ax.set_yticks(range(counts.shape[0]), counts.index)
    ax.set_xlabel(counts.columns.name)
    ax.set_ylabel(counts.index.name)
    largest = counts.to_numpy().max()
    for (i, j), count in np.ndenumerate(counts.to_numpy()):
        colour = "white" if count > WHITE_TEXT_FROM * largest else "black"
        size = 9 if many else 13
        ax.text(j, i, str(count), ha="center", va="center", color=colour, fontsize=size)
    fig.suptitle(title)
    return fig


def plot_predicted(actual: Sequence, predicted: Sequence, title: str, unit: str = "") -> Figure:
    """Draw predicted against actual values, with the line on which they would be equal.

    Args:
        actual: ``(n,)`` numbers.
        predicted: ``(n,)`` numbers.
        title: the title of the figure.
        unit: the unit of both, for the axes.

    Returns:
        The figure.

    Raises:
        ValueError: if the lengths differ, there are no values, or one is not finite.
    """
    actual, predicted = np.ravel(actual), np.ravel(predicted)
    if actual.shape != predicted.shape or not actual.size:
        raise ValueError(
            "plot_predicted expects as many predicted as actual values, and at least one. "
            f"Received {predicted.size} and {actual.size}. Predict for each case once."
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


def plot_images(
    images: Sequence, titles: Sequence[str], title: str, columns: int = 10, **options
) -> Figure:
    """Draw pictures in rows, each with a line of text above it.

    Args:
        images: ``(n, height, width, 3)`` colour pictures, as whole numbers from 0 to 255 or as
            numbers from 0 to 1, or ``(n, height, width)`` grey ones.
        titles: what to write above each picture; an empty text leaves it without.
        title: the title of the figure.
        columns: how many pictures stand in a row.
        options: further settings of matplotlib's ``imshow``.

    Returns:
        The figure.

    Raises:
        ValueError: if there are no pictures, their shape is another, or there is not one text for
            each.
    """
    images = np.asarray(images)
    if images.ndim not in (3, 4) or not len(images):
        raise ValueError(
            "plot_images expects pictures of shape (n, height, width, 3) or (n, height, width). "
            f"Received shape {images.shape}. For a single picture x, pass x[np.newaxis]."
        )
    if len(titles) != len(images):
        raise ValueError(
            f"plot_images expects one text for each picture. Received {len(titles)} texts for "
            f"{len(images)} pictures. An empty text leaves a picture without."
        )
    rows = -(-len(images) // columns)
    height, width = images.shape[1:3]
    row_height = 6.4 / columns * height / width + (0.25 if any(titles) else 0.03)
    fig, axes = plt.subplots(rows, columns, figsize=(6.4, 0.4 + rows * row_height), squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, text in zip(axes.flat, images, titles, strict=False):
        ax.imshow(image, **options)
        ax.set_title(text, loc="center", fontsize=8, pad=2)
    fig.suptitle(title)
    return fig


def plot_network(sizes: Sequence[int], layers: Sequence[str], title: str) -> Figure:
    """Draw a network of dense layers: a circle for each unit, a line for each weight.

    Args:
        sizes: how many units each layer has, inputs first.
        layers: what to write below each layer.
        title: the title of the figure.

    Returns:
        The figure.

    Raises:
        ValueError: if a size is not a positive whole number, or there is not one text for each
            layer.
    """
    for size in sizes:
        if not isinstance(size, Integral) or size < 1:
            raise ValueError(
                f"plot_network expects whole numbers of 1 or more. Received {size!r} in {sizes}. "
                "Each layer has at least one unit."
            )
    if len(sizes) != len(layers):
        raise ValueError(
            f"plot_network expects one text for each layer. Received {len(layers)} texts for "
            f"{len(sizes)} layers. An empty text leaves a layer without."
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
