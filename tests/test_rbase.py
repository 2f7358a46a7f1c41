"""The functions of base R print and compute what R does."""

import re

import numpy as np
import pandas as pd
import pytest
from r_fixtures import FIXTURES

from course.data import load_iris
from course.rbase import factor, max_col, one_hot, r_print, r_str, scale, table


def cases(kind: str) -> list[tuple[list[str], np.ndarray, list[str]]]:
    """The cases of a kind that R wrote: its words, the numbers, the lines."""
    found = []
    for part in re.split(
        r"^#### ", (FIXTURES / "rbase.txt").read_text(encoding="utf-8"), flags=re.M
    )[1:]:
        head, *lines = part.splitlines()
        words, numbers = head.split(" : ")
        words = words.split()
        if words[0] == kind:
            values = [
                float.fromhex(text)
                if text[-1].isdigit() or "x" in text
                else float(text.replace("Inf", "inf"))
                for text in numbers.split()
            ]
            found.append((words[1:], np.array(values), lines))
    assert found, kind
    return found


def shaped(words: list[str], values: np.ndarray) -> np.ndarray:
    return values.reshape([int(word) for word in words], order="F")


@pytest.mark.parametrize(
    ("kind", "function", "dtype"),
    [
        ("print", r_print, float),
        ("str", r_str, float),
        ("print_whole", r_print, int),
        ("str_whole", r_str, int),
        ("print_logical", r_print, bool),
        ("str_logical", r_str, bool),
    ],
)
def test_numbers_print_as_in_r(kind, function, dtype, capsys):
    for words, values, lines in cases(kind):
        function(shaped(words, values).astype(dtype))
        assert capsys.readouterr().out.splitlines() == lines


def test_named_matrix_prints_as_in_r(capsys):
    (words, values, lines) = cases("named")[0]
    matrix = shaped(words, values)
    r_print(matrix, rows=["a", "bbb"], columns=["x", "yy", "z"])
    assert capsys.readouterr().out.splitlines() == lines
    r_print(pd.DataFrame(matrix, index=["a", "bbb"], columns=["x", "yy", "z"]))
    assert capsys.readouterr().out.splitlines() == lines


def test_tables_count_and_print_as_in_r(capsys):
    for words, values, lines in cases("table"):
        a, b = values.astype(int).reshape(2, -1)
        r_print(table(**{words[0]: a, words[1]: b}))
        assert capsys.readouterr().out.splitlines() == lines


def test_scale_as_in_r():
    for words, values, lines in cases("scale"):
        expected = shaped(words, np.array([float(line) for line in lines]))
        np.testing.assert_allclose(scale(shaped(words, values)), expected, rtol=1e-13, atol=1e-15)


def test_max_col_as_in_r():
    for words, values, lines in cases("max_col"):
        assert max_col(shaped(words, values)).tolist() == [int(line) for line in lines]


def test_a_scalar_and_nothing_print_as_in_r(capsys):
    r_print(6.3511310001)
    r_print([])
    assert capsys.readouterr().out == "[1] 6.351131\nnumeric(0)\n"


def test_one_hot_columns_follow_the_levels():
    rows = one_hot(factor(["b", "a", "b"], levels=["b", "a", "c"]))
    assert rows.tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 0]]
    assert rows.dtype == np.float64
    assert one_hot(pd.Series(["b", "a"])).tolist() == [[0, 1], [1, 0]]


def test_table_keeps_levels_that_never_occur():
    counts = table(P=factor([0, 0], [0, 1]), A=factor([0, 1], [0, 1]))
    assert counts.to_numpy().tolist() == [[1, 1], [0, 0]]


def test_scale_takes_one_column():
    assert scale(pd.Series([1.0, 2, 3])).tolist() == [[-1], [0], [1]]


@pytest.mark.parametrize("function", [one_hot, lambda f: table(A=f, B=[0, 1])])
@pytest.mark.parametrize(
    "wrap", [lambda f: f, pd.Series, pd.CategoricalIndex], ids=["factor", "series", "index"]
)
def test_a_missing_label_of_a_factor_is_no_class(function, wrap):
    with pytest.raises(ValueError, match=r"missing values.*position 1.*Remove"):
        function(wrap(pd.Categorical(["a", None], categories=["a", "b"])))


def test_a_factor_of_a_factor_takes_the_new_levels():
    old = factor(["b", "a"], ["a", "b", "c"])
    assert list(factor(old, ["b", "a"]).categories) == ["b", "a"]
    assert list(factor(old).categories) == ["a", "b"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: factor(["a", None]), ValueError, "missing values.*position 1"),
        (lambda: factor(["a", "z"], ["a", "b"]), ValueError, "levels.*'z'.*Add it"),
        (lambda: factor(["a"], ["a", "a"]), ValueError, "each level once.*Remove"),
        (lambda: factor("abc"), TypeError, "sequence of values.*'abc'"),
        (lambda: factor(5), TypeError, "sequence of values.*5"),
        (lambda: max_col(np.array([1, 2])), ValueError, r"shape \(2,\).*reshape"),
        (lambda: max_col(np.array([[1], [np.nan]])), ValueError, "row 1.*smaller learning rate"),
        (lambda: max_col([["a", "b"]]), TypeError, "max_col expects numbers.*Convert"),
        (lambda: table(P=[1, 2]), ValueError, "two named variables.*Received 1: P"),
        (lambda: table(P=[1, 2], A=[1]), ValueError, "P with 2 values and A with 1"),
        (lambda: scale([[1.0, 2]]), ValueError, "2 rows or more"),
        (lambda: scale(pd.DataFrame({"hp": [1, 2], "wt": [3, 3]})), ValueError, "wt is constant"),
        (lambda: scale(pd.Series([3, 3], name="mpg")), ValueError, "column mpg is constant"),
        (lambda: scale([[1.0, np.nan], [2, 3]]), ValueError, "nan in column number 1, row number"),
        (lambda: scale(load_iris()), TypeError, "column 'Species' of type category.*Leave"),
        (lambda: r_print(load_iris()), TypeError, "column 'Species'"),
        (lambda: r_print(None), TypeError, "expects numbers.*NoneType"),
        (lambda: r_print(np.zeros((2, 2, 2))), ValueError, r"\(2, 2, 2\).*two dimensions"),
        (lambda: r_print(np.zeros((2, 2)), rows=["a"]), ValueError, r"2 row names.*\['a'\]"),
        (lambda: r_print(np.zeros((2, 2)), columns=5), ValueError, "2 column names.*5"),
        (lambda: r_print([1, 2], rows=["a", "b"]), ValueError, "Received a vector"),
        (lambda: r_str(["a"]), TypeError, "r_str expects numbers"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
