"""Each lesson runs as a program, from any folder, with no display and nothing on standard error."""

import ast
import os
import re
import sys

import lesson_checks as checks
import numpy as np
import pytest
from conftest import ALL_LESSONS, everything, lessons
from gallery import lesson_table
from gallery.differences import TITLE as DIFFERENCES
from gallery.lesson_table import first_lines, lessons_in_parts, table_of_lessons
from lecture import BEYOND, LESSONS, PARTS
from PIL import Image
from r_fixtures import ROOT, SCRIPTS
from running import Run, run_script, without_display

from course import plots
from course.agreement import TOLERANCES, assert_agree

# The false alarm of OpenBLAS that pyproject.toml tells of: a warning, and the line it points at.
FALSE_ALARM = re.compile(
    r"^\S+: RuntimeWarning: invalid value encountered in matmul\n {2}.*\n", flags=re.M
)
BY_HAND = [name for name in ALL_LESSONS if "nopackages" in name]
ON_PICTURES = ["cifar_keras_cnn", "cifar_nopackages_cnn", "cifar_agreement", "cifar_precision"]
with_keras = everything("agreement and results of the lessons with Keras")


@pytest.mark.parametrize("name", lessons())
def test_runs_from_another_folder_without_a_word_on_standard_error(lesson_run, name):
    run = lesson_run(name)
    assert (run.returncode, FALSE_ALARM.sub("", run.stderr)) == (0, "")
    assert run.stdout
    for variable, value in run.variables.items():
        assert "matplotlib" not in type(value).__module__, variable  # to read one opens a figure
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            if (name, variable) == ("attention_nopackages", "S"):  # what the mask hides: -inf
                value = np.where(np.triu(np.ones_like(value), k=1) > 0, np.exp(value), value)
            assert np.isfinite(value).all(), variable


@pytest.mark.parametrize("name", BY_HAND)
def test_a_lesson_by_hand_needs_the_base_install_only(lesson, name):
    """It imports no Keras, no TensorFlow and no finished layers, not even through others."""
    modules = lesson(name).modules
    forbidden = {"keras", "tensorflow", "torch", "jax", "course.layers"}
    if name not in ON_PICTURES:  # photo digits are made with scikit-learn
        forbidden |= {"sklearn", "scipy"}
    assert "numpy" in modules
    assert not forbidden & modules


