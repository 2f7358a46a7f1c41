"""A reader's own table: a CSV file with a column to predict.

R has ``read.csv``, and what is wrong with a table shows later, or never. `read_table` looks at once
for what a network cannot learn from, and says what to do about it.
"""

import re
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from course.data import read_csv
from course.inputs import LARGEST_R_INTEGER, truth_value
from course.rbase import factor

__all__ = ["read_table"]

FEW_ROWS = 20  # a table has at least as many
FEW_OF_A_CLASS = 5  # and each class: of fewer, none might be drawn for training
FEW_LABELS = 10  # whole numbers of at most as many values are classes
REMEDY = "Correct the file, or name another one."
NUMBER_WITH_COMMA = re.compile(r"[+-]?\d*,?\d+")


def read_table(
    path: str | PathLike,
    target: str,
    *,
    sep: str = ",",
    dec: str = ".",
    leave_out: str | Sequence[str] = (),
    classes: bool | None = None,
) -> tuple[pd.DataFrame, pd.Series]:
    r"""Read a CSV file in which one column is to be predicted from all others.

    Its first line has the names of the columns. A first column without a name has names of the
    rows, as R's ``write.csv`` writes them.

    Args:
        path: the file, in UTF-8.
        target: the column to predict.
        sep: what stands between two columns, one character: ``";"`` or ``"\t"`` for instance.
        dec: the decimal point, one character.
        leave_out: the name of a column, or several, that shall not be a predictor.
        classes: whether the target is a class. If not given, text, truth values, and whole numbers
            of at most 10 different values are classes; all else is a number.

    Returns:
        The predictors, a data frame of float64 columns, and the target, a series with the same
        index. That is categorical, with its levels in R's order, or float64.

    Raises:
        TypeError: if the path, the target or ``leave_out`` is of another type.
        FileNotFoundError: if there is no such file.
        ValueError: if a column is not there, has no name or the name of another; if a value is
            missing or infinite; if a predictor is no number, or never varies; if the target never
            varies; if there are fewer than 20 rows, or fewer than 5 of a class; if the file is no
            table; if another argument is none of those above.
    """
    if not isinstance(path, str | PathLike):
        raise TypeError(
            "path: expected the path of a CSV file, as a text or a Path. Received a "
            f"{type(path).__name__}."
        )
    if not isinstance(target, str):
        raise TypeError(
            f"target: expected the name of a column. Received a {type(target).__name__}."
        )
    names = [leave_out] if isinstance(leave_out, str) else leave_out
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"leave_out: expected names of columns. Received {leave_out!r}.")
    if classes is not None:
        classes = truth_value(classes, "read_table", "classes")
    _check_marks(sep, dec)
    path = Path(path)
    frame = _frame(path, sep, dec)
    for name in [target, *names]:
        if name not in frame:
            raise ValueError(
                f"{path}: expected a column {name!r}. Found: {', '.join(frame)}. Choose one of "
                "these. (They are what stands in the first line of the file.)"
            )
    if target in names:
        raise ValueError(
            f"leave_out: expected columns other than the target. Received {target!r}, too. "
            "Predict another column, or keep this one."
        )
    frame = frame.drop(columns=list(names))
    if frame.shape[1] == 1:
        raise ValueError(
            f"{path}: expected a predictor beside {target!r}. Found none. Leave out fewer columns."
        )
    if len(frame) < FEW_ROWS:
        raise ValueError(
            f"{path}: expected {FEW_ROWS} rows or more, to train and to test. Found {len(frame)}. "
            "Collect more."
        )
    _check_values(path, frame, target, dec)
    y = _target(path, frame.pop(target), classes)
    _check_predictors(path, frame)
    return frame.astype("float64"), y


def _check_marks(sep: str, dec: str) -> None:
    """Raise an error unless these are two different characters that may stand in a table."""
    for name, mark in [("sep", sep), ("dec", dec)]:
        if not isinstance(mark, str) or len(mark) != 1 or mark.isalnum() or mark in '"\n\r+-':
            raise ValueError(f"{name}: expected a single mark, such as ','. Received {mark!r}.")
    if sep == dec:
        raise ValueError(f"dec: expected another character than sep. Received {dec!r} for both.")


def _frame(path: Path, sep: str, dec: str) -> pd.DataFrame:
    """The file with the names of its columns as they are; row names have become the index."""
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: expected a CSV file here. Found none. Name its whole path, or the one that "
            f"leads to it from {Path.cwd()}."
        )
    how = {"sep": sep, "decimal": dec, "encoding": "utf-8-sig", "skipinitialspace": True}
    first = read_csv(path, REMEDY, header=None, nrows=1, dtype=str, keep_default_na=False, **how)
    names = first.iloc[0].to_list()
    if len(names) == 1:
        found = next((mark for mark in ";\t|" if mark in names[0]), None)
        say = f"Say sep={found!r}." if found else "If another character parts them, say sep=."
        raise ValueError(
            f"{path}: expected columns with {sep!r} between them. Found one column, "
            f"{names[0]!r}. {say}"
        )
    _check_names(path, names)
    frame = read_csv(path, REMEDY, low_memory=False, **how)
    frame.columns = pd.Index(names)
    if names[0] == "":
        frame.index = pd.Index(frame.iloc[:, 0].astype(str), name=None)
        frame = frame.iloc[:, 1:]
    return frame


