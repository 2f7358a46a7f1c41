"""The slides follow the lecture and take everything from the lessons."""

import ast
import re
import textwrap
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from conftest import ALL_LESSONS, LESSONS_ON_SITE, everything
from paper import deck
from r_fixtures import ROOT, SCRIPTS
from running import run_python
from small_website import DECK
from test_pages_by_hand import SLIDES as ORIGINAL

WHOLE = LESSONS_ON_SITE == ALL_LESSONS
SOURCE = (ROOT / "docs" / "deck.rst").read_text(encoding="utf-8") if WHOLE else DECK
the_deck = everything("the slides of the whole course")
PARTS = [
    "What happens in the background",
    "Reminder: a Keras model",
    "A network without Keras",
    "Regression",
    "Hyper-parameters",
    "Activation functions",
    "From simple to deep",
    "Kinds of layer",
    "Convolution",
    "Pictures",
    "Attention and a first transformer",
    "Summary",
]
# For each slide of the lecture, in its order, the first slide here that treats it.
BEGINS = [
    "What happens inside a Keras model while it trains?",
    "You will be able to say what a Keras model does",
    "A model is a chain of layers",
    "The arguments of fit say how long and how much at once",
    "One hidden layer means two matrices of weights",
    "Training takes seven steps",
    "Step 1: some flowers train the network, others test it",
    "Step 2: the data fix some sizes, we choose the others",
    "Step 2: weights start at random, biases at zero",
    "Step 2: ReLU cuts off, softmax gives probabilities",
    "Step 3: forward is two matrix products",
    "Step 4: the loss says how wrong the prediction is",
    "Step 5: backward is the chain rule, from the end",
    "Step 6: each weight moves against its derivative",
    "Step 7: repeat, once per epoch",
    "Training does not find these three numbers",
    "An activation function follows each weighted sum",
    "Deep means more hidden layers",
    "More layers are more lines",
    "There are five common kinds of layer",
    "A filter looks at one window at a time",
    "Kernel size, stride and padding set the size of the result",
    "A picture is rows, columns and three colours",
    "A model by hand and in Keras is the same computation",
]
MOST_LINES, MOST_BULLETS = 17, 6
# Output may be wider than code, which is as wide as the lessons have it: its type gets smaller
# down to this width, and it depends on the pictures that the lessons were run with.
COLUMNS_OF_CODE, COLUMNS_OF_OUTPUT = 88, 108
# What fits on a slide, in lines of code: what each thing on it takes, with the room around it.
ROOM, FORMULA, FIGURE, TEXT, TEXT_COLUMNS = 24, 4, 14, 1.6, 88


def title_of(section) -> str:
    """The title of a section, as it is read."""
    return re.sub(r"\s+", " ", section.find(re.compile("^h[1-6]$")).get_text().rstrip("#¶ \n"))


def lines_of(pre) -> list[str]:
    return pre.get_text().rstrip("\n").split("\n")


def taken(directive: str, language: str | None = None) -> list[str]:
    """The lessons that the page takes something from, with the directive, in order."""
    found = re.findall(rf"^\.\. {directive}:: (\S+)\n((?:   :.*\n)*)", SOURCE, flags=re.M)
    return [
        name
        for name, options in found
        if language is None or ("   :language: r\n" in options) == (language == "r")
    ]


def is_run_of(part: list[str], whole: list[str]) -> bool:
    """Whether lines follow one another like that in a text, whatever its indentation."""
    for start in range(len(whole) - len(part) + 1):
        run = textwrap.dedent("\n".join(whole[start : start + len(part)]))
        if run.split("\n") == part:
            return True
    return False


@pytest.fixture(scope="module")
def page(read):
    return read("deck.html").select_one("article")


@pytest.fixture(scope="module")
def slides(page):
    return page.select("section section section")


# The deck ---------------------------------------------------------------------------------------


@the_deck
def test_it_has_the_parts_of_the_lecture_in_its_order(page, slides):
    parts = [s for s in page.select("section section") if s.find("h2", recursive=False)]
    assert [title_of(part) for part in parts] == PARTS
    assert all(part.find_all("section", recursive=False) for part in parts)
    assert sum(len(part.find_all("section", recursive=False)) for part in parts) == len(slides)


@the_deck
def test_every_slide_of_the_lecture_is_treated_in_its_order(slides):
    titles = [title_of(slide) for slide in slides]
    assert len(BEGINS) == len(ORIGINAL)
    places = [titles.index(title) for title in BEGINS]
    assert places == sorted(places)
    assert len(set(places)) == len(places)


@the_deck
def test_there_are_forty_to_sixty_slides(slides):
    assert 40 <= len(slides) <= 60


