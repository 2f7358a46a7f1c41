"""Small colour pictures for the lessons on convolution: CIFAR-10, or others that stand in for it.

`load_images` reads what the environment variable ``COURSE_IMAGES`` names: ``cifar10``, ``digits``,
the archive of CIFAR-10, the folder that it unpacks to, or a folder of your own pictures. Without
the variable it reads CIFAR-10 if Keras has it on this machine already, and else draws
`photo_digits`, for which nothing is fetched.

CIFAR-10 is described in A. Krizhevsky (2009), "Learning Multiple Layers of Features from Tiny
Images". Its files are pickles, and a pickle can ask Python to run anything, or to go on for ever.
They are read here by a machine that can do no more than pictures need.

`photo_digits` draws handwritten digits over parts of photographs. Both come with scikit-learn: the
handwriting is from E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits,
UCI Machine Learning Repository; the photographs are ``china.jpg`` by danielbuechele and
``flower.jpg`` by vultilion, both from Flickr under the licence CC BY 2.0.
"""

import os
import re
from os import PathLike
from pathlib import Path

from course import cifar10
from course.photo_digits import photo_digits
from course.picture_folder import folder_of_pictures
from course.reading import CHOICES, Pictures, is_file, is_folder, mode, reading, wrong

__all__ = ["find_images", "load_images", "photo_digits"]


def load_images(source: str | PathLike | None = None) -> Pictures:
    """Colour pictures of 32 by 32 pixels, and a line that says which and how many.

    In a folder of pictures, PNG and JPEG files count (.png, .jpg, .jpeg, .jpe, .jfif). They are
    turned upright as their EXIF tag says, transparent parts are laid on white, and grey of 16 bits
    keeps its upper 8. Colour profiles have no effect. A PNG file with several frames is refused.
    What else is there is left out, and the line says how much; hidden files are not counted.

    Args:
        source: ``"cifar10"``, ``"digits"``, or a path: of the archive ``cifar-10-python.tar.gz``,
            of the folder that it unpacks to, or of a folder of pictures in ``train/CLASS`` and
            ``test/CLASS``. If left out, the environment variable ``COURSE_IMAGES`` says it.

    Returns:
        ``(x_train, y_train), (x_test, y_test), class_names``. The pictures are uint8 of shape
        (n, 32, 32, 3), in the order red, green, blue. The labels are int64 of shape (n,), and
        count from 0. ``class_names`` is a list of texts.

    Raises:
        TypeError: if the source is neither a text nor a path.
        FileNotFoundError: if there is nothing at the path, or a part of it is missing.
        ValueError: if the source is an empty text, or the content is not as expected. Nothing in a
            file is ever run.
        ConnectionError: if CIFAR-10 could not be fetched, or not all of it.
        OSError: if something cannot be read; without the right to, it is a PermissionError.
    """
    chosen, cached = _choice(source)
    note = ""
    if chosen == "digits":
        what, pictures = "photo digits", photo_digits()
        if not _wanted(source):
            note = " (CIFAR-10 is not on this machine)"
    else:
        known = chosen == "cifar10"
        path = cached or cifar10.cached() or cifar10.download() if known else Path(chosen)
        with reading(path):
            what, pictures, note = _read(path, known)
    (_, y_train), (_, y_test), _ = pictures
    print(f"Pictures: {what}, {len(y_train):,} for training and {len(y_test):,} for testing{note}")
    return pictures


def find_images(source: str | PathLike | None = None) -> str | Path:
    """What `load_images` would read. This fetches nothing and does not import Keras.

    Args:
        source: as in `load_images`.

    Returns:
        ``"cifar10"``, ``"digits"`` or a path. Without any wish it is ``"cifar10"`` if Keras has
        it on this machine, whole, and ``"digits"`` if not.

    Raises:
        TypeError: if the source is neither a text nor a path.
        ValueError: if it is an empty text.
        FileNotFoundError: if it is neither of the two words nor an existing path.
        PermissionError: if it is in a folder that you may not look into.
    """
    return _choice(source)[0]


def _choice(source: str | PathLike | None) -> tuple[str | Path, Path | None]:
    """What to read; and where CIFAR-10 is, if the choice took a look: its checksum takes time."""
    wanted = _wanted(source)
    if not wanted:
        cached = cifar10.cached()
        return "digits" if cached is None else "cifar10", cached
    if isinstance(wanted, Path):
        with reading(wanted):
            found = mode(wanted)
        if not found:
            raise FileNotFoundError(
                f"{wanted}: expected cifar10, digits, or a path that exists. Found nothing of "
                f"this name. {CHOICES}"
            )
    return wanted, None


def _wanted(source: str | PathLike | None) -> str | Path:
    """The word or the path that is asked for, or an empty text if there is no wish."""
    if source is None:
        # On Windows, "set COURSE_IMAGES=digits && python ..." leaves a space at the end, and
        # quotes around a path stay.
        variable = os.environ.get("COURSE_IMAGES", "").strip()
        source = re.sub(r"""^(["'])(.*)\1$""", r"\2", variable).strip()
        if not source:
            return ""
    if isinstance(source, str) and source in ("cifar10", "digits"):
        return source
    text = os.fspath(source) if isinstance(source, str | PathLike) else None
    if not isinstance(text, str):
        raise TypeError(
            f"load_images: expected source to be a text or a path. Received: "
            f"{type(source).__name__}. {CHOICES}"
        )
    if not text:
        raise ValueError(
            f"load_images: expected source to be cifar10, digits, or a path. Received: "
            f"source=''. Leave it out for what is on this machine. {CHOICES}"
        )
    return Path(os.path.expanduser(text))


def _read(path: Path, known: bool) -> tuple[str, Pictures, str]:
    """What is at the path, in words, its pictures, and in words what was left out."""
    if is_file(path):
        return *cifar10.pictures(path, cifar10.archived(path, known)), ""
    if is_folder(path / cifar10.FOLDER):
        path = path / cifar10.FOLDER
    if any(is_file(path / name) for name in cifar10.FILES):
        return *cifar10.pictures(path, cifar10.unpacked(path)), ""
    if is_folder(path / "train") or is_folder(path / "test"):
        name = path.resolve().name
        pictures, left_out = folder_of_pictures(path)
        return f"the folder {name if name.isprintable() else ascii(name)}", pictures, left_out
    expected = f"the files of CIFAR-10 ({', '.join(cifar10.FILES)}), or the folders train and test"
    raise wrong(path, expected, "neither", CHOICES)