@pytest.mark.parametrize("name", ALL_LESSONS)
def test_lessons_do_not_import_one_another(name):
    tree = ast.parse((SCRIPTS / f"{name}.py").read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
    assert not imported & {*ALL_LESSONS, "scripts", "docs", "tests"}


@pytest.mark.parametrize("name", BY_HAND)
def test_all_figures_show_at_the_end(lesson, name):
    """On a desktop each figure opens in a window: none is closed or forgotten before show()."""
    blocks = checks.code_blocks_of(name)
    source = "\n".join(blocks)
    made = sum(source.count(f"{call}(") for call in ["plt.subplots", *plots.__all__])
    assert lesson(name).figures == made
    assert blocks[-1].rstrip().endswith("plt.show()")
    assert source.count("plt.show()") == 1


@pytest.mark.parametrize("name", ALL_LESSONS)
def test_what_keras_trains_in_single_precision_is_said_to_depend_on_the_computer(name):
    """By hand, nothing that is printed does: the page and the script show the same digits."""
    source = (SCRIPTS / f"{name}.py").read_text(encoding="utf-8")
    by_keras = re.search(r"keras\.optimizers\.\w+\(", source) and "_agreement" not in name
    told = "number of processor cores" in " ".join(re.sub(r"^# ?", "", source, flags=re.M).split())
    assert told == bool(by_keras)


def test_every_script_has_its_place_in_the_lecture():
    assert sorted(LESSONS) == [f"{name}.py" for name in ALL_LESSONS]


# The lecture's own scripts --------------------------------------------------------------------

# Which R script a lesson follows, as it is called in the lecture's repository.
R_FILES = {
    "iris_nopackages": "iris_nopackages.R",
    "iris_keras": "iris_keras.R",
    "mtcars_nopackages": "mtcars_nopackages.R",
    "mtcars_keras": "mtcars_keras_nn.R",
    "cifar_keras_cnn": "cifar10_keras_cnn.R",
}


def test_the_readme_and_the_website_have_one_table():
    """The lessons in their order, with their titles, and what each follows."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| `scripts/(\w+)\.py` \| (.+?) \|$", readme, flags=re.M)
    expected = []
    for lesson in LESSONS:
        name = lesson.removesuffix(".py")
        title, question, r_file = first_lines(SCRIPTS / lesson)
        assert question.endswith("?")
        assert r_file == R_FILES.get(name, "")
        follows = "(beyond the lecture)" if name in BEYOND else "(the slides)"
        expected.append((f"`{r_file}`" if r_file else follows, name, title))
    assert rows == expected
    table = table_of_lessons()
    assert re.findall(r":doc:`/lessons/(\w+)`", table) == [name for _, name, _ in rows]
    assert re.findall(r"``(\w+\.R)``", table) == list(R_FILES.values())
    assert table.count("- **the lecture's script** ``") == len(R_FILES)
    assert table.count("- the lecture's slides\n") == sum(row[0] == "(the slides)" for row in rows)
    assert table.count("- beyond the lecture\n") == len(BEYOND)


def test_every_lesson_has_its_part():
    parts = lessons_in_parts()
    assert [*parts] == [*PARTS.values()]
    numbered = [lesson for part in parts.values() for lesson in part]
    assert numbered == [(i, name.removesuffix(".py")) for i, name in enumerate(LESSONS, 1)]


def test_a_course_of_other_lessons_has_one_part(monkeypatch):
    monkeypatch.setattr(lesson_table, "LESSONS", ("trial.py",))
    assert lessons_in_parts() == {"The lessons": [(1, "trial")]}


@pytest.mark.parametrize("name", ALL_LESSONS)
def test_a_lesson_that_follows_an_r_script_names_it_and_says_where_it_differs(name):
    source = (SCRIPTS / f"{name}.py").read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(source))
    *_, summary, differences, try_it = re.findall(r"^# (\S.*)\n# -{3,}$", source, flags=re.M)
    follows = bool(re.search(r"\w\.R``", docstring))
    assert follows == (name in R_FILES) == (DIFFERENCES in source)
    if follows:
        assert f"``scripts/{R_FILES[name]}``" in docstring
        assert "<https://github.com/andrewcparnell/intermediate_ML>`_" in docstring
        assert [summary, differences, try_it] == ["Summary", DIFFERENCES, "Try it"]
        section = source.partition(f"# {DIFFERENCES}\n")[2].partition("# Try it\n")[0]
        assert 3 <= len(re.findall(r"^# - [A-Z`]", section, flags=re.M)) <= 8


# Agreement with Keras -----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_iris_every_quantity_agrees_with_keras_in_every_epoch(lesson, dtype):
    by_epoch = lesson("iris_agreement").variables["one_epoch"][dtype]
    assert len(by_epoch) == 200
    names = ["a1", "a2", "loss", "dW1", "db1", "dW2", "db2", "W1", "b1", "W2", "b2"]
    for epoch, comparisons in enumerate(by_epoch, start=1):
        assert [c.name for c in comparisons] == names
        for c in comparisons:
            assert c.dtype == dtype
            assert c.agrees(), f"epoch {epoch}: {c}"
    print(f"\niris, {dtype}: {max(c.max_rel for cs in by_epoch for c in cs):.1e}")


def test_iris_weights_agree_with_keras_all_the_way(lesson):
    by_epoch = lesson("iris_agreement").variables["whole_way"]["float64"]
    assert len(by_epoch) == 200
    for epoch, comparisons in enumerate(by_epoch, start=1):
        for c in comparisons:
            assert c.agrees(), f"epoch {epoch}: {c}"
    print(f"\niris, each on its own: {max(c.max_rel for cs in by_epoch for c in cs):.1e}")


def test_iris_single_precision_parts_from_keras_only_where_the_loss_bounces(lesson):
    """The page says why: overshooting steps multiply rounding errors, in both precisions.

    Until the loss first rises again, the weights are within the limit of float32; and where they
    part in single precision, differences grow by as much in double precision.
    """
    variables = lesson("iris_agreement").variables
    losses = np.array(variables["losses"])
    bounce = 10 + np.flatnonzero(np.diff(losses[10:]) > 0)[0]
    assert 50 < bounce < 100
    for comparisons in variables["whole_way"]["float32"][:bounce]:
        for c in comparisons:
            assert c.agrees(), c
    worst = {
        dtype: [max(c.max_rel for c in comparisons) for comparisons in by_epoch]
        for dtype, by_epoch in variables["whole_way"].items()
    }
    after = slice(bounce, bounce + 20)
    assert max(worst["float64"][after]) > 3 * np.median(worst["float64"][20:bounce])


def test_iris_fit_gives_the_weights_of_the_loop_by_hand(lesson):
    for c in lesson("iris_agreement").variables["fit_agreement"]:
        assert c.agrees(), c


@with_keras
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_mtcars_weights_agree_with_keras_after_all_steps(lesson, dtype):
    comparisons = lesson("mtcars_agreement").variables["agreement"][dtype]
    assert [c.name for c in comparisons] == ["W1", "b1", "W2", "b2"]
    for c in comparisons:
        assert c.dtype == dtype
        assert c.agrees(), c
    print(f"\nmtcars, {dtype}: {max(c.max_rel for c in comparisons):.1e}")


def test_lines_written_twice_compute_the_same(lesson):
    """The lesson on agreement writes the network out again: it ends at the same weights."""
    iris = lesson("iris_nopackages").variables
    for name, value in lesson("iris_agreement").variables["final_by_hand"].items():
        assert_agree(name, value, iris[name])


@with_keras
def test_lines_of_mtcars_written_twice_compute_the_same(lesson):
    mtcars = lesson("mtcars_nopackages").variables
    for name, value in lesson("mtcars_agreement").variables["by_hand"]["float64"].items():
        assert_agree(name, value, mtcars[name])


# Pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", lessons(ON_PICTURES))
def test_a_lesson_on_pictures_says_which_it_used(lesson, name):
    lines = lesson(name).stdout.splitlines()
    assert lines[0] == "Pictures: photo digits, 8,000 for training and 2,000 for testing"


@with_keras
def test_every_gradient_of_the_cifar_network_agrees_with_keras(lesson):
    run = lesson("cifar_agreement")
    assert "Derivatives compared: 864 + 32 + " in run.stdout
    assert " + 640 + 10 = 167562\n" in run.stdout
    for dtype, comparisons in run.variables["one_step"].items():
        assert [c.name for c in comparisons] == [
            *["loss", "dW1", "db1", "dW2", "db2", "dW3", "db3", "dW4", "db4"]
        ]
        for c in comparisons:
            assert c.dtype == dtype
            assert c.agrees(), c
        print(f"\nCIFAR network, {dtype}: {max(c.max_rel for c in comparisons):.1e}")


@with_keras
@pytest.mark.parametrize("name", ["by hand, float64", "course, float64"])
def test_weights_of_the_cifar_network_agree_with_keras_in_all_50_steps(lesson, name):
    if name.startswith("course"):
        by_step = lesson("cifar_precision").variables["whole_way"][name]
    else:
        by_step = lesson("cifar_agreement").variables["whole_way"]
    assert len(by_step) == 50
    for step, comparisons in enumerate(by_step, start=1):
        assert len(comparisons) == 8
        for c in comparisons:
            assert c.dtype == "float64"
            assert c.agrees(), f"step {step}: {c}"
    print(f"\n{name}: {max(c.max_rel for cs in by_step for c in cs):.1e}")


@with_keras
def test_in_single_precision_they_part_only_where_a_choice_falls_out_differently(lesson):
    """The page says so: until then the weights are within the limit of float32."""
    variables = lesson("cifar_precision").variables
    differing = [int(count) for count in variables["differing"]]
    assert len(differing) == 50
    first = next((i for i, count in enumerate(differing) if count), 50)
    assert first > 10
    for comparisons in variables["whole_way"]["course, float32"][:first]:
        for c in comparisons:
            assert c.dtype == "float32"
            assert c.agrees(), c


@with_keras
def test_the_cifar_network_by_hand_ends_at_the_weights_of_course_and_of_keras(
    lesson, use_precision
):
    """The lines of the script, the layers of the course and Keras, from the same weights."""
    from layer_checks import cifar_network, keras

    from course import layers
    from course.optimizers import RMSprop
    from course.sequential import Sequential

    use_precision("float64")
    run = lesson("cifar_nopackages_cnn").variables
    own = Sequential(cifar_network(layers), dtype="float64")
    other = keras.Sequential(cifar_network(keras.layers))
    for model, optimizer in [(own, RMSprop), (other, keras.optimizers.RMSprop)]:
        model.set_weights(run["initial"])
        model.compile(optimizer(run["learning_rate"]), "categorical_crossentropy")
    rng = np.random.default_rng(1)
    for w in run["initial"]:
        if w.ndim > 1:  # the draws for the weights, before those for the order
            rng.uniform(size=w.shape)
    for _ in range(run["epochs"]):
        order = rng.permutation(run["n_train"])
        for i in range(0, run["n_train"], run["batch_size"]):
            rows = order[i : i + run["batch_size"]]
            own.train_on_batch(run["X_train"][rows], run["Y_train"][rows])
            other.train_on_batch(run["X_train"][rows], run["Y_train"][rows])
    for w, w_course, w_keras in zip(
        run["weights"], own.get_weights(), other.get_weights(), strict=True
    ):
        assert_agree("weights after training, course", w, w_course)
        assert_agree("weights after training, Keras", w, w_keras)
    predicted = other.predict(run["X_test"], verbose=0)
    assert_agree("test predictions", run["test_pred"], predicted)


# A reader's own pictures: any number of classes, any names, hard or easy, few -----------------


@pytest.fixture
def on_own_pictures(tmp_path):
    """A function that runs a lesson on noisy pictures of one colour for each class."""

    def run(lesson: str, names: list[str], each: int, noise: int, **settings: str) -> Run:
        rng = np.random.default_rng(0)
        for part in ["train", "test"]:
            for colour, name in zip(np.linspace(0, 255, len(names)), names, strict=True):
                folder = tmp_path / "own" / part / name
                folder.mkdir(parents=True)
                for i in range(each):
                    pixels = rng.normal(colour, noise, (32, 32, 3)).clip(0, 255)
                    Image.fromarray(pixels.astype("uint8")).save(folder / f"{i}.png")
        environment = without_display() | {"COURSE_IMAGES": str(tmp_path / "own")} | settings
        run = run_script(SCRIPTS / f"{lesson}.py", tmp_path, environment)
        assert (run.returncode, FALSE_ALARM.sub("", run.stderr)) == (0, "")
        return run

    return run


def test_by_hand_there_may_be_twelve_classes_of_one_picture(on_own_pictures):
    names = [f"class {i:02}" for i in range(12)]
    run = on_own_pictures("cifar_nopackages_cnn", names, each=1, noise=20)
    assert run.variables["test_pred"].shape == (12, 12)
    assert "log(12) = 2.4849\n" in run.stdout


@everything("lessons with Keras on a reader's own pictures")
def test_there_may_be_no_wrong_answer(on_own_pictures):
    run = on_own_pictures("cifar_keras_cnn", ["dark", "light"], each=200, noise=5)
    assert "\nWrong answers: 0 of 400\n" in run.stdout
    assert not len(run.variables["most_confident"])
    assert run.variables["how_many"] == "Two training pictures"


@everything("lessons with Keras on a reader's own pictures")
def test_names_may_have_any_letters_and_the_console_may_lack_them(on_own_pictures):
    """With one picture of each, an answer is wrong: pictures that are noise say nothing."""
    names = ["$a_b$", "é %s", "日本"]
    run = on_own_pictures("cifar_keras_cnn", names, each=1, noise=900, PYTHONIOENCODING="ascii")
    assert r"Classes: $a_b$ \xe9 %s \u65e5\u672c" in run.stdout
    assert run.variables["how_many"] == "A training picture"
    wrong = len(run.variables["wrong"])
    assert wrong
    assert f"\nWrong answers: {wrong} of 3\n" in run.stdout


@everything("lessons with Keras on a reader's own pictures")
def test_gradients_agree_on_fewer_pictures_than_a_batch(on_own_pictures):
    run = on_own_pictures("cifar_agreement", ["a", "b", "c"], each=2, noise=60)
    assert run.variables["batch_size"] == 6
    assert " + 192 + 3 = 167107\n" in run.stdout
    last = run.variables["whole_way"][-1]
    for c in [c for cs in run.variables["one_step"].values() for c in cs] + last:
        assert c.agrees(), c


@everything("lessons with Keras on a reader's own pictures")
def test_precisions_are_compared_on_fewer_pictures_than_a_batch(on_own_pictures):
    run = on_own_pictures("cifar_precision", ["a", "b", "c"], each=2, noise=60)
    assert run.variables["batch_size"] == 6
    for c in run.variables["whole_way"]["course, float64"][-1]:
        assert c.agrees(), c


@with_keras
def test_progress_is_shown_in_a_terminal():
    pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
    code = (
        "import keras, numpy as np\n"
        "from course.quiet import progress\n"
        "model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])\n"
        "model.compile('sgd', 'mse')\n"
        "model.fit(np.ones((2, 1)), np.ones((2, 1)), verbose=progress())\n"
    )
    shown = bytearray()

    def read(number):
        shown.extend(data := os.read(number, 1024))
        return data

    stdout = os.dup(1)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)  # pty.spawn copies to our standard output
        try:
            status = pty.spawn([sys.executable, "-c", code], read, lambda number: b"")
        finally:
            os.dup2(stdout, 1)
            os.close(stdout)
    assert status == 0, shown.decode()
    assert b"loss" in shown


# Results that depend on a random start ----------------------------------------------------


@with_keras
def test_progress_is_shown_nowhere_else(lesson):
    assert "Epoch 1/10" not in lesson("cifar_keras_cnn").stdout


def mean_and_sd(numbers, digits: int) -> str:
    """The text ``mean ± sd``, the standard deviation with the divisor n - 1."""
    assert len(numbers) >= 5
    assert np.std(numbers) > 0, "all starts gave the same"
    return f"{np.mean(numbers):.{digits}f} ± {np.std(numbers, ddof=1):.{digits}f}"


@with_keras
def test_results_that_depend_on_the_start_are_told_over_five_seeds(lesson):
    for name in ["keras_model", "iris_keras", "mtcars_keras"]:
        seeds = lesson(name).variables["seeds"]
        assert len(set(seeds)) == len(seeds) == 5
    model = lesson("keras_model")
    losses, errors = np.transpose(model.variables["results"])
    assert f"loss {mean_and_sd(losses, 3)}\n" in model.stdout
    assert f"mean absolute error {mean_and_sd(errors, 3)}\n" in model.stdout
    iris = lesson("iris_keras")
    assert f"over 5 seeds: {mean_and_sd(iris.variables['accuracies'], 3)}\n" in iris.stdout
    mtcars = lesson("mtcars_keras")
    assert mtcars.variables["errors"].shape == (2, 2, 5)
    for errors in mtcars.variables["errors"].reshape(4, 5):
        assert mean_and_sd(errors, 2) in mtcars.stdout


@with_keras
def test_the_split_is_the_same_in_all_iris_lessons(lesson):
    rows = [
        lesson(name).variables["train_rows"]
        for name in ["keras_model", "iris_nopackages", "iris_keras", "iris_agreement"]
    ]
    assert all(np.array_equal(rows[0], other) for other in rows[1:])
