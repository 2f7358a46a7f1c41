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

import hashlib
import os
import pickle
import pickletools
import re
import reprlib
import stat
import tarfile
import tempfile
import unicodedata
import urllib.error
import urllib.request
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from os import PathLike
from pathlib import Path

import numpy as np

from course.inputs import random_generator, whole_number
from course.quiet import quiet_start

__all__ = ["find_images", "load_images", "photo_digits"]

Pictures = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray], list[str]]

SIDE = 32
N_CLASSES = 10
ROW = 3 * SIDE * SIDE
FORMATS = ("PNG", "JPEG")
SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif")
# What Pillow makes of them: 8 bits for each colour, and grey in 16 bits.
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK")
GREY_16 = ("I;16", "I;16B", "I")

# The archive, as its author publishes it and as Keras checks it.
ARCHIVE_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
ARCHIVE_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
ARCHIVE_BYTES = 170_498_071
GZIP = b"\x1f\x8b"  # how it begins
FOLDER = "cifar-10-batches-py"
TRAIN_FILES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_FILE, META_FILE = "test_batch", "batches.meta"
FILES = (*TRAIN_FILES, TEST_FILE, META_FILE)
# Twice as much as a batch has, for its bytes can be written as a text; and five times as many.
PICKLE_BYTES, PICKLE_INSTRUCTIONS = 64_000_000, 1_000_000

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

# For messages: the repr of something foreign can have no end.
SHORT = reprlib.Repr()
SHORT.maxlevel = 2
SHORT.repr_bytes = lambda text, _: repr(text[:30])

CHOICES = (
    "Set COURSE_IMAGES to cifar10, to digits, or to the path of cifar-10-python.tar.gz, of the "
    "folder cifar-10-batches-py, or of a folder of pictures (train/CLASS/*.png, test/CLASS/*.png)."
)
REMEDY = "Set COURSE_IMAGES to a good copy, or to digits: those pictures need no file."


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
        path = cached or _cached() or _download() if known else chosen
        with _reading(path):
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
        cached = _cached()
        return "digits" if cached is None else "cifar10", cached
    if isinstance(wanted, Path):
        with _reading(wanted):
            found = _mode(wanted)
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


def _wrong(where: object, expected: str, found: object, remedy: str = REMEDY) -> ValueError:
    return ValueError(f"{where}: expected {expected}. Found {found}. {remedy}")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
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


def _mode(path: Path) -> int:
    """What kind of thing is there, for `stat`; 0 if nothing is. If we may not look, it raises."""
    try:
        return path.stat().st_mode
    except PermissionError:
        raise
    except (OSError, ValueError):  # a link to nothing or to itself; no possible name
        return 0


def _is_file(path: Path) -> bool:
    """Whether it can be opened: a pipe would let us wait for ever."""
    return stat.S_ISREG(_mode(path))


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(_mode(path))


def _read(path: Path, known: bool) -> tuple[str, Pictures, str]:
    """What is at the path, in words, its pictures, and in words what was left out."""
    if _is_file(path):
        return *_cifar10(path, _archived(path, known)), ""
    if _is_folder(path / FOLDER):
        path = path / FOLDER
    if any(_is_file(path / name) for name in FILES):
        return *_cifar10(path, _unpacked(path)), ""
    if _is_folder(path / "train") or _is_folder(path / "test"):
        name = path.resolve().name
        pictures, left_out = _folder_of_pictures(path)
        return f"the folder {name if name.isprintable() else ascii(name)}", pictures, left_out
    expected = f"the files of CIFAR-10 ({', '.join(FILES)}), or the folders train and test"
    raise _wrong(path, expected, "neither", CHOICES)


