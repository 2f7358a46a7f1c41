"""A page of the website as the body of a Typst document.

The page is read as it was built. What belongs to the website only is taken away, the rest is marked
in a few ways, and pandoc writes it as Typst (``typst/filter.lua`` says what the marks become). An
element that is not known here is an error, so that nothing is lost in silence.
"""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pypandoc
from bs4 import BeautifulSoup, Comment, Tag
from PIL import Image
from sphinx.errors import ExtensionError

FILTER = Path(__file__).parent / "typst" / "filter.lua"

# On the website only: links to the source, the running time, the gallery's downloads.
WEBSITE_ONLY = (
    "a.headerlink, script, style, svg, input, .sphx-glr-download-link-note, .sphx-glr-footer, "
    ".sphx-glr-timing, .website-only"
)
# Elements around others that mean nothing on paper.
UNWRAPPED = (
    "section, div.math-wrapper, div.sd-summary-content, div.table-wrapper, "
    "span:not([words]):not([anchor])"
)
KNOWN = {
    *("a", "blockquote", "br", "code", "em", "li", "ol", "p", "pre", "strong", "sub", "sup", "ul"),
    *("h1", "h2", "h3", "h4", "dl", "dt", "dd", "img", "div", "span"),
    *("math", "semantics", "annotation"),
    *("table", "thead", "tbody", "tr", "th", "td", "col", "colgroup", "caption"),
}
MARKS = {"admonition", "solution", "room", "asked", "in-r", "slide", "noted", "beside", None}

POINTS_PER_PIXEL = 0.52  # a figure of 640 pixels takes 333 points, seven tenths of the text
LINES_TO_TRY = 4
LINES_TO_ANSWER = 10


@dataclass
class Page:
    """A page, ready to be set.

    Attributes:
        docname: its name on the website, such as ``lessons/iris_nopackages``.
        title: its title, in plain words.
        typst: the body, as Typst.
        pictures: a checksum of the pictures that the body shows.
    """

    docname: str
    title: str
    typst: str
    pictures: str


def label_of(docname: str, anchor: str = "") -> str:
    """The name by which the PDFs know a place on a page."""
    page = docname.replace("/", ".")
    return f"{page}--{anchor}" if anchor else page


def title_of(article: Tag) -> str:
    """The title of a page, in plain words."""
    heading = article.find(["h1", "h2", "h3"])
    return " ".join(heading.get_text().replace("¶", "").split()) if heading else ""


def detailed(image: Tag) -> str:
    """The address of a picture in its highest resolution."""
    return image.get("srcset", image["src"]).split(",")[-1].split()[0]


class PageReader:
    """What turns pages of one website into Typst.

    Args:
        website: the folder of the built website.
        speak: a function that puts a formula into words.
        terms: for each anchor in the glossary, its term.
    """

    def __init__(
        self, website: Path, speak: Callable[[str], str], terms: dict[str, str] | None = None
    ):
        self.website = website
        self.speak = speak
        self.terms = terms or {}

    def article(self, docname: str) -> Tag:
        """What a page says, without the bars around it.

        Raises:
            ExtensionError: if the page has none.
        """
        path = self.website / f"{docname}.html"
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        article = soup.select_one("article[role=main]")
        if article is None:
            raise ExtensionError(f"{docname}: expected an article in {path}. Found none.")
        return article

    def pictures(self, article: Tag, docname: str) -> list[Path]:
        """The files of the pictures that a page shows: each as on the screen, and in detail."""
        folder = (self.website / f"{docname}.html").parent
        return [
            (folder / source).resolve()
            for image in article.select("img")
            for source in (image["src"], detailed(image))
        ]

    def convert(self, article: Tag, docname: str, pictures: str) -> Page:
        """Turn a page, or a part of it, into Typst; the elements are changed on the way.

        Raises:
            ExtensionError: for an element that has no way onto paper; it names page and element.
        """
        title = title_of(article)
        cleaner = Cleaner(self, docname, article)
        cleaner.clean()
        try:
            typst = pypandoc.convert_text(
                article.decode_contents(),
                "typst",
                format="html-auto_identifiers",
                extra_args=["--wrap=none", f"--lua-filter={FILTER}"],
                verify_format=False,
            )
        except RuntimeError as error:
            raise ExtensionError(f"{docname}: pandoc cannot read this page.\n{error}") from error
        return Page(docname, title, typst, pictures)


