"""The R lines of a lesson as one file that runs from an empty session: ``NAME.R``.

It is made from the script, beside the notebook: each ``code-block:: r`` in the order of the page,
under the heading that it stands under. A lesson without R lines has no file.
"""

import re
from pathlib import Path

from files import write_if_changed
from lecture import LESSONS
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

HEADING_OR_R_LINES = re.compile(
    r"^(?P<heading>\S.*)\n([=\-~^])\2{2,}$"
    r"|^\.\. code-block:: r\n\s*\n(?P<lines>(?:   .*\n|[^\S\n]*\n)+)",
    flags=re.M,
)
PACKAGE = re.compile(r"library\((\w+)\)|(\w+)::")
HEAD = """\
# {title}
#
# The R lines of the lesson, in the order of its page. They run from an empty session:
#
#   Rscript {name}.R
#
# {needs}
"""


def r_file(script: Path) -> str:
    """The R lines of a lesson with its title and its headings as comments.

    Args:
        script: of the lesson.

    Returns:
        The text of the file; an empty one if there are no R lines.
    """
    _, blocks = split_code_and_text_blocks(str(script))
    texts = "\n\n".join(block.content for block in blocks if block.type == "text") + "\n"
    title, *parts = HEADING_OR_R_LINES.finditer(texts)
    lines, heading = [], None
    for part in parts:
        if part["heading"]:
            heading = part["heading"].replace("`", "")
            continue
        if heading:
            lines.append(f"# {heading} ----\n")
            heading = None  # once, though more lines may follow
        lines.append(re.sub(r"^ {3}", "", part["lines"], flags=re.M).strip("\n") + "\n")
    if not lines:
        return ""
    used = dict.fromkeys(a or b for a, b in PACKAGE.findall("".join(lines)))
    needs = "They need R alone, no packages."
    if used:
        needs = (
            f'They need the packages {", ".join(used)}: install.packages("keras"), then\n'
            "# keras::install_keras()."
        )
    head = HEAD.format(title=title["heading"], name=script.stem, needs=needs)
    return "\n".join([head, *lines])


def write_r_files(app):
    """Write the R file of each lesson beside its notebook."""
    folder = Path(app.srcdir, app.config.sphinx_gallery_conf["gallery_dirs"])
    for lesson in LESSONS:
        text = r_file(folder / lesson)
        if text:
            write_if_changed((folder / lesson).with_suffix(".R"), text.encode())


def setup(app):
    """Register with Sphinx."""
    app.connect("builder-inited", write_r_files, priority=950)  # after the gallery
    return {"parallel_read_safe": True, "parallel_write_safe": True}
