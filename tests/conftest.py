"""What several tests share: the lessons' runs, and what to do where a tool is missing."""

import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

# oneDNN, a library inside TensorFlow, reads past the end of its memory for some tiny convolutions
# in single precision: one channel, one filter, outputs one pixel wide, strides of (1, 2) or more.
# It gives wrong numbers, at times a crash (TensorFlow 2.21). TensorFlow's own code is right, so the
# tests that draw shapes at random use that. The lessons, in processes of their own, keep oneDNN.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from r_fixtures import ROOT, RSCRIPT, SCRIPTS

from course.agreement import TOLERANCES

ALL_LESSONS = sorted(path.stem for path in SCRIPTS.glob("*.py"))
BROWSER_FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
]
IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

# Runs a script as ``python scripts/NAME.py`` does, then stores its plain variables in a file.
RUNNER = """
import os, pickle, runpy, sys, warnings
script, target = sys.argv[1:]
sys.argv[:] = [script]
sys.path[0] = os.path.dirname(script)
namespace = runpy.run_path(script, run_name="__main__")
warnings.simplefilter("ignore")  # what follows is not the script's
kept = {}
for name, value in namespace.items():
    try:
        data = pickle.dumps(value)
    except Exception:
        continue  # a function, a module
    if b"keras" not in data:  # reading a model would start TensorFlow in the tests
        kept[name] = data
pickle.dump(kept, open(target, "wb"))
"""


@dataclass
class LessonRun:
    """A finished run of a script: what it printed, and the variables it ended with."""

    returncode: int
    stdout: str
    stderr: str
    variables: dict


def need(what: str, found, remedy: str):
    """Return the tool, or skip the test and say why; where CI runs, its absence is a failure."""
    if not found:
        message = f"{what} is not on this machine. {remedy}"
        if IN_CI:
            pytest.fail(message + " CI must have it.")
        pytest.skip(message)
    return found


@pytest.fixture(scope="session")
def rscript():
    """The path of Rscript."""
    return need("R", RSCRIPT, "Install it (Debian: r-base-core) to compare with R itself.")


def without_display() -> dict[str, str]:
    """The environment with no screen to open windows on, and the pictures that need nothing."""
    left_out = {"DISPLAY", "WAYLAND_DISPLAY", "TF_ENABLE_ONEDNN_OPTS"}
    environment = {k: v for k, v in os.environ.items() if k not in left_out}
    environment["COURSE_IMAGES"] = "digits"  # whatever other pictures this machine may have
    if sys.platform == "linux":
        environment.pop("MPLBACKEND", None)  # matplotlib has to find out by itself
    else:
        environment["MPLBACKEND"] = "agg"
        environment["PYTHONWARNINGS"] = "ignore::UserWarning"  # that nothing can be shown
    return environment


def run_python(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess:
    """Run Python with no display; it must come to an end within five minutes."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=without_display(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def modules_after(script: Path) -> set[str]:
    """The modules that are loaded once the script has run, whoever asked for them."""
    code = f"import runpy, sys\nrunpy.run_path({str(script)!r})\nprint('\\nMODULES', *sys.modules)"
    result = run_python("-c", code)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.rpartition("MODULES")[2].split())


def run_lesson(name: str, folder: Path) -> LessonRun:
    """Run a script from another folder and with no display."""
    variables = folder / f"{name}.pickle"
    result = run_python("-c", RUNNER, SCRIPTS / f"{name}.py", variables, cwd=folder)
    kept = pickle.loads(variables.read_bytes()) if variables.exists() else {}
    return LessonRun(
        result.returncode,
        result.stdout,
        result.stderr,
        {key: pickle.loads(value) for key, value in kept.items()},
    )


@pytest.fixture(scope="session")
def lesson_runs(tmp_path_factory) -> dict[str, Future]:
    """All lessons, run once for all tests, two at a time."""
    folder = tmp_path_factory.mktemp("elsewhere")
    pool = ThreadPoolExecutor(max_workers=2)
    yield {name: pool.submit(run_lesson, name, folder) for name in ALL_LESSONS}
    pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def lesson(lesson_runs):
    """A function that gives the run of a lesson by its name."""

    def get(name: str) -> LessonRun:
        run = lesson_runs[name].result()
        if run.returncode != 0:
            pytest.fail(f"scripts/{name}.py failed:\n{run.stderr}")
        return run

    return get


@pytest.fixture
def use_precision():
    """A function that has Keras compute in a type; afterwards it is single precision again."""
    from layer_checks import use_precision as use  # only now: it starts TensorFlow

    yield use
    use("float32")


@pytest.fixture(params=TOLERANCES)
def dtype(request, use_precision):
    """Both types, one after the other; Keras computes in it."""
    use_precision(request.param)
    return request.param


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """The folder of the website: the one that COURSE_SITE names, or one built now, strictly."""
    if os.environ.get("COURSE_SITE"):
        folder = (ROOT / os.environ["COURSE_SITE"]).resolve()
        if not (folder / "index.html").is_file():
            pytest.fail(f"COURSE_SITE: expected a built website in {folder}, found none.")
        return folder
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-d"]
    result = subprocess.run(
        [*command, str(tmp_path_factory.mktemp("doctrees")), str(ROOT / "docs"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        pytest.fail(f"The website does not build:\n{result.stdout}\n{result.stderr}")
    return folder


@pytest.fixture(scope="session")
def browser():
    """Chromium, without a window."""
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        program = shutil.which("chromium") or shutil.which("google-chrome")
        program = need(
            "Chromium",
            program or (own if os.path.exists(own) else None),
            "Install it (Debian: chromium; elsewhere: playwright install chromium).",
        )
        browser = playwright.chromium.launch(executable_path=program, args=BROWSER_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, site):
    """A function that opens a page of the website, or of a copy of it, from the disk.

    It notes what the page asks for outside, what does not load, and what the page complains of.
    """
    contexts = []

    def open_(path: str, folder: Path = site, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.outside, page.missing, page.complaints = [], [], []
        page.on(
            "request",
            lambda r: None if r.url.startswith(("file:", "data:")) else page.outside.append(r.url),
        )
        page.on("requestfailed", lambda request: page.missing.append(request.url))
        page.on(
            "console",
            lambda m: page.complaints.append(m.text) if m.type in {"error", "warning"} else None,
        )
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(f"{folder.as_uri()}/{path}")
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def read(site):
    """A function that reads a page, each page once."""
    pages = {}

    def get(path: str | Path) -> BeautifulSoup:
        path = Path(path)
        if path not in pages:
            pages[path] = BeautifulSoup((site / path).read_text(encoding="utf-8"), "html.parser")
        return pages[path]

    return get


def pytest_terminal_summary(terminalreporter):
    """Print the largest differences from Keras, and which notebooks were run."""
    layer_checks = sys.modules.get("layer_checks")
    if layer_checks is not None and layer_checks.LARGEST:
        terminalreporter.section("largest relative differences from Keras")
        for line in layer_checks.summary_lines():
            terminalreporter.line(line)
    test_notebooks = sys.modules.get("test_notebooks")
    if test_notebooks is not None:
        terminalreporter.section("notebooks that were run")
        for line in test_notebooks.summary_lines():
            terminalreporter.line(line)
