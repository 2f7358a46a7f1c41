"""Run scripts in processes of their own, each once, two at a time, for all tests that ask.

What a run left is kept: what it printed and from which line, its variables, its figures, the
modules that it loaded, the seconds that it took.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from r_fixtures import ROOT

# A limit is there to end what hangs. How long something takes is told, and no test looks at it:
# a machine may be busy.
LIMIT = 1800

# Runs a script as ``python scripts/NAME.py`` does, then stores what it left in a file.
RUNNER = """
import os, pickle, runpy, sys, time, warnings

class Listener:
    '''Hands on what is printed, and notes the line of the script that it came from.'''
    def __init__(self, stream):
        self.stream, self.heard = stream, []
    def write(self, text):
        frame = sys._getframe(1)
        while frame and (frame.f_code.co_filename, frame.f_code.co_name) != (script, '<module>'):
            frame = frame.f_back
        self.heard.append((frame.f_lineno if frame else 0, text))
        return self.stream.write(text)
    def __getattr__(self, name):
        return getattr(self.stream, name)

script, target = sys.argv[1:]
sys.argv[:] = [script]
sys.path[0] = os.path.dirname(script)
sys.stdout = listener = Listener(sys.stdout)
start = time.perf_counter()
namespace = runpy.run_path(script, run_name='__main__')
seconds = time.perf_counter() - start
modules = set(sys.modules)
warnings.simplefilter('ignore')  # what follows is not the script's
variables = {}
for name, value in namespace.items():
    try:
        data = pickle.dumps(value)
    except Exception:
        continue  # a function, a module
    # To read a model or a tensor starts TensorFlow in the tests, in a thread beside them; to read
    # a figure opens one there.
    if not any(name in data for name in [b'keras', b'tensorflow', b'matplotlib']):
        variables[name] = data
pyplot = sys.modules.get('matplotlib.pyplot')
left = {
    'printed': listener.heard, 'variables': variables, 'modules': modules, 'seconds': seconds,
    'figures': len(pyplot.get_fignums()) if pyplot else 0,
}
with open(target, 'wb') as file:
    pickle.dump(left, file)
"""


@dataclass
class Run:
    """A finished run of a script.

    Attributes:
        returncode: 0 if it came to its end.
        stdout: what it printed.
        stderr: what it complained of.
        printed: the pieces of what it printed, each with the line of the script behind it.
        variables: those it ended with, but for functions, modules, models and figures.
        modules: the names of all modules that were loaded in the end, whoever asked for them.
        figures: how many were open in the end.
        seconds: how long it took, without the start of Python.
    """

    returncode: int
    stdout: str
    stderr: str
    printed: list[tuple[int, str]]
    variables: dict
    modules: set[str]
    figures: int
    seconds: float

    def printed_between(self, first: int, last: int) -> list[str]:
        """The lines that came from a part of the script."""
        text = "".join(text for line, text in self.printed if first <= line <= last)
        return [line.rstrip() for line in text.splitlines()]


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


def without_data_sets(folder: Path) -> dict[str, str]:
    """The same, with no data sets of Keras on the machine, and no leave to fetch them."""
    environment = without_display() | {"KERAS_HOME": str(folder), "PYTHONPATH": str(ROOT)}
    environment.pop("COURSE_DOWNLOAD", None)
    return environment


def run_python(
    *arguments: str | Path, cwd: Path | None = None, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess:
    """Run Python with no display."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=environment or without_display(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LIMIT,
        check=False,
    )


def run_script(script: Path, folder: Path, environment: dict[str, str] | None = None) -> Run:
    """Run a script from another folder and with no display."""
    target = folder / f"{script.stem}.pickle"
    result = run_python("-c", RUNNER, script, target, cwd=folder, environment=environment)
    left = {"printed": [], "variables": {}, "modules": set(), "figures": 0, "seconds": 0.0}
    if target.exists():
        left = pickle.loads(target.read_bytes())
        target.unlink()
    left["variables"] = {name: pickle.loads(data) for name, data in left["variables"].items()}
    return Run(result.returncode, result.stdout, result.stderr, **left)


class Jobs:
    """What takes long is begun early, done two at a time beside the tests, and each thing once."""

    def __init__(self):
        self.pool = ThreadPoolExecutor(max_workers=2)
        self.begun: dict[Hashable, Future] = {}

    def begin(self, name: Hashable, function: Callable, *arguments) -> Future:
        """Have a function called, unless a job of this name has begun already."""
        if name not in self.begun:
            self.begun[name] = self.pool.submit(function, *arguments)
        return self.begun[name]

    def end(self) -> None:
        """Drop what nobody waits for any more."""
        self.pool.shutdown(cancel_futures=True)


def run_once(script: Path, folder: Path, environment: dict[str, str] | None = None) -> Run:
    """Run a script, or take what an earlier run of the tests has kept.

    ``COURSE_RUNS`` in the environment names a folder for it: of two runs of the tests that follow
    one another, on the same files, the second runs no script again.
    """
    if not os.environ.get("COURSE_RUNS"):
        return run_script(script, folder, environment)
    kept = Path(os.environ["COURSE_RUNS"], f"{script.stem}.run").resolve()
    if kept.exists():
        return pickle.loads(kept.read_bytes())
    run = run_script(script, folder, environment)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(pickle.dumps(run))
    return run


def build_website(folder: Path) -> Path:
    """Build the website of a copy of the course, by the command of the README.

    Returns:
        The folder of the built website.

    Raises:
        RuntimeError: if it does not build; it has all that Sphinx said.
    """
    environment = os.environ | {"PYTHONPATH": str(folder)}
    environment.pop("TF_ENABLE_ONEDNN_OPTS", None)
    if os.path.exists(os.environ.get("COURSE_IMAGES", "")):  # the command runs in another folder
        environment["COURSE_IMAGES"] = os.path.abspath(os.environ["COURSE_IMAGES"])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = next(line for line in readme.splitlines() if "-m sphinx" in line)
    _, _, arguments = command.partition("python -m sphinx ")
    result = subprocess.run(
        [sys.executable, "-m", "sphinx", *arguments.split()],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LIMIT,
        check=False,
    )
    if result.returncode != 0:
        raise RuntimeError(f"The website does not build:\n{result.stdout}\n{result.stderr}")
    return folder / "docs" / "_build" / "html"
