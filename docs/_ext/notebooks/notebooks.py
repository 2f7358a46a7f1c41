"""Notebooks that open clean in Jupyter, written anew from the scripts.

The gallery turns each script into a notebook, but leaves much reStructuredText as it is: links to
other pages, tables, comments. So once it is done, all notebooks are written again, those of the
exercises and of their student's versions too. ``markdown.py`` says what becomes of the texts.
"""

import ast
import json
import re
from importlib.metadata import requires
from pathlib import Path

from files import write_if_changed, zipped
from gallery.wheel import WHEEL, wheel_name
from notebooks.markdown import Pages, Text, convert
from sphinx_gallery.notebook import (
    add_code_cell,
    add_markdown_cell,
    jupyter_notebook_skeleton,
    promote_jupyter_cell_magic,
)
from sphinx_gallery.py_source_parser import (
    remove_config_comments,
    remove_ignore_blocks,
    split_code_and_text_blocks,
)

# What returns nothing, so that Jupyter has nothing to write of it.
RETURNS_NOTHING = re.compile(
    r"print|print_comparisons|r_print|r_str|show|use|compile|summary|set_(weights|[xy]scale)"
)

EXTRA = "[keras]"  # of the package: what brings these modules
IN_EXTRA = [re.match(r"\w+", r)[0] for r in requires("simple-to-deep") if r.endswith('"keras"')]
IMPORTS_EXTRA = re.compile(rf"^ *(import|from) ({'|'.join(IN_EXTRA)})\b", flags=re.M)


def blocks_of(script: Path, settings: dict) -> list:
    """The texts and pieces of code of a script, cleaned as the gallery does."""
    _, blocks = split_code_and_text_blocks(str(script))
    clean = []
    for block in blocks:
        content = remove_ignore_blocks(block.content)
        if settings["remove_config_comments"]:
            content = remove_config_comments(content)
        clean.append(block._replace(content=content))
    return clean if clean[-1].content.strip() else clean[:-1]


def quiet(source: str) -> str:
    """Code with a semicolon at its end if Jupyter would write what its last call returns.

    The page shows no such thing, and of a figure Jupyter would show two.
    """
    try:
        last = ast.parse(source).body[-1]
    except (SyntaxError, IndexError):  # Jupyter's own commands, or nothing
        return source
    if not (isinstance(last, ast.Expr) and isinstance(last.value, ast.Call)):
        return source
    function = last.value.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if RETURNS_NOTHING.fullmatch(name):
        return source
    lines = source.split("\n")
    line = lines[last.end_lineno - 1].encode()
    start, rest = line[: last.end_col_offset].decode(), line[last.end_col_offset :].decode()
    lines[last.end_lineno - 1] = f"{start};{rest}"
    return "\n".join(lines)


def notebook(blocks: list, markdown: list, settings: dict) -> str:
    """The text of a notebook.

    Args:
        blocks: the texts and pieces of code of a script.
        markdown: Markdown and attachments of each of the texts.
        settings: those of the gallery.
    """
    result = jupyter_notebook_skeleton()
    result["nbformat_minor"] = 5
    if settings["first_notebook_cell"]:
        first = settings["first_notebook_cell"].replace(WHEEL, wheel_name())
        if not any(b.type == "code" and IMPORTS_EXTRA.search(b.content) for b in blocks):
            first = first.replace(EXTRA, "")  # by hand there is less to install
        add_code_cell(result, first)
    texts = iter(markdown)
    for block in blocks:
        if block.type == "code":
            add_code_cell(result, quiet(block.content))
            continue
        text, attachments = next(texts)
        first = len(result["cells"])
        if settings["promote_jupyter_magic"]:
            text = promote_jupyter_cell_magic(result, text)
        if text.strip():
            add_markdown_cell(result, text)
        for cell in result["cells"][first:]:
            if attachments and cell["cell_type"] == "markdown":
                cell["attachments"] = attachments
    if settings["last_notebook_cell"]:
        add_code_cell(result, settings["last_notebook_cell"])
    for number, cell in enumerate(result["cells"], 1):
        cell["id"] = f"cell-{number}"
        cell["metadata"] = {}
        cell["source"] = "".join(cell["source"]).strip("\n").splitlines(keepends=True)
    return json.dumps(result, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def write_notebooks(app):
    """Write the notebook of each script, and the archive that has both."""
    settings, source = app.config.sphinx_gallery_conf, Path(app.srcdir)
    scripts = {
        path.relative_to(source).with_suffix("").as_posix(): path
        for path in sorted((source / settings["gallery_dirs"]).rglob("*.py"))
    }
    blocks = {page: blocks_of(script, settings) for page, script in scripts.items()}
    texts = {
        page: [Text(scripts[page], b.lineno, b.content) for b in of_page if b.type == "text"]
        for page, of_page in blocks.items()
    }
    pages = Pages()
    for path in sorted(source.rglob("*.rst")):
        page = path.relative_to(source).with_suffix("").as_posix()
        if page not in scripts and not page.startswith("_"):
            pages.add(page, path.read_text(encoding="utf-8"))
    for page, of_page in texts.items():
        pages.add(page, "\n\n".join(text.rest for text in of_page), has_notebook=True)
    for page, markdown in convert(texts, source, pages).items():
        script = scripts[page]
        target = script.with_suffix(".ipynb")
        write_if_changed(target, notebook(blocks[page], markdown, settings).encode())
        archive = script.with_suffix(".zip")
        if archive.exists():
            write_if_changed(archive, zipped({file.name: file for file in (script, target)}))


def setup(app):
    """Register with Sphinx."""
    app.connect("builder-inited", write_notebooks, priority=950)  # after the student's versions
    return {"parallel_read_safe": True, "parallel_write_safe": True}
