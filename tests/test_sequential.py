"""A network of layers by hand trains as its twin in Keras does, number by number."""

import layer_checks as checks
import numpy as np
import pandas as pd
import pytest
from layer_checks import cifar_network, keras, normals

from course import layers, losses, optimizers
from course.agreement import assert_agree, central_difference
from course.sequential import Sequential

pytestmark = pytest.mark.filterwarnings("default")  # other libraries warn as they like


def twins(network, dtype, loss, optimizer, options, metrics=(), seed=1):
    """The same network by hand and in Keras, from the same weights."""
    keras.utils.set_random_seed(seed)
    other = keras.Sequential(network(keras.layers))
    own = Sequential(network(layers), dtype=dtype)
    own.set_weights(other.get_weights())
    own.compile(getattr(optimizers, optimizer)(**options), loss, list(metrics))
    other.compile(getattr(keras.optimizers, optimizer)(**options), loss, metrics=list(metrics))
    return own, other


def pictures(n, dtype):
    rng = np.random.default_rng(0)
    return rng.random((n, 32, 32, 3)).astype(dtype), np.eye(10, dtype=dtype)[
        rng.integers(10, size=n)
    ]


def keras_gradients(model, x, y):
    with checks.tf.GradientTape() as tape:
        loss = model.compute_loss(x, y, model(x))
    return [g.numpy() for g in tape.gradient(loss, model.trainable_weights)]


def check_weights(what, own, other):
    for w, expected in zip(own.get_weights(), other.get_weights(), strict=True):
        checks.note(what, str(w.dtype), assert_agree(what, w, expected).max_rel)


def test_every_gradient_of_the_cifar_network(dtype):
    own, other = twins(cifar_network, dtype, "categorical_crossentropy", "RMSprop", {})
    x, y = pictures(64, dtype)
    for g, expected in zip(own.gradients(x, y), keras_gradients(other, x, y), strict=True):
        what = "CIFAR network, every gradient"
        checks.note(what, dtype, assert_agree(what, g, expected).max_rel)


def test_50_rmsprop_steps_of_the_cifar_network_in_double_precision(use_precision):
    use_precision("float64")
    options = {"learning_rate": 1e-4}
    own, other = twins(cifar_network, "float64", "categorical_crossentropy", "RMSprop", options)
    x, y = pictures(64, "float64")
    rng = np.random.default_rng(1)
    for _ in range(50):
        rows = rng.integers(64, size=16)
        own.train_on_batch(x[rows], y[rows])
        other.train_on_batch(x[rows], y[rows])
    check_weights("CIFAR network, weights after 50 steps", own, other)


def small_network(module):
    return [
        module.Input((6, 6, 2)),
        module.Conv2D(3, 3, padding="same"),
        module.Activation("tanh"),
        module.AveragePooling2D(2),
        module.Flatten(),
        module.Dense(4, activation="sigmoid"),
        module.Dense(3, activation="softmax"),
    ]


def regression_network(module):
    return [module.Input((5,)), module.Dense(7, activation="elu"), module.Dense(2)]


def activation_last_network(module):
    return [module.Input((5,)), module.Dense(3), module.Activation("softmax")]


def softplus_last_network(module):
    return [module.Input((5,)), module.Dense(3, activation="softplus")]


ADAM = ("Adam", {"beta_1": 0.875, "beta_2": 0.9921875})  # exact in single precision too
CASES = [
    (small_network, (6, 6, 2), 3, "categorical_crossentropy", *ADAM, ["accuracy"]),
    (small_network, (6, 6, 2), 3, "categorical_crossentropy", "SGD", {}, ["accuracy", "mse"]),
    (regression_network, (5,), 2, "mse", "RMSprop", {}, ["mae"]),
    (regression_network, (5,), 2, "mean_squared_error", "SGD", {"momentum": 0.5}, []),
    (activation_last_network, (5,), 3, "categorical_crossentropy", "RMSprop", {}, ["accuracy"]),
    (softplus_last_network, (5,), 3, "categorical_crossentropy", "SGD", {}, ["accuracy"]),
]


