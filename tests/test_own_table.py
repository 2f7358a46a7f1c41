"""The lesson on a reader's own table: a class or a number, any file, as R and Keras do it."""

import re
import subprocess
import sys

import lesson_checks as checks
import numpy as np
import pytest
from conftest import everything
from gallery.r_files import r_file
from r_fixtures import DATASETS, ROOT, SCRIPTS
from running import run_python, without_display

from course.agreement import (
    CENTRAL_DIFFERENCE_TOLERANCE,
    TOLERANCES,
    assert_agree,
    central_difference,
)
from course.data import load_mtcars

SCRIPT = SCRIPTS / "own_table.py"
BLOCKS = checks.code_blocks_of("own_table")
AGREEMENT = ["W1", "b1", "W2", "b2", "test predictions"]
CHOICE = 'path, target = FOLDER / "iris.csv", "Species"\n'
TABLES = {
    "class": CHOICE,
    "number": 'path, target = FOLDER / "mtcars.csv", "mpg"\n',
    "class of two": 'path, target = FOLDER / "mtcars.csv", "am"\n',
}
pytestmark = pytest.mark.filterwarnings("default")  # other libraries warn as they like


def blocks_with(choice: str) -> list[str]:
    """The blocks of the lesson with another table, by another line of settings."""
    assert sum(block.count(CHOICE) for block in BLOCKS) == 1
    return [block.replace(CHOICE, choice) for block in BLOCKS]


def settings_with(monkeypatch, arguments: list, **names) -> dict:
    """The variables after the block of settings, with arguments that a program is given."""
    monkeypatch.setattr(sys, "argv", list(map(str, arguments)))
    (last,) = [i for i, block in enumerate(BLOCKS) if "sys.argv" in block]
    namespace = {"__name__": "__main__", **names}
    exec("\n".join(BLOCKS[: last + 1]), namespace)
    return namespace


@pytest.mark.parametrize("choice", TABLES.values(), ids=TABLES)
def test_by_hand_and_in_keras_it_is_the_same(choice):
    variables, _ = checks.run_blocks(blocks_with(choice))
    assert [c.name for c in variables["agreement"]] == AGREEMENT
    for c in variables["agreement"]:
        assert c.dtype == "float64"
        assert c.max_rel <= TOLERANCES["float64"], c
    # Training changed the weights, or there would be nothing to compare.
    for before, after in zip(variables["initial"], ["W1", "b1", "W2", "b2"], strict=True):
        assert np.abs(variables[after] - before).max() > 0.01
    network, rule = variables["result"]
    assert network > rule if variables["is_class"] else network < rule
    import keras

    assert keras.config.floatx() == "float32"  # put back


@pytest.mark.parametrize("choice", TABLES.values(), ids=TABLES)
def test_a_step_follows_the_derivative_of_the_loss(choice):
    """With either loss: one epoch, against central differences."""
    (training,) = [i for i, block in enumerate(BLOCKS) if "for epoch in" in block]
    blocks = blocks_with(choice)[: training + 1]
    blocks[training] = blocks[training].replace("epochs = 500", "epochs = 1")
    ns, _ = checks.run_blocks(blocks)
    weights = [w.copy() for w in ns["initial"]]

    def loss():
        return ns["compute_loss"](ns["forward"](ns["X_train"], *weights)[1], ns["Y_train"])

    assert ns["losses"] == [loss()]
    for w, name in zip(weights, ["W1", "b1", "W2", "b2"], strict=True):
        step = -ns["learning_rate"] * central_difference(loss, w)
        assert_agree(name, ns[name] - w, step, CENTRAL_DIFFERENCE_TOLERANCE)


def test_the_test_rows_are_on_the_training_scale():
    variables, _ = checks.run_blocks(blocks_with(TABLES["number"])[:5])
    cars = load_mtcars()
    x, rows = cars.drop(columns="mpg"), variables["train_rows"]
    train, test = x.iloc[rows].to_numpy(), x.drop(x.index[rows]).to_numpy()
    assert len(train) + len(test) == len(cars)
    for name, part in [("X_train", train), ("X_test", test)]:
        expected = (part - train.mean(axis=0)) / train.std(axis=0, ddof=1)
        assert_agree(name, variables[name], expected)
    mpg = cars["mpg"].to_numpy()
    scaled = (mpg - mpg[rows].mean()) / mpg[rows].std(ddof=1)
    assert_agree("Y_train", variables["Y_train"][:, 0], scaled[rows])
    assert_agree("Y_test", variables["Y_test"][:, 0], np.delete(scaled, rows))


def test_r_prints_the_same_for_a_number(rscript, tmp_path):
    """The R lines have a branch for it that the page does not run."""
    text = r_file(SCRIPT)
    for ours, other in [("write.csv(iris", "write.csv(mtcars"), ('"Species"', '"mpg"')]:
        assert text.count(ours) == 1
        text = text.replace(ours, other)
    (tmp_path / "own_table.R").write_text(text, encoding="utf-8")
    by_r = subprocess.run(
        [rscript, "--vanilla", tmp_path / "own_table.R"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    last = next(i for i, block in enumerate(BLOCKS) if "RMSE" in block)
    _, printed = checks.run_blocks(blocks_with(TABLES["number"])[: last + 1])
    by_python = [line for lines in printed for line in lines]
    assert by_python == [line.rstrip() for line in by_r.stdout.splitlines()]
    assert by_python[-1].startswith("RMSE: ")


@everything("the lesson on a reader's own table, as a script with arguments")
def test_the_script_takes_a_file_and_a_column(tmp_path):
    """As the page on running it yourself says; the path is that of the reader's folder."""
    page = (ROOT / "docs" / "run_it_yourself.rst").read_text(encoding="utf-8")
    name, column = re.search(r"python own_table\.py (\S+) (\S+)\n", page).groups()
    load_mtcars().rename(columns={"mpg": column}).to_csv(tmp_path / name)
    environment = without_display() | {"PYTHONPATH": str(ROOT)}
    run = run_python(SCRIPT, name, column, cwd=tmp_path, environment=environment)
    assert (run.returncode, run.stderr) == (0, "")
    assert f"Target: {column}\nNumbers from 10.4 to 33.9\n" in run.stdout


def test_arguments_are_those_of_the_script(monkeypatch):
    path = DATASETS / "mtcars.csv"
    found = settings_with(monkeypatch, [SCRIPT, path, "mpg"], __file__=str(SCRIPT))
    assert (found["path"], found["target"]) == (str(path), "mpg")
    found = settings_with(monkeypatch, [SCRIPT], __file__=str(SCRIPT))
    assert (found["path"].name, found["target"]) == ("iris.csv", "Species")


@pytest.mark.parametrize("arguments", [["my.csv"], ["my.csv", "price", "more"]])
def test_arguments_that_are_not_two(monkeypatch, arguments):
    with pytest.raises(SystemExit) as end:
        settings_with(monkeypatch, [SCRIPT, *arguments], __file__=str(SCRIPT))
    assert end.value.code.startswith(f"Expected a file and a column. Received: {arguments}.")


def test_the_arguments_of_jupyter_are_not_the_lessons(monkeypatch):
    """A notebook has no file of its own; some editors give it that of the script."""
    for names in [{}, {"__file__": str(SCRIPT)}]:
        for arguments in [["-f", "kernel.json"], ["--f=kernel.json"]]:
            found = settings_with(monkeypatch, ["ipykernel_launcher.py", *arguments], **names)
            assert (found["path"].name, found["target"]) == ("iris.csv", "Species")
