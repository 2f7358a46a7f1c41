"""The pictures are what their sources hold; a source that is damaged or hostile is refused."""

import gc
import hashlib
import io
import os
import pickle
import re
import signal
import socket
import struct
import tarfile
import tempfile
import threading
import time
import unicodedata
import warnings
import zlib
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from filelock import FileLock
from PIL import EpsImagePlugin, Image
from running import run_python

from course import cifar10, images, pickles
from course.images import find_images, load_images
from course.photo_digits import _drawn, photo_digits

URL, SHA256, PROGRESS_BAR = cifar10.ARCHIVE_URL, cifar10.ARCHIVE_SHA256, cifar10._progress_bar
NAMES = ["airplane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
PER_BATCH = 3

as_a_student = pytest.mark.filterwarnings("default")  # for whom warnings only warn


# What the tests work with: a tiny CIFAR-10, written as Python 2 wrote the true one.


def python2(value) -> bytes:
    """The opcodes with which Python 2 wrote a dictionary, list, number, text or array."""
    if isinstance(value, dict):
        return b"}(" + b"".join(python2(x) for item in value.items() for x in item) + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(map(python2, value)) + b"e"
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, bytes):
        return b"T" + struct.pack("<i", len(value)) + value
    assert value.dtype == np.uint8
    by_columns = value.flags.f_contiguous and not value.flags.c_contiguous
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR(K\x01"
        + (b"(" + b"".join(map(python2, value.shape)) + b"t")
        + b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR"
        + b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        + (b"\x88" if by_columns else b"\x89")
        + python2(value.tobytes(order="A"))
        + b"tb"
    )


def written(value) -> bytes:
    return b"\x80\x02" + python2(value) + b"."


def batch(number: int) -> dict:
    """Three pictures of noise, which does not compress."""
    rng = np.random.default_rng(number)
    data = rng.integers(0, 256, (PER_BATCH, 3072), dtype=np.uint8)
    return {b"data": data, b"labels": [number, 0, 9], b"batch_label": b"a batch"}


def cifar_files() -> dict[str, bytes]:
    files = {f"data_batch_{number}": written(batch(number)) for number in range(1, 6)}
    files["test_batch"] = written(batch(6))
    files["batches.meta"] = written({b"label_names": [name.encode() for name in NAMES]})
    return files


def packed(files: dict[str, bytes]) -> bytes:
    """The files as an archive; the true one has a page of text as well."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in {**files, "readme.html": b"<p>"}.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


ARCHIVE = packed(cifar_files())


def write_folder(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    folder.mkdir(parents=True)
    for name, content in (cifar_files() if files is None else files).items():
        (folder / name).write_bytes(content)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """All files under the folder, byte for byte, but for the lock of a download."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


