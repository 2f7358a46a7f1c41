"""The two tables of the lecture and a time series, exactly as R has them.

`load_iris`, `load_mtcars` and `load_airpassengers` give pandas data frames with R's numbers in R's
order; iris and mtcars also have R's column names and row names. The CSV files beside this module
were written by R's own ``write.csv``.

Other copies of iris differ from R's in two flowers (rows 35 and 38). E. Anderson collected the data
(1935, "The irises of the Gaspe Peninsula", Bulletin of the American Iris Society 59, 2-5); R's help
names R. A. Fisher (1936), "The use of multiple measurements in taxonomic problems", Annals of
Eugenics 7, 179-188, as the source. mtcars comes from H. V. Henderson and P. F. Velleman (1981),
"Building multiple regression models interactively", Biometrics 37, 391-411. AirPassengers is series
G of G. E. P. Box, G. M. Jenkins and G. C. Reinsel (1976), "Time Series Analysis, Forecasting and
Control", 3rd edition, Holden-Day, as R's help page cites it.
"""

import warnings
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["load_airpassengers", "load_iris", "load_mtcars"]

FOLDER = Path(__file__).parent / "datasets"

IRIS_MEASURES = ("Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width")
IRIS_SPECIES = ("setosa", "versicolor", "virginica")
IRIS_ROWS = 150
MTCARS_COLUMNS = ("mpg", "cyl", "disp", "hp", "drat", "wt", "qsec", "vs", "am", "gear", "carb")
MTCARS_ROWS = 32
AIRPASSENGERS_MONTHS = pd.period_range("1949-01", "1960-12", freq="M")


def load_iris(path: str | PathLike | None = None) -> pd.DataFrame:
    """Edgar Anderson's 150 iris flowers: four measurements in centimetres, and the species.

    Args:
        path: a CSV file of the same form to read instead of the one that comes with the course.

    Returns:
        A data frame of 150 rows and 5 columns. ``Sepal.Length``, ``Sepal.Width``,
        ``Petal.Length`` and ``Petal.Width`` are float64, in cm. ``Species`` is categorical, with
        the levels ``setosa``, ``versicolor``, ``virginica`` in R's order. The index is
        1, ..., 150, as in R; use ``.iloc`` to count from 0.

    Raises:
        TypeError: if ``path`` is no path.
        FileNotFoundError: if the file is missing.
        ValueError: if its columns, its number of rows or its values are not as expected.
    """
    path = _path(path, "iris.csv")
    iris = _read(path, (*IRIS_MEASURES, "Species"), IRIS_ROWS)
    _same_row_names(path, iris, [str(number) for number in range(1, IRIS_ROWS + 1)])
    iris.index = pd.RangeIndex(1, IRIS_ROWS + 1)
    strangers = ~iris["Species"].isin(IRIS_SPECIES)
    if strangers.any():
        row = iris.index[strangers][0]
        raise ValueError(
            f"{path}: expected one of {', '.join(IRIS_SPECIES)} in column 'Species'. "
            f"Found {iris.loc[row, 'Species']!r} in row {row}. {_remedy(path)}"
        )
    iris["Species"] = pd.Categorical(iris["Species"], categories=IRIS_SPECIES)
    return _numeric(path, iris, IRIS_MEASURES)


def load_mtcars(path: str | PathLike | None = None) -> pd.DataFrame:
    """Motor Trend's 1974 road tests of 32 cars.

    Args:
        path: a CSV file of the same form to read instead of the one that comes with the course.

    Returns:
        A data frame of 32 rows and 11 columns, all float64. The index holds the cars' names.
        ``mpg`` miles per US gallon, ``cyl`` number of cylinders, ``disp`` displacement (cubic
        inches), ``hp`` gross horsepower, ``drat`` rear axle ratio, ``wt`` weight (1000 lb),
        ``qsec`` quarter mile time (s), ``vs`` engine (0 V-shaped, 1 straight), ``am``
        transmission (0 automatic, 1 manual), ``gear`` forward gears, ``carb`` carburettors.

    Raises:
        TypeError: if ``path`` is no path.
        FileNotFoundError: if the file is missing.
        ValueError: if its columns, its number of rows or its values are not as expected.
    """
    path = _path(path, "mtcars.csv")
    return _numeric(path, _read(path, MTCARS_COLUMNS, MTCARS_ROWS), MTCARS_COLUMNS)


