"""What readers look for, and the passage of a lesson that answers it.

Each word becomes an entry of the index there, from where the search takes it. The lessons come
first among what the search finds (``search_scorer.js``), and their first lines say what they ask.
"""

import re

from gallery.lesson_table import first_lines
from lecture import LESSONS, SCRIPTS
from sphinx.errors import ExtensionError

# For each lesson its headings, and the words that are answered below them. "" is the page itself.
ANSWERS = {
    "keras_model": {"": ["keras", "model", "compile", "fit", "summary"]},
    "iris_nopackages": {
        "": ["W1", "by hand", "iris", "neural network"],
        "Step 1: data": ["one-hot", "dummy variables", "training and test", "sample"],
        "Step 2: initial weights": ["rnorm", "set.seed", "initial weights", "weights", "bias"],
        "Step 3: forward": ["relu", "softmax", "forward pass", "forward propagation"],
        "Step 4: loss": ["cross-entropy", "loss function"],
        "Step 5: backward": ["backpropagation", "backprop", "chain rule", "gradient", "derivative"],
        "Step 6: update": ["gradient descent", "update"],
        "Step 7: repeat": ["max.col", "confusion matrix", "accuracy", "training loop"],
    },
    "iris_keras": {"": ["iris keras", "to_categorical"]},
    "iris_agreement": {"": ["agreement", "keras by hand"]},
    "mtcars_nopackages": {"": ["regression", "mtcars", "sigmoid"]},
    "mtcars_keras": {"": ["mtcars keras", "validation", "standardise"]},
    "learning_rate": {
        "": ["learning rate", "hyper-parameters", "hyperparameters"],
        "Overshooting, seen from above": ["overshooting", "curvature", "divergence"],
        "Epochs": ["overfitting", "over-fitting", "epochs", "early stopping"],
    },
    "batch_size": {"": ["batch size", "mini-batch", "optimiser", "Adam", "momentum", "RMSprop"]},
    "hyperparameter_search": {"": ["Optuna", "tuning", "grid search", "random search"]},
    "activations": {
        "": ["activation function", "tanh", "leaky relu", "GELU"],
        "Softmax takes a whole row": ["softmax overflow", "overflow"],
    },
    "dead_units": {"": ["dead relu", "dying relu", "dead unit", "saturation"]},
    "deep_network": {"": ["deep learning", "hidden layers", "depth"]},
    "vanishing_gradients": {"": ["vanishing gradient", "Glorot", "Xavier", "He initialisation"]},
    "layer_types": {"": ["layers", "flatten", "pooling"], "Dropout": ["dropout"]},
    "convolution": {"": ["convolution", "kernel", "filter", "stride", "padding"]},
    "cifar_keras_cnn": {"": ["CNN", "CIFAR-10", "images"]},
    "cifar_precision": {"": ["float32", "float64", "single precision", "rounding error"]},
    "attention_nopackages": {"": ["attention", "query", "mask"]},
    "attention_nopackages_training": {"": ["several heads", "multi-head attention"]},
    "transformer_keras": {"": ["transformer", "embedding", "positional encoding"]},
    "transformer_forecast": {"": ["time series", "forecast"]},
    "own_table": {"": ["your own data", "CSV", "read.csv", "table"]},
}


def add_answers(app, docname, source):
    """Put entries of the index into the page of a lesson, and its question at its head."""
    folder, _, name = docname.rpartition("/")
    if folder != "lessons" or f"{name}.py" not in LESSONS:
        return
    text = source[0]
    for heading, words in ANSWERS.get(name, {}).items():
        pattern = rf"^{re.escape(heading)}\n[-=]{{3,}}\n" if heading else r"^[^\n]+\n={3,}\n"
        if not (found := re.search(pattern, text, flags=re.M)):
            raise ExtensionError(
                f"gallery/search.py: expected a heading {heading!r} in the lesson {name}. "
                "Found none. Name one that is there."
            )
        entries = "".join(f"   ! single: {word}\n" for word in words)
        # Above its heading a section would end; the first lines below it are in sight as well.
        text = f"{text[: found.end()]}\n.. index::\n{entries}\n{text[found.end() :]}"
    _, question, _ = first_lines(SCRIPTS / f"{name}.py")
    description = f".. meta::\n   :description: {question}\n\n" if question else ""
    source[0] = description + text


def setup(app):
    """Register with Sphinx."""
    app.connect("source-read", add_answers, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
