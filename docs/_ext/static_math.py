"""Formulas rendered while the website is built, so that readers need no script and no network.

KaTeX (the JavaScript file beside this module; its style sheet and fonts are in ``_static/katex``,
all of one version) runs in a small JavaScript engine inside Python. It writes HTML for the eye
and MathML for screen readers.
"""

import json
from functools import cache
from html import escape
from pathlib import Path

import quickjs
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number

KATEX = Path(__file__).parent / "katex" / "katex.min.js"


@cache
def engine() -> quickjs.Context:
    """A JavaScript engine with KaTeX loaded, made once."""
    context = quickjs.Context()
    context.eval(KATEX.read_text(encoding="utf-8"))
    return context


@cache
def render(formula: str, display: bool) -> str:
    """The HTML of a LaTeX formula.

    Raises:
        ExtensionError: if KaTeX cannot read the formula.
    """
    options = {"displayMode": display, "throwOnError": True, "strict": "error"}
    call = f"katex.renderToString({json.dumps(formula)}, {json.dumps(options)})"
    try:
        # As JSON: the engine cannot hand over a string that JavaScript has glued from pieces.
        return json.loads(engine().eval(f"JSON.stringify({call})"))
    except quickjs.JSException as error:
        reason = str(error).splitlines()[0]
        raise ExtensionError(f"This formula cannot be rendered: {formula}\n{reason}") from error


def visit_inline(self, node):
    """Write a formula within a line of text."""
    self.body.append(f'<span class="math">{render(node.astext(), display=False)}</span>')
    raise nodes.SkipNode


def visit_display(self, node):
    """Write a formula on lines of its own, with its number if it has one."""
    identifier = f' id="{escape(node["ids"][0])}"' if node["ids"] else ""
    self.body.append(f'<div class="math"{identifier}>')
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(render(node.astext(), display=True) + "</div>\n")
    raise nodes.SkipNode


def setup(app):
    """Register with Sphinx."""
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.add_css_file("katex/katex.min.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