class Cleaner:
    """What takes the website out of a page and marks the rest for pandoc."""

    def __init__(self, reader: PageReader, docname: str, article: Tag):
        self.website, self.speak, self.terms = reader.website, reader.speak, reader.terms
        self.docname = docname
        self.article = article

    def clean(self) -> None:
        """Change the article."""
        for comment in self.article.find_all(string=lambda text: isinstance(text, Comment)):
            comment.extract()
        self.formulas()  # first: their inner elements are no longer in the way
        for element in self.article.select(WEBSITE_ONLY):
            element.decompose()
        self.code()
        self.tabs()
        self.admonitions()
        self.exercises()
        self.differences()
        self.images()
        self.headings()
        self.links()
        self.definitions()
        self.cells()
        for element in self.article.select(UNWRAPPED):
            element.unwrap()
        self.check()

    def error(self, problem: str, element: Tag) -> ExtensionError:
        """An error that names the page and the element."""
        shown = " ".join(str(element).split())
        return ExtensionError(
            f"{self.docname}: {problem} in the handout. The element: {shown[:300]}"
        )

    def new(self, name: str, **attributes) -> Tag:
        """A new element."""
        return BeautifulSoup("", "html.parser").new_tag(name, attrs=attributes)

    def formulas(self) -> None:
        """Formulas: their LaTeX, and their words beside it."""
        for element in self.article.select(".math"):
            source = element.find("annotation")
            if source is None:
                raise self.error("a formula without its LaTeX source cannot be set", element)
            formula = source.get_text().strip().replace(r"\!", "")
            display = element.name == "div"
            try:
                span = self.new("span", words=self.speak(formula))
            except ExtensionError as error:
                raise self.error(str(error), element) from error
            source = self.new("annotation", encoding="application/x-tex")  # pandoc reads this
            source.string = formula
            span.append(self.new("math", display="block" if display else "inline"))
            span.math.append(self.new("semantics"))
            span.semantics.append(source)
            if display:
                paragraph = self.new("p")
                paragraph.append(span)
                span = paragraph
            element.replace_with(span)

    def code(self) -> None:
        """Code and output, without the colours of the website."""
        for element in self.article.select("div[class*=highlight-]"):
            classes = element["class"]
            language = next(c for c in classes if c.startswith("highlight-"))[10:].lower()
            kind = "output" if "sphx-glr-script-out" in classes else "code"
            pre = self.new("pre")
            pre["class"] = [kind, {"none": "text", "default": "python"}.get(language, language)]
            pre.string = element.pre.get_text().strip("\n")
            element.replace_with(pre)
        for code in self.article.select("code"):
            code.attrs = {}

    def tabs(self) -> None:
        """Tabs: one below the other, those after the first with their label."""
        for tabs in self.article.select("div.sd-tab-set"):
            for place, content in enumerate(tabs.select(":scope > .sd-tab-content")):
                label = content.find_previous_sibling("label").get_text().strip()
                content["class"] = []
                if place:
                    if label != "R":
                        raise self.error(f"a tab {label!r} has no place", tabs)
                    content["class"] = ["in-r"]
            for label in tabs.select(":scope > label"):
                label.decompose()
            for content in tabs.select(":scope > div"):
                if not content["class"]:
                    content.unwrap()
            tabs.unwrap()

    def admonitions(self) -> None:
        """Notes and warnings, with their titles."""
        for element in self.article.select("div.admonition"):
            title = element.select_one(".admonition-title").extract()
            element.attrs = {"class": ["admonition"], "heading": title.get_text().strip()}

    def exercises(self) -> None:
        """Solutions, each with room to write one's own; room below each thing to try."""
        for element in self.article.select("details.solution"):
            element.summary.decompose()
            element.name, element.attrs = "div", {"class": ["solution"]}
            element.insert_before(self.new("div", **{"class": "room", "lines": LINES_TO_ANSWER}))
        for item in self.article.select("section#try-it > ol > li"):
            asked = self.new("div", **{"class": "asked"})
            asked.extend(list(item.contents))
            asked.append(self.new("div", **{"class": "room", "lines": LINES_TO_TRY}))
            item.append(asked)

    def differences(self) -> None:
        """The differences from the lecture's script, folded on the website: a section again."""
        for element in self.article.select("details.differences"):
            heading = self.new("h2")
            heading.string = element.summary.get_text().strip()
            element.summary.replace_with(heading)
            element.name, element.attrs = "section", {"id": "differences"}

    def images(self) -> None:
        """Figures, at their high resolution."""
        for image in self.article.select("img"):
            words = image.get("alt", "").strip()
            if not words or words == image["src"]:
                raise self.error("a figure needs alternative text", image)
            page = self.website / f"{self.docname}.html"
            with Image.open((page.parent / image["src"]).resolve()) as picture:
                points = round(picture.width * POINTS_PER_PIXEL)
            name = Path(detailed(image)).name
            image.attrs = {"src": name, "words": words, "points": str(points)}
            if image.parent.name in {"section", "article", "div"}:
                image.wrap(self.new("p"))

    def headings(self) -> None:
        """Headings carry the names of their sections."""
        for heading in self.article.find_all(re.compile("^h[1-6]$")):
            section = heading.find_parent("section")
            anchor = section.get("id", "") if section and heading.name != "h1" else ""
            heading.attrs = {"id": label_of(self.docname, anchor)}

    def links(self) -> None:
        """Links: to other sites as they are, to pages by the names that the PDFs know."""
        folder = posixpath.dirname(self.docname)
        for link in self.article.select("a[href]"):
            address = link["href"]
            if re.match(r"[a-z]+:", address):
                link.attrs = {"href": address}
                continue
            page, _, anchor = address.partition("#")
            target = (
                posixpath.normpath(posixpath.join(folder, page)).removesuffix(".html")
                if page
                else self.docname
            )
            link.attrs = {"href": "#" + label_of(target, anchor)}
            if target == "glossary" and anchor in self.terms:
                link["data-term"] = self.terms[anchor]

    def definitions(self) -> None:
        """The terms of a glossary, one definition each; several terms may share one."""
        for listing in self.article.select("dl"):
            if "glossary" not in listing.get("class", []):
                raise self.error("this list has no place", listing)
            for term in listing.select("dt"):
                span = self.new("span", anchor=label_of(self.docname, term["id"]))
                span.extend(list(term.contents))
                term.attrs = {}
                term.append(span)

    def cells(self) -> None:
        """Cells of tables hold a line of text, not a paragraph."""
        for cell in self.article.select("th, td"):
            paragraphs = cell.find_all("p", recursive=False)
            if len(paragraphs) == 1:
                paragraphs[0].unwrap()

    def check(self) -> None:
        """Look for what would be lost or shown raw."""
        for element in self.article.find_all(True):
            kind = (element.get("class") or [None])[0] if element.name == "div" else None
            if element.name not in KNOWN or kind not in MARKS:
                raise self.error(f"<{element.name}> has no place", element)