def _archived(path: Path, known: bool) -> Iterator[tuple[str, bytes]]:
    """The names and contents of the known files in the archive; none is written to the disk."""
    if not known:
        size = path.stat().st_size  # first, as a checksum takes time
        found = _sha256(path) if size == ARCHIVE_BYTES else f"{size:,} bytes"
        if found != ARCHIVE_SHA256:
            raise _wrong(
                path,
                f"the archive of CIFAR-10, {ARCHIVE_BYTES:,} bytes with the SHA-256 checksum "
                f"{ARCHIVE_SHA256}",
                found,
                f"Copy it again, or download it again from {ARCHIVE_URL}. {REMEDY}",
            )
    with open(path, "rb") as file:
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
    for path in (folder / name for name in FILES):
        if _is_file(path):
            size = path.stat().st_size
            if size > PICKLE_BYTES:
                raise _wrong(path, f"at most {PICKLE_BYTES:,} bytes", f"{size:,}")
            yield path.name, path.read_bytes()


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
            raise _wrong(where, "whole numbers from 0 to 9 as 'labels'", SHORT.repr(label))
    return rows, np.array(labels, dtype=np.int64)


def _names(where: Path, content: object) -> list[str]:
    """The names of the classes, checked."""
    names = _entry(where, content, "label_names")
    if isinstance(names, list) and len(names) == N_CLASSES:
        # What is no text in UTF-8 becomes one that cannot be printed.
        texts = [
            name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
            for name in names
        ]
        if all(isinstance(text, str) and text.isprintable() for text in texts):
            return texts
    raise _wrong(where, f"a list of {N_CLASSES} texts as 'label_names'", SHORT.repr(names))


def _entry(where: Path, content: object, key: str) -> object:
    """An entry of a file's dictionary. Its keys are bytes if Python 2 wrote them."""
    if not isinstance(content, dict):
        raise _wrong(where, "a dictionary", type(content).__name__)
    for name in (key.encode(), key):
        if name in content:
            return content[name]
    raise _wrong(where, f"the key {key!r}", SHORT.repr(list(content)))


class _Type:
    """Stands for NumPy's dtype while a pickle is read.

    Args:
        name: ``u1`` for uint8, and so on.
        _: two more settings that NumPy writes; they have no meaning here.
    """

    def __init__(self, name: str | bytes, *_: object):
        self.name, self.order = name, "|"

    def set_state(self, state: tuple):
        """Take what NumPy writes of the type; its second part is the order of bytes."""
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

    def set_state(self, state: tuple):
        """Take what NumPy writes of the array."""
        _, shape, kind, by_columns, content = state
        values = np.frombuffer(content, kind.dtype())
        self.values = values.reshape(shape, order="F" if by_columns else "C")


def _array_from_buffer(content: bytes, kind: _Type, shape: tuple, order: str) -> _Array:
    array = _Array()
    array.set_state((1, shape, kind, order == "F", content))
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


# What stands beside these instructions goes on the stack as it is.
LITERALS = (
    *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
    *("BINUNICODE", "SHORT_BINUNICODE"),
    *("BINBYTES", "SHORT_BINBYTES"),
)
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list}
# How many things these take from the stack; or all down to the last mark.
TAKEN = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3, "APPEND": 1, "SETITEM": 2}
TAKEN |= {"STACK_GLOBAL": 2, "REDUCE": 2, "BUILD": 1}
TO_THE_MARK = ("TUPLE", "APPENDS", "SETITEMS")


def _unpickled(where: Path, content: bytes) -> object:
    """The content of a pickle. Nothing of it is run."""
    try:
        return _rebuilt(content)
    except Exception as error:  # damaged or hostile bytes can lead to any
        reason = str(error).rstrip(".")[:200]
        found = f"another, or a damaged one: {reason}. Nothing of it was run"
        raise _wrong(where, "a pickle of numbers and texts", found) from error


