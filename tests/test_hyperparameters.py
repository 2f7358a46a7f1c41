"""What the lessons on hyper-parameters say is true in their runs."""

import re

import lesson_checks as checks
import numpy as np
import pytest

from course.agreement import (
    CENTRAL_DIFFERENCE_TOLERANCE,
    assert_agree,
    central_difference,
)

SEEDS = 10


@pytest.fixture(scope="module")
def rates(lesson):
    """The run of the lesson on the learning rate and the epochs."""
    return lesson("learning_rate")


@pytest.fixture(scope="module")
def batches(lesson):
    """The run of the lesson on the batch size and more."""
    return lesson("batch_size")


@pytest.fixture(scope="module")
def search(lesson):
    """The run of the lesson on the search."""
    return lesson("hyperparameter_search")


@pytest.fixture(scope="module")
def by_hand():
    """The functions of the first lesson and the weights in the middle; stops before the rest."""
    blocks = checks.code_blocks_of("learning_rate")
    last = next(i for i, block in enumerate(blocks) if "curvature = " in block)
    return checks.run_blocks(blocks[: last + 1])[0]


def mean_and_sd(numbers) -> str:
    assert len(numbers) >= 5
    assert np.std(numbers) > 0, "all starts gave the same"
    return f"{np.mean(numbers):.3f} ± {np.std(numbers, ddof=1):.3f}"


# The network --------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", [1, 5, 7])
def test_the_gradient_is_that_of_central_differences(by_hand, hidden):
    w = np.random.default_rng(2).normal(0, 0.5, size=8 * hidden + 3)  # biases that are not zero
    rows = slice(10, 31)
    X, Y = by_hand["X_train"][rows], by_hand["Y_train"][rows]
    numeric = central_difference(lambda: by_hand["loss_and_gradient"](w, X, Y)[0], w)
    _, gradient = by_hand["loss_and_gradient"](w, X, Y)
    assert np.count_nonzero(gradient) > len(w) / 2  # units are active
    assert_agree("gradient", gradient, numeric, CENTRAL_DIFFERENCE_TOLERANCE)


def test_lines_written_twice_compute_the_same(by_hand):
    """The lesson on the batch size has the network, its data and its start once more."""
    blocks = checks.code_blocks_of("batch_size")
    last = next(i for i, block in enumerate(blocks) if "full = " in block)
    again, _ = checks.run_blocks(blocks[: last + 1])
    for name in ["X_train", "Y_train", "X_test", "Y_test", "w_start"]:
        assert np.array_equal(again[name], by_hand[name]), name
    np.testing.assert_allclose(again["w"], by_hand["w_middle"], rtol=1e-12)
    w = np.random.default_rng(2).normal(0, 0.5, size=8 * 7 + 3)
    for found, expected in zip(
        again["loss_and_gradient"](w, again["X_test"], again["Y_test"]),
        by_hand["loss_and_gradient"](w, again["X_test"], again["Y_test"]),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-14)
    starts = [
        re.search(r"def initial_weights.+?(?=\n\n)", "\n".join(checks.code_blocks_of(name)), re.S)[
            0
        ]
        for name in ["learning_rate", "batch_size"]
    ]
    assert starts[0] == starts[1]


def test_it_is_the_network_of_iris_nopackages_with_the_mean_loss(lesson, rates):
    """At 0.105 the losses are those of the lecture's script, which descends the sum at 0.001."""
    variables = rates.variables
    iris = lesson("iris_nopackages").variables
    assert np.array_equal(variables["train_rows"], iris["train_rows"])
    losses = dict(zip(variables["rates"], variables["runs"], strict=True))[0.105][1]
    np.testing.assert_allclose(losses, iris["losses"], rtol=1e-8)


def test_a_learning_rate_that_is_far_too_large_gives_finite_numbers(by_hand):
    w, losses = by_hand["descend"](by_hand["w_start"], 100, 5)
    assert losses.max() > 1000
    assert np.isfinite(losses).all()
    assert np.isfinite(w).all()


def test_weights_that_are_all_zero_never_move(by_hand):
    _, gradient = by_hand["loss_and_gradient"](np.zeros(43), by_hand["X_train"], by_hand["Y_train"])
    assert not gradient[:-3].any()
    assert gradient[-3:].any()  # the biases of the output do


# Learning rate ------------------------------------------------------------------------------


def test_too_small_is_slow_and_too_large_is_stuck(rates):
    variables = rates.variables
    small, good, lecture, large = (losses for _, losses in variables["runs"])
    assert np.all(np.diff(small) < 0)
    assert small[-1] > 2 * good[-1]
    good_rises = np.flatnonzero(np.diff(good) > 0)
    assert 0 < len(good_rises) < 10
    assert good_rises[-1] < 50
    assert np.sum(np.diff(lecture) > 0) > 40  # the zigzag
    assert variables["end_losses"] == pytest.approx([small[-1], good[-1], lecture[-1], large[-1]])
    assert variables["active"][3] == 0 < min(variables["active"][:3])
    assert abs(large[-1] - np.log(3)) < 0.01
    assert large[-1] > 2 * good[-1]


