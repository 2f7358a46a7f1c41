"""A few functions of base R, under R's names and with R's results.

The lecture's scripts use them without a second thought, because R has them built in:
`factor`, `one_hot` (R: ``diag(k)[codes, ]``), `max_col`, `table`, `scale`, and the way R prints
numbers (`r_print`, `r_str`). Positions count from 0, as everywhere in Python.

R knows three types of numbers, and so do these functions: truth values, integers of 32 bits, and
doubles. Single precision becomes double; integers of which one is beyond 32 bits become doubles.
What is printed is what R 4.2 prints in a UTF-8 locale, to the character, save for the width of
characters newer than Unicode 13, which that R does not know; what cannot be printed so is refused.
The tests have R itself print thousands of odd inputs beside this module.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

__all__ = ["factor", "max_col", "one_hot", "r_print", "r_str", "scale", "table"]

R_TYPES = {"b": "logi", "i": "int", "f": "num"}  # by NumPy's letters for them
EMPTY = {"b": "logical(0)", "i": "integer(0)", "f": "numeric(0)"}
LARGEST_R_INTEGER = 2**31 - 1
LINE_WIDTH = 80  # R's options("width")
MOST_NUMBERS = 99_999  # R's options("max.print"); R leaves out the rest

# The order of text, for `_collation`: what comes before the digits, and the accents.
BEFORE_DIGITS = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
ACCENTS = "\u0301\u0300\u0306\u0302\u030c\u030a\u0308\u030b\u0303\u0307\u0338\u0327\u0328\u0304"
WITH_STROKE = {"ð": "d\u0338", "ø": "o\u0338", "æ": "a\u0335e", "ß": "s\u0335s"}
WITH_STROKE |= {"Ð": "D\u0338", "Ø": "O\u0338", "Æ": "A\u0335E", "ẞ": "S\u0335S"}

ESCAPES = {"\\": r"\\", "\a": r"\a", "\b": r"\b", "\t": r"\t", "\n": r"\n"}
ESCAPES |= {"\v": r"\v", "\f": r"\f", "\r": r"\r"}


# Factors, tables and columns ----------------------------------------------------------------


def factor(x: Iterable, levels: Iterable | None = None) -> pd.Categorical:
    """A categorical variable with its levels in order, as R's ``factor``.

    Levels are sorted: ``False`` before ``True``, numbers by size, text as R sorts it in any locale
    but C: ``a A b B``. Spaces and punctuation come first, then digits, then letters, whatever their
    accents and case; where these are equal, accents decide, then case, small before capital.
    This is R's order for ASCII and the letters of Western Europe. Other characters come in the
    order of their Unicode numbers, which R's locales do not keep to. A number agrees with a level
    if their first 15 digits do, as in R.

    Args:
        x: ``(n,)`` or ``(n, 1)`` values: text, numbers or truth values.
        levels: the possible values, in order; the sorted distinct values of ``x`` if not given.

    Returns:
        The ``(n,)`` values as a `pandas.Categorical` with these levels as its categories.

    Raises:
        TypeError: if ``x`` or ``levels`` is not a sequence, or holds something else, or things of
            two kinds (R would make text of them all).
        ValueError: if a value is missing, or is not among the levels (R would put ``NA``), or
            a level is given twice, or ``x`` has another shape.
    """
    return _factor(x, levels, "factor")


def _factor(x: Iterable, levels: Iterable | None, who: str) -> pd.Categorical:
    values = _labels(x, who)
    keys = [_key(value) for value in values]
    if levels is None:
        distinct = dict(zip(keys, values, strict=True)).values()
        levels = sorted(distinct, key=lambda v: _collation(v) if isinstance(v, str) else v)
    else:
        levels = _labels(levels, f"{who} (levels)")
    positions = {_key(level): i for i, level in enumerate(levels)}
    if len(positions) < len(levels):
        raise ValueError(f"{who} expects each level once. Received: {levels}. Remove the copy.")
    for key, value in zip(keys, values, strict=True):
        if key not in positions:
            raise ValueError(
                f"{who} expects each value to be one of the levels {levels}. "
                f"Received: {value!r}. Add it to levels, or correct the value."
            )
    codes = np.array([positions[key] for key in keys], dtype=int)
    return pd.Categorical.from_codes(codes, pd.Index(levels))


def one_hot(labels: Iterable) -> np.ndarray:
    """Code each label as a row of zeros with a single 1, one column per factor level.

    R has no function of this name; ``diag(nlevels(f))[f, ]`` does the same.

    Args:
        labels: ``(n,)`` or ``(n, 1)`` labels; the order of the columns is the order of the levels,
            as `factor` gives them.

    Returns:
        ``(n, number of levels)`` float64 array.

    Raises:
        TypeError: if ``labels`` is not a sequence of text, numbers or truth values, all of a kind.
        ValueError: if a label is missing, or ``labels`` has another shape.
    """
    f = _as_factor(labels, "one_hot")
    return np.eye(len(f.categories))[f.codes]


def max_col(m: np.ndarray | pd.DataFrame) -> np.ndarray:
    """The position of the largest entry in each row, from 0, as ``max.col(m, "first") - 1``.

    Without ``"first"``, R's ``max.col`` breaks ties at random. This function takes the first.

    Args:
        m: ``(n, k)`` numbers.

    Returns:
        ``(n,)`` integers from 0 to k-1.

    Raises:
        TypeError: if ``m`` does not hold numbers.
        ValueError: if ``m`` is not a matrix, has no column, or something is missing or NaN.
    """
    m = _numbers(m, "max_col")
    if m.ndim != 2 or m.shape[1] == 0:
        raise ValueError(
            f"max_col expects a matrix (n, k) with at least one column. Received shape {m.shape}. "
            "A single row is m.reshape(1, -1)."
        )
    if np.isnan(m).any():
        row = int(np.flatnonzero(np.isnan(m).any(axis=1))[0])
        raise ValueError(
            f"max_col cannot order NaN, which is in row {row}. If the matrix holds predictions, "
            "the training has probably diverged: try a smaller learning rate."
        )
    return m.argmax(axis=1)


def table(**factors: Iterable) -> pd.DataFrame:
    """Count how often each pair of levels occurs, as R's ``table(A = a, B = b)``.

    Args:
        factors: two named variables of equal length. The first gives the rows. Levels that
            never occur are kept if the variable is a `factor` that has them.

    Returns:
        A data frame of counts whose index and columns carry the two names.

    Raises:
        TypeError: if a variable is not a sequence of text, numbers or truth values, all of a kind.
        ValueError: if there are not exactly two variables, or their lengths differ, or a value is
            missing, or a variable is neither ``(n,)`` nor ``(n, 1)``.

    Example:
        >>> counts = table(Predicted=[0, 1, 1], Actual=[0, 0, 1])
        >>> r_print(counts)
                 Actual
        Predicted 0 1
                0 1 0
                1 1 1
    """
    if len(factors) != 2:
        raise ValueError(
            "table expects two named variables, for example table(Predicted=p, Actual=a). "
            f"Received {len(factors)}: {', '.join(factors) or 'none'}."
        )
    names = list(factors)
    rows, columns = (_as_factor(values, f"table ({name})") for name, values in factors.items())
    if len(rows) != len(columns):
        raise ValueError(
            f"table expects two variables of equal length. Received {names[0]} with "
            f"{len(rows)} values and {names[1]} with {len(columns)}."
        )
    counts = np.zeros((len(rows.categories), len(columns.categories)), dtype=int)
    np.add.at(counts, (rows.codes, columns.codes), 1)
    return pd.DataFrame(
        counts,
        index=pd.Index(rows.categories, name=names[0]),
        columns=pd.Index(columns.categories, name=names[1]),
    )


def scale(x: np.ndarray | pd.DataFrame) -> np.ndarray:
    """Subtract each column's mean and divide by its standard deviation, as R's ``scale``.

    The standard deviation has the divisor n-1, as R's ``sd``; NumPy's own default is n.

    Args:
        x: ``(n, k)`` numbers, or ``(n,)`` for a single column; n of 2 or more.

    Returns:
        ``(n, k)`` float64 array; a single column comes back as ``(n, 1)``, as in R.

    Raises:
        TypeError: if ``x`` does not hold numbers.
        ValueError: if there are fewer than two rows, a value is missing or not finite, or a
            standard deviation is 0 or beyond all numbers: the column is constant, or its squares
            are too small or too large for a double (R would return ``NaN``, ``Inf`` or zeros).
    """
    values = _numbers(x, "scale").astype(float)
    if values.ndim == 1:
        values = values[:, np.newaxis]
    if values.ndim != 2 or len(values) < 2:
        raise ValueError(
            f"scale expects a matrix of 2 rows or more. Received shape {values.shape}. "
            "One row has no standard deviation."
        )
    names = [f"number {j}" for j in range(values.shape[1])]
    if isinstance(x, pd.DataFrame):
        names = list(x.columns)
    elif isinstance(x, pd.Series) and x.name is not None:
        names = [x.name]
    for name, column in zip(names, values.T, strict=True):
        if not np.isfinite(column).all():
            row = int(np.flatnonzero(~np.isfinite(column))[0])
            raise ValueError(
                f"scale expects finite numbers. Received {column[row]} in column {name}, row "
                f"number {row}. Remove or replace it first."
            )
        if (column == column[0]).all():
            raise ValueError(
                f"scale cannot divide by a standard deviation of 0: column {name} is constant "
                f"({column[0]}). Leave the column out."
            )
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        # As R, sum in long doubles: in columns that are all but constant the last bit decides.
        centred = values - values.mean(axis=0, dtype=np.longdouble).astype(float)
        squares = (centred**2).sum(axis=0, dtype=np.longdouble).astype(float)
    sd = np.sqrt(squares / (len(values) - 1))
    for name, value in zip(names, sd, strict=True):
        if not 0 < value < np.inf:
            raise ValueError(
                f"scale expects numbers whose squares a double can hold. Received column {name}, "
                f"with a standard deviation of {value}. Multiply it by a power of ten first."
            )
    return centred / sd


# What is received ---------------------------------------------------------------------------


def _as_factor(values: Iterable, who: str) -> pd.Categorical:
    """The values as a categorical variable; one that is a factor already keeps its levels."""
    dtype = getattr(values, "dtype", None)
    levels = dtype.categories if isinstance(dtype, pd.CategoricalDtype) else None
    return _factor(values, levels, who)


def _labels(x: Iterable, who: str, names: bool = False) -> list:
    """Values of one kind in a list: text, truth values, or numbers as R holds them.

    A name may be NaN; a value that is NaN is missing.
    """
    if isinstance(x, str | bytes | set | frozenset | Mapping) or not isinstance(x, Iterable):
        raise TypeError(
            f"{who} expects a sequence of values. Received: {_brief(x)}. "
            f"Try {'sorted(...)' if isinstance(x, set | frozenset) else 'a list of them'}."
        )
    if hasattr(x, "shape"):  # an array, a tensor, or of pandas
        x = np.ma.asarray(x)
        if x.ndim != 1 and x.shape[1:] != (1,):
            raise ValueError(
                f"{who} expects values of shape (n,) or (n, 1). Received shape {x.shape}. "
                "Take one column, or of rows that are one-hot max_col(x)."
            )
        x = x.ravel()
    values, kinds = list(x), {}
    if all(isinstance(v, list | tuple) and len(v) == 1 for v in values):
        values = [v[0] for v in values]
    for i, value in enumerate(values):
        missing = value is None or value is pd.NA or value is pd.NaT or value is np.ma.masked
        if isinstance(value, np.generic | np.ndarray) and value.size == 1:
            values[i] = value = value.item()
        kind = _kind(value)
        if missing or (kind == "number" and value != value and not names):
            raise ValueError(
                f"{who} expects no missing values. Received one at position {i}. "
                "Remove or replace it first."
            )
        if kind is None:
            raise TypeError(
                f"{who} expects text, numbers or truth values. Received at position {i} a "
                f"{type(value).__name__}: {_brief(value)}. Make text of it first."
            )
        kinds.setdefault(kind, value)
    if len(kinds) > 1:
        one, other = list(kinds.values())[:2]
        raise TypeError(
            f"{who} expects values of one kind. Received {one!r} and {other!r}. "
            "Make text of them first, as R would: [str(v) for v in x]."
        )
    if "number" not in kinds:
        return values
    if all(isinstance(v, int) and abs(v) <= LARGEST_R_INTEGER for v in values):
        return values
    return [_double(v, who) for v in values]


def _kind(value) -> str | None:
    if isinstance(value, bool | np.bool_):
        return "truth value"
    if isinstance(value, int | float | np.integer | np.floating):
        return "number"
    return "text" if isinstance(value, str) else None


def _brief(x) -> str:
    """How a thing looks in Python, in one line."""
    text = " ".join(repr(x).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _double(value, who: str) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError(
            f"{who} expects numbers that a double can hold, below 1.8e308. Received one with "
            f"{len(str(abs(value)))} digits. Divide it first."
        ) from error


def _numbers(x, who: str, what: str = "") -> np.ndarray:
    """The numbers in an array, a data frame or a list, as R holds them: bool, int or float64."""
    if isinstance(x, pd.DataFrame):
        columns = _columns(x, who)
        return np.column_stack(columns) if columns else np.empty((len(x), 0))
    what = what or type(x).__name__
    if _has_missing(x):
        raise ValueError(
            f"{who} expects no missing values. Received {what} with some. "
            "Remove or replace them first: x.dropna(), x.filled(0)."
        )
    try:
        values = np.asarray(x)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{who} expects numbers in rows of equal length. Received {what}, of which NumPy says: "
            f"{error}. Complete the rows."
        ) from error
    dtype = getattr(x, "dtype", values.dtype)
    if values.dtype == object and not isinstance(dtype, pd.CategoricalDtype):
        values = _out_of_objects(values, who, what)
    if values.dtype.kind not in "biuf" or isinstance(dtype, pd.CategoricalDtype):
        raise TypeError(
            f"{who} expects numbers. Received {what} of type {dtype}: {_brief(x)}. "
            "Convert it first. Leave out what is no number."
        )
    if values.dtype.kind == "b":
        return values
    if values.dtype.kind in "iu" and _fit_in_r(values):
        return values.astype(int)
    with np.errstate(over="ignore"):  # a long double may be larger than all doubles
        return values.astype(float)


def _columns(frame: pd.DataFrame, who: str) -> list[np.ndarray]:
    """The columns of a data frame, each in its own type."""
    return [
        _numbers(frame.iloc[:, j], who, f"column {name!r}") for j, name in enumerate(frame.columns)
    ]


def _fit_in_r(whole: np.ndarray) -> bool:
    """Whether R has these whole numbers as integers."""
    return bool((whole >= -LARGEST_R_INTEGER).all() and (whole <= LARGEST_R_INTEGER).all())


def _has_missing(x) -> bool:
    """Whether something is missing in NumPy's or pandas' way, which NumPy would not see."""
    dtype = getattr(x, "dtype", None)
    if isinstance(dtype, pd.api.extensions.ExtensionDtype):
        return not isinstance(dtype, pd.CategoricalDtype) and bool(x.isna().any())
    return np.ma.is_masked(x) or (isinstance(x, list | tuple) and any(map(_has_missing, x)))


def _out_of_objects(values: np.ndarray, who: str, what: str) -> np.ndarray:
    """Python's numbers, as columns of pandas with the type Int64 hold them, in an array."""
    if values.ndim == 0:
        raise TypeError(f"{who} expects numbers. Received {what}. Make a list of numbers of it.")
    for place, value in np.ndenumerate(values):
        at = f"at position {', '.join(map(str, place))}"
        if value is None or value is pd.NA or value is pd.NaT:
            raise ValueError(
                f"{who} expects no missing values. Received {what} with one {at}. "
                "Remove or replace it first."
            )
        if _kind(value) in (None, "text"):
            raise TypeError(
                f"{who} expects numbers. Received {what} with a {type(value).__name__} {at}. "
                "Convert it first, or leave it out."
            )
    kinds = {_kind(value) for value in values.flat}
    if kinds == {"truth value"}:
        return values.astype(bool)
    doubles = np.array([_double(value, who) for value in values.flat]).reshape(values.shape)
    whole = all(isinstance(value, int | np.integer) for value in values.flat)
    return doubles.astype(int) if values.size and whole and _fit_in_r(doubles) else doubles


