"""The page of operations: complete, and its NumPy, Keras and R lines compute the same."""

import ast
import dataclasses
import re
import statistics
from dataclasses import dataclass, field

import numpy as np
import pytest
from layer_checks import keras, normals, tf
from lecture import LESSONS
from r_fixtures import read_run, write_blocks
from reference.operations import INSIDE_FIT, NONE, OPERATIONS, WORDS, Operation

from course.agreement import assert_agree, keras_precision

ALL = {f"{group}: {o.name}": o for group, rows in OPERATIONS.items() for o in rows}
STEPS = 3  # of an optimiser, so that its memory shows
NOT_CHECKED_IN_KERAS = {name for name, o in ALL.items() if o.keras == NONE}


@dataclass
class Case:
    """Small numbers for a row.

    Attributes:
        inputs: the variables of the NumPy lines that are not those of ``NUMBERS``.
        results: the variables to compare, where the last line is no expression.
        r_inputs: what is different in R.
        keras_inputs: what is different in Keras.
        weights: those of a Keras layer.
        reference: the derivative by TensorFlow, where Keras works inside fit.
        dtype: single precision where TensorFlow rounds a setting to it, as test_activations.py
            and test_optimizers.py show.
    """

    inputs: dict = field(default_factory=dict)
    results: str = ""
    r_inputs: dict = field(default_factory=dict)
    keras_inputs: dict = field(default_factory=dict)
    weights: list = field(default_factory=list)
    reference: object = None
    dtype: str = "float64"


def derivative(function, at, dy=None):
    """TensorFlow's derivative of a function, times ``dy`` if its value is an array."""
    at = tf.constant(at)
    with tf.GradientTape() as tape:
        tape.watch(at)
        value = function(at)
    return tape.gradient(value, at, output_gradients=dy).numpy()


z, y = normals(5, 5, 3), np.array([2, 0, 1, 1, 0])
P = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
# What the symbols stand for, where a case does not say otherwise.
NUMBERS = {
    "x": normals(1, 5, 3),
    "W": normals(2, 3, 4),
    "b": normals(3, 4),
    "z": z,
    "da": normals(6, 5, 3),
    "dz": normals(4, 5, 4),
    "dW": normals(13, 3, 4),
    "X": normals(1, 5, 3),
    "Y": np.eye(3)[y],
    "P": P,
    "y": y,
    "q": 3,
    "predicted": np.array([0, 1, 2, 1, 0]),
    "actual": y,
    "rows": np.array([3, 0, 4]),
    "m": np.zeros((3, 4)),
    "v": np.zeros((3, 4)),
    "eta": 0.25,
    "a": normals(12, 2, 4, 6, 3),
    "n": 2,
    "h": 4,
    "w": 6,
    "c": 3,  # pictures of even sides
    "E": normals(14, 6, 4),
    "tokens": np.array([5, 0, 0, 3]),
    "Q": normals(15, 5, 4),
    "K": normals(16, 5, 4),
    "V": normals(17, 5, 4),
    "k": 4,
    "rate": 0.25,
    "u": np.random.default_rng(18).uniform(size=(5, 3)),
    "model": keras.Sequential([keras.layers.Input((3,)), keras.layers.Activation("softmax")]),
}
x, W, b, da, dz = (NUMBERS[name] for name in ["x", "W", "b", "da", "dz"])
answers = {"P": normals(7, 5, 1), "Y": normals(8, 5, 1)}
picture, kernel, bias = normals(9, 2, 5, 6, 3), normals(10, 3, 3, 3, 4), normals(11, 4)
pooled = {"p": np.zeros((2, 2, 3, 3))}

