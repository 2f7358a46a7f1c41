"""A title that states a result is a claim: it holds for the variables of its lesson's run."""

import ast
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import lessons
from r_fixtures import SCRIPTS

from course.agreement import Comparison

# Where the functions of matplotlib and `course.plots` take the title of a figure.
TITLE_AT = {
    "suptitle": 0,
    "plot_history": 1,
    "plot_confusion_matrix": 1,
    "plot_predicted": 2,
    "plot_images": 2,
    "plot_network": 2,
    "plot_flow": 2,
    "plot_volumes": 2,
    "plot_grids": 1,
}

# Words of a result. A title without them names what is drawn.
OF_A_RESULT = re.compile(
    r"\b(most|less|least|fewer|falls?|rises?|turns?|grows?|shrinks?|better|best|worse|worst|low|lower"
    r"|lowest|high|higher|highest|larger|largest|smaller|smallest|faster|fast|slow|slowly|all|every"
    r"|none|never|no|only|nearly|almost|still|apart|agree|differ|together|learns|finds?|follows?"
    r"|stays?|gets?|too|vanish|keeps?|attends|moves|gains|lose|nearer|becomes|drop|drops)\b",
    re.IGNORECASE,
)


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
NAMES = {"train_rows", "best_epoch", "batch_sizes", "many_rates", "length"}


def alternates(numbers):
    return np.all(numbers[:-1] * numbers[1:] < 0)


def in_windows(picture):
    """The four numbers of each window of two by two."""
    n, m = picture.shape
    return picture.reshape(n // 2, 2, m // 2, 2).swapaxes(1, 2).reshape(n // 2, m // 2, 4)


def mean_end(losses):
    return np.mean(losses, axis=0)[-1]


# What makes each title true, of the variables of the run. What Keras trains may differ a little
# from computer to computer: there the claims are wide enough.
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
    },
    "attention_nopackages": {
        "From five random starts the loss falls to almost 0": lambda v: (
            len(v["runs"]) == 5 and all(losses[-1] < 0.01 < losses[0] for *_, losses in v["runs"])
        ),
        "Training moves the attention to the place before": lambda v: np.mean(v["shares"]) > 0.9,
    },
    "hyperparameters": {
        "Learning rate: too small is slow; too large jumps, zigzags or is stuck": lambda v: (
            v["rises"][0] == 0
            and v["end_losses"][0] > 3 * v["end_losses"][1]
            and v["rises"][2] > 50
            and v["active"][3] == 0
        ),
        "The loss after 200 epochs is lowest at a learning rate in the middle": lambda v: (
            0 < v["rate_runs"][:, :, -1, 0].mean(axis=1).argmin() < len(v["many_rates"]) - 1
        ),
        "The valley: small steps follow its floor, large ones jump across it": lambda v: (
            np.abs(v["paths"][0.02][:, 0]).max() < v["paths"][0.02][-1, 1] / 3
            and alternates(v["paths"][0.105][1:, 0])
        ),
        "Over-fitting: the training loss falls on, the test loss turns and rises": lambda v: (
            mean_end(v["small"])[0] < v["small"][:, v["best_epoch"], 0].mean()
            and mean_end(v["small"])[1] > 1.5 * v["small"][:, v["best_epoch"], 1].mean()
        ),
        "The noise of a batch gradient falls with the root of the batch size": lambda v: (
            np.allclose(v["noise"], v["theory"], rtol=0.1)
        ),
        "Small batches get further per epoch; per update, all sizes get as far": lambda v: (
            np.all(np.diff([mean_end(v["batch_losses"][b]) for b in v["batch_sizes"]]) > 0)
            # 42 updates with batches of 16 against 40 with all flowers
            and np.isclose(
                v["batch_losses"][16].mean(axis=0)[5], mean_end(v["batch_losses"][105]), 0.1
            )
        ),
    },
    "iris_agreement": {
        "From the same weights, hand and Keras agree to rounding error": lambda v: all(
            c.agrees() for epochs in v["one_epoch"].values() for cs in epochs for c in cs
        ),
    },
    "activations": {
        "What the first probability gains the others lose": lambda v: (
            np.allclose(v["along"].sum(axis=1), 0) and np.all(v["along"][:, 0] > 0)
        ),
    },
    "deep_network": {
        "Sigmoid derivatives vanish on their way back; ReLU with He keeps them": lambda v: (
            all(
                np.all((factors > 0.8) & (factors < 1.25))
                if "He" in name
                else np.all(factors < 0.25)
                for name, factors in v["measured"].items()
            )
            and any("He" in name for name in v["measured"])
        ),
        "Ten hidden layers: ReLU with He learns, sigmoid stays near guessing": lambda v: (
            np.median(np.array(v["losses"]["relu"])[:, -1]) < 0.35
            and np.all(np.abs(np.array(v["losses"]["sigmoid"])[:, -1] - np.log(2)) < 0.1)
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
    },
    "transformer_keras": {
        "With positions the loss falls towards 0, without them it does not": lambda v: (
            v["losses"][-1] < 0.1 and v["losses_without"][-1] > 1
        ),
        "Each place of the answer attends to the opposite place": lambda v: (
            v["weights"].argmax(axis=1).tolist() == list(range(v["length"]))[::-1]
        ),
    },
    "mtcars_keras": {
        "Test cars, seed 1: high mpg is predicted high": lambda v: (
            np.mean(v["test_pred"] * (v["y_test"] - np.mean(v["y_test"])))
            > 0.3 * np.var(v["y_test"])
        ),
        "After 10,000 steps NumPy and Keras still differ by rounding only": lambda v: all(
            c.agrees() for comparisons in v["agreement"].values() for c in comparisons
        ),
    },
    "cifar_agreement": {
        "Every gradient lies on the diagonal: by hand and Keras agree": lambda v: all(
            c.agrees() for comparisons in v["one_step"].values() for c in comparisons
        ),
        "In double precision the weights stay together all the way": lambda v: all(
            c.agrees()
            for way, steps in v["whole_way"].items()
            if "float64" in way
            for comparisons in steps
            for c in comparisons
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


@pytest.mark.parametrize("name", lessons(list(CLAIMS)))
def test_what_a_title_states_is_so_in_the_run(lesson, name):
    variables = lesson(name).variables
    for title, holds in CLAIMS[name].items():
        assert holds(variables), title


def test_every_title_that_states_a_result_has_its_claim():
    """So none with other pictures, or in an exercise, can be untrue."""
    stated, written = set(), set()
    for script in SCRIPTS.rglob("*.py"):
        for title in titles(script):
            written.add((script.stem, title))
            if OF_A_RESULT.search(title):
                stated.add((script.stem, title))
    claimed = {(name, title) for name, claims in CLAIMS.items() for title in claims}
    assert stated - claimed == set()
    assert claimed - written == set()
    assert len(stated) >= 20


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
def test_each_claim_fails_on_a_changed_run(lesson, name):
    for title, holds in CLAIMS[name].items():
        fails = []
        for how in CHANGES:
            variables = {k: changed(v, how) for k, v in lesson(name).variables.items()}
            variables |= {k: v for k, v in lesson(name).variables.items() if k in NAMES}
            try:
                with np.errstate(all="ignore"):
                    fails.append(not holds(variables))
            except (KeyError, IndexError, ValueError, TypeError, AttributeError):
                fails.append(False)  # it has to say no, not to break
        assert any(fails), title
