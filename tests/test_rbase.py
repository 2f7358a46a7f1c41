"""The functions of base R print and compute what R does."""

import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from r_fixtures import FIXTURES

from course import rbase
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


@pytest.fixture
def shown(capsys):
    """A function that calls another and returns the lines that it printed."""

    def call(function, *arguments, **names) -> list[str]:
        function(*arguments, **names)
        return capsys.readouterr().out.split("\n")[:-1]

    return call


@pytest.mark.parametrize("n", [1, 8, 9, 10, 98, 99, 100, 999])
def test_there_is_room_for_the_label_of_one_row_more(n, shown):
    last = shown(r_print, np.ones((n, 1)))[-1]
    assert last == f"[{n},]".rjust(len(str(n + 1)) + 3) + "    1"


@pytest.mark.parametrize("value", [1e-99, 9.9e-99, -1e-99])
def test_an_exponent_has_three_digits_from_1e_100_down(value, shown):
    assert shown(r_print, [value]) == [f"[1] {value:.2g}"]
    assert shown(r_print, [[value]])[1] == f"[1,] {value:.2g}"
    assert shown(r_print, [1e-100, -1]) == ["[1]  1e-100  -1e+00"]
    assert shown(r_print, [1e100, -1]) == ["[1]  1e+100  -1e+00"]


@pytest.mark.parametrize(
    ("empty", "printed", "summary"),
    [
        ([], ["numeric(0)"], " num(0) "),
        (np.zeros(0, int), ["integer(0)"], " int(0) "),
        (np.zeros(0, bool), ["logical(0)"], " logi(0) "),
        (np.zeros((0, 0)), ["<0 x 0 matrix>"], " num[0 , 0 ] "),
        (np.zeros((0, 2)), ["     [,1] [,2]"], " num[0 , 1:2] "),
        (np.zeros((2, 0), int), ["    ", "[1,]", "[2,]"], " int[1:2, 0 ] "),
        (np.zeros((1, 0), bool), ["    ", "[1,]"], " logi[1, 0 ] "),
    ],
)
def test_what_is_empty_prints_as_in_r(empty, printed, summary, shown):
    assert shown(r_print, empty) == printed
    assert shown(r_str, empty) == [summary]


def test_of_whole_numbers_an_empty_name_takes_a_place_where_there_are_no_rows(shown):
    assert shown(r_print, np.zeros((0, 2), int), columns=["", "a"]) == ["       a"]
    assert shown(r_print, np.zeros((0, 2)), columns=["", "a"]) == ["      a"]


def test_data_frames_without_rows_or_columns_print_as_in_r(shown):
    none = "<0 rows> (or 0-length row.names)"
    assert shown(r_print, pd.DataFrame({"a": [], "bb": []})) == ["[1] a  bb", none]
    assert shown(r_print, pd.DataFrame(index=[1, 2])) == ["data frame with 0 columns and 2 rows"]
    assert shown(r_print, pd.DataFrame(index=[1])) == ["data frame with 0 columns and 1 row"]


def test_columns_of_a_data_frame_keep_their_types(shown):
    frame = pd.DataFrame({"a": [True, False], "b": [100000, 1], "c": [1e5, 1]})
    expected = ["      a      b     c", "0  TRUE 100000 1e+05", "1 FALSE      1 1e+00"]
    assert shown(r_print, frame) == expected
    assert shown(r_print, frame.astype({"a": "boolean", "b": "Int64", "c": "Float64"})) == expected
    frame.columns = ["a", "a", "a"]
    assert shown(r_print, frame)[1:] == expected[1:]


def test_nullable_columns_are_numbers(shown):
    frame = pd.DataFrame({"a": [1, 2, 4], "b": [2.5, 3, 7]})
    nullable = frame.convert_dtypes()
    assert shown(r_print, nullable) == shown(r_print, frame)
    assert shown(r_str, nullable["a"]) == [" int [1:3] 1 2 4"]
    assert shown(r_str, pd.Series([True], dtype="boolean")) == [" logi TRUE"]
    assert scale(nullable).tolist() == scale(frame).tolist()
    assert max_col(nullable).tolist() == [1, 1, 1]
    assert one_hot(nullable["a"]).tolist() == np.eye(3).tolist()


