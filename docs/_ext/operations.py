"""The directive ``operations``: each operation of the course as a formula, in NumPy, Keras and R.

Its argument is a key of ``OPERATIONS``. The tests run the NumPy lines against the Keras lines and
against R.
"""

from dataclasses import astuple, dataclass

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

INSIDE_FIT = "inside ``fit``"
NONE = "none"
WORDS = (INSIDE_FIT, NONE)  # what a cell may say instead of a line of code


@dataclass(frozen=True)
class Operation:
    """A row of the table.

    Attributes:
        name: what the operation is called.
        lesson: where it is taught, a file in ``scripts`` without its ending.
        formula: in LaTeX.
        numpy: lines of Python with NumPy.
        keras: a line of Python with Keras, or one of ``WORDS``.
        r: lines of base R, or one of ``WORDS``.
    """

    name: str
    lesson: str
    formula: str
    numpy: str
    keras: str
    r: str


OPERATIONS = {
    "data": [
        Operation(
            "Split into training and test data",
            "iris_nopackages",
            r"X_{\text{train}} = X_{\text{rows}}, \quad X_{\text{test}} = X_{-\text{rows}}",
            "X_train = X[rows]\nX_test = np.delete(X, rows, axis=0)",
            NONE,
            "X_train <- X[rows, ]\nX_test <- X[-rows, ]",
        ),
        Operation(
            "One-hot",
            "iris_nopackages",
            r"Y_{ij} = [\,y_i = j\,]",
            "np.eye(q)[y]",
            "utils.to_categorical(y, q)",
            "diag(q)[y, ]",
        ),
        Operation(
            "Normalise from 0 to 1",
            "mtcars_nopackages",
            r"\frac{x - \min x}{\max x - \min x}",
            "low, high = X.min(axis=0), X.max(axis=0)\n(X - low) / (high - low)",
            NONE,
            "apply(X, 2, function(x)\n  (x - min(x)) / (max(x) - min(x)))",
        ),
        Operation(
            "Standardise",
            "mtcars_keras",
            r"\frac{x - \bar{x}}{s}, \; s^2 = \tfrac{1}{n - 1} \textstyle\sum_i (x_i - \bar{x})^2",
            "(X - X.mean(axis=0)) / X.std(axis=0, ddof=1)",
            NONE,
            "scale(X)",
        ),
        Operation(
            "Pixels from 0 to 1",
            "cifar_keras_cnn",
            r"x / 255",
            "x / 255",
            "layers.Rescaling(1 / 255)",
            "x / 255",
        ),
    ],
    "dense": [
        Operation(
            "Matrix product with bias",
            "iris_nopackages",
            r"z = x W + b",
            "x @ W + b",
            "layers.Dense(q)",
            'sweep(x %*% W, 2, b, "+")',
        ),
        Operation(
            "Transpose",
            "iris_nopackages",
            r"x^\top",
            "x.T",
            "ops.transpose(x)",
            "t(x)",
        ),
    ],
    "activations": [
        Operation(
            "ReLU",
            "iris_nopackages",
            r"\max(0, z)",
            "np.maximum(0, z)",
            "activations.relu(z)",
            "pmax(z, 0)",
        ),
        Operation(
            "Softmax",
            "iris_nopackages",
            r"\frac{e^{z_k}}{\sum_j e^{z_j}}",
            "np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)",
            "activations.softmax(z)",
            "exp(z) / rowSums(exp(z))",
        ),
        Operation(
            "Sigmoid",
            "mtcars_nopackages",
            r"\sigma(z) = \frac{1}{1 + e^{-z}}",
            "1 / (1 + np.exp(-z))",
            "activations.sigmoid(z)",
            "1 / (1 + exp(-z))",
        ),
        Operation(
            "Linear: none",
            "mtcars_nopackages",
            r"z",
            "z",
            "activations.linear(z)",
            "z",
        ),
        Operation(
            "Tanh",
            "activations",
            r"\tanh z = \frac{e^z - e^{-z}}{e^z + e^{-z}}",
            "np.tanh(z)",
            "activations.tanh(z)",
            "tanh(z)",
        ),
        Operation(
            "Leaky ReLU",
            "activations",
            r"z \text{ if } z > 0, \text{ else } 0.2\, z",
            "np.where(z > 0, z, 0.2 * z)",
            "activations.leaky_relu(z)",
            "ifelse(z > 0, z, 0.2 * z)",
        ),
        Operation(
            "ELU",
            "activations",
            r"z \text{ if } z > 0, \text{ else } e^z - 1",
            "np.where(z > 0, z, np.exp(z) - 1)",
            "activations.elu(z)",
            "ifelse(z > 0, z, exp(z) - 1)",
        ),
        Operation(
            "Softplus",
            "activations",
            r"\log(1 + e^z)",
            "np.log(1 + np.exp(z))",
            "activations.softplus(z)",
            "log(1 + exp(z))",
        ),
        Operation(
            "SiLU, swish",
            "activations",
            r"z\, \sigma(z)",
            "z / (1 + np.exp(-z))",
            "activations.silu(z)",
            "z / (1 + exp(-z))",
        ),
        Operation(
            "GELU",
            "activations",
            r"z\, \Phi(z), \quad \Phi \text{ of the standard normal}",
            "pnorm = np.vectorize(statistics.NormalDist().cdf)\nz * pnorm(z)",
            "activations.gelu(z)",
            "z * pnorm(z)",
        ),
    ],
    "losses": [
        Operation(
            "Cross-entropy",
            "iris_nopackages",
            r"-\frac{1}{n} \sum_{i,k} y_{ik} \log p_{ik}",
            "-np.sum(Y * np.log(P)) / len(Y)",
            "losses.CategoricalCrossentropy()(Y, P)",
            "-sum(Y * log(P)) / nrow(Y)",
        ),
        Operation(
            "Mean squared error",
            "mtcars_nopackages",
            r"\frac{1}{n} \sum_i (p_i - y_i)^2",
            "np.mean((P - Y) ** 2)",
            "losses.MeanSquaredError()(Y, P)",
            "mean((P - Y)^2)",
        ),
    ],
    "gradients": [
        Operation(
            "Softmax with cross-entropy",
            "iris_nopackages",
            r"dz = p - y, \text{ of the summed loss}",
            "P - Y",
            INSIDE_FIT,
            "P - Y",
        ),
        Operation(
            "Mean squared error",
            "mtcars_agreement",
            r"dp = \tfrac{2}{n} (p - y)",
            "2 * (P - Y) / len(Y)",
            INSIDE_FIT,
            "2 * (P - Y) / nrow(Y)",
        ),
        Operation(
            "Weights of a dense layer",
            "iris_nopackages",
            r"dW = x^\top dz",
            "x.T @ dz",
            INSIDE_FIT,
            "t(x) %*% dz",
        ),
        Operation(
            "Biases of a dense layer",
            "iris_nopackages",
            r"db = \sum_n dz_n",
            "dz.sum(axis=0)",
            INSIDE_FIT,
            "colSums(dz)",
        ),
        Operation(
            "Inputs of a dense layer",
            "iris_nopackages",
            r"dx = dz\, W^\top",
            "dz @ W.T",
            INSIDE_FIT,
            "dz %*% t(W)",
        ),
        Operation(
            "Through ReLU",
            "iris_nopackages",
            r"dz = da \odot [z > 0]",
            "da * (z > 0)",
            INSIDE_FIT,
            "da * (z > 0)",
        ),
        Operation(
            "Through the sigmoid",
            "mtcars_nopackages",
            r"dz = da \odot a \odot (1 - a)",
            "da * a * (1 - a)",
            INSIDE_FIT,
            "da * a * (1 - a)",
        ),
        Operation(
            "Through tanh",
            "activations",
            r"dz = da \odot (1 - a^2)",
            "da * (1 - a**2)",
            INSIDE_FIT,
            "da * (1 - a^2)",
        ),
    ],
    "updates": [
        Operation(
            "Gradient descent, SGD",
            "iris_nopackages",
            r"W \leftarrow W - \eta\, dW",
            "W = W - eta * dW",
            "optimizers.SGD(eta)",
            "W <- W - eta * dW",
        ),
        Operation(
            "SGD with momentum",
            "batch_size",
            r"\begin{aligned} m &\leftarrow 0.9\, m - \eta\, dW \\ W &\leftarrow W + m"
            r"\end{aligned}",
            "m = 0.9 * m - eta * dW\nW = W + m",
            "optimizers.SGD(eta, momentum=0.9)",
            "m <- 0.9 * m - eta * dW\nW <- W + m",
        ),
        Operation(
            "RMSprop",
            "cifar_nopackages_cnn",
            r"\begin{aligned} v &\leftarrow 0.9\, v + 0.1\, dW^2 \\"
            r"W &\leftarrow W - \eta\, \tfrac{dW}{\sqrt{v + 10^{-7}}} \end{aligned}",
            "v = 0.9 * v + 0.1 * dW**2\nW = W - eta * dW / np.sqrt(v + 1e-7)",
            "optimizers.RMSprop(eta)",
            "v <- 0.9 * v + 0.1 * dW^2\nW <- W - eta * dW / sqrt(v + 1e-7)",
        ),
        Operation(
            "Adam, in step t",
            "keras_model",
            r"\begin{aligned} m &\leftarrow 0.9\, m + 0.1\, dW \\"
            r"v &\leftarrow 0.999\, v + 0.001\, dW^2 \\"
            r"r &= \tfrac{\sqrt{1 - 0.999^t}}{1 - 0.9^t} \\"
            r"W &\leftarrow W - \eta\, r\, \tfrac{m}{\sqrt{v} + 10^{-7}} \end{aligned}",
            "m = 0.9 * m + 0.1 * dW\n"
            "v = 0.999 * v + 0.001 * dW**2\n"
            "r = np.sqrt(1 - 0.999**t) / (1 - 0.9**t)\n"
            "W = W - eta * r * m / (np.sqrt(v) + 1e-7)",
            "optimizers.Adam(eta)",
            "m <- 0.9 * m + 0.1 * dW\n"
            "v <- 0.999 * v + 0.001 * dW^2\n"
            "r <- sqrt(1 - 0.999^t) / (1 - 0.9^t)\n"
            "W <- W - eta * r * m / (sqrt(v) + 1e-7)",
        ),
    ],
    "pictures": [
        Operation(
            "Convolution",
            "convolution",
            r"z_{nijf} = \sum_{u,v,l} x_{n,\,i+u,\,j+v,\,l}\, W_{uvlf} + b_f",
            "from numpy.lib.stride_tricks import sliding_window_view\n"
            "view = sliding_window_view(x, (3, 3), (1, 2))\n"
            'z = np.einsum("nijluv,uvlf->nijf", view, W) + b',
            "layers.Conv2D(f, 3)",
            "for (n in 1:dim(z)[1])\n"
            "  for (i in 1:dim(z)[2])\n"
            "    for (j in 1:dim(z)[3])\n"
            "      for (f in 1:dim(z)[4])\n"
            "        z[n, i, j, f] <- b[f] +\n"
            "          sum(x[n, i + 0:2, j + 0:2, ] * W[, , , f])",
        ),
        Operation(
            "Max pooling",
            "layer_types",
            r"\max_{u,v}\, a_{n,\,2i+u,\,2j+v,\,l}",
            "p = a.reshape(n, h // 2, 2, w // 2, 2, c)\np = p.max(axis=(2, 4))",
            "layers.MaxPooling2D(2)",
            "for (i in 1:(h / 2)) for (j in 1:(w / 2)) {\n"
            "  part <- a[, 2 * i - 1:0, 2 * j - 1:0, ]\n"
            "  p[, i, j, ] <- apply(part, c(1, 4), max)\n"
            "}",
        ),
        Operation(
            "Average pooling",
            "layer_types",
            r"\tfrac{1}{4} \sum_{u,v} a_{n,\,2i+u,\,2j+v,\,l}",
            "p = a.reshape(n, h // 2, 2, w // 2, 2, c)\np = p.mean(axis=(2, 4))",
            "layers.AveragePooling2D(2)",
            "for (i in 1:(h / 2)) for (j in 1:(w / 2)) {\n"
            "  part <- a[, 2 * i - 1:0, 2 * j - 1:0, ]\n"
            "  p[, i, j, ] <- apply(part, c(1, 4), mean)\n"
            "}",
        ),
        Operation(
            "Flatten",
            "layer_types",
            r"\begin{aligned} x_{nijl} &\text{ becomes number} \\"
            r"(iw + j)c + l &\text{ of case } n \end{aligned}",
            "x.reshape(len(x), -1)",
            "layers.Flatten()",
            "matrix(aperm(x, c(1, 4, 3, 2)), dim(x)[1])",
        ),
        Operation(
            "Dropout in training",
            "layer_types",
            r"\begin{aligned} &\frac{x \odot [u \ge \text{rate}]}{1 - \text{rate}}, \\"
            r"&u \text{ from 0 to 1 at random} \end{aligned}",
            "x * (u >= rate) / (1 - rate)",
            "layers.Dropout(rate)",
            "x * (u >= rate) / (1 - rate)",
        ),
    ],
    "answers": [
        Operation(
            "Predicted class",
            "iris_nopackages",
            r"\operatorname{argmax}_k\, p_{ik}",
            "P.argmax(axis=1)",
            "model.predict(x).argmax(axis=1)",
            'max.col(P, "first") - 1',
        ),
        Operation(
            "Confusion table",
            "iris_nopackages",
            r"C_{jl} = \textstyle\sum_i [\,\hat{y}_i = j, \; y_i = l\,]",
            "C = np.zeros((q, q), dtype=int)\nnp.add.at(C, (predicted, actual), 1)",
            NONE,
            "table(Predicted = factor(predicted, 1:q - 1),\n"
            "      Actual = factor(actual, 1:q - 1))",
        ),
        Operation(
            "Accuracy",
            "iris_nopackages",
            r"\frac{1}{n} \sum_i [\,\hat{y}_i = y_i\,]",
            "np.mean(predicted == actual)",
            "metrics.Accuracy()(actual, predicted)",
            "mean(predicted == actual)",
        ),
        Operation(
            "Root mean squared error, RMSE",
            "mtcars_nopackages",
            r"\sqrt{\tfrac{1}{n} \textstyle\sum_i (p_i - y_i)^2}",
            "np.sqrt(np.mean((P - Y) ** 2))",
            "metrics.RootMeanSquaredError()(Y, P)",
            "sqrt(mean((P - Y)^2))",
        ),
        Operation(
            "Mean absolute error",
            "keras_model",
            r"\tfrac{1}{n} \sum_i |p_i - y_i|",
            "np.mean(np.abs(P - Y))",
            "metrics.MeanAbsoluteError()(Y, P)",
            "mean(abs(P - Y))",
        ),
    ],
    "transformer": [
        Operation(
            "Embedding",
            "transformer_keras",
            r"x_t = E_{\text{token}_t}",
            "E[tokens]",
            "layers.Embedding(n_tokens, d)",
            "E[tokens, ]",
        ),
        Operation(
            "Attention, one head",
            "attention_nopackages",
            r"\operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{k}}\right) V",
            "S = Q @ K.T / np.sqrt(k)\nA = np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)\nA @ V",
            "Q, K, V = (x[None, :, None] for x in (Q, K, V))\n"
            "ops.dot_product_attention(Q, K, V)[0, :, 0]",
            "S <- Q %*% t(K) / sqrt(k)\nA <- exp(S) / rowSums(exp(S))\nA %*% V",
        ),
        Operation(
            "Layer normalisation",
            "transformer_keras",
            r"\begin{aligned} &\gamma \odot \frac{x - \bar{x}}{\sqrt{s^2 + 0.001}} + \beta, \\"
            r"&s^2 = \tfrac{1}{d} \textstyle\sum_j (x_j - \bar{x})^2 \end{aligned}",
            "centred = x - x.mean(axis=1, keepdims=True)\n"
            "s2 = np.mean(centred**2, axis=1, keepdims=True)\n"
            "gamma * centred / np.sqrt(s2 + 0.001) + beta",
            "layers.LayerNormalization()",
            "centred <- x - rowMeans(x)\n"
            "s2 <- rowMeans(centred^2)\n"
            'y <- sweep(centred / sqrt(s2 + 0.001), 2, gamma, "*")\n'
            'sweep(y, 2, beta, "+")',
        ),
        Operation(
            "Residual connection",
            "transformer_keras",
            r"x + \operatorname{layer}(x)",
            "x + y",
            "ops.add(x, y)",
            "x + y",
        ),
    ],
}
HEADINGS = ["Operation", "In", "Line"]
WIDTHS = [38, 10, 52]
LANGUAGES = [("NumPy", "python"), ("Keras", "python"), ("R", "r")]


