r"""Pictures with Keras: a convolutional network
============================================

**Can a network tell what a small photograph shows?** This lesson follows
``scripts/cifar10_keras_cnn.R`` of `the lecture
<https://github.com/andrewcparnell/intermediate_ML>`_. (The slides call the file
``cifar_keras_cnn.R``.) CIFAR-10 is a collection of 60,000 photographs of 32 by 32
pixels, in ten classes (A. Krizhevsky, 2009). The network for them has two convolutions,
each followed by pooling, and two dense layers:

.. math::

   \begin{aligned}
   X &\longrightarrow \text{conv}_{32} \longrightarrow \text{pool}
      \longrightarrow \text{conv}_{64} \longrightarrow \text{pool} \\
     &\longrightarrow \text{flatten} \longrightarrow \text{dense}_{64}
      \longrightarrow \text{dense}_{10} \longrightarrow \text{probabilities}
   \end{aligned}

:doc:`layer_types` and :doc:`convolution` explain the layers.
"""

import matplotlib.pyplot as plt
import numpy as np

from course.images import load_images
from course.plots import (
    plot_confusion_matrix,
    plot_history,
    plot_images,
    plot_volumes,
)
from course.quiet import progress, quiet_start
from course.rbase import factor, max_col, r_print, table

with quiet_start():
    import keras

plt.style.use("course.lecture")

# %%
# The pictures
# ------------
#
# CIFAR-10 is a large download. Where it is not at hand, ``load_images`` makes *photo
# digits* instead: handwritten digits in random colours, sizes and places, over random
# parts of two photographs. They have the same shape and as many classes, and they need
# nothing. The line printed below says which pictures this run has used; all the numbers
# and figures on this page are about them.
#
# .. code-block:: r
#
#    library(keras)
#    cifar <- dataset_cifar10()
#    x_train <- cifar$train$x
#    y_train <- cifar$train$y
#    x_test <- cifar$test$x
#    y_test <- cifar$test$y

(x_train, y_train), (x_test, y_test), class_names = load_images()
print("x_train:", *x_train.shape, " y_train:", *y_train.shape)
print("Classes:", *class_names)
n_classes = len(class_names)

# %%
# Each picture is an array of 32 rows, 32 columns and 3 colours (red, green, blue), with
# whole numbers from 0 to 255. Keras calls arrays *tensors*. Here are the
# first two of each class (the first alone, if there is a class that has only one):

of_class = [np.flatnonzero(y_train == k) for k in range(n_classes)]
of_each = min(2, *map(len, of_class))
firsts = [rows[place] for place in range(of_each) for rows in of_class]
how_many = "Two training pictures" if of_each == 2 else "A training picture"
plot_images(
    x_train[firsts],
    [class_names[k] for k in y_train[firsts]],
    f"{how_many} of each class",
    columns=n_classes,
)

# %%
# The network gets pixels between 0 and 1, and the classes as one-hot rows. The shapes
# in the comments are those for ten classes.
#
# .. code-block:: r
#
#    x_train <- x_train / 255
#    x_test <- x_test / 255
#    y_train_onehot <- to_categorical(y_train, 10)
#    y_test_onehot <- to_categorical(y_test, 10)

x_train = x_train.astype("float32") / 255  # (n, 32, 32, 3)
x_test = x_test.astype("float32") / 255
y_train_onehot = keras.utils.to_categorical(y_train, n_classes)  # (n, 10)
y_test_onehot = keras.utils.to_categorical(y_test, n_classes)
r_print(y_train_onehot[:3])

# %%
# The model
# ---------
#
# As far as ``Flatten`` the network turns a picture into numbers that say what is found
# where. This is *feature extraction*, and it is learnt. The dense layers that follow
# decide on the class, by these numbers.
#
# .. code-block:: r
#
#    tensorflow::set_random_seed(1)
#    model <- keras_model_sequential() %>%
#      layer_conv_2d(filters = 32, kernel_size = c(3, 3), activation = "relu",
#                    input_shape = c(32, 32, 3)) %>%
#      layer_max_pooling_2d(pool_size = c(2, 2)) %>%
#      layer_conv_2d(filters = 64, kernel_size = c(3, 3), activation = "relu") %>%
#      layer_max_pooling_2d(pool_size = c(2, 2)) %>%
#      layer_flatten() %>%
#      layer_dense(units = 64, activation = "relu") %>%
#      layer_dense(units = 10, activation = "softmax")
#    summary(model)

keras.utils.set_random_seed(1)
model = keras.Sequential(
    [
        keras.layers.Input((32, 32, 3)),
        keras.layers.Conv2D(32, (3, 3), activation="relu"),
        keras.layers.MaxPooling2D((2, 2)),
        keras.layers.Conv2D(64, (3, 3), activation="relu"),
        keras.layers.MaxPooling2D((2, 2)),
        keras.layers.Flatten(),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(n_classes, activation="softmax"),
    ]
)
model.summary(line_length=76)

