"""A wrong operator in any line of the convolutional lessons by hand is found.

The functions of the two lessons are held against the layers of the course, which have been held
against Keras. Faults are planted in copies of them.
"""

import ast

import lesson_checks as checks
import numpy as np
import pytest
from layer_checks import cifar_network
from planting import assert_found, faulty_sources

from course import layers
from course.activations import softmax
from course.agreement import assert_agree
from course.losses import CategoricalCrossentropy
from course.optimizers import RMSprop
from course.sequential import Sequential

pytestmark = pytest.mark.filterwarnings("ignore")  # some faults divide by zero

LESSONS = ["cifar_nopackages_cnn", "cifar_agreement"]
WEIGHT_SHAPES = [(3, 3, 3, 32), (32,), (3, 3, 32, 64), (64,), (2304, 64), (64,), (64, 10), (10,)]
SETTINGS = {"CORNERS", "WEIGHTS", "learning_rate"}


def functions_of(lesson: str) -> dict[str, str]:
    """The plain functions of a lesson and the settings they need, as source, by name."""
    found = {}
    for block in checks.code_blocks_of(lesson):
        for node in ast.parse(block).body:
            text = ast.unparse(node)
            if isinstance(node, ast.FunctionDef) and "keras" not in text:
                found[node.name] = text
            elif isinstance(node, ast.Assign) and text.split(" = ")[0] in SETTINGS:
                found[text.split(" = ")[0]] = text
    return found


def namespace_of(sources: dict[str, str]) -> dict:
    namespace = {"np": np}
    for source in sources.values():
        exec(source, namespace)
    return namespace


def numbers(seed: int, *shape: int) -> np.ndarray:
    """Multiples of one quarter, so that pooling meets windows with several largest numbers."""
    return np.random.default_rng(seed).integers(-6, 7, shape) / 4


def check_convolution(ns: dict) -> None:
    layer = layers.Conv2D(4, 3)
    x, dz = numbers(0, 2, 6, 5, 3), numbers(1, 2, 4, 3, 4)
    layer.build(x.shape, "float64")
    layer.set_weights([numbers(2, 3, 3, 3, 4), numbers(3, 4)])
    assert_agree("z", ns["convolve"](x, layer.kernel, layer.bias), layer.forward(x))
    dx, dW, db = ns["convolve_backward"](x, layer.kernel, dz)
    assert_agree("dx", dx, layer.backward(dz))
    assert_agree("dW", dW, layer.dkernel)
    assert_agree("db", db, layer.dbias)


def check_pooling(ns: dict) -> None:
    layer = layers.MaxPooling2D(2)
    a, dp = numbers(0, 2, 7, 6, 3), numbers(1, 2, 3, 3, 3)
    p = ns["pool"](a)
    assert_agree("p", p, layer.forward(a))
    assert_agree("da", ns["pool_backward"](a, p, dp), layer.backward(dp))


def weights_and_network():
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape) / 10 for shape in WEIGHT_SHAPES]
    network = Sequential(cifar_network(layers), dtype="float64")
    network.set_weights(weights)
    network.compile(RMSprop(1e-4), "categorical_crossentropy")
    return weights, network, rng.random((3, 32, 32, 3)), np.eye(10)[[1, 5, 7]]


def check_network(ns: dict) -> None:
    """Loss and gradients, in the form that each lesson gives them."""
    weights, network, x, y = weights_and_network()
    if "gradients_by_hand" in ns:
        loss, gradients = ns["gradients_by_hand"](x, y, *weights)
        gradients = list(gradients.values())
    else:
        activations = ns["forward"](x, *weights)
        loss = ns["compute_loss"](activations[-1], y)
        gradients = ns["backward"](x, y, weights, activations)
        rates = np.random.default_rng(3).uniform(0.5, 1.5, (6, 10))  # softmax by itself, too
        assert_agree("softmax", ns["softmax"](500 * rates), softmax(500 * rates))
    expected = network.gradients(x, y)
    z = network.layers[-1].z
    assert_agree("loss", np.float64(loss), CategoricalCrossentropy(from_logits=True)(y, z))
    for g, reference in zip(gradients, expected, strict=True):
        assert_agree("gradient", g, reference)


def check_update(ns: dict) -> None:
    """Three steps of RMSprop."""
    start = [numbers(0, 4, 3), numbers(1, 3)]
    gradients = [
        [numbers(10 * step + i, *w.shape) / 5 for i, w in enumerate(start)] for step in range(3)
    ]
    expected = [w.copy() for w in start]
    optimizer = RMSprop(ns["learning_rate"])
    for step in gradients:
        optimizer.apply(step, expected)
    if "update" in ns:
        found, means = [w.copy() for w in start], [np.zeros_like(w) for w in start]
        for step in gradients:
            ns["update"](found, step, means)
    else:
        given = iter(gradients)
        ns = ns | {}
        exec(ns["train_source"], ns)
        ns["gradients_by_hand"] = lambda x, y, W1, b1: (
            0,
            dict(zip(["W1", "b1"], next(given), strict=True)),
        )
        (*_, last) = ns["train_by_hand"](dict(zip(["W1", "b1"], start, strict=True)), [(0, 0)] * 3)
        found = list(last.values())
    for w, reference in zip(found, expected, strict=True):
        assert_agree("weights", w, reference)


CHECKS = {
    "convolve": check_convolution,
    "convolve_backward": check_convolution,
    "pool": check_pooling,
    "pool_backward": check_pooling,
    "corner": check_pooling,
    "softmax": check_network,
    "relu": check_network,
    "compute_loss": check_network,
    "forward": check_network,
    "backward": check_network,
    "gradients_by_hand": check_network,
    "update": check_update,
    "train_by_hand": check_update,
}
# Softmax is the same with any number subtracted; only overflow tells them apart.
HARMLESS = {"x - x.max(axis=1, keepdims=True) -> x + x.max(axis=1, keepdims=True)"}


def sources_of(lesson: str) -> dict[str, str]:
    sources = functions_of(lesson)
    if lesson == "cifar_agreement":
        sources["learning_rate"] = "learning_rate = 0.0001"
        sources["train_source"] = "train_source = " + repr(sources["train_by_hand"])
    return sources


CASES = [(lesson, name) for lesson in LESSONS for name in functions_of(lesson) if name in CHECKS]


def test_every_function_with_mathematics_is_checked():
    for lesson in LESSONS:
        unchecked = {n for n in functions_of(lesson) if n not in CHECKS} - SETTINGS
        assert unchecked <= {
            "windows",
            "glorot",
            "loss_at",
        }
    assert len(CASES) >= 18


@pytest.mark.parametrize(("lesson", "name"), CASES)
def test_the_checks_pass_without_a_fault(lesson, name):
    CHECKS[name](namespace_of(sources_of(lesson)))


@pytest.mark.parametrize(("lesson", "name"), CASES)
def test_a_planted_fault_is_found(lesson, name):
    sources = sources_of(lesson)
    planted = 0
    for what, faulty in faulty_sources(sources[name]):
        if what in HARMLESS and lesson == "cifar_agreement":
            continue
        changed = sources | {name: faulty}
        if name == "train_by_hand":
            changed["train_source"] = "train_source = " + repr(faulty)
        planted += 1
        assert_found(f"{lesson}, {name}: {what}", lambda c=changed: CHECKS[name](namespace_of(c)))
    assert planted >= 1
