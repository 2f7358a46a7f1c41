"""Figures of the gallery on a page: the words for listeners, whatever signs are in them."""

from html import escape

from sphinx_gallery.directives import imgsgnode, visit_imgsg_html


def visit_figure(translator, node: imgsgnode) -> None:
    """Write the figure; the gallery leaves a quotation mark in its words as it is."""
    written = node.copy()
    written["alt"] = escape(node["alt"])
    visit_imgsg_html(translator, written)


def setup(app):
    """Register with Sphinx."""
    app.add_node(imgsgnode, override=True, html=(visit_figure, lambda translator, node: None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