def test_numbers_are_those_that_r_has(shown):
    assert shown(r_print, np.array([2**31 - 1, 1 - 2**31])) == ["[1]  2147483647 -2147483647"]
    assert shown(r_print, np.array([2**31])) == ["[1] 2147483648"]
    assert shown(r_print, np.array([10**12])) == ["[1] 1e+12"]  # R has no such integers
    assert shown(r_print, np.array([-(2**31), 100000])) == ["[1] -2147483648      100000"]
    assert shown(r_print, np.array([2**63, 1], np.uint64)) == ["[1] 9.223372e+18 1.000000e+00"]
    assert shown(r_print, [10**30]) == ["[1] 1e+30"]
    assert shown(r_print, np.array([0.1, 0.5], np.float32)) == ["[1] 0.1 0.5"]
    assert shown(r_print, np.float16([0.1])) == ["[1] 0.09997559"]
    assert shown(r_print, np.array([True, 2.0, 100000], object)) == ["[1] 1e+00 2e+00 1e+05"]
    assert shown(r_str, np.array([True], object)) == [" logi TRUE"]
    assert shown(r_str, np.array([100000, 2], object)) == [" int [1:2] 100000 2"]
    assert shown(r_str, np.array([2**31], object)) == [" num 2.15e+09"]


def test_the_edges_of_rs_rules(shown):
    assert shown(r_str, np.array([2**31 - 1])) == [" int 2147483647"]
    assert shown(r_str, np.array([-(2**31)])) == [" num -2.15e+09"]
    assert shown(r_str, np.arange(123456, 123467))[0].endswith(" 123465 ...")
    for value in [1e10, 1e-10, 1e11, 1e-11]:  # not short: five numbers, not ten
        assert shown(r_str, [value, 0, 0, 0, 0, 0])[0].endswith("...")
    assert shown(r_print, [99999996.0, 12345678.0]) == ["[1] 99999996 12345678"]
    assert shown(r_print, pd.Series([], dtype=object)) == ["numeric(0)"]


def test_what_is_wider_than_a_line(shown):
    name = "a" * 90
    assert shown(r_print, [[1, 2]], columns=[name, "b"]) == [
        *[f"     {name}", "[1,] " + "1".rjust(90), "     b", "[1,] 2"]
    ]
    assert shown(r_print, pd.DataFrame({name: [], "b": []}))[:2] == [
        *[f"[1] {name}", "[2] b" + " " * 89]
    ]


def test_a_data_frame_with_one_title_is_no_table(shown):
    frame = pd.DataFrame({"a": [1]}, index=["x"])
    assert shown(r_print, frame.rename_axis(index="car")) == ["  a", "x 1"]
    assert shown(r_print, frame.rename_axis(columns="car")) == ["  a", "x 1"]


def test_r_leaves_out_what_is_beyond_its_largest_print(capsys):
    r_print(np.zeros(99_999))
    assert len(capsys.readouterr().out.splitlines()) == 2777 + 1  # 36 a line
    with pytest.raises(ValueError, match=r"99999 numbers at most.*100000.*x\[:10\]"):
        r_print(np.zeros((2, 50_000)))


def test_labels_are_written_as_in_r(shown):
    counts = table(P=np.array([0.6, 0.3]) > 0.5, A=np.array([4.0, 1e5]))
    assert shown(r_print, counts) == [
        *["       A", "P       4 1e+05", "  FALSE 0     1", "  TRUE  1     0"]
    ]
    names = [4.0, 1e5, 0.1, 0.1 + 0.2, 1 / 3, 1e15, 123456.0, -0.0, np.nan, np.inf, -np.inf]
    written = "4 1e+05 0.1 0.3 0.333333333333333 1e+15 123456 0 NaN Inf -Inf"
    lines = shown(r_print, np.zeros((11, 1)), rows=names)
    assert [line.split()[0] for line in lines[1:]] == written.split()
    assert shown(r_print, np.zeros((1, 2)), columns=[100000, 2])[0] == "     100000 2"
    assert shown(r_print, np.zeros((1, 2)), columns=[100000, 0.5])[0] == "     1e+05 0.5"
    assert shown(r_print, [[0]], columns=[6.328558099705295e-09])[0] == "     6.3285580997053e-09"
    assert shown(r_print, [[0]], rows=[True], columns=[2**31]) == [
        "     2147483648",
        "TRUE          0",
    ]
    assert shown(r_print, np.zeros((1, 2)), columns=[10**10, 2])[0] == "     1e+10 2"


