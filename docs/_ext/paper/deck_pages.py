"""The page with the lecture's slides, as the parts of two PDFs: slides, and notes for the speaker.

On the page ``deck`` each slide is a section of the third level. What the speaker may say is in a
container of the class ``speaker-notes`` inside it.
"""

from docutils import nodes
from paper.page_to_typst import TypstWriter

DECK = "deck"
NARROW = 46  # columns of code that can stand beside something else
NOTES = "speaker-notes"


def is_notes(node: nodes.Node) -> bool:
    """Whether this is what the speaker says."""
    return NOTES in node["classes"]


class Slides(TypstWriter):
    """The deck without its introduction and its notes, each slide laid out."""

    number = 0

    def section(self, node) -> str:
        """The deck, a part, or a slide."""
        title, *rest = node.children
        self.level += 1
        heading = self.heading(self.all(title), node["ids"][0] if self.level > 1 else "")
        if self.level == 3:
            self.number += 1
            text = self.slide(heading, rest)
        else:
            text = self.part(heading, sections(node))
        self.level -= 1
        return text

    def part(self, heading: str, sections: list) -> str:
        """The name of a part is on its first slide."""
        self.waiting = heading if self.level == 2 else ""
        inside = "".join(map(self.write, sections))
        return heading + inside if self.level == 1 else inside

    def slide(self, heading: str, rest: list) -> str:
        """A slide; a figure stands beside the rest, where the code is narrow enough."""
        heading, self.waiting = self.waiting + heading, ""
        rest = [node for node in rest if not is_notes(node)]
        code = [block for node in rest for block in node.findall(is_code)]
        widths = [len(line) for block in code for line in block.astext().splitlines()]
        figures = [node for node in rest if type(node).__name__ == "imgsgnode"]
        # A formula keeps the whole width.
        wide = [node for node in rest if "math-wrapper" in node["classes"]]
        others = [node for node in rest if node not in figures and node not in wide]
        if max(widths, default=0) <= NARROW and figures and others:
            left, right = ("".join(map(self.write, part)) for part in (others, figures))
            beside = f"#beside([\n{left}], [\n{right}])\n"
            shown = [self.write(n) if n in wide else beside * (n is figures[0]) for n in rest]
        else:
            shown = map(self.write, rest)
        return f"#slide[\n{heading}{''.join(shown)}]\n"


def is_code(node: nodes.Node) -> bool:
    """Whether this is code or output."""
    return isinstance(node, nodes.literal_block) or type(node).__name__ == "code_links_block"


class Notes(Slides):
    """The deck with nothing but titles and notes."""

    def part(self, heading: str, sections: list) -> str:
        """A part, with its heading."""
        return heading + "".join(map(self.write, sections))

    def slide(self, heading: str, rest: list) -> str:
        """What the speaker says to a slide."""
        said = [node for notes in rest if is_notes(notes) for node in notes.children[1:]]
        return f"#noted({self.number})[\n{heading}{''.join(map(self.write, said))}]\n"


def titles(tree: nodes.document) -> list[str]:
    """The title of each slide."""
    parts = [part for deck in sections(tree) for part in sections(deck)]
    return [slide[0].astext() for part in parts for slide in sections(part)]


def sections(node: nodes.Element) -> list[nodes.section]:
    """The sections right below."""
    return [child for child in node.children if isinstance(child, nodes.section)]
