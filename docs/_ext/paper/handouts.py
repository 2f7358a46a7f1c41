"""The handouts: after the website is built, each lesson on paper, and all of them in a booklet.

``handouts/NAME.pdf`` is the student's edition of a lesson, with its exercises and room to answer,
``handouts/NAME-solutions.pdf`` the same with the solutions, ``handouts/course.pdf`` the booklet;
``handouts/slides.pdf`` is the page ``deck`` as slides, ``handouts/slides-notes.pdf`` its notes.
They are made from the trees of the pages, so they say what the website says. Typst sets them, and
refuses what is not accessible (the standard PDF/UA-1): a figure or a formula without words, for
instance.

What is made is kept beside the doctrees with a checksum of all that went into it. A PDF is made
again only if that has changed.
"""

import json
import os
import platform
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path

import matplotlib
import typst
from docutils import nodes
from files import digest, recall, remember, write_if_changed, write_whole
from lecture import LESSONS
from paper.deck_pages import DECK, Notes, Slides, titles
from paper.page_to_typst import Page, TypstWriter, label_of
from reference.glossary_links import GLOSSARY, find_terms
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.display import status_iterator
from spoken_math import Speaker

logger = logging.getLogger(__name__)

TEMPLATES = Path(__file__).parent / "typst"
PAPERS = ("a4", "us-letter")
STANDARD = "ua-1"
EDITIONS = {"student": "", "solutions": "-solutions"}
BOOKLET = "course"
SLIDES, SLIDE_PARTS = "slides.typ", "slide-parts.typ"
# What ends the booklet, of the pages that are there.
APPENDICES = ("choosing", "notation", "operations", "glossary")
SOFTWARE = ("numpy", "pandas", "keras", "tensorflow")


class Workshop:
    """The folder in which the PDFs are made, and what is remembered there.

    Args:
        folder: where it is; made if need be.
        website: the folder of the built website.
        source: the folder of its sources, where the pictures lie.
        tree: a function that gives the tree of a page, with its links resolved.
        settings: what the templates ask for in every PDF.
        made_from: a checksum of the extensions and of the software (``stale.py``).
    """

    def __init__(
        self,
        folder: Path,
        website: Path,
        source: Path,
        tree: Callable[[str], nodes.document],
        settings: dict[str, str],
        made_from: str = "",
    ):
        self.folder, self.source, self.tree, self.settings = folder, source, tree, settings
        undated = {name: text for name, text in settings.items() if name != "built"}
        self.made_from = digest(made_from, json.dumps(undated))
        self.output = website / "handouts"
        for place in (folder, folder / "bodies", folder / "pictures", self.output):
            place.mkdir(parents=True, exist_ok=True)
        for template in TEMPLATES.iterdir():
            write_if_changed(folder / template.name, template.read_bytes())
        self.fonts = [str(Path(matplotlib.get_data_path(), "fonts", "ttf"))]  # DejaVu
        self.speak = Speaker(folder / "speech.json")
        terms = find_terms(tree(GLOSSARY))
        self.terms = {anchor: term for term, (anchor, _) in terms.items()}

    def page(self, docname: str, writer=TypstWriter, parts: str = "course.typ") -> Page:
        """A page, its body and its pictures in the workshop.

        Args:
            docname: the page's name on the website.
            writer: what writes it, or the part of it that is wanted.
            parts: the template with the functions that the body calls.
        """
        tree = self.tree(docname)
        page = writer(docname, self.source, self.speak, self.terms).page(tree)
        for path in page.pictures:
            write_if_changed(self.folder / "pictures" / path.name, path.read_bytes())
        name = label_of(docname) if writer is TypstWriter else writer.__name__.lower()
        body = f'#import "/{parts}": *\n{page.typst}'
        write_if_changed(self.folder / "bodies" / f"{name}.typ", body.encode())
        return page

    def typst(self, function, template: str, *arguments, **settings):
        """Call a function of Typst's for a template."""
        return function(
            self.folder / template,
            *arguments,
            root=self.folder,
            font_paths=self.fonts,
            ignore_system_fonts=True,
            sys_inputs=self.settings | settings.pop("sys_inputs"),
            **settings,
        )

    def query(self, template: str, selector: str, **settings: str) -> list:
        """The values of marks in a document."""
        return json.loads(
            self.typst(typst.query, template, selector, field="value", sys_inputs=settings)
        )

    def draw(self, template: str, folder: str, **settings: str) -> None:
        """Write each page of a document as a picture: 1.svg, 2.svg ..."""
        pages = self.typst(typst.compile, template, format="svg", sys_inputs=settings)
        shutil.rmtree(self.folder / folder, ignore_errors=True)
        (self.folder / folder).mkdir()
        for number, picture in enumerate(pages, start=1):
            (self.folder / folder / f"{number}.svg").write_bytes(picture)

    def make(self, name: str, template: str, pages: list[Page], **settings: str) -> bool:
        """Make ``handouts/NAME.pdf``, unless it is there and nothing has changed.

        Returns:
            Whether it was made.

        Raises:
            ExtensionError: if Typst refuses it; it names the PDF, its pages and the reason.
        """
        key = digest(
            self.made_from,
            template,
            json.dumps(settings),
            *(part for page in pages for part in (page.typst, *page.pictures)),
        )
        stamp = self.folder / f"{name}.sha256"
        result = self.output / f"{name}.pdf"
        if result.exists() and stamp.exists() and stamp.read_bytes() == key.encode():
            return False
        stamp.unlink(missing_ok=True)
        try:
            content, warnings = self.typst(
                typst.compile_with_warnings,
                template,
                sys_inputs=settings,
                pdf_standards=STANDARD,
                timestamp=int(build_time().timestamp()),
            )
        except typst.TypstError as error:
            reason = "\n".join([str(error), *map(str, getattr(error, "hints", []))])
            sources = ", ".join(page.docname for page in pages)
            raise ExtensionError(
                f"handouts/{name}.pdf, from {sources}: Typst cannot set it.\n{reason}"
            ) from error
        if warnings:
            problems = "\n".join(getattr(warning, "message", str(warning)) for warning in warnings)
            raise ExtensionError(f"handouts/{name}.pdf: Typst warns.\n{problems}")
        write_whole(result, content)
        write_whole(stamp, key.encode())
        return True


