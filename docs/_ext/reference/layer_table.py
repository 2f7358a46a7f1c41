"""The directive ``layer-table``: the layers of the course, compared with Keras during the build."""

import inspect
import re
import textwrap
import tomllib
from pathlib import Path

import numpy as np
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from course import agreement, layers

# Of each layer: formulas, the name in R, and what it is compared on.
LAYERS = tomllib.loads(Path(__file__).with_name("layers.toml").read_text(encoding="utf-8"))
HEADINGS = ["Layer", "Formula and lines of NumPy", "Largest difference"]
WIDTHS = [22, 62, 16]


def numpy_lines(layer: type, way: str) -> str:
    """The body of a layer's ``_forward`` or ``_backward``, without ``self`` and underscores."""
    if layer is layers.Activation:  # it leaves the work to its function
        from course import activations

        function = activations.softmax if way == "forward" else activations.softmax_backward
    else:
        function = getattr(layer, f"_{way}")
    source = textwrap.dedent(inspect.getsource(function))
    body = source.split(":\n", 1)[1]
    if '"""' in body:
        body = body.split('"""')[2].strip("\n")
    body = textwrap.dedent(body).strip()
    return re.sub(r"\b_(?=[a-z])", "", body.replace("self.", ""))


def compare_layer(name: str, dtype: str) -> dict[str, float]:
    """The largest relative differences of a layer from Keras, forward and backward."""
    from reference.beside_keras import (  # only now: it starts TensorFlow
        beside_keras,
        keras,
        normals,
    )

    arguments, shapes = LAYERS[name]["arguments"], LAYERS[name]["inputs"]
    inputs = [normals(100 + i, *shape, dtype=dtype) for i, shape in enumerate(shapes)]
    if name == "Embedding":  # words: whole numbers
        inputs = [np.random.default_rng(100).integers(0, arguments[0], shape) for shape in shapes]
    own = getattr(layers, name)(*arguments)
    twin = getattr(keras.layers, name)(*arguments)
    options = {"training": True} if name == "Dropout" else {}
    found = beside_keras(own, twin, inputs, normals, **options)
    ways = {"forward": found["outputs"]}
    ways["backward"] = found["input gradients"] + found["weight gradients"]
    return {
        way: max(agreement.assert_agree(name, *pair).max_rel for pair in pairs)
        for way, pairs in ways.items()
    }


def measure() -> dict[tuple[str, str], dict[str, float]]:
    """The largest relative difference of each layer from Keras, by name and way, then by type."""
    found = {}
    for dtype in agreement.TOLERANCES:
        with agreement.keras_precision(dtype):
            for name in LAYERS:
                for way, worst in compare_layer(name, dtype).items():
                    found.setdefault((name, way), {})[dtype] = worst
    return found


class LayerTable(SphinxDirective):
    """Writes the table; a difference beyond the limit stops the build."""

    def run(self):
        """Return the table."""
        measured = measure()
        body = nodes.tbody()
        for name, layer in LAYERS.items():
            for way in ("forward", "backward"):
                code = textwrap.indent(numpy_lines(getattr(layers, name), way), "   ")
                differences = [".. rst-class:: measured", ""]
                differences += [
                    f"| {dtype}:\n| {agreement.bound(value)}"
                    for dtype, value in measured[name, way].items()
                ]
                formula = textwrap.indent(layer[way].strip(), "   ")
                cells = [
                    f"*{way}*\n\n.. math::\n\n{formula}\n\n.. code-block:: python\n\n{code}",
                    "\n".join(differences),
                ]
                row = nodes.row()
                if way == "forward":
                    names = f":py:class:`~course.layers.{name}`\n\nKeras: ``{name}``"
                    names += f"\n\nR: ``{layer['r']}``"
                    row += nodes.entry("", *self.parse_text_to_nodes(names), morerows=1)
                row += [nodes.entry("", *self.parse_text_to_nodes(cell)) for cell in cells]
                body += row
        head_row = nodes.row()
        head_row += [nodes.entry("", nodes.paragraph("", text)) for text in HEADINGS]
        group = nodes.tgroup("", cols=len(HEADINGS))
        group += [nodes.colspec(colwidth=width) for width in WIDTHS]
        group += [nodes.thead("", head_row), body]
        return [nodes.table("", group, classes=["layer-table"])]


def setup(app):
    """Register with Sphinx."""
    app.add_directive("layer-table", LayerTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
