"""Files and folders of pictures: is something there, may it be read, and what to say if not."""

import reprlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

Pictures = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray], list[str]]

SIDE = 32  # pixels


class _Short(reprlib.Repr):
    """For messages: the repr of something foreign can have no end."""

    def repr_bytes(self, text: bytes, _: int) -> str:
        return repr(text[:30])


SHORT = _Short()
SHORT.maxlevel = 2

CHOICES = (
    "Set COURSE_IMAGES to cifar10, to digits, or to the path of cifar-10-python.tar.gz, of the "
    "folder cifar-10-batches-py, or of a folder of pictures (train/CLASS/*.png, test/CLASS/*.png)."
)
REMEDY = "Set COURSE_IMAGES to a good copy, or to digits: those pictures need no file."


def wrong(where: object, expected: str, found: object, remedy: str = REMEDY) -> ValueError:
    """The error for a file or folder that is not as expected."""
    return ValueError(f"{where}: expected {expected}. Found {found}. {remedy}")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say what to do about an error of the system; those have a number, and ours have none."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise type(error)(
            f"{error.filename or path}: expected a file or folder that can be read. Found: "
            f"{error.strerror}. Get the right to read it, or copy it to a folder of your own. "
            f"{REMEDY}"
        ) from error


def mode(path: Path) -> int:
    """What kind of thing is there, for `stat`; 0 if nothing is. If we may not look, it raises."""
    try:
        return path.stat().st_mode
    except PermissionError:
        raise
    except (OSError, ValueError):  # a link to nothing or to itself; no possible name
        return 0


def is_file(path: Path) -> bool:
    """Whether it can be opened: a pipe would let us wait for ever."""
    return stat.S_ISREG(mode(path))


def is_folder(path: Path) -> bool:
    """Whether there is a folder that may be looked into."""
    return stat.S_ISDIR(mode(path))