def accept(monkeypatch, archive: bytes) -> None:
    """Take this archive for the true one."""
    monkeypatch.setattr(cifar10, "ARCHIVE_SHA256", hashlib.sha256(archive).hexdigest())
    monkeypatch.setattr(cifar10, "ARCHIVE_BYTES", len(archive))


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path) -> Path:
    """Keras' folder for data sets, empty, on a machine with no wish and no network."""
    monkeypatch.delenv("COURSE_IMAGES", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(cifar10, "SPARE_HOME", tmp_path / "spare")
    monkeypatch.setattr(cifar10, "ARCHIVE_URL", "http://127.0.0.1:9/nothing")
    accept(monkeypatch, ARCHIVE)
    folder = tmp_path / "keras" / "datasets"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(scope="session")
def digits():
    return photo_digits()


@pytest.fixture
def quick_digits(monkeypatch, digits):
    """The photo digits, made once for all tests."""
    monkeypatch.setattr(images, "photo_digits", lambda: digits)


def check_tiny_cifar(pictures) -> None:
    (x_train, y_train), (x_test, y_test), class_names = pictures
    assert x_train.shape == (15, 32, 32, 3)
    assert x_test.shape == (3, 32, 32, 3)
    assert x_train.dtype == x_test.dtype == np.uint8
    assert y_train.tolist() == [1, 0, 9, 2, 0, 9, 3, 0, 9, 4, 0, 9, 5, 0, 9]
    assert y_test.tolist() == [6, 0, 9]
    assert y_train.dtype == y_test.dtype == np.int64
    assert class_names == NAMES
    assert np.array_equal(x_test[:, 0, 0, 0], batch(6)[b"data"][:, 0])


@contextmanager
def pipe(path: Path):
    """A pipe is at the path; who opens it to read would wait for ever, and is woken up."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no pipes in its folders")

    def wake_up(*_):
        pytest.fail("it waits for the pipe")

    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    before = signal.signal(signal.SIGALRM, wake_up)
    signal.alarm(10)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def somebody_elses(path: str):
    """A folder of pictures in which this path may not be read, and how to load it as a guest."""
    if not hasattr(os, "setuid"):
        pytest.skip("this system has other rights")
    with tempfile.TemporaryDirectory() as folder:
        for part in ("train", "test"):
            save_picture(Path(folder, part, "rose", "a.png"), 0)
        os.chmod(folder, 0o755)
        os.chmod(Path(folder, path), 0)
        lines = (
            "import os, PIL.Image, PIL.ImageOps, course.images as i",
            "PIL.Image.preinit()",
            "os.geteuid() or (os.setgid(65534), os.setuid(65534))",
            "try: print(i.{0}({1!r}))",
            "except OSError as error: print(type(error).__name__, error)",
        )

        def run(call: str, path) -> str:
            return run_python("-c", "\n".join(lines).format(call, str(path))).stdout

        try:
            yield folder, run
        finally:
            os.chmod(Path(folder, path), 0o755)


# CIFAR-10, unpacked and packed.


def test_a_row_holds_red_then_green_then_blue(tmp_path):
    x_test = load_images(write_folder(tmp_path / "cifar"))[1][0]
    rows = batch(6)[b"data"]
    for colour in range(3):
        for place in ((0, 0), (0, 31), (31, 0), (5, 7)):
            column = 1024 * colour + 32 * place[0] + place[1]
            assert x_test[:, *place, colour].tolist() == rows[:, column].tolist()


def test_the_pictures_are_contiguous_and_can_be_changed(tmp_path):
    (x_train, _), (x_test, _), _ = load_images(write_folder(tmp_path / "cifar"))
    for x in (x_train, x_test):
        assert x.flags.c_contiguous
        assert x.flags.writeable


def test_the_unpacked_folder(tmp_path):
    check_tiny_cifar(load_images(write_folder(tmp_path / "anything")))


def test_the_folder_around_the_unpacked_folder(tmp_path):
    write_folder(tmp_path / "around" / "cifar-10-batches-py")
    check_tiny_cifar(load_images(tmp_path / "around"))


def test_the_archive_under_any_name(tmp_path):
    path = tmp_path / "from the stick.bin"
    path.write_bytes(ARCHIVE)
    check_tiny_cifar(load_images(str(path)))


def test_the_archive_is_not_unpacked_to_the_disk(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "archive").write_bytes(ARCHIVE)
    load_images("archive")
    assert set(contents(tmp_path)) == {"archive"}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("kind", ["list", "array", "numbers of NumPy"])
def test_batches_that_python_3_wrote(tmp_path, protocol, kind):
    files = cifar_files()
    for number in range(1, 7):
        content = {key.decode(): value for key, value in batch(number).items()}
        if kind != "list":
            content["labels"] = np.array(content["labels"])
        if kind == "numbers of NumPy":
            content["labels"] = list(content["labels"])
        name = "test_batch" if number == 6 else f"data_batch_{number}"
        files[name] = pickle.dumps(content, protocol)
    files["batches.meta"] = pickle.dumps({"label_names": NAMES}, protocol)
    check_tiny_cifar(load_images(write_folder(tmp_path / "cifar", files)))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_batch_that_has_the_names_of_many_files(tmp_path, protocol):
    names = [f"picture {number}".encode() for number in range(300)]
    content = {b"filenames": names + names} | batch(6)
    files = cifar_files() | {"test_batch": pickle.dumps(content, protocol)}
    check_tiny_cifar(load_images(write_folder(tmp_path / "cifar", files)))


@pytest.mark.parametrize("write", [written, pickle.dumps, partial(pickle.dumps, protocol=5)])
def test_rows_that_lie_in_the_file_by_columns(tmp_path, write):
    content = batch(6) | {b"data": np.asfortranarray(batch(6)[b"data"])}
    files = cifar_files() | {"test_batch": write(content)}
    check_tiny_cifar(load_images(write_folder(tmp_path / "cifar", files)))


@pytest.fixture
def checksums(monkeypatch) -> list:
    """The files of which a checksum was computed."""
    computed, file_digest = [], hashlib.file_digest

    def take_down(file, *rest):
        computed.append(file.name)
        return file_digest(file, *rest)

    monkeypatch.setattr(hashlib, "file_digest", take_down)
    return computed


@pytest.mark.parametrize("source", [None, "cifar10", "path"])
def test_the_checksum_of_an_archive_is_computed_once(cache, checksums, source):
    path = cache / TARGET
    path.write_bytes(ARCHIVE)
    check_tiny_cifar(load_images(path if source == "path" else source))
    assert checksums == [str(path)] or checksums == [path]


@as_a_student
def test_the_size_of_an_archive_comes_before_its_checksum(cache, checksums):
    (cache / TARGET).write_bytes(ARCHIVE + b"x")
    assert find_images() == "digits"
    with pytest.raises(ValueError, match=rf"archive: expected the archive.*{len(ARCHIVE) + 1:,} "):
        load_images(cache / TARGET)
    assert checksums == []


@pytest.mark.parametrize("name", ["cifar-10-batches-py.tar.gz", "cifar-10-batches-py/test_batch"])
def test_a_pipe_in_keras_cache_is_left_alone(cache, name):
    if "/" in name:
        write_folder(cache / "cifar-10-batches-py")
        (cache / name).unlink()
    with pipe(cache / name):
        assert find_images() == "digits"


@as_a_student
def test_a_pipe_in_the_place_of_an_archive_or_a_batch(tmp_path):
    with pipe(tmp_path / "archive"), pytest.raises(ValueError, match=r"archive: .*Found neither"):
        load_images(tmp_path / "archive")
    folder = write_folder(tmp_path / "cifar")
    (folder / "test_batch").unlink()
    with pipe(folder / "test_batch"), pytest.raises(FileNotFoundError, match=r": test_batch\."):
        load_images(folder)


@as_a_student
def test_a_batch_that_is_far_too_large_is_not_read(monkeypatch, tmp_path):
    monkeypatch.setattr(cifar10, "PICKLE_BYTES", 100)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("it was read"))
    with pytest.raises(ValueError, match="data_batch_1: expected at most 100 bytes"):
        load_images(write_folder(tmp_path / "cifar"))


# The one line.


def printed(capsys) -> str:
    """What was printed, which has to be a single line."""
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    return out.rstrip("\n")


def test_the_line_of_a_part_of_cifar(tmp_path, capsys):
    load_images(write_folder(tmp_path / "cifar"))
    assert printed(capsys) == ("Pictures: a part of CIFAR-10, 15 for training and 3 for testing")


def test_the_line_of_all_of_cifar(monkeypatch, tmp_path, capsys):
    # Batches of the true size, but with pictures of no content.
    data = np.zeros((10_000, 3072), dtype=np.uint8)
    monkeypatch.setattr(cifar10, "_batch", lambda *_: (data, np.zeros(10_000, dtype=np.int64)))
    monkeypatch.setattr(cifar10, "_decoded", lambda rows: rows)
    load_images(write_folder(tmp_path / "cifar"))
    assert printed(capsys) == "Pictures: CIFAR-10, 50,000 for training and 10,000 for testing"


def test_the_line_of_the_digits_says_why(quick_digits, capsys):
    load_images()
    assert printed(capsys) == (
        "Pictures: photo digits, 8,000 for training and 2,000 for testing "
        "(CIFAR-10 is not on this machine)"
    )


def test_the_line_of_the_digits_gives_no_reason_if_they_are_asked_for(quick_digits, capsys):
    load_images("digits")
    assert printed(capsys) == "Pictures: photo digits, 8,000 for training and 2,000 for testing"


def test_the_line_of_a_folder_names_it_without_its_path(monkeypatch, picture_folder, capsys):
    monkeypatch.chdir(picture_folder)
    load_images(".")
    assert printed(capsys) == ("Pictures: the folder flowers, 5 for training and 2 for testing")


# Which source.


@pytest.mark.parametrize("word", ["digits", "cifar10"])
def test_a_word_is_a_source(word):
    assert find_images(word) == word


def test_without_a_wish_and_without_cifar_it_is_the_digits():
    assert find_images() == "digits"


def test_an_empty_variable_is_no_wish(monkeypatch):
    monkeypatch.setenv("COURSE_IMAGES", "")
    assert find_images() == "digits"


def test_the_variable_names_a_source(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_IMAGES", str(tmp_path))
    assert find_images() == tmp_path


def test_a_space_after_the_variable_is_no_part_of_it(monkeypatch):
    monkeypatch.setenv("COURSE_IMAGES", "cifar10 ")
    assert find_images() == "cifar10"


@pytest.mark.parametrize("quotes", ['"{}"', "'{}'", ' "{} " '])
def test_quotes_around_the_variable_are_no_part_of_it(monkeypatch, tmp_path, quotes):
    for source in ("cifar10", tmp_path):
        monkeypatch.setenv("COURSE_IMAGES", quotes.format(source))
        assert find_images() == source


def test_a_quote_at_one_end_belongs_to_the_path(monkeypatch, tmp_path):
    (tmp_path / "pictures'").mkdir()
    monkeypatch.setenv("COURSE_IMAGES", str(tmp_path / "pictures'"))
    assert find_images() == tmp_path / "pictures'"


@as_a_student
@pytest.mark.parametrize("load", [find_images, load_images])
@pytest.mark.parametrize(
    ("source", "error", "received"),
    [
        (5, TypeError, "int"),
        (b"digits", TypeError, "bytes"),
        (["digits"], TypeError, "list"),
        ("", ValueError, "source=''"),
    ],
)
def test_a_source_that_is_no_text_and_no_path(load, source, error, received):
    with pytest.raises(error, match=f"expected source .*Received: {received}.*Set COURSE_IMAGES"):
        load(source)


@as_a_student
@pytest.mark.parametrize("source", ["~nobody at all/x", "a\0b", "x" * 5000])
def test_names_that_nothing_can_have(source):
    with pytest.raises(FileNotFoundError, match="Found nothing of this name"):
        find_images(source)


def test_none_is_no_wish(monkeypatch):
    monkeypatch.setenv("COURSE_IMAGES", "cifar10")
    assert find_images(None) == "cifar10"


def test_the_argument_comes_before_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_IMAGES", "digits")
    assert find_images(tmp_path) == tmp_path


def test_a_path_may_begin_with_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "pictures").mkdir()
    assert find_images("~/pictures") == tmp_path / "pictures"


@pytest.mark.parametrize(
    "name",
    [
        "cifar-10-batches-py-target_archive",
        "cifar-10-batches-py-target.tar.gz",
        "cifar-10-batches-py_archive",
        "cifar-10-batches-py.tar.gz",
        "cifar-10-python.tar.gz",
    ],
)
def test_an_archive_in_keras_cache_is_found(cache, name):
    (cache / name).write_bytes(ARCHIVE)
    assert find_images() == "cifar10"
    check_tiny_cifar(load_images())


@pytest.mark.parametrize(
    "name", ["cifar-10-batches-py", "cifar-10-batches-py-target/cifar-10-batches-py"]
)
def test_a_folder_in_keras_cache_is_found(cache, name):
    write_folder(cache / name)
    assert find_images() == "cifar10"
    check_tiny_cifar(load_images())


def test_keras_cache_in_the_home_folder_is_found(monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write_folder(tmp_path / ".keras" / "datasets" / "cifar-10-batches-py")
    assert find_images() == "cifar10"


def test_an_empty_keras_home_is_the_home_folder(monkeypatch, tmp_path):
    test_keras_cache_in_the_home_folder_is_found(monkeypatch, tmp_path)
    monkeypatch.setenv("KERAS_HOME", "")
    assert find_images() == "cifar10"


def test_a_relative_keras_home_is_found(monkeypatch, tmp_path, cache):
    write_folder(cache / "cifar-10-batches-py")
    monkeypatch.setenv("KERAS_HOME", "keras")
    assert find_images() == "digits"
    monkeypatch.chdir(tmp_path)
    assert find_images() == "cifar10"


def test_without_a_home_folder_it_is_the_spare_one(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_HOME", "~nobody at all/keras")
    assert cifar10._cache_folders() == [tmp_path / "spare" / "datasets"]


def test_a_drive_that_is_not_there_has_no_cache(monkeypatch):
    monkeypatch.setenv("KERAS_HOME", "/drive/keras")
    monkeypatch.setattr(os.path, "exists", lambda path: False)
    assert len(cifar10._cache_folders()) == 2
    assert find_images() == "digits"


def test_a_cache_that_one_may_not_look_into_is_as_good_as_none(monkeypatch, cache):
    with somebody_elses("train") as (folder, run):
        monkeypatch.setenv("KERAS_HOME", folder + "/train/keras")
        assert run("find_images", "digits") == "digits\n"
        monkeypatch.setenv("COURSE_IMAGES", "")
        code = "import os, course.images as i; os.geteuid() or os.setuid(65534)"
        assert run_python("-c", f"{code}; print(i.find_images())").stdout == "digits\n"


def test_an_archive_in_the_cache_that_one_may_not_read_is_not_taken(monkeypatch, cache):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    (cache / TARGET).write_bytes(ARCHIVE)
    monkeypatch.setattr(cifar10, "_sha256", refuse)
    assert find_images() == "digits"


@pytest.mark.parametrize("path", ["test/rose/a.png", "train/rose", "train", "."])
def test_what_one_may_not_read_is_named(path):
    with somebody_elses(path) as (folder, run):
        told = run("load_images", folder)
        assert re.match(rf"PermissionError {folder}.*: expected .* can be read\. Found: Perm", told)
        assert "copy it to a folder of your own" in told


def test_a_path_in_a_folder_that_one_may_not_look_into_is_named():
    with somebody_elses("train") as (folder, run):
        told = run("find_images", Path(folder, "train", "rose"))
        assert re.match(rf"PermissionError {folder}/train/rose: expected .* can be read", told)


def test_both_caches_are_searched_if_keras_may_not_write_to_the_first(monkeypatch, tmp_path, cache):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    write_folder(tmp_path / "spare" / "datasets" / "cifar-10-batches-py")
    assert find_images() == "cifar10"
    check_tiny_cifar(load_images())


def test_an_unfinished_archive_in_keras_cache_is_not_taken(cache):
    (cache / "cifar-10-batches-py-target_archive").write_bytes(ARCHIVE[:-1])
    assert find_images() == "digits"


@pytest.mark.parametrize("name", ["data_batch_3", "batches.meta"])
def test_a_half_unpacked_folder_in_keras_cache_is_not_taken(cache, name):
    folder = write_folder(cache / "cifar-10-batches-py")
    (folder / name).write_bytes(cifar_files()[name][:-1])
    assert find_images() == "digits"
    (folder / name).write_bytes(b"")
    assert find_images() == "digits"
    (folder / name).unlink()
    assert find_images() == "digits"


def test_looking_does_not_import_keras_or_scikit_learn(cache):
    (cache / "cifar-10-python.tar.gz").write_bytes(b"another")
    result = run_python(
        "-c",
        "import sys; from course.images import find_images; print(find_images()); "
        "print({'keras', 'tensorflow', 'sklearn'} & set(sys.modules))",
    )
    assert result.stdout.split() == ["digits", "set()"], result.stderr


@as_a_student
@pytest.mark.parametrize("load", [find_images, load_images])
def test_an_unknown_word_is_told_what_is_possible(load):
    with pytest.raises(FileNotFoundError, match=r"cifar100: expected.*Set COURSE_IMAGES") as error:
        load("cifar100")
    for choice in ("cifar10,", "digits,", "cifar-10-python.tar.gz", "train/CLASS"):
        assert choice in str(error.value)


@as_a_student
def test_a_folder_of_something_else(tmp_path):
    (tmp_path / "notes").mkdir()
    with pytest.raises(ValueError, match=r"notes: expected.*Found neither.*Set COURSE_IMAGES"):
        load_images(tmp_path / "notes")


# Damage.


@as_a_student
def test_another_file_is_refused_before_it_is_opened(monkeypatch, tmp_path):
    path = tmp_path / "archive.tar.gz"
    path.write_bytes(ARCHIVE + b"\0")
    monkeypatch.setattr(tarfile, "open", lambda **_: pytest.fail("it was opened"))
    with pytest.raises(ValueError, match=r"archive\.tar\.gz: expected the archive.*SHA-256"):
        load_images(path)


@as_a_student
@pytest.mark.parametrize(
    "damage", [lambda archive: archive[:20_000], lambda _: b"", lambda _: b"x"]
)
def test_an_archive_that_cannot_be_unpacked(monkeypatch, tmp_path, damage):
    path = tmp_path / "archive.tar.gz"
    path.write_bytes(damage(ARCHIVE))
    accept(monkeypatch, damage(ARCHIVE))
    with pytest.raises(ValueError, match=r"archive\.tar\.gz: expected a whole archive"):
        load_images(path)


@as_a_student
def test_an_archive_is_read_for_the_known_files_only(monkeypatch, tmp_path):
    secret = write_folder(tmp_path / "secret") / "data_batch_1"
    files = cifar_files()
    del files["data_batch_1"]
    stream = io.BytesIO(packed(files))
    with tarfile.open(fileobj=stream) as archive:
        members = [(member, archive.extractfile(member).read()) for member in archive]
    link = tarfile.TarInfo("cifar-10-batches-py/data_batch_1")
    link.type, link.linkname = tarfile.SYMTYPE, str(secret)
    elsewhere = tarfile.TarInfo("elsewhere/data_batch_1")
    elsewhere.size = len(cifar_files()["data_batch_1"])
    members += [(link, b""), (elsewhere, cifar_files()["data_batch_1"])]
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    accept(monkeypatch, stream.getvalue())
    (tmp_path / "archive").write_bytes(stream.getvalue())
    with pytest.raises(FileNotFoundError, match=r"archive: .* Missing: data_batch_1\."):
        load_images(tmp_path / "archive")


@as_a_student
def test_missing_files_are_named(tmp_path):
    files = cifar_files()
    del files["data_batch_2"], files["test_batch"]
    with pytest.raises(FileNotFoundError, match=r"Missing: data_batch_2, test_batch\."):
        load_images(write_folder(tmp_path / "cifar", files))


def expect_refusal(tmp_path, name: str, content: bytes, message: str) -> None:
    """The folder with this file is refused, by the file's name and with advice."""
    folder = write_folder(tmp_path / "cifar", cifar_files() | {name: content})
    with pytest.raises(ValueError, match=rf"{name}: expected .*{message}") as error:
        load_images(folder)
    assert "Set COURSE_IMAGES to a good copy" in str(error.value)


@as_a_student
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({b"data": None}, r"the key 'data'\. Found \[b'labels', b'batch_label'\]"),
        ({b"labels": None}, r"the key 'labels'"),
        ({b"data": [1, 2]}, r"'data' .*Found no array"),
        ({b"data": b"x" * 3072}, r"'data' .*Found no array"),
        ({b"data": np.zeros((3, 3071), np.uint8)}, r"Found uint8 of shape \(3, 3071\)"),
        ({b"data": np.zeros(3 * 3072, np.uint8)}, r"Found uint8 of shape \(9216,\)"),
        ({b"data": np.zeros((3, 1, 3072), np.uint8)}, r"Found uint8 of shape \(3, 1, 3072\)"),
        ({b"data": np.zeros((0, 3072), np.uint8), b"labels": []}, r"of shape \(0, 3072\)"),
        ({b"labels": [0, 1]}, r"list of 3 'labels'.*Found 2"),
        ({b"labels": b"\0\1\2"}, r"list of 3 'labels'.*Found no list"),
        ({b"labels": [0, 1, 10]}, r"whole numbers from 0 to 9.*Found 10"),
        ({b"labels": [-1, 1, 2]}, r"whole numbers from 0 to 9.*Found -1"),
        ({b"labels": [0, 1, b"2"]}, r"whole numbers from 0 to 9.*Found b'2'"),
    ],
)
def test_a_batch_of_another_form(tmp_path, change, message):
    content = {key: value for key, value in (batch(4) | change).items() if value is not None}
    expect_refusal(tmp_path, "data_batch_4", written(content), message)


