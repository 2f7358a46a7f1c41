"""The layers of the lecture by hand, with the names, arguments and weights of Keras.

Each layer has a ``forward`` that turns its inputs ``x`` into its outputs, and a ``backward`` that
turns ``dy``, the derivative of the loss with respect to its outputs, into the derivative with
respect to its inputs, and notes the derivatives with respect to its weights on the way::

    layer = Dense(5, activation="relu")
    y = layer.forward(x)          # (n, 4) -> (n, 5)
    dx = layer.backward(dy)       # (n, 5) -> (n, 4)
    dkernel, dbias = layer.get_gradients()

Weights have the shapes and the order of Keras, so they copy over with ``get_weights`` and
``set_weights``. Pictures are arrays of shape ``(n, height, width, channels)``, sequences of vectors
``(n, length, d)``. A layer computes in the type in which it was built, float32 or float64.

A `Layer` has one input. `Add` and `MultiHeadAttention` have `SeveralInputs`; their ``backward``
returns a list with one derivative for each. A `course.sequential.Sequential` passes one array on,
so they have no place in it: a network with them calls its layers itself.

Only NumPy is used. The lessons :doc:`/lessons/layer_types` and
:doc:`/lessons/cifar_nopackages_cnn` derive these formulas step by step; the page
:doc:`/layers` has them in one table, compared with Keras.
"""

from course.layers.activation import Activation
from course.layers.attention import Add, MultiHeadAttention
from course.layers.base import BaseLayer, Input, Layer, SeveralInputs
from course.layers.dense import Dense
from course.layers.dropout import Dropout
from course.layers.embedding import Embedding
from course.layers.normalization import LayerNormalization
from course.layers.reshape import Flatten
from course.layers.windows import AveragePooling2D, Conv2D, MaxPooling2D

__all__ = [
    "Activation",
    "Add",
    "AveragePooling2D",
    "BaseLayer",
    "Conv2D",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "Input",
    "Layer",
    "LayerNormalization",
    "MaxPooling2D",
    "MultiHeadAttention",
    "SeveralInputs",
]
