"""What the lesson on deep networks says holds: depth and learning rate."""

import re

import numpy as np
import pytest
from conftest import everything

pytestmark = everything("what the lesson on deep networks says")


@pytest.fixture(scope="module")
def run(lesson):
    return lesson("deep_network")


def mean_and_sd(values) -> tuple[float, float]:
    assert len(values) == 5
    return np.mean(values), np.std(values, ddof=1)


def test_the_networks_have_nearly_as_many_parameters(run):
    found = re.findall(r"(\[.*\]): (\d+) by the formula, (\d+) by Keras", run.stdout)
    assert [sizes.count(",") + 1 for sizes, _, _ in found] == [1, 2, 4]
    counts = [int(by_keras) for _, by_formula, by_keras in found if by_formula == by_keras]
    assert len(counts) == 3
    assert max(counts) < 1.05 * min(counts)


def test_at_the_smaller_learning_rate_depth_wins_by_more_than_the_sds(run):
    wide, wide_sd = mean_and_sd(run.variables["accuracies"][1, 0.01])
    assert wide < 0.7  # "little better than guessing"
    for depth in [2, 4]:
        deep, deep_sd = mean_and_sd(run.variables["accuracies"][depth, 0.01])
        assert deep - wide > 2 * (deep_sd + wide_sd), depth
        assert deep > 0.9, depth


def test_at_the_larger_learning_rate_the_wide_network_wins_and_the_deep_ones_vary(run):
    """Whether a single start fails is a matter of rounding: the ten of both depths together."""
    accuracies = run.variables["accuracies"]
    wide = accuracies[1, 0.1]
    small, large = ([*accuracies[2, rate], *accuracies[4, rate]] for rate in [0.01, 0.1])
    assert min(wide) > 0.95
    assert min(large) < 0.9 < max(large)
    assert np.mean(large) < min(np.mean(wide), np.mean(small))
    assert np.std(large, ddof=1) > 5 * np.std(wide, ddof=1)


def test_printed_means_are_those_of_the_runs(run):
    for (depth, rate), values in run.variables["accuracies"].items():
        mean, sd = mean_and_sd(values)
        line = f"{depth} hidden, learning rate {rate}: test accuracy over 5 seeds"
        assert f"{line} {mean:.3f} ± {sd:.3f}\n" in run.stdout
