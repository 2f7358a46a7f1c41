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

from collections.abc import Iterable

import numpy as np
import pandas as pd

from course import quiet  # noqa: F401 - who prints with R's functions can print any letter
from course.rprint import r_print, r_str
from course.rtext import collation
from course.rvalues import key_of, labels_of, numbers_of

__all__ = ["factor", "max_col", "one_hot", "r_print", "r_str", "scale", "table"]


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
    values = labels_of(x, who)
    keys = [key_of(value) for value in values]
    if levels is None:
        distinct = dict(zip(keys, values, strict=True)).values()
        levels = sorted(distinct, key=lambda v: collation(v) if isinstance(v, str) else v)
    else:
        levels = labels_of(levels, f"{who} (levels)")
    positions = {key_of(level): i for i, level in enumerate(levels)}
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
    m = numbers_of(m, "max_col")
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
    np.add.at(counts, (rows.codes, columns.codes), 1)  # += would count each pair once
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
    values = numbers_of(x, "scale").astype(float)
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
