"""The R lines of the networks for pictures compute what the Python functions beside them do."""

import ast

import lesson_checks as checks
import numpy as np
import pytest
from r_fixtures import R_SCRIPTS, pairs, read_run, write_blocks

from course.agreement import assert_agree

# Small pictures with odd sides and many equal pixels, then two of full size for the network.
LAYERS = """
set.seed(2)
small <- array(round(rnorm(2 * 7 * 5 * 3)), c(2, 7, 5, 3))
kernel <- array(rnorm(3 * 3 * 3 * 4), c(3, 3, 3, 4))
bias <- rnorm(4)
z <- convolve(small, kernel, bias)
dz <- array(rnorm(length(z)), dim(z))
way_back <- convolve_backward(small, kernel, dz)
dx <- way_back$dx
dkernel <- way_back$dW
dbias <- way_back$db
p <- pool(small)
dp <- array(rnorm(length(p)), dim(p))
da <- pool_backward(small, p, dp)
"""
NETWORK = """
some <- function(...) array(rnorm(prod(...), 0, 0.1), c(...))
weights <- list(
  W1 = some(c(3, 3, 3, 32)), b1 = some(32), W2 = some(c(3, 3, 32, 64)), b2 = some(64),
  W3 = some(c(2304, 64)), b3 = some(64), W4 = some(c(64, 10)), b4 = some(10)
)
X <- array(runif(2 * 32 * 32 * 3), c(2, 32, 32, 3))
Y <- diag(10)[c(3, 8), ]
"""
BY_HAND = """
kept <- forward(X, weights)
loss <- compute_loss(kept$a4, Y)
flat <- kept$flat
gradients <- backward(X, Y, weights, kept)
names(gradients) <- paste0("d", names(weights))
twice <- update(weights, gradients, lapply(gradients, abs))
after <- twice$weights
names(after) <- paste0("after_", names(weights))
invisible(list2env(c(weights, gradients, after), environment()))
"""
IN_ONE = """
found <- gradients_by_hand(X, Y, weights)
loss <- found$loss
gradients <- setNames(found$gradients, paste0("d", names(weights)))
invisible(list2env(c(weights, gradients), environment()))
"""
WEIGHTS = ["W1", "b1", "W2", "b2", "W3", "b3", "W4", "b4"]
GRADIENTS = [f"d{name}" for name in WEIGHTS]


def in_python(lesson: str) -> dict:
    """The functions of a lesson and the corners of a window."""
    namespace = {"np": np, "learning_rate": 0.001}
    for block in checks.code_blocks_of(lesson):
        for node in ast.parse(block).body:
            if isinstance(node, ast.FunctionDef) or ast.unparse(node).startswith(
                ("CORNERS =", "WEIGHTS =")
            ):
                exec(ast.unparse(node), namespace)
    return namespace


@pytest.fixture(scope="module")
def in_r(rscript, tmp_path_factory):
    """A function that has R run the functions of a lesson on numbers of its own."""

    def run(lesson: str, blocks: list[str], more: str, variables: list[str]) -> dict:
        target = tmp_path_factory.mktemp("r") / "run.txt"
        code = dict(enumerate([*blocks, LAYERS, NETWORK + more]))
        names = ["small", "kernel", "bias", "z", "dz", "dx", "dkernel", "dbias"]
        names += ["p", "dp", "da", "X", "Y", "loss", *WEIGHTS, *GRADIENTS, *variables]
        write_blocks(code, target, names)
        return read_run(target).variables

    return run


def check_layers(r: dict, ns: dict) -> None:
    """Convolution and pooling, there and back."""
    assert_agree("z", ns["convolve"](r["small"], r["kernel"], r["bias"]), r["z"])
    dx, dkernel, dbias = ns["convolve_backward"](r["small"], r["kernel"], r["dz"])
    for name, found in [("dx", dx), ("dkernel", dkernel), ("dbias", dbias)]:
        assert_agree(name, found, r[name])
    assert_agree("p", ns["pool"](r["small"]), r["p"])
    assert_agree("da", ns["pool_backward"](r["small"], r["p"], r["dp"]), r["da"])


def test_the_network_by_hand(in_r):
    lesson = "cifar_nopackages_cnn"
    blocks = [pair.r for pair in pairs(lesson)]
    definitions = [block for block in blocks if "for (epoch" not in block]
    assert len(definitions) == len(blocks) - 1
    after = [f"after_{name}" for name in WEIGHTS]
    r, ns = in_r(lesson, definitions, BY_HAND, ["flat", *after]), in_python(lesson)
    check_layers(r, ns)
    weights = [r[name] for name in WEIGHTS]
    kept = ns["forward"](r["X"], *weights)
    assert_agree("flat", kept[4], r["flat"])  # so a row of W3 means the same
    assert_agree("loss", ns["compute_loss"](kept[-1], r["Y"]), r["loss"][0])
    gradients = ns["backward"](r["X"], r["Y"], weights, kept)
    for name, found in zip(GRADIENTS, gradients, strict=True):
        assert_agree(name, found, r[name])
    ns["update"](weights, gradients, [np.abs(g) for g in gradients])  # where they are
    for name, found in zip(after, weights, strict=True):
        assert_agree(name, found, r[name])


def test_the_network_beside_keras(in_r):
    lesson = "cifar_agreement"
    stand_in = (R_SCRIPTS / "keras_stand_in.R").read_text(encoding="utf-8")
    blocks = [stand_in, *(pair.r for pair in pairs(lesson))]
    definitions = [block for block in blocks if "get_weights(network())" not in block]
    r, ns = in_r(lesson, definitions, IN_ONE, []), in_python(lesson)
    check_layers(r, ns)
    weights = {name: r[name] for name in WEIGHTS}
    loss, gradients = ns["gradients_by_hand"](r["X"], r["Y"], **weights)
    assert_agree("loss", loss, r["loss"][0])
    for name, found in gradients.items():
        assert_agree(name, found, r[f"d{name}"])
