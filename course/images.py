"""Small colour pictures for the lessons on convolution: CIFAR-10, or others that stand in for it.

`load_images` reads what the environment variable ``COURSE_IMAGES`` names: ``cifar10``, ``digits``,
the archive of CIFAR-10, the folder that it unpacks to, or a folder of your own pictures. Without
the variable it reads CIFAR-10 if Keras has it on this machine already, and else draws
`photo_digits`, for which nothing is fetched.

CIFAR-10 is described in A. Krizhevsky (2009), "Learning Multiple Layers of Features from Tiny
Images". Its files are pickles, and a pickle can ask Python to run anything. They are read here
without running anything of theirs.

`photo_digits` draws handwritten digits over parts of photographs. Both come with scikit-learn: the
handwriting is from E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits,
UCI Machine Learning Repository; the photographs are ``china.jpg`` by danielbuechele and
``flower.jpg`` by vultilion, both from Flickr under the licence CC BY 2.0.
"""

import hashlib
import io
import os
import pickle
import re
import tarfile
import tempfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from os import PathLike
from pathlib import Path

import numpy as np

from course.quiet import quiet_start

__all__ = ["find_images", "load_images", "photo_digits"]

Pictures = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray], list[str]]

SIDE = 32
N_CLASSES = 10
ROW = 3 * SIDE * SIDE
SUFFIXES = (".png", ".jpg", ".jpeg")

# The archive, as its author publishes it and as Keras checks it.
ARCHIVE_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
ARCHIVE_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
ARCHIVE_BYTES = 170_498_071
FOLDER = "cifar-10-batches-py"
TRAIN_FILES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_FILE, META_FILE = "test_batch", "batches.meta"
FILES = (*TRAIN_FILES, TEST_FILE, META_FILE)

# What Keras calls the archive today; then the names that its older versions or its users gave it.
KERAS_ARCHIVE = f"{FOLDER}-target_archive"
CACHED_ARCHIVES = (
    KERAS_ARCHIVE,
    *(f"{FOLDER}-target.tar.gz", f"{FOLDER}_archive", f"{FOLDER}.tar.gz"),
    "cifar-10-python.tar.gz",
)
CACHED_FOLDERS = (Path(f"{FOLDER}-target", FOLDER), Path(FOLDER))
# Where Keras goes if it may not write to its own folder.
SPARE_HOME = Path("/tmp" if Path("/tmp").is_dir() else tempfile.gettempdir(), ".keras")

TIMEOUT = 30  # seconds without a single byte
MEGA = 1_000_000

CHOICES = (
    "Set COURSE_IMAGES to cifar10, to digits, or to the path of cifar-10-python.tar.gz, of the "
    "folder cifar-10-batches-py, or of a folder of pictures (train/CLASS/*.png, test/CLASS/*.png)."
)
REMEDY = "Set COURSE_IMAGES to a good copy, or to digits: those pictures need no file."