# %%
# The same as a picture: what comes out of each layer. Up to ``Flatten`` these are rows,
# columns and maps (in the picture itself: colours), drawn to scale. After it they are
# single rows of numbers, drawn as bars that are not to scale.

plot_volumes(
    [x_train.shape[1:], *(layer.output.shape[1:] for layer in model.layers)],
    ["picture", *(type(layer).__name__ for layer in model.layers)],
    "From a picture to probabilities, with the shape after each layer",
)

# %%
# Where does each number come from? ``None`` stands for any number of pictures. A
# convolution with a window of 3 loses 2 rows and 2 columns; pooling halves what is
# left, and drops a last odd row. A filter has a weight for each number in its window
# and one bias; a dense unit has a weight for each input and one bias:

for layer in model.layers:
    weights = layer.get_weights()
    if weights:
        *sizes, outputs = weights[0].shape
        per_output = " × ".join(map(str, sizes))
        count = (np.prod(sizes) + 1) * outputs
        print(f"{layer.name}: ({per_output} + 1) × {outputs} = {count}")
print("Together:", model.count_params())

# %%
# Most of the parameters belong to the first dense layer: it has a weight from every
# number of the flattened maps to every unit.
#
# Training
# --------
#
# *RMSprop* divides each step by the size that the gradients have had lately.
#
# .. code-block:: r
#
#    model %>% compile(
#      optimizer = optimizer_rmsprop(learning_rate = 0.0001),
#      loss = "categorical_crossentropy",
#      metrics = c("accuracy")
#    )
#    history <- model %>% fit(
#      x_train, y_train_onehot,
#      epochs = 10,
#      batch_size = 64,
#      validation_split = 0.2
#    )