CASES = {
    "data: Split into training and test data": Case(
        {}, "X_train, X_test", {"rows": NUMBERS["rows"] + 1}
    ),
    "data: One-hot": Case(r_inputs={"y": y + 1}),
    "data: Pixels from 0 to 1": Case({"x": np.arange(24.0).reshape(1, 2, 4, 3)}, dtype="float32"),
    "dense: Matrix product with bias": Case({"q": 4}, weights=[W, b]),
    "activations: Leaky ReLU": Case(dtype="float32"),
    "activations: GELU": Case(dtype="float32"),
    "losses: Mean squared error": Case(answers),
    "gradients: Softmax with cross-entropy": Case(
        reference=lambda: derivative(
            lambda z: tf.reduce_sum(
                keras.losses.categorical_crossentropy(NUMBERS["Y"], tf.nn.softmax(z))
            ),
            z,
        ),
    ),
    "gradients: Mean squared error": Case(
        answers,
        reference=lambda: derivative(
            lambda p: keras.losses.MeanSquaredError()(answers["Y"], p), answers["P"]
        ),
    ),
    "gradients: Weights of a dense layer": Case(
        reference=lambda: derivative(lambda W: x @ W + b, W, dz)
    ),
    "gradients: Biases of a dense layer": Case(
        reference=lambda: derivative(lambda b: x @ W + b, b, dz)
    ),
    "gradients: Inputs of a dense layer": Case(
        reference=lambda: derivative(lambda x: x @ W + b, x, dz)
    ),
    "gradients: Through ReLU": Case(reference=lambda: derivative(tf.nn.relu, z, da)),
    "gradients: Through the sigmoid": Case(
        {"a": 1 / (1 + np.exp(-z))}, reference=lambda: derivative(tf.sigmoid, z, da)
    ),
    "gradients: Through tanh": Case(
        {"a": np.tanh(z)}, reference=lambda: derivative(tf.tanh, z, da)
    ),
    "updates: Gradient descent, SGD": Case({}, "W"),
    "updates: SGD with momentum": Case({}, "W", dtype="float32"),
    "updates: RMSprop": Case({}, "W", dtype="float32"),
    "updates: Adam, in step t": Case({}, "W", dtype="float32"),
    "pictures: Convolution": Case(
        {"x": picture, "W": kernel, "b": bias},
        "z",
        {"z": np.zeros((2, 3, 4, 4))},
        {"f": 4},
        [kernel, bias],
    ),
    "pictures: Max pooling": Case({}, "p", pooled, {"x": NUMBERS["a"]}),
    "pictures: Average pooling": Case({}, "p", pooled, {"x": NUMBERS["a"]}),
    "pictures: Flatten": Case({"x": picture}),
    "answers: Predicted class": Case(keras_inputs={"x": z}),
    "answers: Confusion table": Case({}, "C"),
    "answers: Root mean squared error, RMSE": Case(answers),
    "answers: Mean absolute error": Case(answers),
    "transformer: Embedding": Case(
        r_inputs={"tokens": NUMBERS["tokens"] + 1},
        keras_inputs={"x": NUMBERS["tokens"], "n_tokens": 6, "d": 4},
        weights=[NUMBERS["E"]],
    ),
    "transformer: Layer normalisation": Case(
        {"x": dz, "gamma": 1 + b, "beta": -b}, weights=[1 + b, -b], dtype="float32"
    ),
    "transformer: Residual connection": Case({"x": z, "y": da}),
}


def named_in(lines: str) -> dict:
    """Those of the numbers that some lines name."""
    return {name: NUMBERS[name] for name in re.findall(r"[A-Za-z]+", lines) if name in NUMBERS}


for name, row in ALL.items():
    CASES.setdefault(name, Case())
    CASES[name].inputs = named_in(row.numpy) | CASES[name].inputs
    CASES[name].keras_inputs = named_in(row.keras) | CASES[name].inputs | CASES[name].keras_inputs


