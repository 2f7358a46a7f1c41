"""The lessons written by hand end at the weights that Keras finds, trained here by the tests.

`test_lessons` looks at the comparisons that the lessons make themselves. Here the tests make
their own, in another way: with Keras' mean losses and a longer learning rate.
"""

import pytest

from course.agreement import assert_agree
from course.quiet import quiet_start

pytestmark = pytest.mark.filterwarnings("default")  # other libraries warn as they like


@pytest.fixture
def keras():
    with quiet_start():
        import keras
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield keras
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


def twin_of(keras, lesson: dict, layers: list, rate: float, loss: str):
    """A Keras model with the initial weights of a lesson, that takes plain steps."""
    twin = keras.Sequential(layers)
    twin.set_weights(list(lesson["initial"]))
    twin.compile(optimizer=keras.optimizers.SGD(rate), loss=loss)
    return twin


def check_twin(lesson: dict, twin, test_data) -> None:
    """The lesson ends at the weights of its twin, and predicts the same."""
    for name, value in zip(["W1", "b1", "W2", "b2"], twin.get_weights(), strict=True):
        assert_agree(name, lesson[name], value)
    assert_agree("test_pred", lesson["test_pred"], twin.predict(test_data, verbose=0))


def test_iris(keras, lesson):
    lesson = lesson("iris_nopackages").variables
    x, y = lesson["train_data"], lesson["train_labels_onehot"]
    dense = keras.layers.Dense
    layers = [keras.layers.Input((4,)), dense(5, "relu"), dense(3, "softmax")]
    rate = lesson["learning_rate"] * len(x)  # the lesson descends the sum, Keras the mean
    twin = twin_of(keras, lesson, layers, rate, "categorical_crossentropy")
    history = twin.fit(x, y, epochs=200, batch_size=len(x), shuffle=False, verbose=0).history
    check_twin(lesson, twin, lesson["test_data"])
    assert history["loss"] == pytest.approx(lesson["losses"], rel=1e-12)


def test_mtcars(keras, lesson):
    import tensorflow as tf

    lesson = lesson("mtcars_nopackages").variables
    x, y = lesson["X_train"], lesson["y_train"]
    dense = keras.layers.Dense
    layers = [keras.layers.Input((2,)), dense(5, "sigmoid"), dense(1)]
    rate = lesson["learning_rate"] * len(x) / 2  # half the sum against the mean
    twin = twin_of(keras, lesson, layers, rate, "mse")
    twin.steps_per_execution = 100  # a step for each epoch, and little else
    batches = tf.data.Dataset.from_tensors((x, y)).repeat(lesson["epochs"])
    twin.fit(batches, shuffle=False, verbose=0)
    check_twin(lesson, twin, lesson["X_test"])