def load_airpassengers(path: str | PathLike | None = None) -> pd.DataFrame:
    """International airline passengers of each month from January 1949 to December 1960.

    R has them as a time series; in the data frame the months are the index.

    Args:
        path: a CSV file of the same form to read instead of the one that comes with the course.

    Returns:
        A data frame of 144 rows and 1 column. ``passengers`` is float64, in thousands of
        passengers. The index is a monthly `pandas.PeriodIndex`, so ``.loc["1960"]`` are the
        twelve months of a year and ``.loc["1949-03"]`` is one month.

    Raises:
        TypeError: if ``path`` is no path.
        FileNotFoundError: if the file is missing.
        ValueError: if its columns, its number of rows, its months or its values are not as
            expected.

    Source: R's ``AirPassengers``.
    """
    path = _path(path, "airpassengers.csv")
    air = _read(path, ("passengers",), len(AIRPASSENGERS_MONTHS))
    _same_row_names(path, air, [str(month) for month in AIRPASSENGERS_MONTHS])
    air.index = AIRPASSENGERS_MONTHS.copy()
    return _numeric(path, air, ("passengers",))


def _path(path: str | PathLike | None, name: str) -> Path:
    """The given path, or that of the file which comes with the course."""
    if path is None:
        return FOLDER / name
    if not isinstance(path, str | PathLike):
        raise TypeError(
            "path: expected the path of a CSV file, as a text or a Path. Received a "
            f"{type(path).__name__}. Leave it out to read the copy that comes with the course."
        )
    return Path(path)


def _read(path: Path, columns: tuple[str, ...], n_rows: int) -> pd.DataFrame:
    """The CSV file as a data frame, its first column as row names; its shape is checked."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a data set here, found no file. {_remedy(path)}")
    # The names of the flowers are numbers: as texts, 1 does not become 1.0.
    frame = read_csv(path, _remedy(path), dtype={0: str}, encoding="utf-8")
    found = tuple(frame.columns[1:])
    if found != columns:
        raise ValueError(
            f"{path}: expected the columns {', '.join(columns)} after the row names. "
            f"Found {', '.join(map(str, found)) or 'none'}. {_remedy(path)}"
        )
    if len(frame) != n_rows:
        raise ValueError(f"{path}: expected {n_rows} rows. Found {len(frame)}. {_remedy(path)}")
    names = frame.pop(frame.columns[0])
    if names.isna().any() or names.duplicated().any():
        row = int((names.isna() | names.duplicated()).to_numpy().argmax())
        raise ValueError(
            f"{path}: expected a name of its own for each row. Found {names[row]!r} as that of "
            f"line {row + 2}. {_remedy(path)}"
        )
    frame.index = pd.Index(names.to_list())
    for column in columns:
        if frame[column].isna().any():
            row = frame.index[frame[column].isna()][0]
            raise ValueError(
                f"{path}: expected a value everywhere. Found none in column {column!r}, row {row}. "
                f"{_remedy(path)}"
            )
    return frame


def read_csv(path: Path, remedy: str, **options: Any) -> pd.DataFrame:
    """Pandas' ``read_csv``, with an error that says what was expected and what to do."""
    try:
        with warnings.catch_warnings():
            # pandas only warns where it drops a value too many in a row.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(path, compression=None, index_col=False, **options)
    except (
        pd.errors.EmptyDataError,
        pd.errors.ParserError,
        pd.errors.ParserWarning,
        UnicodeDecodeError,
    ) as error:
        reason = str(error).strip().rstrip(".")
        raise ValueError(f"{path}: expected a CSV file. {reason}. {remedy}") from error


def _same_row_names(path: Path, frame: pd.DataFrame, names: list[str]) -> None:
    """Raise an error that says where the row names are not these ones, in this order."""
    for found, name in zip(frame.index, names, strict=True):
        if found != name:
            raise ValueError(
                f"{path}: expected the row names {names[0]}, {names[1]}, ..., {names[-1]} in this "
                f"order, as in R. Found {found!r} where {name} should be. {_remedy(path)}"
            )


def _numeric(path: Path, frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """The data frame with these columns as float64; each value has to be a finite number."""
    for column in columns:
        values = pd.to_numeric(frame[column], errors="coerce").astype("float64")
        wrong = values.isna() | values.abs().eq(float("inf"))
        if frame[column].dtype == bool:  # True and False are no numbers here
            wrong[:] = True
        if wrong.any():
            row = frame.index[wrong][0]
            raise ValueError(
                f"{path}: expected finite numbers in column {column!r}. "
                f"Found {str(frame.loc[row, column])!r} in row {row}. {_remedy(path)}"
            )
        frame[column] = values
    return frame


def _remedy(path: Path) -> str:
    if path.parent == FOLDER:
        return "The installation is damaged: install the course again, as README.md says."
    return "Correct the file, or leave out the path to read the copy that comes with the course."
