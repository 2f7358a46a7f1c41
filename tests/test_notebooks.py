"""The notebooks: no reStructuredText left in them, nothing lost, and they run as the lessons do."""

import ast
import json
import os
import re
import time
import zipfile
from importlib.metadata import requires
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from conftest import ALL_LESSONS, LESSONS_ON_SITE, SECONDS, everything, lessons
from gallery import exercises
from gallery.wheel import wheel_name
from lesson_checks import without_bounds
from notebooks import markdown, notebooks
from r_fixtures import ROOT, SCRIPTS
from running import run_python, without_display
from sphinx.errors import ExtensionError
from sphinx_gallery.gen_gallery import DEFAULT_GALLERY_CONF
from sphinx_gallery.py_source_parser import split_code_and_text_blocks
from static_math import render
from test_lessons import FALSE_ALARM

PAGES = [
    *(f"lessons/{name}" for name in ALL_LESSONS),
    *(f"lessons/exercises/{name}_exercises" for name in ALL_LESSONS),
    *(f"lessons/exercises/{name}_student" for name in ALL_LESSONS),
]

# Of these the notebooks run at once; the others wait for --all.
QUICK = ["iris_nopackages", "activations"]  # the second with Keras
QUICK_SOLUTIONS = ["iris_nopackages", "mtcars_nopackages"]

EXECUTE = """
import sys
import nbformat
from nbclient import NotebookClient
source, target, folder = sys.argv[1:]
notebook = nbformat.read(source, as_version=4)
client = NotebookClient(
    notebook, timeout=None, kernel_name="python3", resources={"metadata": {"path": folder}}
)
client.execute()
nbformat.write(notebook, target)
"""


# What is made -------------------------------------------------------------------------------


def gallery_settings() -> dict:
    """The gallery's settings as docs/conf.py has them."""
    tree = ast.parse((ROOT / "docs" / "conf.py").read_text(encoding="utf-8"))
    (value,) = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "sphinx_gallery_conf"
    ]
    return {**DEFAULT_GALLERY_CONF, **ast.literal_eval(value)}


