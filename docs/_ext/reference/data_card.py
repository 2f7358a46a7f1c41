"""The directive ``data-file``: size and checksum of a file of data, worked out during the build.

Its argument is the name of a file in ``course/datasets``, or ``cifar-10-python.tar.gz``, for which
the values are those that ``course.cifar10`` checks. Nothing of it is typed.
"""

import hashlib
from pathlib import Path

import pandas as pd
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from course import cifar10

DATASETS = Path(cifar10.__file__).parent / "datasets"
ARCHIVE = cifar10.ARCHIVE_URL.rpartition("/")[2]


def facts_of(name: str, folder: Path = DATASETS) -> dict[str, str]:
    """What there is to say of a file: its name, its size, its checksum.

    Args:
        name: of a CSV file in the folder, or of the archive of CIFAR-10.
        folder: where the files are.

    Raises:
        ValueError: if there is no such file.
    """
    if name == ARCHIVE:
        return {
            "File": name,
            "Size": f"{cifar10.ARCHIVE_BYTES:,} bytes",
            "SHA-256": cifar10.ARCHIVE_SHA256,
        }
    path = folder / name
    if not path.is_file():
        known = ", ".join(sorted(path.name for path in folder.glob("*.csv")))
        raise ValueError(
            f"data-file: expected a file in course/datasets ({known}) or {ARCHIVE}. "
            f"Received: {name}. Correct the name, or add the file."
        )
    content = path.read_bytes()
    rows, columns = pd.read_csv(path, index_col=0).shape
    return {
        "File": f"course/datasets/{name}",
        "Size": f"{rows:,} rows, {columns:,} columns, {len(content):,} bytes",
        "SHA-256": hashlib.sha256(content).hexdigest(),
    }


class DataFile(SphinxDirective):
    """Writes a list of facts about a file."""

    required_arguments = 1

    def run(self):
        """Return the list."""
        (name,) = self.arguments
        try:
            facts = facts_of(name)
        except ValueError as error:
            raise self.error(str(error)) from error
        fields = nodes.field_list(classes=["data-file", "measured"])
        for what, value in facts.items():
            text = nodes.Text(value) if what == "Size" else nodes.literal("", value)
            body = nodes.field_body("", nodes.paragraph("", "", text))
            fields += nodes.field("", nodes.field_name("", what), body)
        return [fields]


def setup(app):
    """Register with Sphinx."""
    app.add_directive("data-file", DataFile)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
