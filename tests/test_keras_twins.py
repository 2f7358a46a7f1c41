"""The lessons written by hand end at the weights that Keras finds, trained here by the tests.

`test_lessons` looks at the comparisons that the lessons make themselves. Here the tests make
their own, in another way: with Keras' mean losses and a longer learning rate.
"""

import lesson_checks as checks
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


def check_twin(namespace: dict, weights: list) -> None:
    for name, value in zip(["W1", "b1", "W2", "b2"], weights, strict=True):
        assert_agree(name, namespace[name], value)


def test_iris(keras):
    lesson, _ = checks.run_blocks(checks.code_blocks_of("iris_nopackages"))
    x, y = lesson["train_data"], lesson["train_labels_onehot"]
    twin = keras.Sequential(
        [
            keras.layers.Input((4,)),
            keras.layers.Dense(5, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    twin.set_weights(list(lesson["initial"]))
    rate = lesson["learning_rate"] * len(x)  # the lesson descends the sum, Keras the mean
    twin.compile(optimizer=keras.optimizers.SGD(rate), loss="categorical_crossentropy")
    history = twin.fit(x, y, epochs=200, batch_size=len(x), shuffle=False, verbose=0).history
    check_twin(lesson, twin.get_weights())
    assert history["loss"] == pytest.approx(lesson["losses"], rel=1e-12)
    assert_agree("test_pred", lesson["test_pred"], twin.predict(lesson["test_data"], verbose=0))


def test_mtcars(keras):
    lesson, _ = checks.run_blocks(checks.code_blocks_of("mtcars_nopackages"))
    x, y = lesson["X_train"], lesson["y_train"]
    twin = keras.Sequential(
        [
            keras.layers.Input((2,)),
            keras.layers.Dense(5, activation="sigmoid"),
            keras.layers.Dense(1),
        ]
    )
    twin.set_weights(list(lesson["initial"]))
    rate = lesson["learning_rate"] * len(x) / 2  # half the sum against the mean
    twin.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
    for _ in range(lesson["epochs"]):
        twin.train_on_batch(x, y)
    check_twin(lesson, twin.get_weights())
    assert_agree("test_pred", lesson["test_pred"], twin.predict(lesson["X_test"], verbose=0))
