"""Every symbol of a formula stands on the page of notation, in a table for the page that uses it.

The formulas are read from the sources, and KaTeX says what stands in them. A symbol is a letter
with its accent: ``W_1`` and ``W_2`` are both ``W``. A capital below it belongs to it where the
notation lists the two together, as ``W_Q``; what else stands below is an index.
"""

import re
from collections import Counter
from functools import cache
from itertools import pairwise
from xml.etree import ElementTree

from r_fixtures import ROOT, SCRIPTS
from reference.layer_table import LAYERS
from reference.operations import OPERATIONS
from static_math import render

DOCS = ROOT / "docs"
ALL, INDICES = "all pages", "indices"
DERIVATIVE = "d before a symbol"
MARKS = "\u2299\u2217\u22a4\u2202\u2207"  # of KaTeX: odot, *, top, partial, nabla
BELOW = ("msub", "msubsup", "munder", "munderover")  # the base first, then what stands below it


def formulas(text: str) -> list[str]:
    """The formulas of a text in reStructuredText, also where the text stands in comments."""
    lines = [re.sub(r"^# ?", "", line) for line in text.splitlines()]
    found = re.findall(r":math:`([^`]+)`", "\n".join(lines))
    for number, line in enumerate(lines):
        if match := re.match(r"( *)\.\. math::(.*)", line):
            body = [match[2]]
            for after in lines[number + 1 :]:
                if after.strip() and not after.startswith(match[1] + " "):
                    break
                body.append(re.sub(r"^ *:label:.*", "", after))
            found.append("\n".join(body))
    return found


# Elements of MathML -----------------------------------------------------------------------------


def tag(element: ElementTree.Element) -> str:
    """The name of an element."""
    return element.tag.rpartition("}")[2]


def letter(element: ElementTree.Element) -> str:
    """The letter or the mark that an element is, with its accent; empty for anything else."""
    text = "".join(element.itertext())
    if tag(element) == "mover":
        return text
    if text in MARKS and text:
        return text
    if tag(element) != "mi" or len(text) > 1 or not text.isalpha():
        return ""
    return f"upright {text}" if element.get("mathvariant") and text.isascii() else text


def starts_with_a_letter(element: ElementTree.Element) -> bool:
    """Whether it is a letter, or a letter with something above or below."""
    while not letter(element) and len(element):
        element = element[0]
    return bool(letter(element))


def read(element: ElementTree.Element, below: bool = False) -> list[tuple[str, bool]]:
    """The symbols in an element, and for each whether it stands below another."""
    if name := letter(element):
        return [(name, below)]
    found, children, has_below = [], list(element), tag(element) in BELOW
    if has_below:
        base, index = (letter(child) for child in children[:2])
        if base and index.isupper():
            return [(f"{base}_{index}", below), *(p for c in children[2:] for p in read(c, below))]
    for place, child in enumerate(children):
        if letter(child) == "d" and any(map(starts_with_a_letter, children[place + 1 :][:1])):
            found.append((DERIVATIVE, False))
        elif tag(child) != "annotation":
            found += read(child, below or (has_below and place == 1))
    return found


@cache
def symbols(formula: str) -> list[tuple[str, bool]]:
    """The symbols of a formula, and for each whether it stands below another."""
    mathml = re.search(r"<math.*?</math>", render(formula, display=False), re.S)[0]
    return read(ElementTree.fromstring(mathml))


# What the pages use, and what the notation explains ----------------------------------------------


def pages() -> dict[str, list[str]]:
    """The formulas of each page; those of exercises count for their lesson."""
    found = {}
    for path in [*DOCS.glob("*.rst"), *SCRIPTS.glob("*.py"), *SCRIPTS.glob("exercises/*.py")]:
        name = path.stem.removesuffix("_exercises")
        name = f"lessons/{name}" if path.suffix == ".py" else name
        found.setdefault(name, []).extend(formulas(path.read_text(encoding="utf-8")))
    found["operations"] += [row.formula for rows in OPERATIONS.values() for row in rows]
    found["layers"] += [row[way] for row in LAYERS.values() for way in ("forward", "backward")]
    return found


