"""What is stale is made again, and a build that was killed does not spoil the next one."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import files
import numpy as np
import pypdfium2
import pytest
import stale
from conftest import everything
from PIL import Image
from running import LIMIT
from small_website import DECK, SOLUTION, copy_course

# Digests and memories -----------------------------------------------------------------------------


def test_a_digest_tells_names_contents_and_places_apart(tmp_path):
    def write(name: str, content: str) -> None:
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    seen = set()
    for name, content in [("a", "x"), ("a", "y"), ("b", "y"), ("c/a", "y"), ("c/a", "yx")]:
        write(name, content)
        seen.add(files.digest(tmp_path / "folder"))
    assert len(seen) == 5
    now = files.digest(tmp_path / "folder")
    write("__pycache__/a.pyc", "of Python")
    write(".DS_Store", "of macOS")
    assert files.digest(tmp_path / "folder") == now
    assert files.digest("ab", "c") != files.digest("a", "bc")


def test_what_is_remembered_under_another_key_or_cannot_be_read_is_nothing(tmp_path):
    memory = tmp_path / "memory.json"
    assert files.recall(memory, "key") is None
    files.remember(memory, "key", {"a": 1})
    assert files.recall(memory, "key") == {"a": 1}
    assert files.recall(memory, "another") is None
    whole = memory.read_bytes()
    for broken in [whole[: len(whole) // 2], b"", b"[1]", b"3", b"\xff\xfe", b'{"key": "key"}']:
        memory.write_bytes(broken)
        assert files.recall(memory, "key") is None


def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "file"
    files.write_whole(path, b"old")

    def cut_off(self, content):
        with open(self, "wb") as file:
            file.write(content[:2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", cut_off)
    with pytest.raises(KeyboardInterrupt):
        files.write_whole(path, b"new content")
    assert path.read_bytes() == b"old"


# Lessons ------------------------------------------------------------------------------------------


@pytest.fixture
def lessons(tmp_path, monkeypatch):
    """A function that looks for what is stale, and says whether a lesson that has run is kept."""
    for folder in ["course", "scripts", "docs/_ext", "docs/lessons/images"]:
        (tmp_path / folder).mkdir(parents=True)
    for file in ["course/data.py", "docs/conf.py", "docs/_ext/lecture.py", "docs/_ext/other.py"]:
        (tmp_path / file).write_text("a = 1", encoding="utf-8")
    (tmp_path / "scripts" / "iris.py").write_text("print(1)", encoding="utf-8")
    monkeypatch.setattr(stale, "ROOT", tmp_path)
    monkeypatch.setenv("COURSE_IMAGES", "digits")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("COURSE_DOWNLOAD", raising=False)
    config = SimpleNamespace(sphinx_gallery_conf={"gallery_dirs": "lessons"})
    page = tmp_path / "docs" / "lessons" / "iris.rst"

    def look() -> bool:
        """Look, then run the lesson if it has to run, as the gallery does."""
        stale.discard_stale_lessons(SimpleNamespace(srcdir=tmp_path / "docs"), config)
        kept = page.exists()
        shutil.copy(tmp_path / "scripts" / "iris.py", page.with_suffix(".py"))
        page.write_text("run", encoding="utf-8")
        page.with_suffix(".zip").touch()
        checksum = stale.get_md5sum(tmp_path / "scripts" / "iris.py", mode="t")
        page.with_suffix(".py.md5").write_text(checksum, encoding="utf-8")
        return kept

    assert not look()
    assert look()
    look.folder, look.config = tmp_path, config
    return look


@pytest.mark.parametrize(
    ("file", "runs"),
    [
        *[("course/data.py", True), ("docs/conf.py", True), ("docs/_ext/lecture.py", True)],
        *[("course/new.csv", True), ("scripts/iris.py", True), ("keras/datasets/new.npz", True)],
        ("docs/_ext/other.py", False),
    ],
)
def test_lessons_run_again_when_what_they_are_made_from_has_changed(lessons, file, runs):
    pages = lessons.config.made_from
    (lessons.folder / file).parent.mkdir(parents=True, exist_ok=True)
    (lessons.folder / file).write_text("a = 2", encoding="utf-8")
    assert lessons() == (not runs)
    assert lessons()
    assert (lessons.config.made_from == pages) == (file == "scripts/iris.py")  # else all pages


@pytest.mark.parametrize("package", ["numpy", "keras", "tensorflow", "pandas", "matplotlib"])
def test_lessons_run_again_with_another_version(lessons, monkeypatch, package):
    real = stale.installed_version
    monkeypatch.setattr(
        stale, "installed_version", lambda name: "99.0" if name == package else real(name)
    )
    assert not lessons()
    assert lessons()


@pytest.mark.parametrize(
    ("name", "value"), [("COURSE_DOWNLOAD", "1"), ("COURSE_IMAGES", "cifar10")]
)
def test_lessons_run_again_with_another_choice_of_data(lessons, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert not lessons()
    assert lessons()


def test_lessons_run_again_with_other_pictures_in_the_same_folder(lessons, monkeypatch):
    (lessons.folder / "pictures").mkdir()
    monkeypatch.chdir(lessons.folder)
    monkeypatch.setenv("COURSE_IMAGES", "pictures")
    assert not lessons()
    assert os.environ["COURSE_IMAGES"] == str(lessons.folder / "pictures")
    assert lessons()
    (lessons.folder / "pictures" / "1.png").write_bytes(b"a picture")
    assert not lessons()
    assert lessons()


@pytest.mark.parametrize("missing", [".rst", ".zip", ".py.md5"])
def test_a_lesson_that_was_broken_off_runs_again(lessons, missing):
    (lessons.folder / "docs" / "lessons" / "iris").with_suffix(missing).unlink()
    assert not lessons()
    assert lessons()


def test_nothing_is_left_of_a_lesson_that_is_gone_or_has_changed(lessons):
    """And nothing is taken from another whose name begins in the same way."""
    made = lessons.folder / "docs" / "lessons"
    own = ["images/sphx_glr_iris_001.png", "images/sphx_glr_iris_001_2_00x.png", "iris.ipynb"]
    own += ["images/thumb/sphx_glr_iris_thumb.png", "iris.codeobj.json", "iris.R"]
    others = ["images/sphx_glr_iris_keras_001.png", "images/thumb/sphx_glr_iris_keras_thumb.png"]
    others += ["index.rst", "iris_keras.ipynb"]
    for name in [*own, *others]:
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).touch()
    assert lessons()
    assert all((made / name).exists() for name in [*own, *others])
    (lessons.folder / "scripts" / "iris.py").write_text("print(2)", encoding="utf-8")
    assert not lessons()
    assert not any((made / name).exists() for name in own)
    assert all((made / name).exists() for name in others)
    (lessons.folder / "scripts" / "iris.py").unlink()
    app = SimpleNamespace(srcdir=lessons.folder / "docs")
    stale.discard_stale_lessons(app, lessons.config)
    assert sorted(path.name for path in made.glob("*.*")) == [
        *["index.rst", "iris_keras.ipynb", "made_from.sha256"]
    ]


def test_a_build_that_did_not_end_makes_the_next_one_read_all_pages(tmp_path):
    app = SimpleNamespace(doctreedir=tmp_path)
    environment = tmp_path / "environment.pickle"
    environment.touch()
    stale.begin(app, None)
    stale.end(app, None)
    stale.begin(app, None)
    assert environment.exists()
    stale.end(app, RuntimeError("a page failed"))
    stale.begin(app, None)
    assert not environment.exists()


# A small website ----------------------------------------------------------------------------------

LESSON = '''r"""A lesson
=========