@as_a_student
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": [True, 1, 2]}, r"whole numbers from 0 to 9.*Found True"),
        ({"labels": [0.0, 1, 2]}, r"whole numbers from 0 to 9.*Found 0\.0"),
        ({"labels": np.zeros((3, 1), int)}, r"whole numbers from 0 to 9.*Found \[0\]"),
        ({"labels": np.zeros(3)}, r"type '<f8', not of whole numbers"),
        ({"data": np.zeros((3, 3072), np.int8)}, r"Found int8 of shape \(3, 3072\)"),
        ({"data": np.zeros((3, 3072))}, r"type '<f8', not of whole numbers"),
        ({"data": np.full((3, 3072), None)}, r"type '\|O8', not of whole numbers"),
        ({"data": np.zeros(3, "u1,u1")}, r"type '\|V2', not of whole numbers"),
    ],
)
def test_a_batch_with_values_of_another_type(tmp_path, change, message):
    content = pickle.dumps({"data": batch(4)[b"data"], "labels": [1, 2, 3]} | change, 4)
    expect_refusal(tmp_path, "data_batch_4", content, message)


@as_a_student
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, r"the key 'label_names'\. Found \[\]"),
        ({b"label_names": [b"cat"] * 9}, "a list of 10 texts"),
        ({b"label_names": [1] * 10}, "a list of 10 texts"),
        ({b"label_names": b"ten letter"}, "a list of 10 texts"),
        ({b"label_names": [b"\xff"] * 10}, "a list of 10 texts"),
        ({b"label_names": [b"two\nlines"] * 10}, "a list of 10 texts"),
        ([], "a dictionary. Found list"),
    ],
)
def test_names_of_another_form(tmp_path, content, message):
    expect_refusal(tmp_path, "batches.meta", written(content), message)


@as_a_student
@pytest.mark.parametrize("n_bytes", [0, 1, 100, 9000, -1])
def test_a_truncated_batch(tmp_path, n_bytes):
    content = cifar_files()["test_batch"][:n_bytes]
    expect_refusal(tmp_path, "test_batch", content, "Found another, or a damaged one")


