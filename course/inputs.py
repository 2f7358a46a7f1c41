"""What the functions of the course ask of their arguments, and what they say if it is not so.

Each function here returns an argument in the form that the caller computes with, or raises an error
that names the argument, says what was expected and what was received. ``where`` is what the error
starts with: the name of the function, the class or the layer.
"""

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, TypeGuard

import numpy as np

LARGEST_R_INTEGER = 2**31 - 1
DTYPES = ("float32", "float64")  # in which a network computes
FLOATS = tuple(map(np.dtype, DTYPES))
Shape = tuple[Any, ...]  # of an array: whole numbers, and None for any number of cases
Seed = int | np.random.Generator | None


def real_numbers(x: object, where: str, name: str) -> np.ndarray:
    """The real numbers in an array, a data frame or a list, in an array of any type of numbers.

    Raises:
        TypeError: if something else is in it, or something is missing.
        ValueError: if something is masked, or rows are not of one length.
    """
    if type(x) is np.ndarray and x.dtype in FLOATS:
        return x  # the most frequent case, in which nothing is left to look at
    if np.ma.is_masked(x):  # np.asarray would bring back what the mask hides
        raise ValueError(
            f"{where}: expected {name} without masked entries. Received {np.ma.count_masked(x)} of "
            "them. Remove them, or fill them with x.filled()."
        )
    try:
        values = np.asarray(x)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{where}: expected {name} to be an array, a data frame or a list with rows of one "
            f"length. Received {type(x).__name__}, of which NumPy says: {error}."
        ) from error
    if values.dtype == object:
        values = _out_of_objects(values, x, where, name)
    if values.dtype.kind not in "biuf":
        raise TypeError(
            f"{where}: expected {name} to hold real numbers. Received {type(x).__name__} of type "
            f"{values.dtype}. Convert it to numbers first."
        )
    return values


def _out_of_objects(values: np.ndarray, x: object, where: str, name: str) -> np.ndarray:
    """Python's numbers, or those of data frames with columns of several types, as float64."""
    for place, value in np.ndenumerate(values):
        if not isinstance(value, Real | np.bool_):
            at = f" at position {', '.join(map(str, place))}" if place else ""
            columns = getattr(x, "columns", None)
            if columns is not None and len(place) == 2:
                at = f" in column {columns[place[1]]!r}, row number {place[0]}"
            # pandas' sign for "missing" has no other name that needs no pandas.
            missing = value is None or type(value).__name__ in ("NAType", "NaTType")
            found = "a missing value" if missing else f"a {type(value).__name__}"
            raise TypeError(
                f"{where}: expected {name} to hold real numbers. Received {found}{at}. "
                "Convert it to a number, or leave it out."
            )
    try:
        return values.astype(float)
    except OverflowError as error:
        raise ValueError(
            f"{where}: expected {name} to hold numbers that float64 can hold. Received a larger "
            "one. Divide them first."
        ) from error


def floats(x: object, where: str, name: str) -> np.ndarray:
    """The real numbers in floating point: float32 and float64 stay, all others become float64.

    Raises:
        TypeError, ValueError: as `real_numbers`.
    """
    values = real_numbers(x, where, name)
    return values if values.dtype in FLOATS else values.astype(float)


def in_type(values: np.ndarray, dtype: np.dtype, where: str, name: str) -> np.ndarray:
    """The numbers in a type; the array itself if it has that type.

    Raises:
        ValueError: if a number is too large for it.
    """
    if values.dtype == dtype:
        return values
    try:
        with np.errstate(over="raise"):
            return values.astype(dtype)
    except FloatingPointError as error:
        raise ValueError(
            f"{where}: expected {name} to hold numbers that {dtype} can hold. Received one of "
            f"{np.abs(values[np.isfinite(values)]).max():.2g}. Scale them, or compute in float64."
        ) from error


