"""Exercises: two or more for each lesson, solutions that run, and a version without them."""

import ast
import builtins
import json
import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from conftest import ALL_LESSONS, LESSONS_ON_SITE, everything
from docutils.core import publish_doctree
from gallery import exercises
from r_fixtures import SCRIPTS
from running import run_python, without_data_sets
from test_lessons import FALSE_ALARM

FOLDER = SCRIPTS / "exercises"
FILES = sorted(path.name.removesuffix("_exercises.py") for path in FOLDER.glob("*.py"))
QUICK = [name for name in FILES if "nopackages" in name]
WITH_DOWNLOAD = {
    "keras_model": ("fashion_mnist", "Fashion-MNIST"),
    "cifar_keras_cnn": ("cifar100", "CIFAR-100"),
    "mtcars_keras": ("california_housing", "California housing"),
}
# Puts small arrays in place of a data set, then runs a file of exercises.
WITHOUT_NETWORK = """
import runpy, sys
import numpy as np
from course.quiet import quiet_start
with quiet_start():
    import keras
rng = np.random.default_rng(1)
def fashion_mnist():
    return (rng.integers(0, 256, (1500, 28, 28)), np.arange(1500) % 10), None
def cifar100():
    return (rng.integers(0, 256, (640, 32, 32, 3)), np.arange(640).reshape(-1, 1) % 100), None
def california_housing(version):
    x, y = rng.normal(size=(80, 8)), rng.normal(size=80)
    return (x[:60], y[:60]), (x[60:], y[60:])
name, script = sys.argv[1:]
getattr(keras.datasets, name).load_data = globals()[name]
runpy.run_path(script, run_name="__main__")
"""


PLACES = {"# Your code here", "# *Your answer here*"}


def path_of(name: str) -> Path:
    return FOLDER / f"{name}_exercises.py"


def source_of(name: str) -> str:
    return path_of(name).read_text(encoding="utf-8")


def headings(source: str) -> list[str]:
    return re.findall(r"^# (Exercise .+)\n# -+$", source, flags=re.M)


