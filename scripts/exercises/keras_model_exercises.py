r"""Exercises: a whole Keras model
==============================

They go with the lesson :doc:`../keras_model`. The lines below repeat its data and its
model.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from course.data import load_iris
from course.plots import plot_images
from course.quiet import quiet_start
from course.rbase import one_hot
from course.rrandom import RRandom

with quiet_start():
    import keras

plt.style.use("course.lecture")

iris = load_iris()
train_rows = RRandom(123).sample(150, 105)
x_train = iris.iloc[train_rows, :4].to_numpy()  # (105, 4)
y_train = one_hot(iris["Species"].iloc[train_rows])  # (105, 3)


def build_model():
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.layers.Input((4,)),
            keras.layers.Dense(5, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    return model


# %%
# Exercise 1: read a line
# -----------------------
#
# ``Dense(5, activation="relu")``: what shapes have its kernel and its bias? What
# becomes of the two layers' parameters if it has 8 units instead? Work it out on paper,
# then check.

model = build_model()

# %%
# .. solution

wider = keras.Sequential(
    [
        keras.layers.Input((4,)),
        keras.layers.Dense(8, activation="relu"),
        keras.layers.Dense(3, activation="softmax"),
    ]
)
for name, network in [("5 units", model), ("8 units", wider)]:
    print(name, *[w.shape for w in network.get_weights()])
    on_paper = [
        (rows + 1) * columns
        for rows, columns in [w.shape for w in network.get_weights() if w.ndim == 2]
    ]
    in_keras = [layer.count_params() for layer in network.layers]
    print("  parameters on paper:", *on_paper, " in Keras:", *in_keras)

# %%
# A kernel has a row for each input and a column for each unit, and the bias is one row
# more. The width of the hidden layer counts twice: as columns of the first kernel and
# as rows of the second.
#
# .. end of solution

# %%
# Exercise 2: count the updates
# -----------------------------
#
# How many times are the weights updated in 4 epochs, with batches of 16, of 30, and of
# all 105 flowers? Predict it, then look at ``model.optimizer.iterations`` after
# ``fit``.

epochs = 4
batch_sizes = [16, 30, 105]

# %%
# .. solution

for batch_size in batch_sizes:
    model = build_model()
    model.fit(x_train, y_train, epochs=epochs, batch_size=batch_size, verbose=0)
    predicted = epochs * int(np.ceil(len(x_train) / batch_size))
    counted = int(model.optimizer.iterations.numpy())
    loss = model.evaluate(x_train, y_train, verbose=0)
    print(f"Batches of {batch_size}: predicted {predicted}, counted {counted}")
    print(f"  training loss after {epochs} epochs: {loss:.4f} (one run, seed 1)")

# %%
# An epoch has as many updates as there are batches, the last and smaller one included.
# With larger batches there are fewer updates in as many epochs.
#
# .. end of solution

# %%
# Exercise 3: clothes instead of flowers
# --------------------------------------
#
# Build, compile and fit a model for the pictures below, with one hidden layer of 64
# units. What has to change: the input, the output, the loss? Fashion-MNIST needs a
# download: it is used if Keras has it already or ``COURSE_DOWNLOAD=1`` is set, and
# small handwritten digits from scikit-learn, enlarged, if not.

folder = os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras") + "/datasets"
cached = len(list(Path(folder, "fashion-mnist").glob("*-ubyte.gz"))) == 4
if cached or os.environ.get("COURSE_DOWNLOAD") == "1":
    (pictures, labels), _ = keras.datasets.fashion_mnist.load_data()
    pictures, labels = pictures[:1500] / 255, labels[:1500]
    print("Data: Fashion-MNIST, the first 1,500 pictures")
else:
    pictures, labels = load_digits(return_X_y=True)
    pictures = pictures.reshape(-1, 8, 8).repeat(3, axis=1).repeat(3, axis=2) / 16
    pictures = np.pad(pictures, ((0, 0), (2, 2), (2, 2)))  # (1797, 28, 28)
    print("Data: scikit-learn's digits (Fashion-MNIST is not on this machine)")

# %%
# .. solution

keras.utils.set_random_seed(1)
classes = int(labels.max()) + 1
model = keras.Sequential(
    [
        keras.layers.Input(pictures.shape[1:]),
        keras.layers.Flatten(),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(classes, activation="softmax"),
    ]
)
model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(pictures[:1200], labels[:1200], epochs=10, batch_size=64, verbose=0)
loss, accuracy = model.evaluate(pictures[1200:], labels[1200:], verbose=0)
print("Input and output:", model.input_shape, model.output_shape)
print(f"Test accuracy {accuracy:.3f}, guessing {1 / classes:.3f} (one run, seed 1)")
predicted = model.predict(pictures[1200:1210], verbose=0).argmax(axis=1)
plot_images(
    1 - pictures[1200:1210],
    [f"said {p}\nis {a}" for p, a in zip(predicted, labels[1200:1210], strict=True)],
    "Ten test pictures, with the predicted and the actual class",
    cmap="gray",
)
plt.show()

# %%
# The input is a picture, so ``Flatten`` comes first, and the output has a unit for each
# class. The loss stays the cross-entropy; its *sparse* form takes the number of the
# class instead of a one-hot row.
#
# .. end of solution