@as_a_student
@pytest.mark.parametrize("order", [b"O,", b"3", b"|u1,"])
def test_a_byte_order_that_would_make_another_type(tmp_path, order):
    content = written(batch(4)).replace(b"U\x01|", b"U" + bytes([len(order)]) + order, 1)
    expect_refusal(tmp_path, "data_batch_4", content, rf"type '{re.escape(order.decode())}u1', not")


@as_a_student
def test_an_array_that_is_shorter_than_its_shape(tmp_path):
    whole = written(batch(4))
    content = whole.replace(b"J" + struct.pack("<i", 3072), b"J" + struct.pack("<i", 3073), 1)
    assert content != whole
    expect_refusal(tmp_path, "data_batch_4", content, "Found another, or a damaged one")


# Hostile pickles.


class Hostile:
    """Asks that a function be called when its pickle is read."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):  # noqa: D105
        return self.call


def touch(path: Path) -> str:
    return f"open({str(path)!r}, 'w').close()"


def in_a_file(path: Path) -> str:
    """A file for numpy.load that holds another hostile pickle."""
    source = path.with_suffix(".pickle")
    source.write_bytes(pickle.dumps(Hostile(exec, touch(path))))
    return str(source)


HOSTILE = {
    "posix.system|nt.system": lambda path: Hostile(os.system, f'echo > "{path}"'),
    r"(builtins|__builtin__)\.eval": lambda path: Hostile(eval, touch(path)),
    "functools.partial": lambda path: Hostile(partial(exec, touch(path))),
    "_?io.open": lambda path: Hostile(open, str(path), "w"),
    "numpy.load": lambda path: Hostile(np.load, in_a_file(path), None, True),
    r"numpy.testing.*\.runstring": lambda path: Hostile(np.testing.runstring, touch(path), {}),
}


@as_a_student
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("asks_for", HOSTILE)
@pytest.mark.parametrize("name", ["data_batch_1", "batches.meta"])
def test_a_hostile_pickle_is_refused_and_nothing_of_it_is_run(tmp_path, asks_for, protocol, name):
    proof = tmp_path / "proof"
    content = pickle.dumps(HOSTILE[asks_for](proof), protocol)
    expect_refusal(tmp_path, name, content, f"asks for ({asks_for}),.*Nothing of it was run")
    assert not proof.exists()


@pytest.mark.parametrize("asks_for", HOSTILE)
def test_the_hostile_pickles_are_hostile(tmp_path, asks_for):
    proof = tmp_path / "proof"
    made = pickle.loads(pickle.dumps(HOSTILE[asks_for](proof)))
    if callable(made):
        made()
    if made is not None and hasattr(made, "close"):
        made.close()
    assert proof.exists()


# What takes two things that are the same and makes a pair of them, sixty times.
BOMB = b"K\x01q\x00" + b"h\x00\x86q\x00" * 60
SCALAR, ENCODE = b"cnumpy.core.multiarray\nscalar\n", b"c_codecs\nencode\n"


@as_a_student
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"}K\x01" + b"\x85" * 500_000 + b"K\x01s.", "keys that are no texts"),
        (b"}(" + BOMB + b"K\x01u.", "keys that are no texts"),
        (b"}K\x05K\x01s.", "keys that are no texts"),
        (b"}(" + python2(b"label_names") + b"](" + BOMB + b"eu.", "a list of 10 texts"),
        (b"}(" + python2(b"label_names") + b"]q\x00h\x00au.", "a list of 10 texts"),
        (b"}(" + python2(b"label_names") + b"\x8a\xff" + b"\x7f" * 255 + b"u.", "of 10 texts"),
        (b"}\x8c" + b"\x04name" + BOMB + b"s.", r"the key 'label_names'\. Found \['name'\]"),
        (b"]" * 500_000 + b"a" * 499_999 + b".", "a dictionary. Found list"),
        (b"\x8b" + struct.pack("<i", 4000) + b"\x7f" * 4000 + b".", "the instruction LONG4"),
        (b"]" + b"2" * 1000 + b".", "the instruction DUP"),
        (b"]r\xff\xff\xff\x7f.", "a dictionary. Found list"),
        (b"\x96" + struct.pack("<Q", 2**40) + b".", "a damaged one"),
        (b"]q\x00" + BOMB + b"\x93.", "whose name is no text"),
        (b"\x8c\x01a" + BOMB + b"\x93.", "whose name is no text"),
        (SCALAR + b"(" + b"N" * 5 + b"tR.", "5 arguments"),
        (SCALAR + b"}(" + python2(b"x") + b"Nub.", "set_state"),
        (ENCODE + b"X\xe8\x03\0\0" + b"x" * 1000 + b"U\x06latin1\x86q\x00R", "more bytes than"),
        (b"N" * 1001 + b".", "more than 1,000 instructions"),
        (b"K\x01", "a damaged one"),
    ],
    ids=lambda value: "pickle" if isinstance(value, bytes) else str(value),
)
def test_a_pickle_that_would_take_for_ever_or_end_python(monkeypatch, tmp_path, content, message):
    monkeypatch.setattr(pickles, "PICKLE_INSTRUCTIONS", 1000 if content[0] == ord("N") else 1e6)
    if content.startswith(ENCODE):
        content += (ENCODE + b"h\x00R") * 3 + b"."
    expect_refusal(tmp_path, "batches.meta", content, message)


@as_a_student
def test_a_label_that_has_no_end(tmp_path):
    data = python2(b"data") + python2(batch(4)[b"data"])
    content = b"}(" + data + python2(b"labels") + b"](" + BOMB + b"K\x01K\x02eu."
    expect_refusal(tmp_path, "data_batch_4", content, r"whole numbers from 0 to 9.*Found \(\(")


@as_a_student
@pytest.mark.parametrize("text", [b"x" * 1_000_000, "x" * 1_000_000])
def test_a_message_is_short(tmp_path, text):
    content = pickle.dumps({"label_names": [text], text: 1}, 4)
    for key in (b"label_names", b"LABEL_NAMES"):
        hostile = {"batches.meta": content.replace(b"label_names", key)}
        folder = write_folder(tmp_path / key.decode(), cifar_files() | hostile)
        with pytest.raises(ValueError, match="expected") as error:
            load_images(folder)
        assert len(str(error.value)) < 600
    content = b"\x8c\x01aX" + struct.pack("<i", len(text)) + b"x" * len(text) + b"\x93."
    folder = write_folder(tmp_path / "name", cifar_files() | {"batches.meta": content})
    with pytest.raises(ValueError, match="which no picture needs") as error:
        load_images(folder)
    assert len(str(error.value)) < 600


# A folder of pictures.


def save_picture(path: Path, colour, mode: str = "RGB", size=(32, 32)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


@pytest.fixture
def picture_folder(tmp_path) -> Path:
    """Two classes; the red part of each colour numbers the picture."""
    folder = tmp_path / "flowers"
    save_picture(folder / "train" / "tulip" / "b.png", (4, 40, 140))
    save_picture(folder / "train" / "tulip" / "a.PNG", (3, 30, 130))
    save_picture(folder / "train" / "rose" / "c.png", (2, 20, 120))
    save_picture(folder / "train" / "rose" / "a.png", (0, 0, 100))
    save_picture(folder / "train" / "rose" / "b.png", (1, 10, 110))
    save_picture(folder / "test" / "tulip" / "a.png", (6, 60, 160))
    save_picture(folder / "test" / "rose" / "a.png", (5, 50, 150))
    return folder


def test_a_folder_of_pictures(picture_folder):
    (x_train, y_train), (x_test, y_test), class_names = load_images(picture_folder)
    assert class_names == ["rose", "tulip"]
    assert x_train.shape == (5, 32, 32, 3)
    assert x_train.dtype == x_test.dtype == np.uint8
    assert y_train.dtype == y_test.dtype == np.int64
    number = x_train[:, 0, 0, 0].astype(int)
    assert sorted(number) == [0, 1, 2, 3, 4]
    assert np.array_equal(y_train, number >= 3)
    assert np.array_equal(y_test, x_test[:, 0, 0, 0] == 6)
    assert (x_train == np.stack([number, 10 * number, 100 + 10 * number], 1)[:, None, None]).all()


def test_the_order_of_the_folder_does_not_matter(monkeypatch, picture_folder):
    first = load_images(picture_folder)
    forwards = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: sorted(forwards(self), reverse=True))
    second = load_images(picture_folder)
    assert first[0][0].tobytes() == second[0][0].tobytes()
    assert first[0][1].tolist() == second[0][1].tolist()


def test_the_classes_are_mixed(tmp_path):
    for label in "ab":
        for number in range(20):
            save_picture(tmp_path / "train" / label / f"{number}.png", (number, 0, 0))
        save_picture(tmp_path / "test" / label / "0.png", 0)
    y_train = load_images(tmp_path)[0][1]
    assert set(y_train[-8:]) == {0, 1}  # those of a validation_split of 0.2


def test_hidden_and_other_files_are_left_out(picture_folder):
    (picture_folder / "train" / ".cache").mkdir()
    (picture_folder / "train" / "notes.txt").write_text("x")
    (picture_folder / "train" / "rose" / ".hidden.png").write_text("x")
    (picture_folder / "train" / "rose" / "notes.txt").write_text("x")
    assert len(load_images(picture_folder)[0][0]) == 5


@as_a_student
@pytest.mark.parametrize(
    ("name", "mode", "colour", "expected"),
    [
        ("x.jpg", "RGB", (0, 0, 0), (0, 0, 0)),
        ("x.JPEG", "L", 255, (255, 255, 255)),
        ("x.png", "L", 7, (7, 7, 7)),
        ("x.png", "1", 1, (255, 255, 255)),
        ("x.jpg", "YCbCr", (99, 128, 128), (99, 99, 99)),
        ("x.jpg", "CMYK", (0, 0, 0, 0), (255, 255, 255)),
        ("x.jpg", "CMYK", (255, 255, 255, 0), (0, 0, 0)),
    ],
)
def test_pictures_of_other_modes_become_red_green_and_blue(
    picture_folder, name, mode, colour, expected
):
    (picture_folder / "test" / "rose" / "a.png").unlink()
    save_picture(picture_folder / "test" / "rose" / name, colour, mode)
    _, (x_test, y_test), _ = load_images(picture_folder)
    assert (x_test[y_test == 0] == np.array(expected)).all()


def test_a_palette_with_transparent_colours_gives_no_warning(picture_folder):
    image = Image.new("P", (32, 32), 1)
    image.putpalette([0, 0, 0, 9, 8, 7])
    image.save(picture_folder / "test" / "rose" / "a.png", transparency=b"\x80\x00")
    warnings.simplefilter("error")
    _, (x_test, y_test), _ = load_images(picture_folder)
    assert (x_test[y_test == 0] == 255).all()


def png(depth: int, kind: int, row: bytes, **chunks: bytes) -> bytes:
    """A PNG file with 32 rows that are the same, as Pillow does not write all that it reads."""
    header = struct.pack(">IIBBBBB", 32, 32, depth, kind, 0, 0, 0)
    chunks = {"IHDR": header, **chunks, "IDAT": zlib.compress((b"\0" + row) * 32), "IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + name.encode()
        + content
        + struct.pack(">I", zlib.crc32(name.encode() + content))
        for name, content in chunks.items()
    )


def read_one(folder: Path, content: bytes, name: str = "a.png") -> np.ndarray:
    """The picture in a file of this content."""
    for part in ("train", "test"):
        (folder / part / "rose").mkdir(parents=True, exist_ok=True)
        (folder / part / "rose" / name).write_bytes(content)
    return load_images(folder)[1][0][0]


GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
COLOURS = b"\1\2\3\7\x08\x09"


@as_a_student
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (png(1, GREY, b"\xff" * 4), 255),
        (png(2, GREY, b"\x55" * 8), 85),
        (png(4, GREY, b"\x77" * 16), 119),
        (png(8, GREY, b"\7" * 32), 7),
        (png(16, GREY, b"\x12\x34" * 32), 0x12),
        (png(8, RGB, b"\1\2\3" * 32), (1, 2, 3)),
        (png(16, RGB, b"\1\xff\2\xff\3\xff" * 32), (1, 2, 3)),
        (png(1, PALETTE, b"\xff" * 4, PLTE=COLOURS), (7, 8, 9)),
        (png(8, PALETTE, b"\1" * 32, PLTE=COLOURS), (7, 8, 9)),
        (png(8, GREY_ALPHA, b"\7\xff" * 32), 7),
        (png(16, GREY_ALPHA, b"\7\xff\xff\xff" * 32), 7),
        (png(8, RGB_ALPHA, b"\1\2\3\xff" * 32), (1, 2, 3)),
        (png(16, RGB_ALPHA, b"\1\xff\2\xff\3\xff\xff\xff" * 32), (1, 2, 3)),
        # Transparent, half transparent, and another colour than the one that is transparent.
        (png(1, GREY, b"\0" * 4, tRNS=b"\0\0"), 255),
        (png(1, GREY, b"\0" * 4, tRNS=b"\0\1"), 0),
        (png(8, GREY, b"\7" * 32, tRNS=b"\0\7"), 255),
        (png(8, GREY, b"\7" * 32, tRNS=b"\0\6"), 7),
        (png(8, RGB, b"\1\2\3" * 32, tRNS=b"\0\1\0\2\0\3"), 255),
        (png(8, RGB, b"\1\2\3" * 32, tRNS=b"\0\1\0\2\0\4"), (1, 2, 3)),
        (png(8, PALETTE, b"\1" * 32, PLTE=COLOURS, tRNS=b"\xff\0"), 255),
        (png(2, PALETTE, b"\x55" * 8, PLTE=COLOURS, tRNS=b"\xff\0"), 255),
        (png(8, PALETTE, b"\0" * 32, PLTE=COLOURS, tRNS=b"\xff\0"), (1, 2, 3)),
        (png(8, PALETTE, b"\1" * 32, PLTE=COLOURS, tRNS=b"\0\x33"), (205, 206, 206)),
        (png(8, GREY_ALPHA, b"\7\0" * 32), 255),
        (png(8, GREY_ALPHA, b"\5\x33" * 32), 205),
        (png(16, GREY_ALPHA, b"\7\7\0\0" * 32), 255),
        (png(8, RGB_ALPHA, b"\1\2\3\0" * 32), 255),
        (png(8, RGB_ALPHA, b"\0\5\x0a\x33" * 32), (204, 205, 206)),
        (png(16, RGB_ALPHA, b"\1\1\2\2\3\3\0\0" * 32), 255),
    ],
    ids=lambda value: "png" if isinstance(value, bytes) else str(value),
)
def test_depth_and_transparency_are_heeded(tmp_path, content, expected):
    assert (read_one(tmp_path, content) == np.array(expected)).all()


@as_a_student
@pytest.mark.parametrize(
    ("content", "depth"),
    [
        (png(2, GREY, b"\x55" * 8, tRNS=b"\0\1"), "L;2"),
        (png(4, GREY, b"\x77" * 16, tRNS=b"\0\7"), "L;4"),
        (png(16, GREY, b"\x12\x34" * 32, tRNS=b"\x12\x34"), "I;16B"),
        (png(16, RGB, b"\1\xff" * 96, tRNS=b"\1\xff" * 3), "RGB;16B"),
    ],
    ids=lambda value: "png" if isinstance(value, bytes) else str(value),
)
def test_a_transparent_colour_of_another_depth_is_refused(tmp_path, content, depth):
    with pytest.raises(ValueError, match=rf"a\.png: expected 8 bits .*Found the depth {depth}\."):
        read_one(tmp_path, content)


def opened(monkeypatch, image: Image.Image) -> None:
    """Let Pillow make this of any file, as another version of it may."""
    image.format, image.is_animated, image.tile = "PNG", False, [("zip", (), 0, "?")]
    monkeypatch.setattr(Image, "open", lambda *_, **__: image)


@pytest.mark.parametrize("mode", ["I", "I;16", "I;16B"])
def test_each_mode_of_grey_in_16_bits(monkeypatch, tmp_path, mode):
    opened(monkeypatch, Image.new(mode, (32, 32), 0x1234))
    assert (read_one(tmp_path, b"") == 0x12).all()


@as_a_student
@pytest.mark.parametrize("mode", ["F", "LAB", "HSV"])
def test_a_mode_that_we_do_not_know_is_named(monkeypatch, tmp_path, mode):
    opened(monkeypatch, Image.new(mode, (32, 32)))
    with pytest.raises(ValueError, match=rf"a\.png: expected one of .*Found the mode {mode}\."):
        read_one(tmp_path, b"")


def test_an_opaque_picture_is_unchanged(tmp_path):
    picture = np.arange(3072).astype(np.uint8).reshape(32, 32, 3)
    stream = io.BytesIO()
    Image.fromarray(picture).convert("RGBA").save(stream, "PNG")
    assert np.array_equal(read_one(tmp_path, stream.getvalue()), picture)


# How to store a picture so that a viewer who heeds the tag sees it upright.
STORED = {
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: np.rot90(x),
    7: lambda x: x[::-1, ::-1].swapaxes(0, 1),
    8: lambda x: np.rot90(x, -1),
}


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("mode", ["RGB", "I;16"])
def test_a_picture_is_turned_upright(tmp_path, name, orientation, mode):
    if (name, mode) == ("a.jpg", "I;16"):
        return  # there is no such file
    upright = np.kron(np.array([[0, 80], [160, 240]], dtype=np.uint8), np.ones((16, 16), np.uint8))
    stored = np.ascontiguousarray(STORED[orientation](upright))
    image = Image.fromarray(stored.astype(np.uint16) << 8 if mode == "I;16" else stored)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    image.save(stream, "PNG" if name == "a.png" else "JPEG", exif=exif, quality=100)
    x = read_one(tmp_path, stream.getvalue(), name)
    assert np.abs(x - upright[..., None].astype(int)).max() <= 3


@as_a_student
@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
@pytest.mark.parametrize("exif", [b"nonsense", b"II*\0\x08\0\0\0\xff\xff", b"MM\0*\0\0\0\x08\0\1"])
def test_a_damaged_exif_block_is_refused(tmp_path, name, exif):
    if (name, exif) == ("a.jpg", b"nonsense"):
        return  # Pillow passes over what is no EXIF at all: it has nothing to say
    stream = io.BytesIO()
    image_format = "PNG" if name == "a.png" else "JPEG"
    Image.new("RGB", (32, 32)).save(stream, image_format, exif=b"Exif\0\0" + exif)
    with pytest.raises(ValueError, match=rf"{name}: expected a picture\. Found none: .*Save it"):
        read_one(tmp_path, stream.getvalue(), name)


@as_a_student
@pytest.mark.parametrize("image_format", ["EPS", "BMP", "GIF", "TIFF", "WEBP"])
def test_another_format_under_the_name_of_a_png_file(monkeypatch, tmp_path, image_format):
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_: pytest.fail("it was run"))
    stream = io.BytesIO()
    Image.new("RGB", (32, 32)).save(stream, image_format)
    with pytest.raises(ValueError, match=r"a\.png: expected a picture\. Found none: .*Save it"):
        read_one(tmp_path, stream.getvalue())


def frames(image_format: str) -> bytes:
    stream, second = io.BytesIO(), Image.new("RGB", (32, 32), "white")
    first = Image.new("RGB", (32, 32))
    first.save(stream, image_format, save_all=True, append_images=[second])
    return stream.getvalue()


@as_a_student
def test_a_png_file_with_several_pictures_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a\.png: expected a single picture\. Found 2 frames\."):
        read_one(tmp_path, frames("PNG"))


def test_the_first_picture_of_a_phones_jpeg_file_is_the_photograph(tmp_path):
    assert (read_one(tmp_path, frames("MPO"), "a.jpg") == 0).all()


def test_all_suffixes_of_png_and_jpeg_are_read(picture_folder, capsys):
    for number, name in enumerate(["p.jfif", "p.JPE", "p.jpeg", "p.Jpg"]):
        stream = io.BytesIO()
        Image.new("RGB", (32, 32)).save(stream, "JPEG")
        (picture_folder / "train" / "rose" / f"{number}{name}").write_bytes(stream.getvalue())
    assert len(load_images(picture_folder)[0][0]) == 9
    assert printed(capsys) == "Pictures: the folder flowers, 9 for training and 2 for testing"


def test_what_is_left_out_is_counted(picture_folder, capsys):
    rose = picture_folder / "train" / "rose"
    for name in ("p.webp", "p.bmp", "p.BMP", "no suffix", "p.a_b", "p.é"):
        (rose / name).write_text("x")
    save_picture(rose / "more" / "a.png", 0)
    save_picture(picture_folder / "test" / "tulip" / "more.png" / "a.png", 0)
    save_picture(picture_folder / "train" / "a.png", 0)
    save_picture(picture_folder / "test" / "a.png", 0)
    (picture_folder / "validation").mkdir()
    (picture_folder / ".hidden").mkdir()
    (rose / "link.png").symlink_to(rose / "nothing.png")
    (rose / "loop.png").symlink_to(rose / "loop.png")
    with pipe(rose / "pipe.jpg"):
        assert len(load_images(picture_folder)[0][0]) == 5
    assert printed(capsys) == (
        "Pictures: the folder flowers, 5 for training and 2 for testing; 14 left out, as they are "
        "no PNG or JPEG files in train/CLASS or test/CLASS: folder (3), pipe or broken link (3), "
        "without a known suffix (3), .png (2), .bmp (2), .webp (1)"
    )


def test_the_same_letters_in_other_bytes_are_the_same_class(tmp_path):
    both = [unicodedata.normalize(form, "büte") for form in ("NFC", "NFD")]
    assert both[0] != both[1]
    for part, name in zip(("train", "test"), both, strict=True):
        save_picture(tmp_path / part / name / "a.png", (1, 0, 0))
        save_picture(tmp_path / part / "buz" / "a.png", (2, 0, 0))
    _, (x_test, y_test), names = load_images(tmp_path)
    assert names == ["buz", both[0]]
    assert x_test[np.argsort(y_test), 0, 0, 0].tolist() == [2, 1]


@as_a_student
@pytest.mark.parametrize("names", [["b\u00fc", "bu\u0308"], ["two\nlines"]])
def test_classes_whose_names_cannot_be_told_apart_or_printed(tmp_path, names):
    for name in names:
        for part in ("train", "test"):
            save_picture(tmp_path / part / name / "a.png", 0)
    with pytest.raises(ValueError, match=r"train: expected folders whose names .*\\.*Rename"):
        load_images(tmp_path)


@as_a_student
def test_names_of_classes_that_look_alike_are_told_apart(tmp_path):
    save_picture(tmp_path / "train" / "cat" / "a.png", 0)
    save_picture(tmp_path / "test" / "c\u0430t" / "a.png", 0)  # a Russian letter
    with pytest.raises(ValueError, match=r"in one of them only: 'cat', 'c\\u0430t'\."):
        load_images(tmp_path)


def test_a_folder_whose_name_cannot_be_printed(tmp_path, capsys):
    for part in ("train", "test"):
        save_picture(tmp_path / "a\nb" / part / "rose" / "a.png", 0)
    load_images(tmp_path / "a\nb")
    assert "the folder 'a\\nb', 1 for" in printed(capsys)


@as_a_student
@pytest.mark.parametrize("size", [(31, 32), (32, 33), (1, 1)])
def test_a_picture_of_another_size_is_named(picture_folder, size):
    save_picture(picture_folder / "train" / "rose" / "b.png", 0, size=size)
    message = rf"b\.png: expected 32 by 32 pixels\. Found {size[0]} by {size[1]}\."
    with pytest.raises(ValueError, match=message):
        load_images(picture_folder)


@as_a_student
@pytest.mark.parametrize("n_bytes", [0, 5, 60])
def test_a_picture_that_cannot_be_read_is_named(picture_folder, n_bytes):
    path = picture_folder / "train" / "rose" / "b.png"
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(ValueError, match=r"b\.png: expected a picture\. .* Save it again"):
        load_images(picture_folder)


@as_a_student
def test_an_empty_class_is_named(picture_folder):
    (picture_folder / "train" / "daisy").mkdir()
    save_picture(picture_folder / "test" / "daisy" / "a.png", 0)
    with pytest.raises(ValueError, match=r"daisy: expected pictures .*Found none"):
        load_images(picture_folder)


@as_a_student
@pytest.mark.parametrize("part", ["train", "test"])
def test_a_missing_part_is_named(picture_folder, part):
    (picture_folder / part).rename(picture_folder / "other")
    with pytest.raises(FileNotFoundError, match=rf"{part}: expected a folder .*Found none"):
        load_images(picture_folder)


@as_a_student
@pytest.mark.parametrize("part", ["train", "test"])
def test_a_class_in_one_part_only(picture_folder, part):
    save_picture(picture_folder / part / "daisy" / "a.png", 0)
    with pytest.raises(ValueError, match=rf"the same folders.*daisy, rose, tulip in {part}"):
        load_images(picture_folder)


@as_a_student
def test_no_class_at_all(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "test").mkdir()
    with pytest.raises(ValueError, match=r"the same folders.*Found none in train and none in"):
        load_images(tmp_path)


# The download.


class Server(ThreadingHTTPServer):
    """Sends the archive, as well as it is told to."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = ARCHIVE
        self.status = None  # answer with this error
        self.ranges = True  # can send a part
        self.lengths = True  # says how much it sends
        self.span = None  # says that it sends this part
        self.stop_at = None  # sends no more than that many bytes of the file ...
        self.ending = "close"  # ... and then does this
        self.asked: list[str | None] = []  # the Range of each request
        self.released = threading.Event()

    def handle_error(self, request, client_address):
        """The client may hang up: this is no failure."""

    def shutdown_request(self, request):
        """End the connection as it should be, or with a reset."""
        if self.stop_at and self.ending == "reset":
            linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_request(request)
        else:
            super().shutdown_request(request)


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    def log_message(self, *_):
        """Nothing: the output is for pytest."""

    def do_GET(self):
        """Send what the server has, in the way that the test wants."""
        server, wanted = self.server, self.headers["Range"]
        server.asked.append(wanted)
        start = int(wanted[len("bytes=") : -1]) if wanted and server.ranges else 0
        if server.status or start >= len(server.content):
            self.send_error(server.status or 416)
            return
        end = len(server.content)
        self.send_response(206 if wanted and server.ranges else 200)
        if wanted and server.ranges:
            self.send_header("Content-Range", server.span or f"bytes {start}-{end - 1}/{end}")
        if server.lengths:
            self.send_header("Content-Length", str(end - start))
        self.end_headers()
        self.wfile.write(server.content[start : server.stop_at])
        self.wfile.flush()
        if server.stop_at and server.ending == "silence":
            server.released.wait(20)