def test_names_take_the_places_that_they_take_on_the_screen(shown):
    lines = shown(
        r_print, np.ones((4, 1)), rows=["日本", "e\u0301", "\U0001f600", "\u115f\u1160\u11ff\u1200"]
    )
    assert lines == [
        "     [,1]",
        "日本    1",
        "e\u0301       1",
        "\U0001f600      1",
        "\u115f\u1160\u11ff\u1200     1",
    ]
    names = ["a\n\\", "\x01\x7f", "\x85", "\u2028", "\xad"]
    written = [r"a\n\\", r"\001\177", r"\u0085", r"\u2028", "\xad"]
    lines = shown(r_print, np.ones((5, 1)), rows=names)
    assert lines[1:] == [f"{name:8}    1" for name in written]


def test_tables_print_as_in_r_where_names_are_odd(shown):
    counts = table(A=["日本", "b"], B=["x", "y"])
    assert shown(r_print, counts) == ["      B", "A      x y", "  b    0 1", "  日本 1 0"]
    counts.index.name, counts.columns.name = "é", "a\\b"
    assert shown(r_print, counts)[:2] == ["      a\\b", "é     x y"]  # R counts bytes here
    counts.index.name = "long\\"
    assert shown(r_print, counts)[:3] == ["      a\\b", "long\\  x y", "  b    0 1"]
    counts.index = pd.Index([1, 2], name="long\\")
    assert shown(r_print, counts)[:3] == ["      a\\b", "long\\  x y", "     1 0 1"]


def test_a_table_of_shares_or_of_truth_values(shown):
    counts = table(A=[1, 2, 2], B=[1, 2, 1])
    assert shown(r_print, counts / 3)[2:] == ["  1 0.3333333 0.0000000", "  2 0.3333333 0.3333333"]
    assert shown(r_print, counts / counts)[2:] == ["  1   1    ", "  2   1   1"]  # no NaN
    assert shown(r_print, counts > 0)[2:] == ["  1 TRUE FALSE", "  2 TRUE  TRUE"]
    assert shown(r_print, counts, rows=["x", "y"], columns=["u", "v"])[1:] == [
        *["A   u v", "  x 1 0", "  y 1 1"]
    ]


def test_a_table_of_nothing(shown):
    assert shown(r_print, table(A=[], B=[])) == ["< table of extent 0 x 0 >"]
    assert shown(r_print, table(A=factor([], [1, 2]), B=[])) == ["< table of extent 2 x 0 >"]
    assert shown(r_print, table(A=[], B=factor([], [1, 2]))) == ["< table of extent 0 x 2 >"]
    assert shown(r_print, table(A=factor([], [1]), B=factor([], [2]))) == [
        *["   B", "A   2", "  1 0"]
    ]


@pytest.mark.parametrize(
    ("words", "levels"),
    [
        (["b", "A", "a", "B"], ["a", "A", "b", "B"]),
        (["côté", "coté", "côte", "cote", "Cote"], ["cote", "Cote", "coté", "côte", "côté"]),
        (
            ["a1", "ab", "a b", "a-b", "a_b", "x10", "x9"],
            ["a b", "a_b", "a-b", "a1", "ab", "x10", "x9"],
        ),
        (["st", "ß", "sr", "ss", "ø", "o", "p", "ö"], ["o", "ö", "ø", "p", "sr", "ss", "ß", "st"]),
        (["я", "z", "1", "€", "!", "a\x01"], ["!", "€", "1", "a\x01", "z", "я"]),
        (["a\x01c", "ab"], ["ab", "a\x01c"]),
        (["€", "$"], ["$", "€"]),
        ([10, 9, -1], [-1, 9, 10]),
        ([10.5, 9, -1], [-1, 9, 10.5]),
        ([True, False], [False, True]),
    ],
)
def test_levels_come_in_the_order_of_r(words, levels):
    assert list(factor(words).categories) == levels
    assert list(factor(words[::-1]).categories) == levels


def test_labels_that_r_writes_alike_are_one_level():
    assert one_hot([0.3, 0.1 + 0.2, 0.5]).tolist() == [[1, 0], [1, 0], [0, 1]]
    assert factor([100000.0, 1.0], [1, 100000]).codes.tolist() == [1, 0]
    assert list(factor([1, 1.0]).categories) == [1]
    assert one_hot([10**15, 10**15 + 1]).shape == (2, 1)  # 15 digits, as in R
    assert one_hot([10**14, 10**14 + 1]).shape == (2, 2)


@pytest.mark.parametrize(
    "labels",
    [
        np.array([["b"], ["a"]]),
        [["b"], ["a"]],
        pd.DataFrame({"x": ["b", "a"]}),
        [np.array(["b"]), np.array("a")],
        {"b": 1, "a": 2}.keys(),
        pd.Series(["b", "a"], dtype="string"),
        np.ma.array(["b", "a"]),
    ],
    ids=["array", "lists", "frame", "arrays", "keys", "string", "masked array"],
)
def test_labels_in_any_sequence(labels):
    assert one_hot(labels).tolist() == [[0, 1], [1, 0]]


