"""The data sets are R's, and a damaged file is named for what it is."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from r_fixtures import DATASETS

from course import data
from course.data import load_airpassengers, load_iris, load_mtcars


def test_iris_is_r_s_iris():
    iris = load_iris()
    assert iris.shape == (150, 5)
    assert list(iris.columns) == [
        "Sepal.Length",
        "Sepal.Width",
        "Petal.Length",
        "Petal.Width",
        "Species",
    ]
    assert list(iris.index) == list(range(1, 151))
    assert list(iris["Species"].cat.categories) == ["setosa", "versicolor", "virginica"]
    assert iris["Species"].value_counts().tolist() == [50, 50, 50]
    # The two flowers in which copies of iris differ.
    assert iris.loc[35].tolist() == [4.9, 3.1, 1.5, 0.2, "setosa"]
    assert iris.loc[38].tolist() == [4.9, 3.6, 1.4, 0.1, "setosa"]
    assert all(dtype == np.float64 for dtype in iris.dtypes[:4])


def test_mtcars_is_r_s_mtcars():
    mtcars = load_mtcars()
    assert mtcars.shape == (32, 11)
    names = ["mpg", "cyl", "disp", "hp", "drat", "wt", "qsec", "vs", "am", "gear", "carb"]
    assert list(mtcars.columns) == names
    assert (mtcars.index[0], mtcars.index[-1]) == ("Mazda RX4", "Volvo 142E")
    assert mtcars.loc["Merc 450SLC"].tolist() == [15.2, 8, 275.8, 180, 3.07, 3.78, 18, 0, 0, 3, 3]
    assert all(dtype == np.float64 for dtype in mtcars.dtypes)


def test_airpassengers_is_r_s_airpassengers():
    air = load_airpassengers()
    assert air.shape == (144, 1)
    assert list(air.columns) == ["passengers"]
    assert isinstance(air.index, pd.PeriodIndex)
    assert (str(air.index[0]), str(air.index[-1])) == ("1949-01", "1960-12")
    assert (air.index.asi8[1:] == air.index.asi8[:-1] + 1).all()  # no month left out
    passengers = air["passengers"]
    assert passengers.iloc[:6].tolist() == [112, 118, 132, 129, 121, 135]
    year = [417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432]
    assert passengers.loc["1960"].tolist() == year
    assert passengers.dtype == np.float64


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        (
            "airpassengers.csv",
            "1df35bcf703c684d899e1b49ea5e82b9cef3da6916eb8b064883ddad3bca52cf",
        ),
        ("iris.csv", "8e990da3475adf09099b46b62dada7ca64c9d3fa14e591ae370c08e07569ec11"),
        ("mtcars.csv", "533009fcdc2738647aaa8cade18a298a0944af1e7156f73659287e68a49c8cff"),
    ],
)
def test_files_are_those_that_r_wrote(name, digest):
    assert hashlib.sha256((DATASETS / name).read_bytes()).hexdigest() == digest


def test_a_frame_can_be_changed_without_changing_the_next():
    first = load_iris()
    first.loc[1, "Sepal.Length"] = 0
    assert load_iris().loc[1, "Sepal.Length"] == 5.1
    air = load_airpassengers()
    air.loc["1949-01"] = 0
    air.index.name = "month"
    assert load_airpassengers().loc["1949-01", "passengers"] == 112
    assert load_airpassengers().index.name is None


@pytest.fixture
def damaged(tmp_path):
    """A function that writes a copy of a data set with one piece of text replaced."""

    def write(name: str, old: str, new: str):
        text = (DATASETS / name).read_text(encoding="utf-8")
        assert text.count(old) >= 1
        path = tmp_path / name
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return write


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.csv: expected a data set.*leave out"):
        load_iris(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("wrong", [3, b"iris.csv", ["iris.csv"], pd.DataFrame()])
def test_a_path_that_is_none(wrong):
    for load in [load_iris, load_mtcars, load_airpassengers]:
        with pytest.raises(TypeError, match=r"path: expected the path of a CSV file.*Leave it out"):
            load(wrong)


def test_a_folder_whose_name_has_any_letters(tmp_path):
    path = tmp_path / "Größe 100 % 日本" / "irīs.csv"
    path.parent.mkdir()
    path.write_bytes((DATASETS / "iris.csv").read_bytes())
    assert load_iris(path).equals(load_iris())


def test_missing_file_of_the_package(monkeypatch, tmp_path):
    monkeypatch.setattr(data, "FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"iris\.csv.*found no file.*install the course"):
        load_iris()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Petal.Width,", "Petal.Breadth,", r"expected the columns Sepal.*Found .*Petal\.Breadth"),
        ("150,5.9,3,5.1,1.8,virginica\n", "", "expected 150 rows. Found 149"),
        ("1,5.1,", "1,,", r"Found none in column 'Sepal\.Length', row 1"),
        ("1,5.1,", "1,NA,", r"Found none in column 'Sepal\.Length', row 1"),
        ("1,5.1,", "1,tall,", r"finite numbers in column 'Sepal\.Length'.*'tall' in row 1"),
        ("1,5.1,", "1,inf,", r"finite numbers in column 'Sepal\.Length'.*row 1"),
        ("setosa", "sylvestris", r"one of setosa, versicolor.*'sylvestris' in row 1"),
        ("setosa", "", r"Found none in column 'Species', row 1"),
        ("1,5.1,", "1,5.1,5.1,5.1,", r"expected a CSV file"),
        ("0.2,setosa\n2,", "0.2,setosa,7\n2,", r"expected a CSV file"),
        ("\n2,4.9", "\n1,4.9", r"a name of its own for each row\. Found '1' as that of line 3"),
        ("\n2,4.9", "\n,4.9", r"a name of its own for each row.*line 3"),
        ("\n2,4.9", "\n151,4.9", r"row names 1, 2, \.\.\., 150.*Found '151' where 2 should be"),
    ],
)
@pytest.mark.filterwarnings("default")  # as in a student's session, where warnings only warn
def test_damaged_iris(damaged, old, new, message):
    with pytest.raises(ValueError, match=message) as error:
        load_iris(damaged("iris.csv", old, new))
    assert "Correct the file" in str(error.value)


def test_a_column_of_truth_values_is_no_column_of_numbers(tmp_path):
    path = tmp_path / "mtcars.csv"
    load_mtcars().assign(vs=True).to_csv(path)
    with pytest.raises(ValueError, match=r"finite numbers in column 'vs'.*'True' in row Mazda"):
        load_mtcars(path)


def test_a_copy_that_counts_rows_from_0(tmp_path):
    path = tmp_path / "iris.csv"
    load_iris().reset_index(drop=True).to_csv(path)
    with pytest.raises(ValueError, match=r"row names 1, 2.*Found '0' where 1 should be"):
        load_iris(path)


def test_the_name_of_the_file_says_nothing_of_its_content(tmp_path):
    path = tmp_path / "iris.csv.gz"
    path.write_bytes((DATASETS / "iris.csv").read_bytes())
    assert load_iris(path).equals(load_iris())


def test_damaged_mtcars(damaged):
    with pytest.raises(ValueError, match=r"'hp'.*'many' in row Mazda RX4"):
        load_mtcars(damaged("mtcars.csv", "160,110", "160,many"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",passengers", ",people", r"expected the columns passengers.*Found people"),
        ("1960-12,432\n", "", "expected 144 rows. Found 143"),
        ("1949-03,", "1949-3,", r"row names 1949-01, 1949-02, .*'1949-3' where 1949-03"),
        ("1949-03,", "1949-04,", r"a name of its own for each row\. Found '1949-04'"),
        ("1949-03,132", "1949-03,", r"Found none in column 'passengers', row 1949-03"),
        ("1949-03,132", "1949-03,many", r"finite numbers.*'many' in row 1949-03"),
        ("1949-03,132", "1949-03,inf", r"finite numbers.*'inf' in row 1949-03"),
    ],
)
def test_damaged_airpassengers(damaged, old, new, message):
    with pytest.raises(ValueError, match=message) as error:
        load_airpassengers(damaged("airpassengers.csv", old, new))
    assert "Correct the file" in str(error.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x01", b"\n\n"])
def test_file_that_is_no_table(tmp_path, content):
    path = tmp_path / "iris.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"iris\.csv: expected"):
        load_iris(path)


def test_another_file_of_the_same_form(damaged):
    assert load_iris(damaged("iris.csv", "1,5.1,", "1,5.2,")).loc[1, "Sepal.Length"] == 5.2
    assert isinstance(load_mtcars(str(DATASETS / "mtcars.csv")), pd.DataFrame)
    air = load_airpassengers(damaged("airpassengers.csv", "1949-03,132", "1949-03,133"))
    assert air.loc["1949-03", "passengers"] == 133
