"""Attention as the lesson writes it is that of Keras and of `course.layers`, forward and back."""

import ast
from math import sqrt

import layer_checks
import lesson_checks as checks
import numpy as np
import pytest
from layer_checks import keras, normals, tf
from planting import assert_found, faulty_sources
from reference.beside_keras import together

from course import layers
from course.agreement import CENTRAL_DIFFERENCE_TOLERANCE, assert_agree, central_difference
from course.losses import CategoricalCrossentropy

pytestmark = pytest.mark.filterwarnings("ignore")  # some faults divide by zero

LESSON = "attention_nopackages"
TRAINING = "attention_nopackages_training"
BLOCKS = checks.code_blocks_of(LESSON)
FLAT = next(i for i, block in enumerate(BLOCKS) if "dWO = C.T" in block)
SETTINGS = ["letters", "T", "n", "learning_rate", "later"]


def functions() -> dict[str, str]:
    """The functions of the second lesson and the settings they need, as source, by name."""
    found = {}
    blocks = checks.code_blocks_of(TRAINING)
    for node in [node for block in blocks for node in ast.parse(block).body]:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = ast.unparse(node)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in SETTINGS:
            found[ast.unparse(node.targets[0])] = ast.unparse(node)
    return found


def namespace_of(sources: dict[str, str]) -> dict:
    namespace = {"np": np, "sqrt": sqrt, "steps": 1}
    for source in sources.values():
        exec(source, namespace)
    return namespace


# Against Keras and course.layers ------------------------------------------------------------------


def by_hand(ns: dict, x, kernels, causal: bool, dy) -> dict[str, np.ndarray]:
    """Outputs and derivatives of several heads, by the functions of the lesson."""
    length, heads = x.shape[1], kernels[0].shape[1]
    hidden = np.triu(np.ones((length, length), bool), k=1) & causal
    y, dx, gradients = 0, 0, []
    for head in range(heads):
        weights = [*(w[:, head] for w in kernels[:3]), kernels[3][head]]
        y_head, kept = ns["attention"](x, *weights, hidden)
        dx_head, dweights = ns["attention_backward"](dy, x, *weights, kept)
        y, dx = y + y_head, dx + dx_head
        gradients.append(dweights)
    axes = [1, 1, 1, 0]  # where the heads stand in the kernels
    gradients = [np.stack([g[i] for g in gradients], axis) for i, axis in enumerate(axes)]
    return {"y": y, "dx": dx, "gradients": together(gradients)}


def in_keras(x, kernels, causal, dy):
    heads, key_dim = kernels[0].shape[1:]
    layer = keras.layers.MultiHeadAttention(heads, key_dim, use_bias=False)
    tensor = tf.constant(x)
    layer(tensor, tensor)
    layer.set_weights(kernels)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        y = layer(tensor, tensor, use_causal_mask=causal)
    dx, *gradients = tape.gradient(y, [tensor, *layer.trainable_weights], output_gradients=dy)
    return {"y": y.numpy(), "dx": dx.numpy(), "gradients": together([g.numpy() for g in gradients])}


def in_course(x, kernels, causal, dy):
    heads, key_dim = kernels[0].shape[1:]
    layer = layers.MultiHeadAttention(heads, key_dim, use_bias=False)
    layer.build([x.shape, x.shape], x.dtype)
    layer.set_weights(kernels)
    y = layer.forward(x, x, use_causal_mask=causal)
    dx = sum(layer.backward(dy))
    return {"y": y, "dx": dx, "gradients": together(layer.get_gradients())}


def example(n, length, d, heads, key_dim, dtype):
    shapes = [(d, heads, key_dim)] * 3 + [(heads, key_dim, d)]
    kernels = [normals(i, *shape, dtype=dtype) / 2 for i, shape in enumerate(shapes)]
    x, dy = (normals(i, n, length, d, dtype=dtype) for i in (10, 11))
    return x, kernels, dy


