"""The lessons in their parts: a table on the front page, and their places in the side bar.

The title, the question and the name of an R script are those of the lesson's own first lines.
"""

import ast
import re
from pathlib import Path

from gallery.exercises import SUFFIX
from lecture import BEYOND, LESSONS, PARTS, SCRIPTS
from sphinx.util.docutils import SphinxDirective

TOCTREES = ".. lesson-toctrees::"  # what a front page has that gives the lessons their places
OF_GALLERY = re.compile(r"^\.\. toctree::\n(?:[ \t]+\S.*\n|[ \t]*\n)*", flags=re.M)


class LessonTable(SphinxDirective):
    """Writes a table for each part."""

    def run(self):
        """Return the tables."""
        for lesson in LESSONS:
            self.env.note_dependency(str(SCRIPTS / lesson))
        return self.parse_text_to_nodes(self.text(), offset=self.content_offset)

    def text(self):
        """What the page then has."""
        return table_of_lessons()


class LessonToctrees(LessonTable):
    """Gives the lessons their places in the side bar, under the names of the parts."""

    def text(self):
        """What the page then has."""
        return toctrees_of_lessons()


def first_lines(script: Path) -> tuple[str, str, str]:
    """A lesson's title; what it asks, in bold; the R script that it names, or an empty text."""
    docstring = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    question = re.search(r"\*\*(.+?)\*\*", docstring, flags=re.S)
    r_file = re.search(r"``scripts/(\w+\.R)``", docstring)
    return (
        docstring.partition("\n")[0],
        " ".join(question[1].split()) if question else "",
        r_file[1] if r_file else "",
    )


def lessons_in_parts() -> dict[str, list[tuple[int, str]]]:
    """The lessons of each part, each with its number, from 1, and its name."""
    parts, part = {}, "The lessons"
    for number, lesson in enumerate(LESSONS, 1):
        part = PARTS.get(lesson, part)
        parts.setdefault(part, []).append((number, Path(lesson).stem))
    return parts


def table_of_lessons() -> str:
    """One table for each part as reStructuredText, for a page in the top folder."""
    text = ""
    for part, lessons in lessons_in_parts().items():
        rows = [("No.", "Lesson", "Question", "Follows")]
        for number, name in lessons:
            _, question, r_file = first_lines(SCRIPTS / f"{name}.py")
            follows = f"**the lecture's script** ``{r_file}``" if r_file else "the lecture's slides"
            follows = "beyond the lecture" if name in BEYOND else follows
            rows.append((str(number), f":doc:`/lessons/{name}`", question, follows))
        options = ("widths: 6 33 38 23", "width: 100%", "class: lessons")
        text += list_table(rows, *options, title=part) + "\n"
    return text


def toctrees_of_lessons() -> str:
    """The entries of the side bar: the lists of lessons and of exercises, and then each part."""
    groups = {"The course": ["/lessons/index", "/lessons/exercises/index"]}
    for part, lessons in lessons_in_parts().items():
        groups[part] = [
            f"{number}. {first_lines(SCRIPTS / f'{name}.py')[0]} </lessons/{name}>"
            for number, name in lessons
        ]
    return "\n".join(
        f".. toctree::\n   :hidden:\n   :caption: {caption}\n\n   " + "\n   ".join(entries) + "\n"
        for caption, entries in groups.items()
    )


def give_places(app, docname, source):
    """Put the exercises of a lesson under it, not under their list as the gallery does.

    The list of the lessons keeps them unless the front page gives them their places.
    """
    folder, name = Path(docname).parent, f"{Path(docname).name}{SUFFIX}"
    front_page = Path(app.srcdir, f"{app.config.root_doc}.rst")
    if docname == "lessons/exercises/index" or (
        docname == "lessons/index" and TOCTREES in front_page.read_text(encoding="utf-8")
    ):
        source[0] = OF_GALLERY.sub("", source[0])
    elif Path(app.srcdir, folder, "exercises", f"{name}.py").exists():
        toctree = f".. toctree::\n      :hidden:\n\n      exercises/{name}"
        source[0] += f"\n\n.. container:: website-only\n\n   {toctree}\n"


def list_table(rows: list, *options: str, title: str = "") -> str:
    """Rows of cells as a ``list-table`` whose first row is its head."""
    head = "".join(f"   :{option}\n" for option in ("header-rows: 1", *options))
    return f".. list-table:: {title}\n{head}\n" + "".join(
        "".join(f"   {'*' if place == 0 else ' '} - {cell}\n" for place, cell in enumerate(row))
        for row in rows
    )


def setup(app):
    """Register with Sphinx."""
    app.add_directive("lesson-table", LessonTable)
    app.add_directive("lesson-toctrees", LessonToctrees)
    app.connect("source-read", give_places)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
