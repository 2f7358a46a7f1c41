"""The transformer by hand agrees with Keras, and a fault in its lines would be found."""

import lesson_checks as checks
import numpy as np
import pytest

from course.agreement import TOLERANCES

BLOCKS = checks.code_blocks_of("transformer_agreement")
pytestmark = pytest.mark.filterwarnings("default")  # other libraries warn as they like


@pytest.fixture(scope="module")
def run(lesson):
    return lesson("transformer_agreement")


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_outputs_and_every_gradient_agree_with_keras(run, dtype):
    comparisons = run.variables["comparisons"][dtype]
    names = [name for name in run.variables["weight_names"] if "key_bias" not in name]
    assert len(names) == len(set(names)) == 19
    assert [c.name for c in comparisons] == ["answers", "attention weights", *names]
    for c in comparisons:
        assert c.dtype == dtype
        assert c.agrees(), c
    assert max(run.variables["key_bias"][dtype]) < TOLERANCES[dtype]  # it is 0
    print(f"\ntransformer, {dtype}: {max(c.max_rel for c in comparisons):.1e}")


def test_all_weights_of_the_model_are_compared(run):
    compared = sum(np.prod(c.shape) for c in run.variables["comparisons"]["float64"][2:])
    told = next(x for x in run.stdout.splitlines() if x.startswith("Parameters, each"))
    assert compared + 16 == int(told.split(":")[1])  # 16 for the bias of the keys


def test_no_weight_is_0_or_1_and_hides_a_fault(run):
    for w in run.variables["weights"]:
        assert np.abs(w).min() > 0
        assert not np.isin(w, [0, 1]).any()


@pytest.fixture(scope="module")
def both_sides():
    """The variables of the lesson up to the comparison, and Keras' side by precision."""
    place = next(i for i, block in enumerate(BLOCKS) if "def in_keras" in block)
    function, _, comparing = BLOCKS[place].partition("\n\n\ncomparisons, key_bias")
    namespace, _ = checks.run_blocks([*BLOCKS[:place], function])
    in_keras = {dtype: namespace["in_keras"](dtype) for dtype in TOLERANCES}
    namespace["in_keras"] = in_keras.get
    return namespace, "comparisons, key_bias" + comparing


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("a = norm_1.forward(x + attention", "a = norm_1.forward(attention"),
        ("norm_2.forward(a + dense_2", "norm_2.forward(x + dense_2"),
        ("/ answers.size", "/ len(answers)"),
        ("da = dsum + dense_1", "da = dense_1"),
        ("dsum = norm_1.backward(da)", "dsum = da + 0 * norm_1.backward(da)"),
        ("dx = dsum + dquery + dvalue", "dx = dquery + dvalue"),
        ("dx = dsum + dquery + dvalue", "dx = dsum + dquery"),
        ("embed_place.backward(dx)", "embed_place.backward(dsum)"),
        (None, None),
    ],
)
def test_faults_planted_in_the_lines_by_hand_are_found(both_sides, line, fault):
    variables, comparing = both_sides
    by_hand = next(block for block in BLOCKS if "def forward_and_backward" in block)
    if line:
        assert by_hand.count(line) == 1
        by_hand = by_hand.replace(line, fault)
    namespace = dict(variables)
    for block in [by_hand, comparing]:
        exec(compile(block, "lesson", "exec"), namespace)
    for dtype in TOLERANCES:
        assert all(c.agrees() for c in namespace["comparisons"][dtype]) == (line is None)
