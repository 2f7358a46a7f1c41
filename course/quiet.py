r"""Fewer messages: import a package without its greetings, show progress in a terminal only.

`quiet_start` does what ``suppressPackageStartupMessages()`` does in R, and sees that Keras starts
the same on every machine.

TensorFlow writes about a dozen lines when it is imported and when it first computes. They come
from its C++ part, past Python's own output streams, so they are caught at the level of the
operating system.

Who imports this module can print any letter: what the console's encoding lacks comes out as
``\xb1``, as it does in Python's own messages, and does not end the program.
"""

import io
import os
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, suppress
from pathlib import Path
from typing import TextIO

__all__ = ["progress", "quiet_start"]

STANDARD_ERROR = 2  # its number for the operating system
ONE_BLOCK_AT_A_TIME = threading.RLock()  # another thread waits; blocks may stand in one another

# Keras' own settings, whatever ~/.keras/keras.json and the environment say.
KERAS_SETTINGS = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "max_epochs": None,
    "max_steps_per_epoch": None,
}

# A second Python, started with the file of messages as its standard output. It waits for a word
# from the first. If that ends without one, killed or crashed, the second shows the messages.
WATCHER = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
if not os.read(0, 1):
    held = open(1, "rb")
    held.seek(0)
    sys.stderr.buffer.write(b"Python ended inside quiet_start(). Held back until here:\\n")
    sys.stderr.buffer.write(held.read())
"""


@contextmanager
def quiet_start() -> Iterator[None]:
    """Hold back what is written to standard error inside a ``with`` block.

    If the block raises, all that was held back is written after all, so that nothing about the
    failure is lost. It is written, too, if the process dies inside the block: a second process
    waits for that. The level of TensorFlow's own messages is set to "errors only", unless the
    environment variable ``TF_CPP_MIN_LOG_LEVEL`` says otherwise. Where messages cannot be held
    back (there is no standard error, no temporary folder, or no second process can be started),
    the block runs as it is.

    If Keras is first imported in the block, it computes with TensorFlow and begins with its own
    settings, so that a lesson gives the same numbers on every machine: ``float32``, an epsilon of
    ``1e-7``, ``channels_last``, and as many epochs and steps as are asked for. What a file
    ``keras.json`` says is not heeded. Choose other settings after the block.

    Raises:
        ValueError: if Keras is not imported yet and the environment variable ``KERAS_BACKEND``
            names something other than ``tensorflow``.

    Example::

        with quiet_start():
            import keras
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _keras_as_it_comes(), ONE_BLOCK_AT_A_TIME, _held_back():
        yield
        if "tensorflow" in sys.modules:
            # It looks for a GPU at its first use, and says so: have it look now.
            sys.modules["tensorflow"].config.list_physical_devices()


def progress() -> int:
    """Whether to show how far a training is: 1 in a terminal, else 0, for Keras' ``verbose``.

    A progress bar draws over itself, which only a terminal can show. On a page, in a notebook or in
    a file it would leave a line for each step.
    """
    # Who replaces the stream does not show a terminal, whatever it answers to isatty().
    return int(type(sys.stdout) is io.TextIOWrapper and sys.stdout.isatty())


@contextmanager
def _keras_as_it_comes() -> Iterator[None]:
    """If Keras is imported in the block: with TensorFlow, and with its own settings."""
    if "keras" in sys.modules:
        yield
        return
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if backend != "tensorflow":
        raise ValueError(
            "KERAS_BACKEND: expected tensorflow, with which the course runs Keras. "
            f"Received {backend!r}. Unset this environment variable, or set it to tensorflow."
        )
    os.environ["KERAS_BACKEND"] = backend  # goes before what keras.json says
    os.environ["KERAS_NNX_ENABLED"] = "false"  # this too; it is for another backend
    try:
        yield
    except Exception as error:
        place = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
        if place.parts[-4:] == ("keras", "src", "backend", "config.py"):
            error.add_note(
                "Keras stopped at its own settings. Correct or remove the file keras.json (in the "
                "folder that KERAS_HOME names, else in ~/.keras), and unset the environment "
                "variables that begin with KERAS_MAX."
            )
        raise
    keras = sys.modules.get("keras")
    for name, value in KERAS_SETTINGS.items():
        set_to = getattr(getattr(keras, "config", None), f"set_{name}", None)
        if set_to:  # older versions of Keras have not all of them
            set_to(value)


@contextmanager
def _held_back() -> Iterator[None]:
    """Hold standard error back in a file; show it if the block raises or the process dies."""
    with ExitStack() as at_the_end:
        try:
            real = os.dup(STANDARD_ERROR)
            at_the_end.callback(os.close, real)
            messages = at_the_end.enter_context(tempfile.TemporaryFile())
            watcher = subprocess.Popen(
                [str(sys.executable), "-I", "-S", "-c", WATCHER],
                stdin=subprocess.PIPE,
                stdout=messages,
            )
        except OSError:
            watcher = None
        if watcher is None:
            yield
            return
        # In a notebook Python's own messages take another way than those of C: hold back both.
        gate = _Gate(sys.stderr)
        failed = True
        try:
            gate.flush()
            os.dup2(messages.fileno(), STANDARD_ERROR)
            with redirect_stderr(gate):
                yield
            failed = False
        finally:
            os.dup2(real, STANDARD_ERROR)
            gate.shut = False
            watcher.communicate(b".")
            if failed:
                messages.seek(0)
                gate.write(messages.read().decode(errors="replace"))
                gate.flush()


class _Gate:
    """Stands before Python's standard error. While it is shut, messages go where those of C go.

    A logger that is set up behind the gate keeps it for good, so once open it lets all through.

    Args:
        stream: the stream behind the gate, or None if the program has none.
    """

    def __init__(self, stream: TextIO | None):
        self.stream = stream
        self.shut = True

    def write(self, text: str) -> int:
        if self.shut:
            with suppress(OSError):  # a full disk: the message is lost, the program goes on
                os.write(STANDARD_ERROR, text.encode(errors="backslashreplace"))
        elif self.stream is not None:
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        if self.stream is not None:
            self.stream.flush()

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)


# Without the language settings of a user, as in a C locale, Python's own way is the second.
AS_PYTHON_SETS_IT = ("strict", "surrogateescape")
if getattr(sys.stdout, "errors", None) in AS_PYTHON_SETS_IT and hasattr(sys.stdout, "reconfigure"):
    sys.stdout.reconfigure(errors="backslashreplace")