epochs = 10
batch_size = 64
validation_split = 0.2
model.compile(
    optimizer=keras.optimizers.RMSprop(learning_rate=0.0001),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
history = model.fit(
    x_train,
    y_train_onehot,
    epochs=epochs,
    batch_size=batch_size,
    validation_split=validation_split,
    verbose=progress(),  # a progress bar in a terminal, nothing on a page
)
for name, values in history.history.items():
    first, last = values[0], values[-1]
    print(f"{name}: {first:.4f} in the first epoch, {last:.4f} in the last")

# %%

plot_history(history, "Loss and accuracy, on training and on validation pictures")

# %%
# Today's RMSprop is not the script's
# -----------------------------------
#
# The script takes RMSprop as older versions of Keras had it, from
# ``optimizers.legacy``, which Keras 3 no longer has. For each derivative :math:`g` both
# keep a running mean :math:`v` of its square, which starts at 0. They differ in where a
# small number :math:`\varepsilon` stands:
#
# .. math::
#
#    v \leftarrow 0.9\, v + 0.1\, g^2, \qquad
#    \text{older: } \eta\, \frac{g}{\sqrt{v} + \varepsilon}, \qquad
#    \text{today: } \eta\, \frac{g}{\sqrt{v + \varepsilon}}.
#
# The first :math:`v` is :math:`0.1\, g^2`, so both first steps would be
# :math:`\eta / \sqrt{0.1}` if :math:`\varepsilon` were 0. Here is how many times the
# learning rate they are, for derivatives of several sizes, each the same in all steps:

epsilon = 1e-7
steps = np.array([1, 2, 10, 100])
print("Steps:", *steps)
for g in [1e-6, 1e-4, 1e-2]:
    v = (1 - 0.9**steps) * g**2  # after as many steps
    print(f"Derivative {g:g}, older:", *np.round(g / (np.sqrt(v) + epsilon), 3))
    print(f"Derivative {g:g}, today's:", *np.round(g / np.sqrt(v + epsilon), 3))
means = [m.numpy() for m in model.optimizer.variables if "velocity" in m.path]
v = np.concatenate([m.ravel() for m in means])  # of each weight and bias, in the end
small = np.mean((v > 0) & (v < epsilon))
print(f"Weights and biases with v above 0 and below epsilon: {100 * small:.1f} %")

# %%
# For large derivatives the two agree. For small ones the older rule still takes steps
# of about the learning rate, while today's get shorter with the derivative, since in
# the root :math:`\varepsilon` outweighs :math:`v`. The last line says of how many
# weights of this network that was so at the end of the training.

# %%
# How well does it do?
# --------------------
#
# With ten classes, guessing would be right for one picture in ten. On a computer with
# another number of processor cores the digits may differ: single precision rounds, sums
# are then taken in another order, and training multiplies what that changes.
#
# .. code-block:: r
#
#    evaluate(model, x_test, y_test_onehot)
#    test_pred <- model %>% predict(x_test)
#    predicted <- max.col(test_pred, "first") - 1
#    actual <- max.col(y_test_onehot, "first") - 1
#    print(table(Predicted = factor(predicted, 0:9), Actual = factor(actual, 0:9)))

loss, accuracy = model.evaluate(x_test, y_test_onehot, verbose=0)
test_pred = model.predict(x_test, verbose=0)  # (n, 10)
predicted = max_col(test_pred)
actual = max_col(y_test_onehot)
confusion = table(
    Predicted=factor(predicted, range(n_classes)),
    Actual=factor(actual, range(n_classes)),
)
r_print(confusion)
print(f"Test loss {loss:.4f}, accuracy {accuracy:.4f} (one run, seed 1)")

# %%

names = np.array(class_names)
by_name = table(
    Predicted=factor(names[predicted], class_names),
    Actual=factor(names[actual], class_names),
)
plot_confusion_matrix(by_name, "Test pictures, predicted and actual")

# %%
# But for the RMSprop, these are the settings of the lecture's script. With few
# photographs they do not go far: in runs of our own (on copies of the photographs that
# had been through JPEG), a tenth of them for training gave 42 % on all test
# photographs, and all 50,000 gave 57 %.
#
# What the first filters look like
# --------------------------------
#
# Each filter of the first layer has a weight for every pixel and colour of its window,
# so it can be drawn as a small colour picture. Grey stands for a weight of 0. After so
# few epochs the filters still look much like their random start.

kernel = model.layers[0].get_weights()[0]  # (3, 3, 3, 32)
reach = np.abs(kernel).max()
filters = np.moveaxis(kernel, -1, 0) / (2 * reach) + 0.5  # (32, 3, 3, 3), from 0 to 1
plot_images(filters, [""] * 32, "The 32 filters of the first layer", columns=8)

# %%
# What each layer makes of a picture
# ----------------------------------
#
# A second model with the same layers gives the output of each, not of the last alone.
# Here is one test picture, and the first eight feature maps after each convolution and
# each pooling. White is a large number, black is 0: an all-black map belongs to a
# filter that finds nothing in this picture.

all_outputs = keras.Model(model.inputs, [layer.output for layer in model.layers])
chosen = 0
outputs = all_outputs.predict(x_test[chosen : chosen + 1], verbose=0)
fig, axes = plt.subplots(4, 9, figsize=(6.4, 3.3))
for row, (layer, output) in enumerate(zip(model.layers, outputs, strict=False)):
    if row == 4:
        break  # after the second pooling there are no more pictures
    axes[row, 0].imshow(x_test[chosen])
    for column in range(8):
        axes[row, column + 1].imshow(output[0, :, :, column], cmap="gray", vmin=0)
    axes[row, 0].set_title(layer.name, fontsize=8)
for ax in axes.flat:
    ax.axis("off")
fig.suptitle("The first eight maps after each layer")

# %%

print("What the picture shows:", class_names[actual[chosen]])
for k in np.argsort(-test_pred[chosen])[:3]:
    print(f"{class_names[k]}: {test_pred[chosen, k]:.3f}")

# %%
# The most confident mistakes
# ---------------------------
#
# A wrong answer is worth looking at where the network was most sure of it. At most ten
# are drawn; if there is none, there is no figure.

wrong = np.flatnonzero(predicted != actual)
print(f"Wrong answers: {len(wrong)} of {len(actual)}")
most_confident = wrong[np.argsort(-test_pred[wrong].max(axis=1))][:10]
if len(wrong):
    plot_images(
        x_test[most_confident],
        [f"said {names[predicted[i]]}\nis {names[actual[i]]}" for i in most_confident],
        "Wrong answers that the network was sure of",
        columns=5,
    )
for i in most_confident[:3]:
    probability = test_pred[i, predicted[i]]
    print(
        f"Test picture {i}: {names[predicted[i]]} with probability {probability:.3f}, "
        f"but it is {names[actual[i]]}"
    )
plt.show()

# %%
# Summary
# -------
#
# A network for pictures has other layers than one for measurements, but it is built,
# compiled and fitted in the same way. Convolutions make maps of a picture, pooling
# makes the maps smaller, dense layers make probabilities of them.
# :doc:`cifar_nopackages_cnn` builds this network by hand.
#
# Where this differs from the lecture's script
# --------------------------------------------
#
# - The script is about CIFAR-10 alone and shows its first ten training pictures. Here
#   the reader chooses the pictures, and sees two of each class.
# - TensorFlow gets a seed here.
# - RMSprop is today's here. The script has it, ``optimizer_rmsprop``, in a comment.
# - The table has there the classes 1 to 10 as text, so sorted 1, 10, 2 and so on; here
#   0 to 9 in their order.
# - What is printed of the history and the parameters is added. So are the section on
#   RMSprop, and all after the test accuracy: filters, maps and mistakes.
#
# Try it
# ------
#
# 1. Set ``COURSE_IMAGES`` to ``digits`` or to ``cifar10`` and run the script again.
#    Which classes are mixed up now?
# 2. Set ``learning_rate`` to ``0.001``. How far does the training accuracy get in ten
#    epochs, and how far the validation accuracy?
# 3. Put a ``Dropout(0.5)`` before the last layer. What happens to the distance between
#    training and validation?
