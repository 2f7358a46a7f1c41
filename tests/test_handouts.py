"""The PDFs say what the pages say, can be read by everybody, and fit on their paper.

Each PDF is looked at from outside: its text and its lines with pypdfium2, its inner structure with
pikepdf, the standard PDF/UA-1 with page-validation, which is not what made them.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import page as pdf_checker
import pikepdf
import pypdfium2
import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.core import publish_doctree
from gallery.differences import TITLE as DIFFERENCES
from lecture import LESSONS
from paper import handouts
from PIL import Image
from sphinx.errors import ExtensionError
from sphinx_gallery.directives import imgsgnode
from spoken_math import Speaker, spoken

NAMES = [Path(lesson).stem for lesson in LESSONS]
EDITIONS = ["student", "solutions"]
HANDOUTS = [name + handouts.EDITIONS[edition] for name in NAMES for edition in EDITIONS]
ALL_PDFS = [*HANDOUTS, "course", "slides", "slides-notes"]

MM = 72 / 25.4  # points in a millimetre
MARGINS = {"x": 22 * MM, "top": 24 * MM, "bottom": 22 * MM}  # of the pages on paper
SLIDE_MARGINS = {"x": 16 * MM, "top": 9 * MM, "bottom": 14 * MM}  # the name of the part is above

# What is on the website and not on paper: the ways to other pages, and what a click would do.
WEBSITE_ONLY = (
    ".headerlink, .sphx-glr-download-link-note, .sphx-glr-footer, .sphx-glr-timing, "
    ".website-only, label, svg"
)
BLOCKS = ["h1", "h2", "h3", "h4", "p", "li", "ul", "ol", "pre", "dt", "dd", "th", "td", "div"]


def article_of(read, docname: str):
    """A fresh copy of what a page says, without what belongs to the website only."""
    soup = BeautifulSoup(str(read(f"{docname}.html")), "html.parser")
    article = soup.select_one("article[role=main]")
    for element in article.select(WEBSITE_ONLY):
        element.decompose()
    return article


@dataclass
class Facts:
    """What a page has to say: its text in pieces, and what else is on it.

    A PDF has the cells of a table in an order of its own, so their text stands apart.
    """

    runs: list[str]
    cells: list[str]
    code: list[str]
    figures: list[str]
    formulas: list[str]
    rows: int
    headers: int
    headings: int

    def __add__(self, other):
        """The facts of two pages."""
        return Facts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Facts)))


NOTHING = Facts([], [], [], [], [], 0, 0, 0)


def facts_of(article) -> Facts:
    """Read an article, which is changed on the way."""
    result = Facts(
        [],
        [],
        [code.get_text() for code in article.select("pre")],
        [image["alt"].strip() for image in article.select("img")],
        [formula.annotation.get_text().strip() for formula in article.select(".math")],
        len(article.select("table tr")),
        len(article.select("table tr th")),
        len(article.select("h1, h2, h3")),
    )
    for formula in article.select(".math"):
        formula.replace_with("\0")
    for table in article.select("table"):
        result.cells.extend(runs_of(table.extract()))
    result.runs.extend(runs_of(article))
    return result


@pytest.fixture(scope="module")
def said(read):
    """A function that gives what a PDF has to say, from the pages of the website."""

    @cache
    def page(docname: str, solutions: bool) -> Facts:
        article = article_of(read, docname)
        if not solutions:
            for solution in article.select("details.solution"):
                solution.decompose()
        return facts_of(article)

    @cache
    def deck(dropped: str) -> Facts:
        article = article_of(read, "deck")
        # The PDF has a title of its own, and not what the page says of itself.
        for element in article.select(f"h1, h1 ~ p, {dropped}"):
            element.decompose()
        return facts_of(article)

    def get(pdf: str) -> Facts:
        if pdf == "slides":
            return deck(".speaker-notes")
        if pdf == "slides-notes":
            return deck("h3 ~ :not(.speaker-notes), .speaker-notes > .rubric")
        name = pdf.removesuffix("-solutions")
        lessons = NAMES if pdf == "course" else [name]
        pages = [
            docname
            for lesson in lessons
            for docname in (f"lessons/{lesson}", f"lessons/exercises/{lesson}_exercises")
        ]
        if pdf == "course":
            pages.extend(handouts.APPENDICES)
        return sum((page(docname, pdf != name) for docname in pages), NOTHING)

    return get


def squeezed(text: str, hyphens: bool = False) -> str:
    """The text without what setting may change: spaces, ligatures, quotes, hyphens unless kept."""
    text = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    text = re.sub("[\u2018\u2019\u2032]", "'", text)
    text = re.sub("[\u201c\u201d]", '"', text)
    text = re.sub(r"[\s\u00ad\u2010\u2011\ufffe\u0002]", "", text).replace("...", "…")
    return text if hyphens else text.replace("-", "")


def runs_of(article) -> list[str]:
    """The text in its order, squeezed, cut where a block begins or ends, and at each zero."""
    for block in article.find_all(BLOCKS):
        block.insert_before("\0")
        block.insert_after("\0")
    return [run for run in map(squeezed, article.get_text().split("\0")) if run]


class Pdf:
    """A PDF, opened."""

    def __init__(self, path: Path):
        self.path = path
        self.document = pypdfium2.PdfDocument(path)
        self.slides = path.stem == "slides"
        self.margins = SLIDE_MARGINS if self.slides else MARGINS

    @cache  # noqa: B019 - as many as there are PDFs, for one run of the tests
    def text_of_pages(self) -> list[str]:
        """The text of each page, without its header and footer."""
        texts = []
        for page in self.document:
            width, height = page.get_size()
            texts.append(
                page.get_textpage().get_text_bounded(
                    0, self.margins["bottom"] - 6, width, height - self.margins["top"] + 6
                )
            )
        return texts

    def text(self, hyphens: bool = False) -> str:
        """All text of the pages, squeezed."""
        return squeezed("".join(self.text_of_pages()), hyphens)

    @cache  # noqa: B019
    def elements(self) -> list[tuple[str, str]]:
        """The tags in their order, each with its alternative text."""
        with pikepdf.open(self.path) as pdf:
            roles = pdf.Root.StructTreeRoot.get("/RoleMap", {})
            found = []

            def walk(element):
                if isinstance(element, pikepdf.Array):
                    for child in element:
                        walk(child)
                elif isinstance(element, pikepdf.Dictionary) and "/S" in element:
                    name = str(roles.get(element.S, element.S)).lstrip("/")
                    found.append((name, str(element.get("/Alt", ""))))
                    walk(element.get("/K", pikepdf.Array()))

            walk(pdf.Root.StructTreeRoot.K)
        return found

    def words_for(self, tag: str) -> Counter:
        """The alternative texts of all elements of a kind."""
        return Counter(alt for name, alt in self.elements() if name == tag)


@pytest.fixture(scope="module")
def opened(site):
    """A function that opens a PDF of the website by its name, each once."""

    @cache
    def open_pdf(name: str) -> Pdf:
        path = site / "handouts" / f"{name}.pdf"
        assert path.is_file(), f"{path} has not been made."
        return Pdf(path)

    return open_pdf


def test_there_is_a_handout_for_each_lesson_and_nothing_else(site):
    assert sorted(path.stem for path in (site / "handouts").iterdir()) == sorted(ALL_PDFS)


# What the pages say --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL_PDFS)
def test_nothing_that_the_page_says_is_lost(opened, said, name):
    text, place, missing = opened(name).text(), 0, []
    for run in said(name).runs:
        found = text.find(run, 0 if name == "slides" else place)
        if found < 0:
            missing.append(run)
        elif name != "slides":  # there, two things may stand side by side
            place = found + len(run)
    missing.extend(cell for cell in said(name).cells if cell not in text)
    assert not missing, f"{name}.pdf lacks, or has in another order: {missing[:5]}"


@pytest.mark.parametrize("name", ALL_PDFS)
def test_code_and_output_are_there_with_every_sign(opened, said, name):
    text = opened(name).text(hyphens=True)
    for code in said(name).code:
        assert squeezed(code, hyphens=True) in text, code


@pytest.mark.parametrize("name", [*HANDOUTS, "course"])
def test_a_handout_adds_no_number_of_its_own(opened, said, name):
    pages = opened(name).text_of_pages()
    pattern = r"(?<![\d.])\d+\.\d+|\d{3,}"
    if name == "course":  # it also numbers sections, formulas and pages, and names its software
        start = next(k for k, text in enumerate(pages) if text.startswith("Chapter 1"))
        pages, pattern = pages[start:-3], r"(?<![\d.(])\d+\.\d{3,}"
    numbers = set(re.findall(pattern, "\n".join(pages)))
    facts = said(name)
    known = "\0".join(facts.runs + facts.cells + facts.formulas)
    assert not {number for number in numbers if number not in known}


@pytest.mark.parametrize("name", ALL_PDFS)
def test_every_figure_is_there_with_its_words(opened, said, name):
    found = opened(name).words_for("Figure")
    if name == "slides-notes":  # each slide, small
        assert sum(found.values()) == len(opened("slides").document) - 1
        assert all(re.fullmatch(r"Slide \d+: .+", words) for words in found)
    else:
        assert found == Counter(said(name).figures)


@pytest.mark.parametrize("name", ALL_PDFS)
def test_every_formula_is_there_with_its_words(opened, said, name):
    expected = Counter(map(spoken_once, said(name).formulas))
    found = opened(name).words_for("Formula")
    if name == "course":  # formulas in titles are once more in the contents
        assert not expected - found
        assert set(found) == set(expected)
    else:
        assert found == expected


@pytest.mark.parametrize("name", ALL_PDFS)
def test_every_table_is_there_with_its_header(opened, said, name):
    tags = Counter(tag for tag, _ in opened(name).elements())
    if name not in {"slides", "slides-notes"}:  # there a grid holds what stands side by side
        assert tags["TR"] == said(name).rows
    assert tags["TH"] == said(name).headers


@cache
def spoken_once(formula: str) -> str:
    return spoken(formula)


@pytest.mark.parametrize("name", NAMES)
def test_the_student_gets_room_and_the_teacher_gets_solutions(opened, read, name):
    exercises = read(f"lessons/exercises/{name}_exercises.html").select("details.solution")
    student, teacher = opened(name), opened(f"{name}-solutions")
    assert "\n".join(student.text_of_pages()).count("Your answer") == len(exercises) > 0
    assert "Your answer" not in "\n".join(teacher.text_of_pages())
    for solution in exercises:
        for code in solution.select("pre"):
            assert squeezed(code.get_text()) in teacher.text()
            if len(code.get_text().splitlines()) > 3:  # a short line may also be in the lesson
                assert squeezed(code.get_text()) not in student.text()


def test_the_booklet_leads_from_chapter_to_chapter(opened, read):
    pdf = opened("course")
    titles = [read(f"lessons/{name}.html").h1.get_text().removesuffix("¶") for name in NAMES]
    chapters = [
        (mark.get_title(), mark.get_dest().get_index())
        for mark in pdf.document.get_toc(max_depth=1)
        if mark.level == 0
    ]
    found = [re.sub(r"^\d+ ", "", title) for title, _ in chapters]
    assert found == [
        *titles,
        "Choosing the structure",
        "Notation",
        "Operations",
        "Glossary",
        "Index",
    ]
    starts = dict(zip([*NAMES, *handouts.APPENDICES, "index"], chapters, strict=True))
    targets = links_of(pdf.path)
    for position, name in enumerate(NAMES):
        first = starts[name][1]
        end = chapters[position + 1][1]
        leads_to = {target for page in range(first, end) for target in targets[page]}
        linked = {
            Path(link["href"].partition("#")[0]).stem
            for link in article_of(read, f"lessons/{name}").select("a.reference.internal")
        }
        for other in linked & {*NAMES, "notation", "operations"}:
            assert starts[other][1] in leads_to, f"{name} does not lead to {other}."
        if "glossary" in linked:
            assert leads_to & set(range(starts["glossary"][1], starts["index"][1]))


def links_of(path: Path) -> list[set[int]]:
    """For each page, the pages to which its links lead."""
    with pikepdf.open(path) as pdf:
        number_of = {page.objgen: number for number, page in enumerate(pdf.pages)}
        named = {}
        if "/Names" in pdf.Root and "/Dests" in pdf.Root.Names:
            named = dict(pikepdf.NameTree(pdf.Root.Names.Dests))
        result = []
        for page in pdf.pages:
            targets = set()
            for annotation in page.get("/Annots", []):
                target = annotation.get("/Dest", annotation.get("/A", {}).get("/D"))
                if isinstance(target, pikepdf.String):
                    target = named[str(target)]
                if isinstance(target, pikepdf.Dictionary):
                    target = target.D
                if target is not None:
                    targets.add(number_of[target[0].objgen])
            result.append(targets)
    return result


def test_the_index_of_the_booklet_tells_where_a_term_is_used(opened, read):
    pages = opened("course").text_of_pages()
    first = next(k for k, text in enumerate(pages) if text.startswith("Index"))
    index = "\n".join(pages[first:])
    terms = [term.get_text().removesuffix("¶") for term in read("glossary.html").select("dt")]
    assert len(terms) > 60
    absent = [term for term in terms if not re.search(squeezed(term) + r"\d", squeezed(index))]
    assert not absent
    for term in ["hidden layer", "softmax", "backpropagation", "epoch"]:
        entry = re.search(rf"^{term}\s+(\d+(?:,\s+\d+)+)", index, flags=re.M)
        assert entry, f"{term} is not in the index, or with one page only."
        for number in map(int, entry.group(1).split(",")):
            words = squeezed(pages[number - 1]).lower()
            assert squeezed(term).lower() in words, f"{term} is not on page {number}."


# For everybody -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL_PDFS)
def test_another_program_finds_no_fault_in_the_accessibility(opened, name):
    report = pdf_checker.validate_pdf(opened(name).path, profile="ua1")
    assert report.is_compliant, [(fault.rule_id, fault.message) for fault in report.failures]


@pytest.mark.parametrize("name", ALL_PDFS)
def test_title_language_outline_and_fonts(opened, read, said, name):
    pdf = opened(name)
    with pikepdf.open(pdf.path) as inside, inside.open_metadata() as metadata:
        assert str(inside.Root.Lang) == "en-GB"
        title = str(metadata["dc:title"])
        fonts = [
            object_
            for object_ in inside.objects
            if isinstance(object_, pikepdf.Dictionary) and object_.get("/Type") == "/FontDescriptor"
        ]
    if name in HANDOUTS:
        lesson = read(f"lessons/{name.removesuffix('-solutions')}.html").h1.get_text()
        assert title.startswith(lesson.removesuffix("¶"))
        assert title.endswith("(with solutions)") == name.endswith("-solutions")
    else:
        assert title.startswith("From simple to deep neural networks")
    assert fonts
    assert all({"/FontFile2", "/FontFile3", "/FontFile"} & set(font.keys()) for font in fonts)
    assert len(list(pdf.document.get_toc(max_depth=6))) >= said(name).headings


@pytest.mark.parametrize("name", HANDOUTS)
def test_differences_from_the_lecture_are_a_section_on_paper(opened, read, name):
    folds = read(f"lessons/{name.removesuffix('-solutions')}.html").select("details.differences")
    marks = [mark.get_title() for mark in opened(name).document.get_toc(max_depth=6)]
    found = [mark for mark in marks if squeezed(DIFFERENCES) in squeezed(mark)]
    assert len(found) == len(folds) <= 1


def test_code_can_be_read_on_grey_and_in_grey():
    """Each colour has a contrast of at least 4.5 with the grey behind the code."""
    theme = (handouts.TEMPLATES / "print.tmTheme").read_text(encoding="utf-8")
    colours = set(re.findall(r"#([0-9a-f]{6})", theme))
    assert len(colours) >= 4
    for colour in colours:
        assert contrast(colour, "f3f3f3") >= 4.5, colour
    template = (handouts.TEMPLATES / "course.typ").read_text(encoding="utf-8")
    assert 'fill: if kind == "code" { luma(243) }' in template  # f3
    assert contrast(re.search(r"#let quiet = rgb\(\"#(\w+)\"\)", template).group(1), "ffffff") > 4.5


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, as the guidelines for accessible web content define it."""

    def luminance(colour):
        parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


