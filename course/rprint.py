"""How R prints: vectors, matrices, data frames, tables, and ``str``."""

import unicodedata
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pandas as pd

from course.rtext import escaped, left_aligned, right_aligned, width_of
from course.rvalues import (
    EMPTY,
    R_TYPES,
    brief,
    columns_of,
    drop_zeros,
    formatted,
    is_short,
    labels_of,
    numbers_of,
    text_of,
)

LINE_WIDTH = 80  # R's options("width")
MOST_NUMBERS = 99_999  # R's options("max.print"); R leaves out the rest


def r_print(
    x: np.ndarray | pd.DataFrame | Iterable | float,
    rows: Iterable | None = None,
    columns: Iterable | None = None,
) -> None:
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
        cells = columns_of(x, "r_print")
    else:
        titles = None
        x = numbers_of(x, "r_print")
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
        lines = _vector_lines(formatted(cells[0])) if x.size else [EMPTY[x.dtype.kind]]
    else:
        n, k = x.shape
        rows, columns = _names(rows, n, "row"), _names(columns, k, "column")
        if titles is None:
            narrowest = 0 if x.dtype.kind == "f" else 1  # seen where there are no rows
            cells = [formatted(column) for column in cells]
            lines = _matrix_lines(cells, n, k, rows, columns, narrowest)
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
    x = numbers_of(x, "r_str")
    kind = R_TYPES[x.dtype.kind]
    extent = ", ".join(f"1:{n}" if n > 1 else "0 " if n == 0 else "1" for n in x.shape)
    if x.size == 0:
        print(f" {kind}(0) " if x.ndim < 2 else f" {kind}[{extent}] ")
        return
    extent = f"[{extent}] " if x.ndim > 1 or x.size > 1 else ""
    values = x.ravel(order="F")
    shown = values[: 6 if kind == "logi" else 10]
    if kind == "num" and not all(is_short(v) for v in shown if not np.isnan(v)):
        shown = shown[:5]
    texts = [drop_zeros(text.strip()) for text in formatted(shown, digits=3)]
    more = " ..." if values.size > shown.size else ""
    print(f" {kind} {extent}{' '.join(texts)}{more}")


def _vector_lines(texts: list[str]) -> list[str]:
    """Equally wide texts in lines, each with the number of its first."""
    label_width = len(f"[{len(texts)}]")
    per_line = max(1, (LINE_WIDTH - label_width) // (width_of(texts[0]) + 1))
    return [
        " ".join([f"[{start + 1}]".rjust(label_width), *texts[start : start + per_line]])
        for start in range(0, len(texts), per_line)
    ]


def _matrix_lines(
    cells: list[list[str]],
    n: int,
    k: int,
    rows: list[str],
    columns: list[str],
    narrowest: int = 0,
) -> list[str]:
    """The columns of a matrix side by side, beside the names of the rows and under their own."""
    if n == k == 0:
        return ["<0 x 0 matrix>"]
    if not rows:  # the labels [9,] and [10,] line up on the right; R makes room for one row more
        stub_width = len(f"[{n + 1},]")
        stub = [f"[{i + 1},]".rjust(stub_width) for i in range(n)]
    else:  # names line up on the left
        stub_width = max(map(width_of, rows))
        stub = [left_aligned(name, stub_width) for name in rows]
    columns = columns or [f"[,{j + 1}]" for j in range(k)]
    blocks = _blocks([right_aligned(name, narrowest) for name in columns], cells)
    parts = _side_by_side([" " * stub_width, *stub], blocks)
    return [line for part in parts for line in part]


def _frame_lines(cells: list[np.ndarray], rows: list[str], columns: list[str]) -> list[str]:
    n, k = len(rows), len(columns)
    if k == 0:
        return [f"data frame with 0 columns and {n} row{'s' * (n != 1)}"]
    if n == 0:
        width = max(map(width_of, columns))
        names = _vector_lines([left_aligned(name, width) for name in columns])
        return [*names, "<0 rows> (or 0-length row.names)"]
    return _matrix_lines([formatted(column) for column in cells], n, k, rows, columns)


def _table_lines(
    cells: list[np.ndarray],
    rows: list[str],
    columns: list[str],
    row_title: object,
    column_title: object,
) -> list[str]:
    """A table of counts, the title of the columns above them and of the rows beside them."""
    n, k = len(rows), len(columns)
    if n == 0 or k == 0:
        return [f"< table of extent {n} x {k} >"]
    row_title, column_title = _title(row_title), _title(column_title)
    name_width = max(map(width_of, rows))
    # R sets row names in by 2 at the least. It takes a backslash in the title for two characters,
    # and fills the title up as if each of its bytes were a character.
    stub_width = max(width_of(row_title) + row_title.count("\\"), name_width + 2)
    stub = [row_title + " " * (stub_width - len(row_title.encode()))]
    stub += [right_aligned(left_aligned(name, name_width), stub_width) for name in rows]
    if {column.dtype.kind for column in cells} == {"b"}:
        texts = [formatted(column) for column in cells]
    else:  # all columns alike; R leaves NaN out
        texts = np.reshape(formatted(np.concatenate(cells)), (k, n)).tolist()
        texts = [["" if text.strip() == "NaN" else text for text in column] for column in texts]
    parts = _side_by_side(stub, _blocks(columns, texts))
    return [line for part in parts for line in [" " * stub_width + column_title, *part]]


def _blocks(names: list[str], cells: list[list[str]]) -> list[list[str]]:
    """Each column under its name, all its lines equally wide."""
    blocks = []
    for name, texts in zip(names, cells, strict=True):
        width = max(map(width_of, [name, *texts]))
        blocks.append([right_aligned(text, width) for text in [name, *texts]])
    return blocks


def _side_by_side(stub: list[str], blocks: list[list[str]]) -> list[list[str]]:
    """The stub and as many columns beside it as a line takes; then the stub again, and so on."""
    stub_width = width_of(stub[-1])
    starts, used = [0], stub_width
    for j, block in enumerate(blocks):
        used += 1 + width_of(block[0])
        if used >= LINE_WIDTH and j > starts[-1]:
            starts.append(j)
            used = stub_width + 1 + width_of(block[0])
    return [
        [" ".join(line) for line in zip(stub, *blocks[start:end], strict=True)]
        for start, end in pairwise([*starts, len(blocks)])
    ]


def _names(given: Iterable | None, n: int, what: str) -> list[str]:
    """The names of rows or columns as R prints them; none if none are given."""
    if given is None:
        return []
    who = f"r_print ({what}s)"
    names = []
    if isinstance(given, Iterable) and not isinstance(given, str):
        names = [escaped(text_of(name), who) for name in labels_of(given, who, names=True)]
    if len(names) != n or isinstance(given, str):
        raise ValueError(
            f"r_print expected {n} {what} names, one for each {what}. Received: {brief(given)}."
        )
    return names


def _title(given: object) -> str:
    """The title of rows or columns, which R prints as it is."""
    (title,) = map(text_of, labels_of([given], "r_print (title)", names=True))
    if any(unicodedata.category(c) in ("Cc", "Cn", "Cs", "Zl", "Zp") for c in title):
        raise ValueError(
            f"r_print expects titles of a table without line breaks and other control characters. "
            f"Received: {title!r}. Remove them."
        )
    return title
