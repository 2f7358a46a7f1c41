"""What "agree" means, on numbers small enough to check on paper."""

from contextlib import suppress

import numpy as np
import pytest

from course.agreement import (
    CENTRAL_DIFFERENCE_TOLERANCE,
    TOLERANCES,
    Comparison,
    assert_agree,
    bound,
    central_difference,
    compare,
    compare_all,
    keras_precision,
    print_comparisons,
)


def test_differences_on_paper():
    found = compare("w", np.array([1.0, 2.5]), np.array([1.0, 2.0]))
    assert (found.max_abs, found.max_rel) == (0.5, 0.25)
    assert (found.name, found.shape, found.dtype) == ("w", (2,), "float64")


def test_relative_to_the_largest_entry():
    assert compare("w", np.array([1e-17, 1.0]), np.array([0.0, 1.0])).agrees()


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_tolerance_follows_the_type(dtype):
    one = np.array([1.0], dtype=dtype)
    inside, outside = one + one * TOLERANCES[dtype] / 2, one + one * TOLERANCES[dtype] * 2
    assert compare("w", inside, one).agrees()
    assert not compare("w", outside, one).agrees()
    with pytest.raises(AssertionError, match=rf"w \(1,\) {dtype}: expected .* at most"):
        assert_agree("w", outside, one)
    assert assert_agree("w", outside, one, tolerance=1).agrees(1)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([np.nan], [1.0]),
        ([np.nan], [np.nan]),
        ([np.inf], [np.inf]),
        ([1e-300], [0.0]),
    ],
)
def test_what_never_agrees(a, b):
    assert not compare("w", np.array(a), np.array(b)).agrees(1e6)


def test_the_tolerances_are_those_agreed():
    assert TOLERANCES == {"float64": 1e-12, "float32": 1e-5}
    assert CENTRAL_DIFFERENCE_TOLERANCE == 1e-6


def test_whole_numbers_and_truth_values_agree_if_equal():
    assert compare("y", np.array([1, 2]), np.array([1, 2])).agrees()
    assert not compare("y", np.array([2**53 + 1]), np.array([2**53])).agrees()
    assert not compare("y", np.array([True]), np.array([False])).agrees()
    assert compare("y", np.array([2, 5], np.uint8), np.array([4, 5], np.uint8)).max_abs == 2
    with pytest.raises(AssertionError, match=r"y .* int64: expected .* at most 0e"):
        assert_agree("y", np.array([1]), np.array([2]))


def test_types_without_a_tolerance():
    half = compare("w", np.float16(1), np.float16(1))
    with pytest.raises(ValueError, match=r"no agreed tolerance for float16.*Name a tolerance"):
        half.agrees()
    assert half.agrees(1e-3)
    for value in (1j, None, "a"):
        with pytest.raises(TypeError, match=r"w: expected the array to hold real numbers.*Convert"):
            compare("w", value, value)


def test_zeros_and_nothing_agree_exactly():
    assert compare("w", np.zeros(3), np.zeros(3)).max_rel == 0
    assert compare("w", np.zeros((0, 2)), np.zeros((0, 2))).max_rel == 0


def test_shapes_and_types_must_be_equal():
    with pytest.raises(ValueError, match=r"b1: .*one shape.*\(3,\) and \(3, 1\)"):
        compare("b1", np.zeros(3), np.zeros((3, 1)))
    with pytest.raises(ValueError, match=r"b1: .*one type.*float32 and float64"):
        compare("b1", np.zeros(3, np.float32), np.zeros(3))


def test_names_must_be_equal():
    assert [c.name for c in compare_all({"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0})] == ["b", "a"]
    with pytest.raises(ValueError, match=r"Only one has: \['c'\]"):
        compare_all({"a": 1.0}, {"a": 1.0, "c": 2.0})


def test_central_difference_of_a_known_gradient():
    w = np.array([[1.0, -2.0], [0.5, 3.0]])
    kept = w.copy()
    gradient = central_difference(lambda: np.sum(w**3), w)
    assert (w == kept).all()
    assert_agree("gradient", gradient, 3 * w**2, tolerance=1e-8)


def test_central_difference_wants_doubles_and_a_step():
    with pytest.raises(TypeError, match=r"float64 array of weights that .*\. Received float32"):
        central_difference(lambda: 0.0, np.zeros(2, np.float32))
    with pytest.raises(TypeError, match=r"float64 array of weights that .*\. Received list"):
        central_difference(lambda: 0.0, [0.0])
    with pytest.raises(ValueError, match=r"step to be a number above 0.* Received: step=0"):
        central_difference(lambda: 0.0, np.zeros(2), step=0)


def test_central_difference_puts_the_weights_back_when_the_loss_fails():
    w = np.array([1.0, 2.0])
    with pytest.raises(ZeroDivisionError):
        central_difference(lambda: 1 / 0, w)
    assert w.tolist() == [1, 2]


def test_printed_table(capsys):
    print_comparisons([compare("W1", np.array([1.5]), np.array([1.0]))])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["shape", "largest", "difference", "relative"]
    assert lines[1].split() == ["W1", "(1,)", "5.0e-01", "5.0e-01"]


def test_what_rounding_leaves_is_printed_as_a_bound(capsys):
    """Two runs that differ in the last digits print the same."""
    printed = []
    for difference in [1.3e-15, 1.4e-15, 9.9e-15]:
        print_comparisons([Comparison("W1", (2,), "float64", difference, difference)])
        printed.append(capsys.readouterr().out.splitlines()[1])
    assert printed[0] == printed[1] == printed[2]
    assert printed[0].split() == ["W1", "(2,)", "<", "1e-14", "<", "1e-14"]


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        *[(0, "< 1e-14"), (9.9e-15, "< 1e-14"), (1e-14, "< 1e-12"), (9.9e-13, "< 1e-12")],
        *[(1e-12, "< 1e-10"), (6e-8, "< 1e-06"), (0.5, "< 1e+00"), (np.float32(3), "< 1e+02")],
    ],
)
def test_a_bound_is_an_even_power_of_ten_above(difference, text):
    assert bound(difference) == text
    assert difference < float(text.removeprefix("< "))


@pytest.mark.parametrize("wrong", [-1e-16, np.nan, np.inf])
def test_a_bound_needs_a_size(wrong):
    with pytest.raises(ValueError, match=rf"not negative\. Received: difference={wrong}"):
        bound(wrong)


def test_keras_computes_in_the_precision_and_afterwards_as_before():
    from layer_checks import keras

    def settings():
        return keras.config.floatx(), keras.config.dtype_policy().name

    keras_precision("float32")
    with suppress(KeyError), keras_precision("float64"):  # whatever happens inside
        assert settings() == ("float64", "float64")
        raise KeyError
    assert settings() == ("float32", "float32")
    keras_precision("float64")
    assert settings() == ("float64", "float64")
    keras_precision("float32")
    with pytest.raises(ValueError, match="expected float64 or float32"):
        keras_precision("half")
    assert settings() == ("float32", "float32")