@pytest.mark.parametrize(
    ("network", "shape", "k", "loss", "optimizer", "options", "metrics"), CASES
)
def test_fit_gives_the_weights_and_the_history_of_keras(
    dtype, network, shape, k, loss, optimizer, options, metrics
):
    own, other = twins(network, dtype, loss, optimizer, options, metrics)
    x = normals(0, 23, *shape, dtype=dtype)
    y = np.eye(k, dtype=dtype)[np.random.default_rng(1).integers(k, size=23)]
    settings = {"batch_size": 5, "epochs": 4, "validation_split": 0.3, "shuffle": False}
    history = own.fit(x, y, verbose=0, **settings)
    expected = other.fit(x, y, verbose=0, **settings)
    check_weights("fit, weights", own, other)
    assert history.epoch == expected.epoch
    assert set(history.history) == set(expected.history)
    limit = {"float64": 1e-6, "float32": 1e-5}[dtype]  # Keras reports in single precision
    for name, values in expected.history.items():
        assert history.history[name] == pytest.approx(values, rel=limit), name
    assert_agree("predict", own.predict(x, batch_size=4), other.predict(x, verbose=0))
    found, reference = own.evaluate(x, y), other.evaluate(x, y, verbose=0)
    assert found == pytest.approx(reference, rel=limit)


def test_start_with_probabilities_near_zero():
    """Where Keras would cut off probabilities at 1e-7, softmax and loss are taken together."""
    network = [layers.Input((1,)), layers.Dense(2, "softmax")]
    model = Sequential(network, dtype="float64")
    model.set_weights([np.array([[0.0, 40.0]]), np.zeros(2)])
    model.compile("sgd", "categorical_crossentropy")
    x, y = np.ones((1, 1)), np.array([[1.0, 0.0]])
    assert model.evaluate(x, y) == pytest.approx(40, rel=1e-12)
    np.testing.assert_allclose(model.gradients(x, y)[1], [-1, 1], rtol=1e-12)


def test_keras_takes_a_sigmoid_before_this_loss_for_a_softmax(dtype):
    """Why no sigmoid stands in CASES: Keras on TensorFlow then leaves the sigmoid out.

    It looks for the numbers before the last activation, whichever that is, and applies a softmax to
    them. Ours does what both say: a sigmoid, then the loss.
    """
    x, y = normals(0, 8, 5, dtype=dtype), np.eye(3, dtype=dtype)[[0, 1, 2, 0, 1, 2, 0, 1]]
    other = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(3, "sigmoid")])
    other.compile("sgd", "categorical_crossentropy")
    weights = other.get_weights()
    other.fit(x, y, batch_size=8, verbose=0)
    ends = []
    for activation, loss in [(None, losses.CategoricalCrossentropy(True)), ("sigmoid", None)]:
        own = Sequential([layers.Input((5,)), layers.Dense(3, activation)], dtype=dtype)
        own.set_weights(weights)
        own.compile("sgd", loss or "categorical_crossentropy")
        own.fit(x, y, batch_size=8, verbose=0)
        ends.append(own.get_weights()[0])
    expected = other.get_weights()[0]
    assert_agree("no sigmoid", ends[0], expected)
    assert np.max(np.abs(ends[1] - expected)) > 1e-3


def test_gradients_are_central_differences():
    model = Sequential(small_network(layers), dtype="float64", seed=0)
    model.compile("sgd", "categorical_crossentropy")
    x, y = normals(0, 4, 6, 6, 2), np.eye(3)[[0, 1, 2, 0]]
    found = model.gradients(x, y)
    weights = [w for layer in model.layers for w in layer.weights]
    assert len(found) == len(weights) == 6
    for g, w in zip(found, weights, strict=True):
        assert_agree("gradient", g, central_difference(lambda: model.evaluate(x, y), w), 1e-6)


def test_a_seed_repeats_everything():
    x, y = normals(0, 30, 5), normals(1, 30, 2)
    ends = []
    for seed in [1, 1, 2]:
        model = Sequential([layers.Dense(4), layers.Dropout(0.5), layers.Dense(2)], seed=seed)
        model.compile("adam", "mse")
        model.fit(x, y, epochs=2, batch_size=8, verbose=0)
        ends.append(model.get_weights()[0])
    np.testing.assert_array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])


def test_shuffling_takes_every_case_once_in_each_epoch():
    seen = []

    class Spy(layers.Flatten):
        def _forward(self, x, training):
            if training:
                seen.append(x[:, 0].copy())
            return super()._forward(x, training)

    model = Sequential([Spy(), layers.Dense(1)], seed=0)
    model.compile("sgd", "mse")
    model.fit(np.arange(10.0)[:, None], np.zeros((10, 1)), batch_size=4, epochs=2, verbose=0)
    assert [len(batch) for batch in seen] == [4, 4, 2, 4, 4, 2]
    first, second = np.concatenate(seen[:3]), np.concatenate(seen[3:])
    assert sorted(first) == sorted(second) == list(range(10))
    assert list(first) != list(second)


