"""A reader's own table is read as it is, or the error says what is wrong with it and what to do."""

import re

import numpy as np
import pandas as pd
import pytest
from r_fixtures import DATASETS

from course.data import load_iris, load_mtcars
from course.tables import read_table

pytestmark = pytest.mark.filterwarnings("default")  # as in a student's session


@pytest.fixture
def written(tmp_path):
    """A function that writes a table as a CSV file."""

    def write(frame: pd.DataFrame, **options):
        path = tmp_path / "my table.csv"
        frame.to_csv(path, **{"index": False, **options})
        return path

    return write


def cars(**columns) -> pd.DataFrame:
    return load_mtcars().reset_index(drop=True).assign(**columns)


def test_the_tables_that_come_along():
    x, y = read_table(DATASETS / "iris.csv", "Species")
    assert x.reset_index(drop=True).equals(load_iris().iloc[:, :4].reset_index(drop=True))
    assert y.tolist() == load_iris()["Species"].tolist()
    assert list(y.cat.categories) == ["setosa", "versicolor", "virginica"]
    x, y = read_table(DATASETS / "mtcars.csv", "mpg")
    assert x.equals(load_mtcars().drop(columns="mpg"))  # with the names of the cars
    assert y.equals(load_mtcars()["mpg"])


def test_a_table_from_a_spreadsheet(written):
    """Semicolons, decimal commas, and the mark that a spreadsheet puts before UTF-8."""
    path = written(cars(), sep=";", decimal=",", encoding="utf-8-sig")
    for found, expected in zip(
        read_table(path, "mpg", sep=";", dec=","),
        [cars().drop(columns="mpg"), cars()["mpg"]],
        strict=True,
    ):
        assert found.equals(expected)


def test_spaces_after_the_separator_belong_to_nothing(tmp_path):
    path = tmp_path / "spaces.csv"
    path.write_text("x, y\n" + "1, a\n2, b\n" * 10, encoding="utf-8")
    x, y = read_table(path, "y")
    assert (list(x), y.tolist()) == (["x"], ["a", "b"] * 10)


@pytest.mark.parametrize("leave_out", ["disp", ["disp"], ("disp", "hp")])
def test_columns_that_are_left_out(written, leave_out):
    x, _ = read_table(written(cars(disp="text")), "mpg", leave_out=leave_out)
    names = [leave_out] if isinstance(leave_out, str) else leave_out
    assert list(x) == [name for name in cars() if name not in ("mpg", *names)]


@pytest.mark.parametrize(
    ("target", "classes", "expected"),
    [
        ("am", None, [0, 1]),  # few whole numbers
        ("cyl", None, [4, 6, 8]),
        ("cyl", False, None),
        ("mpg", None, None),
        ("hp", None, None),  # whole numbers, but many
        ("half", None, None),  # two values, but no whole numbers
        ("half", True, [0, 0.5]),
        ("yes", None, ["no", "yes"]),
        ("true", None, [False, True]),
    ],
)
def test_a_class_or_a_number(written, target, classes, expected):
    am = cars()["am"]
    extra = {"half": am / 2, "yes": am.map({0: "no", 1: "yes"}), "true": am == 1}
    others = [name for name in ["yes", "true"] if name != target]
    path = written(cars(**extra))
    _, y = read_table(path, target, leave_out=others, classes=classes)
    if expected is None:
        assert y.dtype == np.float64
    else:
        assert list(y.cat.categories) == expected
    assert y.astype(object).tolist() == pd.read_csv(path)[target].tolist()


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.csv: expected a CSV file here.*whole path"):
        read_table(tmp_path / "none.csv", "mpg")
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path, "mpg")  # a folder


