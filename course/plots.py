"""The plots that R and its packages draw for free, and drawings of what a network computes.

All follow the style sheet beside this module: start with ``plt.style.use("course.lecture")``.
Each function draws on new axes and returns the figure; each title says what the figure shows. What
is given is never changed. Names of classes and metrics are drawn letter by letter. In the other
texts, between two signs ``$``, stands mathematics as matplotlib draws it.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle
from matplotlib.path import Path

from course.agreement import TOLERANCES, Comparison
from course.inputs import finite, floats, is_whole, number, real_numbers, shape_of, whole_number

__all__ = [
    "plot_comparisons",
    "plot_confusion_matrix",
    "plot_flow",
    "plot_grids",
    "plot_history",
    "plot_images",
    "plot_network",
    "plot_predicted",
    "plot_volumes",
]

MANY_CLASSES = 5  # from here on a confusion matrix is drawn larger, with smaller numbers
WHITE_TEXT_FROM = 0.7  # where white and black text are equally clear on the colour map
ROUNDING = 1e-6  # so far below 0 or above 1 may rounding bring a pixel
AS_IT_IS = {"parse_math": False}  # for names, in which matplotlib would read $ as mathematics
# Drawings, in inches where nothing else is said.
WIDTH, TITLE_HEIGHT = 6.4, 0.32
INK = "#0b3c6f"
EDGES = {"facecolor": "white", "edgecolor": INK, "linewidth": 1.3}
ARROW = {"arrowstyle": "-|>", "mutation_scale": 12, "color": "0.25", "linewidth": 1.3}
CENTRED = {"ha": "center", "va": "center", "linespacing": 1.25}
BOX_WIDTH, BOX_GAP, LINE_HEIGHT = 0.84, 0.32, 0.19  # the width in columns
SLANT = 0.35  # how far a volume goes back to the upper right, for each part of its depth
Place = Sequence[float] | np.ndarray  # to the right, and down
LARGEST_CELL, GRID_GAP = 0.38, 1.5  # the gap in cells


def plot_history(history: object, title: str) -> Figure:
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
    for ax, name in zip(np.atleast_1d(axes), names, strict=True):  # a single one comes bare
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


def _curve(name: str, numbers: object) -> np.ndarray:
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
    ax.plot(actual, predicted, "o", color=INK)
    ax.set_xlabel(f"actual ({unit})" if unit else "actual")
    ax.set_ylabel(f"predicted ({unit})" if unit else "predicted")
    ax.set_aspect("equal")
    ax.legend()
    fig.suptitle(title)
    return fig


def _column(values: object, name: str) -> np.ndarray:
    """The numbers of a single column."""
    values = floats(values, "plot_predicted", name)
    if values.shape not in [(values.size,), (values.size, 1)]:
        raise ValueError(
            f"plot_predicted expects {name} of shape (n,) or (n, 1). Received the shape "
            f"{values.shape}. Draw one column at a time."
        )
    return values.ravel()


def plot_comparisons(comparisons: Mapping[str, Sequence[Comparison]], title: str) -> Figure:
    """Draw the largest relative differences, each a point, on a logarithmic scale.

    Args:
        comparisons: for ``"float64"``, ``"float32"`` or both, what was compared, as
            `course.agreement.compare_all` gives it.
        title: the title of the figure.

    Returns:
        The figure, with a dotted line at the limit of each type. A difference below 1e-17, such as
        0, is drawn at 1e-17, one above 100, such as an infinity, at 100.

    Raises:
        TypeError: if ``comparisons`` is no mapping to lists of comparisons.
        ValueError: if it or a list is empty, or it has another name.
    """
    comparisons = _named(comparisons, "plot_comparisons", "comparisons")
    fig, ax = plt.subplots()
    top = 1e-3
    for dtype, found in sorted(comparisons.items()):
        found = _listed(found, "plot_comparisons", f"comparisons[{dtype!r}]")
        if dtype not in TOLERANCES or not found:
            raise ValueError(
                f"plot_comparisons expects {' or '.join(TOLERANCES)}, and at least one comparison "
                f"for each. Received {len(found)} for {dtype!r}. Compare in one of these types."
            )
        for c in found:
            if not isinstance(c, Comparison):
                raise TypeError(
                    "plot_comparisons expects what course.agreement.compare returns. "
                    f"Received: {type(c).__name__}. Compare two arrays first."
                )
        shown = np.clip([c.max_rel for c in found], 1e-17, 100)  # log(0) cannot be drawn
        top = max(top, 10 * shown.max())
        marker = {"float32": "o", "float64": "s"}[dtype]
        ax.semilogy([c.name for c in found], shown, marker, label=dtype)
        limit, right = TOLERANCES[dtype], len(found) - 0.6
        ax.axhline(limit, color="0.5", linewidth=1, linestyle=":")
        ax.text(right, limit, f"limit for {dtype}", ha="right", va="bottom", color="0.35")
    ax.set_ylim(1e-17, top)
    ax.set_xlim(-0.5, len(found) - 0.5)
    ax.set_ylabel("largest relative difference")
    ax.legend(loc="center right")
    fig.suptitle(title)
    return fig


def plot_images(
    images: Sequence, titles: Sequence[str], title: str, columns: int = 10, **options: Any
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
    rows = -(-len(images) // columns)  # rounded up
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


def _pixels(images: object) -> np.ndarray:
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
        ax.scatter(np.full(len(ys), x), ys, s=420, color="white", edgecolor=INK, zorder=2)
    lowest = -(max(sizes) - 1) / 2 - 0.8
    for x, text in enumerate(layers):
        ax.text(x, lowest, text, ha="center", va="top")
    ax.set_xlim(-0.5, len(sizes) - 0.5)
    ax.set_ylim(lowest - 0.9, -lowest)
    ax.axis("off")
    fig.suptitle(title)
    return fig


def plot_flow(
    boxes: Mapping[str, Sequence],
    arrows: Sequence[Sequence],
    title: str,
    *,
    dashed: Sequence[Sequence] = (),
    notes: Sequence[Sequence] = (),
) -> Figure:
    """Draw what is computed from what: boxes, and arrows from one to another.

    Args:
        boxes: the name of each box, and ``(column, row, text)``: where it stands, rows from above,
            and what it says. The columns share the width of the page: with six of them, a line has
            room for ten letters.
        arrows: lists of names of boxes, with an arrow from each to the next. Between two names may
            stand places ``(column, row)`` where the arrow turns.
        title: the title of the figure.
        dashed: further arrows, in dashes.
        notes: ``(column, row, text)`` for each text without a box.

    Returns:
        The figure. The texts may have mathematics between two signs ``$``.

    Raises:
        TypeError: if ``boxes`` is no mapping, or something else is not the list that it should be.
        ValueError: if there is no box, two of them overlap, a place is not two numbers from -20
            to 20, or an arrow does not lead from a box to another.
    """
    boxes = _named(boxes, "plot_flow", "boxes")
    at, texts = _texts(list(boxes.values()), "boxes")
    notes_at, notes = _texts(_listed(notes, "plot_flow", "notes"), "notes")
    at_name = dict(zip(boxes, at, strict=True))
    ways = [
        (way, line)
        for name, given, line in [("arrows", arrows, "-"), ("dashed", dashed, (0, (4, 2)))]
        for stops in _listed(given, "plot_flow", name)
        for way in _ways(stops, at_name)
    ]
    at_all = np.vstack([at, notes_at, *(way for way, _ in ways)])

    height = LINE_HEIGHT * (1 + max(text.count("\n") for text in texts)) + 0.14  # of a box
    scale = np.array(
        [WIDTH / (np.ptp(at_all[:, 0]) + 1), height + BOX_GAP]
    )  # of a column, of a row
    half = np.array([BOX_WIDTH * scale[0], height]) / 2
    for one, other in combinations(boxes, 2):
        if np.all(np.abs(at_name[one] - at_name[other]) * scale < 2 * half):
            raise ValueError(
                "plot_flow expects boxes that do not overlap. Received the same place, or nearly, "
                f"for {one!r} and {other!r}. Move one of them by a row or a column."
            )
    around = np.array([0.5 * scale[0], half[1] + 0.08])
    left_top, right_bottom = (
        at_all.min(axis=0) * scale - around,
        at_all.max(axis=0) * scale + around,
    )
    fig, ax = _paper(left_top, right_bottom, title)
    for way, line in ways:
        points = way * scale
        for end, before in [(0, 1), (-1, -2)]:
            points[end] = _border(points[end], points[before], half)
        ax.add_patch(FancyArrowPatch(path=Path(points), linestyle=line, **ARROW))
    for place, text in zip(at * scale, texts, strict=True):
        shape = "round,pad=0,rounding_size=0.06"
        ax.add_patch(FancyBboxPatch(place - half, *(2 * half), shape, **EDGES))
        ax.text(*place, text, **CENTRED)
    for place, text in zip(notes_at * scale, notes, strict=True):
        ax.text(*place, text, color="0.25", **CENTRED)
    return fig


def _paper(left_top: Place, right_bottom: Place, title: str) -> tuple[Figure, plt.Axes]:
    """A figure to draw on: an inch to the right, or down, is 1."""
    (left, top), (right, bottom) = left_top, right_bottom
    fig, ax = plt.subplots(figsize=(WIDTH, bottom - top + TITLE_HEIGHT))
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.axis("off")
    fig.suptitle(title)
    return fig, ax


def _texts(items: list, name: str) -> tuple[np.ndarray, list[str]]:
    """The places of texts, (n, 2), and the texts."""
    items = [_listed(item, "plot_flow", f"each of {name}") for item in items]
    for item in items:
        if len(item) != 3:
            raise ValueError(
                f"plot_flow expects (column, row, text) as each of {name}. Received "
                f"{tuple(item)!r}. An empty text leaves a box without."
            )
    return _places([item[:2] for item in items], name), [str(item[2]) for item in items]


def _places(pairs: list, name: str) -> np.ndarray:
    """Columns and rows, (n, 2)."""
    pairs = [_listed(pair, "plot_flow", f"each place of {name}") for pair in pairs]
    for pair in pairs:
        if len(pair) != 2:
            raise ValueError(
                f"plot_flow expects (column, row) as each place of {name}. Received {pair!r}. "
                "Give both."
            )
    columns = [_coordinate(pair[0], "a column") for pair in pairs]
    rows = [_coordinate(pair[1], "a row") for pair in pairs]
    return np.column_stack([columns, rows])


def _coordinate(value: object, name: str) -> float:
    return number(value, "plot_flow", name, "from -20 to 20", lambda v: abs(v) <= 20)


def _ways(stops: object, at: dict) -> list[np.ndarray]:
    """The places that each arrow leads through, from the middle of a box to that of the next."""
    stops = _listed(stops, "plot_flow", "each of the arrows")
    boxes = [i for i, stop in enumerate(stops) if isinstance(stop, str)]
    known = all(stops[i] in at for i in boxes)
    if len(boxes) > 1 and known and (boxes[0], boxes[-1]) == (0, len(stops) - 1):
        way = _places([at[stop] if isinstance(stop, str) else stop for stop in stops], "arrows")
        if np.diff(way, axis=0).any(axis=1).all():
            return [way[start : end + 1] for start, end in pairwise(boxes)]
    raise ValueError(
        "plot_flow expects arrows from one of its boxes to another place, and at last to a box. "
        f"The boxes: {', '.join(map(repr, at))}. Received: {stops!r}. "
        "Write the names as in boxes, and no place twice in succession."
    )


def _border(middle: np.ndarray, outside: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Where the line from the middle of a box to a place outside crosses the border of the box."""
    step = outside - middle
    return middle + step * min(1, 1 / np.max(np.abs(step) / half))