# On paper ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL_PDFS)
def test_nothing_reaches_over_the_margins(opened, name):
    pdf = opened(name)
    for number, page in enumerate(pdf.document, start=1):
        width, height = page.get_size()
        text = page.get_textpage()
        for place in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(place)
            where = f"{name}.pdf, page {number}: {text.get_text_bounded(left, bottom, right, top)}"
            assert left >= pdf.margins["x"] - 1.5, where
            assert right <= width - pdf.margins["x"] + 4, where  # a space at the end of a line
            assert bottom >= 10, where
            assert top <= height - 10, where


@pytest.mark.parametrize("name", ALL_PDFS)
def test_no_heading_is_left_alone_at_the_end_of_a_page(opened, name):
    pdf = opened(name)
    for mark in pdf.document.get_toc(max_depth=6):
        page = pdf.document[mark.get_dest().get_index()]
        _, y = mark.get_dest().get_view()[1][:2]
        text = page.get_textpage()
        width, _ = page.get_size()
        below = text.get_text_bounded(0, pdf.margins["bottom"] - 6, width, y - 24)
        assert below.strip() or has_picture_below(page, y), f"{name}.pdf: {mark.get_title()}"


def has_picture_below(page, y: float) -> bool:
    """Whether a picture on the page is below a height."""
    return any(
        item.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE and item.get_bounds()[1] < y
        for item in page.get_objects()
    )