def test_each_slide_has_a_title_of_its_own(slides):
    titles = [title_of(slide) for slide in slides]
    assert len(set(titles)) == len(titles)
    for title in titles:
        assert 15 < len(title) <= 60, title
        assert not title.endswith("."), title


def test_every_slide_has_notes_of_a_few_sentences_at_its_end(slides):
    for slide in slides:
        (notes,) = slide.select(".speaker-notes")
        assert notes.find_next_sibling() is None, title_of(slide)
        heading, *paragraphs = notes.select("p")
        assert heading.get_text() == "Notes"
        text = " ".join(p.get_text(" ") for p in paragraphs)
        sentences = re.findall(r"[.?](?=\s|$)", text)
        assert 2 <= len(sentences) <= 5, (title_of(slide), len(sentences))


def test_nothing_is_on_a_slide_but_what_fits(slides):
    for slide in slides:
        where = title_of(slide)
        slide = BeautifulSoup(str(slide), "html.parser")
        slide.select_one(".speaker-notes").decompose()
        assert len(slide.select("ul > li")) <= MOST_BULLETS, where
        room = 0
        for is_output in [False, True]:
            blocks = [
                lines_of(pre)
                for pre in slide.select("pre")
                if is_output == bool(pre.find_parent(class_="sphx-glr-script-out"))
            ]
            lines = [line for block in blocks for line in block]
            assert len(lines) <= MOST_LINES, where
            most = COLUMNS_OF_OUTPUT if is_output else COLUMNS_OF_CODE
            assert max(map(len, lines), default=0) <= most, where
            room += len(lines) + len(blocks)
        for text in slide.select("li, p"):
            for formula in text.select(".katex-html"):
                formula.decompose()
            if text.name == "li" or not text.find_parent("li"):
                room += TEXT * -(-len(" ".join(text.get_text().split())) // TEXT_COLUMNS)
        room += FORMULA * len(slide.select("div.math")) + FIGURE * len(slide.select("img"))
        assert room <= ROOM, (where, room)
        assert room >= 3, where


@the_deck
def test_r_lines_stand_on_few_slides(slides):
    with_r = [title_of(slide) for slide in slides if slide.select("div.highlight-r")]
    assert 1 <= len(with_r) <= 3
    for slide in slides:
        assert len(slide.select("div.highlight-r")) <= len(slide.select("div.highlight-python"))


# All from the lessons ---------------------------------------------------------------------------


def test_no_code_and_no_output_is_typed():
    used = set(re.findall(r"^ *\.\. ([\w-]+)::", SOURCE, flags=re.M))
    assert used == {"lesson-code", "lesson-output", "lesson-figure", "speaker-notes", "math"}
    assert not re.search(r"^(?! *\.\. ).*::$", SOURCE, flags=re.M)  # no literal blocks either


@pytest.mark.parametrize("language", ["python", pytest.param("r", marks=the_deck)])
def test_the_code_is_that_of_its_lesson(page, language):
    blocks = [lines_of(pre) for pre in page.select(f"div.highlight-{language} pre")]
    lessons = taken("lesson-code", language)
    assert len(blocks) == len(lessons) >= (3 if WHOLE else 1)
    for block, name in zip(blocks, lessons, strict=True):
        script = (SCRIPTS / f"{name}.py").read_text(encoding="utf-8")
        if language == "r":
            script = re.sub(r"^# ?", "", script, flags=re.M)
        assert is_run_of(block, script.split("\n")), (name, block)


def test_the_python_code_is_made_of_whole_statements(page):
    for pre in page.select("div.highlight-python pre"):
        ast.parse(pre.get_text())


def test_the_output_is_that_of_its_lesson(page, read):
    blocks = [lines_of(pre) for pre in page.select(".sphx-glr-script-out pre")]
    lessons = taken("lesson-output")
    assert len(blocks) == len(lessons) > 0
    for block, name in zip(blocks, lessons, strict=True):
        outputs = read(f"lessons/{name}.html").select(".sphx-glr-script-out pre")
        assert any(is_run_of(block, lines_of(pre)) for pre in outputs), (name, block)


def test_the_figures_are_those_of_their_lessons(page, read):
    figures, lessons = page.select("img"), taken("lesson-figure")
    assert len(figures) == len(lessons) >= (10 if WHOLE else 1)
    for figure, name in zip(figures, lessons, strict=True):
        images = read(f"lessons/{name}.html").select("img.sphx-glr-single-img")
        (same,) = [image for image in images if image["alt"] == figure["alt"]]
        assert Path(figure["src"]).name == Path(same["src"]).name
        assert "_2_00x.png 2.00x" in figure["srcset"]


def test_lines_out_of_order_or_changed_are_no_run():
    whole = ["def f():", "    a = 1", "    b = 2", "    return a"]
    assert is_run_of(["a = 1", "b = 2"], whole)
    assert is_run_of(whole, whole)
    for part in [["b = 2", "a = 1"], ["a = 1", "return a"], ["a = 3"], ["    a = 1"]]:
        assert not is_run_of(part, whole)


# The directives ---------------------------------------------------------------------------------

LESSON = """
A lesson
========

.. code-block:: r

   z <- x %*% W
   loss <- mean(z)
   print(loss)

.. GENERATED FROM PYTHON SOURCE LINES 1-9

.. code-block:: Python


    def forward(x, W):
        if x is None:
            return None
        return x @ W


    z = forward(x, W)
    print(loss)
    print(z)





.. rst-class:: sphx-glr-script-out

 .. code-block:: none

    loss: 0.5
             [,1]
    [1,]  2.5
    [2,]  3.5




.. GENERATED FROM PYTHON SOURCE LINES 10-12

.. code-block:: Python


    z = z + (
        1
    )
    quiet = 1





.. image-sg:: /lessons/images/sphx_glr_small_001.png
   :alt: The loss falls
   :srcset: /images/sphx_glr_small_001.png, /images/sphx_glr_small_001_2_00x.png 2.00x
   :class: sphx-glr-single-img



.. image-sg:: /lessons/images/sphx_glr_small_002.png
   :alt: The loss rises
   :srcset: /images/sphx_glr_small_002.png, /images/sphx_glr_small_002_2_00x.png 2.00x
   :class: sphx-glr-single-img

.. GENERATED FROM PYTHON SOURCE LINES 13-14

.. code-block:: Python


    print("end")

.. rst-class:: sphx-glr-script-out

 .. code-block:: none

    end
"""


def test_a_statement_is_taken_whole():
    function = [
        "def forward(x, W):",
        "    if x is None:",
        "        return None",
        "    return x @ W",
    ]
    assert deck.piece_of_code(LESSON, "def forward") == function
    assert deck.piece_of_code(LESSON, "if x is None") == ["if x is None:", "    return None"]
    assert deck.piece_of_code(LESSON, "z = z +") == ["z = z + (", "    1", ")"]
    assert deck.piece_of_code(LESSON, "print(z)") == ["print(z)"]


def test_lines_are_taken_up_to_the_last_one_that_is_named():
    lines = ["return x @ W", "", "", "z = forward(x, W)"]
    piece = deck.piece_of_code(LESSON, "return x", "z = forward")
    assert piece == textwrap.dedent("\n".join(["    " + lines[0], *lines[1:]])).split("\n")
    assert deck.piece_of_code(LESSON, "z =", "quiet", nth=2)[-1] == "quiet = 1"
    assert deck.piece_of_code(LESSON, "z =", nth=1) == ["z = forward(x, W)"]


def test_r_lines_are_taken_to_the_end_of_their_block():
    r_lines = ["loss <- mean(z)", "print(loss)"]
    assert deck.piece_of_code(LESSON, "loss <-", language="r") == r_lines
    assert deck.piece_of_code(LESSON, "loss <-", "loss", language="r") == r_lines[:1]


def test_output_is_taken_whole_or_in_part():
    whole = ["loss: 0.5", "         [,1]", "[1,]  2.5", "[2,]  3.5"]
    assert deck.piece_of_output(LESSON, "print(loss)") == whole
    assert deck.piece_of_output(LESSON, "print(z)", "2-4") == whole[1:]
    assert deck.piece_of_output(LESSON, "print(z)", "1") == whole[:1]
    assert deck.piece_of_output(LESSON, "print(z)", start="loss") == whole[:1]


def test_a_figure_is_taken_by_its_title_or_its_number():
    falls = deck.figure_of(LESSON, title="The loss falls")
    assert falls == deck.figure_of(LESSON, number=1)
    assert falls.markup.startswith(".. image-sg:: /lessons/images/sphx_glr_small_001.png\n   :alt:")
    assert "small_001_2_00x.png 2.00x" in falls.markup
    assert "small_002" not in falls.markup
    assert deck.figure_of(LESSON, number=2).title == "The loss rises"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["y = "], r"starts with 'y = ', found none\. Copy the start"),
        (["loss <-"], "found none"),  # R lines are not Python
        (["z ="], r"one line .* 'z =', found 2\. .*:nth:"),
        (["z =", None, 3], r"at least 3 lines .* found 2\. Correct ':nth:'"),
        (["z = forward", "return"], "starts with 'return' after 'z = forward.* found none"),
        (["print(z)", "z = z"], r"starts with 'z = z' after 'print\(z\)' .* found none"),
    ],
)
def test_code_that_is_not_there_or_there_twice_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        deck.piece_of_code(LESSON, *arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["y ="], "found none"),
        (["z ="], "found 2"),
        (["quiet"], r"with 'quiet', but it printed nothing\. Name"),
        *[
            (["print(z)", wrong], rf"within the 4 lines .* Received: {wrong}\. Correct")
            for wrong in ["0", "5", "3-2", "2-9", "first"]
        ],
        (["print(z)", None, "["], r"starts with '\[', found 3\. Copy more"),
        (["print(z)", None, "end"], "starts with 'end', found 0"),
    ],
)
def test_output_that_is_not_there_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        deck.piece_of_output(LESSON, *arguments)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "either ':title:' or ':number:'"),
        ({"title": "The loss falls", "number": 1}, "either ':title:' or ':number:'"),
        ({"title": "The loss"}, r"'The loss', found 2\. .*: The loss falls; The loss rises\."),
        ({"title": "Loss"}, "'Loss', found 0"),
        ({"number": 3}, "number 3, found 0"),
        ({"number": 0}, "number 0, found 0"),
    ],
)
def test_a_figure_that_is_not_there_or_there_twice_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        deck.figure_of(LESSON, **options)


