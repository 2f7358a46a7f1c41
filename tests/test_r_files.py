"""The R lines of a lesson as one file: it runs from an empty session and prints what R printed."""

import subprocess
from types import SimpleNamespace

import pytest
from conftest import ALL_LESSONS
from gallery import r_files
from r_fixtures import FIXTURES, LESSONS, R_SCRIPTS, SCRIPTS, pairs, read_run

WITH_R = [name for name in ALL_LESSONS if pairs(name)]
LESSON = '''\
r"""A lesson
========

Not a heading:

=====  =====
`none` `none`
=====  =====
"""

x = 1

# %%
# Step 1: ``x``
# -------------
#
# .. code-block:: r
#
#    x <- 1
#    f <- function() {
#
#      x
#    }

x = 1

# %%
# And then.
#
# .. code-block:: r
#
#    print(x)
#
# .. code-block:: python
#
#    y = 2

print(x)

# %%
# No R lines here
# ---------------
#
# None.
#
# Step 2
# ~~~~~~
#
# .. code-block:: r
#
#    library(keras)
#    tensorflow::set_random_seed(1)

y = 2
'''
FILE = """\
# A lesson
#
# The R lines of the lesson, in the order of its page. They run from an empty session:
#
#   Rscript lesson.R
#
# They need the packages keras, tensorflow: install.packages("keras"), then
# keras::install_keras().

# Step 1: x ----

x <- 1
f <- function() {

  x
}

print(x)

# Step 2 ----

library(keras)
tensorflow::set_random_seed(1)
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "lesson.py"
    path.write_text(LESSON, encoding="utf-8")
    return path


def test_headings_and_r_lines_in_the_order_of_the_page(script):
    assert r_files.r_file(script) == FILE


def test_a_lesson_without_r_lines_has_no_file(script, monkeypatch):
    config = SimpleNamespace(sphinx_gallery_conf={"gallery_dirs": "."})
    app = SimpleNamespace(srcdir=script.parent, config=config)
    monkeypatch.setattr(r_files, "LESSONS", ["lesson.py"])
    r_files.write_r_files(app)
    file = script.with_suffix(".R")
    assert file.read_text(encoding="utf-8") == FILE
    file.unlink()
    script.write_text(LESSON.replace("block:: r", "block:: none"), encoding="utf-8")
    r_files.write_r_files(app)
    assert not file.exists()


@pytest.mark.parametrize("name", WITH_R)
def test_the_file_has_all_r_lines_of_the_page(name):
    text = r_files.r_file(SCRIPTS / f"{name}.py")
    assert text.isascii()  # R reads other letters in other ways on other machines
    end = 0
    for pair in pairs(name):
        end = text.index(pair.r, end) + len(pair.r)
    code = [line for line in text.splitlines() if line and not line.startswith("# ")]
    assert [line for line in code if line != "#"] == [
        line for pair in pairs(name) for line in pair.r.splitlines() if line
    ]


@pytest.mark.parametrize("name", WITH_R)
def test_the_file_runs_from_an_empty_session(name, rscript, tmp_path):
    """In a folder with nothing else; what it prints is what R has printed for the page."""
    text = r_files.r_file(SCRIPTS / f"{name}.py")
    needs_keras = "They need the packages" in text
    assert not (needs_keras and ("nopackages" in name or name in LESSONS))
    if needs_keras:  # which needs Python itself; the stand-in takes what it is asked for
        text = (R_SCRIPTS / "keras_stand_in.R").read_text(encoding="utf-8") + text
    (tmp_path / f"{name}.R").write_text(text, encoding="utf-8")
    result = subprocess.run(
        [rscript, "--vanilla", f"{name}.R"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    if name in LESSONS:
        printed = read_run(FIXTURES / f"{name}.txt").printed.values()
        expected = [line for lines in printed for line in lines]
        assert [line.rstrip() for line in result.stdout.splitlines()] == expected
