"""Exercises: solutions folded on the page, left out of the student's version.

A file ``scripts/exercises/LESSON_exercises.py`` holds the exercises of a lesson. Each solution
stands between two comments that the page does not show::

    # %%
    # .. solution

    code

    # %%
    # What came out, in words.
    #
    # .. end of solution

(The names differ from those of the lessons because the gallery keeps the figures of all scripts
in one folder, under the names of the scripts.)
"""

import re
from pathlib import Path

from docutils import nodes
from files import write_if_changed
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx_design.shared import create_component

SUFFIX, STUDENT = "_exercises", "_student"  # of the scripts' names
BEGIN, END = "solution", "end of solution"
SOLUTION = re.compile(rf"^# %%\n# \.\. {BEGIN}\n.*?^# \.\. {END}\n", flags=re.M | re.S)
HEADING = "# Exercise "
CODE_HERE, ANSWER_HERE = "# Your code here\n", "\n# %%\n# *Your answer here*\n"


def student_version(source: str) -> str:
    """The exercises without their solutions, with a place for code in the place of each.

    An exercise that asks a question has a place for words too, in the notebook a cell of Markdown.

    Args:
        source: the text of a file of exercises.

    Raises:
        ValueError: if there is no solution, or one of the two comments around it is missing.
    """

    def place(solution: re.Match) -> str:
        exercise = source[: solution.start()].rpartition(HEADING)[2]
        return CODE_HERE + ANSWER_HERE if "?" in exercise else CODE_HERE

    found, count = SOLUTION.subn(place, source)
    if not count or f"# .. {BEGIN}\n" in found or f"# .. {END}\n" in found:
        raise ValueError(
            f"Expected solutions, each from the lines '# %%', '# .. {BEGIN}' to a line "
            f"'# .. {END}'. Found {count} of them and a comment that stands alone, or none. "
            "CONTRIBUTING.md shows how to write an exercise."
        )
    return found


class FoldSolutions(SphinxTransform):
    """Put each solution, with its output, figures and answer, into a closed dropdown."""

    default_priority = 690

    def apply(self):
        """Change the document."""
        for begin in [c for c in self.document.findall(nodes.comment) if c.astext() == BEGIN]:
            parent = begin.parent
            first = parent.index(begin)
            last = next(
                (
                    place
                    for place, node in enumerate(parent.children)
                    if place > first and isinstance(node, nodes.comment) and node.astext() == END
                ),
                None,
            )
            if last is None:
                raise ExtensionError(
                    f"{self.document.get('source')}: expected a comment '.. {END}' after "
                    f"'.. {BEGIN}', in the same section. Found none."
                )
            folded = parent.children[first + 1 : last]
            del parent[first : last + 1]
            parent.insert(first, dropdown("Solution", folded, "solution"))


def dropdown(title: str, children: list[nodes.Node], kind: str) -> nodes.container:
    """A closed dropdown, in HTML a ``<details>`` of the class ``kind``."""
    return create_component(
        "dropdown",
        opened=False,
        type="dropdown",
        has_title=True,
        icon=None,
        chevron=None,
        container_classes=["sd-mb-3", kind],
        title_classes=[],
        body_classes=[],
        children=[nodes.rubric(title, title), *children],
    )


def write_student_versions(app):
    """Write the student's version of each file of exercises; ``notebooks`` makes its notebook."""
    settings = app.config.sphinx_gallery_conf
    for script in Path(app.srcdir, settings["gallery_dirs"]).rglob(f"*{SUFFIX}.py"):
        text = student_version(script.read_text(encoding="utf-8")).encode()
        student = script.with_name(script.name.replace(f"{SUFFIX}.py", f"{STUDENT}.py"))
        write_if_changed(student, text)


def setup(app):
    """Register with Sphinx."""
    app.setup_extension("sphinx_design")
    app.add_transform(FoldSolutions)
    app.connect("builder-inited", write_student_versions, priority=900)  # after the gallery
    return {"parallel_read_safe": True, "parallel_write_safe": True}