def finite(values: np.ndarray, where: str, name: str) -> None:
    """See that all numbers are finite.

    Raises:
        ValueError: if one is infinite or NaN.
    """
    if not np.isfinite(values).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
        raise ValueError(
            f"{where}: expected {name} to hold finite numbers. Received {values[place]} at "
            f"position {', '.join(map(str, place))}. Remove or replace it first."
        )


def float_type(dtype: object, where: str) -> np.dtype:
    """The type to compute in.

    Raises:
        ValueError: if it is neither float32 nor float64.
    """
    try:  # np.dtype takes more: of None it makes float64
        name = np.dtype(dtype).name if isinstance(dtype, str | type | np.dtype) else None
    except TypeError:
        name = None
    if name not in DTYPES:
        raise ValueError(
            f"{where}: expected a type of {' or '.join(DTYPES)}. Received: dtype={dtype!r}."
        )
    return np.dtype(name)


def shape_of(shape: Sequence, where: str, name: str, *, cases: bool) -> tuple:
    """A shape of positive whole numbers; with ``cases``, its first entry is ignored.

    Raises:
        ValueError: if it is none.
    """
    is_shape = isinstance(shape, tuple | list) and len(shape) >= cases
    if not is_shape or not all(map(_is_count, shape[cases:])):
        raise ValueError(
            f"{where}: expected {name} to be a tuple of positive whole numbers, such as "
            f"{'(None, 4), where the first is not looked at' if cases else '(4,)'}. "
            f"Received: {name}={shape!r}."
        )
    sizes = map(int, shape[cases:])
    return (None, *sizes) if cases else tuple(sizes)


def whole_number(value: object, where: str, name: str) -> int:
    """A positive whole number, at most the largest that R has, 2147483647.

    Raises:
        ValueError: if it is none.
    """
    if not _is_count(value):
        raise ValueError(
            f"{where}: expected {name} to be a positive whole number. Received: {name}={value!r}."
        )
    return int(value)


def _is_count(value: object) -> TypeGuard[int]:
    return is_whole(value) and 0 < value <= LARGEST_R_INTEGER


def is_whole(value: object) -> TypeGuard[int]:
    """Whether this is a whole number, of Python's or another's; True and False are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_real(value: object) -> TypeGuard[float]:
    """Whether this is a real number, of Python's or another's; True and False are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def number(
    value: object,
    where: str,
    name: str,
    expected: str,
    allowed: Callable[[float], bool] = lambda _: True,
) -> float:
    """A finite number for which ``allowed(number)`` is true; ``expected`` says that in words.

    Raises:
        ValueError: if it is none.
    """
    converted = as_float(value) if is_real(value) else np.nan
    if not np.isfinite(converted) or not allowed(converted):
        raise ValueError(
            f"{where}: expected {name} to be a number {expected}. Received: {name}={value!r}."
        )
    return converted


def as_float(value: float) -> float:
    """A number as a float; infinite if it is a whole number of more than 308 digits."""
    try:
        return float(value)
    except OverflowError:
        return np.inf


def truth_value(value: object, where: str, name: str) -> bool:
    """True or False.

    Raises:
        ValueError: if it is something else, such as a text.
    """
    if not isinstance(value, bool | np.bool_):
        raise ValueError(
            f"{where}: expected {name} to be True or False. Received: {name}={value!r}."
        )
    return bool(value)


def random_generator(seed: Seed, where: str) -> np.random.Generator:
    """NumPy's random generator for a seed.

    Raises:
        ValueError: if the seed is no whole number of 0 or more, no generator, and not None.
    """
    is_seed = seed is None or (is_whole(seed) and seed >= 0)
    if not (is_seed or isinstance(seed, np.random.Generator)):
        raise ValueError(
            f"{where}: expected a seed of 0 or more, a whole number, or a NumPy random generator. "
            f"Received: seed={seed!r}."
        )
    return np.random.default_rng(seed)  # a generator comes back as it is
