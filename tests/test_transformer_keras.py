"""The transformer: what it learns, that it agrees with Keras, what its forecast has seen."""

import csv

import lesson_checks as checks
import numpy as np
import pandas as pd
import pytest
from conftest import everything
from r_fixtures import DATASETS

import course.data
from course.agreement import TOLERANCES

BLOCKS = checks.code_blocks_of("transformer_keras")
LENGTH, TRAINING_MONTHS = 10, 9 * 12
SEQUENCES_AND_ANSWERS = np.random.default_rng(1).integers(0, 10, (2, 16, LENGTH))
pytestmark = [
    pytest.mark.filterwarnings("default"),  # other libraries warn as they like
    everything("what the lesson on transformers says"),
]


@pytest.fixture(scope="module")
def run(lesson):
    return lesson("transformer_keras")


@pytest.fixture(scope="module")
def passengers() -> np.ndarray:
    """The series, read from its file by other means than the lesson's."""
    with open(DATASETS / "airpassengers.csv", newline="", encoding="utf-8") as file:
        return np.array([float(row["passengers"]) for row in csv.DictReader(file)])


def blocks_with(*texts: str) -> list[str]:
    """The lesson's blocks that hold these texts, in the order of the lesson."""
    places = sorted(
        next(i for i, block in enumerate(BLOCKS) if text in block) for text in set(texts)
    )
    return [BLOCKS[i] for i in places]


# The task -----------------------------------------------------------------------------------


def test_unseen_sequences_are_reversed(run):
    variables = run.variables
    assert variables["digit_accuracy"] >= 0.99
    assert variables["sequence_accuracy"] >= 0.99
    assert len(variables["unseen"]) >= 1900
    line = next(x for x in run.stdout.splitlines() if x.startswith("with positions"))
    told = [f"{variables[name]:.4f}" for name in ("digit_accuracy", "sequence_accuracy")]
    assert line.split()[2:] == told
    assert "(one run, seed 1)" in run.stdout


def test_no_test_sequence_is_among_those_of_the_training(run):
    trained = {tuple(row) for row in run.variables["train"].reshape(-1, LENGTH).tolist()}
    assert len(trained) > 25_000
    assert not trained & {tuple(row) for row in run.variables["unseen"].tolist()}


def test_without_positions_it_cannot_be_learnt(run):
    """The page and the title of a figure say so."""
    variables = run.variables
    assert 0.1 < variables["digit_without"] < 0.5
    assert variables["sequence_without"] < 0.01
    assert len(variables["losses"]) == len(variables["losses_without"]) == variables["steps"]
    assert max(variables["losses"][-50:]) < 0.01
    assert min(variables["losses_without"]) > 1


def test_each_position_attends_most_to_the_opposite_one(run):
    weights = run.variables["weights"]
    assert weights.shape == (LENGTH, LENGTH)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    opposite = np.arange(LENGTH)[::-1]
    assert (weights.argmax(axis=1) == opposite).all()
    largest = np.argsort(weights, axis=None)[-LENGTH:]
    assert set(largest) == {LENGTH * i + j for i, j in enumerate(opposite)}
    assert "looks most at position 9 8 7 6 5 4 3 2 1 0\n" in run.stdout


# Agreement with Keras -----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_outputs_and_every_gradient_agree_with_keras(run, dtype):
    comparisons = run.variables["comparisons"][dtype]
    names = [name for name in run.variables["weight_names"] if "key_bias" not in name]
    assert len(names) == len(set(names)) == 19
    assert [c.name for c in comparisons] == ["answers", "attention weights", *names]
    for c in comparisons:
        assert c.dtype == dtype
        assert c.agrees(), c
    assert max(run.variables["key_bias"][dtype]) < TOLERANCES[dtype]  # it is 0
    print(f"\ntransformer, {dtype}: {max(c.max_rel for c in comparisons):.1e}")


def test_all_weights_of_the_model_are_compared(run):
    compared = sum(np.prod(c.shape) for c in run.variables["comparisons"]["float64"][2:])
    together = next(x for x in run.stdout.splitlines() if x.startswith("together"))
    assert compared + 16 == int(together.split()[1])  # 16 for the bias of the keys