@pytest.mark.parametrize("name", [name for name in ALL_PDFS if name != "slides"])
def test_each_page_has_its_number_the_version_and_the_date(opened, name):
    pdf = opened(name)
    count = len(pdf.document)
    for number, page in enumerate(pdf.document, start=1):
        width, _ = page.get_size()
        foot = page.get_textpage().get_text_bounded(0, 0, width, MARGINS["bottom"] - 6)
        if name == "course" and number == 1:  # the title page
            continue
        assert f"page {number} of {count}" in foot
        assert re.search(r"Version \d\S+, built on \d{1,2} [A-Z][a-z]+ 20\d\d", foot), foot


def test_each_slide_is_one_page(opened, read):
    """A slide that fits is not split, whatever the type; the deck is made so that each fits."""
    titles = [heading.get_text().removesuffix("¶") for heading in read("deck.html").select("h3")]
    assert len(opened("slides").document) == len(titles) + 1
    for title, page in zip(titles, opened("slides").text_of_pages()[1:], strict=True):
        assert squeezed(title) in squeezed(page)


# How they are made ---------------------------------------------------------------------------

PAGE = """
Title of {name}
===============

Words of {name}. :math:`x^2`
"""


@pytest.fixture
def website(tmp_path):
    """A small website: a function that writes its pages, as trees, and the folder."""
    folder, trees = tmp_path / "website", {"glossary": publish_doctree("Glossary")}
    folder.mkdir()

    def write(name: str, *more: nodes.Node) -> None:
        tree = publish_doctree(PAGE.format(name=name), settings_overrides={"doctitle_xform": False})
        other = nodes.reference("", "the other", refuri="b.html", internal=True)
        data = nodes.reference("", "the data", refuri="../data.html#x", internal=True)
        links = [nodes.Text("See "), other, nodes.Text(" and "), data, nodes.Text(".")]
        tree[0].extend([*more, nodes.paragraph("", "", *links)])
        trees[f"lessons/{name}"] = tree

    write("a")
    write("b")
    write.folder, write.tree = folder, trees.get
    return write


