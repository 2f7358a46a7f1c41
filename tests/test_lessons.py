"""Each lesson runs as a program, from any folder, with no display and nothing on standard error."""

import ast
import re
import sys
import time

import lesson_checks as checks
import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import ALL_LESSONS, run_python
from r_fixtures import ROOT, SCRIPTS

from course.agreement import TOLERANCES, assert_agree

sys.path.insert(0, str(ROOT / "docs" / "_ext"))
from lecture import LESSONS

# The false alarm of OpenBLAS that pyproject.toml tells of: a warning, and the line it points at.
FALSE_ALARM = re.compile(
    r"^\S+: RuntimeWarning: invalid value encountered in matmul\n {2}.*\n", flags=re.M
)
BY_HAND = [name for name in ALL_LESSONS if "nopackages" in name]


@pytest.mark.parametrize("name", ALL_LESSONS)
def test_runs_from_another_folder_without_a_word_on_standard_error(lesson_runs, name):
    run = lesson_runs[name].result()
    assert (run.returncode, FALSE_ALARM.sub("", run.stderr)) == (0, "")
    assert run.stdout
    for variable, value in run.variables.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            assert np.isfinite(value).all(), variable


@pytest.mark.parametrize("name", BY_HAND)
def test_a_lesson_by_hand_takes_hardly_longer_than_its_imports(name):
    """About a second in all, most of it for the imports: the median of pairs, as a ratio."""

    def seconds(*arguments) -> float:
        start = time.perf_counter()
        assert run_python(*arguments).returncode == 0
        return time.perf_counter() - start

    imports = ("-c", "import numpy, pandas, matplotlib.pyplot")
    ratios = [seconds(SCRIPTS / f"{name}.py") / seconds(*imports) for _ in range(5)]
    assert np.median(ratios) < 2.5, ratios


@pytest.mark.parametrize("name", BY_HAND)
def test_a_lesson_by_hand_needs_the_base_install_only(name):
    """It imports no Keras, no TensorFlow and no finished layers, not even through others."""
    code = (
        "import runpy, sys\n"
        f"runpy.run_path({str(SCRIPTS / f'{name}.py')!r})\n"
        "print('\\nMODULES', *sys.modules)"
    )
    result = run_python("-c", code)
    assert result.returncode == 0, result.stderr
    modules = result.stdout.rpartition("MODULES")[2].split()
    forbidden = {"keras", "tensorflow", "torch", "jax", "sklearn", "scipy", "course.layers"}
    assert "numpy" in modules
    assert not forbidden & set(modules)


@pytest.mark.parametrize("name", ALL_LESSONS)
def test_lessons_do_not_import_one_another(name):
    tree = ast.parse((SCRIPTS / f"{name}.py").read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
    assert not imported & {*ALL_LESSONS, "scripts", "docs", "tests"}


@pytest.mark.parametrize("name", BY_HAND)
def test_all_figures_show_at_the_end(name, monkeypatch):
    """On a desktop each figure opens in a window: none is closed or forgotten before show()."""
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(len(plt.get_fignums())))
    blocks = checks.code_blocks_of(name)
    checks.run_blocks(blocks)
    source = "\n".join(blocks)
    made = sum(source.count(call) for call in ["plt.subplots(", "plot_network(", "plot_history("])
    made += source.count("plot_predicted(") + source.count("plot_confusion_matrix(")
    assert shown == [made]
    assert blocks[-1].rstrip().endswith("plt.show()")


def test_every_script_has_its_place_in_the_lecture():
    assert sorted(LESSONS) == [f"{name}.py" for name in ALL_LESSONS]


# Agreement with Keras -----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_iris_every_quantity_agrees_with_keras_in_every_epoch(lesson, dtype):
    by_epoch = lesson("iris_agreement").variables["one_epoch"][dtype]
    assert len(by_epoch) == 200
    names = ["a1", "a2", "loss", "dW1", "db1", "dW2", "db2", "W1", "b1", "W2", "b2"]
    for epoch, comparisons in enumerate(by_epoch, start=1):
        assert [c.name for c in comparisons] == names
        for c in comparisons:
            assert c.dtype == dtype
            assert c.agrees(), f"epoch {epoch}: {c}"
    print(f"\niris, {dtype}: {max(c.max_rel for cs in by_epoch for c in cs):.1e}")


