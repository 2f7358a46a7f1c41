"""What the lesson on activation functions says of them holds, by its own functions and numbers."""

import re

import lesson_checks as checks
import numpy as np
import pytest

from course.activations import ACTIVATIONS, leaky_relu, leaky_relu_backward
from course.agreement import CENTRAL_DIFFERENCE_TOLERANCE, assert_agree, central_difference

NAMES = [name for name in ACTIVATIONS if name != "softmax"]


@pytest.fixture(scope="module")
def run(lesson):
    return lesson("activations")


@pytest.fixture(scope="module")
def lines():
    """The variables of the lesson with its functions, which a run in its own process drops."""
    blocks = checks.code_blocks_of("activations")
    last = next(i for i, block in enumerate(blocks) if "\nalong = " in block)
    namespace, _ = checks.run_blocks(blocks[: last + 1])
    return namespace


def test_all_functions_of_the_course_are_in_the_lesson(lines):
    assert sorted(lines["functions"]) == sorted(lines["slopes"]) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_that_of_the_course(lines, name):
    z = np.linspace(-6, 6, 121)
    da = np.random.default_rng(0).normal(size=z.shape)
    if name == "leaky_relu":
        a = leaky_relu(z, lines["slope"])
        dz = leaky_relu_backward(da, z, a, lines["slope"])
    else:
        a = ACTIVATIONS[name].forward(z)
        dz = ACTIVATIONS[name].backward(da, z, a)
    assert_agree(name, lines["functions"][name](z), a)
    assert_agree(f"{name}, derivative", da * lines["slopes"][name](z), dz)


@pytest.mark.parametrize("name", NAMES)
def test_each_derivative_is_a_central_difference(lines, name):
    z = np.array([-5, -2.5, -1, -0.3, 0.2, 1, 3, 5])
    numeric = central_difference(lambda: float(np.sum(lines["functions"][name](z))), z)
    assert_agree(name, lines["slopes"][name](z), numeric, CENTRAL_DIFFERENCE_TOLERANCE)


def test_the_matrix_of_softmax_is_that_of_central_differences(lines):
    z = np.array([[2, -1, 0.5]])
    for i in range(3):
        numeric = central_difference(lambda i=i: float(lines["softmax"](z)[0, i]), z)
        assert_agree(f"row {i}", lines["jacobian"][i], numeric[0], CENTRAL_DIFFERENCE_TOLERANCE)


def test_the_drawn_derivatives_of_softmax_are_central_differences(lines):
    z = lines["moving"][::50].copy()
    step = np.array([1e-6, 0, 0])
    numeric = (lines["softmax"](z + step) - lines["softmax"](z - step)) / 2e-6
    assert_agree("along", lines["along"][::50], numeric, CENTRAL_DIFFERENCE_TOLERANCE)


def test_values_and_derivatives_are_those_of_keras(run):
    comparisons = run.variables["comparisons"]
    assert [c.name for c in comparisons[::2]] == [*run.variables["lowest"], "softmax"]
    for i, c in enumerate(comparisons):
        name = comparisons[i - i % 2].name
        assert c.name == (name if i % 2 == 0 else "  derivative")
        assert c.dtype == ("float32" if name == "gelu" else "float64"), c
        assert c.agrees(), c


def test_losses_are_those_of_keras(run):
    comparisons = run.variables["loss_comparisons"]
    assert [c.name.split(",")[0] for c in comparisons] == list(run.variables["last_layers"])
    assert len(comparisons) == 4
    for c in comparisons:
        assert c.dtype == "float64"
        assert c.agrees(), c


def test_tensorflow_rounds_what_the_page_says_it_rounds(use_precision):
    """Leaky ReLU's slope 0.2 and GELU's root of one half, in double precision models."""
    from layer_checks import keras

    use_precision("float64")
    z = np.linspace(-6, 6, 121)
    for name in ["leaky_relu", "gelu"]:
        found = np.asarray(getattr(keras.activations, name)(z))
        assert found.dtype == np.float64
        with pytest.raises(AssertionError, match="relative difference"):
            assert_agree(name, ACTIVATIONS[name].forward(z), found)
    quarter = np.asarray(keras.activations.leaky_relu(z, negative_slope=0.25))
    assert_agree("slope 0.25", leaky_relu(z, 0.25), quarter)


def test_ranges_and_kinks_are_those_of_the_text(run):
    """Sigmoid and tanh keep a range; two functions have a kink; SiLU and GELU dip below 0."""
    lowest, highest, kinks = (run.variables[n] for n in ["lowest", "highest", "kinks"])
    bounded = [name for name in NAMES if highest[name] <= 1 and lowest[name] >= -1]
    assert sorted(bounded) == ["sigmoid", "tanh"]
    assert sorted(n for n, kink in kinks.items() if abs(kink) > 1e-6) == ["leaky_relu", "relu"]
    for name in ["silu", "gelu"]:
        assert -0.3 < lowest[name] < -0.1
        assert highest[name] == pytest.approx(30)
    rows = re.findall(r"^(\w+) +(-?\d+\.\d+) +(\d+\.\d+) +(\d+\.\d+)  ", run.stdout, flags=re.M)
    assert [row[0] for row in rows] == list(lowest)
    for name, low, high, kink in rows:
        assert float(low) == pytest.approx(lowest[name], abs=0.006)
        assert float(high) == pytest.approx(highest[name], abs=0.006)
        assert float(kink) == pytest.approx(abs(kinks[name]), abs=0.006)


def test_each_last_layer_gives_its_kind_of_answer(run):
    softmax, sigmoid, linear, softplus = run.variables["outputs"]
    assert softmax.sum() == pytest.approx(1)
    assert ((sigmoid > 0) & (sigmoid < 1)).all()
    assert sigmoid.sum() > 1.1  # "does not sum to 1, and need not"
    assert (linear < 0).any()
    assert (softplus > 0).all()


def test_the_functions_to_go_on_with_are_in_keras():
    from keras import activations  # only now: it starts TensorFlow

    source = (checks.SCRIPTS / "activations.py").read_text(encoding="utf-8")
    listed = re.search(r"# More functions\n(.*?)\n# Summary\n", source, flags=re.S)[1]
    names = re.findall(r"``(\w+)``", " ".join(re.findall(r"^# - (.*?):", listed, flags=re.M)))
    assert len(names) >= 8
    assert not {name for name in names if not callable(getattr(activations, name, None))}
    assert not set(names) & set(ACTIVATIONS)  # what the lesson has shown is not listed again