# Small builds -----------------------------------------------------------------------------------

PAGE = """
Slides
======

.. lesson-code:: small
   :from: def forward

.. lesson-output:: small
   :after: print(z)
   :lines: 1

.. speaker-notes::

   Say *this*.

   - And that.
"""


def build(folder: Path, page: str, lesson: str = LESSON):
    """Build a page of slides and a lesson, strictly; the figures are left out of the lesson."""
    source = folder / "src"
    (source / "lessons").mkdir(parents=True, exist_ok=True)
    (source / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'docs' / '_ext')!r})\n"
        "extensions = ['paper.deck']\nroot_doc = 'page'\nexclude_patterns = ['lessons']\n",
        encoding="utf-8",
    )
    for path, text in [("page.rst", page), ("lessons/small.rst", lesson)]:
        if not (source / path).exists() or (source / path).read_text(encoding="utf-8") != text:
            (source / path).write_text(text, encoding="utf-8")
    return run_python("-m", "sphinx", "-W", "--keep-going", source, folder / "html")


def test_a_page_of_slides_is_plain_html(tmp_path):
    result = build(tmp_path, PAGE)
    assert result.returncode == 0, result.stderr
    html = BeautifulSoup((tmp_path / "html" / "page.html").read_text("utf-8"), "html.parser")
    (code,) = html.select("section > div.highlight-python pre")
    assert lines_of(code) == deck.piece_of_code(LESSON, "def forward")
    (output,) = html.select("section > div.sphx-glr-script-out.highlight-none pre")
    assert lines_of(output) == ["loss: 0.5"]
    (notes,) = html.select("section > div.speaker-notes")
    assert notes.get_text(" ", strip=True) == "Notes Say this . And that."
    assert notes.select_one("p.rubric").get_text() == "Notes"