def in_type(value, dtype: str):
    """A number or an array, in this type if it has a decimal point."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(dtype)
    return value


def run_lines(code: str, names: dict, results: str = ""):
    """Run lines of Python; return the value of the last expression, or the variables named."""
    tree = ast.parse(code)
    last = tree.body[-1]
    if isinstance(last, ast.Expr) and not results:
        exec(compile(ast.Module(tree.body[:-1], []), "lines", "exec"), names)
        return [eval(compile(ast.Expression(last.value), "lines", "eval"), names)]
    exec(code, names)
    return [names[name] for name in results.split(", ")]


def in_numpy(operation: Operation, case: Case) -> list[np.ndarray]:
    """What the NumPy lines give. An optimiser's are run in several steps."""
    names = {name: in_type(value, case.dtype) for name, value in case.inputs.items()}
    names |= {"np": np, "statistics": statistics}
    steps = STEPS if "dW" in case.inputs else 1
    for t in range(1, steps + 1):
        if steps > 1:
            names |= {"t": t, "dW": in_type(case.inputs["dW"] * t, case.dtype)}
        found = run_lines(operation.numpy, names, case.results)
    return [in_type(np.asarray(value), case.dtype) for value in found]


def in_keras(operation: Operation, case: Case) -> list[np.ndarray]:
    """What the Keras line gives; layers and optimisers are put to work."""
    names = {name: in_type(v, case.dtype) for name, v in case.keras_inputs.items()}
    modules = ["activations", "layers", "losses", "metrics", "ops", "optimizers", "utils"]
    names |= {module: getattr(keras, module) for module in modules}
    (value,) = run_lines(operation.keras, names)
    if isinstance(value, keras.layers.Layer):
        value.build(names["x"].shape)
        value.set_weights(case.weights)
        value = value(names["x"], training="Dropout" in operation.keras)
    elif isinstance(value, keras.optimizers.Optimizer):
        weight = keras.Variable(names["W"])
        for t in range(1, STEPS + 1):
            value.apply([tf.constant(in_type(case.inputs["dW"] * t, case.dtype))], [weight])
        value = weight.numpy()
    return [keras.ops.convert_to_numpy(value)]


def check_keras(operation: Operation, case: Case) -> None:
    """NumPy against Keras, or against TensorFlow's derivatives."""
    keras_precision(case.dtype)
    keras.utils.set_random_seed(1)
    expected = [case.reference()] if operation.keras == INSIDE_FIT else in_keras(operation, case)
    if "Dropout" in operation.keras:  # Keras draws numbers of its own: take its choice
        kept = expected[0] != 0
        assert 0 < kept.sum() < kept.size
        case = dataclasses.replace(case, inputs=case.inputs | {"u": kept.astype(float)})
    for ours, theirs in zip(in_numpy(operation, case), expected, strict=True):
        # As the lines stand: the shapes are the same, too. Accuracies and one-hot rows come in the
        # type that Keras prefers.
        assert_agree(operation.name, ours, theirs.astype(ours.dtype))


def r_literal(value) -> str:
    """A number or an array in R."""
    if np.ndim(value) == 0:
        return repr(value)
    numbers = ", ".join(repr(number) for number in value.ravel(order="F").tolist())
    dims = ", ".join(map(str, value.shape))
    return f"array(c({numbers}), c({dims}))" if value.ndim > 1 else f"c({numbers})"


def r_code(operation: Operation, case: Case) -> str:
    """R code whose value is what the R lines give, several results as one vector."""
    inputs = case.inputs | case.r_inputs
    lines = [f"{name} <- {r_literal(value)}" for name, value in inputs.items()]
    steps = STEPS if "dW" in case.inputs else 1
    for t in range(1, steps + 1):
        if steps > 1:
            lines += [f"t <- {t}", f"dW <- {r_literal(case.inputs['dW'] * t)}"]
        lines.append(operation.r)
    if case.results and "table" not in operation.r:
        lines.append(f"c({case.results})" if "," in case.results else case.results)
    return "local({\n" + "\n".join(lines) + "\n})"


# The tests ----------------------------------------------------------------------------------