def test_iris_weights_agree_with_keras_all_the_way(lesson):
    by_epoch = lesson("iris_agreement").variables["whole_way"]["float64"]
    assert len(by_epoch) == 200
    for epoch, comparisons in enumerate(by_epoch, start=1):
        for c in comparisons:
            assert c.agrees(), f"epoch {epoch}: {c}"
    print(f"\niris, each on its own: {max(c.max_rel for cs in by_epoch for c in cs):.1e}")


def test_iris_single_precision_parts_from_keras_only_where_the_loss_bounces(lesson):
    """The page says why: overshooting steps multiply rounding errors, in both precisions.

    Until the loss first rises again, the weights are within the limit of float32; and where they
    part in single precision, differences grow by as much in double precision.
    """
    variables = lesson("iris_agreement").variables
    losses = np.array(variables["losses"])
    bounce = 10 + np.flatnonzero(np.diff(losses[10:]) > 0)[0]
    assert 50 < bounce < 100
    for comparisons in variables["whole_way"]["float32"][:bounce]:
        for c in comparisons:
            assert c.agrees(), c
    worst = {
        dtype: [max(c.max_rel for c in comparisons) for comparisons in by_epoch]
        for dtype, by_epoch in variables["whole_way"].items()
    }
    after = slice(bounce, bounce + 20)
    assert max(worst["float64"][after]) > 3 * np.median(worst["float64"][20:bounce])


def test_iris_fit_gives_the_weights_of_the_loop_by_hand(lesson):
    for c in lesson("iris_agreement").variables["fit_agreement"]:
        assert c.agrees(), c


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_mtcars_weights_agree_with_keras_after_all_steps(lesson, dtype):
    comparisons = lesson("mtcars_keras").variables["agreement"][dtype]
    assert [c.name for c in comparisons] == ["W1", "b1", "W2", "b2"]
    for c in comparisons:
        assert c.dtype == dtype
        assert c.agrees(), c
    print(f"\nmtcars, {dtype}: {max(c.max_rel for c in comparisons):.1e}")


def test_lines_written_twice_compute_the_same(lesson):
    """The agreement lessons write the networks out again: they end at the same weights."""
    iris, _ = checks.run_blocks(checks.code_blocks_of("iris_nopackages"))
    for name, value in lesson("iris_agreement").variables["final_by_hand"].items():
        assert_agree(name, value, iris[name])
    mtcars, _ = checks.run_blocks(checks.code_blocks_of("mtcars_nopackages"))
    for name, value in lesson("mtcars_keras").variables["by_hand"]["float64"].items():
        assert_agree(name, value, mtcars[name])


# Results that depend on a random start ----------------------------------------------------


def mean_and_sd(numbers, digits: int) -> str:
    """The text ``mean ± sd``, the standard deviation with the divisor n - 1."""
    assert len(numbers) >= 5
    assert np.std(numbers) > 0, "all starts gave the same"
    return f"{np.mean(numbers):.{digits}f} ± {np.std(numbers, ddof=1):.{digits}f}"


def test_results_that_depend_on_the_start_are_told_over_five_seeds(lesson):
    for name in ["keras_model", "iris_keras", "mtcars_keras"]:
        seeds = lesson(name).variables["seeds"]
        assert len(set(seeds)) == len(seeds) == 5
    model = lesson("keras_model")
    losses, errors = np.transpose(model.variables["results"])
    assert f"loss {mean_and_sd(losses, 3)}\n" in model.stdout
    assert f"mean absolute error {mean_and_sd(errors, 3)}\n" in model.stdout
    iris = lesson("iris_keras")
    assert f"over 5 seeds: {mean_and_sd(iris.variables['accuracies'], 3)}\n" in iris.stdout
    mtcars = lesson("mtcars_keras")
    told = f"over 5 seeds, miles per gallon: {mean_and_sd(mtcars.variables['errors'], 2)}\n"
    assert told in mtcars.stdout


def test_the_split_is_the_same_in_all_iris_lessons(lesson):
    rows = [
        lesson(name).variables["train_rows"]
        for name in ["keras_model", "iris_nopackages", "iris_keras", "iris_agreement"]
    ]
    assert all(np.array_equal(rows[0], other) for other in rows[1:])
