"""CIFAR-10: its archive, the folder that it unpacks to, Keras' cache, and how to fetch it."""

import hashlib
import os
import pickle
import tarfile
import tempfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

import numpy as np

from course.pickles import Array, unpickled
from course.quiet import quiet_start
from course.reading import REMEDY, SHORT, SIDE, Pictures, is_file, wrong

N_CLASSES = 10
ROW = 3 * SIDE * SIDE

# The archive, as its author publishes it and as Keras checks it.
ARCHIVE_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
ARCHIVE_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
ARCHIVE_BYTES = 170_498_071
GZIP = b"\x1f\x8b"  # how it begins
FOLDER = "cifar-10-batches-py"
TRAIN_FILES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_FILE, META_FILE = "test_batch", "batches.meta"
FILES = (*TRAIN_FILES, TEST_FILE, META_FILE)
PICKLE_BYTES = 64_000_000  # twice as many as a batch has: its bytes can be written as a text

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


def archived(path: Path, known: bool) -> Iterator[tuple[str, bytes]]:
    """The names and contents of the known files in the archive; none is written to the disk."""
    if not known:
        size = path.stat().st_size  # first, as a checksum takes time
        found = _sha256(path) if size == ARCHIVE_BYTES else f"{size:,} bytes"
        if found != ARCHIVE_SHA256:
            raise wrong(
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
                        content = archive.extractfile(member)
                        assert content  # as it is a file
                        yield name, content.read()
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            raise wrong(path, "a whole archive", error) from error


def unpacked(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The names and contents of the known files in the folder."""
    for path in (folder / name for name in FILES):
        if is_file(path):
            size = path.stat().st_size
            if size > PICKLE_BYTES:
                raise wrong(path, f"at most {PICKLE_BYTES:,} bytes", f"{size:,}")
            yield path.name, path.read_bytes()


def pictures(path: Path, files: Iterator[tuple[str, bytes]]) -> tuple[str, Pictures]:
    """Whether this is all of CIFAR-10, in words, and its pictures."""
    found: dict[str, Any] = {}
    for name, content in files:
        check = _names if name == META_FILE else _batch
        found[name] = check(path / name, unpickled(path / name, content))
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
    rows = data.values if isinstance(data, Array) else None
    found = "no array" if rows is None else f"{rows.dtype} of shape {rows.shape}"
    if rows is None or rows.dtype != np.uint8 or rows.shape[1:] != (ROW,) or not len(rows):
        raise wrong(where, f"'data' of the type uint8 and the shape (n, {ROW})", found)
    if isinstance(labels, Array) and labels.values is not None:
        labels = labels.values.tolist()
    if not isinstance(labels, list) or len(labels) != len(rows):
        found = len(labels) if isinstance(labels, list) else "no list"
        raise wrong(where, f"a list of {len(rows)} 'labels', one for each picture", found)
    for label in labels:
        if type(label) is not int or label not in range(N_CLASSES):
            raise wrong(where, "whole numbers from 0 to 9 as 'labels'", SHORT.repr(label))
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
    raise wrong(where, f"a list of {N_CLASSES} texts as 'label_names'", SHORT.repr(names))


def _entry(where: Path, content: object, key: str) -> object:
    """An entry of a file's dictionary. Its keys are bytes if Python 2 wrote them."""
    if not isinstance(content, dict):
        raise wrong(where, "a dictionary", type(content).__name__)
    for name in (key.encode(), key):
        if name in content:
            return content[name]
    raise wrong(where, f"the key {key!r}", SHORT.repr(list(content)))


def _cache_folders() -> list[Path]:
    """Where Keras keeps data sets. It writes to the last, and we look in all."""
    text = os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")
    if text.startswith("~"):  # nobody knows where that is
        return [SPARE_HOME / "datasets"]
    home = Path(text).absolute()
    existing = next((folder for folder in (home, *home.parents) if os.path.exists(folder)), home)
    homes = [home] if os.access(existing, os.W_OK) else [home, SPARE_HOME]
    return [folder / "datasets" for folder in homes]


def cached() -> Path | None:
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
        if not is_file(path):
            return False
        with open(path, "rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read() == pickle.STOP
    except OSError:
        return False


def _is_archive(path: Path) -> bool:
    """Whether this is the whole archive. What we may not read is as good as not there."""
    try:
        right_size = is_file(path) and path.stat().st_size == ARCHIVE_BYTES
        return right_size and _sha256(path) == ARCHIVE_SHA256
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(path: Path) -> int:
    return os.path.getsize(path) if os.path.exists(path) else 0


def download() -> Path:
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
        raise wrong(ARCHIVE_URL, f"the SHA-256 checksum {ARCHIVE_SHA256}", digest, remedy)
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


def _progress_bar(total: int) -> Any:
    """Keras' progress bar for so many bytes."""
    with quiet_start():
        import keras
    return keras.utils.Progbar(total, interval=1, unit_name="byte")