def test_labels_from_an_iterator():
    assert one_hot(c for c in "ba").tolist() == [[0, 1], [1, 0]]
    assert factor(map(str, [2, 1]), levels=map(str, [2, 1])).codes.tolist() == [0, 1]
    assert table(A=iter([1, 2]), B=range(2)).to_numpy().tolist() == [[1, 0], [0, 1]]


def test_scale_computes_in_double_precision(recwarn):
    for dtype in [np.int8, np.uint8, np.float16, np.float32]:
        assert scale(np.array([0, 100, 100], dtype)).ravel().tolist() == pytest.approx(
            scale([0.0, 100, 100]).ravel()
        )
    assert scale([True, False, True]).ravel() == pytest.approx(scale([1.0, 0, 1]).ravel())
    assert scale(np.zeros((3, 0))).shape == (3, 0)
    nearly = scale([0.3, 0.1 + 0.2, 0.3])  # R: 0, 1.414214, 0
    assert nearly.ravel() == pytest.approx([0, 2**0.5, 0])
    assert scale([1e153, 2e153, 3e153]).ravel() == pytest.approx([-1, 0, 1])
    for beyond in [[1e200, 2e200, 4e200], [5e-324, 1e-323, 0], [1.7e308, -1.7e308]]:
        with pytest.raises(ValueError, match=r"column number 0.*deviation of (0\.0|inf).*Multiply"):
            scale(beyond)
    assert not recwarn.list


def test_where_long_doubles_are_doubles_numbers_print_all_the_same(monkeypatch, shown):
    numbers = [[6.351131, 1e-320, 0.5], [123456.5, 9999999.6, 123.25]]
    expected = shown(r_print, numbers)
    monkeypatch.setattr(rbase.np, "longdouble", np.float64)
    assert shown(r_print, numbers) == expected