def _rebuilt(content: bytes) -> object:
    """What a pickle describes, if it is made of numbers, texts and arrays.

    A pickle is a row of instructions for a machine with a stack. Python's own machine trusts them:
    a few bytes can keep it busy for ever, or end it. This one has the instructions that the two
    Pythons and NumPy write for a batch; it calls the stand-ins and nothing else.
    """
    stack, marks, memory, n_made = [], [], {}, 0
    for count, (opcode, argument, _) in enumerate(pickletools.genops(content)):
        if count == PICKLE_INSTRUCTIONS:
            raise ValueError(f"it has more than {PICKLE_INSTRUCTIONS:,} instructions")
        name, taken = opcode.name, []
        if name in TO_THE_MARK:
            start = marks.pop()
            taken = stack[start:]
            del stack[start:]
        elif name in TAKEN:
            taken = [stack.pop() for _ in range(TAKEN[name])][::-1]

        if name in LITERALS:
            stack.append(argument)
        elif name in ("BINSTRING", "SHORT_BINSTRING"):  # a text of Python 2: bytes
            stack.append(argument.encode("latin1"))
        elif name == "BYTEARRAY8":
            stack.append(bytes(argument))
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name in EMPTY:
            stack.append(EMPTY[name]())
        elif name == "MARK":
            marks.append(len(stack))
        elif name in ("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"):
            stack.append(tuple(taken))
        elif name in ("APPEND", "APPENDS"):
            stack[-1].extend(taken)
        elif name in ("SETITEM", "SETITEMS"):
            # To look up a tuple of tuples of tuples can take for ever, or end Python.
            if not all(isinstance(key, str | bytes) for key in taken[::2]):
                raise ValueError("it has a dictionary with keys that are no texts")
            stack[-1].update(zip(taken[::2], taken[1::2], strict=True))
        elif name in ("BINPUT", "LONG_BINPUT"):
            memory[argument] = stack[-1]
        elif name == "MEMOIZE":
            memory[len(memory)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memory[argument])
        elif name == "GLOBAL":
            stack.append(_stand_in(*argument.split(" ", 1)))
        elif name == "STACK_GLOBAL":
            stack.append(_stand_in(*taken))
        elif name == "REDUCE":
            stack.append(_called(*taken))
            n_made += len(stack[-1]) if isinstance(stack[-1], bytes) else 0
            if n_made > len(content):  # the same text again and again
                raise ValueError("it makes more bytes than it has")
        elif name == "BUILD":
            stack[-1].set_state(*taken)
        elif name == "STOP":
            return stack.pop()
        elif name not in ("PROTO", "FRAME"):
            raise ValueError(f"it has the instruction {name}, which no picture needs")
    raise ValueError("it has no end")


def _stand_in(module: object, name: object) -> Callable:
    if not isinstance(module, str) or not isinstance(name, str):
        raise ValueError("it asks for something whose name is no text")
    asked = f"{module.replace('numpy._core.', 'numpy.core.')}.{name}"
    if asked not in STAND_INS:
        raise ValueError(f"it asks for {module:.80}.{name:.80}, which no picture needs")
    return STAND_INS[asked]


def _called(function: Callable, arguments: tuple) -> object:
    """What a stand-in makes of its arguments, which are few."""
    if len(arguments) > 4:
        raise ValueError(f"it hands over {len(arguments):,} arguments at once")
    return function(*arguments)


def _cache_folders() -> list[Path]:
    """Where Keras keeps data sets. It writes to the last, and we look in all."""
    text = os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")
    if text.startswith("~"):  # nobody knows where that is
        return [SPARE_HOME / "datasets"]
    home = Path(text).absolute()
    existing = next((folder for folder in (home, *home.parents) if os.path.exists(folder)), home)
    homes = [home] if os.access(existing, os.W_OK) else [home, SPARE_HOME]
    return [folder / "datasets" for folder in homes]


def _cached() -> Path | None:
    """CIFAR-10 in Keras' cache, if it is there and whole."""
    for cache in _cache_folders():
        for name in CACHED_FOLDERS:
            if all(_is_whole_pickle(cache / name / file) for file in FILES):
                return cache / name
        for name in CACHED_ARCHIVES:
            if _is_archive(cache / name):
                return cache / name
    return None