class Bar:
    """Stands for Keras' progress bar, which takes seconds to import."""

    made: ClassVar[list["Bar"]] = []

    def __init__(self, total: int):
        self.total, self.current = total, 0
        self.made.append(self)

    def update(self, current: int) -> None:
        """Take the number of bytes; it must grow, and not above the total."""
        assert self.current < current <= self.total
        self.current = current


@pytest.fixture
def server(monkeypatch):
    Bar.made.clear()
    monkeypatch.setattr(cifar10, "_progress_bar", Bar)
    with Server() as server:
        monkeypatch.setattr(cifar10, "ARCHIVE_URL", f"http://127.0.0.1:{server.server_port}/it")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


TARGET = "cifar-10-batches-py-target_archive"
PART = TARGET + ".part"


@contextmanager
def broken(*words: str):
    """The download breaks off here, and its error tells these words and what to do next."""
    with pytest.raises(ConnectionError) as error:
        yield
    advice = ("are kept", "the same call goes on", "on a stick", "COURSE_IMAGES=digits")
    for word in (*words, *advice):
        assert word in str(error.value)


def test_a_download_comes_to_where_keras_looks(server, cache):
    check_tiny_cifar(load_images("cifar10"))
    assert contents(cache) == {TARGET: ARCHIVE}
    assert server.asked == [None]


