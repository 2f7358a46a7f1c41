"""Slides whose code, output and figures are those of the lessons.

A page takes them from the lessons' pages, as the gallery has written them::

    .. lesson-code:: iris_nopackages
       :from: def forward

    .. lesson-output:: iris_nopackages
       :after: r_print(loss)

    .. lesson-figure:: iris_nopackages
       :title: The training loss falls

    .. speaker-notes::

       What the lecturer says.

What is not found, or found more than once, is an error: nothing on a slide is a guess.
"""

import ast
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

CODE = re.compile(
    r"^\.\. code-block:: (?P<language>Python|r)\n\n(?P<text>(?:[ \t]+\S.*\n|[ \t]*\n)+)",
    flags=re.M,
)
OUTPUT = re.compile(
    r"^\.\. rst-class:: sphx-glr-script-out\n\n \.\. code-block:: none\n\n"
    r"(?P<text>(?:    .*\n|[ \t]*\n)+)",
    flags=re.M,
)
FIGURE = re.compile(r"^\.\. image-sg:: \S+\n   :alt: (?P<title>.*)\n(?:   :.*\n)*", flags=re.M)


@dataclass
class Block:
    """A piece of code of a lesson, and what it printed."""

    language: str  # "python" or "r"
    lines: list[str]
    output: list[str]


@dataclass
class Figure:
    """A figure of a lesson: its title, and the lines that put it onto a page."""

    title: str
    markup: str


def bare_lines(text: str) -> list[str]:
    """The lines of an indented piece of text, without the indentation and empty lines around."""
    return textwrap.dedent(text).strip("\n").rstrip().split("\n")


def blocks_of(page: str) -> list[Block]:
    """The pieces of code on the page of a lesson, in their order.

    Args:
        page: the text of the page, as the gallery writes it.
    """
    found = list(CODE.finditer(page))
    ends = [match.start() for match in found[1:]] + [len(page)]
    blocks = []
    for match, end in zip(found, ends, strict=True):
        printed = OUTPUT.search(page, match.end(), end)
        blocks.append(
            Block(
                match["language"].lower(),
                bare_lines(match["text"]),
                bare_lines(printed["text"]) if printed else [],
            )
        )
    return blocks


def figures_of(page: str) -> list[Figure]:
    """The figures on the page of a lesson, in their order."""
    return [Figure(match["title"], match.group()) for match in FIGURE.finditer(page)]


def find_line(blocks: list[Block], text: str, nth: int | None = None) -> tuple[Block, int]:
    """The block and the number of the line that starts with a text, indentation aside.

    Args:
        blocks: to search, in this order.
        text: what the line starts with.
        nth: which of several, from 1; without it there must be one.

    Raises:
        ValueError: if there is none, or there are several and ``nth`` does not choose one.
    """
    found = [
        (block, number)
        for block in blocks
        for number, line in enumerate(block.lines)
        if line.strip().startswith(text)
    ]
    if not found:
        raise ValueError(
            f"expected a line of its code that starts with {text!r}, found none. "
            "Copy the start of the line from the script."
        )
    if nth is None and len(found) > 1:
        raise ValueError(
            f"expected one line of its code that starts with {text!r}, found {len(found)}. "
            "Copy more of the line, or say which one with ':nth:', counted from 1."
        )
    if nth is not None and nth > len(found):
        raise ValueError(
            f"expected at least {nth} lines of its code that start with {text!r}, found "
            f"{len(found)}. Correct ':nth:'."
        )
    return found[(nth or 1) - 1]


def last_line(block: Block, first: int, to: str | None) -> int:
    """The number of the last line of a piece of code.

    With ``to`` it is the first line, from ``first`` on, that starts with it. Without, it is the
    last line of the Python statement that begins at ``first``, however long; in R, the last one of
    the block.

    Raises:
        ValueError: if no line of the block, from ``first`` on, starts with ``to``.
    """
    if to is not None:
        for number in range(first, len(block.lines)):
            if block.lines[number].strip().startswith(to):
                return number
        raise ValueError(
            f"expected a line that starts with {to!r} after {block.lines[first].strip()!r} and in "
            "the same piece of code, found none. Copy the start of the line from the script."
        )
    if block.language == "r":
        return len(block.lines) - 1
    ends = [
        node.end_lineno - 1
        for node in ast.walk(ast.parse("\n".join(block.lines)))
        if isinstance(node, ast.stmt) and node.lineno == first + 1
    ]
    return max(ends, default=first)


def piece_of_code(
    page: str, start: str, to: str | None = None, nth: int | None = None, language: str = "python"
) -> list[str]:
    """Lines of a lesson's code.

    Args:
        page: the text of the lesson's page.
        start: what the first line starts with.
        to: what the last line starts with; without it, see :func:`last_line`.
        nth: which of several first lines, from 1.
        language: ``"python"`` or ``"r"``.

    Raises:
        ValueError: if a line is not found, or is one of several.
    """
    blocks = [block for block in blocks_of(page) if block.language == language]
    block, first = find_line(blocks, start, nth)
    return bare_lines("\n".join(block.lines[first : last_line(block, first, to) + 1]))


