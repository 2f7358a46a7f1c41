"""What a text of a script becomes in a notebook: Markdown that Jupyter shows.

Pandoc reads the text and writes the Markdown. In between, this module puts what Jupyter can show in
the place of what it cannot:

- links to other lessons lead to their notebooks, other links between pages become words;
- a formula with a ``:label:`` gets its number, as on the page; admonitions become quotations;
- pictures travel inside the notebook; comments vanish, but that a solution begins is said.

Nothing stays raw: an unknown role or directive stops the build, with its file and line.
"""

import base64
import json
import mimetypes
import posixpath
import re
import subprocess
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import pypandoc
from gallery.exercises import BEGIN, END, STUDENT, SUFFIX
from sphinx.errors import ExtensionError

ADMONITIONS = {
    **{name: name.capitalize() for name in ["attention", "caution", "danger", "error", "hint"]},
    **{name: name.capitalize() for name in ["important", "note", "tip", "warning"]},
    "seealso": "See also",
}
CODE_ROLES = {"command", "envvar", "file", "kbd", "program"}
WORD_ROLES = {"abbr", "term"}
AS_THEY_ARE = {"Str", "Space", "SoftBreak", "LineBreak"}
AROUND_WORDS = {"Emph", "Strong", "Strikeout", "Superscript", "Subscript"}
TITLE = re.compile(r"^(?P<title>\S.*)\n(?P<line>([=\-~^\"'*+#.:_`])\3{2,})$", flags=re.M)
LABEL = re.compile(r"^\.\. _(?P<name>[^_`:][^:\n]*|`[^`]+`):\n\s*\n(?P<title>\S.*)\n", flags=re.M)
EQUATION = re.compile(r"^ *\.\. math::.*\n(?: +:\w+:.*\n)*? +:label: *(\S+)", flags=re.M)
SEPARATOR = "notebook"  # the format of a raw block that stands between two texts
WRITER = "gfm+tex_math_dollars-tex_math_gfm-footnotes-alerts"
# All texts in one run of pandoc: starting it for each takes longer than its work.
CONVERT = """
local texts, result = pandoc.json.decode(io.read("a"), false), pandoc.List()
for i, text in ipairs(texts) do
  result[i] = pandoc.write(pandoc.read(text, "{reader}"), "{writer}", {wrap_text = "wrap-none"})
end
io.write(pandoc.json.encode(result))
"""


@dataclass
class Text:
    """A text of a script: where it stands, and what it says."""

    file: Path
    line: int
    rest: str

    def error(self, what: str, pattern: str | None = None) -> ExtensionError:
        """What to raise where a notebook cannot show something: file, line and element."""
        match = re.search(pattern, self.rest) if pattern else None
        line = self.line + (self.rest[: match.start()].count("\n") if match else 0)
        return ExtensionError(
            f"{self.file}:{line}: expected what a notebook can show, received {what}. Write it in "
            "another way, or teach docs/_ext/notebooks/markdown.py what to put in its place."
        )


@dataclass
class Pages:
    """What links lead to: titles of pages and sections, and the numbers of formulas.

    Pages go by the names that Sphinx gives them, such as ``lessons/iris_keras``.
    """

    notebooks: set[str] = field(default_factory=set)
    titles: dict[str, str] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)
    equations: dict[str, int] = field(default_factory=dict)

    def add(self, page: str, text: str, has_notebook: bool = False):
        """Look through the reStructuredText of a page."""
        if has_notebook:
            self.notebooks.add(page)
        for match in TITLE.finditer(text):
            if len(match["line"]) >= len(match["title"]):
                title = match["title"].strip()
                self.titles.setdefault(page, plain(title))
                self.sections.setdefault(normal(f"{page}:{title}"), plain(title))
        for match in LABEL.finditer(text):
            self.sections[normal(match["name"].strip("`"))] = plain(match["title"].strip())
        for number, label in enumerate(EQUATION.findall(text), 1):
            self.equations[label] = number  # as Sphinx counts: from 1 on each page


