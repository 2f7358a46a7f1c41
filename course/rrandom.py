"""R's random numbers in Python: the same seed gives the same draws, to the last bit.

R's defaults since version 3.6 are three algorithms, one on top of the other:

``RNGkind()`` in R prints ``"Mersenne-Twister" "Inversion" "Rejection"``.

* *Mersenne-Twister* makes uniform numbers from 32 random bits. NumPy has the same
  generator (`numpy.random.MT19937`), but starts it differently, so this module gives NumPy
  the state that R's ``set.seed()`` would make.
* *Inversion* makes a normal number from two uniform ones, through the quantile function of
  the normal distribution. R and Python's `statistics.NormalDist` both use Wichura's
  algorithm AS 241, so the results are equal.
* *Rejection* makes the whole numbers behind ``sample()`` from pieces of 16 bits.

Sources: the R documentation pages ``?RNGkind`` and ``?sample``; M. Matsumoto and
T. Nishimura (1998), ACM TOMACS 8(1), 3-30; M. J. Wichura (1988), Applied Statistics 37(3),
477-484. The tests compare every method with numbers that R itself wrote on an x86-64 processor.
On others, compilers may fuse a multiplication and an addition into one step; then the last bit of
a normal number can differ, in R as in Python.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from course.inputs import LARGEST_R_INTEGER, as_float, is_real, is_whole

__all__ = ["RRandom"]

STATE_WORDS = 624
UNIFORM_STEP = 2.0**-32
SMALLEST_UNIFORM = 0.5 * 2.328306437080797e-10  # what R returns in place of 0
LARGEST_POPULATION = 2**52  # R's limit for sample()
NORMAL_STEPS = 134217728  # 2^27: how finely inversion cuts the unit interval
LARGEST_SHUFFLE = 10_000_000  # beyond this, R draws small samples without listing 1..n

standard_normal = NormalDist()


class RRandom:
    """A random number generator that repeats R's draws after ``set.seed(seed)``.

    Args:
        seed: a whole number from -2147483647 to 2147483647, the range of R's integers.

    Raises:
        TypeError: if the seed is not a whole number.
        ValueError: if the seed is outside R's range.

    Example:
        >>> rng = RRandom(123)
        >>> rng.sample(150, 3).tolist()  # R: set.seed(123); sample(150, 3) - 1
        [13, 49, 117]
    """

    def __init__(self, seed: int):
        if not is_whole(seed):
            raise TypeError(
                f"RRandom expects a whole number as seed. Received: {seed!r} "
                f"({type(seed).__name__}). Use an int, for example RRandom(123)."
            )
        if abs(seed) > LARGEST_R_INTEGER:
            raise ValueError(
                f"RRandom expects a seed from {-LARGEST_R_INTEGER} to {LARGEST_R_INTEGER}, "
                f"the range of R's integers. Received: {seed}. Use a smaller number."
            )
        self._bits = np.random.MT19937(0)
        self._set_seed(int(seed))

    def _set_seed(self, seed: int) -> None:
        """Scramble the seed with R's linear congruential generator, then fill the state."""
        word = seed % 2**32
        for _ in range(50):
            word = (69069 * word + 1) % 2**32
        words = []
        for _ in range(1 + STATE_WORDS):
            word = (69069 * word + 1) % 2**32
            words.append(word)
        # The first word would be the position in the state; R then sets it to "used up".
        key = np.array(words[1:], dtype=np.uint32)
        self._bits.state = {
            "bit_generator": "MT19937",
            "state": {"key": key, "pos": STATE_WORDS},
        }

    @property
    def state(self) -> np.ndarray:
        """R's ``.Random.seed`` without its first entry, as a ``(625,)`` uint32 array.

        The first word is the position in the 624 words that follow.
        """
        state = self._bits.state["state"]
        return np.concatenate([[state["pos"]], state["key"]]).astype(np.uint32)

    def _uniforms(self, n: int) -> np.ndarray:
        """``(n,)`` uniform numbers strictly between 0 and 1, one 32-bit word each."""
        u = self._bits.random_raw(n) * UNIFORM_STEP
        return np.maximum(u, SMALLEST_UNIFORM)  # an inverse distribution cannot take 0

    def _index(self, n: int) -> int:
        """One whole number from 0 to n-1: R's rejection sampling on 16-bit pieces."""
        bits = (n - 1).bit_length()  # ceil(log2(n)), exactly
        while True:
            value = 0
            for _ in range(bits // 16 + 1):
                value = 65536 * value + (self._bits.random_raw() >> 16)  # the upper half
            value &= 2**bits - 1
            if value < n:
                return value

    def sample(self, x: int | Sequence, size: int | None = None) -> np.ndarray:
        """Draw without replacement, as R's ``sample(x, size)``.

        Args:
            x: a whole number ``n`` stands for the positions 0, 1, ..., n-1 (R's 1, ..., n,
                less one, since Python counts from 0). A sequence is sampled itself, also
                when it holds a single number, where R would take that number as ``n``.
            size: how many to draw; all of them, in random order, if not given.

        Returns:
            ``(size,)`` array in the order drawn.

        Raises:
            TypeError: if ``x`` is neither a whole number nor a one-dimensional sequence, or
                ``size`` is no whole number.
            ValueError: if ``size`` is negative or larger than the population.
        """
        population, n = _population(x)
        size = n if size is None else _count(size, "size")
        if size > n:
            raise ValueError(
                f"sample draws without replacement, so size can be at most the population, "
                f"{n}. Received: size={size}. Ask for fewer, or give a larger population."
            )
        drawn = self._sample_positions(n, size)
        return drawn if population is None else population[drawn]

    def _sample_positions(self, n: int, size: int) -> np.ndarray:
        if n > LARGEST_SHUFFLE and size <= n / 2:
            seen: dict[int, None] = {}  # a dict keeps the order of drawing
            while len(seen) < size:
                seen.setdefault(self._index(n))
            return np.array(list(seen), dtype=np.int64)
        left = np.arange(n)
        drawn = np.empty(size, dtype=np.int64)
        for i in range(size):
            j = self._index(n)
            drawn[i] = left[j]
            n -= 1
            left[j] = left[n]  # the last one takes the place of the one drawn
        return drawn

    def runif(self, n: int, min: float = 0, max: float = 1) -> np.ndarray:
        """Uniform numbers, as R's ``runif``.

        Args:
            n: how many.
            min: the lower limit, a single number (R also takes a vector).
            max: the upper limit.

        Returns:
            ``(n,)`` float64 array.

        Raises:
            TypeError: if ``n`` is no whole number, or a limit no number.
            ValueError: if ``n`` is negative, or the limits are not finite and in order.
        """
        n, min, max = _count(n, "n"), _number(min, "min"), _number(max, "max")
        if min > max:
            raise ValueError(
                f"runif expects min <= max. Received: min={min}, max={max}. Exchange them."
            )
        if min == max:
            return np.full(n, float(min))  # R draws nothing here
        return min + (max - min) * self._uniforms(n)

    def rnorm(self, n: int, mean: float = 0, sd: float = 1) -> np.ndarray:
        """Normal numbers, as R's ``rnorm``.

        Args:
            n: how many.
            mean: their mean, a single number (R also takes a vector).
            sd: their standard deviation.

        Returns:
            ``(n,)`` float64 array.

        Raises:
            TypeError: if ``n`` is no whole number, or ``mean`` or ``sd`` no number.
            ValueError: if ``n`` or ``sd`` is negative, or ``mean`` or ``sd`` is not finite.
        """
        n, mean, sd = _count(n, "n"), _number(mean, "mean"), _number(sd, "sd")
        if sd < 0:
            raise ValueError(f"rnorm expects sd to be 0 or more. Received: sd={sd}. Try abs(sd).")
        if sd == 0:
            return np.full(n, float(mean))  # R draws nothing here
        u = self._uniforms(2 * n).reshape(n, 2)
        # One uniform has only 32 bits: the first gives 27 of them, the second the rest.
        u = np.floor(NORMAL_STEPS * u[:, 0]) + u[:, 1]
        z = np.array([standard_normal.inv_cdf(p) for p in u / NORMAL_STEPS], dtype=float)
        return mean + sd * z


def _population(x: int | Sequence) -> tuple[np.ndarray | None, int]:
    """The values to draw from, or None if these are 0, 1, ..., and how many there are."""
    if is_whole(x):
        if not 0 <= x <= LARGEST_POPULATION:
            raise ValueError(
                f"sample expects a population from 0 to 2**52, as R does. Received: {x}. "
                "Give the number of things to draw from."
            )
        return None, int(x)
    if isinstance(x, list | tuple | range):
        values = np.empty(len(x), dtype=object)  # NumPy would turn 1 into "1" beside an "a"
        values[:] = x
        if len({type(value) for value in x}) == 1 and np.isscalar(x[0]):
            values = np.array(x)
        return values, len(x)
    if not isinstance(x, str) and np.ndim(x) == 1:
        values = np.asarray(x)
        return values, len(values)
    raise TypeError(
        f"sample expects a whole number or a one-dimensional sequence. Received: {x!r}. "
        "Round a number with int(), or put the values in a list."
    )


def _count(value: int, name: str) -> int:
    """A whole number of 0 or more, or an error that names the argument."""
    if not is_whole(value):
        raise TypeError(
            f"Expected a whole number for {name}. Received: {value!r} "
            f"({type(value).__name__}). Round it first, for example with int()."
        )
    if not 0 <= value <= LARGEST_R_INTEGER:
        raise ValueError(
            f"Expected {name} from 0 to {LARGEST_R_INTEGER}, the largest integer of R. "
            f"Received: {value}. Ask for fewer."
        )
    return int(value)


def _number(value: float, name: str) -> float:
    """A single finite number, or an error that names the argument."""
    if not is_real(value):
        raise TypeError(
            f"Expected a single number for {name}. Received: {value!r} "
            f"({type(value).__name__}). Draw for each value in turn."
        )
    converted = as_float(value)
    if not np.isfinite(converted):
        raise ValueError(f"Expected a finite number for {name}. Received: {value}. Give a number.")
    return converted
