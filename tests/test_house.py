"""The rules of the house: what lies where, what may import what, and the form of the code."""

import ast
import io
import re
import shutil
import subprocess
import sys
import tokenize
from importlib.metadata import metadata

import pytest
from conftest import ALL_LESSONS, PUBLIC_MODULES, need
from r_fixtures import ROOT, SCRIPTS
from running import run_python

TOP_LEVEL = {
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "course",
    "docs",
    "pyproject.toml",
    "scripts",
    "tests",
}


def tracked() -> list[str]:
    need("A git checkout", shutil.which("git") and (ROOT / ".git").exists(), "Clone the course.")
    result = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return result.stdout.splitlines()


def test_nothing_else_lies_at_the_top():
    visible = {path.split("/")[0] for path in tracked() if not path.startswith(".")}
    assert visible == TOP_LEVEL


def test_the_package_never_imports_from_scripts_or_docs():
    for path in (ROOT / "course").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {name.split(".")[0] for name in names} & {"scripts", "docs", "tests"}, path


def test_lint_and_format():
    for command in (["check"], ["format", "--check"]):
        result = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "."],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr


def test_the_package_says_what_its_functions_take_and_give(tmp_path):
    """All of them do, and mypy finds nothing that contradicts it."""
    result = run_python("-m", "mypy", f"--cache-dir={tmp_path}", cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_public_module_has_a_page_and_a_row_in_the_table_of_them():
    """Those that name what they offer, in ``__all__``."""
    docs = ROOT / "docs"
    assert {path.stem for path in (docs / "reference").iterdir()} == set(PUBLIC_MODULES)
    for name in PUBLIC_MODULES:
        page = (docs / "reference" / f"{name}.rst").read_text(encoding="utf-8")
        title = f"``course.{name}``"
        assert page == f"{title}\n{'=' * len(title)}\n\n.. automodule:: course.{name}\n"
    text = (docs / "course.rst").read_text(encoding="utf-8")
    table = re.findall(r"^   \* - :doc:`reference/(\w+)`\n     - \w", text, re.M)
    assert sorted(table) == sorted(PUBLIC_MODULES)


def test_readme_opens_with_the_two_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"```sh\n(.*?)\n```", readme, flags=re.S)
    assert commands[0] == (
        'python -m pip install -e ".[docs]" && '
        "python -m sphinx -M html docs docs/_build -W --keep-going"
    )
    assert commands[1] == 'python -m pip install -e ".[test]" && python -m pytest'


@pytest.mark.parametrize("option", [[], ["--all"]])
def test_the_tests_end_with_what_they_left_out(option):
    """And with the one option that leaves nothing out."""
    arguments = ["-m", "pytest", "--collect-only", "-q", "tests/test_stale.py", *option]
    result = run_python(*arguments, cwd=ROOT)
    assert result.returncode == 0, result.stdout
    told = "tests: builds of a small website" in result.stdout
    assert told == ("python -m pytest --all runs everything." in result.stdout) == (not option)
    assert ("test_a_build_that_was_killed" in result.stdout) == bool(option)


def pythons_with_tensorflow() -> str:
    """What a page has to say: as TensorFlow says itself, from the oldest Python of the course."""
    classifiers = metadata("tensorflow").get_all("Classifier")
    versions = re.findall(
        r"^Programming Language :: Python :: (3\.\d+)$", "\n".join(classifiers), re.M
    )
    minors = sorted(int(version.partition(".")[2]) for version in versions)
    oldest = int(re.search(r">=3\.(\d+)", metadata("simple-to-deep")["Requires-Python"]).group(1))
    *others, last = [f"3.{minor}" for minor in minors if minor >= oldest]
    return f"Python {', '.join(others)} or {last}, for which TensorFlow can be had"


def test_readme_says_which_pythons_can_have_tensorflow():
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert pythons_with_tensorflow() in readme


def test_katex_comes_in_one_version():
    """The script that writes the formulas and the style sheet that dresses them belong together."""
    script = (ROOT / "docs/_ext/katex/katex.min.js").read_text(encoding="utf-8")
    style = (ROOT / "docs/_static/katex/katex.min.css").read_text(encoding="utf-8")
    (version,) = set(re.findall(r'\.katex-version:after{content:"([\d.]+)"}', style))
    assert f'version:"{version}"' in script or f'"{version}"' in script
    fonts = set(re.findall(r"url\((fonts/[\w-]+\.woff2)\)", style))
    assert fonts
    assert all((ROOT / "docs/_static/katex" / font).is_file() for font in fonts)


MOST_LINES_OF_CODE = 150
NO_CODE = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
}


def lines_of_code(source: str) -> int:
    """How many lines have code: no comments, no docstrings, no blank lines."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            lines |= {*range(token.start[0], token.end[0] + 1)}
    for node in ast.walk(ast.parse(source)):
        may_have_one = isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        if may_have_one and ast.get_docstring(node) is not None:
            lines -= {*range(node.body[0].lineno, node.body[0].end_lineno + 1)}
    return len(lines)


def test_what_counts_as_a_line_of_code():
    source = '"""A title\n\nand text."""\n\n# A comment\nx = [\n    1,  # one\n\n]\n'
    function = 'def f():\n    """Docstring."""\n    return """two\nlines"""\n'
    assert lines_of_code(source) == lines_of_code(function) == 3


@pytest.mark.parametrize("name", ALL_LESSONS)
def test_a_lesson_has_at_most_150_lines_of_code(name):
    count = lines_of_code((SCRIPTS / f"{name}.py").read_text(encoding="utf-8"))
    assert count <= MOST_LINES_OF_CODE, (
        f"scripts/{name}.py has {count} lines of code, {MOST_LINES_OF_CODE} at most are expected. "
        "Make it shorter, or two lessons of it."
    )


# Words that the pages do not use, and those that they use instead.
WORDS = {
    "optimizer": "optimiser",
    "normaliz": "normalis",
    "behavior": "behaviour",
    r"colors?\b": "colour",
    "scalar product": "dot product",
}
CODE = re.compile(
    r"```[^`]*```|``[^`]*``|`[^`]*`|^( *)\.\. code-block::.*\n(?:\1 +.*\n| *\n)*", re.M
)


def prose() -> dict[str, str]:
    """What the pages say in words: texts without code, formulas and directives."""
    paths = [*(ROOT / "scripts").rglob("*.py"), *(ROOT / "docs").glob("*.rst"), *ROOT.glob("*.md")]
    found = {}
    for path in paths:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":  # the text at the top, and comments that begin a line
            comments = re.findall(r"^#(?: (.*))?$", text, re.M)
            text = "\n".join([ast.get_docstring(ast.parse(text)), *comments, ""])
        text = re.sub(r"^ *\.\. (?!code-block).*", "", CODE.sub("", text), flags=re.M)
        found[path.relative_to(ROOT).as_posix()] = text
    return found


def test_one_word_for_one_thing():
    texts = prose()
    assert "optimiser" in texts["scripts/batch_size.py"]
    for path, text in texts.items():
        for word, instead in WORDS.items():
            match = re.search(rf"\b{word}.*", text, re.I)
            assert not match, f"{path}: say {instead}: {match[0]}"
        if re.search("attention|transformer", path):  # "takes the place of" is another thing
            match = re.search(r"\bplaces?\b(?! of\b).*", text)
            assert not match, f"{path}: say position: {match[0]}"
