"""What several tests share: the lessons' runs, the website, and what to do where a tool is missing.

``python -m pytest`` proves every promise on something, within minutes: all of ``course``, the quick
lessons, and a small website that has a few lessons in full. ``python -m pytest --all`` runs every
lesson, every notebook and every page. The marker ``everything`` is for tests that wait for that;
tests of the website run both times, on the small one and on the whole one.
"""

import os
import shutil
import sys
from pathlib import Path

# oneDNN, a library inside TensorFlow, reads past the end of its memory for some tiny convolutions
# in single precision: one channel, one filter, outputs one pixel wide, strides of (1, 2) or more.
# It gives wrong numbers, at times a crash (TensorFlow 2.21). TensorFlow's own code is right, so the
# tests that draw shapes at random use that. The lessons, in processes of their own, keep oneDNN.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
# The tests and the scripts beside them share the cores: NumPy's products take one each. The
# notebooks of the lessons by hand take all there are, and have to print the same.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from r_fixtures import ROOT, RSCRIPT, SCRIPTS
from running import Jobs, Run, build_website, run_once, without_data_sets
from small_website import IN_FULL, copy_course

from course.agreement import TOLERANCES, keras_precision

ALL_LESSONS = sorted(path.stem for path in SCRIPTS.glob("*.py"))
PUBLIC_MODULES = sorted(  # of `course`: those that name what they offer
    (path.parent if path.stem == "__init__" else path).stem
    for path in (ROOT / "course").rglob("*.py")
    if "\n__all__ = " in path.read_text(encoding="utf-8")
)
QUICK_LESSONS = [
    *[name for name in ALL_LESSONS if "nopackages" in name],
    *["activations", "convolution", "dead_units", "iris_agreement", "transformer_agreement"],
    *["learning_rate", "batch_size", "hyperparameter_search"],
]
RUN_ALL: list[str] = []  # filled before the tests are collected, as is the next
LESSONS_ON_SITE: list[str] = []  # those that the website under test has in full
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


# The quick tests, and everything ----------------------------------------------------------------


def pytest_addoption(parser):
    """Everything runs with one option."""
    parser.addoption(
        "--all",
        action="store_true",
        help="run everything: every lesson, every notebook, every page of the whole website",
    )


def pytest_configure(config):
    """Before the tests are collected: what the markers mean, and which lessons are on the site."""
    config.addinivalue_line("markers", "everything(what): left out unless --all is given")
    config.addinivalue_line("markers", "rest: what --all does beyond the quick tests")
    if config.getoption("--all"):
        RUN_ALL.append("--all")
    whole = RUN_ALL or os.environ.get("COURSE_SITE")
    LESSONS_ON_SITE[:] = ALL_LESSONS if whole else IN_FULL


def everything(what: str):
    """Mark a test that waits for ``--all``, and say what it proves, for the end of the tests."""
    return pytest.mark.everything(what)


def examples(count: int) -> int:
    """How many inputs to draw at random: with ``--all`` this many, else a fifth."""
    return count if RUN_ALL else count // 5


def some(cases: list, first: int = 0) -> list:
    """With ``--all`` every case, else every third from the first. The test is marked ``rest``."""
    return cases if RUN_ALL else cases[first % 3 :: 3]


def lessons(names=ALL_LESSONS) -> list:
    """Lessons as parameters; those that are not quick wait for ``--all``."""
    marks = everything("the other lessons as scripts")
    return [n if n in QUICK_LESSONS else pytest.param(n, marks=marks) for n in names]


def pytest_collection_modifyitems(config, items):
    """Leave out what waits for ``--all``; what has to wait for a run comes last."""
    left_out = {}
    for item in items:
        function = getattr(item, "function", None)  # a doctest has none
        drawn = getattr(function, "is_hypothesis_test", False)  # more examples
        if item.get_closest_marker("everything") or "site" in item.fixturenames or drawn:
            item.add_marker("rest")
        if item.get_closest_marker("everything") and not config.getoption("--all"):
            what = item.get_closest_marker("everything").args[0]
            left_out.setdefault(what, []).append(item)
    if left_out:
        dropped = [item for group in left_out.values() for item in group]
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in set(dropped)]
        config.stash[LEFT_OUT] = {what: len(group) for what, group in left_out.items()}
    items.sort(key=lambda item: ("jobs" in item.fixturenames) + ("site" in item.fixturenames))


LEFT_OUT = pytest.StashKey[dict]()


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


# What takes long --------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def begin_early(request):
    """Begin with what takes long before the first test, if a test will ask for it."""
    items = request.session.items
    for job in ["site_job", "second_site_job"]:
        if any(job in item.fixturenames for item in items):
            request.getfixturevalue(job)
    for fixture, job in [("lesson_run", "lesson_job"), ("exercises_run", "exercises_job")]:
        for item in items:
            parameters = item.callspec.params if hasattr(item, "callspec") else {}
            if fixture in item.fixturenames and parameters.get("name") in ALL_LESSONS:
                version = [parameters["version"]] if "version" in parameters else []
                request.getfixturevalue(job)(parameters["name"], *version)


@pytest.fixture(scope="session")
def jobs():
    """What is done beside the tests, two at a time, each thing once."""
    jobs = Jobs()
    yield jobs
    jobs.end()