def parts_of_the_deck() -> list[tuple[list[str], list[str]]]:
    """For each part of the slides the lessons that it shows, and its formulas."""
    parts = re.split(r"\n(?=.+\n-{3,}\n)", (DOCS / "deck.rst").read_text(encoding="utf-8"))
    shown = [set(re.findall(r"^\.\. lesson-\w+:: (\w+)", part, re.M)) for part in parts]
    lessons = [[f"lessons/{name}" for name in names] for names in shown]
    return list(zip(lessons, map(formulas, parts), strict=True))


@cache
def tables() -> list[tuple[list[str], set[str], list[str]]]:
    """The tables of the notation: the pages that each is for, its symbols, all its formulas."""
    text = (DOCS / "notation.rst").read_text(encoding="utf-8")
    found = []
    for before, after in pairwise(text.split(".. list-table::\n")):
        introduction = before.strip().split("\n\n")[-1]
        names = re.findall(r":doc:`([^`]+)`", introduction) if introduction[-1] == ":" else []
        if re.search(r"\nIndices\n-+\n[^-]*$", before):
            names = [INDICES]
        table = re.match(r"( .*\n|\n)*", after)[0]
        listed = set()
        for cell in re.findall(r"^ +\* - (.*)", table, re.M)[1:]:
            (formula,) = formulas(cell)
            row = [name for name, below in symbols(formula) if not below]
            listed |= {DERIVATIVE} if DERIVATIVE in row else set(row)
        found.append((names or [ALL], listed, formulas(table)))
    return found


def listed_for(*names: str) -> set[str]:
    """The symbols that the notation explains for these pages, and for all."""
    return {s for pages, listed, _ in tables() if {ALL, *names} & set(pages) for s in listed}


def missing(texts: list[str], listed: set[str]) -> set[str]:
    """The symbols of some formulas that are not listed.

    An index may also stand by itself, in a formula where it counts or in one of indices alone.
    """
    (indices,) = (listed for pages, listed, _ in tables() if pages == [INDICES])
    found = set()
    for text in texts:
        here = set()
        for name, below in symbols(text):
            if "_" in name and name not in listed:
                base, index = name.split("_")
                here |= {(base, below), (index, True)}
            else:
                here.add((name, below))
        alone = {name for name, _ in here}
        counted = {name for name, below in here if below}
        if alone <= indices and re.fullmatch(r"[\w\s,]*", text):
            counted = alone
        found |= alone - listed - (counted & indices)
    return found


# The tests --------------------------------------------------------------------------------------


def test_every_symbol_is_on_the_page_of_notation():
    uses = [([name], texts) for name, texts in pages().items() if name not in ("notation", "deck")]
    uses += parts_of_the_deck()
    uses += [(names, texts) for names, _, texts in tables() if names != [INDICES]]
    assert sum(len(texts) for _, texts in uses) > 300
    problems = [(names, missing(texts, listed_for(*names))) for names, texts in uses]
    assert [(*names, *sorted(found)) for names, found in problems if found] == []


def test_no_symbol_is_explained_without_use():
    """Each is used on one of the pages that its table is for, or in the shapes of the table."""
    used = {
        name: {found for text in texts for found, _ in symbols(text)}
        for name, texts in pages().items()
        if name != "notation"
    }
    used[ALL] = used[INDICES] = set().union(*used.values())
    for names, listed, texts in tables():
        in_shapes = Counter(found for text in texts for found, _ in symbols(text))
        again = {name for name, count in in_shapes.items() if count > 1}
        assert listed - set().union(*(used[name] for name in names)) - again == set(), names


def test_no_symbol_is_explained_twice_for_a_page():
    for name in pages():
        listed = [found for names, found, _ in tables() if name in names]
        assert sum(map(len, listed)) == len(set().union(*listed)), name


def test_what_counts_as_a_symbol():
    found = {
        formula: {name for name, _ in symbols(formula)}
        for formula in [
            r"dW_1 = X^\top d\hat y",
            r"\sum_{i \in B} \nabla L_i",
            r"W_Q + W_{H+1}, \operatorname{softmax}(x)",
        ]
    }
    assert list(found.values()) == [
        {DERIVATIVE, "W", "X", "\u22a4", "y^"},
        {"i", "B", "\u2207", "L"},
        {"W_Q", "W", "H", "x"},
    ]
    assert missing([r"\theta_1 + W_Z"], listed_for()) == {"θ", "Z"}
