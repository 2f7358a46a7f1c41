"""What there is to take away: links on the lessons' pages, a table of all, and two ZIPs.

The PDFs are made after the pages are written (``handouts.py``), so the links to them are plain.
Notebooks, scripts and R files are there before, and are downloads as Sphinx knows them.
"""

import re
from pathlib import Path

from files import write_if_changed, write_whole, zipped
from gallery import wheel
from gallery.exercises import STUDENT, SUFFIX
from gallery.lesson_table import list_table
from lecture import LESSONS
from paper.handouts import EDITIONS
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

PAGE = "downloads"
ARCHIVE = "website.zip"
FOR_GITHUB = ".nojekyll"  # without it GitHub Pages leaves out folders such as _static
FOLDER = "simple-to-deep"  # all that is in the ZIP lies in it
NOTEBOOKS = "notebooks"  # a ZIP of this name, and the folder in it

LINK_TO_ARCHIVE = re.compile(rf'<a [^>]*href="{re.escape(ARCHIVE)}"[^>]*>(.*?)</a>')
IN_THE_COPY = r"\1 (this copy of the website came out of it)"
README = """\
{title}
{line}

Open index.html in a web browser: it is the website of the course. No network is
needed. The page "Downloads" lists the handouts, slides, notebooks and scripts.

To pass the course on, copy this whole folder.
"""


# Links ------------------------------------------------------------------------------------------

# What the gallery writes: in a note at the top, and before its links at the end.
NOTE = "to download the full example code."
FOOTER = "  .. container:: sphx-glr-footer sphx-glr-footer-example\n\n"


def write_footer(app, docname, source):
    """At the end of a lesson or of its exercises, offer all their files; say so at the top."""
    folder, _, name = docname.rpartition("/")
    lesson = name.removesuffix(SUFFIX)
    if f"{lesson}.py" not in LESSONS or not folder.startswith("lessons"):
        return
    to_handouts = "../" * docname.count("/") + "handouts/"
    handout, solutions = (f"{lesson}{suffix}.pdf" for suffix in EDITIONS.values())
    links = [
        f"`{says}: {file} <{to_handouts}{file}>`__"
        for says, file in [
            ("Handout (PDF)", handout),
            ("Handout with solutions (PDF)", solutions),
            ("Slides of the whole course (PDF)", "slides.pdf"),
        ]
    ]
    footer = ""
    if name == lesson:
        files = {
            "Jupyter notebook": f"{name}.ipynb",
            "Python script": f"{name}.py",
            "Notebook and script (ZIP)": f"{name}.zip",
        }
        offer = "the handout, the slides, the notebook or the script"
        if has_r_file(app.srcdir, name):
            files["R lines of this page"] = f"{name}.R"
            offer = "the handout, the slides, the notebook, the script or the R lines"
        # On paper the exercises follow, so only the website needs this line.
        more = f"More, with solutions: :doc:`exercises/{name}{SUFFIX}`."
        footer = f"  .. container:: website-only\n\n    {more}\n\n"
    else:
        files = {
            "Exercises as a notebook": f"{lesson}{STUDENT}.ipynb",
            "Exercises as a script": f"{lesson}{STUDENT}.py",
            "Exercises with solutions as a notebook": f"{name}.ipynb",
            "Exercises with solutions as a script": f"{name}.py",
        }
        offer = "the exercises as a notebook, a script or a handout"
    links += [f":download:`{says}: {file} <{file}>`" for says, file in files.items()]
    footer += FOOTER + "".join(
        f"    .. container:: sphx-glr-download\n\n      {link}\n\n" for link in links
    )
    for expected in (NOTE, FOOTER):
        if source[0].count(expected) != 1:
            raise ExtensionError(f"{docname}: expected one '{expected.strip()}' from the gallery.")
    page = source[0].partition(FOOTER)[0]
    source[0] = page.replace(NOTE, f"to download {offer}.") + footer


def has_r_file(source: str, name: str) -> bool:
    """Whether a lesson has R lines, and so a file of them (``r_files.py``)."""
    return Path(source, "lessons", f"{name}.R").exists()


class Downloads(SphinxDirective):
    """Writes a table of all lessons, with what each offers."""

    def run(self):
        """Return the table."""
        names = [Path(lesson).stem for lesson in LESSONS]
        with_r = {name for name in names if has_r_file(self.env.srcdir, name)}
        text = table_of_downloads(names, with_r)
        return self.parse_text_to_nodes(text, offset=self.content_offset)