def test_dropout_works_in_fit_and_not_in_predict():
    model = Sequential([layers.Input((50,)), layers.Dropout(0.5)], seed=0)
    x = np.ones((3, 50))
    np.testing.assert_array_equal(model.predict(x), x)
    assert not np.array_equal(model.forward(x, training=True), x)


def test_verbose_prints_a_line_for_each_epoch(capsys):
    model = Sequential([layers.Dense(1)], seed=0)
    model.compile("sgd", "mse", ["mae"])
    x, y = normals(0, 8, 2), normals(1, 8, 1)
    model.fit(x, y, epochs=2, validation_data=(x, y))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Epoch 1/2", "Epoch 2/2"]
    assert all(name in lines[0] for name in ["loss ", "mae ", "val_loss ", "val_mae "])
    model.fit(x, y, verbose=0)
    assert capsys.readouterr().out == ""


def test_summary_counts_as_keras_does(capsys):
    own = Sequential(cifar_network(layers))
    other = keras.Sequential(cifar_network(keras.layers))
    own.summary()
    text = capsys.readouterr().out
    assert own.count_params() == other.count_params()
    for mine, theirs in zip(own.layers, other.layers, strict=True):
        assert mine.count_params() == theirs.count_params()
        assert mine.output_shape == tuple(theirs.output.shape)
        assert f"{mine.name} ({type(mine).__name__})" in text
        assert str(mine.output_shape) in text
    assert f"{other.count_params():,}" in text.splitlines()[-1]


def test_binary_accuracy_as_keras():
    own = Sequential([layers.Dense(1, "sigmoid")], seed=0)
    own.compile("sgd", "mse", ["accuracy"])
    x, y = normals(0, 40, 3), np.random.default_rng(0).integers(2, size=(40, 1)).astype(float)
    found = own.evaluate(x, y)[1]
    expected = keras.metrics.BinaryAccuracy()(y, own.predict(x))
    assert found == pytest.approx(float(expected))


# Errors ------------------------------------------------------------------------------------------


def ready():
    model = Sequential([layers.Input((4,)), layers.Dense(3, "softmax")], seed=0)
    model.compile("sgd", "categorical_crossentropy")
    return model


def test_what_is_no_layer_is_refused():
    for wrong in [keras.layers.Dense(3), "dense", layers.Dense]:
        with pytest.raises(TypeError, match=r"course\.layers"):
            Sequential([wrong])
    with pytest.raises(TypeError, match="first place only"):
        Sequential([layers.Dense(3), layers.Input((4,))])
    layer = layers.Dense(3)
    with pytest.raises(ValueError, match="dense twice"):
        Sequential([layer, layer])
    with pytest.raises(ValueError, match="dtype='int8'"):
        Sequential(dtype="int8")


def test_layers_that_do_not_fit_each_other_are_named():
    with pytest.raises(
        ValueError, match=r"conv2d_1: .*\(5, 5\)\. Received shape \(cases, 4, 4, 2\)"
    ):
        Sequential([layers.Input((6, 6, 1)), layers.Conv2D(2, 3), layers.Conv2D(2, 5)])


def test_what_needs_a_loss_asks_for_compile():
    model = Sequential([layers.Dense(3)])
    x = np.ones((2, 4))
    for use in [model.fit, model.evaluate, model.gradients, model.train_on_batch]:
        with pytest.raises(RuntimeError, match=r"Call compile\(optimizer, loss\) first"):
            use(x, x)
    model.compile("sgd")
    with pytest.raises(RuntimeError, match="compile"):
        model.fit(x, x)
    assert model.predict(x).shape == (2, 3)
    with pytest.raises(ValueError, match="'acc'"):
        model.compile("sgd", "mse", ["acc"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size=0"),
        ({"batch_size": 2.5}, r"batch_size=2\.5"),
        ({"epochs": 0}, "epochs=0"),
        ({"validation_split": 1}, "validation_split=1"),
        ({"validation_split": 0.99}, "one for validation"),
        ({"validation_data": (np.ones((2, 4)), np.ones((1, 3)))}, r"\(2, 4\), \(1, 3\)"),
    ],
)
def test_settings_of_fit_that_make_no_sense_are_refused(options, message):
    model = ready()
    with pytest.raises(ValueError, match=message):
        model.fit(np.ones((6, 4)), np.eye(3)[[0, 1, 2, 0, 1, 2]], verbose=0, **options)


