"""Figures follow one style, can be read in grey, and say what they show."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle

from course.agreement import TOLERANCES, compare_all
from course.plots import (
    plot_comparisons,
    plot_confusion_matrix,
    plot_flow,
    plot_grids,
    plot_history,
    plot_images,
    plot_network,
    plot_predicted,
    plot_volumes,
)
from course.rbase import table


@pytest.fixture(autouse=True)
def clean_figures():
    plt.switch_backend("agg")
    with plt.style.context("course.lecture"):
        yield
    plt.close("all")


def luminance(colour) -> float:
    """The relative luminance of the WCAG, from 0 (black) to 1 (white)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_lines_differ_in_more_than_hue():
    cycle = list(plt.rcParams["axes.prop_cycle"])
    assert len({entry["linestyle"] for entry in cycle}) == len(cycle)
    for entry in cycle:
        contrast = 1.05 / (luminance(entry["color"]) + 0.05)
        assert contrast >= 3, f"{entry['color']} is too pale on white: {contrast:.1f} : 1"
    for a, b in itertools.pairwise(cycle[:3]):
        lighter, darker = sorted([luminance(a["color"]), luminance(b["color"])], reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 1.25, (a, b)


def test_history_has_a_panel_for_each_metric():
    fig = plot_history(
        {"loss": [3, 2], "val_loss": [4, 3], "accuracy": [0.1, 0.2]}, "Loss and accuracy"
    )
    loss, accuracy = fig.axes
    assert [line.get_label() for line in loss.lines] == ["training", "validation"]
    assert len(accuracy.lines) == 1
    assert accuracy.lines[0].get_xdata().tolist() == [1, 2]
    assert fig.get_suptitle() == "Loss and accuracy"


def test_history_validated_at_the_end_only():
    fig = plot_history({"loss": [3, 2, 1], "val_loss": [4]}, "Loss")
    assert fig.axes[0].lines[1].get_xdata().tolist() == [3]


def test_history_without_numbers():
    for nothing in [{"val_loss": [1]}, {"loss": []}, {}]:
        with pytest.raises(ValueError, match=r"at least one list.*Train"):
            plot_history(nothing, "")
    for wrong in [[1, 2], None]:
        with pytest.raises(TypeError, match=r"what fit\(\) returns.*Received: \w+\. Put"):
            plot_history(wrong, "")


def test_history_of_a_training_that_diverged(recwarn):
    """What is a number is drawn, and the figure says how many are not."""
    fig = plot_history(
        {"loss": [2, 1e300, np.inf, np.nan], "val_loss": [3, np.nan], "mae": [np.nan] * 4}, ""
    )
    fig.canvas.draw()
    assert [ax.get_title(loc="left") for ax in fig.axes] == [
        "NaN or infinite, and not drawn: 3",
        "NaN or infinite, and not drawn: 4",
    ]
    assert fig.axes[0].lines[0].get_ydata()[:2].tolist() == [2, 1e300]
    fine = plot_history({"loss": [2, 1]}, "")
    assert fine.axes[0].get_title(loc="left") == ""
    assert not recwarn


@pytest.mark.parametrize(
    "curve",
    [
        np.array([3, 2]),
        (3, 2),
        pd.Series([3, 2], index=[7, 9], dtype="Int64"),
        np.ma.masked_array([3, 2], [False, False]),
        [np.float32(3), np.int8(2)],
    ],
)
def test_history_in_any_form(curve):
    (line,) = plot_history({"loss": curve}, "").axes[0].lines
    assert line.get_ydata().tolist() == [3, 2]


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ({"loss": ["high", "low"]}, r"history\['loss'\] to hold real numbers"),
        ({"loss": [1, None]}, r"missing value at position 1"),
        ({"loss": np.ma.masked_array([1, 2], [0, 1])}, r"without masked entries"),
        ({"loss": 0.5}, r"one number for each epoch.*shape \(\)"),
        ({"loss": [[1, 2]]}, r"one number for each epoch.*shape \(1, 2\)"),
        ({"loss": (x for x in [1, 2])}, r"real numbers.*generator"),
        ({"loss": [1], "val_loss": [1, 2]}, r"no more epochs.*2 numbers of 'val_loss' for 1 of"),
    ],
)
def test_history_of_something_else(history, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plot_history(history, "")


STRANGE_NAMES = ["$5", r"$\frac$", "a_b", "$a$", "_c", "100 %", r"\n", "{}", "<b>", ""]


def test_names_are_drawn_letter_by_letter():
    """None is read as mathematics, where the letters of the first would fail or change."""
    counts = pd.DataFrame(np.eye(10, dtype=int), STRANGE_NAMES, STRANGE_NAMES)
    counts = counts.rename_axis(index="$P$", columns="$A$")
    figures = [
        plot_confusion_matrix(counts, "Counts"),
        plot_images(np.zeros((10, 4, 4)), STRANGE_NAMES, "Images"),
        plot_history({name: [1, 2] for name in STRANGE_NAMES[:3]}, "History"),
    ]
    for fig in figures:
        fig.canvas.draw()
        drawn = [text for text in fig.findobj(plt.Text) if "$" in text.get_text()]
        assert drawn
        assert not any(text.get_parse_math() for text in drawn)
    ax = figures[0].axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == STRANGE_NAMES
    assert [ax.get_title() for ax in figures[1].axes] == STRANGE_NAMES


def test_counts_can_be_read_on_every_shade():
    """Text has a contrast of 4.3 to 1 or more (large text needs 3) on each colour of the map."""
    for count in range(101):
        counts = pd.DataFrame([[count, 100]])
        counts.index.name, counts.columns.name = "Predicted", "Actual"
        (ax,) = plot_confusion_matrix(counts, "").axes
        shade, text = ax.images[0].to_rgba(count), ax.texts[0].get_color()
        lighter, darker = sorted([luminance(shade[:3]), luminance(text)], reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.3, count
        plt.close("all")


def test_confusion_matrix_of_something_else():
    with pytest.raises(TypeError, match=r"table of counts.*ndarray.*course\.rbase\.table"):
        plot_confusion_matrix(np.eye(2), "")
    with pytest.raises(ValueError, match=r"at least one class"):
        plot_confusion_matrix(pd.DataFrame(), "")


@pytest.mark.parametrize("kind", ["int64", "uint8", "float64", "Int64", "Float32"])
def test_counts_of_any_type(kind):
    counts = pd.DataFrame([[3, 0], [1, 12]]).astype(kind)
    (ax,) = plot_confusion_matrix(counts, "").axes
    assert [text.get_text() for text in ax.texts] == ["3", "0", "1", "12"]
    assert ax.images[0].get_clim() == (0, 12)
    truth = plot_confusion_matrix(counts == 3, "").axes[0]
    assert [text.get_text() for text in truth.texts] == ["1", "0", "0", "0"]
    none = plot_confusion_matrix(counts * 0, "")
    none.canvas.draw()


@pytest.mark.parametrize("wrong", [-1, 0.5, np.nan, np.inf, "3", None, pd.NA])
def test_counts_that_are_none(wrong):
    with pytest.raises((TypeError, ValueError), match="plot_confusion_matrix"):
        plot_confusion_matrix(pd.DataFrame([[1, wrong]]), "")


def test_confusion_matrix_writes_every_count():
    fig = plot_confusion_matrix(table(Predicted=[0, 0, 1], Actual=[0, 1, 1]), "Counts")
    (ax,) = fig.axes
    assert [text.get_text() for text in ax.texts] == ["1", "1", "0", "1"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Actual", "Predicted")


def test_many_classes_get_a_larger_drawing_with_names_that_do_not_overlap():
    names = [f"class number {i}" for i in range(10)]
    counts = pd.DataFrame(np.eye(10, dtype=int), names, names)
    fig = plot_confusion_matrix(counts.rename_axis(index="P", columns="A"), "t")
    small = plot_confusion_matrix(counts.iloc[:3, :3], "t")
    assert fig.get_figheight() > small.get_figheight()
    fig.canvas.draw()
    labels = [label.get_window_extent() for label in fig.axes[0].get_yticklabels()]
    assert not any(a.overlaps(b) for a, b in itertools.pairwise(labels))
    assert {label.get_rotation() for label in fig.axes[0].get_xticklabels()} == {60}


def test_images_stand_in_rows_each_with_its_text():
    images = np.zeros((7, 4, 6, 3))
    fig = plot_images(images, list("abcdefg"), "Seven", columns=3)
    assert len(fig.axes) == 9
    assert [ax.get_title() for ax in fig.axes] == [*"abcdefg", "", ""]
    assert [len(ax.images) for ax in fig.axes] == [1] * 7 + [0] * 2
    assert not any(ax.axison for ax in fig.axes)
    assert fig.get_suptitle() == "Seven"
    grey = plot_images(np.zeros((2, 4, 6)), ["", ""], "Grey", cmap="gray")
    assert grey.axes[0].images[0].get_cmap().name == "gray"


def test_images_that_are_none():
    for wrong in [np.zeros((0, 4, 4, 3)), np.zeros((4, 4)), 3]:
        with pytest.raises(ValueError, match=r"Received shape .*np\.newaxis"):
            plot_images(wrong, [], "")
    with pytest.raises(ValueError, match=r"Received 1 texts for 2 pictures"):
        plot_images(np.zeros((2, 4, 4)), [""], "")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.array([0, 255], dtype="int64"), [0, 255]),
        (np.array([0, 255], dtype="uint8"), [0, 255]),
        (np.array([False, True]), [0, 1]),
        (np.array([0, 1], dtype="float32"), [0, 1]),
        (np.array([-1e-9, 1 + 1e-7]), [0, 1]),
    ],
)
def test_colours_of_any_type(given, expected, caplog):
    """Also those that rounding has brought a little out of their range."""
    colours = np.resize(given, (2, 4, 6, 3))
    before = colours.copy()
    images = plot_images(colours, ["", ""], "")
    images.canvas.draw()
    drawn = images.axes[0].images[0].get_array()
    assert sorted(set(np.ravel(drawn).tolist())) == expected
    np.testing.assert_array_equal(colours, before)
    assert not caplog.records  # matplotlib would say there that it clips