def test_over_ten_seeds_the_best_learning_rate_is_in_the_middle(rates):
    runs = rates.variables["rate_losses"][:, :, -1]
    assert runs.shape == (9, SEEDS)
    mean = runs.mean(axis=1)
    assert 0 < mean.argmin() < 8
    assert min(mean[0], mean[-1]) > 1.5 * mean.min()
    for rate, losses in zip(rates.variables["many_rates"], runs, strict=True):
        assert f"\n{rate:g}: training loss {mean_and_sd(losses)}\n" in rates.stdout


def test_the_curvature_is_the_second_difference_of_the_loss(by_hand):
    def loss(step):
        w = by_hand["w_middle"] + step * by_hand["u"]
        return by_hand["loss_and_gradient"](w, by_hand["X_train"], by_hand["Y_train"])[0]

    h = 1e-4
    second = (loss(h) - 2 * loss(0) + loss(-h)) / h**2
    assert by_hand["curvature"] == pytest.approx(second, rel=1e-4)
    assert 0.02 < 2 / by_hand["curvature"] < 0.105  # the two rates on the map


def test_on_the_map_large_updates_jump_across_the_valley_and_small_ones_follow_it(rates, by_hand):
    variables = rates.variables

    def loss(place):
        w = by_hand["w_middle"] + place @ variables["plane"]
        return by_hand["loss_and_gradient"](w, by_hand["X_train"], by_hand["Y_train"])[0]

    np.testing.assert_allclose(variables["plane"] @ variables["plane"].T, np.eye(2), atol=1e-12)
    small, large = variables["paths"][0.02], variables["paths"][0.105]
    falls = [loss(place) for place in small]
    assert np.all(np.diff(falls) < 0)
    first, second, third = (loss(place) for place in large[:3])
    assert first < second < third  # each lands higher than the one before
    across = [loss(large[0] + part * (large[1] - large[0])) for part in np.linspace(0, 1, 21)]
    assert min(across) < first  # the floor lies between
    assert np.sum(np.diff(np.sign(np.diff(large[:, 0]))) != 0) > 6  # from side to side
    assert large[-1, 1] > large[0, 1] + 0.2  # and yet along the valley
    assert max(map(loss, large)) < 15


# Epochs -------------------------------------------------------------------------------------


def test_over_fitting_shows(rates):
    small, best = rates.variables["small"], rates.variables["best_epoch"]
    assert small.shape == (SEEDS, 1000, 2)
    training, test = small.mean(axis=0).T
    assert best == test.argmin()
    assert 20 < best < 500
    assert test[-1] > 1.3 * test[best]
    assert np.all(np.diff(test[best + 50 :: 50]) > 0)
    assert np.all(np.diff(training[best::50]) < 0)
    worse = np.sum(small[:, -1, 1] > small[:, best, 1])
    assert worse > SEEDS / 2
    assert f"Test loss higher at the end in {worse} of 10 draws\n" in rates.stdout


# Batch size ---------------------------------------------------------------------------------


def test_noise_falls_with_the_root_of_the_batch_size(batches):
    sizes, noise = batches.variables["sizes"], np.array(batches.variables["noise"])
    assert list(sizes) == [1, 4, 16, 64]
    single, full = batches.variables["single"], batches.variables["full"]
    np.testing.assert_allclose(single.mean(axis=0), full, rtol=1e-9, atol=1e-12)
    sigma = np.sqrt(np.sum(single.var(axis=0)))
    np.testing.assert_allclose(batches.variables["theory"], sigma / np.sqrt(sizes), rtol=1e-9)
    np.testing.assert_allclose(noise, batches.variables["theory"], rtol=0.1)
    exponent = np.polyfit(np.log(sizes), np.log(noise), 1)[0]
    assert exponent == pytest.approx(-0.5, abs=0.05)


def test_an_epoch_costs_the_same_and_small_batches_get_further(batches):
    assert list(batches.variables["updates"]) == [105, 27, 7, 1]
    assert set(batches.variables["per_epoch"]) == {105 * (20 + 15 + 15 + 15 + 20)}
    losses = batches.variables["batch_losses"]
    for b, curves in losses.items():
        assert curves.shape == (SEEDS, 40)
        assert f"\nbatch size {b}: training loss {mean_and_sd(curves[:, -1])}\n" in batches.stdout
    ends = [losses[b][:, -1].mean() for b in [1, 4, 16, 105]]
    assert np.all(np.diff(ends) > 0.1)


