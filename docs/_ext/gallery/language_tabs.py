"""R beside Python: a block of R and the block of Python after it become two tabs.

In a lesson or a page, write the R lines in a ``code-block:: r`` just before the Python code. All
tabs of the website switch together.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx_design.shared import create_component


class LanguageTabs(SphinxTransform):
    """Put each pair of an R block and the Python block that follows it into a set of tabs."""

    default_priority = 700

    def apply(self):
        """Change the document."""
        for r_block in list(self.document.findall(nodes.literal_block)):
            if r_block.get("language") != "r":
                continue
            python_block = next_sibling(r_block)
            if (
                isinstance(python_block, nodes.literal_block)
                and python_block.get("language", "").lower() == "python"
            ):
                r_block.parent.remove(r_block)
                python_block.replace_self(
                    create_component(
                        "tab-set",
                        classes=["sd-tab-set"],
                        children=[tab("Python", python_block), tab("R", r_block)],
                    )
                )


def next_sibling(node):
    """The element after this one, past comments (the gallery notes line numbers in them)."""
    return next(
        (
            sibling
            for sibling in node.findall(include_self=False, descend=False, siblings=True)
            if not isinstance(sibling, nodes.comment)
        ),
        None,
    )


def tab(language, block):
    """One tab, with the language as its label."""
    label = nodes.rubric(
        language,
        language,
        classes=["sd-tab-label"],
        sync_group="language",
        sync_id=language.lower(),
    )
    content = create_component("tab-content", classes=["sd-tab-content"], children=[block.copy()])
    content.children[0].extend(block.children)
    return create_component("tab-item", classes=["sd-tab-item"], children=[label, content])


def setup(app):
    """Register with Sphinx."""
    app.setup_extension("sphinx_design")
    app.add_transform(LanguageTabs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