@pytest.mark.parametrize("kind", ["int64", "bool", "float32", "float16"])
def test_grey_pictures_of_any_type(kind):
    grey = np.eye(4)[np.newaxis]
    for shape in [(1, 4, 4), (1, 4, 4, 1)]:
        fig = plot_images(grey.astype(kind).reshape(shape), [""], "")
        np.testing.assert_array_equal(fig.axes[0].images[0].get_array(), grey[0])


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.full((1, 4, 4, 3), 256), r"Received int64 from 256 to 256.*dividing by 255"),
        (np.full((1, 4, 4, 3), -1), r"from -1 to -1"),
        (np.full((1, 4, 4, 3), 255.0), r"Received float64 from 255 to 255"),
        (np.full((1, 4, 4, 3), np.nan), r"finite numbers"),
        (np.full((1, 4, 4), np.inf), r"finite numbers"),
        (np.zeros((1, 4, 4, 2)), r"Received shape \(1, 4, 4, 2\)"),
        (np.zeros((1, 0, 4, 3)), r"Received shape \(1, 0, 4, 3\)"),
        (np.ma.masked_equal(np.eye(4)[np.newaxis], 1), r"without masked entries"),
        (np.full((1, 4, 4), "red"), r"real numbers"),
        ([np.zeros((4, 4)), np.zeros((5, 4))], r"images to be an array"),
        (np.zeros((1, 4, 4), dtype=complex), r"real numbers"),
    ],
)
def test_pictures_that_matplotlib_would_change_or_not_understand(images, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plot_images(images, [""], "")


def test_columns_and_texts_of_images():
    images = np.zeros((2, 4, 4))
    for wrong in [0, -1, 2.5, "3", None]:
        with pytest.raises(ValueError, match=r"columns to be a positive whole number"):
            plot_images(images, ["", ""], "", columns=wrong)
    for wrong in [None, "ab", 3]:
        with pytest.raises(TypeError, match=r"expects a list as titles"):
            plot_images(images, wrong, "")
    for texts in [[1, 2], np.array(["1", "2"]), (str(i) for i in [1, 2])]:
        assert [ax.get_title() for ax in plot_images(images, texts, "", 2).axes] == ["1", "2"]


@pytest.mark.parametrize(
    "values",
    [
        [0, 1],
        [False, True],
        pd.DataFrame({"y": [0, 1]}),
        pd.Series([0, 1], index=[5, 6], dtype="Int64"),
        np.array([0, 1], dtype="float16"),
    ],
)
def test_predicted_values_of_any_type(values):
    fig = plot_predicted(values, values, "")
    fig.canvas.draw()
    assert fig.axes[0].lines[1].get_xdata().tolist() == [0, 1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1, 2], [3, 4]], r"actual of shape \(n,\) or \(n, 1\).*\(2, 2\)"),
        (3, r"Received the shape \(\)"),
        ([1, None], r"missing value"),
        (["a", "b"], r"real numbers"),
        (np.ma.masked_array([1, 2], [0, 1]), r"without masked entries"),
        ([1, np.inf], r"finite numbers"),
    ],
)
def test_predicted_values_of_something_else(values, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plot_predicted(values, [1, 2], "")


def test_a_single_predicted_value():
    plot_predicted([1], [1], "").canvas.draw()


def test_predicted_against_actual_has_the_line_of_equality():
    fig = plot_predicted([1, 3], [[2], [4]], "Predictions", "mpg")
    line, points = fig.axes[0].lines
    assert list(line.get_xdata()) == list(line.get_ydata()) == [1, 4]
    assert points.get_ydata().tolist() == [2, 4]
    with pytest.raises(ValueError, match=r"as many predicted.*3 and 2"):
        plot_predicted([1, 2], [1, 2, 3], "")
    with pytest.raises(ValueError, match=r"at least one\. Received 0 and 0"):
        plot_predicted([], [], "")
    with pytest.raises(ValueError, match=r"finite numbers.*smaller learning rate"):
        plot_predicted([1, 2], [1, np.nan], "")


def comparisons_of(dtype):
    """Of arrays that differ by nothing, by rounding, by far and without bound."""
    b = {name: np.ones(2, dtype) for name in ["same", "near", "far", "apart"]}
    a = b | {"near": b["near"] * (1 + np.finfo(dtype).eps), "far": 1 + b["far"], "apart": b["far"]}
    return compare_all(a, b | {"apart": np.array([np.nan, 1], dtype)})


def test_comparisons_are_points_beside_the_limit_of_their_type():
    both = {dtype: comparisons_of(dtype) for dtype in TOLERANCES}
    fig = plot_comparisons(both, "Comparisons")
    fig.canvas.draw()
    (ax,) = fig.axes
    for dtype, points, limit in [
        ("float32", *ax.lines[:2]),
        ("float64", *ax.lines[2:]),
    ]:
        assert points.get_label() == dtype
        assert np.allclose(points.get_ydata(), [1e-17, np.finfo(dtype).eps, 1, 100], atol=0)
        assert set(limit.get_ydata()) == {TOLERANCES[dtype]}
    assert [text.get_text() for text in ax.get_xticklabels()] == ["same", "near", "far", "apart"]
    assert ax.get_ylim() == (1e-17, 1000)  # nothing lies outside
    assert fig.get_suptitle() == "Comparisons"
    (ax,) = plot_comparisons({"float64": both["float64"][:2]}, "").axes
    assert ax.get_ylim() == (1e-17, 1e-3)


@pytest.mark.parametrize(
    ("comparisons", "message"),
    [
        ([], r"expects a mapping.*Received: list"),
        ({}, r"at least one of comparisons"),
        ({"float64": []}, r"at least one comparison for each. Received 0 for 'float64'"),
        ({"float16": comparisons_of("float32")}, r"float64 or float32.*Received 4 for 'float16'"),
        ({"float64": 1e-9}, r"expects a list as comparisons\['float64'\]. Received 1e-09"),
        ({"float64": [1e-9]}, r"what course.agreement.compare returns. Received: float"),
    ],
)
def test_comparisons_of_something_else(comparisons, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plot_comparisons(comparisons, "")


def test_network_has_a_line_for_each_weight():
    fig = plot_network([4, 5, 3], ["in", "hidden", "out"], "Network")
    assert len(fig.axes[0].lines) == 4 * 5 + 5 * 3
    with pytest.raises(ValueError, match="2 texts for 3 layers"):
        plot_network([4, 5, 3], ["in", "out"], "")
    for size in [0, 2.5, True, "4"]:
        with pytest.raises(ValueError, match=rf"positive whole number.*units={size!r}"):
            plot_network([size, 2], ["in", "out"], "")
    with pytest.raises(ValueError, match="at least one layer"):
        plot_network([], [], "")
    for wrong in [3, None, "45"]:
        with pytest.raises(TypeError, match=r"expects a list as (sizes|layers)\. Received"):
            plot_network(wrong, ["in", "out"], "")
        with pytest.raises(TypeError, match=r"expects a list as layers\. Received"):
            plot_network([1, 2], wrong, "")


# Drawings ---------------------------------------------------------------------------------------


def texts_in_order(fig) -> list[str]:
    """The texts of a drawing: none is small, cut, or over another; what is an inch, is one."""
    fig.canvas.draw()
    (zero, one) = fig.axes[0].transData.transform([[0, 0], [1, 1]])
    np.testing.assert_allclose((one - zero) / fig.dpi, [1, -1], rtol=0.05)
    texts = [text for text in fig.findobj(plt.Text) if text.get_text() and text.get_visible()]
    extents = [text.get_window_extent() for text in texts]
    whole = fig.bbox
    for text, extent in zip(texts, extents, strict=True):
        assert text.get_fontsize() >= 9, text
        assert whole.x0 <= extent.x0 < extent.x1 <= whole.x1, text
        assert whole.y0 <= extent.y0 < extent.y1 <= whole.y1, text
    for (a, one), (b, other) in itertools.combinations(zip(texts, extents, strict=True), 2):
        assert not one.overlaps(other), (a, b)
    return [text.get_text() for text in texts]


SIX = {f"b{i}": (i, 0, f"$dW_{i}$\n(105, {i})") for i in range(6)}


def test_flow_has_boxes_that_hold_their_texts_and_arrows_from_border_to_border():
    fig = plot_flow(
        SIX | {"end": (5, 1, "end")},
        [["b0", "b1", "b2"], ["b5", "end"]],
        "Flow",
        dashed=[["b0", (0, 1), "end"], ["b4", "end"]],
        notes=[(2, 1.3, "a note")],
    )
    expected = [text for _, _, text in SIX.values()] + ["end", "a note", "Flow"]
    assert sorted(texts_in_order(fig)) == sorted(expected)
    (ax,) = fig.axes
    boxes = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    assert len(boxes) == 7
    for box, text in zip(boxes, ax.texts, strict=False):
        inner, outer = text.get_window_extent(), box.get_window_extent()
        assert outer.x0 < inner.x0 < inner.x1 < outer.x1
        assert outer.y0 < inner.y0 < inner.y1 < outer.y1
    assert boxes[-1].get_window_extent().y1 < boxes[0].get_window_extent().y0  # rows go down
    for one, other in itertools.combinations(boxes, 2):
        assert not one.get_window_extent().overlaps(other.get_window_extent())
    b0, *_, end = [np.array([*box.get_bbox().min, *box.get_bbox().max]) for box in boxes]
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    assert [arrow.get_linestyle() == "-" for arrow in arrows] == [True] * 3 + [False] * 2
    ways = [arrow._path_original.vertices for arrow in arrows]
    assert [len(way) for way in ways] == [2, 2, 2, 3, 2]
    np.testing.assert_allclose(ways[0][0], [b0[2], (b0[1] + b0[3]) / 2])  # on the right side
    np.testing.assert_allclose(ways[3][0], [(b0[0] + b0[2]) / 2, b0[3]])  # below
    np.testing.assert_allclose(ways[3][2], [end[0], (end[1] + end[3]) / 2])
    assert np.isclose(ways[4][1], end[:2]).any()  # a slanting one ends on the border, too


@pytest.mark.parametrize(
    ("boxes", "arrows", "message"),
    [
        ({}, [], r"at least one of boxes\. Received none"),
        ([("X", 0, 0)], [], r"mapping from names as boxes\. Received: list"),
        ({"X": (0, 0)}, [], r"\(column, row, text\) as each of boxes\. Received \(0, 0\)"),
        ({"X": "abc"}, [], r"list as each of boxes\. Received 'abc'"),
        ({"X": ("a", 0, "")}, [], r"a column to be a number from -20 to 20"),
        ({"X": (0, np.nan, "")}, [], r"a row to be a number from -20 to 20"),
        ({"X": (0, 0, ""), "Y": (0.5, 0.5, "")}, [], r"do not overlap.* 'X' and 'Y'"),
        (SIX, [["b0", "b9"]], r"boxes: 'b0', .*'b5'\. Received: \['b0', 'b9'\]"),
        (SIX, [["b0"]], r"Received: \['b0'\]"),
        (SIX, [["b0", (1, 1)]], r"at last to a box"),
        (SIX, [[(1, 1), "b0"]], r"from one of its boxes"),
        (SIX, [["b0", "b1", (1, 1)]], r"at last to a box"),
        (SIX, [[(1, 1), "b0", "b1"]], r"from one of its boxes"),
        (SIX, [["b0", "b0"]], r"no place twice"),
        (SIX, [["b0", (1,), "b1"]], r"\(column, row\) as each place of arrows\. Received \[1\]"),
        (SIX, ["b0 b1"], r"list as each of the arrows\. Received 'b0 b1'"),
        (SIX, 3, r"list as arrows\. Received 3"),
    ],
)
def test_flow_of_something_else(boxes, arrows, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plot_flow(boxes, arrows, "")
    assert not plt.get_fignums()


def test_volumes_are_to_scale_and_bars_grow_with_the_logarithm():
    shapes = [(32, 32, 3), (16, 8, 64), (2304,), (1,), (10,)]
    fig = plot_volumes(shapes, ["picture", *"ABCD"], "Shapes")
    written = ["32 × 32 × 3", "16 × 8 × 64", "2304", "1", "10"]
    assert sorted(texts_in_order(fig)) == sorted([*written, "picture", *"ABCD", "Shapes"])
    (ax,) = fig.axes
    faces = [patch.get_xy() for patch in ax.patches if isinstance(patch, Polygon)]
    assert ax.yaxis_inverted()
    fronts = np.array([np.ptp(face, axis=0) for face in faces[::3]])
    np.testing.assert_allclose(fronts[1] / fronts[0], [8 / 32, 16 / 32])
    for i, depth in [(0, 3), (1, 64)]:
        side = np.ptp(faces[3 * i + 2], axis=0)  # of one pixel's width, what goes back to the right
        np.testing.assert_allclose(side[0] / fronts[0, 0], 0.35 * depth / 32)
        np.testing.assert_allclose(side[1], side[0] + fronts[i, 1])
    lengths = fronts[2:, 1]
    np.testing.assert_allclose(lengths / lengths[0], np.log1p([2304, 1, 10]) / np.log1p(2304))
    for shapes in [[(4, 4, 512), (512, 2, 1)], [(9, 9, 9)] * 5]:
        fig = plot_volumes(shapes, [""] * len(shapes), "Shapes")
        texts_in_order(fig)
        faces = [patch for patch in fig.axes[0].patches if isinstance(patch, Polygon)]
        for i, face in enumerate(faces):  # within its part of the drawing
            corners = face.get_xy() - np.array([i // 3 % 4 * 1.6, i // 12 * 1.75])
            assert np.all(corners > [0.2, 0.3])
            assert np.all(corners < [1.4, 1.45])


@pytest.mark.parametrize(
    ("shapes", "layers", "message"),
    [
        ([], [], r"at least one shape\. Received 0 texts for 0 shapes"),
        ([(3,)], ["a", "b"], r"2 texts for 1 shapes"),
        ([(3, 3)], ["a"], r"\(height, width, channels\) or \(units,\)\. Received \(3, 3\)"),
        ([(None, 3)], ["a"], r"tuple of positive whole numbers"),
        ([3], ["a"], r"tuple of positive whole numbers"),
        (3, ["a"], r"list as shapes"),
        ([(3,)], "a", r"list as layers"),
    ],
)
def test_volumes_of_something_else(shapes, layers, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plot_volumes(shapes, layers, "")


def test_grids_write_every_number_and_frame_the_cells_that_are_named():
    numbers = np.arange(-3, 3).reshape(2, 3) / 2
    fig = plot_grids(
        {"left": numbers, "right": [[7]], "below": [[8, 9]]},
        "Grids",
        frames={"left": {"A": (0, 1, 2), "B": (1, 0, 1)}},
        below=["first line", "$1 + 1 = 2$"],
        columns=2,
    )
    fig.canvas.draw()
    (ax,) = fig.axes
    as_typed = [text.get_text().replace("\N{MINUS SIGN}", "-") for text in ax.texts]
    found = dict(zip(as_typed, [text.get_position() for text in ax.texts], strict=True))
    assert {"-1.5", "-1", "-0.5", "0", "0.5", "1", "7", "8", "9", "left", "right", "below"} <= set(
        found
    )
    assert {"first line", "$1 + 1 = 2$", "A", "B"} <= set(found)
    assert len(ax.texts) == 6 + 1 + 2 + 3 + 2 + 2
    assert ax.yaxis_inverted()
    # Along a row to the right, along a column downwards, as far as a cell is wide.
    right = np.subtract(found["-1"], found["-1.5"])
    down = np.subtract(found["0.5"], found["-1"])
    np.testing.assert_allclose(right, [right[0], 0])
    np.testing.assert_allclose(down, [0, right[0]])
    frames = [p for p in ax.patches if isinstance(p, Rectangle) and p.get_linewidth() > 2]
    inside = [
        {text for text, place in found.items() if frame.get_bbox().contains(*place)}
        for frame in frames
    ]
    assert inside[0] - {"A"} == {"-1", "-0.5", "0.5", "1"}
    assert inside[1] - {"B"} == {"0"}
    assert frames[0].get_linestyle() != frames[1].get_linestyle()


def test_nothing_in_grids_is_cut_or_over_something_else():
    seven = {f"stride {i}: 5 × 5 windows": np.full((7, 7), -99) for i in range(2)}
    texts_in_order(plot_grids(seven | {"third": [[1]]}, "Two rows", columns=2))
    texts_in_order(plot_grids({"wide": np.zeros((2, 22))}, "As wide as the page"))
    grids = {"picture": np.full((6, 6), 9), "kernel": np.eye(3), "result": np.full((4, 4), -7)}
    line = "A:  $" + r"-1 \cdot 3 " * 9 + "= -27$"
    frames = {
        "picture": {"A": (0, 0, 3), "B": (0, 3, 3)},
        "result": {"A": (0, 0, 1), "B": (1, 1, 1)},
    }
    texts_in_order(plot_grids(grids, "Three in a row, lines", frames=frames, below=[line] * 3))


@pytest.mark.parametrize(
    ("grids", "options", "message"),
    [
        ({}, {}, r"at least one of grids\. Received none"),
        ([[1]], {}, r"mapping from names as grids\. Received: list"),
        ({"A": [1, 2]}, {}, r"grids\['A'\] to have rows and columns\. Received the shape \(2,\)"),
        ({"A": [[]]}, {}, r"rows and columns"),
        ({"A": [[np.nan]]}, {}, r"finite numbers"),
        ({"A": [["a"]]}, {}, r"real numbers"),
        ({"A": [[1]]}, {"columns": 0}, r"columns to be a positive whole number"),
        ({"A": [[1]]}, {"below": "text"}, r"list as below"),
        ({"A": [[1]]}, {"frames": ["A"]}, r"mapping from names as frames"),
        ({"A": [[1]]}, {"frames": {"A": (0, 0, 1)}}, r"mapping from names as frames\['A'\]"),
        *[
            ({"A": np.eye(3)}, {"frames": {name: {"a": square}}}, rf"frames\['{name}'\].*within")
            for name, square in [
                ("B", (0, 0, 1)),
                ("A", (2, 0, 2)),
                ("A", (0, 2, 2)),
                ("A", (-1, 0, 1)),
                ("A", (0, 0, 0)),
                ("A", (0, 0)),
                ("A", (0, 0, 1.0)),
                ("A", (True, 0, 1)),
            ]
        ],
    ],
)
def test_grids_of_something_else(grids, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plot_grids(grids, "", **options)