def piece_of_output(
    page: str, after: str, numbers: str | None = None, start: str | None = None
) -> list[str]:
    """Lines that a lesson has printed.

    Args:
        page: the text of the lesson's page.
        after: what a line starts with, in the piece of code that printed them.
        numbers: ``"2"`` or ``"1-5"``, which lines, counted from 1; without it all.
        start: or, what the one line that is wanted starts with.

    Raises:
        ValueError: if there is no such code, no output, or no such lines.
    """
    block, _ = find_line([b for b in blocks_of(page) if b.language == "python"], after)
    lines = block.output
    if not lines:
        raise ValueError(
            f"expected an output of the piece of code with {after!r}, but it printed nothing. "
            "Name a line of a piece that prints."
        )
    if start is not None:
        found = [line for line in lines if line.strip().startswith(start)]
        if len(found) != 1:
            raise ValueError(
                f"expected one line of its output after {after!r} that starts with {start!r}, "
                f"found {len(found)}. Copy more of the line, or use ':lines:'."
            )
        return [found[0].strip()]
    if numbers is None:
        return lines
    wanted = re.fullmatch(r"(\d+)(?:-(\d+))?", numbers)
    first = int(wanted[1]) if wanted else 0
    last = int(wanted[2] or first) if wanted else 0
    if not 1 <= first <= last <= len(lines):
        raise ValueError(
            f"expected ':lines:' such as 2 or 1-5, within the {len(lines)} lines of its output "
            f"after {after!r}. Received: {numbers}. Correct it."
        )
    return lines[first - 1 : last]


def figure_of(page: str, title: str | None = None, number: int | None = None) -> Figure:
    """A figure of a lesson.

    Args:
        page: the text of the lesson's page.
        title: what its title starts with.
        number: or its number, from 1.

    Raises:
        ValueError: if there is none, or there are several, or not one of the two is given.
    """
    figures = figures_of(page)
    known = "; ".join(figure.title for figure in figures) or "none"
    if (title is None) == (number is None):
        raise ValueError("expected either ':title:' or ':number:'. Give one of the two.")
    if number is not None:
        found = figures[number - 1 : number]
    else:
        found = [figure for figure in figures if figure.title.startswith(title)]
    if len(found) != 1:
        wanted = f"number {number}" if title is None else f"whose title starts with {title!r}"
        raise ValueError(
            f"expected one figure {wanted}, found {len(found)}. Its figures are: {known}. "
            "Correct the title or the number."
        )
    return found[0]


class FromLesson(SphinxDirective):
    """What the directives share: they read the page of a lesson, and say what is wrong."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return what stands on the slide."""
        (name,) = self.arguments
        folder = Path(self.env.srcdir, self.config.lessons_folder)
        path = folder / f"{name}.rst"
        if not path.is_file():
            known = ", ".join(sorted(p.stem for p in folder.glob("*.rst") if p.stem != "index"))
            raise self.error(
                f"{self.name}: expected the name of a lesson ({known}). Received: {name}. "
                "Correct it."
            )
        self.env.note_dependency(str(path))
        try:
            return self.take(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise self.error(f"{self.name}, lesson {name}: {error}") from error

    def take(self, page: str) -> list[nodes.Node]:
        """Take from the page of the lesson what is asked for."""
        raise NotImplementedError

    def literal(self, lines: list[str], language: str, classes: list[str]) -> list[nodes.Node]:
        """A block of code or of output."""
        text = "\n".join(lines)
        block = nodes.literal_block(text, text, language=language, classes=classes)
        self.set_source_info(block)
        return [block]


class LessonCode(FromLesson):
    """A piece of a lesson's code: from one line to another, or a whole statement."""

    option_spec: ClassVar = {
        "from": directives.unchanged_required,
        "to": directives.unchanged_required,
        "nth": directives.positive_int,
        "language": lambda value: directives.choice(value, ("python", "r")),
    }

    def take(self, page):
        """Return a block of code."""
        if "from" not in self.options:
            raise ValueError("expected ':from:', what the first line starts with. Add it.")
        language = self.options.get("language", "python")
        lines = piece_of_code(
            page, self.options["from"], self.options.get("to"), self.options.get("nth"), language
        )
        return self.literal(lines, language, [])


class LessonOutput(FromLesson):
    """What a piece of a lesson's code has printed, or some lines of it."""

    option_spec: ClassVar = {
        "after": directives.unchanged_required,
        "lines": directives.unchanged_required,
        "from": directives.unchanged_required,
    }

    def take(self, page):
        """Return a block that looks like the outputs of the lessons."""
        if "after" not in self.options:
            raise ValueError("expected ':after:', the start of a line that prints. Add it.")
        lines = piece_of_output(
            page, self.options["after"], self.options.get("lines"), self.options.get("from")
        )
        return self.literal(lines, "none", ["sphx-glr-script-out"])


class LessonFigure(FromLesson):
    """A figure of a lesson, with its description and in both its sizes."""

    option_spec: ClassVar = {
        "title": directives.unchanged_required,
        "number": directives.positive_int,
    }

    def take(self, page):
        """Return the figure as it stands in the lesson."""
        figure = figure_of(page, self.options.get("title"), self.options.get("number"))
        return self.parse_text_to_nodes(figure.markup)


class SpeakerNotes(SphinxDirective):
    """What the lecturer says to a slide."""

    has_content = True

    def run(self):
        """Return a container of class ``speaker-notes`` that begins with the word *Notes*."""
        self.assert_has_content()
        notes = nodes.container(classes=["speaker-notes"])
        self.set_source_info(notes)
        notes += nodes.rubric("Notes", "Notes")
        notes += self.parse_content_to_nodes()
        return [notes]


def setup(app):
    """Register with Sphinx."""
    app.add_config_value("lessons_folder", "lessons", "env", str)
    app.add_directive("lesson-code", LessonCode)
    app.add_directive("lesson-output", LessonOutput)
    app.add_directive("lesson-figure", LessonFigure)
    app.add_directive("speaker-notes", SpeakerNotes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
