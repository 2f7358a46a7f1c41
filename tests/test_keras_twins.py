"""The lessons written by hand end at the weights that Keras finds, trained here by the tests.

`test_lessons` looks at the comparisons that the lessons make themselves. Here the tests make
their own, in another way: with Keras' mean losses and a longer learning rate.
"""

import pytest

from course.agreement import assert_agree, keras_precision
from course.quiet import quiet_start

pytestmark = pytest.mark.filterwarnings("default")  # other libraries warn as they like


@pytest.fixture
def keras():
    with quiet_start():
        import keras
    with keras_precision("float64"):
        yield keras


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


def test_with_a_seed_keras_repeats_one_order_and_course_does_not(keras):
    """The lesson on regression says so, of Keras with a seed, without one, and of `course`."""
    import numpy as np
    import tensorflow as tf

    from course import layers
    from course.optimizers import SGD
    from course.sequential import Sequential

    seen = []  # the first case of each batch, as the model gets it

    class Listen(keras.layers.Layer):
        def call(self, x):
            tf.py_function(lambda x: seen.append(int(x[0, 0])), [x], [])
            return x

    class ListenByHand(layers.Layer):
        def _forward(self, x, training):
            seen.append(int(x[0, 0]))
            return x

        def _backward(self, dz):
            return dz

    def orders(model, optimizer):
        """The order of the cases in each of four epochs, one case a batch."""
        model.compile(optimizer, loss="mse")
        seen.clear()
        model.fit(x, x, epochs=4, batch_size=1, verbose=0)
        return {tuple(seen[-len(x) * epoch :][: len(x)]) for epoch in range(1, 5)}

    def in_keras():
        model = keras.Sequential([keras.layers.Input((1,)), Listen(), keras.layers.Dense(1)])
        return orders(model, keras.optimizers.SGD(1e-9))

    x = np.arange(12.0).reshape(12, 1)
    keras.utils.set_random_seed(1)
    assert len(in_keras()) == 1
    tf.random.set_seed(None)
    assert len(in_keras()) == 4
    by_hand = Sequential([layers.Input((1,)), ListenByHand(), layers.Dense(1)], seed=1)
    assert len(orders(by_hand, SGD(1e-9))) == 4
