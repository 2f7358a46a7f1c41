"""Losses and their gradients are those of Keras, and of central differences."""

import layer_checks as checks
import numpy as np
import pytest
from layer_checks import keras, normals, tf

from course import losses
from course.activations import softmax
from course.agreement import assert_agree, central_difference
from course.losses import CategoricalCrossentropy, MeanSquaredError

pytestmark = pytest.mark.filterwarnings("default")  # other libraries warn as they like

REDUCTIONS = ["sum_over_batch_size", "sum"]


def one_hot(n, k, dtype="float64"):
    return np.eye(k, dtype=dtype)[np.random.default_rng(0).integers(k, size=n)]


def cases(dtype):
    """Each loss with its twin, true answers and predictions."""
    z = normals(1, 9, 4, dtype=dtype)
    certain = softmax(40 * z).astype(dtype)  # many beyond the limits of 1e-7
    positive = np.abs(z)  # rows that do not sum to 1
    for reduction in REDUCTIONS:
        own, other = MeanSquaredError(reduction), keras.losses.MeanSquaredError(reduction)
        yield own, other, normals(2, 9, 4, dtype=dtype), z
        yield own, other, normals(2, 9, 3, 4, dtype=dtype), normals(3, 9, 3, 4, dtype=dtype)
        for from_logits, predictions in [
            (False, softmax(z)),
            (False, certain),
            (False, positive),
            (True, z),
            (True, 300 * z),
        ]:
            own = CategoricalCrossentropy(from_logits, reduction=reduction)
            other = keras.losses.CategoricalCrossentropy(from_logits, reduction=reduction)
            yield own, other, one_hot(9, 4, dtype), predictions


def test_values_and_gradients_are_those_of_keras(dtype):
    for own, other, y_true, y_pred in cases(dtype):
        y = tf.constant(y_pred)
        with tf.GradientTape() as tape:
            tape.watch(y)
            value = other(y_true, y)
        gradient = tape.gradient(value, y).numpy()
        name = type(own).__name__
        found = [("value", own(y_true, y_pred), value.numpy())]
        found += [("gradient", own.gradient(y_true, y_pred), gradient)]
        for part, a, b in found:
            checks.note(f"{name}, {part}", dtype, assert_agree(f"{name}, {part}", a, b).max_rel)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_gradients_are_central_differences(reduction):
    truth, z = one_hot(5, 3), normals(1, 5, 3)
    for own, y_pred in [
        (MeanSquaredError(reduction), z),
        (CategoricalCrossentropy(reduction=reduction), np.abs(z) + 0.1),
        (CategoricalCrossentropy(True, reduction=reduction), z),
    ]:

        def loss(own=own, y_pred=y_pred):
            return own(truth, y_pred)

        assert_agree(
            "gradient", own.gradient(truth, y_pred), central_difference(loss, y_pred), 1e-6
        )


def test_known_values():
    """To be checked on paper."""
    assert MeanSquaredError()([[1, 2], [3, 4]], [[1, 4], [3, 4]]) == 1
    assert MeanSquaredError("sum")([[1, 2], [3, 4]], [[1, 4], [3, 4]]) == 2
    halves = np.array([[0.5, 0.5], [0.5, 0.5]])
    assert CategoricalCrossentropy()(np.eye(2), halves) == pytest.approx(np.log(2), rel=1e-14)
    assert CategoricalCrossentropy(True)(np.eye(2), halves) == pytest.approx(np.log(2), rel=1e-14)


def test_a_column_of_answers_fits_a_row_of_them():
    y_pred = normals(0, 6, 1)
    y_true = normals(1, 6)
    expected = keras.losses.MeanSquaredError()(y_true, y_pred)
    assert MeanSquaredError()(y_true, y_pred) == pytest.approx(float(expected), rel=1e-6)
    assert MeanSquaredError().gradient(y_true, y_pred).shape == (6, 1)


def test_shapes_that_do_not_fit_are_refused():
    """NumPy would stretch them over each other and return a wrong number."""
    for y_true, y_pred in [((4, 3), (4, 2)), ((4,), (4, 2)), ((4, 1), (4,)), ((0, 3), (0, 3))]:
        for loss in [MeanSquaredError(), CategoricalCrossentropy()]:
            with pytest.raises(ValueError, match=r"y_true of shape .* y_pred of shape"):
                loss(np.ones(y_true), np.ones(y_pred))


def test_labels_in_place_of_one_hot_rows_are_refused():
    with pytest.raises(ValueError, match=r"sum to 1\. Received one that sums to 5\. .*one-hot"):
        CategoricalCrossentropy()([[1, 0], [2, 3]], np.full((2, 2), 0.5))


def test_get_and_its_errors():
    assert isinstance(losses.get("mse"), MeanSquaredError)
    assert isinstance(losses.get("categorical_crossentropy"), CategoricalCrossentropy)
    own = MeanSquaredError("sum")
    assert losses.get(own) is own
    with pytest.raises(ValueError, match=r"mse, .*Received: loss='mae'"):
        losses.get("mae")
    with pytest.raises(ValueError, match="reduction='mean'"):
        MeanSquaredError("mean")
