"""What is stale is made again, and a build that was killed does not spoil the next one.

A lesson runs again if its script has changed, or anything that all lessons are made from: the
package ``course``, the versions of the software, the pictures, the settings. The pages are made
again if the extensions have changed, too; the setting ``made_from`` tells Sphinx, and the handouts.
"""

import os
import re
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires
from importlib.metadata import version as installed_version
from pathlib import Path

from files import digest, write_whole
from gallery.exercises import STUDENT, SUFFIX
from sphinx.application import ENV_PICKLE_FILENAME
from sphinx_gallery.utils import get_md5sum

from course.images import find_images

ROOT = Path(__file__).parents[2]
UNFINISHED = "unfinished"  # a file that is there while a build goes on


# Builds that were killed ------------------------------------------------------------------------


def begin(app, config):
    """Note that a build has begun. If the last one did not end, all pages are made anew.

    It may have stopped in the middle of any file, and Sphinx would take that for whole.
    """
    unfinished = Path(app.doctreedir, UNFINISHED)
    if unfinished.exists():
        Path(app.doctreedir, ENV_PICKLE_FILENAME).unlink(missing_ok=True)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    unfinished.touch()


def end(app, exception):
    """Note that the build has come to its end."""
    if exception is None:
        Path(app.doctreedir, UNFINISHED).unlink(missing_ok=True)


# What is stale ----------------------------------------------------------------------------------


def software() -> str:
    """Python, and the packages that the website is made with, each with its version."""
    found = {"Python": sys.version.split()[0]}
    for requirement in requires("simple-to-deep"):
        name = re.match(r"[\w.-]+", requirement).group()
        if name != "simple-to-deep" and 'extra == "test"' not in requirement:
            try:
                found[name] = installed_version(name)
            except PackageNotFoundError:
                found[name] = "none"
    return str(sorted(found.items()))


def data_sets() -> str:
    """What Keras has in its folder of data sets: the exercises use what is there."""
    folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"
    return str(sorted(path.name for path in folder.glob("*")))


def discard_stale_lessons(app, config):
    """Take away each lesson that does not belong to what is there now, before the gallery runs.

    The gallery runs a script again when its text has changed, and looks at nothing else. All that
    came of a script goes before it runs again: a run that is broken off leaves no mixture.
    """
    lessons = Path(app.srcdir, config.sphinx_gallery_conf["gallery_dirs"])
    images = find_images()
    if isinstance(images, Path):
        images = images.resolve()  # the gallery runs the lessons from another folder
        os.environ["COURSE_IMAGES"] = str(images)
    made_from = digest(
        software(),
        data_sets(),
        os.environ.get("COURSE_DOWNLOAD", ""),
        str(images),
        images if isinstance(images, Path) else "",
        ROOT / "course",
        Path(app.srcdir, "conf.py"),
        ROOT / "docs" / "_ext" / "lecture.py",
    )
    config.made_from = digest(made_from, ROOT / "docs" / "_ext")
    stamp = lessons / "made_from.sha256"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != made_from:
        shutil.rmtree(lessons, ignore_errors=True)
        lessons.mkdir()
        write_whole(stamp, made_from.encode())
    for copy in lessons.rglob("*.py"):
        script = ROOT / "scripts" / copy.relative_to(lessons)
        if not copy.stem.endswith(STUDENT) and not is_finished(copy, script):
            discard(copy)


def is_finished(copy: Path, script: Path) -> bool:
    """Whether the gallery has run a script as it is now, to the end.

    Args:
        copy: the script in the folder of the lessons; beside it lies what came of it.
        script: where the copy is from.
    """
    checksum, *others = [copy.with_suffix(suffix) for suffix in (".py.md5", ".rst", ".zip")]
    if not script.is_file() or not all(path.is_file() for path in (checksum, *others)):
        return False
    return checksum.read_text(encoding="utf-8") == get_md5sum(script, mode="t")


def discard(copy: Path) -> None:
    """Take away all that came of a script, and its copy last: by that the rest is found."""
    figures = re.compile(rf"sphx_glr_{copy.stem}_(\d{{3}}(_2_00x)?|thumb)\.\w+")
    left = [p for p in copy.parent.glob("images/**/*") if figures.fullmatch(p.name)]
    left += [*copy.parent.glob(f"{copy.stem}.*")]
    left += [*copy.parent.glob(f"{copy.stem.removesuffix(SUFFIX)}{STUDENT}.*")]
    for path in left:
        if path != copy:
            path.unlink()
    copy.unlink()


def discard_old_pages(app, exception):
    """Take what lessons that are gone have left from the website, before it is packed."""
    if exception is not None or app.builder.name != "html":
        return
    website, lessons = Path(app.outdir), app.config.sphinx_gallery_conf["gallery_dirs"]
    there = {path.name for path in Path(app.srcdir, lessons).rglob("*")}
    for page in website.glob(f"{lessons}/**/*.html"):
        if page.relative_to(website).with_suffix("").as_posix() not in app.env.found_docs:
            page.unlink()
    for path in [*website.glob("_images/sphx_glr_*"), *website.glob("_downloads/*/*")]:
        if path.name not in there:
            path.unlink()


def setup(app):
    """Register with Sphinx."""
    app.add_config_value("made_from", "", "env", str)
    app.connect("config-inited", begin, priority=1)
    app.connect("config-inited", discard_stale_lessons, priority=2)
    app.connect("build-finished", discard_old_pages, priority=800)  # before the ZIP is made
    app.connect("build-finished", end, priority=1000)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