@pytest.fixture(scope="module")
def untrained():
    """The variables of the lesson up to the model, not trained, and Keras' side by precision."""
    blocks = BLOCKS[: BLOCKS.index(blocks_with("def build_model")[0]) + 1]
    places = "places = np.arange(length)"
    blocks = [*blocks, places, *blocks_with("def own_layers", "def in_keras")]
    namespace, _ = checks.run_blocks(blocks)
    in_keras = {dtype: namespace["in_keras"](dtype, *SEQUENCES_AND_ANSWERS) for dtype in TOLERANCES}
    return namespace | {"in_keras": lambda dtype, *_: in_keras[dtype]}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("a = norm_1.forward(x + attention", "a = norm_1.forward(attention"),
        ("norm_2.forward(a + dense_2", "norm_2.forward(x + dense_2"),
        ("/ answers.size", "/ len(answers)"),
        ("da = dsum + dense_1", "da = dense_1"),
        ("dsum = norm_1.backward(da)", "dsum = da + 0 * norm_1.backward(da)"),
        ("dx = dsum + dquery + dvalue", "dx = dquery + dvalue"),
        ("dx = dsum + dquery + dvalue", "dx = dsum + dquery"),
        ("embed_place.backward(dx)", "embed_place.backward(dsum)"),
        (None, None),
    ],
)
def test_faults_planted_in_the_lines_by_hand_are_found(untrained, line, fault):
    blocks = blocks_with("def forward_and_backward", "sixteen, answers")
    drawn = "unseen[:16], rng.integers(0, n_tokens, (16, length))"
    assert drawn in blocks[1]
    blocks[1] = blocks[1].replace(drawn, "SEQUENCES_AND_ANSWERS")
    if line:
        assert sum(block.count(line) for block in blocks) == 1
        blocks = [block.replace(line, fault) for block in blocks]
    namespace = untrained | {"SEQUENCES_AND_ANSWERS": SEQUENCES_AND_ANSWERS}
    for block in blocks:
        exec(compile(block, "lesson", "exec"), namespace)
    for dtype in TOLERANCES:
        assert all(c.agrees() for c in namespace["comparisons"][dtype]) == (line is None)


# The forecast -------------------------------------------------------------------------------


def test_the_rules_are_right(run, passengers):
    """Month by month, in another way than the lesson's."""
    totals = [sum(passengers[12 * k : 12 * k + 12]) for k in range(12)]
    ratios = [totals[k] / totals[k - 1] for k in range(1, 9)]
    differences = {"as last year": [], "grown as last year": [], "grown by the mean": []}
    for month in range(TRAINING_MONTHS, 144):
        year, before = month // 12, passengers[month - 12]
        growths = [1, totals[year - 1] / totals[year - 2], sum(ratios) / 8]
        for rule, growth in zip(differences, growths, strict=True):
            differences[rule].append(abs(passengers[month] - before * growth))
    for rule, values in differences.items():
        error = np.mean(values)
        forecast = run.variables["rules"][rule]
        assert np.abs(forecast - passengers[TRAINING_MONTHS:]).mean() == pytest.approx(error)
        assert f"{rule:<26}{error:6.2f}\n" in run.stdout


def test_the_errors_told_are_those_of_the_forecasts(run, passengers):
    variables = run.variables
    assert len(set(variables["seeds"])) == len(variables["forecasts"]) == 5
    errors = [np.abs(f - passengers[TRAINING_MONTHS:]).mean() for f in variables["forecasts"]]
    assert np.std(errors) > 0
    told = f"{np.mean(errors):6.2f} ± {np.std(errors, ddof=1):.2f}\n"
    assert f"{'transformer, 5 seeds':<26}{told}" in run.stdout
    for rule, forecast in variables["rules"].items():
        error = np.abs(forecast - passengers[TRAINING_MONTHS:]).mean()
        better = sum(e < error for e in errors)
        assert f"better than '{rule}' in {better} of 5 runs.\n" in run.stdout


def test_training_windows_end_before_the_first_test_month(run, passengers):
    windows = run.variables["windows"]
    assert windows.shape == (TRAINING_MONTHS - 36 + 1, 36)
    for start, window in enumerate(windows):
        assert np.array_equal(window, np.log(passengers[start : start + 36]))


@pytest.fixture(scope="module")
def forecast_of():
    """A function that forecasts a series as the lesson does, after three steps with one seed."""
    setup = [BLOCKS[0], *blocks_with("def encoder_block")]
    series = blocks_with("load_airpassengers()", "n_train = 108", "past, ahead", "spread =")
    training = blocks_with("def build_forecaster")
    seeds, steps = "seeds = [1, 2, 3, 4, 5]", "forecast_steps = 200"
    assert seeds in training[0]
    assert steps in training[0]
    training = [training[0].replace(seeds, "seeds = [1]").replace(steps, "forecast_steps = 3")]

    def forecast(values: np.ndarray) -> dict:
        frame = pd.DataFrame({"passengers": values})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(course.data, "load_airpassengers", lambda: frame)
            return checks.run_blocks([*setup, *series, *training])[0]

    return forecast


def test_no_forecast_knows_the_months_that_it_is_about(forecast_of, passengers):
    """Other passengers from some year on leave the forecasts up to that year as they are."""
    as_it_was = forecast_of(passengers)
    for year in [0, 2]:
        changed = passengers.copy()
        changed[TRAINING_MONTHS + 12 * year :] *= 2
        other = forecast_of(changed)
        for name in ["x_train", "y_train", "spread"]:
            assert np.array_equal(other[name], as_it_was[name])
        same = np.isclose(other["forecasts"][0], as_it_was["forecasts"][0], rtol=1e-5)
        first_changed = 12 * year + 12  # the forecasts for the years after
        assert same[:first_changed].all()
        assert not same[first_changed:].any()
