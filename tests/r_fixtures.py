"""What R printed and computed, kept in tests/fixtures, and how to have R write it again.

Where R is installed, ``python tests/r_fixtures.py`` writes all fixtures afresh.  The tests do the
same in a temporary folder and compare.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "scripts"
FIXTURES = ROOT / "tests" / "fixtures"
R_SCRIPTS = ROOT / "tests" / "r"
DATASETS = ROOT / "course" / "datasets"
RSCRIPT = shutil.which("Rscript")

# The lessons whose R lines are run, and the numbers that are compared afterwards.
WEIGHTS_AND_GRADIENTS = ["W1", "b1", "W2", "b2", "dW1", "db1", "dW2", "db2"]
LESSONS = {
    "iris_nopackages": [
        *["train_data", "train_labels_onehot", "test_data", "loss", "losses"],
        *WEIGHTS_AND_GRADIENTS,
        *["test_pred", "predicted", "accuracy"],
    ],
    "mtcars_nopackages": [
        *["X_train", "y_train", "X_test", "y_test"],
        *WEIGHTS_AND_GRADIENTS,
        *["test_pred", "rmse", "honest_rmse"],
    ],
    "learning_rate": [
        *["X_train", "Y_train", "w_start", "end_losses", "rises", "active"],
        *["w_middle", "u", "curvature"],
    ],
    "batch_size": ["X_train", "Y_train", "w_start", "full", "sigma", "noise", "updates"],
    "activations": [
        *["values", "derivatives", "jacobian", "outputs", "losses"],
    ],
    "dead_units": ["ten_layers", "dW1_relu", "dW1_leaky"],
    "deep_network": ["X", "y"],
    "vanishing_gradients": ["orders"],
    "layer_types": ["W", "b", "keep", "kernel", "z", "maxima", "means"],
    "convolution": ["kernel", "window", "inputs", "outputs"],
    "cifar_precision": ["sums"],
    "attention_nopackages": [
        *["E", "P", "X", "Q", "K", "V", "on_paper", "A", "C", "WO", "loss"],
        *["dY", "dWO", "dV", "dS", "dQ", "dK", "dWQ", "dWK", "dWV", "dX", "dE"],
    ],
    "attention_nopackages_training": [
        *["E", "P", "X", "WQ", "WK", "WV", "WO", "dY", "dX", "both_heads"],
    ],
    "transformer_keras": ["sequence"],
    "transformer_agreement": ["scores"],
    "transformer_forecast": [
        *["years", "actual", "last_year", "last_growth", "mean_growth", "windows"],
    ],
    "own_table": [
        *["X_train", "X_test", "Y_train", "Y_test", "W1", "b1", "W2", "b2", "losses"],
        *["test_pred", "result"],
    ],
}


@dataclass
class Pair:
    """An R block of a lesson and the Python block after it."""

    name: str
    r: str
    python: str | None


@dataclass
class RRun:
    """What a run of R blocks left: the printed lines by block, and the variables."""

    printed: dict[str, list[str]] = field(default_factory=dict)
    variables: dict[str, np.ndarray] = field(default_factory=dict)


def code_blocks(text: str, language: str) -> list[str]:
    """The contents of the ``code-block`` directives of a language in reStructuredText."""
    pattern = rf"^\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)"
    return [
        re.sub(r"^ {3}", "", block, flags=re.M).strip("\n") + "\n"
        for block in re.findall(pattern, text + "\n", flags=re.M)
    ]


def pairs(lesson: str) -> list[Pair]:
    """The R blocks of a lesson, each with the Python block that follows it."""
    _, blocks = split_code_and_text_blocks(str(SCRIPTS / f"{lesson}.py"))
    found = []
    for i, block in enumerate(blocks):
        if block.type != "text":
            continue
        for r_code in code_blocks(block.content, "r"):
            python = blocks[i + 1].content if i + 1 < len(blocks) else None
            found.append(Pair(f"block {len(found) + 1}", r_code, python))
    return found


def run_r(script: str, *arguments: str | Path) -> str:
    """Run an R script; an error shows all that R wrote."""
    result = subprocess.run(
        [RSCRIPT, "--vanilla", str(R_SCRIPTS / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise RuntimeError(f"{script} failed:\n{result.stdout}\n{result.stderr}")
    return result.stdout


def write_blocks(code: dict[str, str], target: Path, variables: list[str] = ()) -> None:
    """Run blocks of R code by their names, and write what they print and compute."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "blocks.R"
        text = "".join(f"#### {name}\n{block}\n" for name, block in code.items())
        source.write_text(text, encoding="utf-8")
        run_r("blocks.R", source, target, *variables)


def write_lesson(lesson: str, target: Path) -> None:
    """Run the R lines of a lesson, and write what they print and compute."""
    write_blocks({pair.name: pair.r for pair in pairs(lesson)}, target, LESSONS[lesson])


def read_run(path: Path) -> RRun:
    """Read what ``write_blocks`` wrote."""
    run = RRun()
    for part in re.split(r"^#### ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
        head, *lines = part.splitlines()
        if head.startswith("variable "):
            _, name, *dims = head.split()
            values = np.array([float(line) for line in lines])
            run.variables[name] = values.reshape([int(d) for d in dims], order="F")
        else:
            run.printed[head] = [line.rstrip() for line in lines]
    return run


def write_all(fixtures: Path, datasets: Path) -> None:
    """Have R write all fixtures and the data sets."""
    run_r("rrandom.R", fixtures / "rrandom.csv")
    run_r("rbase.R", fixtures / "rbase.txt")
    run_r("datasets.R", datasets)
    for lesson in LESSONS:
        write_lesson(lesson, fixtures / f"{lesson}.txt")


if __name__ == "__main__":
    if RSCRIPT is None:
        sys.exit("Expected Rscript on the path, found none. Install R (Debian: r-base-core).")
    write_all(FIXTURES, DATASETS)
