"""Figures follow one style, can be read in grey, and say what they show."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from course.plots import (
    plot_confusion_matrix,
    plot_history,
    plot_images,
    plot_network,
    plot_predicted,
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


def test_network_has_a_line_for_each_weight():
    fig = plot_network([4, 5, 3], ["in", "hidden", "out"], "Network")
    assert len(fig.axes[0].lines) == 4 * 5 + 5 * 3
    with pytest.raises(ValueError, match="2 texts for 3 layers"):
        plot_network([4, 5, 3], ["in", "out"], "")
    for size in [0, 2.5]:
        with pytest.raises(ValueError, match=rf"1 or more\. Received {size}"):
            plot_network([size, 2], ["in", "out"], "")