def _check_names(path: Path, names: list[str]) -> None:
    """Raise an error unless each column has a name of its own; the first may have none."""
    if "" in names[1:]:
        raise ValueError(
            f"{path}: expected a name for each column in the first line. Found none for column "
            f"{names.index('', 1) + 1}. {REMEDY}"
        )
    copies = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if copies:
        raise ValueError(
            f"{path}: expected a name of its own for each column. Found more than once: "
            f"{', '.join(map(repr, copies))}. Rename the copies."
        )


def _check_values(path: Path, frame: pd.DataFrame, target: str, dec: str) -> None:
    """Raise an error if a value is missing or infinite, or if a predictor is no number."""
    missing = frame.isna()
    if missing.to_numpy().any():
        counts = missing.sum()
        each = ", ".join(f"{name!r} ({n})" for name, n in counts[counts > 0].items())
        raise ValueError(
            f"{path}: expected a value everywhere. Found {missing.any(axis=1).sum()} of "
            f"{len(frame)} rows in which one is missing, by column: {each}. Fill them in, leave "
            "out these rows, or name the columns in leave_out."
        )
    text = [name for name in frame if not _has_numbers(frame[name])]
    commas = [name for name in text if dec != "," and _has_decimal_commas(frame[name].astype(str))]
    if commas:
        raise ValueError(
            f"{path}: expected numbers with the decimal point {dec!r}. Found commas in "
            f"{_with_examples(frame, commas)}. Say dec=','."
        )
    if predictors := [name for name in text if name != target]:
        raise ValueError(
            f"{path}: expected numbers in all predictors. Found text in "
            f"{_with_examples(frame, predictors)}. Code it as numbers in the file, such as 0 and "
            f"1, or leave the columns out: leave_out={predictors}."
        )
    for name in frame.columns.difference(text, sort=False):
        infinite = np.isinf(frame[name].to_numpy(dtype="float64"))
        if infinite.any():
            raise ValueError(
                f"{path}: expected finite numbers. Found {infinite.sum()} infinite ones in column "
                f"{name!r}, the first in row {infinite.argmax() + 1}. Replace them, or leave out "
                "these rows."
            )


def _has_numbers(column: pd.Series) -> bool:
    """Whether the column holds numbers; True and False are none."""
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _has_decimal_commas(texts: pd.Series) -> bool:
    """Whether all are numbers, some with a comma in them."""
    return all(map(NUMBER_WITH_COMMA.fullmatch, texts)) and any("," in text for text in texts)


def _with_examples(frame: pd.DataFrame, names: list[str]) -> str:
    """The names of columns, each with its first value that is no number."""
    found = []
    for name in names:
        texts = frame[name].astype(str)
        row = int(pd.to_numeric(texts, errors="coerce").isna().to_numpy().argmax())
        found.append(f"column {name!r} ({texts.iloc[row]!r} in row {row + 1})")
    return ", ".join(found)


def _target(path: Path, column: pd.Series, classes: bool | None) -> pd.Series:
    """The target as classes or as a number; it has to vary."""
    name, numbers = str(column.name), _has_numbers(column)
    values = column.nunique()
    whole = numbers and bool(((column % 1 == 0) & (column.abs() <= LARGEST_R_INTEGER)).all())
    if whole:
        column = column.astype("int64")  # 3.0 is told as 3
    if classes is None:
        classes = not numbers or (whole and values <= FEW_LABELS)
    if not classes and not numbers:
        raise ValueError(
            f"{path}: expected numbers to predict. Found text in "
            f"{_with_examples(column.to_frame(), [name])}. Leave out classes=False."
        )
    if values == 1:
        raise ValueError(
            f"{path}: expected a target that varies. Found {str(column.iloc[0])!r} in each row of "
            f"column {name!r}. Choose another column."
        )
    if not classes:
        return column.astype("float64")
    counts = column.value_counts()
    if counts.min() < FEW_OF_A_CLASS:
        instead = ", or predict it as a number: classes=False" if numbers else ""
        if not numbers and pd.to_numeric(column.astype(str), errors="coerce").notna().any():
            instead = f", or correct what is no number: {_with_examples(column.to_frame(), [name])}"
        few = [f"{n} of {str(label)!r}" for label, n in counts[counts < FEW_OF_A_CLASS].items()]
        more = ", ..." if len(few) > 5 else ""
        raise ValueError(
            f"{path}: expected {FEW_OF_A_CLASS} rows or more of each class in column "
            f"{name!r}. Found {', '.join(few[:5])}{more}. Leave out these rows, join "
            f"classes{instead}."
        )
    return pd.Series(factor(column), index=column.index, name=column.name)


def _check_predictors(path: Path, frame: pd.DataFrame) -> None:
    """Raise an error if a predictor never varies: scaling would divide by 0."""
    if constant := frame.columns[(frame == frame.iloc[0]).all()].to_list():
        raise ValueError(
            f"{path}: expected predictors that vary. Found one value in each row of: "
            f"{', '.join(constant)}. Leave the columns out: leave_out={constant}."
        )
