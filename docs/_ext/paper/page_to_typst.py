"""A page of the website as the body of a Typst document.

It is made from the page's tree, as Sphinx has it when all links are resolved. Each kind of node has
a method of its name. A kind that has none is an error, so that nothing is lost in silence. Pandoc
turns the formulas from LaTeX into Typst.
"""

import json
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pypandoc
from docutils import nodes
from PIL import Image
from sphinx.errors import ExtensionError
from sphinx.locale import admonitionlabels

# On the website only: links to the source, the running time, the gallery's downloads.
WEBSITE_ONLY = {
    *("sphx-glr-download-link-note", "sphx-glr-footer", "sphx-glr-timing", "website-only"),
}
# Containers around others that mean nothing on paper.
UNWRAPPED = {"math-wrapper", "table-wrapper", "sd-tab-content", "sd-summary-content"}
POINTS_PER_PIXEL = 0.52  # a figure of 640 pixels takes 333 points, seven tenths of the text
LINES_TO_TRY = 4
LINES_TO_ANSWER = 10
# What would be markup in Typst. A hyphen before a digit becomes a minus, and may.
MARKUP = re.compile(r"[\\#$*_`<>@\[\]~\"'/=+]|-(?!\d)")


@dataclass
class Page:
    """A page, ready to be set.

    Attributes:
        docname: its name on the website, such as ``lessons/iris_nopackages``.
        title: its title, in plain words.
        typst: the body, as Typst.
        pictures: the files of the pictures that the body shows.
    """

    docname: str
    title: str
    typst: str
    pictures: list[Path]


def label_of(docname: str, anchor: str = "") -> str:
    """The name by which the PDFs know a place on a page."""
    page = docname.replace("/", ".")
    return f"{page}--{anchor}" if anchor else page


def quoted(text: str) -> str:
    """A text as a string of Typst's."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def escaped(text: str) -> str:
    """Words, none of which Typst takes for markup."""
    return MARKUP.sub(r"\\\g<0>", re.sub(r"\s*\n\s*", " ", text))


def latex_of(node: nodes.Node) -> str:
    r"""The LaTeX of a formula, without ``\!``, a space too small for paper."""
    return node.astext().strip().replace(r"\!", "")


def formulas_of(tree: nodes.document) -> dict[str, str]:
    """The formulas of a page: for the LaTeX of each, what pandoc makes of it."""
    found = [
        latex_of(node) for kind in (nodes.math, nodes.math_block) for node in tree.findall(kind)
    ]
    found = list(dict.fromkeys(found))
    kind = {"t": "DisplayMath"}
    blocks = [{"t": "Para", "c": [{"t": "Math", "c": [kind, formula]}]} for formula in found]
    document = {"pandoc-api-version": [1, 23, 1], "meta": {}, "blocks": blocks}
    typst = pypandoc.convert_text(json.dumps(document), "typst", "json")
    written = [
        mended(part.strip().strip("$").strip()) for part in typst.split("\n\n") if part.strip()
    ]
    return dict(zip(found, written, strict=True))


def mended(formula: str) -> str:
    r"""What pandoc makes of the space ``\;``, of a sign with a new name, of a function's name."""
    formula = formula.replace("#h(0em)", "thick").replace("dot.circle", "dot.o")
    # So that no space comes before its bracket.
    return re.sub(r'"([a-zA-Z]+)" \\([(\[])', r'op("\1")\\\2', formula)