def workshop_in(website, tmp_path, name="workshop", **settings) -> handouts.Workshop:
    settings = {
        "paper": "a4",
        "course": "Course",
        "version": "1",
        "built": "1 May 2026",
    } | settings
    folder = tmp_path / name
    return handouts.Workshop(folder, website.folder, website.folder, website.tree, settings)


def make(workshop, name, edition="student") -> bool:
    page = workshop.page(f"lessons/{name}")
    (workshop.folder / "bodies" / "none.typ").write_text("", encoding="utf-8")
    return workshop.make(
        name,
        "handout.typ",
        [page],
        edition=edition,
        title=page.title,
        number="1",
        lessons="2",
        lesson=f"bodies/lessons.{name}.typ",
        exercises="bodies/none.typ",
    )


def test_only_what_has_changed_is_made_again(website, tmp_path):
    assert [make(workshop_in(website, tmp_path), name) for name in "ab"] == [True, True]
    assert [make(workshop_in(website, tmp_path), name) for name in "ab"] == [False, False]
    website("b", nodes.paragraph("", "More words."))
    tomorrow = workshop_in(website, tmp_path, built="2 May 2026")
    assert [make(tomorrow, name) for name in "ab"] == [False, True]
    assert "More words." in Pdf(tomorrow.output / "b.pdf").text_of_pages()[0]
    (tomorrow.output / "a.pdf").unlink()
    assert [make(tomorrow, name) for name in "ab"] == [True, False]


