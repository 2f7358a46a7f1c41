"""Who has nothing but the website and a package index can run the lessons: the page says how."""

import re
import shutil
import subprocess
import sys
import venv
import zipfile
from email.parser import Parser
from importlib.metadata import version
from pathlib import Path

import pytest
from conftest import everything
from gallery.wheel import FOLDER, SOURCES, make_wheel, wheel_name
from r_fixtures import ROOT
from test_house import pythons_with_tensorflow, tracked

PAGE = "run_it_yourself.html"


@pytest.fixture
def wheel(site) -> Path:
    """The file that the website offers."""
    (path,) = (site / FOLDER).iterdir()
    return path


def test_the_wheel_has_all_of_the_package(wheel):
    """A module, a data set or a style that is left out would be missed by those who install it."""
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        facts = Parser().parsestr(archive.read(name).decode("utf-8"))
    assert found == {path for path in tracked() if path.startswith("course/")}
    assert facts["Version"] == version("simple-to-deep")
    assert facts["License-Expression"] == "MIT"
    assert "keras" in facts.get_all("Provides-Extra")


def test_what_an_earlier_build_left_is_not_in_the_wheel(tmp_path):
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    expected = make_wheel(tmp_path)
    left = tmp_path / "build" / "lib" / "course" / "gone.py"
    left.parent.mkdir(parents=True)
    left.touch()
    assert make_wheel(tmp_path) == expected  # the same bytes each time


def commands(page, tab: str | None = None) -> list[str]:
    """The lines that the page says to type, those of a system or those for all."""
    blocks = page.select("div.highlight-console pre")
    inside = {id(block): block.find_parent(class_="sd-tab-content") for block in blocks}
    found = []
    for block in blocks:
        content = inside[id(block)]
        label = content.find_previous("label").get_text().strip() if content else None
        if label == tab:
            found += block.get_text().strip().splitlines()
    return found


def test_the_page_names_the_file_that_is_there(read, wheel):
    page = read(PAGE)
    assert wheel.name == wheel_name()
    assert page.select_one(f'a[href="{FOLDER}/{wheel.name}"]')
    for system in ["Windows", "macOS", "Linux"]:
        (install,) = [line for line in commands(page, system) if "pip install" in line]
        assert install == f'python -m pip install "{wheel.name}[keras]" jupyterlab'
    assert f"python -m pip install {wheel.name}" in commands(page)


def test_the_page_says_which_pythons_can_have_tensorflow(read):
    assert pythons_with_tensorflow() in " ".join(read(PAGE).get_text().split())


@everything("the page on running it yourself, in an environment that has nothing")
def test_the_page_works_in_an_environment_that_has_nothing(read, site, wheel, tmp_path):
    """A script, an exercise and a notebook by hand, from the files that the website offers.

    The notebook installs the package itself, from the wheel beside it in the ZIP of all notebooks.
    """
    venv.create(tmp_path / "env", with_pip=True)
    python = next((tmp_path / "env").glob("*/activate")).parent / Path(sys.executable).name
    shutil.copy(wheel, tmp_path)
    run(python, "-m", "pip", "install", "ipykernel", "nbclient", cwd=tmp_path)
    with zipfile.ZipFile(site / "notebooks.zip") as archive:
        archive.extractall(tmp_path)
    notebook = tmp_path / "notebooks" / "iris_nopackages.ipynb"
    text = notebook.read_text(encoding="utf-8")
    assert text.count("# %pip install") == 1
    notebook.write_text(text.replace("# %pip install", "%pip install"), encoding="utf-8")
    code = (
        "import nbformat, nbclient\n"
        f"notebook = nbformat.read({notebook.name!r}, as_version=4)\n"
        "nbclient.NotebookClient(notebook, timeout=None).execute()\n"
        "print(*[output.get('text', '') for cell in notebook.cells if cell.cell_type == 'code'"
        " for output in cell.outputs])"
    )
    assert "6.351131" in run(python, "-c", code, cwd=notebook.parent)
    run(python, "-m", "pip", "uninstall", "--yes", "simple-to-deep", cwd=tmp_path)
    (install,) = [line for line in commands(read(PAGE)) if line.endswith(wheel.name)]
    run(python, *install.split()[1:], cwd=tmp_path)
    offered = {path.name: path for path in site.glob("_downloads/*/*")}
    names = ["iris_nopackages.py", "iris_nopackages_student.py"]
    for name in names:
        shutil.copy(offered[name], tmp_path)
    assert "6.351131" in run(python, names[0], cwd=tmp_path)
    run(python, names[1], cwd=tmp_path)
    assert re.search(r"env\S*/course", run(python, "-c", "import course; print(course)", cwd="/"))


def run(python: Path, *arguments: str, cwd) -> str:
    """What a program prints, in an environment of its own: nothing of ours is in sight."""
    result = subprocess.run(
        [python, *arguments],
        cwd=cwd,
        env={"MPLBACKEND": "agg", "HOME": str(cwd), "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
