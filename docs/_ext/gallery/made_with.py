"""The directive ``made-with``: the version of the course, and of what the website was made with."""

import platform
from importlib.metadata import version

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

PACKAGES = ("NumPy", "Keras", "TensorFlow", "Sphinx")


class MadeWith(SphinxDirective):
    """Writes a sentence."""

    def run(self):
        """Return the paragraph."""
        packages = [f"{name} {version(name)}" for name in PACKAGES]
        used = ", ".join([f"Python {platform.python_version()}", *packages])
        text = f"This is version {self.config.release} of the course. It was made with {used}."
        return [nodes.paragraph(text, text, classes=["measured"])]


def setup(app):
    """Register with Sphinx."""
    app.add_directive("made-with", MadeWith)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