def make(folder: Path) -> SimpleNamespace:
    """Copy the sources of the website to a folder, as the gallery does, and make the notebooks."""
    target = folder / "lessons" / "exercises"
    target.mkdir(parents=True)
    for path in (ROOT / "docs").glob("*.rst"):
        (folder / path.name).write_bytes(path.read_bytes())
    for path in SCRIPTS.rglob("*.py"):
        copy = folder / "lessons" / path.relative_to(SCRIPTS)
        copy.write_bytes(path.read_bytes())
        copy.with_suffix(".zip").write_bytes(b"what the gallery made")
    for path in SCRIPTS.rglob("GALLERY_HEADER.rst"):
        copy = folder / "lessons" / path.relative_to(SCRIPTS).with_name("index.rst")
        copy.write_bytes(path.read_bytes())
    config = SimpleNamespace(sphinx_gallery_conf=gallery_settings())
    app = SimpleNamespace(srcdir=folder, config=config)
    exercises.write_student_versions(app)
    notebooks.write_notebooks(app)
    return app


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The folder with all notebooks."""
    return Path(make(tmp_path_factory.mktemp("notebooks")).srcdir)


def cells_of(made: Path, page: str, kind: str) -> list[str]:
    """The cells of one kind."""
    notebook = json.loads((made / f"{page}.ipynb").read_text(encoding="utf-8"))
    return ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == kind]


def blocks_of(made: Path, page: str, kind: str) -> list[str]:
    """The texts, or the pieces of code, of the script behind a notebook."""
    _, blocks = split_code_and_text_blocks(str(made / f"{page}.py"))
    return [block.content for block in blocks if block.type == kind]


def test_each_script_has_its_notebook(made):
    found = {path.relative_to(made).with_suffix("").as_posix() for path in (made).rglob("*.ipynb")}
    assert found == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_it_is_a_valid_notebook(made, page):
    notebook = json.loads((made / f"{page}.ipynb").read_text(encoding="utf-8"))
    nbformat.validate(notebook)
    assert notebook["nbformat"] == 4
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    assert all(cell["source"] for cell in notebook["cells"])


@pytest.mark.parametrize("page", PAGES)
def test_the_first_cell_says_what_to_install(made, page):
    """All of it a comment: a notebook of which somebody runs all cells installs nothing."""
    notebook = json.loads((made / f"{page}.ipynb").read_text(encoding="utf-8"))
    first, second = notebook["cells"][:2]
    assert first["cell_type"] == "code"
    assert all(line.startswith("#") for line in first["source"])
    extra = "[keras]" if imported(made, page) & packages_of_extra() else ""
    assert f'# %pip install "{wheel_name()}{extra}"\n' in first["source"]
    assert "notebooks.zip" in "".join(first["source"])  # where the file is
    assert "".join(second["source"]).startswith("# ")


def imported(made: Path, page: str) -> set[str]:
    """What the script behind a notebook imports, from anywhere in it."""
    nodes = list(ast.walk(ast.parse((made / f"{page}.py").read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


def packages_of_extra() -> set[str]:
    """What the package of the course needs for Keras, and not without it."""
    needed = [line for line in requires("simple-to-deep") if line.endswith('extra == "keras"')]
    return {re.match(r"\w+", line).group() for line in needed}


@pytest.mark.parametrize("name", lessons())
def test_without_the_extra_a_lesson_loads_nothing_of_it(made, lesson, name):
    (first, *_) = cells_of(made, f"lessons/{name}", "code")
    assert ("[keras]" in first) == bool(lesson(name).modules & packages_of_extra())


@pytest.mark.parametrize("page", PAGES)
def test_the_code_is_that_of_the_script(made, page):
    """But for semicolons at the ends of cells."""
    cells = cells_of(made, page, "code")[1:]
    blocks = blocks_of(made, page, "code")
    assert len(cells) == len(blocks)
    for cell, block in zip(cells, blocks, strict=True):
        assert cell in {block.strip("\n"), notebooks.quiet(block).strip("\n")}
        assert cell.replace(";", "") == block.strip("\n").replace(";", "")


@pytest.mark.parametrize("name", ALL_LESSONS)
def test_a_students_notebook_has_a_cell_for_each_exercise(made, name):
    page = f"lessons/exercises/{name}_student"
    notebook = json.loads((made / f"{page}.ipynb").read_text(encoding="utf-8"))
    order = []
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            order += ["exercise"] * len(re.findall("^## Exercise", text, flags=re.M))
            order += ["answer"] * (text == "*Your answer here*")
            assert "Solution" not in text
        elif "# Your code here" in text.splitlines():
            order.append("place")
    assert re.fullmatch("(exercise place (answer )?){2,}", " ".join(order) + " ")


@pytest.mark.parametrize("name", ALL_LESSONS)
def test_with_solutions_each_is_announced(made, name):
    cells = cells_of(made, f"lessons/exercises/{name}_exercises", "markdown")
    solutions = [cell for cell in cells if cell == "**Solution**"]
    headings = [cell for cell in cells if cell.startswith("## Exercise")]
    assert len(solutions) == len(headings) >= 2


def test_a_second_run_gives_the_same_bytes_and_writes_nothing(made, tmp_path):
    app = make(tmp_path / "elsewhere")
    files = [*app.srcdir.rglob("*.ipynb"), *app.srcdir.rglob("*.zip")]
    assert len(files) == 3 * len(ALL_LESSONS) + 2 * len(ALL_LESSONS)
    for file in files:
        assert file.read_bytes() == (made / file.relative_to(app.srcdir)).read_bytes()
        os.utime(file, (1, 1))
    exercises.write_student_versions(app)
    notebooks.write_notebooks(app)
    assert {file.stat().st_mtime for file in files} == {1}


@pytest.mark.parametrize("name", LESSONS_ON_SITE)
def test_the_website_offers_these_notebooks(site, read, made, name):
    folder = site / "lessons"
    links = [folder / a["href"] for a in read(f"lessons/{name}.html").select("a.download")]
    files = {path.suffix: path.resolve() for path in links}
    assert files[".ipynb"].read_bytes() == (made / f"lessons/{name}.ipynb").read_bytes()
    with zipfile.ZipFile(files[".zip"]) as archive:
        assert sorted(archive.namelist()) == [f"{name}.ipynb", f"{name}.py"]
        for file in archive.namelist():
            assert archive.read(file) == (made / "lessons" / file).read_bytes()
    page = f"lessons/exercises/{name}_exercises.html"
    links = [folder / "exercises" / a["href"] for a in read(page).select("a.download")]
    offered = [path.resolve() for path in links if path.suffix == ".ipynb"]
    assert [path.stem for path in offered] == [f"{name}_student", f"{name}_exercises"]
    for path in offered:
        assert path.read_bytes() == (made / f"lessons/exercises/{path.name}").read_bytes()


# No reStructuredText ------------------------------------------------------------------------

RAW = {
    "a role": r":[A-Za-z][\w:.+-]*:`",
    "a directive": r"\.\. [\w:-]+::",
    "a comment, a target or a footnote": r"^[ >]*\.\. \S",
    "a literal block": r"::[ ]*$",
    "a substitution": r"^(?![ >]*\|).*(?<![\\|])\|[A-Za-z][\w -]*\|",
    "a link": r"`__?(?!\w)",
    "a reference": r"(?<![\w\\`])[A-Za-z]\w*(?<!_)_(?=[\s.,;:)]|$)",
    "a footnote": r"\[[#*\w]+\]_",
    "an underlined heading": r"^\S.*\n([=\-~^\"'*+#.])\1{2,}[ ]*$",
    "a line of a table": r"^[ >]*(=+[ ]+)+=+[ ]*$|^[ >]*\+[-=]+\+",
    "literal text": r"``",
    "an option": r"^[ >]*:[\w-]+:([ ]|$)",
    "HTML": r"</?(table|div|span|figure|dl|p)\b",
}
FENCE = re.compile(r"^(?P<indent>[ >]*)```.*?^(?P=indent)```$", flags=re.M | re.S)
MATHS = re.compile(r"\$\$.*?\$\$|(?<!\\)\$[^$]*?[^\\$]\$", flags=re.S)


def raw_in(markdown: str) -> list[str]:
    """Which kinds of reStructuredText a text still has, outside code and formulas."""
    text = MATHS.sub("FORMULA", FENCE.sub("CODE", markdown))
    found = [kind for kind in ["a role", "a link", "literal text"] if re.search(RAW[kind], text)]
    text = re.sub(r"`[^`\n]+`", "CODE", text)
    return found + [
        kind
        for kind, pattern in RAW.items()
        if kind not in found and re.search(pattern, text, flags=re.M)
    ]


@pytest.mark.parametrize("page", PAGES)
def test_no_restructuredtext_is_left(made, page):
    for cell in cells_of(made, page, "markdown"):
        assert raw_in(cell) == [], cell


@pytest.mark.parametrize(
    ("kind", "planted"),
    [
        ("a role", "See :doc:`iris_keras`."),
        ("a role", "The function :py:func:`~course.rbase.table` does."),
        ("a directive", ".. note:: Take care"),
        ("a directive", "Before.\n\n.. math::\n\n   x = 1"),
        ("a comment, a target or a footnote", ".. solution"),
        ("a comment, a target or a footnote", ".. _label:"),
        ("a literal block", "As in these lines::\n\n    x = 1"),
        ("a substitution", "This is |version| of it."),
        ("a link", "See `the page <https://example.org>`_."),
        ("a reference", "See Summary_."),
        ("a footnote", "As shown [1]_."),
        ("an underlined heading", "Summary\n-------"),
        ("an underlined heading", "Words\n\nTitle\n====="),
        ("a line of a table", "=====  =====\na      b"),
        ("a line of a table", "+---+---+\n| a | b |"),
        ("literal text", "Set ``hidden_size`` to 10."),
        ("an option", ":label: one"),
        ("HTML", "<div class='note'>"),
    ],
)
def test_what_is_left_would_be_found(made, kind, planted):
    """Planted at the end of a cell, in the middle of it, and alone."""
    good = cells_of(made, "lessons/iris_nopackages", "markdown")[1]
    assert raw_in(good) == []
    first, rest = good.split("\n\n", 1)
    for text in [planted, f"{good}\n\n{planted}", f"{first}\n\n{planted}\n\n{rest}"]:
        assert kind in raw_in(text)


# Nothing is lost ----------------------------------------------------------------------------


def titles() -> dict[str, str]:
    """The title of each lesson and page, by its name in links."""
    found = {}
    for path in [*SCRIPTS.rglob("*.py"), *(ROOT / "docs").glob("*.rst")]:
        lines = path.read_text(encoding="utf-8").splitlines()
        at = next(i for i, line in enumerate(lines) if re.fullmatch("=+", line))
        found[path.stem] = lines[at - 1].removeprefix('r"""').removeprefix('"""').replace("`", "")
    return found


def words_of_rest(text: str) -> list[str]:
    """The words and numbers of a text of a script, with its code and formulas, in their order."""
    names = titles()
    text = re.sub(r":doc:`([^`<]+)<[^`]*>`", r"\1", text)
    text = re.sub(r":doc:`([^`]+)`", lambda m: names[m[1].rpartition("/")[2]], text)
    text = re.sub(rf"^\.\. {exercises.BEGIN}$", "Solution", text, flags=re.M)
    text = re.sub(rf"^\.\. {exercises.END}$", "", text, flags=re.M)
    text = re.sub(r"\.\. (math|code-block):: *(r|python)?\n", "\n", text)
    return re.findall(r"[^\W_]+", re.sub(r":math:(?=`)", "", text))


def words_of_markdown(text: str) -> list[str]:
    """The same of a cell."""
    text = re.sub(r"\]\(\w+\.ipynb\)", "]", text)
    return re.findall(r"[^\W_]+", re.sub(r"^ *```(r|python|text)$", "", text, flags=re.M))


def squeezed(pieces: list) -> list[str]:
    """Pieces of text without the spaces around and within them."""
    return ["".join(piece.split()) for piece in pieces]


@pytest.mark.parametrize("page", PAGES)
def test_the_words_of_the_script_are_in_the_notebook(made, page):
    """All of them, in their order: prose, formulas and R lines."""
    texts = "\n\n".join(blocks_of(made, page, "text"))
    cells = "\n\n".join(cells_of(made, page, "markdown"))
    assert words_of_markdown(cells) == words_of_rest(texts)


@pytest.mark.parametrize("page", PAGES)
def test_headings_formulas_code_and_links_are_in_the_notebook(made, page):
    rest = "\n\n".join(blocks_of(made, page, "text"))
    cells = "\n\n".join(cells_of(made, page, "markdown"))
    prose = FENCE.sub("", cells)

    headings = re.findall(r"^(\S.*)\n([=-])\2{2,}$", rest, flags=re.M)
    levels = [(("#" if line == "=" else "##"), title) for title, line in headings]
    assert headings[0][1] == "="
    assert [(level, title) for level, title in re.findall(r"^(#+) (.+)$", prose, flags=re.M)] == [
        (level, re.sub(r":math:`(.*?)`", r"$\1$", title).replace("``", "`"))
        for level, title in levels
    ]

    inline = re.findall(r":math:`([^`]+)`", rest)
    shown = [f for f in MATHS.findall(prose) if not f.startswith("$$")]
    assert squeezed(shown) == squeezed(f"${formula}$" for formula in inline)

    pattern = r"^ *\.\. math::((?:\n|\n +.*)+?)(?=\n\S|\n*\Z)"
    display = re.findall(pattern, rest, flags=re.M)
    shown = [f for f in MATHS.findall(prose) if f.startswith("$$")]
    assert squeezed(shown) == squeezed(f"$${formula}$$" for formula in display)

    assert len(re.findall(r"^ *```r$", cells, flags=re.M)) == rest.count(".. code-block:: r\n")
    notebook_links = re.findall(r"\[[^]]+\]\((\w+\.ipynb)\)", prose)
    linked = [target.rpartition("/")[2] for target in re.findall(r":doc:`([^`]+)`", rest)]
    assert notebook_links == [f"{name}.ipynb" for name in linked if name in ALL_LESSONS]
    assert {Path(link).stem for link in notebook_links} <= set(ALL_LESSONS)


# Each construct -----------------------------------------------------------------------------


def convert(tmp_path: Path, *texts: str, page: str = "lessons/here") -> list[tuple[str, dict]]:
    """Markdown and attachments of a few texts, among pages with known titles."""
    pages = markdown.Pages()
    pages.add(
        "notation", "Notation\n========\n\n.. _shapes:\n\nShapes of arrays\n----------------\n"
    )
    pages.add("other", "Other\n=====\n\n.. math::\n   :label: far\n\n   y = 2\n")
    pages.add("lessons/lesson", "A lesson, with ``code``\n=======================\n", True)
    pages.add("lessons/exercises/lesson_exercises", "Exercises\n=========\n", True)
    pages.add(page, "\n\n".join(texts), True)
    parts = [markdown.Text(tmp_path / "here.py", 10 * i, text) for i, text in enumerate(texts, 1)]
    return markdown.convert({page: parts}, tmp_path, pages)[page]


@pytest.mark.parametrize(
    ("rest", "markdown"),
    [
        ("Title\n=====\n\nA\n-\n\nPart\n----\n", "# Title\n\n## A\n\n## Part"),
        ("*a* **b** ``c`` and `d`", "*a* **b** `c` and `d`"),
        ("It costs $5 or `x`, not $6.", r"It costs \$5 or `x`, not \$6."),
        ("one\ntwo", "one two"),
        (":math:`a_1\n+ b`.", "$a_1 + b$."),
        (".. math:: a = 1", "$$a = 1$$"),
        (".. math::\n\n   a = 1,\n   b = 2", "$$\na = 1,\nb = 2\n$$"),
        (
            ".. math::\n\n   \\begin{aligned}\n   a &= 1 \\\\\n   b &= 2\n   \\end{aligned}",
            "$$\n\\begin{aligned}\na &= 1 \\\\\nb &= 2\n\\end{aligned}\n$$",
        ),
        (
            ".. math::\n\n   a \\\\\n   \\begin{aligned}b\\end{aligned}",
            "$$\n\\begin{aligned}\na \\\\\n\\begin{aligned}b\\end{aligned}\n\\end{aligned}\n$$",
        ),
        (
            ".. math::\n   :label: near\n\n   a = 1\n\n.. math::\n   :label: next\n\n   b = 2\n\n"
            "See :eq:`near`, :eq:`next` and :eq:`far`.",
            "$$a = 1 \\tag{1}$$\n\n$$b = 2 \\tag{2}$$\n\nSee (1), (2) and (1).",
        ),
        (
            ".. math::\n   :label: both\n\n   a = 1\n\n   b = 2",
            "$$\n\\begin{gathered}\na = 1 \\\\\nb = 2\n\\end{gathered} \\tag{1}\n$$",
        ),
        (
            ".. code-block:: r\n\n   x$y <- 1\n\n.. code-block:: python\n\n   x = 1",
            "```r\nx$y <- 1\n```\n\n```python\nx = 1\n```",
        ),
        ("As here::\n\n   x ``y``", "As here:\n\n```text\nx ``y``\n```"),
        ("- a\n- b\n\n1. c\n2. d", "- a\n- b\n\n1.  c\n2.  d"),
        ("term\n   What it *means*.\n\n   More.", "- **term**: What it *means*.\n\n  More."),
        (
            "- one:\n\n  .. math::\n\n     a = 1,\n     b = 2",
            "- one:\n\n  $$\n  a = 1,\n  b = 2\n  $$",
        ),
        (".. note:: Take care.", "> **Note**\n>\n> Take care."),
        (
            ".. warning::\n\n   One.\n\n   .. math::\n\n      a = 1,\n      b = 2\n\n   - x\n",
            "> **Warning**\n>\n> One.\n>\n> $$a = 1, b = 2$$\n>\n> - x",
        ),
        (".. seealso:: A book.", "> **See also**\n>\n> A book."),
        (
            ".. admonition:: In *R*\n\n   The same.\n\n   .. code-block:: r\n\n      x\n",
            "> **In *R***\n>\n> The same.\n>\n> ```r\n> x\n> ```",
        ),
        (
            "====  ========\na     b\n====  ========\n1     :math:`|x|`\n``|`` *y*\n====  ========",
            "| a                   | b              |\n|---------------------|----------------|\n"
            "| 1                   | $\\vert x\\vert$ |\n| <code>&#124;</code> | *y*            |",
        ),
        (
            ".. list-table:: What it *is*\n   :header-rows: 1\n   :widths: 10 90\n\n"
            "   * - A\n     - B\n   * - 1\n     - One.\n\n       Two.\n",
            "**What it *is***\n\n| A   | B            |\n|-----|--------------|\n"
            "| 1   | One.<br>Two. |",
        ),
        ("| a\n| b", "a\\\nb"),
        ("Said:\n\n   words", "Said:\n\n> words"),
        (".. rubric:: Aside", "**Aside**"),
        (".. container:: c\n\n   words", "words"),
        (".. a comment\n\nwords\n\n.. solution", "words\n\n**Solution**"),
        (".. solution\n", "**Solution**"),
        ("words\n\n.. end of solution\n", "words"),
        ("This |x|.\n\n.. |x| replace:: text", "This text."),
        ("`R <https://r.org>`_ and R_.\n\n.. _R: https://r.org/r", None),
        (
            ":doc:`lesson`, :doc:`this <lesson>`, :doc:`/lessons/lesson`",
            "[A lesson, with code](lesson.ipynb), [this](lesson.ipynb), "
            "[A lesson, with code](lesson.ipynb)",
        ),
        (":doc:`exercises/lesson_exercises`", "[Exercises](lesson_student.ipynb)"),
        (":doc:`/notation` and :doc:`symbols\n<../notation>`", "Notation and symbols"),
        (
            ":ref:`shapes`, :ref:`those <shapes>`, :ref:`notation:Shapes of arrays`",
            "Shapes of arrays, those, Shapes of arrays",
        ),
        ("Part\n----\n\n:ref:`mine`, Part_\n\n.. _mine:\n\nMine\n----", None),
        (
            ":py:func:`course.rbase.table`, :py:class:`~course.rrandom.RRandom`, :py:mod:`x <y>`",
            "`course.rbase.table`, `RRandom`, `x`",
        ),
        (":term:`loss`, :term:`losses <loss>`, :abbr:`LSTM (long)`", "loss, losses, LSTM"),
        (":kbd:`Enter` and :file:`a.csv`", "`Enter` and `a.csv`"),
    ],
)
def test_a_construct(tmp_path, rest, markdown):
    ((found, attachments),) = convert(tmp_path, rest)
    if markdown is not None:
        assert found == markdown
    assert raw_in(found) == []
    assert not attachments


@pytest.mark.parametrize("page", PAGES)
def test_the_formulas_can_be_read(made, page):
    """By KaTeX, which knows fewer commands than Jupyter's MathJax."""
    for cell in cells_of(made, page, "markdown"):
        for formula in MATHS.findall(FENCE.sub("", cell)):
            render(formula.strip("$"), display=formula.startswith("$$"))