HOLES = {"hp": cars()["hp"].where(cars().index != 3), "wt": cars()["wt"].where(cars().index > 4)}
WRONG = {
    "no such column": (cars(), {"target": "price"}, r"column 'price'\. Found: mpg, cyl, .*Choose"),
    "to leave out": (cars(), {"leave_out": "price"}, r"column 'price'\. Found: mpg, cyl"),
    "the target left out": (cars(), {"leave_out": ["mpg"]}, r"other than the target.*'mpg'"),
    "no predictor": (cars()[["mpg", "hp"]], {"leave_out": "hp"}, r"a predictor beside 'mpg'"),
    "text": (
        cars(name="Mazda", made=["1", "2", "soon", *"1" * 29]),
        {},
        r"numbers in all predictors.*'name' \('Mazda' in row 1\), column 'made' \('soon' in row 3\)"
        r".*0 and 1.*leave_out=\['name', 'made'\]",
    ),
    "truth values": (cars(am=cars()["am"] == 1), {}, r"column 'am' \('True' in row 1\)"),
    "missing": (
        cars(**HOLES),
        {},
        r"Found 5 of 32 rows in which one is missing, by column: 'hp' \(1\), 'wt' \(5\)\. Fill",
    ),
    "missing targets": (cars(mpg=HOLES["hp"]), {}, r"Found 1 of 32 rows.*'mpg' \(1\)"),
    "one class": (cars(mpg="low"), {}, r"a target that varies\. Found 'low' in each row"),
    "one number": (cars(mpg=20.5), {}, r"a target that varies\. Found '20.5' in each row"),
    "two of a class": (
        cars(mpg=["a", "b"] + ["c", "d"] * 15),
        {},
        r"5 rows or more of each class in column 'mpg'\. Found 1 of 'a', 1 of 'b'\. Leave[^:]*$",
    ),
    "few of a truth value": (
        cars(mpg=[True] * 29 + [False] * 3),
        {},
        r"Found 3 of 'False'\. Leave out these rows, join classes\.$",
    ),
    "few of a number": (
        cars(),
        {"target": "carb"},
        r"Found 3 of '3', 1 of '6', 1 of '8'.*as a number: classes=False",
    ),
    "a number with a word in it": (
        cars(mpg=[*range(31), "soon"]),
        {},
        r"Found 1 of '0', 1 of '1', .*, \.\.\.\. .*no number: column 'mpg' \('soon' in row 32\)",
    ),
    "text as a number": (cars(mpg=["a", "b"] * 16), {"classes": False}, r"numbers to predict.*'a'"),
    "few rows": (cars()[:19], {}, r"20 rows or more, to train and to test\. Found 19"),
    "infinite": (
        cars(hp=cars()["hp"].replace(335, np.inf)),
        {},
        r"finite numbers\. Found 1 infinite ones in column 'hp', the first in row 31",
    ),
    "an infinite target": (cars(mpg=cars()["mpg"].replace(15, -np.inf)), {}, r"column 'mpg'.*31"),
    "constant": (
        cars(vs=1, am=0.0),
        {},
        r"that vary\..*: vs, am\. Leave.*leave_out=\['vs', 'am'\]",
    ),
}


@pytest.mark.parametrize(("frame", "options", "message"), WRONG.values(), ids=WRONG)
def test_what_a_network_cannot_learn_from(written, frame, options, message):
    with pytest.raises(ValueError, match=message):
        read_table(written(frame), **{"target": "mpg", **options})


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_another_separator_is_named(written, mark):
    path = written(cars(), sep=mark)
    with pytest.raises(
        ValueError,
        match=re.escape(f"Found one column, 'mpg{mark}cyl".encode("unicode_escape").decode()),
    ) as error:
        read_table(path, "mpg")
    assert str(error.value).endswith(f"Say sep={mark!r}.")
    assert len(read_table(path, "mpg", sep=mark)[0]) == 32


def test_a_single_column_with_no_separator_in_its_name(written):
    with pytest.raises(ValueError, match=r"Found one column, 'mpg'\. If another character"):
        read_table(written(cars()[["mpg"]]), "mpg")


def test_decimal_commas_are_named(written):
    path = written(cars(), sep=";", decimal=",")
    with pytest.raises(ValueError, match=r"commas in column 'mpg' \('21,0' in row 1\).*dec=','"):
        read_table(path, "mpg", sep=";")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,a,b,c\n1,2,3,4,5\n", r"more than once: 'a', 'b'\. Rename"),
        ("a,,b\n1,2,3\n", r"a name for each column.*none for column 2"),
        (",a,\nx,1,2\n", r"a name for each column.*none for column 3"),
        (",,a\nx,1,2\n", r"a name for each column.*none for column 2"),
        ("a,b\n1,2,3\n", r"expected a CSV file.*Correct"),
        ("a,b\n1,2\n1,2,3\n", r"expected a CSV file.*Correct"),
        ("", r"expected a CSV file.*Correct"),
        ("a,b\n", r"20 rows or more.*Found 0"),
        ('a,b\n"1,2\n', r"expected a CSV file.*Correct"),
    ],
)
def test_a_file_that_is_no_table(tmp_path, text, message):
    path = tmp_path / "my.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_table(path, "a")


def test_letters_of_another_code(tmp_path):
    path = tmp_path / "my.csv"
    path.write_bytes("Größe,y\n1,2\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"expected a CSV file.*utf-8"):
        read_table(path, "y")


def test_numbers_too_large_for_any_type_are_not_taken_for_others(written):
    with pytest.raises(ValueError, match=r"Found text in column 'id'"):
        read_table(written(cars(id=["9" * 30] * 32)), "mpg")
