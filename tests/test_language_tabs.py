"""The R lines shown beside the Python lines do what the page says."""

import ast
import re

import matplotlib.pyplot as plt
import pytest
from conftest import ALL_LESSONS, everything, lessons
from r_fixtures import R_SCRIPTS, ROOT, SCRIPTS, code_blocks, pairs, read_run, write_blocks

KERAS_LESSONS = ["keras_model", "iris_keras", "mtcars_keras"]


def test_every_r_block_stands_before_python_code():
    found = {name: pairs(name) for name in ALL_LESSONS}
    assert sum(len(of_lesson) >= 4 for of_lesson in found.values()) >= 16
    for name, of_lesson in found.items():
        assert all(pair.python for pair in of_lesson), name


def printed_beside_the_stand_in(name, folder):
    """What the R lines of a lesson print, and what they ask of Keras.

    R's keras package needs Python itself, so a stand-in notes down what it is asked for.
    """
    stand_in = (R_SCRIPTS / "keras_stand_in.R").read_text(encoding="utf-8")
    blocks = {"stand-in": stand_in} | {pair.name: pair.r for pair in pairs(name)}
    write_blocks(blocks, folder / "run.txt")
    return read_run(folder / "run.txt").printed


@pytest.mark.parametrize("name", lessons(KERAS_LESSONS))
def test_the_r_lines_ask_keras_for_the_same_model(name, rscript, lesson, tmp_path):
    printed = printed_beside_the_stand_in(name, tmp_path)
    notes = [line for lines in printed.values() for line in lines]

    source = (ROOT / "scripts" / f"{name}.py").read_text(encoding="utf-8")
    variables = lesson(name).variables
    (inputs,) = set(re.findall(r"Input\(\((\d+),\)\)", source.split("sigmoid")[0]))
    model = source[source.index("model = keras.Sequential") : source.index("model.compile")]
    layers = re.findall(r'Dense\((\d+)(?:, activation="(\w+)")?\)', model)
    loss = re.search(r'loss="(\w+)"', source).group(1)
    metrics = re.search(r'metrics=\["(\w+)"\]', source).group(1)
    split = variables.get("validation_split", 0)
    validation_data = str("validation_data=" in source).upper()
    expected = [
        "seed 1",
        f"input {inputs}",
        *(f"dense {units} {activation or 'linear'}" for units, activation in layers),
        f"compile adam {loss} {metrics}",
        f"fit {variables['epochs']} {variables['batch_size']} {split} {validation_data}",
    ]
    found = [line for line in notes if line.split(" ")[0] in {e.split(" ")[0] for e in expected}]
    assert found == expected


@everything("the other lessons as scripts")
def test_the_r_lines_ask_keras_for_the_same_network_for_pictures(rscript, lesson, tmp_path):
    printed = printed_beside_the_stand_in("cifar_keras_cnn", tmp_path)
    notes = [line for lines in printed.values() for line in lines]

    source = (ROOT / "scripts" / "cifar_keras_cnn.py").read_text(encoding="utf-8")
    variables = lesson("cifar_keras_cnn").variables
    model = source[source.index("model = keras.Sequential") : source.index("model.summary")]
    expected = [
        "seed 1",
        "input " + " ".join(re.search(r"Input\(\((.*)\)\)", model)[1].split(", ")),
    ]
    for name, arguments in re.findall(r"layers\.(\w+)\((.*)\),\n", model)[1:]:
        words = re.sub(r"[(),\"]|activation=", " ", arguments).split()
        words = [str(variables["n_classes"]) if word == "n_classes" else word for word in words]
        kinds = {"Conv2D": "conv", "MaxPooling2D": "pool", "Flatten": "flatten", "Dense": "dense"}
        expected.append(" ".join([kinds[name], *words]))
    assert len(expected) == 2 + 7
    rate = float(re.search(r"RMSprop\(learning_rate=([\d.]+)\)", source)[1])
    loss = re.search(r'loss="(\w+)"', source)[1]
    metrics = re.search(r'metrics=\["(\w+)"\]', source)[1]
    expected.append(f"compile rmsprop {rate:.0e} {loss} {metrics}")
    settings = [variables[name] for name in ("epochs", "batch_size", "validation_split")]
    expected.append("fit " + " ".join(map(str, settings)) + " FALSE")
    known = {line.split(" ")[0] for line in expected}
    found = [line for line in notes if line.split(" ")[0] in known]
    assert found == expected


def test_the_r_lines_of_the_iris_agreement(rscript, lesson, tmp_path):
    """By hand R's weights end at the digits of the page; the twin is the same but for them."""
    printed = printed_beside_the_stand_in("iris_agreement", tmp_path).values()
    lines = [line for lines in printed for line in lines]
    run = lesson("iris_agreement")
    rate, epochs = run.variables["learning_rate"], run.variables["epochs"]
    twin = [
        *["input 4", f"dense {run.variables['hidden_size']} relu", "dense 3 softmax"],
        f"compile sgd {rate} categorical_crossentropy sum",
    ]
    by_hand = run.stdout.splitlines()[:5]
    assert by_hand[0].split() == ["[,1]", "[,2]", "[,3]", "[,4]", "[,5]"]
    assert lines[:9] == [*twin, *by_hand]
    assert lines.count(f"fit {epochs} {len(run.variables['x'])} 0 FALSE") == 1


