"""What the gallery has to know of the lecture: the order of its lessons, a clean start for each."""

import re
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"

LESSONS = (
    "keras_model.py",
    "iris_nopackages.py",
    "iris_keras.py",
    "iris_agreement.py",
    "mtcars_nopackages.py",
    "mtcars_keras.py",
    "mtcars_agreement.py",
    "learning_rate.py",
    "batch_size.py",
    "hyperparameter_search.py",
    "activations.py",
    "dead_units.py",
    "deep_network.py",
    "vanishing_gradients.py",
    "layer_types.py",
    "convolution.py",
    "cifar_keras_cnn.py",
    "cifar_nopackages_cnn.py",
    "cifar_agreement.py",
    "cifar_precision.py",
    "attention_nopackages.py",
    "attention_nopackages_training.py",
    "transformer_keras.py",
    "transformer_agreement.py",
    "transformer_forecast.py",
    "own_table.py",
)
# Lessons on what neither the lecture's slides nor its R scripts have.
BEYOND = {
    *("iris_agreement", "mtcars_agreement", "hyperparameter_search"),
    *("dead_units", "vanishing_gradients"),
    *("cifar_nopackages_cnn", "cifar_agreement", "cifar_precision"),
    *("attention_nopackages", "attention_nopackages_training"),
    *("transformer_keras", "transformer_agreement", "transformer_forecast"),
    "own_table",
}
# The parts of the course, each by the lesson that it begins with.
PARTS = {
    "keras_model.py": "Reminder",
    "iris_nopackages.py": "Iris",
    "mtcars_nopackages.py": "Regression",
    "learning_rate.py": "Hyper-parameters",
    "activations.py": "Activations and depth",
    "layer_types.py": "Pictures",
    "attention_nopackages.py": "Attention and transformers",
    "own_table.py": "Your own data",
}
# A copy of the course may have fewer.
LESSONS = tuple(name for name in LESSONS if (SCRIPTS / name).is_file())


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


def say_which_pictures(app, docname, source):
    """Put a note under the title of a lesson that says which pictures its run has used."""
    pictures = re.search(r"^ +Pictures: (.+)$", source[0], flags=re.M)
    if docname.startswith("lessons/") and pictures:
        note = f"\n.. note::\n\n   The pictures on this page: {pictures.group(1)}.\n"
        source[0] = re.sub(r"(?<=\n)={5,}\n", lambda m: m.group() + note, source[0], count=1)


def setup(app):
    """Register with Sphinx."""
    app.connect("source-read", say_which_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