def test_per_update_all_batch_sizes_get_as_far(batches):
    """Where two curves over the updates overlap, they are close to each other."""
    curves = {
        b: (updates * np.arange(1, 41), batches.variables["batch_losses"][b].mean(axis=0))
        for b, updates in [(1, 105), (4, 27), (16, 7), (105, 1)]
    }
    for smaller, larger in [(1, 4), (4, 16), (16, 105)]:
        x, y = curves[larger]
        common = x >= curves[smaller][0][0]
        assert common.sum() > 5
        between = np.interp(x[common], *curves[smaller])
        assert np.abs(between - y[common]).max() < 0.1
        assert np.ptp(y[common]) > 0.1  # the curves move by more than that


# And lots more ------------------------------------------------------------------------------


def test_optimisers_are_told_over_ten_seeds(batches):
    losses = batches.variables["optimizer_losses"]
    assert list(losses) == ["SGD", "momentum", "RMSprop", "Adam"]
    for name, curves in losses.items():
        assert curves.shape == (SEEDS, 200)
        assert f"\n{name}: training loss {mean_and_sd(curves[:, -1])}\n" in batches.stdout


def test_large_initial_weights_end_at_a_larger_loss(batches):
    runs, scales = batches.variables["scale_runs"], batches.variables["scales"]
    assert runs.shape == (len(scales), SEEDS, 200, 2)
    first, last = runs[:, :, 0, 0].mean(axis=1), runs[:, :, -1, 0].mean(axis=1)
    assert scales[-2:] == [1, 3]
    assert last[-1] > 2 * last[-2] > 2 * last[:-2].max()
    assert first[-1] > 5 * first[-2] > 5 * np.log(3)  # sure and wrong
    for scale, ends in zip(scales, runs[:, :, -1, 0], strict=True):
        assert f"\n{scale:g}: training loss {mean_and_sd(ends)}\n" in batches.stdout


def test_more_hidden_units_end_lower_and_depend_less_on_the_start(batches):
    runs, units = batches.variables["unit_runs"], batches.variables["units"]
    for column, name in enumerate(["training", "test"]):
        ends = runs[:, :, -1, column]
        mean, sd = ends.mean(axis=1), ends.std(axis=1, ddof=1)
        assert max(mean[-2:]) < 0.75 * min(mean[:-2])
        assert max(sd[-2:]) < 0.5 * min(sd[:-2])
        for h, losses in zip(units, ends, strict=True):
            assert f"\n{h}: {name} loss {mean_and_sd(losses)}\n" in batches.stdout


def test_few_units_can_all_die_in_one_start(batches):
    """Then the network gives all flowers the shares of the species, whose loss is the entropy."""
    shares = batches.variables["Y_train"].mean(axis=0)
    ends = batches.variables["unit_runs"][:, :, -1, 0]
    dead = np.abs(ends + np.sum(shares * np.log(shares))) < 0.01
    few = np.array(batches.variables["units"]) < 20
    assert dead[few].any()
    assert not dead[~few].any()


# The search ---------------------------------------------------------------------------------


def test_the_search_tries_what_it_was_allowed_to(search):
    assert len(search.variables["trials"]) == search.variables["n_trials"] == 16
    for _, setting in search.variables["trials"]:
        assert 1e-4 <= setting["learning_rate"] <= 0.1
        assert 2 <= setting["units"] <= 32
        assert setting["batch_size"] in [4, 8, 16, 32]
    assert len({tuple(setting.values()) for _, setting in search.variables["trials"]}) > 10


def test_the_search_gets_better_and_its_best_is_used(search):
    values, so_far = search.variables["values"], search.variables["best_so_far"]
    assert np.all(np.diff(so_far) <= 0)
    assert so_far[-1] == values.min() < values[0]
    assert values.max() > 3 * values.min()  # good regions and bad ones
    assert search.variables["best"] == search.variables["trials"][values.argmin()][1]
    told = mean_and_sd(search.variables["again"])
    assert f"The best setting: {values.min():.3f} in the search, again {told}\n" in search.stdout


def test_the_test_flowers_are_used_once_and_not_to_choose(search):
    blocks = checks.code_blocks_of("hyperparameter_search")
    choosing = [block for block in blocks if "n_fit" in block or "study" in block]
    assert len(choosing) >= 3
    assert not any("X_test" in block for block in choosing)
    uses = [block for block in blocks[blocks.index(choosing[0]) :] if "X_test" in block]
    assert len(uses) == 1
    assert 0 < search.variables["n_fit"] < len(search.variables["X_train"]) == 105
    species = search.variables["Y_test"].argmax(axis=1)
    right = np.sum(search.variables["test_pred"].argmax(axis=1) == species)
    assert right > 35
    assert f"{right} of 45 test flowers right\n" in search.stdout
