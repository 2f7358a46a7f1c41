"""A few functions of base R, under R's names and with R's results.

The lecture's scripts use them without a second thought, because R has them built in:
`factor`, `one_hot` (R: ``diag(k)[codes, ]``), `max_col`, `table`, `scale`, and the way R prints
numbers (`r_print`, `r_str`). Positions count from 0, as everywhere in Python.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

__all__ = ["factor", "max_col", "one_hot", "r_print", "r_str", "scale", "table"]

R_TYPES = {"b": "logi", "i": "int", "u": "int", "f": "num"}  # by NumPy's letters for them
LINE_WIDTH = 80  # R's options("width")


# Factors, tables and columns ----------------------------------------------------------------


def factor(x: Iterable, levels: Sequence | None = None) -> pd.Categorical:
    """A categorical variable with its levels in order, as R's ``factor``.

    Args:
        x: ``(n,)`` values.
        levels: the possible values, in order; the sorted distinct values of ``x`` if not given.

    Returns:
        The ``(n,)`` values as a `pandas.Categorical` with these levels as its categories.

    Raises:
        TypeError: if ``x`` is not a sequence of values.
        ValueError: if a value is missing, or is not among the levels (R would put ``NA``), or
            a level is given twice.
    """
    if isinstance(x, str) or not isinstance(x, Iterable):
        raise TypeError(f"factor expects a sequence of values. Received: {x!r}. Try [{x!r}].")
    values = pd.Series(np.asarray(x, dtype=object))  # a factor's old levels are left behind
    if values.isna().any():
        where = int(np.flatnonzero(values.isna())[0])
        raise ValueError(
            f"factor expects no missing values. Received one at position {where}. "
            "Remove or replace it first."
        )
    levels = sorted(values.unique()) if levels is None else list(levels)
    if len(set(levels)) < len(levels):
        raise ValueError(f"factor expects each level once. Received: {levels}. Remove the copy.")
    known = values.isin(levels)
    if not known.all():
        raise ValueError(
            f"factor expects each value to be one of the levels {levels}. "
            f"Received: {values[~known].iloc[0]!r}. Add it to levels, or correct the value."
        )
    return pd.Categorical(values, categories=levels)


def one_hot(labels: Iterable) -> np.ndarray:
    """Code each label as a row of zeros with a single 1, one column per factor level.

    R has no function of this name; ``diag(nlevels(f))[f, ]`` does the same.

    Args:
        labels: ``(n,)`` labels; the order of the columns is the order of the levels, as
            `factor` gives them.

    Returns:
        ``(n, number of levels)`` float64 array.

    Raises:
        ValueError: if a label is missing.
    """
    f = _as_factor(labels)
    return np.eye(len(f.categories))[f.codes]


def max_col(m: np.ndarray) -> np.ndarray:
    """The position of the largest entry in each row, from 0, as ``max.col(m, "first") - 1``.

    Without ``"first"``, R's ``max.col`` breaks ties at random. This function takes the first.

    Args:
        m: ``(n, k)`` numbers.

    Returns:
        ``(n,)`` integers from 0 to k-1.

    Raises:
        TypeError: if ``m`` does not hold numbers.
        ValueError: if ``m`` is not a matrix, has no column, or holds a NaN.
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
        ValueError: if there are not exactly two variables, or their lengths differ.

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
    rows, columns = (_as_factor(values) for values in factors.values())
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
        ValueError: if there are fewer than two rows, a value is missing, or a column is
            constant, so that its standard deviation is 0 (R would return ``NaN``).
    """
    values = _numbers(x, "scale").astype(float)
    names = list(getattr(x, "columns", [getattr(x, "name", None)]))
    if values.ndim == 1:
        values = values[:, np.newaxis]
    if values.ndim != 2 or len(values) < 2:
        raise ValueError(
            f"scale expects a matrix of 2 rows or more. Received shape {values.shape}. "
            "One row has no standard deviation."
        )
    for j, column in enumerate(values.T):
        name = f"number {j}" if names[0] is None else names[j]
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
    return (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)


def _as_factor(values: Iterable) -> pd.Categorical:
    """The values as a categorical variable; one that is a factor already keeps its levels."""
    dtype = getattr(values, "dtype", None)
    levels = dtype.categories if isinstance(dtype, pd.CategoricalDtype) else None
    return factor(values, levels)


def _numbers(x, who: str) -> np.ndarray:
    """The numbers in an array, a data frame or a list, or an error that says where none are."""
    if isinstance(x, pd.DataFrame):
        for name, dtype in x.dtypes.items():
            if not pd.api.types.is_numeric_dtype(dtype):
                raise TypeError(
                    f"{who} expects numbers. Received column {name!r} of type {dtype}. "
                    "Leave that column out."
                )
    values = np.asarray(x)
    if values.size and values.dtype.kind not in "biuf":
        raise TypeError(
            f"{who} expects numbers. Received {type(x).__name__} of type {values.dtype}: "
            f"{x!r:.60}. Convert it first, or pick the columns that hold numbers."
        )
    return values


# Printing -----------------------------------------------------------------------------------


def r_print(x, rows: Sequence | None = None, columns: Sequence | None = None) -> None:
    """Print numbers as R's ``print`` does.

    Args:
        x: a number or ``(n,)`` numbers are printed as R prints a vector; ``(n, k)`` numbers as
            R prints a matrix; a data frame of numbers likewise, under its own names; a data
            frame from `table` as R prints a table.
        rows: ``n`` row names for a matrix; R's ``[1,]``, ``[2,]``, ... if not given.
        columns: ``k`` column names; R's ``[,1]``, ``[,2]``, ... if not given.

    Raises:
        TypeError: if ``x`` does not hold numbers.
        ValueError: if ``x`` has more than two dimensions, or the number of names is not the
            number of rows or columns.

    Example:
        >>> r_print([0.1, 123.456])
        [1]   0.100 123.456
        >>> r_print([[1, 0.5], [2, 10]], rows=["a", "b"])
          [,1] [,2]
        a    1  0.5
        b    2 10.0
    """
    if isinstance(x, pd.DataFrame):
        if x.index.name is not None and x.columns.name is not None:
            print("\n".join(_table_lines(x)))
            return
        rows = x.index if rows is None else rows
        columns = x.columns if columns is None else columns
    x = _numbers(x, "r_print")
    if x.ndim > 2:
        raise ValueError(
            f"r_print shows vectors and matrices. Received shape {x.shape}. Pick two dimensions."
        )
    if x.ndim == 2:
        print("\n".join(_matrix_lines(x, rows, columns)))
    elif rows is None and columns is None:
        print("\n".join(_vector_lines(np.atleast_1d(x))))
    else:
        raise ValueError("r_print shows names with matrices. Received a vector: reshape it.")


def r_str(x: np.ndarray) -> None:
    """Print a one-line summary of a vector or matrix of numbers, as R's ``str``.

    As in R, matrices are read by column and numbers get three significant digits. Ten numbers
    are shown if they are whole or if three digits say all about them, five otherwise; of truth
    values, six.

    Args:
        x: a number, ``(n,)`` numbers, or an array of more dimensions.

    Raises:
        TypeError: if ``x`` does not hold numbers.

    Example:
        >>> r_str(np.array([[1, 3, 5], [2, 4, 6.125]]))
         num [1:2, 1:3] 1 2 3 4 5 ...
    """
    x = _numbers(x, "r_str")
    kind = "num" if x.size == 0 else R_TYPES[x.dtype.kind]
    if x.size == 0 and x.ndim < 2:
        print(f" {kind}(0) ")
        return
    extent = ", ".join(f"1:{n}" if n > 1 else str(n) for n in x.shape)
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
    return abs(value - float(f"{value:.2e}")) <= 4 * np.finfo(float).eps * abs(value)


def _format(values: np.ndarray, digits: int = 7) -> list[str]:
    """Numbers as equally wide texts, by R's rule.

    Whole numbers (of an integer type) are written out. For others R looks for the fewest
    decimals at which every number still shows ``digits`` significant digits (fewer where the
    rest are zeros). It takes the scientific notation only if that is narrower. Source: the R
    documentation pages ``?print.default`` and ``?format``.
    """
    if values.dtype.kind == "b":
        texts = ["TRUE" if v else "FALSE" for v in values]
    elif values.dtype.kind in "iu":
        texts = [str(v) for v in values]
    else:
        texts = _format_doubles(values.astype(float) + 0.0, digits)  # + 0 turns -0 into 0
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def _format_doubles(values: np.ndarray, digits: int) -> list[str]:
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
    long_exponent = any(exponent >= 100 or exponent <= -99 for _, exponent, _ in needs)
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
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    exponent = int(power)
    needed = len(mantissa.replace(".", "").rstrip("0")) or 1
    left = max(exponent + 1, 1)
    # 9999.6 rounds to 1e+04 with four digits, yet shows four digits before the point if it may
    # keep a decimal: then R does not count the fifth.
    decimals = max(digits - exponent, 0)
    if exponent > 0 and value < 10.0**exponent - 0.5 / 10.0**decimals:
        left -= 1
    return needed, exponent, left


def _drop_zeros(text: str) -> str:
    """A number without the zeros at its end, as R's ``str`` drops them."""
    if "e" in text:
        return re.sub(r"(\.\d+)e[+-]0+$", r"\1", text)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _vector_lines(values: np.ndarray) -> list[str]:
    texts = _format(values)
    if not texts:
        return ["numeric(0)"]
    label_width = len(f"[{len(texts)}]")
    per_line = max(1, (LINE_WIDTH - label_width) // (len(texts[0]) + 1))
    return [
        " ".join([f"[{start + 1}]".rjust(label_width), *texts[start : start + per_line]])
        for start in range(0, len(texts), per_line)
    ]


def _matrix_lines(x: np.ndarray, rows: Sequence | None, columns: Sequence | None) -> list[str]:
    n, k = x.shape
    numbered = rows is None
    rows = _names(rows, n, "row", "[{},]")
    columns = _names(columns, k, "column", "[,{}]")
    stub_width = max(map(len, rows), default=len("[0,]") if numbered else 0)
    # Names line up on the left, the labels [9,] and [10,] on the right.
    justify = str.rjust if numbered else str.ljust
    stub = [" " * stub_width, *(justify(name, stub_width) for name in rows)]
    blocks = []
    for name, column in zip(columns, x.T, strict=True):
        texts = _format(column)
        width = max(map(len, [name, *texts]))
        blocks.append([text.rjust(width) for text in [name, *texts]])
    return [line for part in _side_by_side(stub, blocks) for line in part]


def _side_by_side(stub: list[str], blocks: list[list[str]]) -> list[list[str]]:
    """The stub and as many columns beside it as a line takes; then the stub again, and so on."""
    starts, used = [0], len(stub[0])
    for j, block in enumerate(blocks):
        used += 1 + len(block[0])
        if used >= LINE_WIDTH and j > starts[-1]:
            starts.append(j)
            used = len(stub[0]) + 1 + len(block[0])
    return [
        [" ".join(line) for line in zip(stub, *blocks[start:end], strict=True)]
        for start, end in pairwise([*starts, len(blocks)])
    ]


def _names(given: Sequence | None, n: int, what: str, pattern: str) -> list[str]:
    if given is None:
        return [pattern.format(i + 1) for i in range(n)]
    if isinstance(given, str) or not isinstance(given, Iterable) or len(given) != n:
        raise ValueError(f"Expected {n} {what} names, one for each {what}. Received: {given!r}.")
    return [str(name) for name in given]


def _table_lines(counts: pd.DataFrame) -> list[str]:
    """A table of counts, the name of the columns above them and of the rows beside them."""
    row_title, column_title = str(counts.index.name), str(counts.columns.name)
    rows = list(map(str, counts.index))
    name_width = max(map(len, rows), default=0)
    stub_width = max(len(row_title), name_width + 2)  # R sets row names in by 2 at the least
    stub = [row_title.ljust(stub_width)]
    stub += [name.ljust(name_width).rjust(stub_width) for name in rows]
    cell_width = max((len(str(count)) for count in counts.to_numpy().flat), default=0)
    blocks = []
    for name, column in counts.items():
        width = max(cell_width, len(str(name)))
        blocks.append([str(text).rjust(width) for text in [name, *column]])
    head = " " * stub_width + column_title
    return [line for part in _side_by_side(stub, blocks) for line in [head, *part]]