@pytest.mark.parametrize("reference", [in_keras, in_course])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    "sizes",
    [(3, 5, 4, 1, 4), (2, 6, 8, 3, 4), (1, 4, 5, 2, 16), (2, 1, 3, 2, 4), (8, 20, 16, 4, 16)],
)
def test_forward_and_backward_are_those_of_finished_layers(dtype, reference, causal, sizes):
    x, kernels, dy = example(*sizes, dtype)
    found = by_hand(namespace_of(functions()), x, kernels, causal, dy)
    expected = reference(x, kernels, causal, dy)
    for part in expected:
        c = assert_agree(part, found[part], expected[part])
        layer_checks.note(f"attention by hand, {part}", dtype, c.max_rel)


def check_attention(ns: dict) -> None:
    x, kernels, dy = example(2, 5, 4, 2, 4, "float64")
    for causal in (False, True):
        found, expected = by_hand(ns, x, kernels, causal, dy), in_course(x, kernels, causal, dy)
        for part in expected:
            assert_agree(part, found[part], expected[part])


def check_loss(ns: dict) -> None:
    """The mean over all places but the first."""
    sentences = np.random.default_rng(0).integers(0, 5, (3, 6))
    Y = normals(0, 3, 6, 5)
    loss, dY = ns["loss_and_derivative"](Y, sentences)
    truth, logits = np.eye(5)[sentences[:, :-1]].reshape(-1, 5), Y[:, 1:].reshape(-1, 5)
    reference = CategoricalCrossentropy(from_logits=True)
    assert_agree("loss", np.float64(loss), np.float64(reference(truth, logits)))
    assert_agree("dY", dY[:, 1:].reshape(-1, 5), reference.gradient(truth, logits))
    assert not dY[:, 0].any()


def check_training(ns: dict) -> None:
    """One step follows the derivatives of the loss, taken numerically, for all weights."""
    ns["n"] = 4
    start, after, (loss,) = ns["train"](1)
    sentences = np.random.default_rng(1).integers(0, 5, (4, 6))
    weights = [w.copy() for w in start]
    reference = CategoricalCrossentropy(from_logits=True)
    layer = layers.MultiHeadAttention(1, 4, use_bias=False)
    layer.build([(None, 6, 8)] * 2, "float64")

    def compute_loss():
        E, P, WQ, WK, WV, WO = weights
        x = E[sentences] + P
        layer.set_weights([w[:, None] for w in (WQ, WK, WV)] + [np.zeros((1, 4, 8))])
        layer.forward(x, x, use_causal_mask=True)
        logits = (layer.c[:, 0] @ WO)[:, 1:]
        truth = np.eye(5)[sentences[:, :-1]]
        return float(reference(truth.reshape(-1, 5), logits.reshape(-1, 5)))

    assert_agree("loss", np.float64(loss), np.float64(compute_loss()))
    for i, name in enumerate(["E", "P", "WQ", "WK", "WV", "WO"]):
        expected = start[i] - ns["learning_rate"] * central_difference(compute_loss, weights[i])
        assert_agree(name, after[i], expected, CENTRAL_DIFFERENCE_TOLERANCE)


CHECKS = {
    "softmax": check_attention,
    "attention": check_attention,
    "weight_gradient": check_attention,
    "attention_backward": check_attention,
    "loss_and_derivative": check_loss,
    "train": check_training,
}
HARMLESS = {"rng.normal(size=shape) / 2 -> rng.normal(size=shape) * 2"}  # another start


def test_every_function_with_mathematics_is_checked():
    unchecked = set(functions()) - set(SETTINGS) - set(CHECKS)
    assert unchecked == {"normals", "draw_attention", "evaluate", "mean_and_sd"}


@pytest.mark.parametrize("name", CHECKS)
def test_the_checks_pass_without_a_fault(name):
    CHECKS[name](namespace_of(functions()))