def test_links_within_a_page_and_to_the_outside(tmp_path):
    ((outside, _),) = convert(tmp_path, "`R <https://r.org>`_, S_.\n\n.. _S: https://s.org")
    assert outside == "[R](https://r.org), [S](https://s.org)."
    first, second = convert(tmp_path, "See :ref:`mine` and Mine_.", ".. _mine:\n\nMine\n----\n")
    assert first[0] == "See Mine and Mine."
    assert second[0] == "# Mine"


def test_a_formula_with_a_number_can_be_read(tmp_path):
    rest = ".. math::\n   :label: both\n\n   a &= 1 \\\\\n   b &= 2\n\n   c = 3"
    ((found, _),) = convert(tmp_path, rest)
    assert render(found.strip("$"), display=True).count("(1)") == 1
    assert raw_in(found) == []


def test_a_label_counts_in_all_cells_and_headings_keep_their_level(tmp_path):
    first, second, third = convert(
        tmp_path,
        "Title\n=====\n\nBy :eq:`b`.",
        "Part\n----\n\n.. math::\n   :label: a\n\n   x",
        ".. math::\n   :label: b\n\n   y\n\nNext\n----",
    )
    assert first[0] == "# Title\n\nBy (2)."
    assert second[0] == "## Part\n\n$$x \\tag{1}$$"
    assert third[0] == "$$y \\tag{2}$$\n\n## Next"