def test_what_is_here_is_not_fetched_again(server, cache):
    load_images("cifar10")
    check_tiny_cifar(load_images("cifar10"))
    assert len(server.asked) == 1


def test_nothing_is_fetched_without_a_wish(server, quick_digits):
    load_images()
    assert server.asked == []


def test_a_download_makes_the_folder_that_it_needs(server, cache):
    cache.rmdir()
    cache.parent.rmdir()
    load_images("cifar10")
    assert contents(cache) == {TARGET: ARCHIVE}


def test_a_download_goes_to_the_spare_folder_as_keras_own(monkeypatch, server, cache, tmp_path):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    load_images("cifar10")
    assert contents(tmp_path / "spare" / "datasets") == {TARGET: ARCHIVE}
    assert contents(cache) == {}


def test_before_a_download_its_size_and_time_are_told(server, capsys):
    load_images("cifar10")
    first, last = capsys.readouterr().out.splitlines()
    for word in ("170 MB (163 MiB)", "25 to 40 minutes", "interrupt", "goes on where it stopped"):
        assert word in first
    assert last.startswith("Pictures: a part of CIFAR-10")


def test_the_bar_counts_all_bytes(server):
    load_images("cifar10")
    assert [(bar.total, bar.current) for bar in Bar.made] == [(len(ARCHIVE), len(ARCHIVE))]