def plot_volumes(shapes: Sequence[Sequence[int]], layers: Sequence[str], title: str) -> Figure:
    """Draw the shapes that a picture takes on its way through a network, four in a row.

    Args:
        shapes: what comes out of each layer, ``(height, width, channels)`` or ``(units,)``, the
            picture first.
        layers: what to write above each, as the kind of the layer.
        title: the title of the figure.

    Returns:
        The figure. Volumes are to scale; the bars of units grow with the logarithm.

    Raises:
        TypeError: if ``shapes`` or ``layers`` is no list.
        ValueError: if a shape is neither three positive whole numbers nor one, there is none, or
            there is not one text for each.
    """
    shapes = [
        shape_of(shape, "plot_volumes", "a shape", cases=False)
        for shape in _listed(shapes, "plot_volumes", "shapes")
    ]
    layers = list(map(str, _listed(layers, "plot_volumes", "layers")))
    if len(shapes) != len(layers) or not shapes:
        raise ValueError(
            "plot_volumes expects one text for each shape, and at least one shape. Received "
            f"{len(layers)} texts for {len(shapes)} shapes. An empty text leaves a shape without."
        )
    for shape in shapes:
        if len(shape) not in (1, 3):
            raise ValueError(
                "plot_volumes expects shapes of (height, width, channels) or (units,). "
                f"Received {shape}. Leave out the number of cases."
            )
    volumes = [shape for shape in shapes if len(shape) == 3]
    unit = 1.1 / max([1, *(max(h, w) + SLANT * c for h, w, c in volumes)])
    bar = 1.1 / np.log1p(max([1, *(shape[0] for shape in shapes if len(shape) == 1)]))
    column, row = WIDTH / 4, 1.75
    below, right = np.array([0, 0.72]), np.array([0.22, 0])
    rows = -(-len(shapes) // 4)
    fig, ax = _paper((0, 0), (WIDTH, rows * row), title)
    for i, (shape, layer) in enumerate(zip(shapes, layers, strict=True)):
        middle = np.array([i % 4 + 0.5, i // 4 + 0.5]) * [column, row]
        sides = unit * np.array(shape) if len(shape) == 3 else [bar * np.log1p(shape[0]), 0.1, 0]
        _draw_volume(ax, middle, *sides)
        ax.text(*(middle - below), layer, **CENTRED)
        ax.text(*(middle + below), " × ".join(map(str, shape)), **CENTRED)
        if i:
            from_left = np.array([max(middle[0] - 0.9, 0), middle[1]])
            ax.add_patch(FancyArrowPatch(from_left, from_left + right, **ARROW))
    return fig


def _draw_volume(
    ax: plt.Axes, middle: np.ndarray, height: float, width: float, depth: float
) -> None:
    """The front of a volume, its top and its right side, drawn to the upper right."""
    back = np.array([1, -1]) * SLANT * depth
    below_left = middle + np.array([-width, height]) / 2 - back / 2
    steps = np.array([[0, 0], [width, 0], [width, -height], [0, -height]])
    below, right, above, left = below_left + steps
    for face, colour in [
        ([below, right, above, left], "white"),
        ([left, above, above + back, left + back], "#dfe7ef"),
        ([right, above, above + back, right + back], "#b7c7d8"),
    ]:
        ax.add_patch(Polygon(face, **(EDGES | {"facecolor": colour})))


def plot_grids(
    grids: Mapping[str, Sequence],
    title: str,
    *,
    frames: Mapping[str, Mapping] | None = None,
    below: Sequence[str] = (),
    columns: int = 3,
) -> Figure:
    """Draw matrices, each number in a cell of its own, with frames around some of the cells.

    Args:
        grids: the name of each matrix, which is written above it, and its numbers.
        title: the title of the figure.
        frames: for the name of a matrix, the squares to frame: the letter of each, and ``(row,
            column, side)``, its first row and column, from 0, and how many cells its side has.
        below: lines to write under the matrices.
        columns: how many matrices stand in a row.

    Returns:
        The figure. Names and lines may have mathematics between two signs ``$``.

    Raises:
        TypeError: if ``grids``, ``frames`` or what it has for a matrix is no mapping, something
            else is not the list that it should be, or a matrix holds something other than real
            numbers.
        ValueError: if there is no matrix, one has not two dimensions, is empty or not finite, a
            frame does not lie in its matrix, or ``columns`` is not a positive whole number.
    """
    named = _named(grids, "plot_grids", "grids")
    matrices = {name: _matrix(values, f"grids[{name!r}]") for name, values in named.items()}
    frames = _named(frames, "plot_grids", "frames") if frames else {}
    for name, squares in frames.items():
        shape = matrices[name].shape if name in matrices else (0, 0)
        for square in _named(squares, "plot_grids", f"frames[{name!r}]").values():
            _check_square(square, name, shape)
    below = list(map(str, _listed(below, "plot_grids", "below")))
    columns = whole_number(columns, "plot_grids", "columns")

    names = list(matrices)
    rows = [names[i : i + columns] for i in range(0, len(names), columns)]
    widths = [sum(matrices[n].shape[1] + GRID_GAP for n in row) - GRID_GAP for row in rows]
    cell = min((WIDTH - 0.2) / max(widths), LARGEST_CELL)
    heights = [cell * max(len(matrices[n]) for n in row) for row in rows]
    top, line = 0.4, 0.26  # above each row there is room for the names
    height = sum(heights) + top * len(rows) + line * len(below) + 0.1
    fig, ax = _paper((0, 0), (WIDTH, height), title)
    y = top
    for row, row_width, row_height in zip(rows, widths, heights, strict=True):
        x = (WIDTH - cell * row_width) / 2
        for name in row:
            corner = np.array([x, y + (row_height - cell * len(matrices[name])) / 2])
            _draw_grid(ax, corner, cell, name, matrices[name])
            for which, (letter, square) in enumerate(frames.get(name, {}).items()):
                _draw_frame(ax, corner, cell, letter, square, which)
            x += cell * (matrices[name].shape[1] + GRID_GAP)
        y += row_height + top
    for i, text in enumerate(below):
        ax.text(WIDTH / 2, y - top + line * (i + 0.8), text, fontsize=11, **CENTRED)
    return fig


def _check_square(square: object, name: str, shape: tuple[int, int]) -> None:
    """See that the cells of a square are in a matrix."""
    square = _listed(square, "plot_grids", "each frame")
    whole = [part for part in square if is_whole(part)]
    is_square = len(whole) == len(square) == 3
    if is_square:
        row, column, side = square
        is_square = min(row, column) >= 0 and 0 < side <= min(shape[0] - row, shape[1] - column)
    if not is_square:
        raise ValueError(
            f"plot_grids expects (row, column, side) as each of frames[{name!r}], counted from 0 "
            f"and within its matrix, {shape}. Received {square!r}. Name the matrix as in grids."
        )


def _matrix(values: object, name: str) -> np.ndarray:
    """Finite numbers in rows and columns."""
    values = floats(values, "plot_grids", name)
    if values.ndim != 2 or not values.size:
        raise ValueError(
            f"plot_grids expects {name} to have rows and columns. Received the shape "
            f"{values.shape}. For a single row x, pass [x]."
        )
    finite(values, "plot_grids", name)
    return values


def _draw_grid(
    ax: plt.Axes, corner: np.ndarray, cell: float, name: str, values: np.ndarray
) -> None:
    """A matrix of numbers in cells, and its name above."""
    for (i, j), value in np.ndenumerate(values):
        place = corner + cell * np.array([j, i])
        ax.add_patch(Rectangle(place, cell, cell, fill=False, edgecolor="0.6", linewidth=0.8))
        text = f"{value:.4g}".replace("-", "\N{MINUS SIGN}")
        ax.text(*(place + cell / 2), text, fontsize=11, **CENTRED)
    ax.text(corner[0] + cell * values.shape[1] / 2, corner[1] - 0.2, name, **CENTRED)


def _draw_frame(
    ax: plt.Axes, corner: np.ndarray, cell: float, letter: str, square: Sequence[int], which: int
) -> None:
    """A square around some cells, with its letter; the next ones are a little smaller."""
    row, column, side = square
    inset = 0.02 + 0.025 * which * (side > 1)
    corner = corner + cell * np.array([column, row]) + inset
    width = cell * side - 2 * inset
    line = {"edgecolor": INK, "linewidth": 2.2, "linestyle": ["-", "--", ":", "-."][which % 4]}
    ax.add_patch(Rectangle(corner, width, width, facecolor=INK, alpha=0.13))
    ax.add_patch(Rectangle(corner, width, width, fill=False, **line))
    badge = {"boxstyle": "circle,pad=0.15", "facecolor": INK, "edgecolor": "white"}
    ax.text(*corner, letter, fontsize=9, weight="bold", color="white", bbox=badge, **CENTRED)


def _named(values: object, where: str, name: str) -> dict:
    """What has names, and is not empty."""
    if not isinstance(values, Mapping):
        raise TypeError(
            f"{where} expects a mapping from names as {name}. Received: {type(values).__name__}. "
            "Give each a name: {'X': ...}."
        )
    if not values:
        raise ValueError(f"{where} expects at least one of {name}. Received none. Name one.")
    return {str(key): value for key, value in values.items()}


def _listed(values: object, where: str, name: str) -> list:
    """What stands in a list, an array or a series; a single text or number is none."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(
            f"{where} expects a list as {name}. Received {values!r}. Put it into a list: [...]."
        )
    return list(values)
