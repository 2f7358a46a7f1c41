"""The table of the lessons: what each asks, and whether it follows the lecture or goes beyond it.

The question and the name of an R script are those of the lesson's own first lines.
"""

import ast
import re
from pathlib import Path

from lecture import BEYOND, LESSONS, SCRIPTS
from sphinx.util.docutils import SphinxDirective


class LessonTable(SphinxDirective):
    """Writes the table."""

    def run(self):
        """Return the table."""
        for lesson in LESSONS:
            self.env.note_dependency(str(SCRIPTS / lesson))
        return self.parse_text_to_nodes(table_of_lessons(), offset=self.content_offset)


def question_and_r_file(script: Path) -> tuple[str, str]:
    """What a lesson asks, in bold, and the R script that it names, or an empty text."""
    docstring = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    question = re.search(r"\*\*(.+?)\*\*", docstring, flags=re.S)
    r_file = re.search(r"``scripts/(\w+\.R)``", docstring)
    return " ".join(question[1].split()) if question else "", r_file[1] if r_file else ""


def table_of_lessons() -> str:
    """The table as reStructuredText, for a page in the top folder."""
    rows = [("Lesson", "Question", "Follows")]
    for lesson in LESSONS:
        question, r_file = question_and_r_file(SCRIPTS / lesson)
        follows = f"``{r_file}``" if r_file else "the slides"
        name = Path(lesson).stem
        rows.append((f":doc:`/lessons/{name}`", question, "" if name in BEYOND else follows))
    return list_table(rows, "widths: 30 45 25")


def list_table(rows: list, *options: str) -> str:
    """Rows of cells as a ``list-table`` whose first row is its head."""
    head = "".join(f"   :{option}\n" for option in ("header-rows: 1", *options))
    return f".. list-table::\n{head}\n" + "".join(
        "".join(f"   {'*' if place == 0 else ' '} - {cell}\n" for place, cell in enumerate(row))
        for row in rows
    )


def setup(app):
    """Register with Sphinx."""
    app.add_directive("lesson-table", LessonTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
