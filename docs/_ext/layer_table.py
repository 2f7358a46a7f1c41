"""The directive ``layer-table``: the layers of the course, compared with Keras during the build."""

import inspect
import textwrap

import numpy as np
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from course import agreement, layers
from course.quiet import quiet_start

# Formulas forward and backward, the name in R, and how to make the layer.
LAYERS = {
    "Dense": (
        r"z = x W + b, \quad y = \varphi(z)",
        r"dW = x^\top dz, \quad db = \sum_n dz_n, \quad dx = dz\, W^\top",
        "layer_dense",
        (4, "relu"),
    ),
    "Conv2D": (
        r"z_{nijf} = \sum_{u,v,c} x_{n,\,si+u,\,sj+v,\,c}\, W_{uvcf} + b_f, \quad y = \varphi(z)",
        r"""\begin{aligned}
        dW_{uvcf} &= \sum_{n,i,j} x_{n,\,si+u,\,sj+v,\,c}\; dz_{nijf} \\
        db_f &= \sum_{n,i,j} dz_{nijf} \\
        dx_{n,\,si+u,\,sj+v,\,c} &\mathrel{+}= \sum_f dz_{nijf}\, W_{uvcf}
        \end{aligned}""",
        "layer_conv_2d",
        (4, 3),
    ),
    "MaxPooling2D": (
        r"y_{nijc} = \max_{u,v}\, x_{n,\,si+u,\,sj+v,\,c}",
        r"dx_{n,\,si+u,\,sj+v,\,c} \mathrel{+}= dy_{nijc}"
        r"\text{ at the first largest } u, v",
        "layer_max_pooling_2d",
        (2,),
    ),
    "AveragePooling2D": (
        r"y_{nijc} = \tfrac{1}{m} \sum_{u,v} x_{n,\,si+u,\,sj+v,\,c}"
        r"\quad (m \text{ pixels in the window})",
        r"dx_{n,\,si+u,\,sj+v,\,c} \mathrel{+}= \tfrac{1}{m}\, dy_{nijc}",
        "layer_average_pooling_2d",
        (2,),
    ),
    "Flatten": (
        r"y_{n,\,(iw + j)k + c} = x_{nijc} \quad (w \text{ columns, } k \text{ channels})",
        r"dx_{nijc} = dy_{n,\,(iw + j)k + c}",
        "layer_flatten",
        (),
    ),
    "Dropout": (
        r"""\begin{aligned}
        y &= x \odot m, \quad m = 1 \text{ in prediction;} \\
        &\text{in training } m = 0 \text{ or } \tfrac{1}{1 - \text{rate}} \text{ at random}
        \end{aligned}""",
        r"dx = dy \odot m",
        "layer_dropout",
        (0.25,),
    ),
    "Activation": (
        r"y = \varphi(x), \text{ here }"
        r"\operatorname{softmax}(x)_k = \frac{e^{x_k}}{\sum_j e^{x_j}}",
        r"dx = \varphi'(x) \odot dy, \text{ here }"
        r"dx = y \odot (dy - \textstyle\sum_k dy_k\, y_k)",
        "layer_activation",
        ("softmax",),
    ),
}
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
    return body.replace("self._", "").replace("self.", "")


def measure() -> dict[tuple[str, str], dict[str, float]]:
    """The largest relative difference of each layer from Keras, by name and way, then by type."""
    with quiet_start():
        import keras
        import tensorflow as tf
    found = {}
    for dtype in agreement.TOLERANCES:
        keras.config.set_floatx(dtype)
        keras.config.set_dtype_policy(dtype)
        for number, (name, (*_, arguments)) in enumerate(LAYERS.items()):
            rng = np.random.default_rng(number)
            own = getattr(layers, name)(*arguments)
            twin = getattr(keras.layers, name)(*arguments)
            x = rng.normal(size=(8, 9, 9, 3)).astype(dtype)
            own.build(x.shape, dtype)
            twin.build(x.shape)
            weights = [rng.normal(size=w.shape).astype(dtype) for w in twin.get_weights()]
            own.set_weights(weights)
            twin.set_weights(weights)
            inputs = tf.constant(x)
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                outputs = twin(inputs, training=True) if name == "Dropout" else twin(inputs)
            y = own.forward(x)
            if name == "Dropout":
                own.mask = (outputs.numpy() != 0) / own.dtype.type(1 - own.rate)
                y = x * own.mask
            dy = rng.normal(size=y.shape).astype(dtype)
            gradients = tape.gradient(
                outputs, [inputs, *twin.trainable_weights], output_gradients=dy
            )
            ours = [own.backward(dy), *own.get_gradients()]
            pairs = {
                "forward": [(y, outputs)],
                "backward": list(zip(ours, gradients, strict=True)),
            }
            for way, arrays in pairs.items():
                worst = max(agreement.assert_agree(name, a, b).max_rel for a, b in arrays)
                found.setdefault((name, way), {})[dtype] = worst
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    return found


class LayerTable(SphinxDirective):
    """Writes the table; a difference beyond the limit stops the build."""

    def run(self):
        """Return the table."""
        for module in (layers, agreement):
            self.env.note_dependency(inspect.getfile(module))
        self.env.note_dependency(__file__)
        measured = measure()
        body = nodes.tbody()
        for name, (forward, backward, r_name, _) in LAYERS.items():
            for way, formula in [("forward", forward), ("backward", backward)]:
                code = textwrap.indent(numpy_lines(getattr(layers, name), way), "   ")
                differences = [".. rst-class:: measured", ""]
                differences += [
                    f"| {dtype}:\n| {value:.1e}" for dtype, value in measured[name, way].items()
                ]
                formula = textwrap.indent(textwrap.dedent(formula), "   ")
                cells = [
                    f"*{way}*\n\n.. math::\n\n{formula}\n\n.. code-block:: python\n\n{code}",
                    "\n".join(differences),
                ]
                row = nodes.row()
                if way == "forward":
                    names = (
                        f":py:class:`~course.layers.{name}`\n\nKeras: ``{name}``\n\nR: ``{r_name}``"
                    )
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
