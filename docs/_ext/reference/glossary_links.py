"""Links from the first use of a term on a page to its definition in the glossary.

The sources stay free of markup: a transform looks through the running text of each page for the
terms of ``glossary.rst``. Running text is paragraphs and lists. Headings, questions in bold, code,
output, formulas, tables and what is a link already are left alone, and so is the glossary.

A term is found with a small or a capital first letter and in the plural. Where several terms start
at the same place, the longest counts. Terms that share a definition count as one. A word that also
has an everyday meaning is in the glossary, but not linked: see ``EVERYDAY``.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

GLOSSARY = "glossary"
EVERYDAY = {"head", "key", "position", "unit", "value"}
NOT_RUNNING_TEXT = (
    *(nodes.Titular, nodes.strong, nodes.literal, nodes.literal_block, nodes.doctest_block),
    *(nodes.math, nodes.math_block, nodes.raw, nodes.reference, nodes.table, nodes.figure),
    *(addnodes.pending_xref, addnodes.glossary, addnodes.toctree, addnodes.desc_signature),
)
CLASS = "glossary-link"


class GlossaryLinks(SphinxPostTransform):
    """Link the first use of each term."""

    # After the references are resolved (10), so that links of the authors are links by now.
    default_priority = 20

    def run(self):
        """Change the document."""
        here = self.env.docname
        if here == GLOSSARY or GLOSSARY not in self.env.all_docs:
            return
        terms = find_terms(self.env.get_doctree(GLOSSARY))
        wanted = {name: place for name, place in terms.items() if name not in EVERYDAY}
        if not wanted:
            return
        pattern = pattern_of(wanted)
        seen = self.linked_already(terms)
        for text in list(self.document.findall(nodes.Text)):
            if is_running_text(text):
                pieces = self.linked(text, pattern, wanted, seen)
                if len(pieces) > 1 or pieces[0] is not text:
                    text.parent.replace(text, pieces)

    def linked_already(self, terms):
        """The definitions that the author has linked on this page."""
        definitions = dict(terms.values())
        addresses = [link.get("refuri", "") for link in self.document.findall(nodes.reference)]
        marks = [address.partition("#")[2] for address in addresses]
        return {definitions[mark] for mark in marks if mark in definitions}

    def linked(self, text, pattern, terms, seen):
        """The text in pieces, with a link for each term that was not seen before."""
        pieces, end = [], 0
        plain = text.astext()
        for match in pattern.finditer(plain):
            identifier, definition = terms[singular(match, terms)]
            if definition in seen:
                continue
            seen.add(definition)
            if match.start() > end:
                pieces.append(nodes.Text(plain[end : match.start()]))
            word = nodes.Text(match.group())
            link = make_refnode(self.app.builder, self.env.docname, GLOSSARY, identifier, word)
            link["classes"].append(CLASS)
            pieces.append(link)
            end = match.end()
        if not pieces:
            return [text]
        if end < len(plain):
            pieces.append(nodes.Text(plain[end:]))
        return pieces


def find_terms(glossary):
    """The terms of a glossary: for each the mark of its entry, and the number of its definition.

    Args:
        glossary: the document with the directive ``glossary``.

    Returns:
        A dictionary from the term to a tuple of mark and number.
    """
    terms = {}
    items = [
        item
        for block in glossary.findall(addnodes.glossary)
        for item in block.findall(nodes.definition_list_item)
    ]
    for number, item in enumerate(items):
        for term in item.findall(nodes.term):
            terms[" ".join(term.astext().split())] = (term["ids"][0], number)
    return terms


def pattern_of(terms):
    """What finds the terms in a text: whole words, longest first, one first letter in two cases."""
    ways = [way_of(term) for term in sorted(terms, key=len, reverse=True)]
    return re.compile(rf"(?<![\w-])(?:{'|'.join(ways)})(?![\w-])")


def way_of(term):
    """The pattern of one term: a break of the line may stand for a space; the plural may follow."""
    first, rest = term[0], term[1:]
    stem = rf"[{first.lower()}{first.upper()}]" + r"\s+".join(map(re.escape, rest.split(" ")))
    if re.search(r"[^aeiou]y$", term):
        return rf"{stem[:-1]}(?:y|ies)"
    return stem + "(?:e?s)?"


def singular(match, terms):
    """Which term was found."""
    text = " ".join(match.group().split())
    return next(term for term in terms if re.fullmatch(way_of(term), text))


def is_running_text(text):
    """Whether a piece of text belongs to a paragraph or a list, and to nothing that is left out."""
    node, in_paragraph = text.parent, False
    while node is not None:
        if isinstance(node, NOT_RUNNING_TEXT):
            return False
        in_paragraph = in_paragraph or isinstance(node, nodes.paragraph)
        node = node.parent
    return in_paragraph


def read_all_again(app, env, added, changed, removed):
    """When the glossary has changed, all pages are written again."""
    return sorted(env.found_docs) if GLOSSARY in added | changed else []


def setup(app):
    """Register with Sphinx."""
    app.add_post_transform(GlossaryLinks)
    app.connect("env-get-outdated", read_all_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