@pytest.fixture(scope="session")
def lesson_job(jobs, tmp_path_factory):
    """A function that has a lesson run, as a script, from another folder."""
    folder = tmp_path_factory.mktemp("elsewhere")
    return lambda name: jobs.begin(name, run_once, SCRIPTS / f"{name}.py", folder)


@pytest.fixture(scope="session")
def lesson_run(lesson_job):
    """A function that gives the run of a lesson by its name, however it ended."""

    def get(name: str) -> Run:
        run = lesson_job(name).result()
        SECONDS[f"scripts/{name}.py"] = run.seconds
        return run

    return get


SECONDS: dict[str, float] = {}  # of what ran, for the end of the tests


@pytest.fixture(scope="session")
def lesson(lesson_run):
    """A function that gives the run of a lesson by its name, if it came to its end."""

    def get(name: str) -> Run:
        run = lesson_run(name)
        if run.returncode != 0:
            pytest.fail(f"scripts/{name}.py failed:\n{run.stderr}")
        return run

    return get


@pytest.fixture(scope="session")
def exercises_job(jobs, tmp_path_factory):
    """A function that has a file of exercises run: with solutions, or the student's version."""
    from gallery import exercises

    folder = tmp_path_factory.mktemp("exercises")

    def begin(name: str, version: str = "solutions"):
        script = SCRIPTS / "exercises" / f"{name}_exercises.py"
        if version == "student":
            text = exercises.student_version(script.read_text(encoding="utf-8"))
            script = folder / f"{name}_student.py"
            script.write_text(text, encoding="utf-8")
        return jobs.begin(script, run_once, script, folder, without_data_sets(folder))

    return begin


@pytest.fixture(scope="session")
def exercises_run(exercises_job):
    """A function that gives the run of a file of exercises."""

    def get(name: str, version: str = "solutions") -> Run:
        run = exercises_job(name, version).result()
        SECONDS[f"exercises: {name}, {version}"] = run.seconds
        return run

    return get


@pytest.fixture
def use_precision():
    """A function that has Keras compute in a type; afterwards it is single precision again."""
    import layer_checks  # noqa: F401  (only now: it starts TensorFlow)

    yield keras_precision
    keras_precision("float32")  # not what was before: blocks of a lesson may have left another


@pytest.fixture(params=TOLERANCES)
def dtype(request, use_precision):
    """Both types, one after the other; Keras computes in it."""
    use_precision(request.param)
    return request.param


# The website ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def site_job(request, jobs, tmp_path_factory):
    """The build of the website: of the whole one with ``--all``, else of a small one.

    ``COURSE_SITE`` in the environment names one that is there already.
    """
    if os.environ.get("COURSE_SITE"):
        return jobs.begin("site", lambda: (ROOT / os.environ["COURSE_SITE"]).resolve())
    folder = tmp_path_factory.mktemp("site") / "a copy of the course"
    in_full = None if request.config.getoption("--all") else IN_FULL
    return jobs.begin("site", lambda: build_website(copy_course(folder, in_full)))


@pytest.fixture(scope="session")
def second_site_job(jobs, site_job, tmp_path_factory):
    """Another build of the whole website, from the same runs of the lessons."""
    folder = tmp_path_factory.mktemp("second") / "another copy"

    def build() -> Path:
        site = site_job.result()
        copy_course(folder)
        if (site.parents[1] / "lessons").is_dir():
            shutil.copytree(site.parents[1] / "lessons", folder / "docs" / "lessons")
        return build_website(folder)

    return jobs.begin("second site", build)


@pytest.fixture(scope="session")
def site(site_job) -> Path:
    """The folder of the website."""
    try:
        folder = site_job.result()
    except RuntimeError as error:
        pytest.fail(str(error))
    if not (folder / "index.html").is_file():
        pytest.fail(f"COURSE_SITE: expected a built website in {folder}, found none.")
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


def pytest_terminal_summary(terminalreporter, config):
    """Print the largest differences from Keras, how long things took, and what was left out."""
    tell = terminalreporter
    layer_checks = sys.modules.get("layer_checks")
    if layer_checks is not None and layer_checks.LARGEST:
        tell.section("largest relative differences from Keras")
        for line in layer_checks.summary_lines():
            tell.line(line)
    every_input = sys.modules.get("test_every_input")
    if every_input is not None and every_input.OUTCOMES:
        tell.section("calls of public functions with odd arguments")
        for outcome, count in every_input.OUTCOMES.most_common():
            tell.line(f"{count:6d}  {outcome}")
    if SECONDS:
        tell.section("seconds of scripts and notebooks, two at a time beside the tests")
        for what, seconds in sorted(SECONDS.items()):
            tell.line(f"{seconds:6.1f}  {what}")
    left_out = config.stash.get(LEFT_OUT, {})
    if left_out:
        tell.section("left out")
        for what, count in sorted(left_out.items()):
            tell.line(f"{count:4d} tests: {what}")
        some = f"{len(LESSONS_ON_SITE)} of {len(ALL_LESSONS)} lessons in full"
        if len(LESSONS_ON_SITE) < len(ALL_LESSONS):
            tell.line(f"The website of these tests was a small one, with {some}.")
        tell.line("python -m pytest --all runs everything.")