class Operations(SphinxDirective):
    """Writes the table of one group."""

    required_arguments = 1

    def run(self):
        """Return the table."""
        (group,) = self.arguments
        if group not in OPERATIONS:
            raise self.error(f"operations: expected {', '.join(OPERATIONS)}. Received: {group}.")
        body = nodes.tbody()
        for operation in OPERATIONS[group]:
            name, lesson, formula, *lines = astuple(operation)
            for (language, lexer), line in zip(LANGUAGES, lines, strict=True):
                row = nodes.row()
                if language == "NumPy":
                    title = f":doc:`{name} <lessons/{lesson}>`\n\n.. math:: {formula}"
                    row += nodes.entry("", *self.parse_text_to_nodes(title), morerows=2)
                row += nodes.entry("", nodes.paragraph("", language))
                if line in WORDS:
                    row += nodes.entry("", *self.parse_text_to_nodes(line))
                else:
                    row += nodes.entry("", nodes.literal_block(line, line, language=lexer))
                body += row
        head_row = nodes.row()
        head_row += [nodes.entry("", nodes.paragraph("", text)) for text in HEADINGS]
        table = nodes.tgroup("", cols=len(HEADINGS))
        table += [nodes.colspec(colwidth=width) for width in WIDTHS]
        table += [nodes.thead("", head_row), body]
        return [nodes.table("", table, classes=["operations", "colwidths-given"])]


def setup(app):
    """Register with Sphinx."""
    app.add_directive("operations", Operations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
