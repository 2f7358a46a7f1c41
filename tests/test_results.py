"""What states a result is a claim: it holds for the variables of a run.

Titles of figures, the summaries of the lessons, and sentences that a run contradicted once.
"""

import ast
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import lessons
from r_fixtures import ROOT, SCRIPTS

from course.agreement import Comparison

# Where the functions of matplotlib and `course.plots` take the title of a figure.
TITLE_AT = {
    "suptitle": 0,
    "plot_history": 1,
    "plot_comparisons": 1,
    "plot_confusion_matrix": 1,
    "plot_predicted": 2,
    "plot_images": 2,
    "plot_network": 2,
    "plot_flow": 2,
    "plot_volumes": 2,
    "plot_grids": 1,
}

# Words of a result. A title without them names what is drawn, a sentence says what a word means.
OF_A_RESULT = re.compile(
    r"\b(most|less|least|fewer|falls?|rises?|turns?|grows?|shrinks?|better|best|worse|worst|low|lower"
    r"|lowest|high|higher|highest|larger|largest|smaller|smallest|faster|fast|slow|slowly|all|every"
    r"|none|never|no|only|nearly|almost|still|apart|agree|differ|together|learns|finds?|follows?"
    r"|stays?|gets?|too|vanish|keeps?|attends|moves|gains|lose|nearer|becomes|drop|drops)\b",
    re.IGNORECASE,
)
IN_PROSE = re.compile(OF_A_RESULT.pattern + r"|\b(same|always|cheap|few)\b", re.IGNORECASE)

# Sentences of summaries that have such a word and that no run could contradict.
NOT_OF_A_RUN = {
    "A network for pictures has other layers than one for measurements": "the calls are the code's",
    "They do the same things, with other choices": "the choices are the code's",
    "Convolutions weigh a window, with the same weights": "what the word means",
}


def apart(v, measure):
    """The largest of setosa is below the smallest of the others, and the others overlap."""
    flowers = v["iris"].iloc[v["train_rows"]]
    by_species = flowers.groupby("Species", observed=True)[measure]
    low, high = by_species.min(), by_species.max()
    others = ["versicolor", "virginica"]
    return high["setosa"] < low[others].min() and high["versicolor"] > low["virginica"]


def two_bounces_then_a_zigzag(losses):
    up = np.flatnonzero(np.diff(losses) > 0)
    zigzag = up[up >= up[-1] - 100]  # the last steps that go up: every second one
    starts = up[(np.diff(up, prepend=-9) > 2) & (up < zigzag[0])]  # of what rises before
    return len(starts) == 2 and set(np.diff(zigzag)) == {2}


# What says which numbers are meant, and stays when these are changed.
NAMES = {
    "train_rows",
    "best_epoch",
    "batch_sizes",
    "many_rates",
    "length",
    "index",
    "epochs",
    "units",
    "scales",
    "optimizers",
    "learning_rates",
    "actual",
}


def alternates(numbers):
    return np.all(numbers[:-1] * numbers[1:] < 0)