def load_images(source: str | PathLike | None = None) -> Pictures:
    """Colour pictures of 32 by 32 pixels, and a line that says which and how many.

    Args:
        source: ``"cifar10"``, ``"digits"``, or a path: of the archive ``cifar-10-python.tar.gz``,
            of the folder that it unpacks to, or of a folder of pictures in ``train/CLASS`` and
            ``test/CLASS``. If left out, the environment variable ``COURSE_IMAGES`` says it.

    Returns:
        ``(x_train, y_train), (x_test, y_test), class_names``. The pictures are uint8 of shape
        (n, 32, 32, 3), in the order red, green, blue. The labels are int64 of shape (n,), and
        count from 0. ``class_names`` is a list of texts.

    Raises:
        FileNotFoundError: if there is nothing at the path, or a part of it is missing.
        ValueError: if the content is not as expected. Nothing in a file is ever run.
        ConnectionError: if CIFAR-10 could not be fetched, or not all of it.
    """
    chosen = find_images(source)
    note = ""
    if chosen == "digits":
        what, pictures = "photo digits", photo_digits()
        if not _wanted(source):
            note = " (CIFAR-10 is not on this machine)"
    else:
        path = _cached() or _download() if chosen == "cifar10" else chosen
        what, pictures = _read(path)
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
        FileNotFoundError: if the source is neither of the two words nor an existing path.
    """
    wanted = _wanted(source)
    if not wanted:
        return "digits" if _cached() is None else "cifar10"
    if wanted in ("cifar10", "digits"):
        return wanted
    path = Path(os.path.expanduser(wanted))
    if not path.exists():
        raise FileNotFoundError(
            f"{path}: expected cifar10, digits, or a path that exists. Found nothing of this "
            f"name. {CHOICES}"
        )
    return path


def _wanted(source: str | PathLike | None) -> str | PathLike:
    """The source that is asked for, or an empty text if there is no wish."""
    # On Windows, "set COURSE_IMAGES=digits && python ..." leaves a space at the end.
    return os.environ.get("COURSE_IMAGES", "").strip() if source is None else source


def _wrong(where: object, expected: str, found: object, remedy: str = REMEDY) -> ValueError:
    return ValueError(f"{where}: expected {expected}. Found {found}. {remedy}")


def _read(path: Path) -> tuple[str, Pictures]:
    """What is at the path, in words, and its pictures."""
    if path.is_file():
        return _cifar10(path, _archived(path))
    if (path / FOLDER).is_dir():
        path = path / FOLDER
    if any((path / name).is_file() for name in FILES):
        return _cifar10(path, _unpacked(path))
    if (path / "train").is_dir() or (path / "test").is_dir():
        return f"the folder {path.resolve().name}", _folder_of_pictures(path)
    expected = f"the files of CIFAR-10 ({', '.join(FILES)}), or the folders train and test"
    raise _wrong(path, expected, "neither", CHOICES)


def _archived(path: Path) -> Iterator[tuple[str, bytes]]:
    """The names and contents of the known files in the archive; none is written to the disk."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != ARCHIVE_SHA256:
            raise _wrong(
                path,
                f"the archive of CIFAR-10, {ARCHIVE_BYTES:,} bytes with the SHA-256 checksum "
                f"{ARCHIVE_SHA256}",
                f"{file.tell():,} bytes with {digest}",
                f"Copy it again, or download it again from {ARCHIVE_URL}. {REMEDY}",
            )
        file.seek(0)
        try:
            with tarfile.open(fileobj=file, mode="r:gz") as archive:
                for member in archive:
                    folder, _, name = member.name.rpartition("/")
                    if folder == FOLDER and name in FILES and member.isreg():
                        yield name, archive.extractfile(member).read()
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            raise _wrong(path, "a whole archive", error) from error


