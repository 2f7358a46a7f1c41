"""A few functions of base R, under R's names and with R's results.

The lecture's scripts use them without a second thought, because R has them built in:
`factor`, `one_hot` (R: ``diag(k)[codes, ]``), `max_col`, `table`, `scale`, and the way R prints
numbers (`r_print`, `r_str`). Positions count from 0, as everywhere in Python.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

__all__ = ["factor", "max_col", "one_hot", "r_print", "r_str", "scale", "table"]

LINE_WIDTH = 80  # R's options("width")
MOST_DECIMALS = 15  # R shows no more in fixed notation


# Factors, tables and columns ----------------------------------------------------------------


def factor(x: Iterable, levels: Sequence | None = None) -> pd.Categorical:
    """A categorical variable with its levels in order, as R's ``factor``.

    Args:
        x: ``(n,)`` values.
        levels: the possible values, in order; the sorted distinct values of ``x`` if not given.

    Raises:
        ValueError: if ``x`` holds a value that is not among the levels (R would put ``NA``).
    """
    values = pd.Series(x)
    if values.isna().any():
        where = int(np.flatnonzero(values.isna())[0])
        raise ValueError(
            f"factor expects no missing values. Received one at position {where}. "
            "Remove or replace it first."
        )
    if levels is not None and not (known := values.isin(list(levels))).all():
        stranger = values[~known].iloc[0]
        raise ValueError(
            f"factor expects each value to be one of the levels {list(levels)}. "
            f"Received: {stranger!r}. Add it to levels, or correct the value."
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
        ValueError: if ``m`` is not a matrix, has no column, or holds a NaN.
    """
    m = np.asarray(m)
    if m.ndim != 2 or m.shape[1] == 0:
        raise ValueError(f"max_col expects a matrix (n, k), k >= 1. Received shape {m.shape}.")
    if np.isnan(m).any():
        row = int(np.flatnonzero(np.isnan(m).any(axis=1))[0])
        raise ValueError(
            f"max_col cannot order NaN, which is in row {row}. "
            "If the matrix holds predictions, the training has probably diverged: "
            "try a smaller learning rate."
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
        ValueError: if there are fewer than two rows, a value is missing, or a column is
            constant, so that its standard deviation is 0 (R would return ``NaN``).
    """
    names = list(getattr(x, "columns", []))
    values = np.asarray(x, dtype=float)
    if values.ndim == 1:
        values = values[:, np.newaxis]
    if values.ndim != 2 or len(values) < 2:
        raise ValueError(f"scale expects a matrix of 2 rows or more. Received {values.shape}.")
    for j, column in enumerate(values.T):
        name = names[j] if names else f"number {j}"
        if not np.isfinite(column).all():
            raise ValueError(f"scale expects finite numbers, but column {name} has others.")
        if (column == column[0]).all():
            raise ValueError(
                f"scale cannot divide by a standard deviation of 0: column {name} is constant "
                f"({column[0]}). Leave the column out."
            )
    return (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)


def _as_factor(values: Iterable) -> pd.Categorical:
    """The values as a categorical variable; one that is a factor already stays as it is."""
    values = getattr(values, "array", values)  # the Categorical inside a pandas Series
    return values if isinstance(values, pd.Categorical) else factor(values)


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
        ValueError: if the number of names is not the number of rows or columns.

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
    x = np.asarray(x, dtype=float)
    if x.ndim < 2:
        print("\n".join(_vector_lines(np.atleast_1d(x))))
    elif x.ndim == 2:
        print("\n".join(_matrix_lines(x, rows, columns)))
    else:
        raise ValueError(f"r_print shows vectors and matrices. Received shape {x.shape}.")


def r_str(x: np.ndarray) -> None:
    """Print a one-line summary of a vector or matrix of numbers, as R's ``str``.

    As in R, matrices are read by column and numbers get three significant digits. Ten numbers
    are shown if three digits say all about them, five otherwise.

    Example:
        >>> r_str(np.array([[1, 3, 5], [2, 4, 6.125]]))
         num [1:2, 1:3] 1 2 3 4 5 ...
    """
    x = np.asarray(x, dtype=float)
    extent = ", ".join(f"1:{n}" if n > 1 else "1" for n in x.shape)
    extent = f"[{extent}] " if x.size > 1 else ""
    values = x.ravel(order="F")
    ten = values[:10]
    if not all(_is_short(v) for v in ten if not np.isnan(v)):
        ten = ten[:5]
    shown = [_drop_zeros(text.strip()) for text in _format(ten, digits=3)]
    more = " ..." if values.size > ten.size else ""
    print(f" num {extent}{' '.join(shown)}{more}")


def _is_short(value: float) -> bool:
    """Whether three significant digits in fixed notation say all about a number."""
    if value == 0:
        return True
    return 1e-10 < abs(value) < 1e10 and abs(value - float(f"{value:.2e}")) <= np.finfo(float).eps


def _format(values: np.ndarray, digits: int = 7) -> list[str]:
    """Numbers as equally wide texts, by R's rule.

    R looks for the fewest decimals at which every number still shows ``digits`` significant
    digits (fewer where the rest are zeros). It takes the scientific notation only if that is
    narrower. Source: the R documentation pages ``?print.default`` and ``?format``.
    """
    values = values + 0.0  # turns -0 into 0
    finite = [v for v in values if np.isfinite(v)]
    split = [_significant(abs(v), digits) for v in finite]
    decimals = max((n - exponent - 1 for n, exponent in split), default=0)
    decimals = min(max(decimals, 0), MOST_DECIMALS)
    fixed = {v: f"{v:.{decimals}f}" for v in finite}
    most = max((n for n, _ in split), default=1)
    scientific = {v: f"{v:.{most - 1}e}" for v in finite}
    width = max(map(len, fixed.values()), default=0)
    chosen = fixed if width <= max(map(len, scientific.values()), default=0) else scientific
    special = {np.inf: "Inf", -np.inf: "-Inf"}
    texts = ["NaN" if np.isnan(v) else special.get(v) or chosen[v] for v in values]
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def _significant(value: float, digits: int) -> tuple[int, int]:
    """How many of ``digits`` significant digits are needed, and the power of ten."""
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return len(mantissa.replace(".", "").rstrip("0")) or 1, int(exponent)


def _drop_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


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
    stub_width = max(map(len, rows), default=0)
    # Names line up on the left, the labels [9,] and [10,] on the right.
    justify = str.rjust if numbered else str.ljust
    stub = [" " * stub_width, *(justify(name, stub_width) for name in rows)]
    blocks = []
    for name, column in zip(columns, x.T, strict=True):
        texts = _format(column)
        width = max(len(name), *map(len, texts)) if texts else len(name)
        blocks.append([name.rjust(width), *(text.rjust(width) for text in texts)])
    # R starts anew below when the next column would pass the line width.
    starts, used = [0], stub_width
    for j, block in enumerate(blocks):
        used += 1 + len(block[0])
        if used > LINE_WIDTH and j > starts[-1]:
            starts.append(j)
            used = stub_width + 1 + len(block[0])
    lines = []
    for start, end in pairwise([*starts, k]):
        lines += [" ".join(line) for line in zip(stub, *blocks[start:end], strict=True)]
    return lines


def _names(given: Sequence | None, n: int, what: str, pattern: str) -> list[str]:
    if given is None:
        return [pattern.format(i + 1) for i in range(n)]
    if len(given) != n:
        raise ValueError(
            f"Expected {n} {what} names, one for each {what}. Received {len(given)}: {list(given)}."
        )
    return [str(name) for name in given]


def _table_lines(counts: pd.DataFrame) -> list[str]:
    """A table of counts, the name of the columns above them and of the rows beside them."""
    row_title, column_title = str(counts.index.name), str(counts.columns.name)
    rows = list(map(str, counts.index))
    name_width = max(map(len, rows), default=0)
    stub_width = max(len(row_title), name_width + 2)  # R sets row names in by 2 at the least
    lines = [[row_title.ljust(stub_width)]]
    lines += [[name.ljust(name_width).rjust(stub_width)] for name in rows]
    cell_width = max((len(str(count)) for count in counts.to_numpy().flat), default=0)
    for name, column in counts.items():
        texts = [str(name), *map(str, column)]
        width = max(cell_width, len(str(name)))
        for line, text in zip(lines, texts, strict=True):
            line.append(text.rjust(width))
    return [" " * stub_width + column_title, *(" ".join(line) for line in lines)]
