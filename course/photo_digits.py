"""Handwritten digits over parts of photographs: pictures for which nothing is fetched."""

import numpy as np

from course.inputs import random_generator, whole_number
from course.reading import SIDE, Pictures

N_CLASSES = 10


def photo_digits(seed: int = 1, n_train: int = 8000, n_test: int = 2000) -> Pictures:
    """Handwritten digits in any colour, size and place over parts of two photographs.

    They are about as hard for a small network as CIFAR-10. No piece of handwriting that is in the
    pictures for training is in those for testing.

    Args:
        seed: a whole number of 0 or more, or a NumPy random generator; the same whole number gives
            the same pictures, None gives others each time.
        n_train: how many pictures for training, at least one.
        n_test: how many pictures for testing, at least one.

    Returns:
        The same as `load_images`; the classes are ``"0"``, ..., ``"9"``, all equally frequent.

    Raises:
        ValueError: if one of the three is something else.
    """
    from sklearn.datasets import load_digits, load_sample_images

    rng = random_generator(seed, "photo_digits")
    n_train = whole_number(n_train, "photo_digits", "n_train")
    n_test = whole_number(n_test, "photo_digits", "n_test")
    digits, photographs = load_digits(), np.stack(load_sample_images().images)
    strokes = digits.images / digits.images.max()
    parts = []
    for own, n in zip(_split_handwriting(len(strokes), rng), (n_train, n_test), strict=True):
        labels = rng.permutation(np.arange(n) % N_CLASSES)
        x = np.empty((n, SIDE, SIDE, 3), dtype=np.uint8)
        for label in range(N_CLASSES):  # class by class, as each number takes 8 bytes on the way
            rows = rng.choice(own[digits.target[own] == label], (labels == label).sum())
            x[labels == label] = _drawn(strokes[rows], photographs, rng)
        parts.append((x, labels))
    return parts[0], parts[1], [str(label) for label in range(N_CLASSES)]


def _split_handwriting(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Which rows of the handwriting are for training, four of five, and which for testing."""
    rows = rng.permutation(n)
    return rows[: n * 4 // 5], rows[n * 4 // 5 :]


def _drawn(strokes: np.ndarray, photographs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Handwriting of shape (n, 8, 8), from 0 to 1, drawn over parts of the photographs."""
    n, places = len(strokes), np.arange(SIDE)
    # A part of a photograph: each pixel of it, or each second, third or fourth.
    step = rng.integers(1, 5, (n, 1))
    tops, lefts = (
        rng.integers(length - SIDE * step + 1) + step * places for length in photographs.shape[1:3]
    )  # (n, 32)
    which = rng.integers(len(photographs), size=(n, 1, 1))
    ground = photographs[which, tops[:, :, None], lefts[:, None, :]].astype(float)

    # Size and pen make the pictures about as hard as CIFAR-10 for the lecture's network.
    # How much each of the 8 rows counts in each of the 32, and then the same for the columns.
    size = rng.uniform(20, 30, (n, 1))
    starts = rng.uniform(0, SIDE - size), rng.uniform(0, SIDE - size)
    at = ((places + 0.5 - start) / size * 8 - 0.5 for start in starts)  # (n, 32) each
    down, along = (np.maximum(0, 1 - np.abs(x[:, :, None] - np.arange(8))) for x in at)
    # A heavier pen than that of the original, as thin strokes would be lost on a photograph.
    ink = (down @ strokes @ along.transpose(0, 2, 1) * 1.3).clip(max=1)[..., None]

    # The one of six colours that stands out most.
    colours = rng.uniform(0, 255, (n, 6, 3))
    distance = np.square(colours - ground.mean(axis=(1, 2))[:, None]).sum(axis=2)
    colour = colours[np.arange(n), distance.argmax(axis=1)][:, None, None]
    return np.rint(ground + ink * (colour - ground)).astype(np.uint8)