def _unpacked(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The names and contents of the known files in the folder."""
    for name in FILES:
        if (folder / name).is_file():
            yield name, (folder / name).read_bytes()


def _cifar10(path: Path, files: Iterator[tuple[str, bytes]]) -> tuple[str, Pictures]:
    """Whether this is all of CIFAR-10, in words, and its pictures."""
    found = {}
    for name, content in files:
        check = _names if name == META_FILE else _batch
        found[name] = check(path / name, _unpickled(path / name, content))
    missing = [name for name in FILES if name not in found]
    if missing:
        raise FileNotFoundError(
            f"{path}: expected {', '.join(FILES)}. Missing: {', '.join(missing)}. {REMEDY}"
        )
    batches = [found[name] for name in TRAIN_FILES]
    x_train, y_train = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    x_test, y_test = found[TEST_FILE]
    whole = (len(x_train), len(x_test)) == (50_000, 10_000)
    pictures = (_decoded(x_train), y_train), (_decoded(x_test), y_test), found[META_FILE]
    return "CIFAR-10" if whole else "a part of CIFAR-10", pictures


def _decoded(rows: np.ndarray) -> np.ndarray:
    """A row has all of red, then of green, then of blue; we want the three beside one another."""
    return np.ascontiguousarray(rows.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))


def _batch(where: Path, content: object) -> tuple[np.ndarray, np.ndarray]:
    """The rows of pixels and the labels of a batch, checked."""
    data, labels = _entry(where, content, "data"), _entry(where, content, "labels")
    rows = data.values if isinstance(data, _Array) else None
    found = "no array" if rows is None else f"{rows.dtype} of shape {rows.shape}"
    if rows is None or rows.dtype != np.uint8 or rows.shape[1:] != (ROW,) or not len(rows):
        raise _wrong(where, f"'data' of the type uint8 and the shape (n, {ROW})", found)
    if isinstance(labels, _Array) and labels.values is not None:
        labels = labels.values.tolist()
    if not isinstance(labels, list) or len(labels) != len(rows):
        found = len(labels) if isinstance(labels, list) else "no list"
        raise _wrong(where, f"a list of {len(rows)} 'labels', one for each picture", found)
    for label in labels:
        if type(label) is not int or label not in range(N_CLASSES):
            raise _wrong(where, "whole numbers from 0 to 9 as 'labels'", f"{label!r:.40}")
    return rows, np.array(labels, dtype=np.int64)


def _names(where: Path, content: object) -> list[str]:
    """The names of the classes, checked."""
    names = _entry(where, content, "label_names")
    if isinstance(names, list) and len(names) == N_CLASSES:
        names = [name.decode() if isinstance(name, bytes) else name for name in names]
        if all(isinstance(name, str) for name in names):
            return names
    raise _wrong(where, f"a list of {N_CLASSES} texts as 'label_names'", f"{names!r:.40}")


def _entry(where: Path, content: object, key: str) -> object:
    """An entry of a file's dictionary. Its keys are bytes if Python 2 wrote them."""
    if not isinstance(content, dict):
        raise _wrong(where, "a dictionary", type(content).__name__)
    for name in (key.encode(), key):
        if name in content:
            return content[name]
    raise _wrong(where, f"the key {key!r}", f"{list(content)!r:.80}")


class _Type:
    """Stands for NumPy's dtype while a pickle is read.

    Args:
        name: ``u1`` for uint8, and so on.
        _: two more settings that NumPy writes; they have no meaning here.
    """

    def __init__(self, name: str | bytes, *_: object):
        self.name, self.order = name, "|"

    def __setstate__(self, state: tuple):
        self.order = state[1]

    def dtype(self) -> np.dtype:
        """The true type, if it is one of whole numbers."""
        texts = (self.order, self.name)
        name = "".join(text.decode() if isinstance(text, bytes) else text for text in texts)
        if not re.fullmatch("[|<>=]?[iu][1248]", name):
            raise ValueError(f"it has an array of the type {name!r}, not of whole numbers")
        return np.dtype(name)


class _Array:
    """Stands for NumPy's array while a pickle is read.

    Args:
        _: what NumPy makes an empty array of; the true shape and content come afterwards.
    """

    def __init__(self, *_: object):
        self.values: np.ndarray | None = None

    def __setstate__(self, state: tuple):
        _, shape, kind, by_columns, content = state
        values = np.frombuffer(content, kind.dtype())
        self.values = values.reshape(shape, order="F" if by_columns else "C")


def _array_from_buffer(content: bytes, kind: _Type, shape: tuple, order: str) -> _Array:
    array = _Array()
    array.__setstate__((1, shape, kind, order == "F", content))
    return array


def _number(kind: _Type, content: bytes) -> int:
    return np.frombuffer(content, kind.dtype()).item()


# All that a pickle of arrays may ask for, and what it gets. So NumPy never sees the pickle.
STAND_INS = {
    "numpy.dtype": _Type,
    "numpy.ndarray": _Array,
    "numpy.core.multiarray._reconstruct": _Array,
    "numpy.core.multiarray.scalar": _number,
    "numpy.core.numeric._frombuffer": _array_from_buffer,
    "_codecs.encode": lambda text, _: text.encode("latin1"),  # so Python 3 writes bytes for 2
}


class _Reader(pickle.Unpickler):
    """Reads a pickle, and refuses all that has no stand-in."""

    def find_class(self, module: str, name: str) -> object:
        stand_in = STAND_INS.get(f"{module.replace('numpy._core.', 'numpy.core.')}.{name}")
        if stand_in is None:
            raise ValueError(f"it asks for {module}.{name}, which no picture needs")
        return stand_in


def _unpickled(where: Path, content: bytes) -> object:
    """The content of a pickle. Nothing of it is run."""
    try:
        return _Reader(io.BytesIO(content), encoding="bytes").load()
    except Exception as error:  # damaged or hostile bytes can lead to any
        found = f"another, or a damaged one: {str(error).rstrip('.')}. Nothing of it was run"
        raise _wrong(where, "a pickle of numbers and texts", found) from error


def _cache_folders() -> list[Path]:
    """Where Keras keeps data sets. It writes to the last, and we look in all."""
    home = Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")).absolute()
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    homes = [home] if os.access(existing, os.W_OK) else [home, SPARE_HOME]
    return [folder / "datasets" for folder in homes]


def _cached() -> Path | None:
    """CIFAR-10 in Keras' cache, if it is there and whole."""
    for cache in _cache_folders():
        for name in CACHED_FOLDERS:
            if all(_is_whole_pickle(cache / name / file) for file in FILES):
                return cache / name
        for name in CACHED_ARCHIVES:
            if (cache / name).is_file() and _sha256(cache / name) == ARCHIVE_SHA256:
                return cache / name
    return None


def _is_whole_pickle(path: Path) -> bool:
    """Whether the file has a pickle's last byte. If unpacking was interrupted, it lacks it."""
    try:
        with open(path, "rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read() == pickle.STOP
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _download() -> Path:
    """Fetch the archive to where Keras looks for it, or go on with a download that broke off."""
    archive = _cache_folders()[-1] / KERAS_ARCHIVE
    # Under its own name Keras would fetch all of an unfinished archive again, or delete it.
    part = archive.with_name(f"{KERAS_ARCHIVE}.part")
    print(
        "CIFAR-10 is not on this machine. It is fetched now: 170 MB (163 MiB). People report 25 "
        "to 40 minutes, or a failure. You can interrupt it: the same call goes on where it "
        f"stopped. Here already: {_size(part) / MEGA:.1f} MB."
    )
    try:
        _fetch_rest(part)
    except (OSError, HTTPException) as error:
        raise ConnectionError(
            f"CIFAR-10: expected {ARCHIVE_BYTES / MEGA:.1f} MB from {ARCHIVE_URL}. Found an end "
            f"before that: {str(error) or type(error).__name__}. {_size(part) / MEGA:.1f} MB are "
            "here and are kept: the same call goes on from there. Or download the file elsewhere, "
            "put it on a stick and set COURSE_IMAGES to its path. Or set COURSE_IMAGES=digits: "
            "those pictures need no download."
        ) from error
    digest = _sha256(part)
    if digest != ARCHIVE_SHA256:
        part.unlink()  # to go on with it could never work
        remedy = f"The file was deleted: the same call fetches it from the start. {REMEDY}"
        raise _wrong(ARCHIVE_URL, f"the SHA-256 checksum {ARCHIVE_SHA256}", digest, remedy)
    os.replace(part, archive)
    return archive


def _fetch_rest(part: Path) -> None:
    """Add to the file what it lacks of the archive."""
    have = _size(part)
    if have >= ARCHIVE_BYTES:
        return
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        request = urllib.request.Request(ARCHIVE_URL, headers=headers)
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if have and error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # the server has no more: the checksum tells whether that is right
        raise
    with response:
        start = _start(response, have)
        part.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
        with open(part, "r+b") as file:
            # What is there is written over, not cut off: if this breaks off too, nothing is lost.
            file.seek(start)
            bar = _progress_bar(ARCHIVE_BYTES - start)
            while chunk := response.read1(1 << 16):
                file.write(chunk)
                bar.update(file.tell() - start)
            if file.tell() < ARCHIVE_BYTES:
                raise OSError("the server sent no more")


def _start(response: HTTPResponse, have: int) -> int:
    """From which byte on the server sends the archive. A page of another length is not it."""
    start = 0
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        start = have
        span = response.headers["Content-Range"] or "nothing"
        if not span.startswith(f"bytes {have}-{ARCHIVE_BYTES - 1}/"):
            raise OSError(f"the server says that it sends {span}, not from byte {have} to the end")
    length = response.headers["Content-Length"]
    if length not in (None, str(ARCHIVE_BYTES - start)):
        raise OSError(f"the server sent something else, of {length} bytes")
    return start


def _progress_bar(total: int):
    """Keras' progress bar for so many bytes."""
    with quiet_start():
        import keras
    return keras.utils.Progbar(total, interval=1, unit_name="byte")


def _folder_of_pictures(folder: Path) -> Pictures:
    """The pictures in ``train/CLASS`` and ``test/CLASS``."""
    parts = (folder / "train", folder / "test")
    train, test = ([path.name for path in _visible(part) if path.is_dir()] for part in parts)
    if train != test or not train:
        found = f"{', '.join(train) or 'none'} in train and {', '.join(test) or 'none'} in test"
        expected = "the same folders, one for each class, in train and in test"
        raise _wrong(folder, expected, found, "Correct the folders, so that both have all classes.")
    return *(_labelled(part, train) for part in parts), train


def _visible(folder: Path) -> list[Path]:
    """What is in the folder, sorted by name; hidden files are left out."""
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder}: expected a folder with a folder of pictures for each class. Found none. "
            "Make it: the pictures to test with must be others than those to train with."
        )
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _labelled(folder: Path, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The pictures of all classes, mixed in an order that is always the same, and their labels."""
    pictures, labels = [], []
    for label, name in enumerate(names):
        paths = [path for path in _visible(folder / name) if path.suffix.lower() in SUFFIXES]
        if not paths:
            remedy = "Put some there, or remove the class from train and from test."
            raise _wrong(folder / name, "pictures (png, jpg, jpeg)", "none", remedy)
        pictures += map(_picture, paths)
        labels += [label] * len(paths)
    # Keras' validation_split takes the last pictures as they come: they must not be of one class.
    order = np.random.default_rng(0).permutation(len(labels))
    return np.stack(pictures)[order], np.array(labels, dtype=np.int64)[order]


def _picture(path: Path) -> np.ndarray:
    """The red, green and blue of the picture in a file."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            if image.size == (SIDE, SIDE):
                # By way of RGBA, as Pillow warns of a palette with transparent colours.
                return np.array(image.convert("RGBA").convert("RGB"))
            found = "{} by {}".format(*image.size)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        remedy = "Save it again as a PNG file, or remove it."
        raise _wrong(path, "a picture", f"none: {error}", remedy) from error
    raise _wrong(path, f"{SIDE} by {SIDE} pixels", found, "Make all pictures of this size first.")


def photo_digits(seed: int = 1, n_train: int = 8000, n_test: int = 2000) -> Pictures:
    """Handwritten digits in any colour, size and place over parts of two photographs.

    They are about as hard for a small network as CIFAR-10. No piece of handwriting that is in the
    pictures for training is in those for testing.

    Args:
        seed: the same seed gives the same pictures.
        n_train: how many pictures for training.
        n_test: how many pictures for testing.

    Returns:
        The same as `load_images`; the classes are ``"0"``, ..., ``"9"``, all equally frequent.
    """
    from sklearn.datasets import load_digits, load_sample_images

    rng = np.random.default_rng(seed)
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