def in_windows(picture):
    """The four numbers of each window of two by two."""
    n, m = picture.shape
    return picture.reshape(n // 2, 2, m // 2, 2).swapaxes(1, 2).reshape(n // 2, m // 2, 4)


def mean_end(losses):
    return np.mean(losses, axis=0)[-1]


def agree(comparisons):
    return all(c.agrees() for c in comparisons)


def agree_in_every_epoch(v):
    return all(agree(epoch) for epochs in v["one_epoch"].values() for epoch in epochs)


def together_in_double_precision(v):
    return all(map(agree, v["whole_way"]["course, float64"]))


def together_until_a_choice_differs(v):
    until = np.flatnonzero([*v["differing"], 1])[0]
    return until > 10 and all(map(agree, v["whole_way"]["course, float32"][:until]))


def works_without_its_first_unit(v):
    unmoved = np.array_equal(v["W1"][:, 0], v["initial"][0][:, 0])
    return unmoved and np.all(v["a1"][:, 0] == 0) and v["accuracy"] > 0.8


def derivative(v, name):
    """Of an activation function, at -4, -1, 0, 1 and 4."""
    return np.abs(v["derivatives"][list(v["cost"]).index(name)])


def relu_is_cheap_and_passes_all_or_nothing(v):
    cheap = v["cost"]["relu"] == "1 comparison"
    return cheap and derivative(v, "relu").tolist() == [0, 0, 0, 1, 1]


def leaky_relu_passes_something(v):
    return np.all(derivative(v, "leaky_relu") >= v["slope"])


def the_dead_unit_moves_with_leaky_relu_only(v):
    return v["moved"]["ReLU"][0] == 0 and v["moved"]["leaky ReLU"][0] > 0.1


def others_pass_something_near_0(v):
    others = np.array([derivative(v, name) for name in ["elu", "silu", "gelu"]])
    return np.all(others[:, 0] < 0.06) and np.all(others[:, 1:] > 0.06)


def attention_to_all(v, X):
    shares = np.exp(X @ v["WQ"] @ (X @ v["WK"]).T / np.sqrt(v["k"]))
    return shares / shares.sum(axis=1, keepdims=True)


def order_makes_no_difference(v):
    """In another order, each row attends to the others as before."""
    backwards = attention_to_all(v, v["X"][::-1])
    return np.allclose(backwards[::-1, ::-1], v["A_unmasked"])


def of_all_windows(picture, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(picture, kernel.shape)
    return np.tensordot(windows, kernel, axes=kernel.ndim)


def noise_is_as_in_theory(v):
    return np.allclose(v["noise"], v["theory"], rtol=0.1)


def length_says_little(v):
    """Of the first steps of RMSprop, in learning rates, for derivatives of all sizes."""
    sizes = np.concatenate([np.abs(g).ravel() for g in v["gradients"]])
    steps = sizes / np.sqrt(0.1 * sizes**2 + 1e-7)
    large = sizes > 0.003
    alike = steps[large].min() > 0.9 * steps[large].max()
    return alike and np.ptp(np.log(sizes[large])) > 2 and np.median(steps) < steps.max() / 2


def weightless(v, layer):
    """The comparison of its outputs and that of dx are the only ones."""
    names = [c.name for c in v["comparisons"]]
    below = names[names.index(layer) + 1 :]
    return below[0] == "  dx" and not (below[1:] and below[1].startswith("  "))


def ends(runs):
    """The mean training loss at the end, for each setting."""
    return runs[:, :, -1, 0].mean(axis=1)


def in_the_middle(place, numbers):
    return 0 < place < len(numbers) - 1


def mean_accuracy(v, depth, rate):
    return np.mean(v["accuracies"][depth, rate])


def best_at(v, rate):
    return max([1, 2, 4], key=lambda depth: mean_accuracy(v, depth, rate))


def mae(v, forecast):
    return np.mean(np.abs(forecast - v["actual"]))


def mean_growth_is_better_than_five_transformers(v):
    return len(v["errors"]) == 5 and mae(v, v["rules"]["grown by the mean"]) < min(v["errors"])


def not_worse(v):
    """How many trials are within two standard deviations of the best, drawn again, or below."""
    return np.sum(v["values"] <= np.mean(v["again"]) + 2 * np.std(v["again"], ddof=1))


# What makes each title and each sentence true, of the variables of a run; after the titles of a
# lesson come the sentences, on whatever page they stand. Long ones are cut. What Keras trains may
# differ a little from computer to computer: there the claims are wide enough.
CLAIMS = {
    "iris_nopackages": {
        "Training flowers: setosa is apart, the other two species overlap": lambda v: (
            apart(v, "Petal.Length") and apart(v, "Petal.Width")
        ),
        "The training loss falls, with two bounces and then a zigzag": lambda v: (
            v["losses"][-1] < v["losses"][0] / 5 and two_bounces_then_a_zigzag(v["losses"])
        ),
        "Test flowers: only 1 and 2 are mixed up": lambda v: (
            v["confusion"].to_numpy()[0, 1:].sum() + v["confusion"].to_numpy()[1:, 0].sum() == 0
            and v["confusion"].to_numpy()[1, 2] + v["confusion"].to_numpy()[2, 1] > 0
        ),
        "The network works without it.": works_without_its_first_unit,
    },
    "iris_keras": {
        "Test flowers, seed 1: nearly all on the diagonal": lambda v: (
            np.trace(v["confusion"].to_numpy()) >= 0.9 * len(v["actual"])
        ),
    },
    "mtcars_nopackages": {
        "Cars with more power or more weight go less far on a gallon": lambda v: (
            v["train_data"].corr().loc["mpg", ["hp", "wt"]].max() < -0.7
        ),
        "The loss falls in two drops, then slowly (both axes logarithmic)": lambda v: (
            v["losses"][5] < 0.6 * v["losses"][0]  # the first drop, within a few steps
            and v["losses"][20] > 0.8 * v["losses"][5]  # a shelf
            and v["losses"][500] < 0.2 * v["losses"][20]  # the second
            and 0.5 * v["losses"][500] < v["losses"][-1] < v["losses"][500]
        ),
        "Test cars: most predictions are too low": lambda v: (
            np.mean(v["test_pred"] < v["y_test"]) > 0.5
        ),
        "Test cars on the training scale: nearer the line": lambda v: (
            v["honest_rmse"] < v["rmse"] * v["test_range"]
        ),
        "For a regression, the last layer has no activation function, and the loss": (
            lambda v: (
                np.isclose(v["losses"][-1], np.mean((v["a2"] - v["y_train"]) ** 2))
                and np.allclose(
                    v["test_pred"],
                    1 / (1 + np.exp(-v["X_test"] @ v["W1"] - v["b1"])) @ v["W2"] + v["b2"],
                )
            )
        ),
        "The rest stays, and backpropagation even starts with the same line.": lambda v: (
            np.array_equal(v["delta2"], v["a2"] - v["y_train"])
        ),
    },
    "attention_nopackages": {
        "attention to all rows treats them alike.": order_makes_no_difference,
        "Attention to all tokens takes no notice of their order.": order_makes_no_difference,
        "Attention is a weighted mean of values.": lambda v: (
            np.allclose(v["C"], v["A"] @ v["V"])
            and np.allclose(v["A"].sum(axis=1), 1)
            and np.all(v["A"] >= 0)
        ),
        "Its weights are no parameters: they are computed for each sentence": lambda v: np.allclose(
            v["A_unmasked"], attention_to_all(v, v["X"])
        ),
        "A mask hides positions.": lambda v: np.all(v["A"][v["hidden"]] == 0),
    },
    "attention_nopackages_training": {
        "From five random starts the loss falls to almost 0": lambda v: (
            len(v["runs"]) == 5 and all(losses[-1] < 0.01 < losses[0] for *_, losses in v["runs"])
        ),
        "Training moves the attention to the position before": lambda v: np.mean(v["shares"]) > 0.9,
        "What is learnt are the embeddings of words and positions, and the matrices": lambda v: all(
            len(start) == 6
            and all(np.abs(now - w).max() > 0.1 for w, now in zip(start, end, strict=True))
            for start, end, _ in v["runs"]
        ),
        "The outputs of several heads are added.": lambda v: np.allclose(
            v["both_heads"], v["Y"] + v["Y2"]
        ),
    },
    "learning_rate": {
        "Learning rate: too small is slow; too large jumps, zigzags or is stuck": lambda v: (
            v["rises"][0] == 0
            and v["end_losses"][0] > 3 * v["end_losses"][1]
            and v["rises"][2] > 50
            and v["active"][3] == 0
        ),
        "The loss after 200 epochs is lowest at a learning rate in the middle": lambda v: (
            in_the_middle(v["rate_losses"][:, :, -1].mean(axis=1).argmin(), v["many_rates"])
        ),
        "The valley: small steps follow its floor, large ones jump across it": lambda v: (
            np.abs(v["paths"][0.02][:, 0]).max() < v["paths"][0.02][-1, 1] / 3
            and alternates(v["paths"][0.105][1:, 0])
        ),
        "Over-fitting: the training loss falls on, the test loss turns and rises": lambda v: (
            mean_end(v["small"])[0] < v["small"][:, v["best_epoch"], 0].mean()
            and mean_end(v["small"])[1] > 1.5 * v["small"][:, v["best_epoch"], 1].mean()
        ),
        "At 0.02 it falls further, with a few small rises on the way.": lambda v: (
            v["end_losses"][1] < v["end_losses"][0] / 3
            and 1 < v["rises"][1] < 10
            and np.diff(v["runs"][1][1]).max() < 0.05
        ),
        "far too small is slow, far too large jumps across the valley, or kills the units.": (
            lambda v: (
                v["end_losses"][0] > 3 * v["end_losses"][1]
                and alternates(v["paths"][0.105][1:, 0])
                and v["active"][3] == 0
            )
        ),
        "The loss was lowest at a rate in the middle": lambda v: in_the_middle(
            v["rate_losses"][:, :, -1].mean(axis=1).argmin(), v["many_rates"]
        ),
        "it rose again, in every draw, while the training loss went on falling": lambda v: (
            np.all(v["small"][:, -1, 1] > v["small"][:, v["best_epoch"], 1])
            and np.all(v["small"][:, -1, 0] < v["small"][:, v["best_epoch"], 0])
        ),
    },
    "batch_size": {
        "The noise of a batch gradient falls with the root of the batch size": (
            noise_is_as_in_theory
        ),
        "Small batches get further per epoch; per update, all sizes get as far": lambda v: (
            np.all(np.diff([mean_end(v["batch_losses"][b]) for b in v["batch_sizes"]]) > 0)
            # 42 updates with batches of 16 against 40 with all flowers
            and np.isclose(
                v["batch_losses"][16].mean(axis=0)[5], mean_end(v["batch_losses"][105]), 0.1
            )
        ),
        "drawn with replacement, its error falls as :math:`1 / \\sqrt{b}`.": noise_is_as_in_theory,
        "Large weights start with probabilities that are sure and wrong": lambda v: (
            v["scale_runs"][-1, :, 0, 0].mean() > 10 * np.log(3)
        ),
        "Few units can all die in one bad start.": lambda v: np.any(
            np.isclose(v["unit_runs"][1, :, -1, 0], np.log(3), rtol=0.01)
        ),
        "The batch size weighs the noise of a gradient against the number of updates.": lambda v: (
            np.all(np.diff(v["noise"]) < 0) and np.all(np.diff(v["updates"]) < 0)
        ),
        "In as many epochs, smaller batches got further": lambda v: np.all(
            np.diff([np.mean(v["batch_losses"][b][:, -1]) for b in v["batch_sizes"]]) > 0
        ),
        "RMSprop and Adam ended lower than plain steps": lambda v: (
            max(mean_end(v["optimizer_losses"][name]) for name in ["RMSprop", "Adam"])
            < mean_end(v["optimizer_losses"]["SGD"])
        ),
        "A scale in the middle was best, and the largest by far the worst": lambda v: (
            in_the_middle(ends(v["scale_runs"]).argmin(), v["scales"])
            and ends(v["scale_runs"])[-1] > 2 * ends(v["scale_runs"])[:-1].max()
        ),
        "One or two were too few. From three to ten, more were not better.": lambda v: (
            ends(v["unit_runs"])[:2].min() > 2 * ends(v["unit_runs"])[2:].max()
            and np.all(np.diff(ends(v["unit_runs"])[2:5]) >= 0)
        ),
        "With twenty and more the loss was lower and depended less on the start": lambda v: (
            ends(v["unit_runs"])[5:].max() < ends(v["unit_runs"])[:5].min()
            and v["unit_runs"][5:, :, -1, 0].std(axis=1).max()
            < v["unit_runs"][:5, :, -1, 0].std(axis=1).min()
        ),
        "in as many updates, all sizes got about as far": lambda v: (
            # 42 updates with batches of 16 against 40 with all flowers
            np.isclose(v["batch_losses"][16].mean(axis=0)[5], mean_end(v["batch_losses"][105]), 0.1)
            and mean_end(v["batch_losses"][105]) < 0.9 * v["batch_losses"][105].mean(axis=0)[0]
        ),
    },
    "hyperparameter_search": {
        "Several of its trials were not clearly worse than the best": lambda v: (
            2 < not_worse(v) <= len(v["values"]) / 2
        ),
        "Its best trial is partly luck: with other seeds the same setting had a larger loss": (
            lambda v: np.min(v["again"]) > v["values"].min()
        ),
    },
    "iris_agreement": {
        "From the same weights, hand and Keras agree to rounding error": agree_in_every_epoch,
        "Keras does the same and works out the derivatives for us;": agree_in_every_epoch,
        "makes the same choices on both sides and, in each step, finds no difference": (
            agree_in_every_epoch
        ),
        "What is left is rounding, in double and in single precision.": agree_in_every_epoch,
        "The seven steps by hand and ``compile`` and ``fit`` are one and the same": lambda v: (
            agree(v["fit_agreement"]) and agree(v["whole_way"]["float64"][-1])
        ),
    },
    "activations": {
        "What the first probability gains the others lose": lambda v: (
            np.allclose(v["along"].sum(axis=1), 0) and np.all(v["along"][:, 0] > 0)
        ),
        "Sigmoid and tanh keep a range and saturate.": lambda v: all(
            v["highest"][name] - v["lowest"][name] < 2.1 and derivative(v, name)[0] < 0.02
            for name in ["sigmoid", "tanh"]
        ),
        "ReLU is cheap and does not saturate above 0, but passes nothing back below.": (
            relu_is_cheap_and_passes_all_or_nothing
        ),
        "Leaky ReLU always passes something back; ELU, SiLU and GELU do so as long as": lambda v: (
            leaky_relu_passes_something(v) and others_pass_something_near_0(v)
        ),
        "ReLU is cheap": relu_is_cheap_and_passes_all_or_nothing,
        "ELU, SiLU and GELU pass something on below 0 too, as long as the sum is not far": (
            others_pass_something_near_0
        ),
        "Only softmax gives probabilities that sum to 1": lambda v: (
            np.flatnonzero(np.isclose(v["outputs"].sum(axis=1), 1)).tolist() == [0]
        ),
    },
    "dead_units": {
        "The first unit never moves with ReLU; with leaky ReLU it does": (
            the_dead_unit_moves_with_leaky_relu_only
        ),
        "A saturated unit passes next to nothing back, and with many layers what is left": (
            lambda v: (
                v["one_layer"][-1] < 1e-4
                and np.allclose(v["ten_layers"], v["one_layer"] ** 10)
                and v["ten_layers"].max() < 1e-6
            )
        ),
        "A unit with ReLU that is active for no case is dead: its weights never move.": lambda v: (
            not np.any(v["X"] @ v["W1_start"][:, 0] > 0)
            and not v["dW1_relu"][:, 0].any()
            and v["moved"]["ReLU"][0] == 0
        ),
        "Leaky ReLU passes something back for every case, and the same unit moved.": lambda v: (
            np.all(v["dW1_leaky"][:, 0] != 0) and the_dead_unit_moves_with_leaky_relu_only(v)
        ),
        "but its units can die; leaky ReLU always passes something back.": (
            the_dead_unit_moves_with_leaky_relu_only
        ),
        "leaky ReLU moved the unit that ReLU left dead": the_dead_unit_moves_with_leaky_relu_only,
    },
    "convolution": {
        "A convolution multiplies a small window with the same weights everywhere.": lambda v: all(
            np.allclose(v["responses"][name], of_all_windows(v["picture"], kernel))
            for name, kernel in v["kernels"].items()
        ),
        "It finds a pattern wherever it is, and needs few weights for that.": lambda v: (
            np.allclose(
                of_all_windows(v["moved"], v["kernel"])[:, v["right"] :],
                v["response"][:, : -v["right"]],
            )
            and v["kernel"].size < v["picture"].size / 1000
        ),
        "with ``strides`` and ``padding``, it decides how large the result is.": lambda v: (
            v["agree"] == len(v["settings"])
        ),
        "A convolution makes the same feature maps as a dense layer with far fewer weights": (
            lambda v: v["inputs"] * v["outputs"] > 1000 * (v["weights"].size + 4)
        ),
    },
    "deep_network": {
        "With as many parameters and the same small steps, several layers found what": lambda v: (
            np.max(v["accuracies"][1, 0.01]) < 0.7
            and np.min([v["accuracies"][depth, 0.01] for depth in [2, 4]]) > 0.8
            and np.mean(v["accuracies"][1, 0.1])
            > np.max([np.mean(v["accuracies"][depth, 0.1]) for depth in [2, 4]])
        ),
        "the deeper networks were better at the smaller rate, and the wide one at the larger": (
            lambda v: (
                best_at(v, 0.01) != 1 == best_at(v, 0.1)
                and mean_accuracy(v, 1, 0.01) < min(mean_accuracy(v, d, 0.01) for d in [2, 4]) - 0.1
            )
        ),
    },
    "vanishing_gradients": {
        "Sigmoid derivatives vanish on their way back; ReLU with He keeps them": lambda v: (
            all(
                np.all((factors > 0.8) & (factors < 1.25))
                if "He" in name
                else factors.mean() < 0.25  # the lines are means; a single start may stray
                for name, factors in v["measured"].items()
            )
            and any("He" in name for name in v["measured"])
        ),
        "Ten hidden layers: ReLU with He learns, sigmoid stays near guessing": lambda v: (
            np.median(np.array(v["losses"]["relu"])[:, -1]) < 0.35
            and np.all(np.abs(np.array(v["losses"]["sigmoid"])[:, -1] - np.log(2)) < 0.1)
        ),
        "Weights of the right variance, and an activation function": lambda v: all(
            np.all((norms[:, 0] / norms[:, -1] > 0.01) == ("He" in name))
            for name, norms in v["norms"].items()
        ),
        "He's weights kept their size with ReLU": lambda v: np.all(
            np.abs(v["measured"]["ReLU, He"] - 1) < 0.2
        ),
        "with ten of them it stayed near guessing, and ReLU did not": lambda v: (
            np.max(v["deep_accuracies"]["sigmoid"]) < 0.7 < np.min(v["deep_accuracies"]["relu"])
        ),
    },
    "layer_types": {
        "Other inputs drop out (white) in each step; none in prediction": lambda v: (
            len({tuple(step != 0) for step in v["in_training"]}) > 6
            and np.all(v["in_prediction"] != 0)
        ),
        "Each window of two by two becomes its largest number, or its mean": lambda v: (
            np.array_equal(v["maxima"], in_windows(v["picture"]).max(axis=-1))
            and np.array_equal(v["means"], in_windows(v["picture"]).mean(axis=-1))
        ),
        "Keras' stride is the size of the window: windows of two by two do not overlap": lambda v: (
            np.array_equal(v["maxima"], in_windows(v["picture"]).max(axis=-1))
        ),
        "Pooling and flatten have no weights: one makes pictures smaller, the other": lambda v: (
            all(weightless(v, layer) for layer in ["flatten", "max_pooling2d", "average_pooling2d"])
            and v["maxima"].size < v["picture"].size
            and np.array_equal(v["flattened"], [np.arange(1, 13)])
        ),
        "Dropout works in training only.": lambda v: (
            np.array_equal(v["in_prediction"], np.arange(1, 9))
            and np.any(np.array(v["in_training"]) == 0)
        ),
    },
    "transformer_keras": {
        "With positions the loss falls towards 0, without them it does not": lambda v: (
            v["losses"][-1] < 0.1 and v["losses_without"][-1] > 1
        ),
        "Each position of the answer attends to the opposite one": lambda v: (
            v["weights"].argmax(axis=1).tolist() == list(range(v["length"]))[::-1]
        ),
        "Positions are added to the inputs, since attention without a mask knows no": lambda v: (
            v["sequence_accuracy"] > 0.9 and v["sequence_without"] < 0.1
        ),
        "without positions the transformer could not write one in reverse": lambda v: (
            v["sequence_without"] < 0.01 and v["sequence_accuracy"] > 0.9
        ),
    },
    "transformer_agreement": {
        "Outputs and derivatives agree with those of Keras, but for rounding": lambda v: all(
            agree(comparisons) for comparisons in v["comparisons"].values()
        ),
        "can be written down, and agree with those of Keras.": lambda v: all(
            agree(comparisons) for comparisons in v["comparisons"].values()
        ),
    },
    "transformer_forecast": {
        "So do not expect it to beat a good rule": lambda v: (
            np.mean(v["errors"])
            > min(np.mean(np.abs(rule - v["actual"])) for rule in v["rules"].values())
        ),
        "growth by the mean, was better than all five runs of the transformer": (
            mean_growth_is_better_than_five_transformers
        ),
        "a rule of one number was better than each of five transformers": (
            mean_growth_is_better_than_five_transformers
        ),
    },
    "mtcars_keras": {
        "The network, with all its parameters, is worse than a constant.": lambda v: (
            v["rmse"] > v["rmse_constant"]
        ),
        "On average they are heavier than the training cars.": lambda v: (
            v["test_data"]["wt"].mean() > v["train_data"]["wt"].mean() + 0.3
            and v["test_pred"].mean() > v["y_test"].mean() + 2
        ),
        "At the end the loss is still falling:": lambda v: (
            v["losses"][-1] < 0.9 * v["losses"][149] and v["best_epoch"] > 0.75 * v["epochs"]
        ),
        "With the answer in miles per gallon the epochs are too few": lambda v: (
            np.median(v["best_epochs"][0]) > 0.75 * v["epochs"]
        ),
        "On the training scale they are too many": lambda v: (
            np.median(v["best_epochs"][1]) < 0.25 * v["epochs"]
        ),
        "Here the network of the script is worse than the constant.": lambda v: (
            v["errors"][0, 0].min() > v["rmse_constant"]
        ),
        "For few cars, a straight line was better than each of five networks": lambda v: (
            len(v["seeds"]) == 5 and v["rmse_line"] < v["errors"].min()
        ),
        "the training scale it is better than the constant, but the straight line is better": (
            lambda v: (
                v["rmse_line"] < v["errors"][1, 1].min()
                and v["errors"][1, 1].max() < v["rmse_constant"]
            )
        ),
    },
    "mtcars_agreement": {
        "After 10,000 steps NumPy and Keras still differ by rounding only": lambda v: all(
            agree(comparisons) for comparisons in v["agreement"].values()
        ),
        "From the same weights, with the same loss and the same batches, Keras": lambda v: all(
            agree(comparisons) for comparisons in v["agreement"].values()
        ),
    },
    "own_table": {
        "The derivative of the pair is prediction minus truth in both cases, and the rest": (
            lambda v: agree(v["agreement"])  # Keras works the derivative out by itself
        ),
    },
    "cifar_keras_cnn": {
        "Convolutions make maps of a picture, pooling makes the maps smaller": lambda v: (
            all(
                v["outputs"][after].shape[1] == v["outputs"][before].shape[1] // 2
                for before, after in [(0, 1), (2, 3)]
            )
            and np.allclose(v["test_pred"].sum(axis=1), 1, atol=1e-4)
        ),
    },
    "cifar_nopackages_cnn": {
        "So the length of a step says little of how large the derivative is": length_says_little,
        "A convolution is a dense layer for every window, with the same weights": lambda v: (
            np.allclose(
                v["z1"][0, ..., 0],
                of_all_windows(v["X_train"][0], v["initial"][0][..., 0])[..., 0],
            )
        ),
        "Pooling passes on the largest number, and on the way back its derivative": lambda v: (
            np.array_equal(v["p1"][0, ..., 0], in_windows(v["a1"][0, ..., 0]).max(axis=-1))
            and np.isclose(v["gradients"][0][v["index"]], v["slope"], rtol=1e-4)
        ),
    },
    "cifar_agreement": {
        "Every gradient lies on the diagonal: by hand and Keras agree": lambda v: all(
            c.agrees() for comparisons in v["one_step"].values() for c in comparisons
        ),
        "by hand and in Keras: two programs, one answer.": lambda v: agree(v["whole_way"][-1]),
        "All gradients agree to rounding error, and in double precision so do the": lambda v: (
            all(agree(comparisons) for comparisons in v["one_step"].values())
            and agree(v["whole_way"][-1])
            and len(v["whole_way"]) == 50
        ),
    },
    "cifar_precision": {
        "In double precision the weights stay together all the way": together_in_double_precision,
        "Every sum is rounded, so another order gives another result.": lambda v: (
            v["sums"][0] > v["sums"][1]
        ),
        "weights of ``course`` and of Keras agree to rounding error, step by step": (
            together_in_double_precision
        ),
        "they agree until a choice falls out differently": together_until_a_choice_differs,
    },
    "iris_nopackages_exercises": {
        "leaky ReLU a unit never dies": lambda v: (
            np.abs(v["leaky_run"][0] - v["W1"])[:, 0].max() > 0.1
            and np.abs(v["relu_run"][0] - v["W1"])[:, 0].max() == 0
        ),
    },
    "mtcars_nopackages_exercises": {
        "With sums so far from 0 the sigmoid is 0 or 1 for nearly every car.": lambda v: (
            v["between"] < 0.05
        ),
    },
    "transformer_keras_exercises": {
        "The words in reverse give the same results in reverse, up to rounding": lambda v: (
            v["difference"] < 1e-4
        ),
    },
}


def titles(script):
    """The titles of the figures of a script, without what an f-string puts in."""
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            for title in node.args[TITLE_AT.get(name, 99) :][:1]:
                constants = [n.value for n in ast.walk(title) if isinstance(n, ast.Constant)]
                yield "".join(text for text in constants if isinstance(text, str))


def prose(source):
    """The words of a script's comments or of a page, without its line ends."""
    text = re.sub(r"^# ?", "", source.read_text(encoding="utf-8"), flags=re.M)
    return " ".join(text.split())


def summary(script):
    """The sentences of a lesson's summary."""
    text = re.sub(r"^# ?", "", script.read_text(encoding="utf-8"), flags=re.M)
    found = re.search(r"^Summary\n-+\n(.*?)^[^\n]+\n---", text, flags=re.M | re.S)
    return re.split(r"(?<=[.?!]) (?=[A-Z:`*])", " ".join(found[1].split()))


@pytest.fixture
def variables(request, lesson):
    """A function that gives the variables of the run of a lesson, or of its exercises."""

    def get(name):
        if name.endswith(
            "_exercises"
        ):  # no fixture of the tests: they begin with the lesson's run only
            run = request.getfixturevalue("exercises_run")(name.removesuffix("_exercises"))
            assert run.returncode == 0, run.stderr
            return run.variables
        return lesson(name).variables

    return get


@pytest.mark.parametrize("name", lessons(list(CLAIMS)))
def test_what_is_stated_is_so_in_the_run(variables, name):
    for statement, holds in CLAIMS[name].items():
        assert holds(variables(name)), statement


def test_every_title_that_states_a_result_has_its_claim():
    """So none with other pictures, or in an exercise, can be untrue."""
    stated = {
        (script.stem, title)
        for script in SCRIPTS.rglob("*.py")
        for title in titles(script)
        if OF_A_RESULT.search(title)
    }
    claimed = {(name, title) for name, claims in CLAIMS.items() for title in claims}
    assert stated - claimed == set()
    assert len(stated) >= 20


def test_every_summary_that_states_a_result_has_its_claim():
    accounted = [statement for claims in CLAIMS.values() for statement in claims]
    accounted += NOT_OF_A_RUN
    scripts = list(SCRIPTS.glob("*.py"))
    stated = [s for script in scripts for s in summary(script) if IN_PROSE.search(s)]
    assert [s for s in stated if not any(part in s for part in accounted)] == []
    assert len(stated) >= 20


def test_what_is_claimed_is_still_stated():
    """As a title of the lesson, or somewhere in the prose."""
    pages = [prose(page) for page in [*SCRIPTS.rglob("*.py"), *(ROOT / "docs").glob("*.rst")]]
    written = {(path.stem, title) for path in SCRIPTS.rglob("*.py") for title in titles(path)}
    for name, claims in CLAIMS.items():
        for statement in claims:
            told = any(statement in page for page in pages)
            assert told or (name, statement) in written, statement
    assert [s for s in NOT_OF_A_RUN if not any(s in page for page in pages)] == []


def test_every_paragraph_on_choosing_has_its_claim():
    """The page gathers what the lessons found: each paragraph states it, and links to it."""
    page = prose(ROOT / "docs" / "choosing.rst")
    accounted = [statement for claims in CLAIMS.values() for statement in claims]
    paragraphs = re.split(r"(?=\*\*[A-Z])", page)[1:]
    assert len(paragraphs) == 12
    for paragraph in paragraphs:
        assert any(statement in paragraph for statement in accounted), paragraph
        assert "<lessons/" in paragraph


def changed(value, how):
    """The same with other numbers, however deep they lie."""
    if isinstance(value, dict):
        return {key: changed(part, how) for key, part in value.items()}
    if isinstance(value, list | tuple) and value and not isinstance(value[0], float):
        return type(value)(changed(part, how) for part in value)
    if isinstance(value, Comparison):
        return replace(value, max_rel=how(np.array(value.max_rel) + 1))
    if isinstance(value, pd.DataFrame):
        columns = value.select_dtypes("number").columns
        other = {name: how(value[name].to_numpy()) for name in columns}
        return pd.DataFrame(dict(value) | other, index=value.index)
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "iuf":
        return value
    return how(numbers)


CHANGES = [lambda x: 7 - 3 * x, lambda x: x[::-1] if x.ndim else x, np.zeros_like]


@pytest.mark.parametrize("name", lessons(list(CLAIMS)))
def test_each_claim_fails_on_a_changed_run(variables, name):
    fails = dict.fromkeys(CLAIMS[name], False)
    names = {k: v for k, v in variables(name).items() if k in NAMES}
    for how in CHANGES:
        other = changed(variables(name), how) | names
        for statement, holds in CLAIMS[name].items():
            try:
                with np.errstate(all="ignore"):
                    fails[statement] |= not holds(other)
            except (KeyError, IndexError, ValueError, TypeError, AttributeError):
                pass  # it has to say no, not to break
    assert [statement for statement, failed in fails.items() if not failed] == []
