"""How the extensions write files that a build reads again."""

from pathlib import Path


def write_if_changed(path: Path, content: bytes) -> None:
    """Leave a file alone that says the same already: Sphinx looks at the date."""
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)
