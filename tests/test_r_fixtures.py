"""The committed fixtures and data sets are what R writes."""

import numpy as np
import pytest
from r_fixtures import DATASETS, FIXTURES, LESSONS, read_run, write_all


@pytest.fixture(scope="module")
def fresh(rscript, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fresh")
    write_all(folder, folder)
    return folder


@pytest.mark.parametrize("name", ["rrandom.csv", "rbase.txt"])
def test_fixture_is_what_r_writes(fresh, name):
    assert (fresh / name).read_text(encoding="utf-8") == (FIXTURES / name).read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("name", sorted(path.name for path in DATASETS.glob("*.csv")))
def test_data_set_is_what_r_writes(fresh, name):
    assert (fresh / name).read_text(encoding="utf-8") == (DATASETS / name).read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("name", LESSONS)
def test_lesson_fixture_is_what_r_writes(fresh, name):
    """To the digit where R prints; otherwise up to the order in which R's BLAS adds."""
    fresh_run, kept_run = read_run(fresh / f"{name}.txt"), read_run(FIXTURES / f"{name}.txt")
    assert fresh_run.printed == kept_run.printed
    assert list(fresh_run.variables) == list(kept_run.variables) == LESSONS[name]
    for variable, values in kept_run.variables.items():
        np.testing.assert_allclose(
            fresh_run.variables[variable], values, rtol=1e-10, atol=1e-12, err_msg=variable
        )
