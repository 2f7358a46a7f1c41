"""The directive ``layer-table``: the layers of the course, compared with Keras during the build."""

import inspect
import re
import textwrap

import numpy as np
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from course import agreement, layers
from course.quiet import quiet_start

# Formulas forward and backward, the name in R, and the arguments of the layer.
LAYERS = {
    "Dense": (
        r"z = x W + b, \quad y = \varphi(z)",
        r"dW = x^\top dz, \quad db = \sum_n dz_n, \quad dx = dz\, W^\top",
        "layer_dense",
        (4, "relu"),
    ),
    "Conv2D": (
        r"z_{nijf} = \sum_{u,v,l} x_{n,\,si+u,\,sj+v,\,l}\, W_{uvlf} + b_f, \quad y = \varphi(z)",
        r"""\begin{aligned}
        dW_{uvlf} &= \sum_{n,i,j} x_{n,\,si+u,\,sj+v,\,l}\; dz_{nijf} \\
        db_f &= \sum_{n,i,j} dz_{nijf} \\
        dx_{n,\,si+u,\,sj+v,\,l} &\mathrel{+}= \sum_f dz_{nijf}\, W_{uvlf}
        \end{aligned}""",
        "layer_conv_2d",
        (4, 3),
    ),
    "MaxPooling2D": (
        r"y_{nijl} = \max_{u,v}\, x_{n,\,si+u,\,sj+v,\,l}",
        r"dx_{n,\,si+u,\,sj+v,\,l} \mathrel{+}= dy_{nijl}"
        r"\text{ at the first largest } u, v",
        "layer_max_pooling_2d",
        (2,),
    ),
    "AveragePooling2D": (
        r"y_{nijl} = \tfrac{1}{m} \sum_{u,v} x_{n,\,si+u,\,sj+v,\,l}"
        r"\quad (m \text{ pixels in the window})",
        r"dx_{n,\,si+u,\,sj+v,\,l} \mathrel{+}= \tfrac{1}{m}\, dy_{nijl}",
        "layer_average_pooling_2d",
        (2,),
    ),
    "Flatten": (
        r"y_{n,\,(iw + j)c + l} = x_{nijl} \quad (w \text{ columns, } c \text{ channels})",
        r"dx_{nijl} = dy_{n,\,(iw + j)c + l}",
        "layer_flatten",
        (),
    ),
    "Dropout": (
        r"""\begin{aligned}
        y &= x \odot M, \quad M = 1 \text{ in prediction;} \\
        &\text{in training } M = 0 \text{ or } \tfrac{1}{1 - \text{rate}} \text{ at random}
        \end{aligned}""",
        r"dx = dy \odot M",
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
    "Embedding": (
        r"y_{ntj} = E_{x_{nt},\,j} \quad (x_{nt} \text{ a whole number})",
        r"dE_{x_{nt},\,j} \mathrel{+}= dy_{ntj}",
        "layer_embedding",
        (20, 6),
    ),
    "LayerNormalization": (
        r"""\begin{aligned}
        \hat{x} &= \frac{x - \operatorname{mean}(x)}{\sqrt{\operatorname{var}(x) + \varepsilon}}, \\
        y &= \gamma \odot \hat{x} + \beta, \quad \text{each vector by itself}
        \end{aligned}""",
        r"""\begin{aligned}
        d\gamma &= \textstyle\sum_{n,t} dy \odot \hat{x}, \quad d\beta = \textstyle\sum_{n,t} dy, \\
        d\hat{x} &= dy \odot \gamma, \\
        dx &= \frac{d\hat{x} - \operatorname{mean}(d\hat{x})
        - \hat{x} \operatorname{mean}(d\hat{x} \odot \hat{x})}
        {\sqrt{\operatorname{var}(x) + \varepsilon}}
        \end{aligned}""",
        "layer_layer_normalization",
        (),
    ),
    "MultiHeadAttention": (
        r"""\begin{aligned}
        &\text{for each head } h\text{:} \\
        Q &= x_Q W_Q + b_Q, \quad K = x_K W_K + b_K, \\
        V &= x_V W_V + b_V, \quad S = Q K^\top / \sqrt{k}, \\
        A &= \operatorname{softmax}(S), \quad C = A V; \\
        y &= \textstyle\sum_h C W_O + b_O
        \end{aligned}""",
        r"""\begin{aligned}
        dC &= dy\, W_O^\top, \quad dV = A^\top dC, \quad dA = dC\, V^\top \\
        dS &= A \odot (dA - \text{row sums of } dA \odot A) \\
        dQ &= dS\, K / \sqrt{k}, \quad dK = dS^\top Q / \sqrt{k} \\
        dW_O &= C^\top dy, \quad db_O = \textstyle\sum_{n,t} dy \\
        dW_Q &= x_Q^\top dQ, \quad db_Q = \textstyle\sum_{n,t} dQ \\
        dx_Q &= \textstyle\sum_h dQ\, W_Q^\top, \quad \text{likewise for } K, V
        \end{aligned}""",
        "layer_multi_head_attention",
        (3, 4),
    ),
    "Add": (
        r"y = x_1 + x_2 + \dots",
        r"dx_1 = dx_2 = \dots = dy",
        "layer_add",
        (),
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
    return re.sub(r"\b_(?=[a-z])", "", body.replace("self.", ""))


def inputs_of(name: str, rng: np.random.Generator, dtype: str) -> list[np.ndarray]:
    """The inputs on which a layer is compared: words, sequences of vectors, or pictures."""
    if name == "Embedding":
        return [rng.integers(0, 20, size=(8, 9))]
    shapes = {
        "LayerNormalization": [(8, 9, 6)],
        "MultiHeadAttention": [(8, 9, 6), (8, 7, 5), (8, 7, 4)],
        "Add": [(8, 9, 6), (8, 9, 6)],
    }
    return [rng.normal(size=s).astype(dtype) for s in shapes.get(name, [(8, 9, 9, 3)])]


def compare_layer(name: str, arguments: tuple, rng, dtype: str) -> dict[str, float]:
    """The largest relative differences of a layer from Keras, forward and backward."""
    import keras
    import tensorflow as tf

    own = getattr(layers, name)(*arguments)
    twin = getattr(keras.layers, name)(*arguments)
    x = inputs_of(name, rng, dtype)
    own.build([one.shape for one in x] if len(x) > 1 else x[0].shape, dtype)
    tensors = [tf.constant(one) for one in x]
    given, given_twin = ([x], [tensors]) if name == "Add" else (x, tensors)
    twin(*given_twin)  # builds it
    weights = [rng.normal(size=w.shape).astype(dtype) for w in own.get_weights()]
    own.set_weights(weights)
    twin.set_weights(weights)
    with tf.GradientTape() as tape:
        watched = [t for t in tensors if t.dtype.is_floating]
        tape.watch(watched)
        outputs = twin(*given_twin, **({"training": True} if name == "Dropout" else {}))
    y = own.forward(*given)
    if name == "Dropout":
        own.mask = (outputs.numpy() != 0) / own.dtype.type(1 - own.rate)
        y = x[0] * own.mask
    dy = rng.normal(size=y.shape).astype(dtype)
    gradients = tape.gradient(outputs, [*watched, *twin.trainable_weights], output_gradients=dy)
    gradients = [tf.convert_to_tensor(g).numpy() for g in gradients]
    dx = own.backward(dy)
    ours = [*(dx if isinstance(dx, list) else [dx]), *own.get_gradients()]
    pairs = {"forward": [(y, outputs)]}
    ours = [g for g in ours if g is not None]  # words have no derivative
    pairs["backward"] = list(zip(ours, gradients, strict=True))
    if name == "MultiHeadAttention":  # the key bias' is 0 in mathematics: measured among the others
        pairs["backward"] = [
            [np.concatenate([g.ravel() for g in each]) for each in (ours, gradients)]
        ]
    return {
        way: max(agreement.assert_agree(name, a, b).max_rel for a, b in arrays)
        for way, arrays in pairs.items()
    }


def measure() -> dict[tuple[str, str], dict[str, float]]:
    """The largest relative difference of each layer from Keras, by name and way, then by type."""
    with quiet_start():
        import keras  # noqa: F401  (quietly, before it is needed)
    found = {}
    for dtype in agreement.TOLERANCES:
        with agreement.keras_precision(dtype):
            for number, (name, (*_, arguments)) in enumerate(LAYERS.items()):
                rng = np.random.default_rng(number)
                for way, worst in compare_layer(name, arguments, rng, dtype).items():
                    found.setdefault((name, way), {})[dtype] = worst
    return found


class LayerTable(SphinxDirective):
    """Writes the table; a difference beyond the limit stops the build."""

    def run(self):
        """Return the table."""
        measured = measure()
        body = nodes.tbody()
        for name, (forward, backward, r_name, _) in LAYERS.items():
            for way, formula in [("forward", forward), ("backward", backward)]:
                code = textwrap.indent(numpy_lines(getattr(layers, name), way), "   ")
                differences = [".. rst-class:: measured", ""]
                differences += [
                    f"| {dtype}:\n| {agreement.bound(value)}"
                    for dtype, value in measured[name, way].items()
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