# Text ---------------------------------------------------------------------------------------


def _text(value: str | bool | int | float) -> str:
    """A label as R's ``as.character`` writes it: TRUE, 100000 for an integer, 1e+05 for a double.

    Doubles get 15 significant digits.
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        (text,) = _format_doubles(np.array([value]), digits=15)
        return re.sub(r"(\.\d*?)0+(?=e|$)", r"\1", text.strip())
    return str(value)


def _key(label: str | bool | int | float) -> str:
    """What two labels have in common if they are the same: the integer 100000 and 1e5 are."""
    if isinstance(label, float) and label.is_integer() and abs(label) < 1e15:
        return str(int(label))
    return _text(label)


def _collation(text: str) -> tuple[list, list, list]:
    """What to sort text by: letters, then accents, then case, as the locales of R do.

    Source: the root collation of CLDR, on which that of the European languages rests.
    """
    letters, accents, capitals = [], [], []
    spelt_out = "".join(WITH_STROKE.get(c, c) for c in text)
    for c in unicodedata.normalize("NFD", spelt_out):
        kind = unicodedata.category(c)[0]
        if unicodedata.combining(c):
            accents.append(1 + ACCENTS.find(c) if c in ACCENTS else ord(c))
            continue
        if c in BEFORE_DIGITS:
            letters.append((0, BEFORE_DIGITS.index(c), ""))
        elif kind != "C":  # control characters do not count
            letters.append(({"N": 2, "L": 3}.get(kind, 1), 0, c.lower()))
        else:
            continue
        accents.append(0)
        capitals.append(c != c.lower())
    return letters, accents, capitals


def _escaped(text: str, who: str) -> str:
    """A name as R prints it: line breaks and the like as in R code."""
    shown = []
    for c in text:
        category = unicodedata.category(c)
        if c == "\0" or category in ("Cs", "Cn"):
            raise ValueError(
                f"{who} expects names of characters that R has. Received: {text!r}. Remove {c!r}."
            )
        if c in ESCAPES:
            c = ESCAPES[c]
        elif c < " " or c == "\x7f":
            c = f"\\{ord(c):03o}"
        elif category in ("Cc", "Zl", "Zp"):
            c = f"\\u{ord(c):04x}"
        shown.append(c)
    return "".join(shown)


def _width(text: str) -> int:
    """How many places a text takes on the screen: Japanese two a character, accents none.

    R 4.2 knows Unicode 13. Some 170 characters that came later take another width in R.
    """
    return sum(map(_places, text))


def _places(c: str) -> int:
    if " " <= c <= "~":
        return 1
    if "\u1160" <= c <= "\u11ff":  # the second and third parts of Korean syllables
        return 0
    if unicodedata.category(c) in ("Mn", "Me", "Cf") and c != "\xad":
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def _left(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _right(text: str, width: int) -> str:
    return " " * (width - _width(text)) + text


# Printing -----------------------------------------------------------------------------------


def r_print(x, rows: Iterable | None = None, columns: Iterable | None = None) -> None:
    """Print numbers as R's ``print`` does.

    Args:
        x: a number or ``(n,)`` numbers are printed as R prints a vector; ``(n, k)`` numbers as
            R prints a matrix; a data frame of numbers as R prints one, under its own names (pandas
            counts rows without names from 0); a data frame from `table` as R prints a table. Of a
            series only the numbers are printed, not its index.
        rows: ``n`` row names for a matrix; R's ``[1,]``, ``[2,]``, ... if not given.
        columns: ``k`` column names; R's ``[,1]``, ``[,2]``, ... if not given.

    Raises:
        TypeError: if ``x`` does not hold numbers, or names are not text, numbers or truth values,
            all of a kind.
        ValueError: if ``x`` has more than two dimensions, rows of unequal lengths, something
            missing, or more than 99,999 numbers, of which R leaves some out; or if the number of
            names is not the number of rows or columns, a name is missing or has a character that
            R has not, or the title of a table has a line break.

    Example:
        >>> r_print([0.1, 123.456])
        [1]   0.100 123.456
        >>> r_print([[1, 0.5], [2, 10]], rows=["a", "b"])
          [,1] [,2]
        a    1  0.5
        b    2 10.0
    """
    if isinstance(x, pd.DataFrame):
        rows = x.index if rows is None else rows
        columns = x.columns if columns is None else columns
        titles = [x.index.name, x.columns.name]
        cells = _columns(x, "r_print")
    else:
        titles = None
        x = _numbers(x, "r_print")
        cells = list(x.T) if x.ndim == 2 else [np.atleast_1d(x)]
    if x.ndim > 2:
        raise ValueError(
            f"r_print shows vectors and matrices. Received shape {x.shape}. Pick two dimensions."
        )
    if x.size > MOST_NUMBERS:
        raise ValueError(
            f"r_print shows {MOST_NUMBERS} numbers at most, as R does. Received {x.size}. "
            "Pick some, for example x[:10]."
        )
    if x.ndim < 2 and (rows is not None or columns is not None):
        raise ValueError("r_print shows names with matrices. Received a vector: reshape it.")
    if x.ndim < 2:
        lines = _vector_lines(_format(cells[0])) if x.size else [EMPTY[x.dtype.kind]]
    else:
        rows = _names(rows, x.shape[0], "row")
        columns = _names(columns, x.shape[1], "column")
        if titles is None:
            narrowest = 0 if x.dtype.kind == "f" else 1  # seen where there are no rows
            cells = [_format(column) for column in cells]
            lines = _matrix_lines(cells, *x.shape, rows, columns, narrowest)
        elif titles[0] is not None and titles[1] is not None:
            lines = _table_lines(cells, rows, columns, *titles)
        else:
            lines = _frame_lines(cells, rows, columns)
    print("\n".join(lines))


def r_str(x: np.ndarray) -> None:
    """Print a one-line summary of a vector or matrix of numbers, as R's ``str``.

    As in R, matrices are read by column and numbers get three significant digits. Ten numbers
    are shown if they are whole or if three digits say all about them, five otherwise; of truth
    values, six.

    Args:
        x: a number, ``(n,)`` numbers, or an array of more dimensions.

    Raises:
        TypeError: if ``x`` does not hold numbers, or is a data frame.
        ValueError: if something is missing, or rows have unequal lengths.

    Example:
        >>> r_str(np.array([[1, 3, 5], [2, 4, 6.125]]))
         num [1:2, 1:3] 1 2 3 4 5 ...
    """
    if isinstance(x, pd.DataFrame):
        raise TypeError(
            "r_str expects an array of numbers. Received a data frame, of which R's str tells each "
            "column. Take one column, or x.to_numpy()."
        )
    x = _numbers(x, "r_str")
    kind = R_TYPES[x.dtype.kind]
    extent = ", ".join(f"1:{n}" if n > 1 else "0 " if n == 0 else "1" for n in x.shape)
    if x.size == 0:
        print(f" {kind}(0) " if x.ndim < 2 else f" {kind}[{extent}] ")
        return
    extent = f"[{extent}] " if x.ndim > 1 or x.size > 1 else ""
    values = x.ravel(order="F")
    shown = values[: 6 if kind == "logi" else 10]
    if kind == "num" and not all(_is_short(v) for v in shown if not np.isnan(v)):
        shown = shown[:5]
    texts = [_drop_zeros(text.strip()) for text in _format(shown, digits=3)]
    more = " ..." if values.size > shown.size else ""
    print(f" {kind} {extent}{' '.join(texts)}{more}")


def _is_short(value: float) -> bool:
    """Whether three significant digits in fixed notation say all about a number."""
    if value == 0:
        return True
    if not 1e-10 < abs(value) < 1e10:
        return False
    return abs(value - float(f"{value:.2e}")) <= 9e-16 * abs(value)


def _format(values: np.ndarray, digits: int = 7) -> list[str]:
    """Numbers as equally wide texts, by R's rule.

    Integers are written out. For doubles R looks for the fewest decimals at which every number
    still shows ``digits`` significant digits (fewer where the rest are zeros). It takes the
    scientific notation only if that is narrower. Source: the R documentation pages
    ``?print.default`` and ``?format``.
    """
    if values.dtype.kind == "b":
        texts = ["TRUE" if v else "FALSE" for v in values]
    elif values.dtype.kind == "i":
        texts = [str(v) for v in values]
    else:
        texts = _format_doubles(values, digits)
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def _format_doubles(values: np.ndarray, digits: int) -> list[str]:
    values = values + 0.0  # turns -0 into 0
    finite = [v for v in values if np.isfinite(v)]
    needs = [_needs(abs(v), digits) for v in finite]
    most = max((n for n, _, _ in needs), default=1)
    decimals = max((n - exponent - 1 for n, exponent, _ in needs), default=0)
    decimals = max(decimals, 0)
    fixed_width = (
        max(((v < 0) + left for v, (_, _, left) in zip(finite, needs, strict=True)), default=0)
        + decimals
        + (decimals > 0)
    )
    long_exponent = any(abs(exponent) >= 100 for _, exponent, _ in needs)
    scientific_width = any(v < 0 for v in finite) + most + (most > 1) + 4 + long_exponent
    fixed = fixed_width <= scientific_width
    style, width = (f".{decimals}f", fixed_width) if fixed else (f".{most - 1}e", scientific_width)
    special = {np.inf: "Inf", -np.inf: "-Inf"}
    return ["NaN" if np.isnan(v) else special.get(v) or f"{v:{style}}".rjust(width) for v in values]


def _needs(value: float, digits: int) -> tuple[int, int, int]:
    """What a number needs when rounded to ``digits`` significant digits.

    Returns:
        How many of the digits are not zeros at the end, the power of ten, and the width of the
        part before the decimal point.
    """
    if value == 0:
        return 1, 0, 1
    rounded, power = _whole(value, digits)
    needed = len(rounded.rstrip("0"))
    exponent = power + len(rounded) - 1
    left = max(exponent + 1, 1)
    # 9999.6 rounds to 1e+04 with four digits, yet shows four digits before the point if it may
    # keep a decimal: then R does not count the fifth.
    decimals = max(digits - exponent, 0)
    if exponent > 0 and value < 10.0**exponent - 0.5 / 10.0**decimals:
        left -= 1
    return needed, exponent, left


def _whole(value: float, digits: int) -> tuple[str, int]:
    """A number as ``digits`` digits (one more if it rounds up to that) and a power of ten.

    R scales the number in long doubles of 80 bits, by powers of ten from a table of doubles up to
    1e27; that decides what becomes of numbers that lie half-way between two others. Where NumPy's
    are no longer than doubles, as on Windows, such a number may show one digit more or less.
    """
    if np.finfo(np.longdouble).bits == 64:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return mantissa.replace(".", ""), int(exponent) - digits + 1
    power = math.floor(math.log10(value)) - digits + 1
    scaled, ten = np.longdouble(value), np.longdouble(10)
    if abs(power) <= 27:
        by = float(f"1e{abs(power)}")
        scaled = scaled / by if power > 0 else scaled * by
    else:
        scaled = scaled / ten**power
    return str(int(np.rint(scaled))), power


def _drop_zeros(text: str) -> str:
    """A number without the zeros at its end, as R's ``str`` drops them."""
    if "e" in text:
        return re.sub(r"(\.\d+)e[+-]0+$", r"\1", text)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _vector_lines(texts: list[str]) -> list[str]:
    """Equally wide texts in lines, each with the number of its first."""
    label_width = len(f"[{len(texts)}]")
    per_line = max(1, (LINE_WIDTH - label_width) // (_width(texts[0]) + 1))
    return [
        " ".join([f"[{start + 1}]".rjust(label_width), *texts[start : start + per_line]])
        for start in range(0, len(texts), per_line)
    ]


def _matrix_lines(
    cells: list[list[str]],
    n: int,
    k: int,
    rows: list[str] | None,
    columns: list[str] | None,
    narrowest=0,
) -> list[str]:
    """The columns of a matrix side by side, beside the names of the rows and under their own."""
    if n == k == 0:
        return ["<0 x 0 matrix>"]
    if not rows:  # the labels [9,] and [10,] line up on the right; R makes room for one row more
        stub_width = len(f"[{n + 1},]")
        stub = [f"[{i + 1},]".rjust(stub_width) for i in range(n)]
    else:  # names line up on the left
        stub_width = max(map(_width, rows))
        stub = [_left(name, stub_width) for name in rows]
    columns = columns or [f"[,{j + 1}]" for j in range(k)]
    blocks = _blocks([_right(name, narrowest) for name in columns], cells)
    parts = _side_by_side([" " * stub_width, *stub], blocks)
    return [line for part in parts for line in part]


def _frame_lines(cells: list[np.ndarray], rows: list[str], columns: list[str]) -> list[str]:
    n, k = len(rows), len(columns)
    if k == 0:
        return [f"data frame with 0 columns and {n} row{'s' * (n != 1)}"]
    if n == 0:
        width = max(map(_width, columns))
        names = _vector_lines([_left(name, width) for name in columns])
        return [*names, "<0 rows> (or 0-length row.names)"]
    return _matrix_lines([_format(column) for column in cells], n, k, rows, columns)


def _table_lines(
    cells: list[np.ndarray], rows: list[str], columns: list[str], row_title, column_title
) -> list[str]:
    """A table of counts, the title of the columns above them and of the rows beside them."""
    n, k = len(rows), len(columns)
    if n == 0 or k == 0:
        return [f"< table of extent {n} x {k} >"]
    row_title, column_title = _title(row_title), _title(column_title)
    name_width = max(map(_width, rows))
    # R sets row names in by 2 at the least. It takes a backslash in the title for two characters,
    # and fills the title up as if each of its bytes were a character.
    stub_width = max(_width(row_title) + row_title.count("\\"), name_width + 2)
    stub = [row_title + " " * (stub_width - len(row_title.encode()))]
    stub += [_right(_left(name, name_width), stub_width) for name in rows]
    if {column.dtype.kind for column in cells} == {"b"}:
        texts = [_format(column) for column in cells]
    else:  # all columns alike; R leaves NaN out
        texts = np.reshape(_format(np.concatenate(cells)), (k, n)).tolist()
        texts = [["" if text.strip() == "NaN" else text for text in column] for column in texts]
    parts = _side_by_side(stub, _blocks(columns, texts))
    return [line for part in parts for line in [" " * stub_width + column_title, *part]]


def _blocks(names: list[str], cells: list[list[str]]) -> list[list[str]]:
    """Each column under its name, all its lines equally wide."""
    blocks = []
    for name, texts in zip(names, cells, strict=True):
        width = max(map(_width, [name, *texts]))
        blocks.append([_right(text, width) for text in [name, *texts]])
    return blocks


def _side_by_side(stub: list[str], blocks: list[list[str]]) -> list[list[str]]:
    """The stub and as many columns beside it as a line takes; then the stub again, and so on."""
    stub_width = _width(stub[-1])
    starts, used = [0], stub_width
    for j, block in enumerate(blocks):
        used += 1 + _width(block[0])
        if used >= LINE_WIDTH and j > starts[-1]:
            starts.append(j)
            used = stub_width + 1 + _width(block[0])
    return [
        [" ".join(line) for line in zip(stub, *blocks[start:end], strict=True)]
        for start, end in pairwise([*starts, len(blocks)])
    ]


def _names(given: Iterable | None, n: int, what: str) -> list[str] | None:
    """The names of rows or columns as R prints them."""
    if given is None:
        return None
    who = f"r_print ({what}s)"
    names = []
    if isinstance(given, Iterable) and not isinstance(given, str):
        names = [_escaped(_text(name), who) for name in _labels(given, who, names=True)]
    if len(names) != n or isinstance(given, str):
        raise ValueError(
            f"r_print expected {n} {what} names, one for each {what}. Received: {_brief(given)}."
        )
    return names


def _title(given) -> str:
    """The title of rows or columns, which R prints as it is."""
    (title,) = map(_text, _labels([given], "r_print (title)", names=True))
    if any(unicodedata.category(c) in ("Cc", "Cn", "Cs", "Zl", "Zp") for c in title):
        raise ValueError(
            f"r_print expects titles of a table without line breaks and other control characters. "
            f"Received: {title!r}. Remove them."
        )
    return title