@as_a_student
@pytest.mark.parametrize("ending", ["close", "silence"])
@pytest.mark.parametrize("lengths", [True, False])
def test_a_broken_download_is_kept_and_goes_on(monkeypatch, server, cache, ending, lengths):
    monkeypatch.setattr(cifar10, "TIMEOUT", 0.3)
    monkeypatch.setattr(cifar10, "MEGA", 1000)
    server.stop_at, server.ending, server.lengths = 20_000, ending, lengths
    with broken("20.0 MB are here"):
        load_images("cifar10")
    assert contents(cache) == {PART: ARCHIVE[:20_000]}
    server.stop_at = 30_000
    with broken("30.0 MB are here"):
        load_images("cifar10")
    assert contents(cache) == {PART: ARCHIVE[:30_000]}
    server.stop_at = None
    check_tiny_cifar(load_images("cifar10"))
    assert contents(cache) == {TARGET: ARCHIVE}
    assert server.asked == [None, "bytes=20000-", "bytes=30000-"]
    assert Bar.made[-1].total == Bar.made[-1].current == len(ARCHIVE) - 30_000


@as_a_student
def test_a_download_that_is_reset_is_kept_and_goes_on(server, cache):
    server.stop_at, server.ending = 20_000, "reset"
    with broken("reset"):
        load_images("cifar10")
    part = contents(cache).get(PART, b"")  # what was on the way at the time is lost
    assert part == ARCHIVE[: len(part)]
    server.stop_at = None
    check_tiny_cifar(load_images("cifar10"))
    assert contents(cache) == {TARGET: ARCHIVE}


def test_an_interrupted_download_is_kept_and_goes_on(monkeypatch, server, cache):
    def interrupt(self, current):
        raise KeyboardInterrupt

    server.stop_at = 20_000
    with monkeypatch.context() as patch:
        patch.setattr(Bar, "update", interrupt)
        with pytest.raises(KeyboardInterrupt):
            load_images("cifar10")
    ((name, content),) = contents(cache).items()
    assert name == PART
    assert content
    assert content == ARCHIVE[: len(content)]
    server.stop_at = None
    check_tiny_cifar(load_images("cifar10"))
    assert contents(cache) == {TARGET: ARCHIVE}
    assert server.asked == [None, f"bytes={len(content)}-"]


def test_a_server_that_sends_no_parts_sends_all(server, cache):
    server.ranges = False
    (cache / PART).write_bytes(ARCHIVE[:20_000])
    check_tiny_cifar(load_images("cifar10"))
    assert contents(cache) == {TARGET: ARCHIVE}
    assert Bar.made[-1].total == Bar.made[-1].current == len(ARCHIVE)


@as_a_student
def test_a_second_start_from_zero_loses_nothing_if_it_breaks_too(server, cache):
    server.ranges, server.stop_at = False, 10_000
    (cache / PART).write_bytes(ARCHIVE[:20_000])
    with broken():
        load_images("cifar10")
    assert contents(cache) == {PART: ARCHIVE[:20_000]}


def test_an_unfinished_download_that_has_all_bytes_is_finished(server, cache):
    (cache / PART).write_bytes(ARCHIVE)
    check_tiny_cifar(load_images("cifar10"))
    assert contents(cache) == {TARGET: ARCHIVE}
    assert server.asked == []


def test_a_server_that_has_no_more_is_believed_if_the_checksum_is_right(monkeypatch, server, cache):
    monkeypatch.setattr(cifar10, "ARCHIVE_BYTES", len(ARCHIVE) + 1)
    (cache / PART).write_bytes(ARCHIVE)
    check_tiny_cifar(load_images("cifar10"))
    assert contents(cache) == {TARGET: ARCHIVE}
    assert server.asked == [f"bytes={len(ARCHIVE)}-"]


@as_a_student
@pytest.mark.parametrize("had", [{}, {PART: ARCHIVE[:20_000]}])
@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("status", 404, "HTTP Error 404"),
        ("status", 503, "HTTP Error 503"),
        ("content", b"<p>Please log in</p>" * 1500, "something else, of "),
        ("content", b"<p>Please log in</p>" * 9000, "something else, of "),
    ],
)
def test_a_server_without_the_archive_leaves_all_as_it_was(
    server, cache, had, setting, value, words
):
    server.ranges = False
    (cache / "mnist.npz").write_bytes(b"another data set")
    for name, content in had.items():
        (cache / name).write_bytes(content)
    setattr(server, setting, value)
    before = contents(cache)
    with broken(words):
        load_images("cifar10")
    assert contents(cache) == before


@as_a_student
def test_a_page_without_a_length_is_not_written_over_what_is_here(server, cache):
    server.ranges = server.lengths = False
    server.content = b"<p>Please log in</p>"
    (cache / PART).write_bytes(ARCHIVE[:20_000])
    with broken("something else, no archive"):
        load_images("cifar10")
    assert contents(cache) == {PART: ARCHIVE[:20_000]}


def test_no_more_is_read_than_the_archive_has(server, cache):
    server.lengths, server.content = False, ARCHIVE + b"x" * 100_000
    check_tiny_cifar(load_images("cifar10"))
    assert contents(cache) == {TARGET: ARCHIVE}


@as_a_student
def test_something_else_that_has_no_end_is_deleted(server, cache):
    server.lengths, server.content = False, b"\x1f\x8b" * len(ARCHIVE)
    with pytest.raises(ValueError, match=r"expected the SHA-256 checksum .*was deleted"):
        load_images("cifar10")
    assert contents(cache) == {}


def test_another_download_that_was_first(server, cache, capsys):
    """The second waits, says so, and takes what the first has fetched."""
    first = threading.Thread(target=cifar10.download)
    with FileLock(cache / ".cifar-10-batches-py.lock"):
        first.start()
        while "This one waits" not in capsys.readouterr().out:
            time.sleep(0.01)
        (cache / TARGET).write_bytes(ARCHIVE)
    first.join()
    assert server.asked == []
    check_tiny_cifar(load_images("cifar10"))


def test_a_disk_without_locks_will_do(monkeypatch, server, cache):
    def refuse(*arguments, **options):
        raise NotImplementedError

    monkeypatch.setattr(FileLock, "acquire", refuse)
    check_tiny_cifar(load_images("cifar10"))
    assert contents(cache) == {TARGET: ARCHIVE}