def test_a_picture_travels_in_its_cell(tmp_path):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "a.png").write_bytes(b"pixels")
    (tmp_path / "b.svg").write_bytes(b"lines")
    rest = (
        ".. image:: a.png\n   :alt: What it shows\n   :width: 50%\n\n"
        ".. figure:: /b.svg\n   :alt: Two lines\n\n   A *caption*\n\n"
        ".. image:: https://example.org/c.png\n   :alt: Far away"
    )
    ((found, attachments),) = convert(tmp_path, rest)
    assert found == (
        "![What it shows](attachment:a.png)\n\n![Two lines](attachment:b.svg)\n\n"
        "A *caption*\n\n![Far away](https://example.org/c.png)"
    )
    assert attachments == {
        "a.png": {"image/png": "cGl4ZWxz"},
        "b.svg": {"image/svg+xml": "bGluZXM="},
    }
    blocks = [SimpleNamespace(type="text"), SimpleNamespace(type="code", content="x = 1")]
    text = notebooks.notebook(blocks, [(found, attachments)], gallery_settings())
    nbformat.validate(json.loads(text))
    assert json.loads(text)["cells"][1]["attachments"] == attachments


@pytest.mark.parametrize(
    ("rest", "line", "what"),
    [
        ("Words\n\n:numref:`x`", 22, "a role ':numref:'"),
        ("Words\nand :py:foo and :download:`x`", 21, "a role ':download:'"),
        ("Words\n\n.. foo:: bar\n\n   x", 22, "a directive '.. foo::'"),
        (".. note::\n\n   .. only:: html\n\n      x", 22, "a directive '.. only::'"),
        ("- a\n\n  .. versionadded:: 1.0", 22, "a directive '.. versionadded::'"),
        (".. raw:: html\n\n   <b>", 20, "a directive '.. raw::'"),
        ("One.\n\nTwo [1]_.\n\n.. [1] Three", 22, "a footnote"),
        ("One [Cit]_.\n\n.. [Cit] Three", 20, "a citation"),
        ("See\nnowhere_.", 21, "a link to nowhere, 'nowhere'"),
        ("See\n|nothing|.", 21, "a link to nowhere, '|nothing|'"),
        ("See :doc:`missing`.", 20, "a link to an unknown page 'missing'"),
        ("See :ref:`missing`.", 20, "a link to an unknown section 'missing'"),
        ("See :eq:`missing`.", 20, "a link to an unknown formula 'missing'"),
        ("One.\n\n.. image:: missing.png", 22, "a picture that does not exist"),
        (">>> 1 + 1\n2", 20, "a doctest block"),
        (
            ".. role:: html(raw)\n   :format: html\n\nOne :html:`<b>`",
            20,
            "what pandoc calls RawInline",
        ),
        (
            "+---+---+\n| a | b |\n+---+---+\n| c     |\n+---+---+",
            20,
            "a table with joined cells",
        ),
        (".. list-table::\n\n   * - - a\n       - b\n     - c", 20, "a table with a BulletList"),
    ],
)
def test_what_a_notebook_cannot_show_stops_the_build(tmp_path, rest, line, what):
    with pytest.raises(ExtensionError) as error:
        convert(tmp_path, "Title\n=====", rest)
    assert f"here.py:{line}: " in str(error.value)
    assert f"received {what}" in str(error.value)


