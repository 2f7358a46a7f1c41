"""The package of the course as a wheel beside the website: who has the site can install it.

Pages name it by ``WHEEL``, which becomes the name of the file. The wheel is made from a copy, so
that nothing gets in that an earlier build has left in the folder of the course.
"""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from tempfile import TemporaryDirectory

from files import digest, recall, remember, write_whole
from sphinx.errors import ExtensionError
from sphinx.util import logging
from stale import ROOT

logger = logging.getLogger(__name__)

FOLDER = "package"  # of the website
SOURCES = ("course", "LICENSE", "README.md", "pyproject.toml")
WHEEL = "simple_to_deep-VERSION-py3-none-any.whl"
BUILD = "from setuptools import build_meta; build_meta.build_wheel('.')"
FIRST_DATE = "315532800"  # 1 January 1980, so that two builds give the same file


def wheel_name() -> str:
    """The name of the file."""
    return WHEEL.replace("VERSION", installed_version("simple-to-deep"))


def make_wheel(root: Path) -> bytes:
    """The wheel of a course.

    Args:
        root: the folder that holds ``course`` and ``pyproject.toml``.

    Raises:
        ExtensionError: if it cannot be made; the message is that of setuptools.
    """
    with TemporaryDirectory() as folder:
        for name in SOURCES:
            copy = shutil.copytree if (root / name).is_dir() else shutil.copy
            copy(root / name, Path(folder, name))
        made = subprocess.run(
            [sys.executable, "-c", BUILD],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "SOURCE_DATE_EPOCH": FIRST_DATE},
        )
        if made.returncode != 0:
            raise ExtensionError(f"The wheel of the course cannot be made:\n{made.stderr}")
        (wheel,) = Path(folder).glob("*.whl")
        return wheel.read_bytes()


def write_wheel(app, exception):
    """Put the wheel into the website, if the course or setuptools has changed."""
    if exception is not None or app.builder.name != "html":
        return
    if not all((ROOT / name).exists() for name in SOURCES):
        logger.info("no wheel: %s are not all there", ", ".join(SOURCES))
        return  # a copy of the website's parts alone, such as a teacher's own course
    target = Path(app.outdir, FOLDER, wheel_name())
    memory = Path(app.doctreedir, "wheel.json")
    key = digest(installed_version("setuptools"), *(ROOT / name for name in SOURCES))
    if target.is_file() and recall(memory, key) == target.name:
        return
    shutil.rmtree(target.parent, ignore_errors=True)
    target.parent.mkdir()
    write_whole(target, make_wheel(ROOT))
    remember(memory, key, target.name)


def name_wheel(app, docname, source):
    """Write the name of the file where a page has ``WHEEL``."""
    source[0] = source[0].replace(WHEEL, wheel_name())


def setup(app):
    """Register with Sphinx."""
    app.connect("source-read", name_wheel)
    app.connect("build-finished", write_wheel, priority=850)  # before the website is packed
    return {"parallel_read_safe": True, "parallel_write_safe": True}
