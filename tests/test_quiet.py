"""A quiet start holds messages back, and loses nothing when the start fails."""

import io
import subprocess
import sys

from running import run_python

from course.quiet import progress

HEAD = "import os, sys; from course.quiet import quiet_start\n"


def run(code: str) -> subprocess.CompletedProcess:
    return run_python("-c", HEAD + code)


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


def test_a_program_without_standard_error_starts_all_the_same():
    for code in ["sys.stderr = None\n", "os.close(2)\n"]:
        result = run(code + "with quiet_start():\n    x = 1\nprint(x)")
        assert (result.returncode, result.stdout) == (0, "1\n")


def test_the_level_of_tensorflow_s_messages_can_be_chosen():
    code = "with quiet_start(): pass\nprint(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    assert run("os.environ.pop('TF_CPP_MIN_LOG_LEVEL', None)\n" + code).stdout == "2\n"
    assert run("os.environ['TF_CPP_MIN_LOG_LEVEL'] = '0'\n" + code).stdout == "0\n"


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
