"""A quiet start holds messages back, and loses nothing when the start fails."""

import subprocess
import sys

HEAD = "import os, sys; from course.quiet import quiet_start\n"


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", HEAD + code], capture_output=True, text=True, check=False
    )


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
