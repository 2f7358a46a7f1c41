"""The built website: complete, self-contained, its figures described, its formulas rendered."""

import json
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urldefrag

import nbformat
import pytest
from conftest import ALL_LESSONS, LESSONS_ON_SITE, PUBLIC_MODULES, everything
from gallery.differences import TITLE as DIFFERENCES
from lecture import LESSONS as SCRIPTS_IN_ORDER
from lecture import PARTS
from lesson_checks import without_bounds
from r_fixtures import LESSONS, SCRIPTS, pairs

PAGES_BY_HAND = [
    *["index", "coming_from_r", "layers", "operations", "notation", "glossary"],
    *["choosing", "further", "data", "lecture_map", "deck", "downloads", "checks", "course"],
    *["about", "cite", "run_it_yourself", "teach"],
    *(f"reference/{name}" for name in PUBLIC_MODULES),
]
# Lessons with R lines that print little.
SHORT = {"dead_units", "deep_network", "transformer_forecast", "transformer_keras"}
LESSON_ORDER = [Path(name).stem for name in SCRIPTS_IN_ORDER]
EXERCISES = ["index", *(f"{name}_exercises" for name in ALL_LESSONS)]
ALL_PAGES = [
    *PAGES_BY_HAND,
    "lessons/index",
    *(f"lessons/{name}" for name in ALL_LESSONS),
    *(f"lessons/exercises/{name}" for name in EXERCISES),
]
KNOWN_OUTSIDE_LINKS = {
    "https://katex.org",
    "https://github.com/andrewcparnell/intermediate_ML",
    "https://andrewcparnell.github.io/intermediate_ML",
    "https://www.sphinx-doc.org/",
    "https://pradyunsg.me",
    "https://github.com/pradyunsg/furo",
    "https://www.python.org/downloads/",
    "https://rstudio.github.io/reticulate/",
    # further reading
    "https://www.statlearning.com",
    "https://www.manning.com/books/deep-learning-with-r-second-edition",
    "https://deeplearningwithpython.io",
    "http://neuralnetworksanddeeplearning.com",
    "https://udlbook.github.io/udlbook/",
    "https://www.bishopbook.com",
    "https://www.deeplearningbook.org",
    "https://d2l.ai",
    "https://github.com/karpathy/micrograd",
    "https://arxiv.org/abs/1409.0473",
    "https://arxiv.org/abs/1706.03762",
    "https://andrewcparnell.github.io/intermediate_ML/",
}


def all_html(site: Path) -> list[Path]:
    return [path.relative_to(site) for path in site.rglob("*.html")]


def test_all_pages_are_there(site):
    built = {path.with_suffix("").as_posix() for path in all_html(site)}
    assert set(ALL_PAGES) | {"genindex", "py-modindex", "search"} == built


def test_the_side_bar_has_each_lesson_once_and_its_exercises_under_it(read):
    bar = read("index.html").select_one(".sidebar-tree")
    captions = [caption.get_text() for caption in bar.select("p.caption")]
    course = ["The course", *PARTS.values()]
    assert captions == ["Start", *course, "Look up", "Teach", "Inside"]
    links = [a["href"] for a in bar.select("a[href$='.html']")]
    assert len(links) == len(set(links))
    for number, lesson in enumerate(LESSON_ORDER, 1):
        (link,) = bar.select(f"li.toctree-l1 > a[href='lessons/{lesson}.html']")
        assert link.get_text().startswith(f"{number}. ")
        below = [a["href"] for a in link.parent.select(":scope > ul a")]
        assert below == [f"lessons/exercises/{lesson}_exercises.html"]


def test_after_a_lesson_come_its_exercises_and_then_the_next_lesson(read):
    way = [f"lessons/{n}" for name in LESSON_ORDER for n in (name, f"exercises/{name}_exercises")]
    for here, there in pairwise(way):
        (link,) = read(f"{here}.html").select("a.next-page")
        page = (Path(here).parent / link["href"]).as_posix().replace("exercises/../", "")
        assert page == f"{there}.html"


def test_nothing_is_loaded_from_outside(site, read):
    for path in all_html(site):
        for tag in read(path).find_all(["script", "img", "iframe", "source", "video", "link"]):
            address = tag.get("src") or tag.get("href") or ""
            assert not re.match(r"(https?:)?//", address), f"{path}: {tag}"
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", text), style


def test_every_link_leads_somewhere(site, read):
    anchors = {}  # of each page that a link leads into
    for path in all_html(site):
        for tag in read(path).find_all("a", href=True):
            address = tag["href"]
            if re.match(r"https?://", address):
                assert address in KNOWN_OUTSIDE_LINKS, f"{path}: {address}"
                continue
            file, fragment = urldefrag(unquote(address))
            target = (site / path.parent / file).resolve() if file else site / path
            assert target.is_file(), f"{path}: {address}"
            if fragment and target.suffix == ".html":
                if target not in anchors:
                    page = read(target.relative_to(site.resolve()))
                    anchors[target] = {found["id"] for found in page.find_all(id=True)}
                assert fragment in anchors[target], f"{path}: {address}"


@pytest.mark.parametrize("lesson", LESSONS_ON_SITE)
def test_every_figure_says_what_it_shows(read, lesson):
    """The alternative text is the title that the figure was given, not the name of the script."""
    images = read(f"lessons/{lesson}.html").select("article img")
    assert images
    for image in images:
        text = image["alt"]
        assert len(text) > 15, image
        assert text != lesson.replace("_", " "), image
        # A quotation mark in a title would end the text, and begin attributes of its own.
        assert set(image.attrs) <= {"src", "srcset", "alt", "class"}, image


