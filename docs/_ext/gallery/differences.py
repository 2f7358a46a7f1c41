"""Where a lesson differs from the R script that it follows: folded on its page.

In a lesson's script this is a section like others, with the title below. It stands so in the
notebook and on paper; only the website folds it, and leaves it unfolded where a page is printed.
"""

from docutils import nodes
from gallery.exercises import dropdown
from sphinx.transforms import SphinxTransform

TITLE = "Where this differs from the lecture's script"


class FoldDifferences(SphinxTransform):
    """Put the section into a closed dropdown that has its title."""

    default_priority = 690

    def apply(self):
        """Change the document."""
        for section in list(self.document.findall(nodes.section)):
            title, *children = section.children
            if title.astext() == TITLE:
                section.replace_self(dropdown(TITLE, children, "differences"))


def setup(app):
    """Register with Sphinx."""
    app.setup_extension("sphinx_design")
    app.add_transform(FoldDifferences)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