def test_downloads_at_once(server, cache):
    found = []
    threads = [threading.Thread(target=lambda: found.append(cifar10.download())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [cache / TARGET] * 4
    assert contents(cache) == {TARGET: ARCHIVE}


@as_a_student
def test_a_download_that_somebody_took_away(monkeypatch, server, cache):
    def take_away(path):
        path.unlink()
        return cifar10.hashlib.file_digest(open(path, "rb"), "sha256")

    monkeypatch.setattr(cifar10, "_sha256", take_away)
    with broken("No such file"):
        load_images("cifar10")


@as_a_student
@pytest.mark.parametrize("span", ["bytes 0-9/10", f"bytes 20000-{len(ARCHIVE)}/99999999"])
def test_another_part_than_was_asked_for_is_not_taken(server, cache, span):
    server.span = span
    (cache / PART).write_bytes(ARCHIVE[:20_000])
    with broken(span):
        load_images("cifar10")
    assert contents(cache) == {PART: ARCHIVE[:20_000]}


def test_a_server_that_refuses_is_left(server):
    server.status = 404
    for _ in range(3):
        with broken():
            load_images("cifar10")
        gc.collect()  # an open connection is an error here


@as_a_student
def test_no_network_leaves_all_as_it_was(monkeypatch, cache):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    monkeypatch.setattr(cifar10, "ARCHIVE_URL", f"http://127.0.0.1:{port}/it")
    (cache / PART).write_bytes(ARCHIVE[:20_000])
    with broken("refused"):
        load_images("cifar10")
    assert contents(cache) == {PART: ARCHIVE[:20_000]}


@as_a_student
@pytest.mark.parametrize("had", [b"", ARCHIVE[:20_000], ARCHIVE[:-1] + b"x", ARCHIVE + b"x"])
def test_a_download_with_another_checksum_is_deleted_and_nothing_else(server, cache, had):
    server.content = ARCHIVE[:-1] + b"x"
    (cache / "mnist.npz").write_bytes(b"another data set")
    (cache / TARGET).write_bytes(b"an archive that Keras left unfinished")
    before = contents(cache)
    if had:
        (cache / PART).write_bytes(had)
    with pytest.raises(ValueError, match=r"expected the SHA-256 checksum .*was deleted"):
        load_images("cifar10")
    assert contents(cache) == before


def test_keras_finds_the_download_and_its_progress_bar_is_shown(monkeypatch, server, cache, capsys):
    monkeypatch.setattr(cifar10, "_progress_bar", PROGRESS_BAR)
    check_tiny_cifar(load_images("cifar10"))
    _, *bar, last = capsys.readouterr().out.splitlines()
    assert f"{len(ARCHIVE)}/{len(ARCHIVE)}" in "".join(bar)
    assert last.startswith("Pictures: ")

    # What Keras' own function asks for; its batches must be of the true size, so stop it there.
    from keras.src.datasets import cifar10 as cifar10_of_keras
    from keras.utils import get_file

    class StopError(Exception):
        pass

    wanted = {}

    def take_down(**settings):
        wanted.update(settings)
        raise StopError

    monkeypatch.setattr(cifar10_of_keras, "get_file", take_down)
    with pytest.raises(StopError):
        cifar10_of_keras.load_data()
    assert (wanted["origin"], wanted["file_hash"]) == (URL, SHA256)
    tiny = {"origin": cifar10.ARCHIVE_URL, "file_hash": cifar10.ARCHIVE_SHA256}
    folder = get_file(**{**wanted, **tiny}, cache_dir=str(cache.parent))
    assert set(cifar_files()) < set(os.listdir(Path(folder, "cifar-10-batches-py")))
    assert len(server.asked) == 1
    # Now that Keras has unpacked it, the folder is taken.
    (cache / TARGET).unlink()
    assert find_images() == "cifar10"


# Photo digits.


def test_photo_digits_have_the_form_of_all_pictures(digits):
    (x_train, y_train), (x_test, y_test), class_names = digits
    assert x_train.shape == (8000, 32, 32, 3)
    assert x_test.shape == (2000, 32, 32, 3)
    assert x_train.dtype == x_test.dtype == np.uint8
    assert y_train.dtype == y_test.dtype == np.int64
    assert class_names == list("0123456789")


def test_photo_digits_are_equally_frequent_and_mixed(digits):
    (_, y_train), (_, y_test), _ = digits
    assert np.bincount(y_train).tolist() == [800] * 10
    assert np.bincount(y_test).tolist() == [200] * 10
    assert set(y_train[:100]) == set(y_train[-100:]) == set(range(10))


def test_the_same_seed_gives_the_same_photo_digits():
    first, second = photo_digits(3, 40, 20), photo_digits(3, 40, 20)
    for part in range(2):
        for kind in range(2):
            assert np.array_equal(first[part][kind], second[part][kind])


def test_another_seed_gives_other_photo_digits():
    assert not np.array_equal(photo_digits(3, 40, 20)[0][0], photo_digits(4, 40, 20)[0][0])


def test_photo_digits_take_any_number_of_pictures():
    (x_train, y_train), (x_test, y_test), _ = photo_digits(1, 23, 4)
    assert (len(x_train), len(y_train), len(x_test), len(y_test)) == (23, 23, 4, 4)
    assert set(np.bincount(y_train, minlength=10)) == {2, 3}


@pytest.mark.parametrize("name", ["n_train", "n_test"])
@pytest.mark.parametrize("n", [0, -1, 2.0, 2.5, True, "3", None])
def test_another_number_of_photo_digits_is_refused(name, n):
    with pytest.raises(ValueError, match=f"photo_digits: expected {name} .*Received: {name}={n!r}"):
        photo_digits(**{"n_train": 2, "n_test": 2} | {name: n})


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1", [1]])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    message = f"photo_digits: expected a seed .*Received: seed={seed!r}"
    with pytest.raises(ValueError, match=re.escape(message).replace(r"\.\*", ".*")):
        photo_digits(seed, 2, 2)


def test_numbers_of_numpy_are_numbers():
    first, second = photo_digits(np.int64(3), np.uint8(4), np.int32(2)), photo_digits(3, 4, 2)
    assert np.array_equal(first[0][0], second[0][0])
    assert np.array_equal(first[1][0], second[1][0])


def test_no_handwriting_is_in_both_parts(monkeypatch):
    used = []

    def take_down(strokes, *_):
        used.append({piece.tobytes() for piece in strokes})
        return np.zeros((len(strokes), 32, 32, 3), dtype=np.uint8)

    monkeypatch.setattr("course.photo_digits._drawn", take_down)
    photo_digits()
    train, test = set().union(*used[:10]), set().union(*used[10:])
    assert len(train) > 1300
    assert len(test) > 300
    assert not train & test


def test_the_label_of_a_photo_digit_is_that_of_its_handwriting(monkeypatch):
    from sklearn.datasets import load_digits

    source = load_digits()
    label_of = {
        (piece / 16).tobytes(): label
        for piece, label in zip(source.images, source.target, strict=True)
    }

    def number(strokes, *_):
        labels = [label_of[piece.tobytes()] for piece in strokes]
        return np.broadcast_to(np.array(labels)[:, None, None, None], (len(labels), 32, 32, 3))

    monkeypatch.setattr("course.photo_digits._drawn", number)
    (x_train, y_train), (x_test, y_test), _ = photo_digits()
    assert np.array_equal(x_train[:, 0, 0, 0], y_train)
    assert np.array_equal(x_test[:, 0, 0, 0], y_test)


def test_handwriting_lies_upright_and_whole_in_a_photo_digit():
    """A corner of ink alone marks the right corner, in any size and place."""
    strokes = np.zeros((200, 8, 8))
    strokes[:, 0, 7] = 1  # top right
    black = np.zeros((2, 200, 200, 3), dtype=np.uint8)
    drawn = _drawn(strokes, black, np.random.default_rng(0)).max(axis=3)
    assert (drawn.max(axis=(1, 2)) > 100).all()
    rows, columns = drawn.argmax(axis=1).max(axis=1), drawn.argmax(axis=2).max(axis=1)
    assert (rows <= 14).all()  # the smallest is 20 high: it starts at 12 at most
    assert (columns >= 17).all()


def test_ink_stands_out_from_the_photograph():
    strokes = np.ones((300, 8, 8))
    grey = np.full((2, 200, 200, 3), 128, dtype=np.uint8)
    drawn = _drawn(strokes, grey, np.random.default_rng(0)).astype(int)
    contrast = np.sqrt(np.square(drawn - 128).sum(axis=3)).max(axis=(1, 2))
    assert np.quantile(contrast, 0.05) > 90


def test_photographs_are_not_cut_at_their_edge():
    """Each part lies inside of the photograph, also if only the widest just fits."""
    smallest = np.full((1, 128, 128, 3), 9, dtype=np.uint8)
    drawn = _drawn(np.zeros((200, 8, 8)), smallest, np.random.default_rng(0))
    assert (drawn == 9).all()