def test_the_page_follows_its_lesson(tmp_path):
    assert build(tmp_path, PAGE).returncode == 0
    result = build(tmp_path, PAGE, LESSON.replace("0.5", "0.25"))
    assert result.returncode == 0, result.stderr
    assert "loss: 0.25" in (tmp_path / "html" / "page.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("def forward", "def back"), "lesson-code, lesson small: .*'def back', found none"),
        (("   :from: def forward\n", ""), "lesson-code, lesson small: expected ':from:'"),
        (("print(z)", "y"), "lesson-output, lesson small: .*'y', found none"),
        (("   :after: print(z)\n", ""), "lesson-output, lesson small: expected ':after:'"),
        (
            ("lesson-code:: small", "lesson-code:: large"),
            r"lesson-code: expected the name of a lesson \(small\)\. Received: large\. Correct",
        ),
        (
            (".. lesson-code:: small\n   :from: def forward", ".. lesson-figure:: small"),
            "lesson-figure, lesson small: expected either ':title:' or ':number:'",
        ),
        (("   Say *this*.\n\n   - And that.\n", ""), "speaker-notes"),
    ],
)
def test_what_is_wrong_stops_the_build_with_page_line_and_lesson(tmp_path, change, words):
    result = build(tmp_path, PAGE.replace(*change))
    assert result.returncode != 0
    assert re.search(rf"page\.rst:\d+: ERROR: .*{words}", result.stderr, flags=re.S), result.stderr