@pytest.mark.parametrize("name", CHECKS)
def test_a_planted_fault_is_found(name):
    sources, planted = functions(), 0
    for what, faulty in faulty_sources(sources[name]):
        if what in HARMLESS:
            continue
        planted += 1
        changed = sources | {name: faulty}
        assert_found(f"{name}: {what}", lambda c=changed: CHECKS[name](namespace_of(c)))
    assert planted >= 1


# The lines for one sentence -----------------------------------------------------------------------


def check_lines(blocks: list[str]) -> None:
    """The derivatives written out for one sentence are central differences of its loss."""
    ns, _ = checks.run_blocks([block for block in blocks[: FLAT + 1] if "subplots" not in block])
    weights = {name: ns[name].copy() for name in ["E", "P", "WQ", "WK", "WV", "WO"]}
    tokens = np.array(ns["tokens"])

    def loss():
        x = weights["E"][tokens] + weights["P"]
        s = (x @ weights["WQ"]) @ (x @ weights["WK"]).T / 2
        e = np.exp(s) * np.tri(5)
        y = e / e.sum(axis=1, keepdims=True) @ x @ weights["WV"] @ weights["WO"]
        p = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
        return -sum(float(np.log(p[i, tokens[i - 1]])) for i in range(1, 5))

    assert_agree("loss", np.float64(ns["loss"]), np.float64(loss()))
    for name in weights:
        found = ns["dX" if name == "P" else f"d{name}"]
        numeric = central_difference(loss, weights[name])
        assert_agree(f"d{name}", found, numeric, CENTRAL_DIFFERENCE_TOLERANCE)


def test_the_lines_for_one_sentence_are_central_differences():
    check_lines(BLOCKS)


def test_a_fault_in_the_lines_for_one_sentence_is_found():
    planted = 0
    for what, faulty in faulty_sources(BLOCKS[FLAT]):
        planted += 1
        assert_found(what, lambda f=faulty: check_lines([*BLOCKS[:FLAT], f]))
    assert planted >= 20


def test_the_functions_give_the_numbers_of_the_lines(lesson):
    """The second lesson begins with the weights of the first, and the functions stand for them."""
    lines, run = lesson(LESSON).variables, lesson(TRAINING).variables
    for name in ["E", "P", "WQ", "WK", "WV", "WO", "hidden", "dE"]:
        assert_agree(name, run[name] * 1.0, lines[name] * 1.0)
    for name in ["X", "Y", "dY", "dX"]:
        assert_agree(name, run[name][0], lines[name])
    assert_agree("heads", run["Y"] + run["Y2"], run["both_heads"])


# What the page says -------------------------------------------------------------------------------


def test_the_pattern_on_paper(lesson):
    shares = lesson(LESSON).variables["on_paper"]
    e5 = np.exp(5)
    expected = np.full((4, 4), 1 / (e5 + 3)) + np.eye(4, k=-1) * (e5 - 1) / (e5 + 3)
    expected[0] = 0.25
    assert_agree("on paper", shares, expected)


def test_the_mask_hides_what_comes_later(lesson):
    for A in (lesson(LESSON).variables["A"], lesson(TRAINING).variables["A_new"]):
        assert not np.triu(A, k=1).any()
        assert A[0, 0] == 1
        np.testing.assert_allclose(A.sum(axis=1), 1)


def test_training_finds_the_word_before_from_every_seed(lesson):
    run = lesson(TRAINING)
    seeds, shares, accuracies = (run.variables[name] for name in ("seeds", "shares", "accuracies"))
    assert len(set(seeds)) == len(seeds) == len(shares) == 5
    assert (accuracies > 0.99).all()
    assert (shares > 0.9).all()
    told = f"{shares.mean():.3f} (sd {np.std(shares, ddof=1):.3f})"
    assert run.stdout.rstrip().endswith(f"attention to the position before {told}")
    for _, _, losses in run.variables["runs"]:
        assert losses[-1] < 0.02 < 1.4 < losses[0]