def table_of_downloads(lessons: list[str], with_r: set[str]) -> str:
    """The table as reStructuredText, for a page in the top folder.

    Args:
        lessons: the names of the lessons, in the order of the rows.
        with_r: those that have R lines.
    """
    student, solutions = EDITIONS.values()
    rows = [
        [
            "Lesson",
            "Handout",
            "Notebook",
            "Script",
            "R lines",
            "Exercises, without solutions",
            "Exercises, with solutions",
        ]
    ]
    for name in lessons:
        exercises = f"/lessons/exercises/{name}"
        rows.append(
            [
                f":doc:`/lessons/{name}`",
                f"`PDF <handouts/{name}{student}.pdf>`__, "
                f"`with solutions <handouts/{name}{solutions}.pdf>`__",
                f":download:`notebook </lessons/{name}.ipynb>`",
                f":download:`script </lessons/{name}.py>`",
                f":download:`R file </lessons/{name}.R>`" if name in with_r else "",
                *(
                    f":download:`notebook <{file}.ipynb>`, :download:`script <{file}.py>`"
                    for file in (exercises + STUDENT, exercises + SUFFIX)
                ),
            ]
        )
    return list_table(rows, "stub-columns: 1", "class: downloads")


# The ZIPs ---------------------------------------------------------------------------------------


def zip_notebooks(source: Path, website: Path) -> bytes:
    """All notebooks, in one folder so that their links to one another work, and the wheel.

    Of the exercises it has the student's version; to that the links lead.

    Args:
        source: the folder of the website's sources, where the notebooks lie.
        website: the folder of the built website, where the wheel lies.
    """
    names = [Path(lesson).stem for lesson in LESSONS]
    files = [
        *(website / wheel.FOLDER).glob("*.whl"),
        *(source / "lessons" / f"{name}.ipynb" for name in names),
        *(source / "lessons" / "exercises" / f"{name}{STUDENT}.ipynb" for name in names),
    ]
    return zipped({f"{NOTEBOOKS}/{file.name}": file for file in files})


def zip_website(website: Path, title: str) -> bool:
    """Write ``website.zip`` into the folder of a built website, unless the same is there.

    The ZIP holds the website under one folder, and a ``README.txt`` that says which page to open.
    Hidden files stay out: they are Sphinx' own, but for the one that who publishes the folder that
    comes out of the ZIP needs. The page of downloads names the ZIP, and in the
    ZIP says so in place of the link. Two ZIPs of the same website are the same byte for byte.

    Args:
        website: the folder of the built website.
        title: of the course, for the ``README.txt``.

    Returns:
        Whether it was written.

    Raises:
        ExtensionError: if the page of downloads has no link to the ZIP, or several.
    """
    contents = {
        path.relative_to(website).as_posix(): path
        for path in website.rglob("*")
        if path.is_file() and not path.relative_to(website).parts[0].startswith(".")
        if path.suffix != ".part"  # left by a build that was cut off
    }
    if (website / FOR_GITHUB).exists():
        contents[FOR_GITHUB] = website / FOR_GITHUB
    contents.pop(ARCHIVE, None)
    page, links = LINK_TO_ARCHIVE.subn(
        IN_THE_COPY, (website / f"{PAGE}.html").read_text(encoding="utf-8")
    )
    if links != 1:
        raise ExtensionError(
            f"{PAGE}.html: expected one link to {ARCHIVE}, which the copy in the ZIP has not. "
            f"Found {links}. Correct docs/{PAGE}.rst."
        )
    contents[f"{PAGE}.html"] = page.encode()
    contents["README.txt"] = README.format(title=title, line="=" * len(title)).encode()
    archive = website / ARCHIVE
    content = zipped({f"{FOLDER}/{name}": contents[name] for name in sorted(contents)})
    if archive.exists() and archive.read_bytes() == content:
        return False
    write_whole(archive, content)
    return True


def make_archives(app, exception):
    """Pack the notebooks, then the website, once the wheel and the handouts are made."""
    if exception is not None or app.builder.name != "html":
        return
    notebooks = zip_notebooks(Path(app.srcdir), Path(app.outdir))
    write_if_changed(Path(app.outdir, f"{NOTEBOOKS}.zip"), notebooks)
    written = zip_website(Path(app.outdir), app.config.project)
    logger.info("%s: %s", ARCHIVE, "written anew" if written else "nothing has changed")


def setup(app):
    """Register with Sphinx."""
    app.add_directive("downloads", Downloads)
    app.connect("source-read", write_footer)
    app.connect("build-finished", make_archives, priority=900)  # after the wheel and the handouts
    return {"parallel_read_safe": True, "parallel_write_safe": True}
