"""How the extensions write files, and how they find out what is stale.

A thing is stale if what it was made from is not what is there now. So `digest` makes one checksum
of all that it is made from, and the checksum is kept beside it. A build may be killed at any
moment: files are written beside their place and renamed, and a memory that cannot be read is none.
"""

import hashlib
import json
import os
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path, PurePosixPath

FIRST_DATE = datetime(1980, 1, 1, tzinfo=UTC)  # that a ZIP can name
COMPRESSED = {".gz", ".jpg", ".pdf", ".png", ".woff", ".woff2", ".zip"}


def digest(*parts: str | bytes | Path) -> str:
    """One checksum of all parts.

    Args:
        parts: texts and bytes count as they are, a file with its name and content, a folder with
            all its files. What Python and the operating system leave in folders does not count.
    """
    result = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            part = digest(*pieces_of(part))
        data = part.encode() if isinstance(part, str) else part
        result.update(len(data).to_bytes(8, "big") + data)
    return result.hexdigest()


def pieces_of(path: Path) -> list[str | bytes]:
    """The names and the checksums of a file, or of all files in a folder."""
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    pieces = []
    for file in files:
        name = file.relative_to(path.parent).as_posix()
        if file.is_file() and "/__pycache__/" not in name and not file.name.startswith("."):
            with open(file, "rb") as content:
                pieces += [name, hashlib.file_digest(content, "sha256").digest()]
    return pieces


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there as a whole or not at all."""
    beside = path.with_name(f"{path.name}.part")
    beside.write_bytes(content)
    beside.replace(path)


def write_if_changed(path: Path, content: bytes) -> None:
    """Leave a file alone that says the same already: Sphinx looks at the date."""
    if not path.exists() or path.read_bytes() != content:
        write_whole(path, content)


def remember(path: Path, key: str, value: object) -> None:
    """Keep a value, to be asked for with `recall`.

    Args:
        path: of the file that keeps it.
        key: the `digest` of all that the value was made from.
        value: what JSON can hold.
    """
    write_whole(path, json.dumps({"key": key, "value": value}).encode())


def recall(path: Path, key: str) -> object:
    """What was kept under this key, or None: nothing was, or it cannot be read."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return known["value"] if known["key"] == key else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def zipped(contents: dict[str, bytes | Path]) -> bytes:
    """A ZIP archive: the same bytes whenever and wherever it is made of the same contents.

    Args:
        contents: bytes or files, by their names in the archive, in its order.
    """
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", 0))
    date = max(datetime.fromtimestamp(epoch, UTC), FIRST_DATE).timetuple()[:6]
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name, date)
            entry.create_system = 3  # Unix, whose rights the next line gives: to be read by all
            entry.external_attr = 0o100644 << 16
            compressed = PurePosixPath(name).suffix in COMPRESSED  # not a second time
            entry.compress_type = zipfile.ZIP_STORED if compressed else zipfile.ZIP_DEFLATED
            data = content if isinstance(content, bytes) else content.read_bytes()
            target.writestr(entry, data)
    return archive.getvalue()
