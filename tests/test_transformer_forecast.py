"""The forecast: the rules beside it are right, and it has not seen the months ahead."""

import csv

import lesson_checks as checks
import numpy as np
import pandas as pd
import pytest
from conftest import everything
from r_fixtures import DATASETS

import course.data

BLOCKS = checks.code_blocks_of("transformer_forecast")
TRAINING_MONTHS = 9 * 12
pytestmark = [
    pytest.mark.filterwarnings("default"),  # other libraries warn as they like
    everything("what the lessons on transformers say"),
]


@pytest.fixture(scope="module")
def run(lesson):
    return lesson("transformer_forecast")


@pytest.fixture(scope="module")
def passengers() -> np.ndarray:
    """The series, read from its file by other means than the lesson's."""
    with open(DATASETS / "airpassengers.csv", newline="", encoding="utf-8") as file:
        return np.array([float(row["passengers"]) for row in csv.DictReader(file)])


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
    last = next(i for i, block in enumerate(BLOCKS) if "forecasts.append(" in block)
    seeds, steps = "seeds = [1, 2, 3, 4, 5]", "forecast_steps = 200"
    assert seeds in BLOCKS[last]
    assert steps in BLOCKS[last]
    training = BLOCKS[last].replace(seeds, "seeds = [1]").replace(steps, "forecast_steps = 3")

    def forecast(values: np.ndarray) -> dict:
        frame = pd.DataFrame({"passengers": values})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(course.data, "load_airpassengers", lambda: frame)
            return checks.run_blocks([*BLOCKS[:last], training])[0]

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