def code_in(text: str) -> list[str]:
    """The lines of code in a piece of a file, without comment lines."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def solutions(source: str) -> list[str]:
    return [match.group() for match in exercises.SOLUTION.finditer(source)]


# The files -----------------------------------------------------------------------------------


def test_every_lesson_has_exercises_and_the_other_way_round():
    assert FILES == ALL_LESSONS


@pytest.mark.parametrize("name", FILES)
def test_there_are_two_to_four_each_with_one_solution(name):
    source = source_of(name)
    found = headings(source)
    assert 2 <= len(found) <= 4
    assert [heading.split(":")[0] for heading in found] == [
        f"Exercise {number}" for number in range(1, len(found) + 1)
    ]
    pieces = re.split(r"^# Exercise \d: .+$", source, flags=re.M)
    assert not solutions(pieces[0])
    for piece in pieces[1:]:
        (solution,) = solutions(piece)
        assert len(code_in(solution)) >= 3
        assert "print" in solution
        answer = solution.rpartition("# %%\n")[2].partition(f"# .. {exercises.END}")[0]
        assert re.match(r"# [A-Z(:].*\.\n#\n$", answer, flags=re.S), answer


@pytest.mark.parametrize("name", FILES)
def test_the_title_and_the_link_name_the_lesson(name):
    docstring = ast.get_docstring(ast.parse(source_of(name)))
    assert docstring.startswith("Exercises: ")
    assert f":doc:`../{name}`" in docstring


@pytest.mark.parametrize("name", FILES)
def test_the_students_version_has_no_line_of_a_solution(name):
    """Line by line: what stands between the two comments is gone, what stands outside is there."""
    inside, outside, within = [], [], False
    for line in source_of(name).splitlines():
        within = within or line == "# .. solution"
        (inside if within else outside).append(line)
        within = within and line != "# .. end of solution"
    student = exercises.student_version(source_of(name))
    lines = student.splitlines()
    answers = lines.count("# *Your answer here*")
    kept = [line for line in lines if line not in PLACES]
    assert [x for x in kept if x and x != "# %%"] == [x for x in outside if x and x != "# %%"]
    assert not set(inside) & set(lines) - set(outside)
    codes = len(lines) - len(kept) - answers
    assert codes == len(headings(student)) == len(headings(source_of(name)))
    ast.parse(student)


def each_exercise(source: str) -> list[str]:
    """The exercises of a file, from their titles on."""
    return re.split(r"^# Exercise \d: ", source, flags=re.M)[1:]


@pytest.mark.parametrize("name", FILES)
def test_a_question_has_a_place_for_words(name):
    """After that for code, in a block of its own: in the notebook a cell of Markdown."""
    place = "\n# Your code here\n\n# %%\n# *Your answer here*\n"
    students = each_exercise(exercises.student_version(source_of(name)))
    for exercise, student in zip(each_exercise(source_of(name)), students, strict=True):
        assert (place in student) == ("?" in exercise.partition("# .. solution")[0])
        assert student.count("Your answer here") == student.count(place)


def test_which_exercises_of_two_lessons_ask_for_words():
    """Read by eye: all by hand on the flowers ask something, two of those on cars do not."""
    for name, expected in {
        "iris_nopackages": [1, 1, 1, 1],
        "mtcars_nopackages": [0, 1, 1, 0],
    }.items():
        students = each_exercise(exercises.student_version(source_of(name)))
        assert [student.count("# *Your answer here*\n") for student in students] == expected


@pytest.mark.parametrize("name", FILES)
def test_an_exercise_needs_no_other_solution(name):
    """A student may start with any of them: no solution uses what another one has defined."""

    def names(code: str, context) -> set[str]:
        tree = ast.parse(code)
        found = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} if context else set()
        if context is ast.Store:
            found = {
                n.id
                for n in ast.walk(tree)
                if isinstance(n, ast.Name) and isinstance(n.ctx, context)
            }
            for n in ast.walk(tree):
                if isinstance(n, ast.FunctionDef | ast.ClassDef):
                    found.add(n.name)
                elif isinstance(n, ast.arg):
                    found.add(n.arg)
                elif isinstance(n, ast.alias):
                    found.add((n.asname or n.name).split(".")[0])
        return found

    given = names(exercises.student_version(source_of(name)), ast.Store) | set(dir(builtins))
    for solution in solutions(source_of(name)):
        unknown = names(solution, ast.Load) - names(solution, ast.Store) - given
        assert not unknown


def test_a_missing_comment_is_named():
    good = "# %%\n# .. solution\n\na = 1\n\n# %%\n# One.\n#\n# .. end of solution\n"
    assert exercises.student_version(good) == "# Your code here\n"
    for bad in [
        "a = 1\n",
        good.replace("# .. end of", "# .. the end of"),
        good + "# .. solution\n",
    ]:
        with pytest.raises(ValueError, match="end of solution"):
            exercises.student_version(bad)


# Runs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "version"),
    [
        *[(name, version) for name in QUICK for version in ["solutions", "student"]],
        # Of the others the student's versions run as notebooks.
        *[
            pytest.param(name, "solutions", marks=everything("the other exercises"))
            for name in FILES
            if name not in QUICK
        ],
    ],
)
def test_runs_without_a_word_on_standard_error(exercises_run, name, version):
    result = exercises_run(name, version)
    assert (result.returncode, FALSE_ALARM.sub("", result.stderr)) == (0, "")
    if version == "solutions":
        assert "nan" not in result.stdout.replace("the lecture's softmax: nan nan nan", "")
        assert len(result.stdout.splitlines()) >= len(headings(source_of(name)))


@pytest.mark.parametrize("name", QUICK)
def test_exercises_by_hand_need_the_base_install_only(exercises_run, name):
    modules = exercises_run(name, "solutions").modules
    assert "numpy" in modules
    assert not {"keras", "tensorflow", "course.layers"} & modules


@everything("the other exercises")
@pytest.mark.parametrize("name", WITH_DOWNLOAD)
def test_a_download_is_only_made_on_request(exercises_run, tmp_path, name):
    """Without it a stand-in is used and the output says so; with it, the very data set."""
    data_set, title = WITH_DOWNLOAD[name]
    source = source_of(name)
    assert "``COURSE_DOWNLOAD=1``" in re.sub(r"\n# ", " ", source)
    stand_in = exercises_run(name, "solutions").stdout
    assert f"({title} is not on this machine)\n" in stand_in
    script = ["-c", WITHOUT_NETWORK, data_set, path_of(name)]
    asked = run_python(
        *script, cwd=tmp_path, environment=without_data_sets(tmp_path) | {"COURSE_DOWNLOAD": "1"}
    )
    assert (asked.returncode, asked.stderr) == (0, "")
    assert f"Data: {title}" in asked.stdout
    cached = {
        "fashion_mnist": [
            f"fashion-mnist/{part}-ubyte.gz"
            for kind in ["train", "t10k"]
            for part in [f"{kind}-labels-idx1", f"{kind}-images-idx3"]
        ],
        "cifar100": ["cifar-100-python-target/meta"],
        "california_housing": ["california_housing.npz"],
    }[data_set]
    for file in cached:
        path = tmp_path / "datasets" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = run_python(*script, cwd=tmp_path, environment=without_data_sets(tmp_path))
    assert (found.returncode, found.stderr) == (0, "")
    assert f"Data: {title}" in found.stdout


# The pages -----------------------------------------------------------------------------------


def test_a_solution_without_an_end_stops_the_build():
    document = publish_doctree("Text.\n\n.. solution\n\nMore.\n")
    with pytest.raises(exercises.ExtensionError, match="end of solution"):
        exercises.FoldSolutions(document).apply()


@pytest.mark.parametrize("name", LESSONS_ON_SITE)
def test_each_solution_is_folded_with_its_output_and_its_answer(site, name):
    page = BeautifulSoup(
        (site / "lessons" / "exercises" / f"{name}_exercises.html").read_text(encoding="utf-8"),
        "html.parser",
    )
    source = source_of(name)
    folds = page.select("details")
    assert len(folds) == len(headings(source))
    for fold, solution in zip(folds, solutions(source), strict=True):
        assert not fold.has_attr("open")
        assert fold.find("summary").get_text().strip() == "Solution"
        shown = {line.strip() for pre in fold.select("pre") for line in pre.get_text().splitlines()}
        assert set(code_in(solution)) <= shown
        assert fold.select_one(".sphx-glr-script-out pre")
        assert fold.select("p")[-1].get_text().strip().endswith(".")
        assert ("plt.subplots(" in solution or "plot_" in solution) <= bool(fold.select("img"))
    outside = page.select_one("article")
    for fold in outside.select("details"):
        fold.extract()
    text = {line.strip() for pre in outside.select("pre") for line in pre.get_text().splitlines()}
    assert {line for line in text if line and not line.startswith("#")} <= {
        *code_in(exercises.student_version(source)),
        *printed_outside(outside),
    }


def printed_outside(article) -> set[str]:
    """What the code that students are given prints."""
    blocks = article.select(".sphx-glr-script-out pre")
    return {line.strip() for block in blocks for line in block.get_text().splitlines()}


@pytest.mark.parametrize("name", LESSONS_ON_SITE)
def test_the_page_offers_the_students_version(site, name):
    folder = site / "lessons" / "exercises"
    page = BeautifulSoup(
        (folder / f"{name}_exercises.html").read_text(encoding="utf-8"), "html.parser"
    )
    files = [(folder / link["href"]).resolve() for link in page.select("a.download")]
    names = [file.name for file in files]
    assert names == [
        *[f"{name}_student.ipynb", f"{name}_student.py"],
        *[f"{name}_exercises.ipynb", f"{name}_exercises.py"],
    ]
    student = exercises.student_version(source_of(name))
    assert files[1].read_text(encoding="utf-8") == student
    assert files[3].read_text(encoding="utf-8") == source_of(name)
    notebook = json.loads(files[0].read_text(encoding="utf-8"))
    nbformat.validate(notebook)
    cells = notebook["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    code = code.replace(");", ")")  # with a semicolon Jupyter does not write what is returned
    assert set(code_in(code)) == set(code_in(student[len(_head(student)) :]))
    assert code.count("# Your code here") == len(headings(student))
    places = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    assert places.count("*Your answer here*") == student.count("# *Your answer here*\n")


def _head(source: str) -> str:
    """The docstring of a file."""
    return source[: source.index('"""\n', 4) + 4]


@pytest.mark.parametrize("name", LESSONS_ON_SITE)
def test_each_lesson_leads_to_its_exercises(site, name):
    page = BeautifulSoup(
        (site / "lessons" / f"{name}.html").read_text(encoding="utf-8"), "html.parser"
    )
    assert page.select_one(f'article a[href="exercises/{name}_exercises.html"]')


def test_exercises_are_listed_in_the_order_of_the_lessons(site):
    page = BeautifulSoup(
        (site / "lessons" / "index.html").read_text(encoding="utf-8"), "html.parser"
    )
    links = [link["href"] for link in page.select("article .sphx-glr-thumbcontainer a[href]")]
    lessons = [link.removesuffix(".html") for link in links if not link.startswith("exercises/")]
    assert [f"exercises/{name}_exercises.html" for name in lessons] == [
        link for link in links if link.startswith("exercises/")
    ]
    assert sorted(lessons) == ALL_LESSONS
