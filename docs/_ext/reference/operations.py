"""The directive ``operations``: each operation of the course as a formula, in NumPy, Keras and R.

Its argument is a group of ``operations.toml``. The tests run the NumPy lines against the Keras
lines and against R.
"""

import tomllib
from dataclasses import astuple, dataclass
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

INSIDE_FIT = "inside ``fit``"
NONE = "none"
WORDS = (INSIDE_FIT, NONE)  # what a cell may say instead of a line of code


@dataclass(frozen=True)
class Operation:
    """A row of the table.

    Attributes:
        name: what the operation is called.
        lesson: where it is taught, a file in ``scripts`` without its ending.
        formula: in LaTeX.
        numpy: lines of Python with NumPy.
        keras: a line of Python with Keras, or one of ``WORDS``.
        r: lines of base R, or one of ``WORDS``.
    """

    name: str
    lesson: str
    formula: str
    numpy: str
    keras: str
    r: str


TABLE = Path(__file__).with_name("operations.toml").read_text(encoding="utf-8")
OPERATIONS = {
    group: [Operation(**row) for row in rows] for group, rows in tomllib.loads(TABLE).items()
}
HEADINGS = ["Operation", "In", "Line"]
WIDTHS = [38, 10, 52]
LANGUAGES = [("NumPy", "python"), ("Keras", "python"), ("R", "r")]


class Operations(SphinxDirective):
    """Writes the table of one group."""

    required_arguments = 1

    def run(self):
        """Return the table."""
        (group,) = self.arguments
        if group not in OPERATIONS:
            raise self.error(f"operations: expected {', '.join(OPERATIONS)}. Received: {group}.")
        body = nodes.tbody()
        for operation in OPERATIONS[group]:
            name, lesson, formula, *lines = astuple(operation)
            for (language, lexer), line in zip(LANGUAGES, lines, strict=True):
                row = nodes.row()
                if language == "NumPy":
                    title = f":doc:`{name} <lessons/{lesson}>`\n\n.. math:: {formula}"
                    row += nodes.entry("", *self.parse_text_to_nodes(title), morerows=2)
                row += nodes.entry("", nodes.paragraph("", language))
                if line in WORDS:
                    row += nodes.entry("", *self.parse_text_to_nodes(line))
                else:
                    row += nodes.entry("", nodes.literal_block(line, line, language=lexer))
                body += row
        head_row = nodes.row()
        head_row += [nodes.entry("", nodes.paragraph("", text)) for text in HEADINGS]
        table = nodes.tgroup("", cols=len(HEADINGS))
        table += [nodes.colspec(colwidth=width) for width in WIDTHS]
        table += [nodes.thead("", head_row), body]
        return [nodes.table("", table, classes=["operations", "colwidths-given"])]


def setup(app):
    """Register with Sphinx."""
    app.add_directive("operations", Operations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
