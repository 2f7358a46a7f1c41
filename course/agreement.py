"""What it means that two implementations agree.

The course makes the same number in several ways: by hand in NumPy, in Keras, and in R. All
pages and tests compare them by the one definition in this module.

Two arrays *agree* within a tolerance if they have the same shape and the same type, and their
largest *relative* difference is at most the tolerance::

    largest absolute difference = max |a - b|
    largest relative difference = max |a - b| / max |b|

``b`` is the reference. The division is by the largest entry, not entry by entry: an entry that
should be 0 and comes out as 1e-17 beside others of size 1 is right, yet its own ratio would be
infinite. Where every entry of the reference is 0, only exact zeros agree. Whole numbers and
truth values, such as class labels, agree if they are equal.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.inputs import number, real_numbers
from course.quiet import quiet_start

__all__ = [
    "CENTRAL_DIFFERENCE_TOLERANCE",
    "TOLERANCES",
    "Comparison",
    "assert_agree",
    "bound",
    "central_difference",
    "compare",
    "compare_all",
    "keras_precision",
    "print_comparisons",
]

TOLERANCES = {"float64": 1e-12, "float32": 1e-5}
"""The largest relative difference allowed between NumPy and Keras, by the type of the numbers."""

CENTRAL_DIFFERENCE_TOLERANCE = 1e-6
"""The largest relative difference allowed between a gradient and central differences."""


@dataclass(frozen=True)
class Comparison:
    """How far two arrays are apart.

    Attributes:
        name: what was compared.
        shape: the shape of both arrays.
        dtype: the name of the type of both, for example ``"float64"``.
        max_abs: the largest absolute difference; infinite where either array holds a NaN or an
            infinity.
        max_rel: ``max_abs`` divided by the largest absolute entry of the reference.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    max_abs: float
    max_rel: float

    def agrees(self, tolerance: float | None = None) -> bool:
        """Whether ``max_rel`` is within the tolerance, by default that of the type."""
        return self.max_rel <= (self.allowed if tolerance is None else tolerance)

    @property
    def allowed(self) -> float:
        """The tolerance of the type; 0 for whole numbers.

        Raises:
            ValueError: if there is none, as for float16.
        """
        if np.dtype(self.dtype).kind != "f":
            return 0.0
        if self.dtype not in TOLERANCES:
            raise ValueError(
                f"{self.name}: there is no agreed tolerance for {self.dtype}, only for "
                f"{', '.join(TOLERANCES)}. Name a tolerance."
            )
        return TOLERANCES[self.dtype]


def compare(name: str, a: np.ndarray | float, b: np.ndarray | float) -> Comparison:
    """Compare an array with its reference.

    Args:
        name: what the arrays hold, for messages and tables.
        a: an array, or what NumPy can turn into one (a Keras tensor, a number).
        b: the reference.

    Returns:
        The comparison.

    Raises:
        TypeError: if an array holds something else than real numbers.
        ValueError: if the shapes or the types differ, or entries are masked.
    """
    a, b = real_numbers(a, name, "the array"), real_numbers(b, name, "the reference")
    if a.shape != b.shape:
        raise ValueError(
            f"{name}: expected two arrays of one shape. Received {a.shape} and {b.shape}. "
            "NumPy would stretch one over the other; reshape one of them."
        )
    if a.dtype != b.dtype:
        raise ValueError(
            f"{name}: expected two arrays of one type. Received {a.dtype} and {b.dtype}. "
            "A difference in precision would hide behind the conversion; compute both in one."
        )
    return Comparison(name, a.shape, str(b.dtype), *_differences(a, b))