class TypstWriter:
    """Writes the nodes of one page.

    Args:
        docname: the name of the page.
        source: the folder of the website's sources, where the pictures lie.
        speak: a function that puts a formula into words.
        terms: for each anchor in the glossary, its term.
    """

    def __init__(self, docname: str, source: Path, speak: Callable, terms: dict[str, str]):
        self.docname, self.source, self.speak, self.terms = docname, source, speak, terms
        self.pictures: list[Path] = []
        self.formulas: dict[str, str] = {}
        self.level = 0

    def page(self, tree: nodes.document) -> Page:
        """The page, from its tree.

        Raises:
            ExtensionError: for an element that has no way onto paper; it names page and element.
        """
        self.formulas = formulas_of(tree)
        title = next(tree.findall(nodes.title)).astext()
        return Page(self.docname, title, self.all(tree), self.pictures)

    def all(self, node: nodes.Element) -> str:
        """All that is in a node."""
        return "".join(map(self.write, node.children))

    def write(self, node: nodes.Node) -> str:
        """A node in Typst."""
        if isinstance(node, nodes.Element) and WEBSITE_ONLY & set(node["classes"]):
            return ""
        method = getattr(self, type(node).__name__, None)
        if method is None:
            raise self.error(f"<{type(node).__name__}> has no place", node)
        return method(node)

    def error(self, problem: str, node: nodes.Node) -> ExtensionError:
        """An error that names the page and the element."""
        shown = " ".join(str(node).split())
        return ExtensionError(
            f"{self.docname}: {problem} in the handout. The element: {shown[:300]}"
        )

    # Blocks

    document = all

    def nothing(self, node) -> str:
        """What has no place on paper."""
        return ""

    comment = target = index = meta = nothing

    def section(self, node) -> str:
        """A section, with its name at its title."""
        self.level += 1
        title, *rest = node.children
        anchor = node["ids"][0] if self.level > 1 else ""
        text = self.heading(self.all(title), anchor) + "".join(map(self.write, rest))
        self.level -= 1
        return text

    def heading(self, title: str, anchor: str) -> str:
        """A heading with the name of its section."""
        return f"{'=' * self.level} {title}\n<{label_of(self.docname, anchor)}>\n"

    def paragraph(self, node) -> str:
        """A paragraph."""
        return self.all(node) + "\n\n"

    def block_quote(self, node) -> str:
        """A quotation."""
        return f"#quote(block: true)[\n{self.all(node)}]\n"

    def literal_block(self, node) -> str:
        """Code or output, without the colours of the website."""
        kind = "output" if "sphx-glr-script-out" in node["classes"] else "code"
        language = node.get("language", node.get("lang", "none")).lower()
        language = {"none": "text", "default": "python"}.get(language, language)
        text = quoted(node.astext().strip("\n"))
        return f"#source({text}, kind: {quoted(kind)}, language: {quoted(language)})\n"

    code_links_block = literal_block

    def container(self, node) -> str:
        """Most are for the website; tabs come one below the other."""
        if UNWRAPPED & set(node["classes"]):
            return self.all(node)
        if node.get("design_component") != "tab-set":
            raise self.error(f"a container {node['classes']} has no place", node)
        labels, contents = node.children[1::3], node.children[2::3]
        text = self.all(contents[0])
        for label, content in zip(labels[1:], contents[1:], strict=True):
            if label.astext() != "R":
                raise self.error(f"a tab {label.astext()!r} has no place", node)
            text += f"#in-r[\n{self.all(content)}]\n"
        return text

    def dropdown_main(self, node) -> str:
        """A solution, with room to write one's own; differences are a section again."""
        title, body = node.children
        if "solution" in node["classes"]:
            return f"#room({LINES_TO_ANSWER})\n#solution[\n{self.all(body)}]\n"
        if "differences" not in node["classes"]:
            raise self.error("this dropdown has no place", node)
        self.level += 1
        heading = self.heading(escaped(title.children[0].astext()), "differences")
        self.level -= 1
        return heading + self.all(body)

    def note(self, node) -> str:
        """A note or a warning, with its title."""
        title, rest = admonitionlabels.get(node.tagname), node.children
        if title is None:
            title, rest = rest[0].astext(), rest[1:]
        return f"#admonition({quoted(str(title))})[\n{''.join(map(self.write, rest))}]\n"

    admonition = warning = tip = important = seealso = note

    def bullet_list(self, node) -> str:
        """A list."""
        return self.items("list", [self.all(item) for item in node.children])

    def enumerated_list(self, node) -> str:
        """A list with numbers; below each thing to try there is room."""
        items = [self.all(item) for item in node.children]
        if "try-it" in node.parent["ids"]:
            items = [f"#asked[\n{item}#room({LINES_TO_TRY})\n]" for item in items]
        return self.items("enum", items)

    def items(self, kind: str, items: list[str]) -> str:
        """A list, with space between its items."""
        tight = str(len(items) == 1).lower()
        return f"#{kind}(tight: {tight}, {', '.join(f'[{item}]' for item in items)})\n"

    def glossary(self, node) -> str:
        """The terms of a glossary, one definition each; several terms may share one."""
        return "".join(map(self.definition, node.findall(nodes.definition_list_item)))

    def definition(self, item) -> str:
        """A definition."""
        *terms, meaning = item.children
        places = [
            f"({quoted(t.astext())}, {quoted(label_of(self.docname, t['ids'][0]))})" for t in terms
        ]
        names = ", ".join(map(self.all, terms))
        return f"#definition(({', '.join(places)},))[{names}][\n{self.all(meaning)}]\n"

    def table(self, node) -> str:
        """A table, with its header."""
        (group,) = node.findall(nodes.tgroup)
        widths = [column["colwidth"] for column in group.findall(nodes.colspec)]
        columns = ", ".join(f"{100 * width / sum(widths):g}%" for width in widths)
        if "colwidths-given" not in node["classes"]:
            columns = str(len(widths))
        parts = [f"columns: ({columns})"]
        for head in group.findall(nodes.thead):
            parts += [f"table.header({self.cells(head)})", "table.hline()"]
        parts += [self.cells(body) for body in group.findall(nodes.tbody)]
        inside = ",\n".join(parts)
        return f"#figure(kind: table, align(center, table(\n{inside}\n)))\n\n"

    def cells(self, rows) -> str:
        """The cells of some rows."""
        return ",\n".join(", ".join(map(self.cell, row.children)) for row in rows.children)

    def cell(self, entry) -> str:
        """A cell, which may reach over several rows."""
        text = f"[{self.all(entry).strip()}]"
        span = entry.get("morerows", 0) + 1
        if entry.get("morecols"):
            raise self.error("a cell over several columns has no place", entry)
        return f"table.cell(rowspan: {span}){text}" if span > 1 else text

    def raw(self, node) -> str:
        """What a cell returns as HTML: a table, such as a data frame."""
        html = node.astext()
        if node["format"] != "html" or "<table" not in html:
            raise self.error("<raw> has no place", node)
        html = re.sub(r"<style.*?</style>", "", html, flags=re.S)
        return pypandoc.convert_text(html, "typst", "html") + "\n\n"

    def imgsgnode(self, node) -> str:
        """A figure, at its high resolution."""
        addresses = [part.split()[0].lstrip("/") for part in node["srcset"].split(",")]
        return self.picture(node, self.source / addresses[0], self.source / addresses[-1])

    def image(self, node) -> str:
        """A picture of a page's own."""
        return self.picture(node, self.source / node["uri"], self.source / node["uri"])

    def picture(self, node, screen: Path, detailed: Path) -> str:
        """A picture, as wide as on the screen."""
        words = node.get("alt", "").strip()
        if not words:
            raise self.error("a figure needs alternative text", node)
        self.pictures += [screen, detailed]
        with Image.open(screen) as picture:
            points = round(picture.width * POINTS_PER_PIXEL)
        name, words = quoted(detailed.name), quoted(words)
        return f"#picture({name}, alt: {words}, width: {points}pt);\n\n"

    # Within a line

    def Text(self, node) -> str:  # noqa: N802 - the name of the kind
        """Words."""
        return escaped(node.astext())

    inline = all

    def emphasis(self, node) -> str:
        """Words in italics."""
        return f"#emph[{self.all(node)}];"

    def strong(self, node) -> str:
        """Words in bold."""
        return f"#strong[{self.all(node)}];"

    def subscript(self, node) -> str:
        """Letters below the line."""
        return f"#sub[{self.all(node)}];"

    def superscript(self, node) -> str:
        """Letters above the line."""
        return f"#super[{self.all(node)}];"

    def literal(self, node) -> str:
        """Code within a line."""
        return f"#raw({quoted(node.astext())});"

    def math(self, node, block: bool = False) -> str:
        """A formula with its words."""
        formula = latex_of(node)
        try:
            words = quoted(self.speak(formula))
        except ExtensionError as error:
            raise self.error(str(error), node) from error
        arguments = f"block: {str(block).lower()}, alt: {words}"
        return f"#math.equation({arguments}, ${self.formulas[formula]}$);"

    def math_block(self, node) -> str:
        """A formula on a line of its own."""
        return self.math(node, block=True) + "\n\n"

    def reference(self, node) -> str:
        """A link: to another site as it is, to a page by the name that the PDFs know."""
        text, address = self.all(node), node.get("refuri", "")
        if re.match(r"[a-z]+:", address):
            return f"#link({quoted(address)})[{text}];"
        page, _, anchor = address.partition("#")
        folder = posixpath.dirname(self.docname)
        target = posixpath.normpath(posixpath.join(folder, page)).removesuffix(".html")
        target = target if page else self.docname
        anchor = anchor or node.get("refid", "")
        label = quoted(label_of(target, anchor))
        if target == "glossary" and anchor in self.terms:
            return f"#term({quoted(self.terms[anchor])}, {label})[{text}];"
        return f"#to({label})[{text}];"