def test_as_many_answers_as_cases():
    model = ready()
    for use in [model.fit, model.evaluate]:
        with pytest.raises(ValueError, match=r"as many in each.*\(6, 4\), \(5, 3\)"):
            use(np.ones((6, 4)), np.ones((5, 3)))
    with pytest.raises(ValueError, match=r"predict: expected arrays .* Received shapes \(0, 4\)"):
        model.predict(np.ones((0, 4)))
    with pytest.raises(ValueError, match=r"dense: expected inputs of shape \(cases, 4\)"):
        model.predict(np.ones((2, 5)))


def test_weights_that_do_not_fit_leave_the_old_ones():
    model = ready()
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"\[\(4, 3\), \(3,\)\]\. Received shapes \[\(4, 3\)\]"):
        model.set_weights([np.zeros((4, 3))])
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    with pytest.raises(ValueError, match="with an Input"):
        Sequential([layers.Dense(3)]).set_weights(before)


def test_a_network_without_layers_or_shape():
    with pytest.raises(ValueError, match="at least one layer"):
        Sequential().predict(np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"with an Input, or call build\(\)"):
        Sequential([layers.Dense(3)]).summary()


# Nothing is changed before all is checked, and nothing goes wrong in silence --------------------


def trained() -> Sequential:
    model = Sequential([layers.Input((4,)), layers.Dense(5, "relu"), layers.Dense(3, "softmax")])
    model.compile("adam", "categorical_crossentropy")
    model.fit(normals(0, 12, 4), np.eye(3)[[0, 1, 2] * 4], verbose=0)
    return model


def test_layers_of_another_network_keep_their_weights_as_in_keras():
    old = trained()
    kernel = old.layers[0].get_weights()[0]
    for first in ([layers.Input((4,))], []):
        new = Sequential([*first, *old.layers[:-1], layers.Dense(2)], seed=3)
        np.testing.assert_array_equal(new.get_weights()[0], kernel)
        assert new.layers[0] is old.layers[0]
        assert new.count_params() == 25 + 12
        assert [layer.name for layer in new.layers] == ["dense", "dense_1"]
    alone = layers.Dense(2)
    alone.build((None, 5), seed=np.random.default_rng(3))
    np.testing.assert_array_equal(new.layers[1].kernel, alone.kernel)  # it took the seed
    old.build((None, 4))
    np.testing.assert_array_equal(old.layers[0].kernel, kernel)


def test_a_layer_with_weights_has_to_fit():
    old = trained()
    for first in (layers.Input((5,)), layers.Dense(5)):
        with pytest.raises(ValueError, match=r"shape \(None, 5\).*dense.*\(None, 4\).*new one"):
            Sequential([first, old.layers[0]]).build((None, 3))
    with pytest.raises(ValueError, match=r"float64\. Received dense.*float32.*dtype='float32'"):
        Sequential(old.layers, dtype="float64")
    with pytest.raises(ValueError, match=r"weights already.*new layer"):
        old.layers[0].build((None, 4))


def test_diverged_training_names_epoch_loss_and_a_rate_to_try():
    model = Sequential([layers.Dense(1)], seed=0)
    model.compile(optimizers.SGD(10.0), "mse")
    x = normals(0, 8, 3)
    with pytest.raises(
        FloatingPointError,
        match=r"diverged\. In epoch \d+ of 500 the loss is (inf|nan)\..*rate, 1 instead of 10;",
    ):
        model.fit(x, x[:, :1] + 1, epochs=500, verbose=0)
    assert all(np.isfinite(w).all() for w in model.get_weights())  # as before that step
    model.compile(optimizers.SGD(1e38), "mse")
    model.set_weights([np.ones((3, 1)), np.ones(1)])
    with pytest.raises(FloatingPointError, match=r"In this step .* weight became infinite"):
        model.train_on_batch(x * 1e3, x[:, :1])