def plain(title: str) -> str:
    """A title without its markup."""
    return re.sub(r":[\w:]+:(?=`)|[`*]", "", title)


def normal(name: str) -> str:
    """The name of a label as Sphinx compares it."""
    return " ".join(name.lower().split())


def run_pandoc(texts: list[str], reader: str, writer: str) -> list[str]:
    """What pandoc makes of each text, in one go."""
    code = CONVERT.replace("{reader}", reader).replace("{writer}", writer)
    result = subprocess.run(
        [pypandoc.get_pandoc_path(), "lua", "-e", code],
        input=json.dumps(texts),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if result.returncode != 0:
        raise ExtensionError(f"pandoc failed on the texts of the notebooks:\n{result.stderr}")
    return json.loads(result.stdout)


# From what pandoc has read to what Jupyter can show -------------------------------------------


def element(kind: str, content=None) -> dict:
    """A piece of a document in pandoc's form."""
    return {"t": kind} if content is None else {"t": kind, "c": content}


def words(text: str) -> list[dict]:
    """Plain words in pandoc's form."""
    return [element("Str", text)]


@dataclass
class Cell:
    """The text of one cell on its way from reStructuredText to Markdown.

    Attributes:
        text: the text and its place, for messages.
        page: the page that it is on, from which links are read.
        source: the folder of the website's sources, where pictures lie.
        pages: what links lead to.
        attachments: the pictures of the cell, in the notebook's form; filled by ``blocks``.
    """

    text: Text
    page: str
    source: Path
    pages: Pages
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    within: tuple[str, ...] = ()

    def blocks(self, blocks: list[dict]) -> list[dict]:
        """Change paragraphs, lists, tables and the like."""
        return [new for block in blocks for new in self.block(block)]

    def inside(self, kind: str, blocks: list[dict]) -> list[dict]:
        """Change the blocks within a quotation or a table."""
        outer, self.within = self.within, (*self.within, kind)
        changed = self.blocks(blocks)
        self.within = outer
        return changed

    def block(self, block: dict) -> list[dict]:
        """What stands in the place of a block."""
        kind, content = block["t"], block.get("c")
        if kind in {"Para", "Plain"}:
            if content and content[0] == element("Str", ">>>"):
                raise self.text.error("a doctest block", ">>>")
            return self.paragraphs(kind, self.inlines(content))
        if kind == "Header":
            level, _, inlines = content
            return [element(kind, [level, ["", [], []], self.inlines(inlines)])]
        if kind == "CodeBlock":
            (_, classes, _), text = content
            return [element(kind, [["", classes[:1] or ["text"], []], text])]
        if kind == "BulletList":
            return [element(kind, [self.blocks(item) for item in content])]
        if kind == "OrderedList":
            return [element(kind, [content[0], [self.blocks(item) for item in content[1]]])]
        if kind == "DefinitionList":  # Markdown has none
            return [element("BulletList", [self.definition(*item) for item in content])]
        if kind == "BlockQuote":
            return [element(kind, self.inside("quote", content))]
        if kind == "LineBlock":
            return [element(kind, [self.inlines(line) for line in content])]
        if kind == "HorizontalRule":
            return [block]
        if kind == "Figure":
            _, (_, caption), blocks = content
            return [element("Para", b["c"]) for b in self.blocks([*blocks, *caption])]
        if kind == "Table":
            return self.table(content)
        if kind == "Div":
            return self.div(content)
        if kind == "RawBlock":
            raise self.text.error("a directive '.. raw::'", r"\.\. raw::")
        return self.refuse(kind)

    def refuse(self, kind: str):
        """Stop at what pandoc calls by this name."""
        raise self.text.error(f"what pandoc calls {kind}")

    def paragraphs(self, kind: str, inlines: list[dict]) -> list[dict]:
        """A paragraph; formulas on lines of their own become paragraphs of their own."""
        if not any(x["t"] == "Math" and x["c"][0]["t"] == "DisplayMath" for x in inlines):
            return [element(kind, inlines)] if inlines else []
        return [element("Para", [x]) for x in inlines if x["t"] not in {"Space", "SoftBreak"}]

    def definition(self, term: list[dict], definitions: list[list[dict]]) -> list[dict]:
        """A term in bold, a colon, and what it means."""
        first, *rest = self.blocks([block for blocks in definitions for block in blocks])
        start = [element("Strong", self.inlines(term)), *words(": ")]
        if first["t"] in {"Para", "Plain"}:
            return [element(first["t"], [*start, *first["c"]]), *rest]
        return [element("Plain", start), first, *rest]

    def table(self, content: list) -> list[dict]:
        """A table of single lines, since Markdown has no other; its caption comes before it."""
        attributes, (_, caption), columns, head, bodies, foot = content
        for _, rows in [head, foot, *([b[0], b[2] + b[3]] for b in bodies)]:
            for _, cells in rows:
                for cell in cells:
                    if cell[2] != 1 or cell[3] != 1:
                        raise self.text.error("a table with joined cells")
                    cell[4] = self.one_line(self.inside("table", cell[4]))
        plain_columns = [[align, element("ColWidthDefault")] for align, _ in columns]
        table = [attributes, [None, []], plain_columns, head, bodies, foot]
        title = [element("Para", [element("Strong", self.inlines(part["c"]))]) for part in caption]
        return [*title, element("Table", table)]

    def one_line(self, blocks: list[dict]) -> list[dict]:
        """The paragraphs of a cell in one, with breaks between them."""
        inlines = []
        for block in blocks:
            if block["t"] not in {"Para", "Plain"}:
                raise self.text.error(f"a table with a {block['t']} in a cell")
            inlines += [element("RawInline", ["html", "<br>"])] if inlines else []
            inlines += block["c"]
        return [element("Plain", inlines)] if inlines else []

    def div(self, content: list) -> list[dict]:
        """A directive."""
        (_, classes, _), blocks = content
        name = classes[0] if classes else ""
        if name in {"", "container"}:
            return self.blocks(blocks)
        if name not in ADMONITIONS and name != "admonition":
            raise self.text.error(f"a directive '.. {name}::'", rf"\.\. {re.escape(name)}::")
        if blocks and blocks[0]["t"] == "Div" and blocks[0]["c"][0][1] == ["title"]:
            blocks = [*blocks[0]["c"][1], *blocks[1:]]
        elif name in ADMONITIONS:
            blocks = [element("Para", words(ADMONITIONS[name])), *blocks]
        title, *rest = self.inside("quote", blocks)
        if title["t"] != "Para":
            raise self.text.error("an admonition without a title", r"\.\. admonition::")
        bold = element("Para", [element("Strong", title["c"])])
        return [element("BlockQuote", [bold, *rest])]

    def inlines(self, inlines: list[dict]) -> list[dict]:
        """Change what is within a line."""
        return [new for inline in inlines for new in self.inline(inline)]

    def inline(self, inline: dict) -> list[dict]:
        """What stands in the place of a piece of a line."""
        kind, content = inline["t"], inline.get("c")
        if kind in AS_THEY_ARE:
            return [inline]
        if kind in AROUND_WORDS:
            return [element(kind, self.inlines(content))]
        if kind == "Code":
            (_, classes, pairs), text = content
            if "interpreted-text" in classes:
                return self.role(dict(pairs)["role"], text)
            return [self.code(text)]
        if kind == "Math":
            return [self.formula(*content)]
        if kind == "Span":
            return self.span(*content)
        if kind == "Image":
            return [self.picture(*content)]
        if kind == "Link":
            return self.link(*content)
        if kind == "Note":
            raise self.text.error("a footnote", r"\[[^]\s]*\]_")
        return self.refuse(kind)

    def code(self, text: str) -> dict:
        """Code within a line; in a table, pandoc would let a bar end the cell."""
        if "table" in self.within and "|" in text:
            return element(
                "RawInline", ["html", f"<code>{escape(text).replace('|', '&#124;')}</code>"]
            )
        return element("Code", [["", [], []], text])

    def span(self, attributes: list, inlines: list[dict]) -> list[dict]:
        """The default role is code; a formula with a label gets its number."""
        _, classes, pairs = attributes
        if "title-ref" in classes:
            return [self.code("".join(" " if x["t"] != "Str" else x["c"] for x in inlines))]
        if classes:
            raise self.text.error(f"a span of the class {classes[0]!r}")
        label = dict(pairs).get("label")
        if label is None:
            return self.inlines(inlines)
        formulas = [x["c"][1] for x in inlines if x["t"] == "Math"]
        tag = rf"\tag{{{self.pages.equations[label]}}}"
        formulas[0] = unwrapped(formulas[0])
        if len(formulas) > 1:
            lines = " \\\\\n".join(formulas)
            formulas = [f"\\begin{{gathered}}\n{lines}\n\\end{{gathered}}"]
        return self.inlines([element("Math", [element("DisplayMath"), f"{formulas[0]} {tag}"])])

    def formula(self, kind: dict, formula: str) -> dict:
        """A formula that survives where it stands."""
        formula = unwrapped(formula)
        if "table" in self.within:  # a bar would end the cell
            formula = formula.replace(r"\|", r"\Vert ").replace("|", r"\vert ")
        if kind["t"] == "InlineMath" or self.within:  # the lines of a quotation begin with ">"
            formula = " ".join(formula.split())
        elif "\n" in formula:
            formula = f"\n{formula}\n"
        return element("Math", [kind, formula])

    def role(self, role: str, text: str) -> list[dict]:
        """What a role of Sphinx says, in words, code or a link."""
        match = re.fullmatch(r"(.+?)\s*<(.+)>", text, flags=re.S)
        title, target = match.groups() if match else (None, text)
        here = rf":{re.escape(role)}:`"
        if role == "doc":
            return self.to_page(title, target, here)
        if role == "ref":
            found = self.pages.sections.get(normal(target))
            if found is None:
                raise self.text.error(f"a link to an unknown section {target!r}", here)
            return words(title or found)
        if role == "eq":
            if target not in self.pages.equations:
                raise self.text.error(f"a link to an unknown formula {target!r}", here)
            return words(f"({self.pages.equations[target]})")
        if role.startswith("py:"):
            name = target.rpartition(".")[2] if target.startswith("~") else target
            return [self.code(title or name.lstrip("!"))]
        if role in CODE_ROLES:
            return [self.code(text)]
        if role in WORD_ROLES:
            return words(title or re.sub(r" \(.*\)$", "", text))
        raise self.text.error(f"a role ':{role}:'", here)

    def to_page(self, title: str | None, target: str, here: str) -> list[dict]:
        """A link to the notebook of a page, or its title in words.

        The website has no fixed address, and puts each download into a folder of its own. Links
        between notebooks work for readers who keep them in one folder, as browsers do that save
        one file after the other, and as notebooks.zip has them. So a link names no folder, and to
        exercises it leads to the student's version.
        """
        folder = posixpath.dirname(self.page)
        page = target[1:] if target.startswith("/") else posixpath.join(folder, target)
        page = posixpath.normpath(page)
        if page not in self.pages.titles:
            raise self.text.error(f"a link to an unknown page {target!r}", here)
        shown = words(title or self.pages.titles[page])
        if page not in self.pages.notebooks:
            return shown
        name = posixpath.basename(page)
        if name.endswith(SUFFIX):
            name = name.removesuffix(SUFFIX) + STUDENT
        return [element("Link", [["", [], []], shown, [f"{name}.ipynb", ""]])]

    def link(self, attributes: list, inlines: list[dict], target: list[str]) -> list[dict]:
        """A link to the outside stays; one within the page becomes words."""
        address = target[0]
        if "citation" in attributes[1]:
            raise self.text.error("a citation", r"\[[^]\s]*\]_")
        if not address or address.startswith("##SUBST##"):
            said = "".join(x.get("c", " ") for x in inlines if x["t"] in AS_THEY_ARE)
            raise self.text.error(f"a link to nowhere, {said!r}", re.escape(said))
        changed = self.inlines(inlines)
        if address.startswith("#"):
            return changed
        return [element("Link", [["", [], []], changed, target])]

    def picture(self, attributes: list, inlines: list[dict], target: list[str]) -> dict:
        """A picture, attached to its cell."""
        address = target[0]
        if not re.match(r"https?://", address):
            folder = self.source if address.startswith("/") else self.source / self.page
            path = (folder if address.startswith("/") else folder.parent) / address.lstrip("/")
            if not path.is_file():
                raise self.text.error(f"a picture that does not exist, {path}", re.escape(address))
            name = re.sub(r"[^\w.-]+", "_", address).strip("._")
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            data = base64.b64encode(path.read_bytes()).decode("ascii")
            self.attachments[name] = {kind: data}
            address = f"attachment:{name}"
        return element("Image", [["", [], []], self.inlines(inlines), [address, ""]])


def unwrapped(formula: str) -> str:
    """The formula without an ``aligned`` that pandoc has put around another environment."""
    match = re.fullmatch(r"\\begin\{aligned\}\n(.*)\n\\end\{aligned\}", formula.strip(), re.S)
    if not match:
        return formula.strip()
    depth = 0
    for token in re.findall(r"\\begin\{|\\end\{|\\\\", match[1]):
        if token == r"\\" and depth == 0:
            return formula.strip()  # it needs the one around it
        depth += {r"\begin{": 1, r"\end{": -1}.get(token, 0)
    return match[1].strip()


# All texts of all notebooks ---------------------------------------------------------------------


def reading(texts: list[Text]) -> str:
    """The texts of a notebook as one, so that headings and labels count for all of it."""
    separator = f"\n\n.. raw:: {SEPARATOR}\n\n   next\n\n"
    solution = rf"^\.\. {BEGIN}$"
    end = rf"^\.\. {END}$"
    return separator.join(
        re.sub(end, "", re.sub(solution, "**Solution**", text.rest, flags=re.M), flags=re.M)
        for text in texts
    )


def parts(document: str) -> list[list[dict]]:
    """What pandoc has read, divided into cells again."""
    cells = [[]]
    for block in json.loads(document)["blocks"]:
        if block == element("RawBlock", [SEPARATOR, "next"]):
            cells.append([])
        else:
            cells[-1].append(block)
    return cells


def convert(notebooks: dict[str, list[Text]], source: Path, pages: Pages) -> dict[str, list]:
    """The Markdown of all texts of all notebooks.

    Args:
        notebooks: the texts of each page.
        source: the folder of the website's sources.
        pages: what links lead to. Labels of formulas on the same page come first.

    Returns:
        For each page a list of Markdown and attachments, one pair for each text.

    Raises:
        ExtensionError: at what a notebook cannot show.
    """
    read = run_pandoc([reading(texts) for texts in notebooks.values()], "rst", "json")
    cells, documents = {}, []
    for (page, texts), document in zip(notebooks.items(), read, strict=True):
        own = Pages()
        own.add(page, "\n\n".join(text.rest for text in texts))
        here = Pages(
            pages.notebooks,
            pages.titles,
            own.sections | pages.sections,
            pages.equations | own.equations,
        )
        cells[page] = [Cell(text, page, source, here) for text in texts]
        divided = parts(document)
        if len(divided) != len(texts):
            raise ExtensionError(f"{texts[0].file}: one of its texts runs into the next.")
        version = json.loads(document)["pandoc-api-version"]
        for cell, blocks in zip(cells[page], divided, strict=True):
            new = {"pandoc-api-version": version, "meta": {}, "blocks": cell.blocks(blocks)}
            documents.append(json.dumps(new))
    written = iter(run_pandoc(documents, "json", WRITER))
    return {
        page: [(tidy(next(written)), cell.attachments) for cell in of_page]
        for page, of_page in cells.items()
    }


def tidy(markdown: str) -> str:
    """Write ```r where pandoc writes ``` r, as people do."""
    return re.sub(r"^([ >]*`{3,}) (?=\w+$)", r"\1", markdown, flags=re.M).strip()
