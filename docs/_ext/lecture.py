"""What the gallery has to know of the lecture: the order of its lessons, a clean start for each."""

import hashlib
import os
import re
import shutil
import sys
from pathlib import Path

from course.images import find_images

ROOT = Path(__file__).parents[2]

LESSONS = (
    "keras_model.py",
    "iris_nopackages.py",
    "iris_keras.py",
    "iris_agreement.py",
    "mtcars_nopackages.py",
    "mtcars_keras.py",
    "hyperparameters.py",
    "activations.py",
    "deep_network.py",
    "layer_types.py",
    "convolution.py",
    "cifar_keras_cnn.py",
    "cifar_nopackages_cnn.py",
    "cifar_agreement.py",
    "attention_nopackages.py",
    "transformer_keras.py",
)


class LessonOrder:
    """A sort key for sphinx-gallery: the place of a script in the lecture.

    Args:
        folder: the folder of the scripts; the gallery gives it, and it is not needed.

    Raises:
        ValueError: for a script that has no place in ``LESSONS``.
    """

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, filename):
        """The place of the script, from 0."""
        name = Path(filename).name
        lesson = name.replace("_exercises.py", ".py")  # exercises stand in the order of the lessons
        if lesson not in LESSONS:
            raise ValueError(
                f"scripts/{name} has no place in the lecture. "
                "Add it to LESSONS in docs/_ext/lecture.py, or move it out of scripts/."
            )
        return LESSONS.index(lesson)

    def __repr__(self):
        """The same text in every build: the gallery keeps its settings as text."""
        return f"{type(self).__name__}()"


def reset_keras(gallery_conf, script):
    """Leave nothing of one lesson to the next: neither Keras' precision nor its layer names."""
    keras = sys.modules.get("keras")
    if keras is not None:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
        keras.backend.clear_session()


def discard_stale_lessons(app, config):
    """Have all lessons run anew if the package behind them or the choice of pictures has changed.

    The gallery runs a script again when the script has changed, and does not look at what the
    script imports.
    """
    lessons = Path(app.srcdir) / config.sphinx_gallery_conf["gallery_dirs"]
    stamp = lessons / "course.sha256"
    images = find_images()
    if isinstance(images, Path):
        images = images.resolve()  # the gallery runs the lessons from another folder
        os.environ["COURSE_IMAGES"] = str(images)
    digest = hashlib.sha256(str(images).encode())
    for path in sorted((ROOT / "course").rglob("*")):
        if path.suffix in {".csv", ".mplstyle", ".py"}:
            digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest.hexdigest():
        return
    shutil.rmtree(lessons, ignore_errors=True)
    lessons.mkdir()
    stamp.write_text(digest.hexdigest(), encoding="utf-8")


def say_which_pictures(app, docname, source):
    """Put a note under the title of a lesson that says which pictures its run has used."""
    pictures = re.search(r"^ +Pictures: (.+)$", source[0], flags=re.M)
    if docname.startswith("lessons/") and pictures:
        note = f"\n.. note::\n\n   The pictures on this page: {pictures.group(1)}.\n"
        source[0] = re.sub(r"(?<=\n)={5,}\n", lambda m: m.group() + note, source[0], count=1)


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", discard_stale_lessons, priority=1)
    app.connect("source-read", say_which_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