@pytest.mark.parametrize("use", ["fit", "evaluate", "predict", "train_on_batch"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_refused_with_its_place(use, wrong):
    model, x, y = ready(), np.ones((6, 4)), np.eye(3)[[0, 1, 2, 0, 1, 2]]
    x[3, 1] = wrong
    with pytest.raises(
        ValueError, match=rf"{use}: expected x .* Received {wrong} at position 3, 1"
    ):
        getattr(model, use)(*(x,) if use == "predict" else (x, y))
    if use != "predict":
        y[2, 0] = wrong
        with pytest.raises(ValueError, match=r"expected y .* at position 2, 0"):
            getattr(model, use)(np.ones((6, 4)), y)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ((np.ones((2, 5)), np.eye(3)[:2]), r"dense: expected inputs of shape \(cases, 4\)"),
        ((np.ones((2, 4)), np.eye(2)), r"of one shape.*\(2, 2\)"),
        ((np.ones((2, 4)), np.eye(3)[[0, 1]] * [1, 2, 1]), "sum to 1. Received one that sums to 2"),
        ((np.ones((2, 4)), np.array([["a"] * 3] * 2)), "y to hold real numbers"),
        ((np.ones((2, 4)), np.full((2, 3), np.nan)), "validation_data: expected y .* finite"),
        ((np.ones((2, 4)),) * 3, "pair, inputs and answers. Received 3 arrays"),
        (np.ones((2, 4)), "pair, inputs and answers. Received ndarray"),
    ],
)
def test_what_is_wrong_with_validation_data_is_found_before_the_first_epoch(wrong, message):
    model = ready()
    before = model.get_weights()
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(np.ones((6, 4)), np.eye(3)[[0, 1] * 3], validation_data=wrong, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_a_number_that_is_no_row_is_found_before_the_first_step():
    model = Sequential([layers.Embedding(5, 2), layers.Flatten(), layers.Dense(1)], seed=0)
    model.compile("sgd", "mse")
    model.build((None, 3))
    before = model.get_weights()
    words = np.zeros((40, 3), int)
    words[-1, -1] = 5
    with pytest.raises(ValueError, match="whole numbers from 0 to 4"):
        model.fit(words, np.zeros((40, 1)), batch_size=4, shuffle=False, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_weights_are_set_all_or_none():
    model = ready()
    before = model.get_weights()
    for wrong, error in [("a", TypeError), (1j, TypeError), (None, TypeError), (1e300, ValueError)]:
        for one in (model, model.layers[0]):
            with pytest.raises(error, match="each weight"):
                one.set_weights([np.ones((4, 3)), [wrong] * 3])
    for own, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, old)
    model.set_weights(w for w in before)  # any iterable will do


@pytest.mark.parametrize("labels", [(-1, 1), (1, 2), (0, 5), (0.2, 0.7)])
def test_accuracy_of_other_answers_than_0_and_1_is_that_of_keras(labels):
    own = Sequential([layers.Input((3,)), layers.Dense(1)], seed=0)
    other = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    other.set_weights(own.get_weights())
    x, y = normals(0, 40, 3), np.random.default_rng(0).choice(labels, size=(40, 1))
    for model in (own, other):
        model.compile("sgd", loss="mse", metrics=["accuracy"])
    assert own.evaluate(x, y)[1] == pytest.approx(other.evaluate(x, y, verbose=0)[1])


def test_tables_and_columns_of_pandas_are_taken_or_refused_by_name():
    model, y = ready(), np.eye(3)[[0, 1, 2]]
    frame = pd.DataFrame({name: [1, 2, 3] for name in "abcd"})
    expected = model.predict(frame.to_numpy())
    for same in (frame, frame.convert_dtypes(), frame.astype(object), frame.astype("uint8")):
        np.testing.assert_array_equal(model.predict(same), expected)
    frame["d"] = ["x", "y", "z"]
    with pytest.raises(TypeError, match=r"predict: .*a str in column 'd', row number 0"):
        model.predict(frame)
    frame["d"] = pd.array([1, None, 3], "Int64")
    with pytest.raises(TypeError, match=r"fit: .*a missing value in column 'd', row number 1"):
        model.fit(frame, y, verbose=0)
    masked = np.ma.masked_equal(np.ones((3, 4)), 1)
    with pytest.raises(ValueError, match=r"without masked entries\. Received 12"):
        model.predict(masked)


def test_one_name_of_a_metric_is_no_list():
    with pytest.raises(
        ValueError, match=r"expected a list of metrics.*write metrics=\['accuracy'\]"
    ):
        ready().compile("sgd", "mse", metrics="accuracy")