def test_the_line_is_that_of_the_script(tmp_path):
    """From the script to the message, as the website's build does it."""
    script = tmp_path / "lessons" / "lesson.py"
    script.parent.mkdir()
    script.write_text('"""Title\n=====\n"""\n\nx = 1\n\n# %%\n# Words.\n#\n# :foo:`bar`\n', "utf-8")
    config = SimpleNamespace(sphinx_gallery_conf=gallery_settings())
    with pytest.raises(ExtensionError, match=r"lesson\.py:10: .*':foo:'"):
        notebooks.write_notebooks(SimpleNamespace(srcdir=tmp_path, config=config))


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ('fig.suptitle("x")\n', 'fig.suptitle("x");\n'),
        ('plot_images(\n    a,\n)  # "é" here\n', 'plot_images(\n    a,\n);  # "é" here\n'),
        ('f("é×")  # x', 'f("é×");  # x'),
        ("print(1)\n", None),
        ("plt.show()", None),
        ("frame", None),
        ("x = f(1)", None),
        ("for i in x:\n    f(i)", None),
        ("# Your code here\n", None),
        ("%%time\nf(x)", None),
    ],
)
def test_a_semicolon_keeps_jupyter_quiet(code, changed):
    assert notebooks.quiet(code) == (changed or code)