def test_the_r_lines_of_the_cifar_agreement_ask_for_the_same_network(rscript, tmp_path):
    def notes(name):
        printed = printed_beside_the_stand_in(name, tmp_path)
        return [line for lines in printed.values() for line in lines]

    network = notes("cifar_keras_cnn")
    network = network[: network.index("dense 10 softmax") + 1]
    assert len(network) == 9
    asked = notes("cifar_agreement")
    twin = [*network[1:], "compile rmsprop 1e-04 categorical_crossentropy"]
    assert asked[: len(network) + len(twin)] == [*network, *twin]


@everything("the other lessons as scripts")
def test_the_r_lines_of_the_mtcars_agreement(rscript, lesson, tmp_path):
    printed = printed_beside_the_stand_in("mtcars_agreement", tmp_path).values()
    run = lesson("mtcars_agreement")
    before, after = run.stdout.splitlines()[:3], run.stdout.splitlines()[3:6]
    rate = run.variables["learning_rate"] * len(run.variables["X"]) / 2
    twin = [
        *["input 2", "dense 5 sigmoid", "dense 1 linear", f"compile sgd {rate:.2g} mse"],
        f"fit {run.variables['steps']} {len(run.variables['X'])} 0 FALSE",
    ]
    assert [line for lines in printed for line in lines] == [*before, *after, *twin, *before]


@pytest.mark.parametrize("name", lessons(KERAS_LESSONS))
def test_the_r_lines_that_ask_no_model_print_what_python_prints(name, rscript, lesson, tmp_path):
    printed = printed_beside_the_stand_in(name, tmp_path)
    without_model = [pair.name for pair in pairs(name) if "model" not in pair.r]
    r_lines = [line for block in without_model for line in printed[block]]
    assert r_lines
    python_lines = iter(lesson(name).stdout.splitlines())
    assert [line for line in r_lines if line not in python_lines] == []  # and in this order


# The page "Coming from R" -------------------------------------------------------------------

PAGE = (ROOT / "docs" / "coming_from_r.rst").read_text(encoding="utf-8")


def test_coming_from_r_python_prints_what_the_page_shows(capsys):
    outputs = code_blocks(PAGE, "text")
    imports, *python_blocks = code_blocks(PAGE, "python")
    assert len(python_blocks) == len(outputs) >= 30
    plt.switch_backend("agg")
    namespace = {}
    exec(imports, namespace)
    for python, output in zip(python_blocks, outputs, strict=True):
        exec(python, namespace)
        assert capsys.readouterr().out == output
    plt.close("all")


def test_coming_from_r_r_prints_what_the_page_shows(rscript, tmp_path):
    r_blocks, outputs = code_blocks(PAGE, "r"), code_blocks(PAGE, "text")
    write_blocks({f"block {i}": code for i, code in enumerate(r_blocks)}, tmp_path / "run.txt")
    printed = list(read_run(tmp_path / "run.txt").printed.values())
    assert printed == [output.splitlines() for output in outputs]


# What needs no entry, since R writes it alike.
AS_IN_R = {"syntax Break", "syntax Eq", "syntax LtE"}
# Words of Python and its libraries that R readers have to be told.
TO_BE_TOLD = {
    *["argument axis", "argument ddof", "argument keepdims", "argument order", "argument strict"],
    *["call enumerate", "call pairwise", "call range", "call slice", "call zip"],
    *["attribute newaxis", "attribute subplots", "attribute suptitle", "attribute set_title"],
}


def constructs(codes):
    """What pieces of Python consist of: kinds of syntax, attributes, arguments, functions."""
    found = set()
    for node in (node for code in codes for node in ast.walk(ast.parse(code))):
        starred = f" {type(node.ctx).__name__}" if isinstance(node, ast.Starred) else ""
        found.add(f"syntax {type(node).__name__}{starred}")
        if isinstance(node, ast.Attribute):
            found.add(f"attribute {node.attr}")
        elif isinstance(node, ast.keyword):
            found.add(f"argument {node.arg}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.add(f"call {node.func.id}")
    return found


def lacking(page):
    """What the lessons use, an R reader has to be told, and no entry of the page shows."""
    used = constructs(path.read_text(encoding="utf-8") for path in SCRIPTS.glob("*.py"))
    assert used >= TO_BE_TOLD | AS_IN_R  # nothing stays on the lists that no lesson uses
    syntax = {name for name in used if name.startswith("syntax ")} - AS_IN_R
    return (syntax | TO_BE_TOLD) - constructs(code_blocks(page, "python"))


def test_coming_from_r_shows_what_the_lessons_use():
    assert lacking(PAGE) == set()
    without = PAGE.replace("yield w", "return w").replace("keepdims=True", "").replace("*rest", "a")
    assert lacking(without) == {"syntax Yield", "argument keepdims", "syntax Starred Store"}


def test_coming_from_r_shows_nothing_that_no_lesson_or_exercise_uses():
    """An entry that nobody needs makes the others harder to find."""
    used = constructs(path.read_text(encoding="utf-8") for path in SCRIPTS.rglob("*.py"))
    for planted, found in [([], set()), (["np.nanmean(x)"], {"attribute nanmean"})]:
        shown = constructs([*code_blocks(PAGE, "python"), *planted])
        assert {name for name in shown - used if name.startswith("attribute ")} == found