def test_a_figure_of_another_size_is_another_figure(website, tmp_path):
    """The page is the same, letter by letter; what has changed is in the picture's file."""
    website("a", imgsgnode(alt="A line goes up", srcset="/figure.png"))
    widths = []
    for width in (200, 300):
        Image.new("RGB", (width, 50)).save(website.folder / "figure.png")
        workshop = workshop_in(website, tmp_path)
        assert make(workshop, "a")
        with pypdfium2.PdfDocument(workshop.output / "a.pdf") as pdf:
            (left, _, right, _) = next(
                item.get_bounds()
                for item in pdf[0].get_objects()
                if item.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE
            )
        widths.append(right - left)
    assert widths[1] == pytest.approx(1.5 * widths[0], rel=0.02)


def test_the_same_pages_give_the_same_bytes(website, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made = []
    for name in ("one", "two"):
        workshop = workshop_in(website, tmp_path, name)
        make(workshop, "a")
        made.append((workshop.output / "a.pdf").read_bytes())
        (workshop.output / "a.pdf").unlink()
    assert made[0] == made[1]


def test_letter_paper(website, tmp_path):
    workshop = workshop_in(website, tmp_path, paper="us-letter")
    make(workshop, "a")
    assert Pdf(workshop.output / "a.pdf").document[0].get_size() == (612, 792)


def test_other_paper_is_refused():
    app = SimpleNamespace(
        builder=SimpleNamespace(name="html"), config=SimpleNamespace(handouts_paper="a5")
    )
    with pytest.raises(ExtensionError, match=r"expected one of a4, us-letter\. Received: 'a5'"):
        handouts.make_handouts(app, None)


@pytest.mark.parametrize(
    ("element", "message"),
    [
        (nodes.raw("", "<video>", format="html"), "<raw> has no place .*<video>"),
        (nodes.container(classes=["carousel"]), r"a container .*has no place .*carousel"),
        (imgsgnode(alt="", srcset="/x.png"), r"a figure needs alternative text .*x\.png"),
        (nodes.math("", r"\nothing"), r"cannot be rendered: \\nothing"),
        (nodes.definition_list(), "<definition_list> has no place"),
    ],
)
def test_what_has_no_way_onto_paper_fails_and_is_named(website, tmp_path, element, message):
    website("a", element)
    with pytest.raises(ExtensionError, match=rf"lessons/a: .*{message}"):
        make(workshop_in(website, tmp_path), "a")


def test_code_that_is_too_wide_fails_and_is_named(website, tmp_path):
    line = "x = " + " + ".join(["number"] * 20)
    website("a", nodes.literal_block(line, line, language="python"))
    with pytest.raises(ExtensionError, match=r"a\.pdf, from lessons/a: .*\n?.*too wide.*number"):
        make(workshop_in(website, tmp_path), "a")


def test_output_that_is_too_wide_goes_on_in_the_next_line(website, tmp_path):
    numbers = " ".join(map(str, range(1000, 1060)))
    output = {"language": "none", "classes": ["sphx-glr-script-out"]}
    website("a", nodes.literal_block(numbers, numbers, **output))
    workshop = workshop_in(website, tmp_path)
    make(workshop, "a")
    pdf = Pdf(workshop.output / "a.pdf")
    assert squeezed(numbers) in pdf.text()
    width, _ = pdf.document[0].get_size()
    text = pdf.document[0].get_textpage()
    ends = [text.get_rect(place)[2] for place in range(text.count_rects())]
    assert max(ends) <= width - MARGINS["x"] + 4


def test_an_admonition_keeps_its_title_and_a_foreign_link_its_words(website, tmp_path):
    website("a", nodes.admonition("", nodes.title("", "Mind"), nodes.paragraph("", "It.")))
    workshop = workshop_in(website, tmp_path)
    make(workshop, "a")
    text = Pdf(workshop.output / "a.pdf").text()
    assert "MindIt." in text
    assert "Seetheotherandthedata." in text


# Formulas in words ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        (r"z = x W + b", "z equals x W plus b"),
        (r"dW = x^\top dz", "d W equals x transposed d z"),
        (r"a \odot b", "a times, entry by entry, b"),
        (r"W \leftarrow W - \eta\, dW", "W becomes W minus eta d W"),
        (r"\bar{x}", "x bar"),
        (r"\hat{y}_i", "y hat sub i"),
        (r"\frac{1}{n}", "1 over n"),
        (r"\operatorname{softmax}\!\left(z\right)", "softmax of z"),
    ],
)
def test_formulas_are_spoken_in_the_words_of_the_course(formula, words):
    assert spoken(formula) == words