def test_every_operation_has_four_cells_and_a_lesson():
    assert len(ALL) == sum(map(len, OPERATIONS.values())) >= 40
    for name, operation in ALL.items():
        cells = [operation.formula, operation.numpy, operation.keras, operation.r]
        assert all(cell.strip() for cell in cells), name
        assert operation.numpy not in WORDS, name
        assert operation.r not in WORDS, name
    assert set(CASES) == set(ALL)
    with_reference = {name for name, case in CASES.items() if case.reference}
    assert with_reference == {name for name, o in ALL.items() if o.keras == INSIDE_FIT}


def test_every_operation_links_to_a_lesson_that_exists():
    assert {f"{operation.lesson}.py" for operation in ALL.values()} <= set(LESSONS)


@pytest.mark.parametrize("name", [name for name in ALL if name not in NOT_CHECKED_IN_KERAS])
def test_numpy_and_keras_give_the_same(name, use_precision):
    check_keras(ALL[name], CASES[name])


def test_few_operations_have_no_keras_line():
    assert len(NOT_CHECKED_IN_KERAS) <= 4


def test_numpy_and_r_give_the_same(rscript, tmp_path):
    variables = {name: f"result_{i}" for i, name in enumerate(ALL)}
    blocks = {name: f"{variables[name]} <- {r_code(ALL[name], CASES[name])}" for name in ALL}
    write_blocks(blocks, tmp_path / "run.txt", list(variables.values()))
    found = read_run(tmp_path / "run.txt").variables
    for name, operation in ALL.items():
        case = dataclasses.replace(CASES[name], dtype="float64")
        ours = [value.astype(float) for value in in_numpy(operation, case)]
        theirs = found[variables[name]]
        if len(ours) > 1:
            ours = [np.concatenate([value.ravel(order="F") for value in ours])]
        assert_agree(name, ours[0].reshape(theirs.shape) if ours[0].ndim == 0 else ours[0], theirs)


# Faults that each row's check must find: the first that fits is planted into its NumPy lines.
FAULTS = {
    "+ b": "- b",
    "axis=0": "axis=1",
    "axis=1": "axis=0",
    "W.T": "W.T[::-1]",
    "x.T": "x.T[::-1]",
    "(2, 4)": "(1, 3)",
    "0.9 ": "0.8 ",
    "max": "min",
    "==": "!=",
    "np.tanh": "np.sin",
    "> 0": "< 0",
    "1 + ": "2 + ",
    "1 - ": "2 - ",
    "- Y": "+ Y",
    "- eta": "+ eta",
    "np.eye": "-np.eye",
    "x +": "x -",
    "E[": "-E[",
    "-1)": "-1)[:, ::-1]",
    "/ 255": "/ 256",
    "len(Y)": "P.size",
    "z * pnorm": "pnorm",
}


@pytest.mark.parametrize("name", [name for name in ALL if name not in NOT_CHECKED_IN_KERAS])
def test_a_wrong_line_is_found(name, use_precision):
    operation = ALL[name]
    if operation.numpy == "z":
        wrong = "2 * z"
    else:
        old = next(old for old in FAULTS if old in operation.numpy)
        wrong = operation.numpy.replace(old, FAULTS[old])
    with pytest.raises((AssertionError, ValueError)):
        check_keras(dataclasses.replace(operation, numpy=wrong), CASES[name])


def test_the_page_shows_all_of_it(read):
    tables = read("operations.html").select("table.operations")
    assert len(tables) == len(OPERATIONS)
    for table, operations in zip(tables, OPERATIONS.values(), strict=True):
        rows = table.select("tbody tr")
        assert len(rows) == 3 * len(operations)
        for number, operation in enumerate(operations):
            three = rows[3 * number : 3 * number + 3]
            first = three[0].select_one("td")
            assert first.select_one("a")["href"] == f"lessons/{operation.lesson}.html"
            assert first.select_one(".katex-html")
            cells = [row.select("td")[-1].get_text().strip() for row in three]
            expected = [operation.numpy, operation.keras, operation.r]
            assert cells == [text.replace("``", "").strip() for text in expected]