@pytest.mark.parametrize("lesson", ALL_LESSONS)
def test_lesson_offers_its_script_and_notebook(site, read, lesson):
    page = Path("lessons") / f"{lesson}.html"
    links = [a["href"] for a in read(page).select("a.download")]
    found = {Path(link).suffix: (site / page.parent / link).resolve() for link in links}
    assert {".py", ".ipynb"} <= set(found)
    notebook = json.loads(found[".ipynb"].read_text(encoding="utf-8"))
    nbformat.validate(notebook)
    assert "code-block" not in str(notebook)


@pytest.mark.parametrize("lesson", LESSONS_ON_SITE)
def test_formulas_are_rendered(read, lesson):
    page = read(f"lessons/{lesson}.html")
    assert page.select(".math .katex-html")
    assert page.select(".math math")  # MathML, for screen readers
    assert not page.select(".katex-error")
    assert "\\(" not in page.get_text()


@pytest.mark.parametrize("lesson", LESSONS_ON_SITE)
def test_r_stands_beside_python(read, lesson):
    sets = read(f"lessons/{lesson}.html").select("div.sd-tab-set")
    assert len(sets) == len(pairs(lesson))
    for tab_set in sets:
        assert [label.get_text().strip() for label in tab_set.select("label")] == ["Python", "R"]
        assert tab_set.select("div.highlight-Python")
        assert tab_set.select("div.highlight-r")


@pytest.mark.parametrize("lesson", LESSONS_ON_SITE)
def test_the_differences_from_the_lecture_are_folded(read, lesson):
    source = (SCRIPTS / f"{lesson}.py").read_text(encoding="utf-8")
    folds = read(f"lessons/{lesson}.html").select("details.differences")
    assert len(folds) == source.count(f"# {DIFFERENCES}\n")
    for fold in folds:
        assert not fold.has_attr("open")
        assert fold.summary.get_text().strip().replace("\u2019", "'") == DIFFERENCES
        assert len(fold.select("li")) >= 3


@pytest.mark.parametrize("name", LESSONS_ON_SITE)
def test_the_page_shows_what_the_script_prints(read, lesson, name):
    """All of it, though the website's computations share the processor's cores in another way.

    What Keras trains in single precision depends on the number of threads: of such a lesson the
    words are compared. A page on other pictures than the script's has nothing to compare.
    """
    source = " ".join(
        (SCRIPTS / f"{name}.py").read_text(encoding="utf-8").replace("\n# ", " ").split()
    )
    trained_by_keras = "number of processor cores" in source

    def lines_of(text: str) -> list[str]:
        lines = without_bounds(text).splitlines()
        if trained_by_keras:
            lines = [re.sub(r"\d+(\.\d+)?", " 0", line) for line in lines]
        lines = [" ".join(line.split()) for line in lines]  # the page cuts off margins
        return [line for line in lines if line]

    blocks = read(f"lessons/{name}.html").select(".sphx-glr-script-out pre")
    shown = [line for block in blocks for line in lines_of(block.get_text())]
    printed = lines_of(lesson(name).stdout)
    if printed[0].startswith("Pictures:") and shown[0] != printed[0]:
        pytest.skip("The page was made with other pictures; the notebook has the script's.")
    assert shown == printed
    assert len(shown) > (20 if name in LESSONS and name not in SHORT else 5)


@everything("pages of the other lessons")
def test_a_page_on_pictures_says_which_they_are(read):
    by_hand_and_in_keras = ["cifar_nopackages_cnn", "cifar_agreement", "cifar_precision"]
    for lesson in ["cifar_keras_cnn", *by_hand_and_in_keras]:
        page = read(f"lessons/{lesson}.html")
        (printed,) = re.findall(r"^Pictures: (.+)$", page.get_text(), flags=re.M)
        note = page.select_one("div.admonition.note:not(.sphx-glr-download-link-note)")
        assert f"The pictures on this page: {printed}." in note.get_text()


def test_the_table_of_layers_shows_its_measurements(read):
    page = read("layers.html")
    table = page.select_one("table.layer-table")
    rows = table.select("tbody tr")
    assert len(rows) == 22
    for row in rows:
        assert row.select_one(".katex-html")
        assert row.select_one("div.highlight-python pre")
        found = re.findall(r"(float\d\d):\s+< ([\d.e+-]+)", row.get_text())
        assert [dtype for dtype, _ in found] == ["float64", "float32"]
        for dtype, value in found:
            assert float(value) <= {"float64": 1e-12, "float32": 1e-5}[dtype]
    names = [code.get_text() for code in table.select("code")]
    for name in ["Dense", "layer_dense", "Conv2D", "layer_conv_2d", "layer_dropout"]:
        assert name in names


def test_pages_name_their_language_and_themselves(site, read):
    for path in all_html(site):
        page = read(path)
        assert page.html["lang"] == "en-GB"
        assert page.title.get_text().strip()


def test_the_seven_steps_are_on_the_page(read):
    headings = [h.get_text() for h in read("lessons/iris_nopackages.html").select("h2")]
    for step in range(1, 8):
        assert any(heading.startswith(f"Step {step}:") for heading in headings)
