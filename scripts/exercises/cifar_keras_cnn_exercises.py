r"""Exercises: pictures with Keras
==============================

They go with the lesson :doc:`../cifar_keras_cnn`. To be quick they use few pictures,
photo digits, and few steps.
"""

import os

import matplotlib.pyplot as plt
import numpy as np

from course.images import photo_digits
from course.plots import plot_history
from course.quiet import quiet_start

with quiet_start():
    import keras

plt.style.use("course.lecture")


def build_model(filters=(32, 64), units=64, classes=10, dropout=0):
    keras.utils.set_random_seed(1)
    first, second = filters
    return keras.Sequential(
        [
            keras.layers.Input((32, 32, 3)),
            keras.layers.Conv2D(first, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(second, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )


# %%
# Exercise 1: where the parameters are
# ------------------------------------
#
# Double the filters of the second convolution. Which layers get more parameters? Which
# get more if you double the units of the first dense layer instead? Predict, then
# count.

model = build_model()

# %%
# .. solution

models = {
    "lesson": model,
    "128 filters": build_model(filters=(32, 128)),
    "128 units": build_model(units=128),
}
for name, network in models.items():
    counts = [layer.count_params() for layer in network.layers if layer.weights]
    print(f"{name}: {' + '.join(map(str, counts))} = {network.count_params()}")

# %%
# More filters give the flattened row more numbers, so the first dense layer doubles as
# well as the convolution (but for the biases). More units change the two dense layers
# alone.
#
# .. end of solution

# %%
# Exercise 2: strides instead of pooling
# --------------------------------------
#
# Build the network without pooling: let each convolution move by 2 pixels instead, with
# ``padding="same"``. What shapes do the maps have now, and what does ``Flatten`` give?

shapes = [layer.output.shape for layer in build_model().layers]

# %%
# .. solution

strided = keras.Sequential(
    [
        keras.layers.Input((32, 32, 3)),
        keras.layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
        keras.layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
print("pooling:", *shapes)
print("strides:", *[layer.output.shape for layer in strided.layers])
print("parameters:", build_model().count_params(), strided.count_params())

# %%
# With ``"same"`` nothing is lost at the edges, so the last maps are a little larger and
# the first dense layer needs more weights. The convolutions have as many as before.
#
# .. end of solution

# %%
# Exercise 3: a hundred classes
# -----------------------------
#
# Train the network on CIFAR-100 for three epochs. What has to change? At the start, is
# the loss near :math:`\log` of the number of classes? CIFAR-100 needs a large download:
# it is used if Keras has it already or ``COURSE_DOWNLOAD=1`` is set, and a few hundred
# photo digits if not.

folder = os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras") + "/datasets"
cached = os.path.exists(folder + "/cifar-100-python-target")
if cached or os.environ.get("COURSE_DOWNLOAD") == "1":
    (x, labels), _ = keras.datasets.cifar100.load_data()
    x, labels = x[:640], labels[:640, 0]
    n_classes = 100
    print("Data: CIFAR-100, the first 640 pictures")
else:
    (x, labels), _, names = photo_digits(n_train=640, n_test=10)
    n_classes = len(names)
    print("Data: photo digits (CIFAR-100 is not on this machine)")
x = x.astype("float32") / 255  # (640, 32, 32, 3)

# %%
# .. solution

model = build_model(classes=n_classes)
model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
loss, _ = model.evaluate(x, labels, batch_size=64, verbose=0)
print(f"Before training: loss {loss:.3f}, log({n_classes}) = {np.log(n_classes):.3f}")
history = model.fit(x, labels, epochs=3, batch_size=64, verbose=0)
loss, accuracy = model.evaluate(x, labels, batch_size=64, verbose=0)
print(f"After 3 epochs: loss {loss:.3f}, accuracy {accuracy:.3f} (one run, seed 1)")
plot_history(history, "Loss and accuracy, epoch by epoch")
plt.show()

# %%
# Only the last layer changes: it needs a unit for each class. Before training all
# classes are about equally probable, hence a loss near the logarithm of their number.
#
# .. end of solution