def make_slides(workshop: Workshop, title: str) -> list[bool]:
    """Make the slides, then their notes, which show them small.

    Returns:
        For each of the two, whether it was made.
    """
    slides = workshop.page(DECK, Slides, SLIDE_PARTS)
    notes = workshop.page(DECK, Notes, SLIDE_PARTS)
    settings = {"edition": "slides", "title": title}
    made = [workshop.make("slides", SLIDES, [slides], **settings)]
    key = digest(workshop.made_from, slides.typst, *slides.pictures, title)
    memory = workshop.folder / "drawn.json"
    shown = recall(memory, key)
    if shown is None:
        memory.unlink(missing_ok=True)
        workshop.draw(SLIDES, "slides", **settings)
        starts = workshop.query(SLIDES, "<slide>", **settings)
        (last,) = workshop.query(SLIDES, "<last>", **settings)
        ends = [*starts[1:], last + 1]
        shown = [
            {"title": name, "pages": list(range(start, end))}
            for name, start, end in zip(titles(workshop.tree(DECK)), starts, ends, strict=True)
        ]
        remember(memory, key, shown)
    write_if_changed(workshop.folder / "slides.json", json.dumps(shown).encode())
    pages = [notes, slides]  # the small pictures are those of the slides
    made.append(workshop.make("slides-notes", "notes.typ", pages, title=title))
    return made


def build_time() -> datetime:
    """When this build is: now, or what the environment variable ``SOURCE_DATE_EPOCH`` says."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.now(UTC) if epoch is None else datetime.fromtimestamp(int(epoch), UTC)


def make_handouts(app, exception):
    """Make all PDFs, once the pages are written."""
    if exception is not None or app.builder.name != "html":
        return
    paper = app.config.handouts_paper
    if paper not in PAPERS:
        raise ExtensionError(
            f"handouts_paper: expected one of {', '.join(PAPERS)}. Received: {paper!r}. "
            "Set it in docs/conf.py, or with -D handouts_paper=... on the command line."
        )
    now = build_time()
    settings = {
        "paper": paper,
        "course": app.config.project,
        "version": app.config.version,
        "built": f"{now.day} {now:%B %Y}",
    }
    folder = Path(app.doctreedir) / "handouts"
    workshop = Workshop(
        folder,
        Path(app.outdir),
        Path(app.srcdir),
        lambda docname: app.env.get_and_resolve_doctree(docname, app.builder),
        settings,
        app.config.made_from,
    )
    names = [Path(lesson).stem for lesson in LESSONS]
    chapters = {
        name: [
            workshop.page(f"lessons/{name}"),
            workshop.page(f"lessons/exercises/{name}_exercises"),
        ]
        for name in status_iterator(names, "reading pages for handouts... ", "", len(names))
    }
    appendices = [docname for docname in APPENDICES if docname in app.env.found_docs]
    last = [workshop.page(docname) for docname in appendices]
    made = make_slides(workshop, app.config.project)
    workshop.speak.save()

    jobs = {
        BOOKLET: (
            "booklet.typ",
            [page for pages in chapters.values() for page in pages] + last,
            {
                "edition": "booklet",
                "chapters": " ".join(names),
                "appendices": " ".join(appendices),
                "software": ", ".join(
                    [f"Python {platform.python_version()}"]
                    + [f"{package} {installed_version(package)}" for package in SOFTWARE]
                ),
            },
        )
    }
    for number, (name, pages) in enumerate(chapters.items(), start=1):
        for edition, suffix in EDITIONS.items():
            jobs[name + suffix] = (
                "handout.typ",
                pages,
                {
                    "edition": edition,
                    "title": pages[0].title,
                    "number": str(number),
                    "lessons": str(len(names)),
                    "lesson": f"bodies/{label_of(pages[0].docname)}.typ",
                    "exercises": f"bodies/{label_of(pages[1].docname)}.typ",
                },
            )
    with ThreadPoolExecutor(2) as pool:  # Typst works outside Python's lock
        results = {
            name: pool.submit(workshop.make, name, template, pages, **own)
            for name, (template, pages, own) in jobs.items()
        }
        # The booklet takes longest, so it starts first. But where a lesson cannot be set, it is
        # the lesson that is to be named.
        order = [name for name in results if name != BOOKLET] + [BOOKLET]
        for name in status_iterator(order, "setting handouts... ", "", len(order)):
            made.append(results[name].result())
    for path in workshop.output.iterdir():  # of lessons that are no longer there
        if path.stem not in {*jobs, "slides", "slides-notes"}:
            path.unlink()
    logger.info("Handouts made anew: %s", sum(made))


def setup(app):
    """Register with Sphinx."""
    app.add_config_value("handouts_paper", "a4", "", str)
    app.connect("build-finished", make_handouts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
