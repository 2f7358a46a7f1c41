"""A quiet start holds messages back, and loses nothing when the start fails.

And Keras starts the same, whatever another course has left in its settings.
"""

import ast
import io
import json
import re
import subprocess
import sys

import pytest
from conftest import everything
from r_fixtures import ROOT
from running import run_python, without_display

from course.quiet import progress

HEAD = "import os, sys; from course.quiet import quiet_start\n"
SCRIPTS = sorted(ROOT.glob("scripts/**/*.py"))
PRINT_ANY_LETTER = ["course.quiet", "course.images", "course.rbase"]
SOURCES = [*SCRIPTS, *sorted(ROOT.glob("course/**/*.py"))]
posix = pytest.mark.skipif(sys.platform == "win32", reason="a matter of signals or limits")


def run(code: str, **environment: str) -> subprocess.CompletedProcess:
    settings = {"PYTHONPATH": str(ROOT)} | environment
    return run_python("-c", HEAD + code, environment=without_display() | settings)


def test_keras_starts_and_computes_without_a_word():
    result = run(
        "with quiet_start():\n"
        "    import keras\n"
        "model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])\n"
        "print(model(keras.ops.ones((1, 2))).shape)"
    )
    assert (result.returncode, result.stderr, result.stdout) == (0, "", "(1, 1)\n")


def test_messages_of_c_and_of_python_are_held_back():
    result = run(
        "with quiet_start():\n"
        "    os.write(2, b'from C')\n"
        "    print('from Python', file=sys.stderr)\n"
        "print('after', file=sys.stderr)"
    )
    assert result.stderr == "after\n"


def test_a_failing_start_shows_everything():
    result = run(
        "with quiet_start():\n"
        "    os.write(2, b'from C\\n')\n"
        "    print('from Python', file=sys.stderr)\n"
        "    import a_package_that_is_not_there"
    )
    assert result.returncode == 1
    assert result.stderr.startswith("from C\nfrom Python\n")
    assert "ModuleNotFoundError: No module named 'a_package_that_is_not_there'" in result.stderr


def test_a_notebook_s_messages_are_held_back_too():
    """There Python's standard error is an object, and not that of the operating system."""
    result = run(
        "import io\n"
        "sys.stderr = seen = io.StringIO()\n"
        "with quiet_start():\n"
        "    print('held back', file=sys.stderr)\n"
        "print(repr(seen.getvalue()), sys.stderr is seen)\n"
        "try:\n"
        "    with quiet_start():\n"
        "        print('shown', file=sys.stderr); 1 / 0\n"
        "except ZeroDivisionError:\n"
        "    print(repr(seen.getvalue()))"
    )
    assert result.stdout == "'' True\n'shown\\n'\n"


def test_a_logger_set_up_inside_is_heard_afterwards():
    result = run(
        "import logging\n"
        "with quiet_start():\n"
        "    handler = logging.StreamHandler()\n"
        "    logging.getLogger('x').addHandler(handler)\n"
        "    logging.getLogger('x').warning('held back')\n"
        "logging.getLogger('x').warning('heard')"
    )
    assert result.stderr == "heard\n"


@posix
@pytest.mark.parametrize(
    "end",
    [
        "os.abort()",
        "import ctypes; ctypes.string_at(0)",
        "os.kill(os.getpid(), 9)",
        "os._exit(3)",
        "sys.exit(3)",
        "raise KeyboardInterrupt",
        "os.kill(0, 2)",  # Ctrl-C goes to all processes in the terminal
    ],
)
def test_a_process_that_ends_inside_shows_everything(end):
    """However it ends, as on a processor that lacks what TensorFlow needs."""
    code = (
        "os.setsid()\n"
        "with quiet_start():\n"
        "    os.write(2, b'from C\\n'); print('from Python', file=sys.stderr)\n"
        f"    {end}"
    )
    result = run(code)
    assert result.returncode != 0
    assert "from C\nfrom Python\n" in result.stderr


def test_a_quiet_start_inside_another_one():
    result = run(
        "with quiet_start():\n"
        "    print('held back', file=sys.stderr)\n"
        "    with quiet_start():\n"
        "        os.write(2, b'held back')\n"
        "    try:\n"
        "        with quiet_start():\n"
        "            os.write(2, b'held back, too'); 1 / 0\n"
        "    except ZeroDivisionError:\n"
        "        pass\n"
        "print('heard', file=sys.stderr); os.write(2, b'heard')"
    )
    assert result.stderr == "heard\nheard"


def test_one_quiet_start_at_a_time():
    """Two that overlap would restore standard error in the wrong order."""
    result = run(
        "import threading, time\n"
        "def start(seconds):\n"
        "    with quiet_start():\n"
        "        os.write(2, b'held back'); time.sleep(seconds)\n"
        "threads = [threading.Thread(target=start, args=[s]) for s in [0.3, 0.6]]\n"
        "for thread in threads: thread.start(); time.sleep(0.1)\n"
        "for thread in threads: thread.join()\n"
        "os.write(2, b'heard')"
    )
    assert result.stderr == "heard"


@posix
def test_a_quiet_start_needs_no_place_on_the_disk():
    """With no temporary folder nothing is held back; on a full disk the program goes on."""
    block = "with quiet_start():\n    print('word', file=sys.stderr)\nprint('done')"
    no_folder = "import tempfile; tempfile._candidate_tempdir_list = lambda: ['/nowhere']\n"
    result = run(no_folder + block)
    assert (result.stdout, result.stderr) == ("done\n", "word\n")
    full_disk = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
    result = run(full_disk + block)
    assert (result.returncode, result.stdout) == (0, "done\n")