def test_no_formula_is_spoken_by_the_look_of_its_signs(opened):
    signs = re.compile(r"\\|\btack\b|\bcircled\b|\bleft arrow\b|\^|ˉ|&|\bundefined\b")
    for name in ALL_PDFS:
        for words in opened(name).words_for("Formula"):
            assert not signs.search(words), words


def test_what_was_spoken_is_remembered(tmp_path, monkeypatch):
    speaker = Speaker(tmp_path / "speech.json")
    assert speaker("x^2") == "x squared"
    speaker.save()
    monkeypatch.setattr("spoken_math.spoken", lambda formula: "something else")
    assert Speaker(tmp_path / "speech.json")("x^2") == "x squared"
    assert Speaker(tmp_path / "speech.json")("x^3") == "something else"


@pytest.mark.parametrize("part", ["FILES", "KATEX"])
def test_what_another_engine_has_said_is_forgotten(tmp_path, monkeypatch, part):
    """Whichever of the two that speak has changed."""
    engine = tmp_path / "engine.js"
    monkeypatch.setattr(f"spoken_math.{part}", engine)
    monkeypatch.setattr("spoken_math.spoken", lambda formula: engine.read_text(encoding="utf-8"))
    for words in ["old", "new"]:
        engine.write_text(words, encoding="utf-8")
        speaker = Speaker(tmp_path / "speech.json")
        assert speaker("x^2") == words
        speaker.save()


def test_a_formula_that_cannot_be_read_is_an_error():
    with pytest.raises(ExtensionError, match="cannot be rendered"):
        spoken(r"\frac{1")
