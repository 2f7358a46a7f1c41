r"""Exercises: the convolutional network by hand and in Keras
=========================================================

They go with the lesson :doc:`../cifar_agreement`. Below is a smaller network, once from
``course.layers`` and once in Keras, both in double precision and on a few photo digits.
"""

import matplotlib.pyplot as plt
import numpy as np

from course import layers
from course.agreement import compare, keras_precision, print_comparisons
from course.images import photo_digits
from course.losses import CategoricalCrossentropy
from course.quiet import quiet_start

with quiet_start():
    import keras
    import tensorflow as tf

plt.style.use("course.lecture")
keras_precision("float64")

(pictures, labels), _, _ = photo_digits(n_train=16, n_test=10)
x = pictures / 255  # (16, 32, 32, 3)
y = np.eye(10)[labels]  # (16, 10)


def network(module):
    return [
        module.Conv2D(4, 3, activation="relu"),
        module.MaxPooling2D(2),
        module.Conv2D(8, 3, activation="relu"),
        module.Flatten(),
        module.Dense(10, activation="softmax"),
    ]


keras.utils.set_random_seed(1)
twin = keras.Sequential([keras.layers.Input((32, 32, 3)), *network(keras.layers)])
names = ["dW1", "db1", "dW2", "db2", "dW3", "db3"]
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(keras.losses.categorical_crossentropy(y, twin(x)))
in_keras = [g.numpy() for g in tape.gradient(loss, twin.trainable_weights)]


def gradients(chain, weights, x, y):
    """The gradients of a chain of layers of ``course.layers``."""
    weights = list(weights)
    a = x
    for layer in chain:
        layer.build(a.shape, str(x.dtype))
        count = len(layer.get_weights())
        layer.set_weights(weights[:count])
        del weights[:count]
        a = layer.forward(a, training=True)
    da = CategoricalCrossentropy().gradient(y, a)
    for layer in reversed(chain):
        da = layer.backward(da)
    return [g for layer in chain for g in layer.get_gradients()]


own = gradients(network(layers), twin.get_weights(), x, y)

# %%
# Exercise 1: a fault in the pooling
# ----------------------------------
#
# Replace the pooling layer by one that sends the derivative to all four numbers of a
# window instead of the largest. Before you run it: which gradients will still agree
# with Keras?


chain = network(layers)  # chain[1] is the pooling layer

# %%
# .. solution


class WrongPooling(layers.MaxPooling2D):
    def backward(self, dy):
        dx = np.zeros((len(dy), 30, 30, 4))
        for i, j in [(0, 0), (0, 1), (1, 0), (1, 1)]:
            dx[:, i::2, j::2] = dy
        return dx


chain[1] = WrongPooling(2)
wrong = gradients(chain, twin.get_weights(), x, y)
comparisons = [compare(*three) for three in zip(names, wrong, in_keras, strict=True)]
print_comparisons(comparisons)
print("Still agree:", *[c.name for c in comparisons if c.agrees()])
right = [compare(*three) for three in zip(names, own, in_keras, strict=True)]
print("Without the fault:", *[c.name for c in right if c.agrees()])

# %%
# The way back starts at the output. What comes before the fault on that way, the layers
# above the pooling, is right; the convolution below it gets a wrong derivative.
#
# .. end of solution

# %%
# Exercise 2: momentum
# --------------------
#
# With *momentum* :math:`m` a step remembers the one before: :math:`v \leftarrow m\, v -
# \eta\, dW` and :math:`W \leftarrow W + v`, from :math:`v = 0`. Write it and compare
# the dense kernel after five steps with Keras' ``SGD(learning_rate, momentum)``, where
# each step gets the same gradient. Then try 0.9 for the momentum.

momentum = 0.75  # like the learning rate, a sum of few powers of two
learning_rate = 1 / 64
kernel, gradient = twin.get_weights()[4], in_keras[4]  # (1352, 10)

# %%
# .. solution

for m in [momentum, 0.9]:
    W, v = kernel.copy(), np.zeros_like(kernel)
    variable = keras.Variable(kernel)
    optimizer = keras.optimizers.SGD(learning_rate, momentum=m)
    for _ in range(5):
        v = m * v - learning_rate * gradient
        W = W + v
        optimizer.apply([tf.constant(gradient)], [variable])
    print_comparisons([compare(f"W, momentum {m}", W, variable.numpy())])
    plain = kernel - 5 * learning_rate * gradient
    ratio = np.linalg.norm(W - kernel) / np.linalg.norm(plain - kernel)
    print(f"The way is {ratio:.2f} times as long as without momentum")
keras_precision("float32")
plt.show()

# %%
# With 0.75 the two agree to rounding. With 0.9 they differ more, though the formula is
# the same: TensorFlow rounds this setting to single precision, where 0.75 is exact and
# 0.9 is not. Where the gradient keeps its direction, momentum makes the way longer.
#
# .. end of solution