def test_a_quiet_start_needs_no_second_process():
    for executable in ["None", "''", "'/nowhere/python'"]:
        block = "with quiet_start():\n    os.write(2, b'word')"
        result = run(f"sys.executable = {executable}\n" + block)
        assert (result.returncode, result.stderr) == (0, "word")


def test_a_program_without_standard_error_starts_all_the_same():
    for code in ["sys.stderr = None\n", "os.close(2)\n"]:
        result = run(code + "with quiet_start():\n    x = 1\nprint(x)")
        assert (result.returncode, result.stdout) == (0, "1\n")


def test_the_level_of_tensorflow_s_messages_can_be_chosen():
    code = "with quiet_start(): pass\nprint(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    assert run("os.environ.pop('TF_CPP_MIN_LOG_LEVEL', None)\n" + code).stdout == "2\n"
    assert run("os.environ['TF_CPP_MIN_LOG_LEVEL'] = '0'\n" + code).stdout == "0\n"


# How Keras starts -----------------------------------------------------------------------------

SETTINGS = (
    "with quiet_start():\n"
    "    import keras\n"
    "c = keras.config\n"
    "print(c.backend(), c.floatx(), c.epsilon(), c.image_data_format(), c.dtype_policy().name)\n"
    "print(keras.layers.Conv2D(1, 1).data_format)\n"
)


@pytest.fixture
def left_over(tmp_path):
    """A function that writes a file of settings of Keras, and gives the environment with it."""

    def write(content) -> dict[str, str]:
        (tmp_path / "keras.json").write_text(json.dumps(content), encoding="utf-8")
        return {"KERAS_HOME": str(tmp_path), "KERAS_BACKEND": ""}

    return write


def test_keras_starts_the_same_whatever_another_course_has_left(left_over):
    settings = {
        "backend": "theano",
        "floatx": "float16",
        "epsilon": 0.1,
        "image_data_format": "channels_first",
        "nnx_enabled": True,
    }
    limits = {"KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "1", "KERAS_NNX_ENABLED": "1"}
    asked = "max_epochs = getattr(c, 'max_epochs', lambda: None)\nprint(max_epochs())"
    result = run(SETTINGS + asked, **left_over(settings), **limits)
    assert result.stderr == ""
    assert result.stdout == (
        "tensorflow float32 1e-07 channels_last float32\nchannels_last\nNone\n"
    )


@everything("starts of Keras after other settings")
def test_settings_that_were_made_before_stay():
    result = run(
        "import keras\n"
        "keras.config.set_floatx('float64')\n"
        "keras.config.set_image_data_format('channels_first')\n" + SETTINGS
    )
    assert result.stdout.startswith("tensorflow float64 1e-07 channels_first")


def test_another_backend_is_refused_before_keras_is_imported():
    code = "with quiet_start():\n    print('too late')"
    result = run(code, KERAS_BACKEND="jax")
    assert result.stdout == ""
    message = "ValueError: KERAS_BACKEND: expected tensorflow.*Received 'jax'. Unset"
    assert re.search(message, result.stderr)
    assert run(code, KERAS_BACKEND="tensorflow").stdout == "too late\n"
    assert run("sys.modules['keras'] = 1\n" + code, KERAS_BACKEND="jax").stdout == "too late\n"


@pytest.mark.parametrize("content", [[1, 2], {"epsilon": 1}, {"floatx": "half"}])
def test_settings_that_keras_cannot_read_are_named(left_over, content):
    result = run(SETTINGS, **left_over(content))
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("Keras stopped at its own settings. Correct")
    assert "keras.json" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_import_of_keras_stands_in_a_quiet_start(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    for node in ast.walk(tree):
        if isinstance(node, ast.With) and "quiet_start()" in map(ast.unparse, node.items):
            imports = [n for n in imports if n not in node.body]
    assert not [n for n in imports if re.search(r"\b(keras|tensorflow)\b", ast.unparse(n))]


# Any letter can be printed --------------------------------------------------------------------


@pytest.mark.parametrize("module", PRINT_ANY_LETTER)
def test_a_letter_that_the_console_lacks_ends_no_program(module):
    code = f"import {module}\nprint('caf\\xe9 \\u03c0 \\udcff \\xb1')"

    def printed(**environment: str) -> subprocess.CompletedProcess:
        environment = without_display() | {"PYTHONPATH": str(ROOT)} | environment
        return run_python("-c", code, environment=environment)

    for encoding, expected in [
        ("ascii", r"caf\xe9 \u03c0 \udcff \xb1"),
        ("utf-8", r"café π \udcff ±"),
    ]:
        assert printed(PYTHONIOENCODING=encoding).stdout.rstrip() == expected
    no_locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert printed(**no_locale).returncode == 0
    assert printed(PYTHONIOENCODING="ascii:replace").stdout.rstrip() == "caf? ? ? ?"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_that_prints_more_than_ascii_can_print_any_letter(path):
    """It imports course.quiet, or what does so too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body.pop(0)  # the title is not printed
    modules = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    if not set(PRINT_ANY_LETTER) & modules:
        texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
        assert all(text.isascii() for text in texts if isinstance(text, str))


def test_progress_is_for_terminals(monkeypatch):
    class Terminal(io.TextIOWrapper):
        def isatty(self):
            return True

    assert progress() == 0  # pytest replaces the stream
    monkeypatch.setattr(sys, "stdout", Terminal(io.BytesIO()))
    assert progress() == 0  # another class: a notebook or a page, whatever it answers
    plain = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", plain)
    assert progress() == 0  # a file