def _is_whole_pickle(path: Path) -> bool:
    """Whether the file has a pickle's last byte. If unpacking was interrupted, it lacks it."""
    try:
        if not _is_file(path):
            return False
        with open(path, "rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read() == pickle.STOP
    except OSError:
        return False


def _is_archive(path: Path) -> bool:
    """Whether this is the whole archive. What we may not read is as good as not there."""
    try:
        right_size = _is_file(path) and path.stat().st_size == ARCHIVE_BYTES
        return right_size and _sha256(path) == ARCHIVE_SHA256
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(path: Path) -> int:
    return os.path.getsize(path) if os.path.exists(path) else 0


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
        archive.parent.mkdir(parents=True, exist_ok=True)
        with _alone(archive):
            if _is_archive(archive):  # while this one waited
                return archive
            _fetch_rest(part)
            digest = _sha256(part)
            if digest == ARCHIVE_SHA256:
                os.replace(part, archive)
            else:
                part.unlink()  # to go on with it could never work
    except (OSError, HTTPException) as error:
        raise ConnectionError(
            f"CIFAR-10: expected {ARCHIVE_BYTES / MEGA:.1f} MB from {ARCHIVE_URL}. Found an end "
            f"before that: {str(error) or type(error).__name__}. {_size(part) / MEGA:.1f} MB are "
            "here and are kept: the same call goes on from there. Or download the file elsewhere, "
            "put it on a stick and set COURSE_IMAGES to its path. Or set COURSE_IMAGES=digits: "
            "those pictures need no download."
        ) from error
    if digest != ARCHIVE_SHA256:
        remedy = f"The file was deleted: the same call fetches it from the start. {REMEDY}"
        raise _wrong(ARCHIVE_URL, f"the SHA-256 checksum {ARCHIVE_SHA256}", digest, remedy)
    return archive


@contextmanager
def _alone(archive: Path) -> Iterator[None]:
    """Keep other downloads of the archive waiting; a program that is killed keeps none."""
    from filelock import FileLock, Timeout

    lock = FileLock(archive.with_name(f".{FOLDER}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print("Another download of it is under way. This one waits for it to end.")
        lock.acquire()
    except NotImplementedError:  # a network disk that has no locks
        yield
        return
    try:
        yield
    finally:
        lock.release()


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
        part.touch()
        with open(part, "r+b") as file:
            # What is there is written over, not cut off: if this breaks off too, nothing is lost.
            file.seek(start)
            bar = _progress_bar(ARCHIVE_BYTES - start)
            while (lacking := ARCHIVE_BYTES - file.tell()) > 0:
                chunk = response.read1(min(lacking, 1 << 16))  # no more, whatever it sends
                if not chunk:
                    raise OSError("the server sent no more")
                if not file.tell() and not GZIP.startswith(chunk[:2]):
                    raise OSError("the server sent something else, no archive")
                file.write(chunk)
                bar.update(file.tell() - start)


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


def _folder_of_pictures(folder: Path) -> tuple[Pictures, str]:
    """The pictures in ``train/CLASS`` and ``test/CLASS``, and what was left out, in words."""
    _, left_out = _sorted_out(folder, lambda path: path.name in ("train", "test"))
    train, test = (_classes(folder / part, left_out) for part in ("train", "test"))
    if train.keys() != test.keys() or not train:
        found = f"{', '.join(train) or 'none'} in train and {', '.join(test) or 'none'} in test"
        if differing := sorted(train.keys() ^ test.keys()):
            found += f"; in one of them only: {', '.join(map(ascii, differing))}"
        expected = "the same folders, one for each class, in train and in test"
        raise _wrong(folder, expected, found, "Correct the folders, so that both have all classes.")
    parts = [_labelled([part[name] for name in sorted(part)], left_out) for part in (train, test)]
    return (*parts, sorted(train)), _told(left_out)


def _sorted_out(folder: Path, is_wanted: Callable[[Path], bool]) -> tuple[list[Path], list[Path]]:
    """What is wanted of the things in the folder, and the others; both by name, none hidden."""
    if not _is_folder(folder):
        raise FileNotFoundError(
            f"{folder}: expected a folder with a folder of pictures for each class. Found none. "
            "Make it: the pictures to test with must be others than those to train with."
        )
    wanted, others = [], []
    for path in sorted(folder.iterdir()):
        if not path.name.startswith("."):
            (wanted if is_wanted(path) else others).append(path)
    return wanted, others


def _classes(part: Path, left_out: list[Path]) -> dict[str, Path]:
    """The folders of the classes by their names. What is left out is added to the list."""
    folders, others = _sorted_out(part, _is_folder)
    left_out += others
    classes = {}
    for path in folders:
        # macOS writes an accent as a letter of its own: the same name in other bytes.
        name = unicodedata.normalize("NFC", path.name)
        if name in classes or not name.isprintable():
            expected = "folders whose names can be printed and told apart"
            raise _wrong(part, expected, ascii(path.name), "Rename the folder.")
        classes[name] = path
    return classes


def _labelled(folders: list[Path], left_out: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """The pictures of all classes, mixed in an order that is always the same, and their labels.

    What is left out is added to the list.
    """
    pictures, labels = [], []
    for label, folder in enumerate(folders):
        paths, others = _sorted_out(folder, _is_picture)
        if not paths:
            remedy = "Put some there, or remove the class from train and from test."
            raise _wrong(folder, f"pictures ({', '.join(SUFFIXES)})", "none", remedy)
        left_out += others
        pictures += map(_picture, paths)
        labels += [label] * len(paths)
    # Keras' validation_split takes the last pictures as they come: they must not be of one class.
    order = np.random.default_rng(0).permutation(len(labels))
    return np.stack(pictures)[order], np.array(labels, dtype=np.int64)[order]


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and _is_file(path)


def _told(left_out: list[Path]) -> str:
    """How many things were left out, and of which kinds, for the line about the pictures."""
    if not left_out:
        return ""
    kinds = Counter(map(_kind, left_out)).most_common(6)
    return (
        f"; {len(left_out):,} left out, as they are no PNG or JPEG files in train/CLASS or "
        f"test/CLASS: {', '.join(f'{kind} ({n:,})' for kind, n in kinds)}"
    )


def _kind(path: Path) -> str:
    if _is_folder(path):
        return "folder"
    if not _is_file(path):
        return "pipe or broken link"
    suffix = path.suffix.lower()
    return suffix if suffix.isascii() and suffix[1:].isalnum() else "without a known suffix"


def _picture(path: Path) -> np.ndarray:
    """The red, green and blue of the picture in a file, upright and on white."""
    from PIL import Image, ImageOps

    try:
        # What Pillow only warns of, such as a damaged EXIF tag, it goes on without.
        with (
            warnings.catch_warnings(action="error", category=UserWarning),
            Image.open(path, formats=FORMATS) as image,
        ):
            wrong = _unfit(image)
            if not wrong:
                upright = ImageOps.exif_transpose(image)
                if upright.mode in GREY_16:  # Pillow would cut off all above 255
                    upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
                page = Image.new("RGBA", upright.size, "white")
                page.alpha_composite(upright.convert("RGBA"))
                return np.array(page.convert("RGB"))
    except Exception as error:  # damaged bytes can lead to any
        if isinstance(error, OSError) and error.errno is not None:  # it could not be opened
            raise
        remedy = "Save it again as a PNG file, or remove it."
        raise _wrong(path, "a picture", f"none: {error}", remedy) from error
    raise _wrong(path, *wrong)


def _unfit(image) -> tuple[str, str, str] | None:
    """What is expected of a picture, found, and to do, before it is decoded; None if it is fit."""
    if image.size != (SIDE, SIDE):
        found = "{} by {}".format(*image.size)
        return f"{SIDE} by {SIDE} pixels", found, "Make all pictures of this size first."
    # A JPEG file of a phone may have a second picture; the first is the photograph.
    if image.format == "PNG" and image.is_animated:
        return "a single picture", f"{image.n_frames} frames", "Save one of them as a PNG file."
    if image.mode not in (*MODES, *GREY_16):
        found = f"the mode {image.mode}"
        return f"one of the modes {', '.join(MODES)}", found, "Save it again as a PNG file."
    # Of a picture with other than 8 bits, Pillow compares the colour before with that after.
    depth = image.tile[0][3]
    if "transparency" in image.info and image.mode != "P" and depth not in ("1", "L", "RGB"):
        expected = "8 bits where one colour is transparent"
        return expected, f"the depth {depth}", "Save it again as a PNG file with 8 bits."
    return None


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
