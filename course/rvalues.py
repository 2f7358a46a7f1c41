"""What counts as a value in R, its three types of numbers, and how a value reads as text."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from course.inputs import LARGEST_R_INTEGER

R_TYPES = {"b": "logi", "i": "int", "f": "num"}  # by NumPy's letters for them
EMPTY = {"b": "logical(0)", "i": "integer(0)", "f": "numeric(0)"}


def labels_of(x: Iterable, who: str, names: bool = False) -> list:
    """Values of one kind in a list: text, truth values, or numbers as R holds them.

    A name may be NaN; a value that is NaN is missing.
    """
    if isinstance(x, str | bytes | set | frozenset | Mapping) or not isinstance(x, Iterable):
        raise TypeError(
            f"{who} expects a sequence of values. Received: {brief(x)}. "
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
    values, kinds = list(x), dict[str, object]()
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
                f"{type(value).__name__}: {brief(value)}. Make text of it first."
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


def _kind(value: object) -> str | None:
    if isinstance(value, bool | np.bool_):
        return "truth value"
    if isinstance(value, int | float | np.integer | np.floating):
        return "number"
    return "text" if isinstance(value, str) else None


def brief(x: object) -> str:
    """How a thing looks in Python, in one line."""
    text = " ".join(repr(x).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _double(value: float, who: str) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError(
            f"{who} expects numbers that a double can hold, below 1.8e308. Received one with "
            f"{len(str(abs(value)))} digits. Divide it first."
        ) from error


def numbers_of(x: object, who: str, what: str = "") -> np.ndarray:
    """The numbers in an array, a data frame or a list, as R holds them: bool, int or float64."""
    if isinstance(x, pd.DataFrame):
        columns = columns_of(x, who)
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
            f"{who} expects numbers. Received {what} of type {dtype}: {brief(x)}. "
            "Convert it first. Leave out what is no number."
        )
    if values.dtype.kind == "b":
        return values
    if values.dtype.kind in "iu" and _fit_in_r(values):
        return values.astype(int)
    with np.errstate(over="ignore"):  # a long double may be larger than all doubles
        return values.astype(float)


def columns_of(frame: pd.DataFrame, who: str) -> list[np.ndarray]:
    """The columns of a data frame, each in its own type."""
    return [
        numbers_of(frame.iloc[:, j], who, f"column {name!r}")
        for j, name in enumerate(frame.columns)
    ]


def _fit_in_r(whole: np.ndarray) -> bool:
    """Whether R has these whole numbers as integers."""
    return bool((whole >= -LARGEST_R_INTEGER).all() and (whole <= LARGEST_R_INTEGER).all())


def _has_missing(x: Any) -> bool:
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


def text_of(value: str | bool | int | float) -> str:
    """A label as R's ``as.character`` writes it: TRUE, 100000 for an integer, 1e+05 for a double.

    Doubles get 15 significant digits.
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        (text,) = _format_doubles(np.array([value]), digits=15)
        return re.sub(r"(\.\d*?)0+(?=e|$)", r"\1", text.strip())
    return str(value)


def key_of(label: str | bool | int | float) -> str:
    """What two labels have in common if they are the same: the integer 100000 and 1e5 are."""
    if isinstance(label, float) and label.is_integer() and abs(label) < 1e15:
        return str(int(label))
    return text_of(label)


def is_short(value: float) -> bool:
    """Whether three significant digits in fixed notation say all about a number."""
    if value == 0:
        return True
    if not 1e-10 < abs(value) < 1e10:
        return False
    return abs(value - float(f"{value:.2e}")) <= 9e-16 * abs(value)


def formatted(values: np.ndarray, digits: int = 7) -> list[str]:
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


def drop_zeros(text: str) -> str:
    """A number without the zeros at its end, as R's ``str`` drops them."""
    if "e" in text:
        return re.sub(r"(\.\d+)e[+-]0+$", r"\1", text)
    return text.rstrip("0").rstrip(".") if "." in text else text