# They run -----------------------------------------------------------------------------------


def chosen(page: str, quick: list[str] = QUICK):
    """The notebooks of all lessons as parameters; most wait for ``--all``.

    Args:
        page: where a notebook is, with ``{}`` for the name of its lesson.
        quick: the lessons that do not wait.
    """
    marks = everything("the other notebooks")
    pages = [
        pytest.param(name, page.format(name), marks=() if name in quick else marks, id=name)
        for name in ALL_LESSONS
    ]
    return pytest.mark.parametrize(("name", "page"), pages)


def execute(made: Path, page: str, folder: Path) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom, in a kernel of its own and in an empty folder."""
    target, empty = folder / f"{Path(page).name}.ipynb", folder / Path(page).name
    empty.mkdir()
    environment = without_display() | {"PYTHONPATH": str(ROOT), "KERAS_HOME": str(empty)}
    environment.pop("MPLBACKEND", None)  # the kernel chooses its own
    if "nopackages" in page:
        environment.pop("OPENBLAS_NUM_THREADS", None)  # here NumPy takes all cores
    environment.pop("COURSE_DOWNLOAD", None)
    start = time.perf_counter()
    arguments = ["-c", EXECUTE, made / f"{page}.ipynb", target, empty]
    result = run_python(*arguments, environment=environment)
    assert result.returncode == 0, f"{page}:\n{result.stderr}"
    SECONDS[f"notebook: {Path(page).name}"] = time.perf_counter() - start
    return nbformat.read(target, as_version=4)


@pytest.fixture(scope="module")
def executed(request, jobs, made, tmp_path_factory):
    """A function that gives a notebook that has run. All that tests ask for begin at once."""
    folder = tmp_path_factory.mktemp("executed")

    def begin(page: str):
        return jobs.begin(page, execute, made, page, folder)

    for item in request.session.items:
        if "executed" in item.fixturenames:
            begin(item.callspec.params["page"])
    return lambda page: begin(page).result()


def outputs_of(notebook) -> list[dict]:
    """What the cells have given, in order."""
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def printed(notebook) -> str:
    """All that the cells have written; of a table in HTML its text, without colours."""
    pieces = []
    for output in outputs_of(notebook):
        if output["output_type"] == "stream" and output["name"] == "stdout":
            pieces.append(output["text"])
        elif "text/html" in output.get("data", {}):
            pieces.append(re.sub(r"\x1b\[[\d;]*m", "", output["data"]["text/plain"]))
    return "".join(pieces)


def complaints(notebook) -> str:
    """What went to standard error."""
    texts = [
        output["text"]
        for output in outputs_of(notebook)
        if output["output_type"] == "stream" and output["name"] == "stderr"
    ]
    return FALSE_ALARM.sub("", "".join(texts))


def figures(notebook) -> list[dict]:
    """The figures; beside them a notebook shows tables at most, and not what a line returns."""
    shown = [output for output in outputs_of(notebook) if output["output_type"] != "stream"]
    for output in shown:
        assert output["output_type"] == "display_data", output
        assert {"image/png", "text/html"} & set(output["data"]), output
    return [output for output in shown if "image/png" in output["data"]]


@chosen("lessons/{}")
def test_a_notebook_prints_what_the_lesson_prints(executed, lesson, name, page):
    """To the last digit; by hand, NumPy computes on all cores here and on one in the script."""
    notebook = executed(page)
    assert complaints(notebook) == ""
    assert without_bounds(printed(notebook)) == without_bounds(lesson(name).stdout)


@chosen("lessons/{}")
def test_a_notebook_shows_the_figures_of_the_page(executed, read, name, page):
    """Each of them once, and nothing else."""
    shown = figures(executed(page))
    assert len(shown) == len(read(f"lessons/{name}.html").select("article img")) > 0


@chosen("lessons/exercises/{}_student")
def test_a_students_notebook_runs(executed, name, page):
    notebook = executed(page)
    assert complaints(notebook) == ""
    figures(notebook)


@chosen("lessons/exercises/{}_exercises", QUICK_SOLUTIONS)
def test_a_notebook_with_solutions_prints_what_its_script_prints(
    executed, exercises_run, name, page
):
    notebook = executed(page)
    assert complaints(notebook) == ""
    figures(notebook)
    assert without_bounds(printed(notebook)) == without_bounds(exercises_run(name).stdout)
