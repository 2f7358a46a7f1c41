"""Fewer messages: import a package without its greetings, show progress in a terminal only.

`quiet_start` does what ``suppressPackageStartupMessages()`` does in R.

TensorFlow writes about a dozen lines when it is imported and when it first computes. They come
from its C++ part, past Python's own output streams, so they are caught at the level of the
operating system.
"""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr

__all__ = ["progress", "quiet_start"]

STANDARD_ERROR = 2  # its number for the operating system


@contextmanager
def quiet_start() -> Iterator[None]:
    """Hold back what is written to standard error inside a ``with`` block.

    If the block raises, all that was held back is written after all, so that nothing about the
    failure is lost. The level of TensorFlow's own messages is set to "errors only", unless the
    environment variable ``TF_CPP_MIN_LOG_LEVEL`` says otherwise. A program that has no standard
    error runs the block as it is.

    Example::

        with quiet_start():
            import keras
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    real = _copy_of_standard_error()
    if real is None:
        yield
        return
    # In a notebook Python's own messages take another way than those of C: hold back both.
    gate = _Gate(sys.stderr)
    failed = True
    with tempfile.TemporaryFile() as c_messages:
        try:
            gate.flush()
            os.dup2(c_messages.fileno(), STANDARD_ERROR)
            with redirect_stderr(gate):
                yield
                if "tensorflow" in sys.modules:
                    # It looks for a GPU at its first use, and says so: have it look now.
                    sys.modules["tensorflow"].config.list_physical_devices()
            failed = False
        finally:
            os.dup2(real, STANDARD_ERROR)
            os.close(real)
            python_messages = gate.open()
            if failed:
                c_messages.seek(0)
                gate.write(c_messages.read().decode(errors="replace") + python_messages)
                gate.flush()


def progress() -> int:
    """Whether to show how far a training is: 1 in a terminal, else 0, for Keras' ``verbose``.

    A progress bar draws over itself, which only a terminal can show. On a page, in a notebook or in
    a file it would leave a line for each step.
    """
    # Who replaces the stream does not show a terminal, whatever it answers to isatty().
    return int(type(sys.stdout) is io.TextIOWrapper and sys.stdout.isatty())


def _copy_of_standard_error() -> int | None:
    """A second number for standard error, or None if there is none, as with no console."""
    try:
        return os.dup(STANDARD_ERROR)
    except OSError:
        return None


class _Gate:
    """Stands before Python's standard error: holds messages back until it is opened.

    A logger that is set up behind the gate keeps it for good, so once open it lets all through.

    Args:
        stream: the stream behind the gate, or None if the program has none.
    """

    def __init__(self, stream):
        self.stream = stream
        self.held: list[str] | None = []

    def open(self) -> str:
        """Let through what comes from now on; return what was held back."""
        held, self.held = "".join(self.held or []), None
        return held

    def write(self, text: str) -> int:
        if self.held is not None:
            self.held.append(text)
        elif self.stream is not None:
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        if self.stream is not None:
            self.stream.flush()

    def __getattr__(self, name: str):
        return getattr(self.stream, name)