# R scales by the double nearest to 1e23, which is smaller: the last digit of the first is a 0.
@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[
            (4.105e25, "4.10e+25"),
            (4.505e42, "4.51e+42"),
            (3.295e-21, "3.30e-21"),
            (1.295e29, "1.30e+29"),
            (1.095e30, "1.09e+30"),
            (1e-320, "1e-320"),
        ],
    ],
)
def test_numbers_half_way_between_two_others(value, text, shown):
    assert shown(r_str, value) == [f" num {text}"]


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (None, TypeError, "NoneType"),
        ("a", TypeError, r"str of type <U1: 'a'\. Convert"),
        (b"a", TypeError, "bytes"),
        ({1, 2}, TypeError, "set.*list"),
        ({"a": 1}, TypeError, "dict"),
        ((v for v in [1]), TypeError, "generator"),
        ([1j], TypeError, "complex128"),
        ([Decimal(1)], TypeError, "Decimal at position 0.*Convert"),
        ([[1, Fraction(1, 2)]], TypeError, "Fraction at position 0, 1"),
        (np.array(["2020"], "M8[s]"), TypeError, "datetime64"),
        (np.zeros(2, [("a", int)]), TypeError, "'a'"),
        (np.array(["a", 1], object), TypeError, "str at position 0"),
        (pd.Series(pd.Categorical([1, 2])), TypeError, "Series of type category"),
        (pd.Series(pd.Categorical([1, None])), TypeError, "Series of type category"),
        (np.zeros(0, str), TypeError, "<U1"),
        (["a" * 99], TypeError, r"\['a{55}\.\.\.\. Convert"),
        ([[1, 2], [3]], ValueError, "rows of equal length.*list.*Complete"),
        ([1, None], ValueError, "missing.*position 1.*Remove"),
        ([pd.NaT, pd.NA], ValueError, "missing.*position 0"),
        ([1, pd.NA], ValueError, "missing.*position 1"),
        (pd.Series([1, None], dtype="Int64"), ValueError, "missing.*Series.*dropna"),
        (pd.Series([1.5, None], dtype="Float64"), ValueError, "missing"),
        (np.ma.array([1.0, 2], mask=[0, 1]), ValueError, r"missing.*MaskedArray.*filled"),
        ([[np.ma.masked, 1.0]], ValueError, "missing.*list"),
        ([10**400], ValueError, r"1\.8e308.*401 digits"),
    ],
)
@pytest.mark.parametrize("function", [r_print, r_str, scale, max_col])
def test_what_is_no_number_is_named(function, x, error, message):
    with pytest.raises(error, match=f"{function.__name__} expects .*{message}"):
        function(x)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ("abc", TypeError, "sequence of values.*'abc'.*a list"),
        (b"abc", TypeError, "sequence of values"),
        ({1, 2}, TypeError, r"sequence of values.*\{1, 2\}.*sorted"),
        ({"a": 1}, TypeError, "sequence of values"),
        (5, TypeError, "sequence of values.*5"),
        (["a", 1], TypeError, "one kind.*'a' and 1.*Make text"),
        ([True, 2], TypeError, "one kind.*True and 2"),
        ([1j], TypeError, "position 0 a complex"),
        ([[1, 2], [3]], TypeError, r"position 0 a list: \[1, 2\].*Make text"),
        ([b"a"], TypeError, "bytes"),
        ([Decimal(1)], TypeError, "Decimal"),
        (pd.date_range("2020", periods=2), TypeError, "datetime"),
        (pd.cut([1, 2, 3], 2), TypeError, "Interval"),
        (np.array([[1, 2]]), ValueError, r"\(n,\) or \(n, 1\).*\(1, 2\).*max_col"),
        (np.zeros((2, 2, 1)), ValueError, r"\(2, 2, 1\)"),
        (np.array("a"), ValueError, r"shape \(\)"),
        (pd.DataFrame({"a": [1], "b": [2]}), ValueError, r"\(1, 2\)"),
        ([1, np.nan], ValueError, "missing.*position 1.*Remove"),
        (["a", np.nan], ValueError, "missing.*position 1"),
        ([1, pd.NA], ValueError, "missing.*position 1"),
        ([np.array([1, 2])], TypeError, "position 0 a ndarray"),
        ([pd.NaT], ValueError, "missing.*position 0"),
        (pd.Series([1, None], dtype="Int64"), ValueError, "missing.*position 1"),
        (np.ma.array([1, 2], mask=[0, 1]), ValueError, "missing.*position 1"),
        ([10**400], ValueError, "401 digits"),
    ],
)
def test_what_is_no_label_is_named(x, error, message):
    for call, who in [
        (factor, "factor"),
        (one_hot, "one_hot"),
        (lambda x: table(P=[1], A=x), r"table \(A\)"),
        (lambda x: factor(["a"], levels=x), r"factor \(levels\)"),
    ]:
        with pytest.raises(error, match=f"{who} expects .*{message}"):
            call(x)


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
        (lambda: max_col([[np.nan], [np.nan]]), ValueError, "row 0"),
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
        (lambda: max_col(np.zeros((2, 0))), ValueError, r"at least one column.*\(2, 0\)"),
        (lambda: max_col(pd.DataFrame(index=[1])), ValueError, r"at least one column.*\(1, 0\)"),
        (lambda: scale(np.zeros((2, 2, 2))), ValueError, r"shape \(2, 2, 2\)"),
        (lambda: scale(pd.Series([3, 3])), ValueError, "column number 0 is constant"),
        (lambda: r_print(np.zeros((0, 2)), rows="a"), ValueError, "0 row names"),
        (lambda: r_str(pd.DataFrame({"a": [1]})), TypeError, "data frame.*to_numpy"),
        (lambda: factor([0.5], [0.1 + 0.2, 0.3]), ValueError, "each level once"),
        (lambda: factor([True], [0, 1]), ValueError, "one of the levels"),
        (lambda: r_print([[1]], rows="a"), ValueError, "1 row names.*'a'"),
        (lambda: r_print([[1]], rows=[None]), ValueError, r"r_print \(rows\).*missing.*position 0"),
        (lambda: r_print([[1, 2]], columns=["a", 1]), TypeError, r"\(columns\).*one kind"),
        (lambda: r_print([[1]], rows=["a\0"]), ValueError, "characters that R has"),
        (lambda: r_print([[1]], rows=["\ud800"]), ValueError, "characters that R has"),
        (lambda: r_print([[1]], columns=["\u0378"]), ValueError, r"\(columns\).*characters"),
        (lambda: r_print(table(**{"a\n": [1], "b": [1]})), ValueError, "titles.*control.*Remove"),
        (lambda: r_print([1, 2], columns=["a", "b"]), ValueError, "Received a vector"),
        (
            lambda: r_print(pd.DataFrame([[1]], pd.MultiIndex.from_tuples([(1, 2)]))),
            TypeError,
            r"\(rows\).*tuple: \(1, 2\)",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