def _differences(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """The largest absolute and the largest relative difference of two arrays of one shape."""
    if b.dtype.kind != "f":
        a, b = a.astype(object), b.astype(object)  # Python's whole numbers never overflow
        apart = int(np.max(np.abs(a * 1 - b * 1), initial=0))
        return float(apart), np.inf if apart else 0.0
    a, b = a.astype(float), b.astype(float)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return np.inf, np.inf  # NaN and infinity agree with nothing
    max_abs = float(np.max(np.abs(a - b), initial=0))
    largest = float(np.max(np.abs(b), initial=0))
    if max_abs == 0:
        return 0.0, 0.0
    return max_abs, max_abs / largest if largest > 0 else np.inf


def compare_all(a: Mapping, b: Mapping) -> list[Comparison]:
    """Compare the arrays under the same names in two dictionaries.

    Args:
        a: arrays by name.
        b: the references by name.

    Returns:
        One comparison for each name, in the order of ``b``.

    Raises:
        ValueError: if the names, a shape or a type differ.
    """
    if a.keys() != b.keys():
        raise ValueError(
            "Expected the same names on both sides. Only one has: "
            f"{sorted(a.keys() ^ b.keys(), key=str)}. Add or leave out these."
        )
    return [compare(name, a[name], b[name]) for name in b]


def assert_agree(
    name: str, a: np.ndarray | float, b: np.ndarray | float, tolerance: float | None = None
) -> Comparison:
    """Compare, and raise if the arrays do not agree.

    Args:
        name: what the arrays hold.
        a: an array.
        b: the reference.
        tolerance: the largest relative difference allowed; that of the type if not given.

    Returns:
        The comparison.

    Raises:
        AssertionError: if the difference is larger than the tolerance.
        ValueError: if the shapes or the types differ.
    """
    found = compare(name, a, b)
    if not found.agrees(tolerance):
        allowed = found.allowed if tolerance is None else tolerance
        raise AssertionError(
            f"{name} {found.shape} {found.dtype}: expected a relative difference of at most "
            f"{allowed:.0e}. Found {found.max_rel:.2e} ({found.max_abs:.2e} absolute)."
        )
    return found


def central_difference(
    loss: Callable[[], float], weights: np.ndarray, step: float = 1e-6
) -> np.ndarray:
    """The gradient of a loss by central differences, to check one that a formula gives.

    Moves each weight a little up and down and sees what the loss does:
    ``(loss(w + step) - loss(w - step)) / (2 * step)``.

    Args:
        loss: a function of no arguments that computes the loss from ``weights``.
        weights: float64 array; changed while this function runs, and put back.
        step: how far to move.

    Returns:
        An array of the shape of ``weights``.

    Raises:
        TypeError: if the weights are not a float64 array: in float32 the step would drown in
            rounding.
        ValueError: if the step is no positive number.

    Source: W. H. Press et al., Numerical Recipes, 3rd edition (2007), section 5.7.
    """
    found = getattr(weights, "dtype", type(weights).__name__)
    if not isinstance(weights, np.ndarray) or found != np.float64 or not weights.flags.writeable:
        raise TypeError(
            "central_difference expects a float64 array of weights that it can change. "
            f"Received {found}. Compute the network in float64 to check its gradients."
        )
    step = number(step, "central_difference", "step", "above 0, such as 1e-6", lambda v: v > 0)
    gradient = np.empty_like(weights)
    for i in np.ndindex(weights.shape):
        kept = weights[i]
        try:
            weights[i] = kept + step
            above = loss()
            weights[i] = kept - step
            below = loss()
        finally:
            weights[i] = kept
        gradient[i] = (above - below) / (2 * step)
    return gradient


def bound(difference: float) -> str:
    """What rounding has left, as it is fit to be printed: an even power of ten above it.

    Its digits mean nothing. They may change from run to run, since the order in which a library
    adds numbers depends on where in memory they lie and on how many processors share the work.

    Args:
        difference: a number that is not negative.

    Returns:
        A text such as ``"< 1e-12"``. Nothing is told of less than 1e-14, 0 included.

    Raises:
        ValueError: if the difference is negative, infinite or not a number.
    """
    difference = number(difference, "bound", "difference", "that is not negative", lambda v: v >= 0)
    exponent = -14
    while difference >= float(f"1e{exponent}"):
        exponent += 2
    return f"< {float(f'1e{exponent}'):.0e}"


def print_comparisons(comparisons: Iterable[Comparison]) -> None:
    """Print one line for each comparison: what, its shape, and the two largest differences.

    Where the arrays agree, the differences are what rounding has left, and are told as a `bound`.
    """
    comparisons = list(comparisons)
    name_width = max([16, *(len(c.name) + 2 for c in comparisons)])
    shape_width = max([12, *(len(str(c.shape)) + 2 for c in comparisons)])
    print(f"{'':<{name_width}}{'shape':<{shape_width}}{'largest difference':>20}{'relative':>12}")
    for c in comparisons:
        show = bound if c.dtype in TOLERANCES and c.agrees() else "{:.1e}".format
        places = f"{c.name:<{name_width}}{c.shape!s:<{shape_width}}"
        print(f"{places}{show(c.max_abs):>20}{show(c.max_rel):>12}")


def _keras() -> Any:
    """Keras, imported only now: who compares without it does not wait for it."""
    if "keras" not in sys.modules:
        with quiet_start():
            import keras  # noqa: F401
    return sys.modules["keras"]


class keras_precision:  # noqa: N801 - it is called like a function
    """Have Keras compute in double or in single precision.

    Keras has two settings for that, one for its numbers and one for its layers. As a function this
    sets both; in a ``with`` block it puts back afterwards what was set before.

    Args:
        dtype: ``"float64"`` or ``"float32"``, with which Keras begins.

    Raises:
        ValueError: if it is another.

    Example::

        with keras_precision("float64"):
            model = keras.Sequential([keras.layers.Dense(3)])
    """

    def __init__(self, dtype: str) -> None:
        """Set the precision."""
        if dtype not in TOLERANCES:
            raise ValueError(f"dtype: expected {' or '.join(TOLERANCES)}. Received {dtype!r}.")
        keras = _keras()
        self._before = keras.config.floatx(), keras.config.dtype_policy()
        keras.config.set_floatx(dtype)
        keras.config.set_dtype_policy(dtype)

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, *exception: object) -> None:
        """Put back what was set before."""
        keras = _keras()
        floatx, policy = self._before
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)
