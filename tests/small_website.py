"""A small website: all the pages and all the machinery, and a few of the lessons.

It is made from a copy of the course, in a folder with a space in its name, with the settings, the
extensions and the pages as they are. A lesson that is left out is there with its title, its
question and its headings, so that every link leads somewhere. The deck quotes every lesson, so the
copy has one of its own.
"""

import ast
import re
import shutil
from pathlib import Path

from gallery.wheel import SOURCES
from r_fixtures import ROOT, SCRIPTS, split_code_and_text_blocks

IN_FULL = ["iris_nopackages", "mtcars_nopackages", "activations", "convolution"]
IGNORED = shutil.ignore_patterns("_build", "lessons", "__pycache__", ".*")
HEADING = re.compile(r"^(\S.*\n)([-=])\2{2,}$", flags=re.M)

SOLUTION = """
# %%
# Exercise 1: none
# ----------------
#
# There is nothing to do.

x = 1

# %%
# .. solution

print(x)

# %%
# So it is.
#
# .. end of solution
"""
DECK = """\
The lecture as slides
=====================

A few slides, from the lessons that are there.

By hand
-------

Forward is two matrix products
~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~

.. lesson-code:: iris_nopackages
   :from: def forward

.. lesson-output:: iris_nopackages
   :after: r_print(loss)

.. speaker-notes::

   Two products, and a function after each. The loss is that of the slides.

The loss falls in most steps
~~~~~~~~~~~~~~~~~~~~~~~~~~~~

.. lesson-figure:: iris_nopackages
   :number: 1

- The weights come from R's random numbers.

.. speaker-notes::

   Each step goes against the derivative. The steps are small.

In Keras
--------

Both compute the same numbers
~~~~~~~~~~~~~~~~~~~~~~~~~~~~~

.. math::

   W \\leftarrow W - \\eta\\, dW

.. lesson-figure:: activations
   :number: 1

.. speaker-notes::

   What is left is rounding. Ask what a mistake would look like.
"""


def shortened(script: Path) -> str:
    """A lesson with nothing but its title, its question and its headings."""
    docstring = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8")))
    title, line, question = re.match(r"(.+)\n(=+)\n\n(\*\*.+?\*\*)", docstring, flags=re.S).groups()
    _, blocks = split_code_and_text_blocks(str(script))
    texts = "\n\n".join(block.content for block in blocks[1:] if block.type == "text")
    headings = "".join(
        f"# %%\n# {match[1]}# {match[2] * (len(match[1]) - 1)}\n#\n# Left out here.\n\n"
        for match in HEADING.finditer(texts)
    )
    return f'r"""{title}\n{line}\n\n{question}\n"""\n\n{headings}'


def shortened_exercises(script: Path) -> str:
    """Exercises of which one is left, with nothing to do."""
    title, line = script.read_text(encoding="utf-8").splitlines()[:2]
    lesson = script.stem.removesuffix("_exercises")
    return f'{title}\n{line}\n\nThey go with the lesson :doc:`../{lesson}`.\n"""\n{SOLUTION}'


def copy_course(folder: Path, in_full: list[str] | None = None) -> Path:
    """Copy the sources of the website, or write those of a small one.

    Args:
        folder: where to; made here.
        in_full: the lessons that stay as they are. Without it all do, and the deck too.

    Returns:
        The folder.
    """
    for name in ("course", "docs", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=IGNORED)
    for name in set(SOURCES) - {"course"}:  # of which the wheel is made
        shutil.copy(ROOT / name, folder)
    if in_full is None:
        return folder
    (folder / "docs" / "deck.rst").write_text(DECK, encoding="utf-8")
    for script in SCRIPTS.rglob("*.py"):
        if script.stem.removesuffix("_exercises") not in in_full:
            shorten = shortened if script.parent == SCRIPTS else shortened_exercises
            copy = folder / "scripts" / script.relative_to(SCRIPTS)
            copy.write_text(shorten(script), encoding="utf-8")
    return folder