**Does it work?** As :math:`x = {number}`.
"""

from pathlib import Path

import matplotlib.pyplot as plt
from course.images import load_images

plt.style.use("course.lecture")

# %%
# Part
# ----
#
# An epoch.

load_images()
width = float(Path("../pictures/width.txt").read_text(encoding="utf-8"))
fig, ax = plt.subplots(figsize=(width, 3))
ax.plot([1, 2])
fig.suptitle("A line goes up")
plt.show()

# %%
# Try it
# ------
#
# 1. Do it.
'''
PAGES = ["deck", "downloads", "glossary", "index", "notation", "operations", "run_it_yourself"]


def write(folder: Path, name: str, number: int = 1) -> None:
    """Write the only lesson of a website, and its exercises."""
    lesson = LESSON.replace("{number}", str(number))
    (folder / "scripts" / f"{name}.py").write_text(lesson, encoding="utf-8")
    text = f'r"""Exercises: a lesson\n===================\n\nThey go with :doc:`../{name}`.\n"""\n'
    path = folder / "scripts" / "exercises" / f"{name}_exercises.py"
    path.write_text(text + SOLUTION, encoding="utf-8")


def pictures(folder: Path, per_class: int) -> None:
    """Write a folder of pictures of two classes."""
    for part in ["train", "test"]:
        for number, name in enumerate(["a", "b"]):
            (folder / part / name).mkdir(parents=True, exist_ok=True)
            for i in range(per_class if part == "train" else 2):
                values = np.full((32, 32, 3), 100 * number + i, np.uint8)
                Image.fromarray(values).save(folder / part / name / f"{i}.png")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A copy of the course with one short lesson, and its builds: a function, and the folder."""
    folder = copy_course(tmp_path_factory.mktemp("tiny") / "my course", [])
    for script in (folder / "scripts").rglob("*.py"):
        script.unlink()
    write(folder, "keras_model")
    for page in (folder / "docs").glob("*.rst"):
        if page.stem not in PAGES:
            page.unlink()
    shutil.rmtree(folder / "docs" / "reference")
    toctree = "\n   ".join(
        [*sorted(set(PAGES) - {"index"}), "lessons/index", "lessons/exercises/index"]
    )
    texts = {
        "index": f"Home\n====\n\n.. toctree::\n\n   {toctree}\n",
        "glossary": "Glossary\n========\n\n.. glossary::\n\n   epoch\n      Once through all.\n",
        "notation": "Notation\n========\n\nSmall letters.\n",
        "operations": "Operations\n==========\n\nNone.\n",
        "run_it_yourself": "Run it yourself\n===============\n\nAnywhere.\n",
        "deck": re.sub(r"\.\. lesson-.*\n(   :.*\n)+", "Text.\n", DECK),
    }
    for name, text in texts.items():
        (folder / "docs" / f"{name}.rst").write_text(text, encoding="utf-8")
    pictures(folder / "pictures", 3)
    (folder / "pictures" / "width.txt").write_text("4", encoding="utf-8")

    def start() -> subprocess.Popen:
        command = ["-m", "sphinx", "-M", "html", "docs", "docs/_build", "-W", "--keep-going"]
        environment = os.environ | {"PYTHONPATH": str(folder), "COURSE_IMAGES": "pictures"}
        with open(folder / "log", "w", encoding="utf-8") as log:
            return subprocess.Popen(
                [sys.executable, *command],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def build() -> str:
        """Build, strictly; return what was said."""
        code = start().wait(LIMIT)
        said = (folder / "log").read_text(encoding="utf-8")
        assert code == 0, said
        return said

    build.start, build.folder, build.site = start, folder, folder / "docs" / "_build" / "html"
    return build


def page_of(build, name: str) -> str:
    return (build.site / "lessons" / f"{name}.html").read_text(encoding="utf-8")


@everything("builds of a small website after each kind of change, and after 20 kills")
def test_a_small_website_follows_each_change(tiny):
    folder = tiny.folder
    tiny()
    assert "6 for training" in page_of(tiny, "keras_model")
    assert not (tiny.site / ".doctrees").exists()
    assert "Handouts made anew: 0" in tiny()

    paper, page = tiny.site / "handouts" / "keras_model.pdf", page_of(tiny, "keras_model")
    before = width_of_picture(paper)
    (folder / "pictures" / "width.txt").write_text("5", encoding="utf-8")
    tiny()
    assert without_timing(page_of(tiny, "keras_model")) == without_timing(page)
    assert width_of_picture(paper) == pytest.approx(before * 5 / 4, rel=0.02)

    pictures(folder / "pictures", 9)
    tiny()
    assert "18 for training" in page_of(tiny, "keras_model")

    extension = folder / "docs" / "_ext" / "reference" / "glossary_links.py"
    source = extension.read_text(encoding="utf-8")
    assert "glossary-link" in page_of(tiny, "keras_model")
    extension.write_text(source.replace('"glossary-link"', '"of-the-glossary"'), encoding="utf-8")
    tiny()
    assert "of-the-glossary" in page_of(tiny, "keras_model")

    for path in (folder / "scripts").rglob("keras_model*.py"):
        path.unlink()
    write(folder, "iris_keras")
    tiny()
    left = list(tiny.site.rglob("*keras_model*"))
    left += (folder / "docs" / "lessons").rglob("*keras_model*")
    assert left == []
    assert page_of(tiny, "iris_keras")


def without_timing(page: str) -> str:
    return re.sub(r"running time.*?seconds", "", page, flags=re.S)


def width_of_picture(path: Path) -> float:
    """The width of the first picture in a PDF, in points."""
    with pypdfium2.PdfDocument(path) as pdf:
        for page in pdf:
            for item in page.get_objects():
                if item.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE:
                    left, _, right, _ = item.get_bounds()
                    return right - left
    raise AssertionError(f"{path} has no picture.")


@everything("builds of a small website after each kind of change, and after 20 kills")
def test_what_a_killed_build_leaves_half_written_is_made_whole(tiny):
    """Pages, and the index of the search, which Sphinx would take for whole."""
    tiny()
    (doctrees,) = tiny.folder.glob("docs/_build/doctrees")
    index, page = tiny.site / "searchindex.js", tiny.site / "index.html"
    whole = page.read_bytes()
    for path in (index, page):
        path.write_bytes(path.read_bytes()[:100])
    (doctrees / stale.UNFINISHED).touch()
    tiny()
    assert page.read_bytes() == whole
    assert index.read_bytes().rstrip().endswith(b"})")


@everything("builds of a small website after each kind of change, and after 20 kills")
def test_a_build_that_was_killed_does_not_spoil_the_next_one(tiny):
    """Killed at 20 moments of a build that has something to do, then built to the end."""
    name = next(path.stem for path in (tiny.folder / "scripts").glob("*.py"))
    start = time.perf_counter()
    write(tiny.folder, name, number=100)
    tiny()
    whole = time.perf_counter() - start
    chance = random.Random(1)
    for number in range(20):
        write(tiny.folder, name, number=number)
        process = tiny.start()
        time.sleep(whole * (number + chance.random()) / 20)
        how = signal.SIGKILL if number % 2 else signal.SIGINT
        os.killpg(process.pid, how)
        process.wait(LIMIT)
        tiny()
        assert f"x = {number}<" in page_of(tiny, name)
