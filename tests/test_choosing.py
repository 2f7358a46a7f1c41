"""What the page on choosing says the lessons found out is so in their runs."""

import re

import numpy as np
import pytest
from conftest import lessons
from r_fixtures import ROOT
from test_titles import CHANGES, NAMES, changed

PAGE = " ".join((ROOT / "docs" / "choosing.rst").read_text(encoding="utf-8").split())
# What says which numbers are meant, and stays when these are changed.
SETTINGS = NAMES | {"units", "scales", "optimizers", "learning_rates", "actual"}


def ends(runs):
    """The mean training loss at the end, for each setting."""
    return runs[:, :, -1, 0].mean(axis=1)


def in_the_middle(place, numbers):
    return 0 < place < len(numbers) - 1


def mean_accuracy(v, depth, rate):
    return np.mean(v["accuracies"][depth, rate])


def best_at(v, rate):
    return max([1, 2, 4], key=lambda depth: mean_accuracy(v, depth, rate))


def mae(v, forecast):
    return np.mean(np.abs(forecast - v["actual"]))


def not_worse(v):
    """How many trials are within two standard deviations of the best, drawn again, or below."""
    return np.sum(v["values"] <= np.mean(v["again"]) + 2 * np.std(v["again"], ddof=1))


FINDINGS = {
    "activations": {
        "Only softmax gives probabilities that sum to 1": lambda v: (
            np.flatnonzero(np.isclose(v["outputs"].sum(axis=1), 1)).tolist() == [0]
        ),
        "leaky ReLU moved the unit that ReLU left dead": lambda v: (
            v["moved"]["relu"][0] == 0 < v["moved"]["leaky_relu"][0]
        ),
    },
    "convolution": {
        "A convolution makes the same feature maps as a dense layer with far fewer weights": (
            lambda v: v["inputs"] * v["outputs"] > 1000 * (v["weights"].size + 4)
        ),
    },
    "hyperparameters": {
        "The loss was lowest at a rate in the middle": lambda v: in_the_middle(
            ends(v["rate_runs"]).argmin(), v["many_rates"]
        ),
        "it rose again, in every draw, while the training loss went on falling": lambda v: (
            np.all(v["small"][:, -1, 1] > v["small"][:, v["best_epoch"], 1])
            and np.all(v["small"][:, -1, 0] < v["small"][:, v["best_epoch"], 0])
        ),
        "In as many epochs, smaller batches got further": lambda v: np.all(
            np.diff([np.mean(v["batch_losses"][b][:, -1]) for b in v["batch_sizes"]]) > 0
        ),
        "RMSprop and Adam ended lower than plain steps": lambda v: (
            max(np.mean(v["optimizer_losses"][name]) for name in ["RMSprop", "Adam"])
            < np.mean(v["optimizer_losses"]["SGD"])
        ),
        "A scale in the middle was best, and the largest by far the worst": lambda v: (
            in_the_middle(ends(v["scale_runs"]).argmin(), v["scales"])
            and ends(v["scale_runs"])[-1] > 2 * ends(v["scale_runs"])[:-1].max()
        ),
        "One or two were too few. From three to ten, more were not better.": lambda v: (
            ends(v["unit_runs"])[:2].min() > 2 * ends(v["unit_runs"])[2:].max()
            and np.all(np.diff(ends(v["unit_runs"])[2:5]) >= 0)
        ),
        "With twenty and more the loss was lower and depended less on the start": lambda v: (
            ends(v["unit_runs"])[5:].max() < ends(v["unit_runs"])[:5].min()
            and v["unit_runs"][5:, :, -1, 0].std(axis=1).max()
            < v["unit_runs"][:5, :, -1, 0].std(axis=1).min()
        ),
        "Several of its trials were not clearly worse than the best": lambda v: (
            2 < not_worse(v) <= len(v["values"]) / 2
        ),
    },
    "deep_network": {
        "the deeper networks were better at the smaller rate, and the wide one at the larger": (
            lambda v: (
                best_at(v, 0.01) != 1 == best_at(v, 0.1)
                and mean_accuracy(v, 1, 0.01) < min(mean_accuracy(v, d, 0.01) for d in [2, 4]) - 0.1
            )
        ),
        "He's weights kept their size with ReLU": lambda v: np.all(
            np.abs(v["measured"]["ReLU, He"] - 1) < 0.2
        ),
        "with ten of them it stayed near guessing, and ReLU did not": lambda v: (
            np.max(v["deep_accuracies"]["sigmoid"]) < 0.7 < np.min(v["deep_accuracies"]["relu"])
        ),
    },
    "transformer_keras": {
        "without positions the transformer could not write one in reverse": lambda v: (
            v["sequence_without"] < 0.01 and v["sequence_accuracy"] > 0.9
        ),
        "a rule of one number was better than each of five transformers": lambda v: (
            len(v["errors"]) == 5 and mae(v, v["rules"]["grown by the mean"]) < min(v["errors"])
        ),
    },
}


@pytest.mark.parametrize("name", lessons(list(FINDINGS)))
def test_what_the_page_says_is_so_in_the_run(lesson, name):
    variables = lesson(name).variables
    for finding, holds in FINDINGS[name].items():
        assert finding in PAGE
        assert holds(variables), finding
        fails = []
        for how in CHANGES:
            others = {k: v if k in SETTINGS else changed(v, how) for k, v in variables.items()}
            with np.errstate(all="ignore"):
                fails.append(not holds(others))
        assert any(fails), finding


def test_every_paragraph_has_a_finding():
    """One that says what a run shows, and where; the first says what the page is for."""
    paragraphs = re.split(r"(?=\*\*[A-Z])", PAGE)[1:]
    assert len(paragraphs) == 12
    findings = [finding for of_lesson in FINDINGS.values() for finding in of_lesson]
    for paragraph in paragraphs:
        assert any(finding in paragraph for finding in findings), paragraph
        assert "<lessons/" in paragraph
    assert sum(PAGE.count(finding) for finding in findings) == len(findings)
