"""Import a package without its start-up messages, as R's suppressPackageStartupMessages().

TensorFlow writes about a dozen lines when it is imported and when it first computes. They come
from its C++ part, past Python's own output streams, so they are caught at the level of the
operating system.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet_start"]

STANDARD_ERROR = 2  # its number for the operating system


@contextmanager
def quiet_start() -> Iterator[None]:
    """Hold back what is written to standard error inside a ``with`` block.

    If the block raises, all that was held back is written after all, so that nothing about the
    failure is lost. The level of TensorFlow's own messages is set to "errors only", unless the
    environment variable ``TF_CPP_MIN_LOG_LEVEL`` says otherwise.

    Example::

        with quiet_start():
            import keras
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with tempfile.TemporaryFile() as held_back:
        sys.stderr.flush()
        real = os.dup(STANDARD_ERROR)
        os.dup2(held_back.fileno(), STANDARD_ERROR)
        failed = True
        try:
            yield
            if "tensorflow" in sys.modules:  # it looks for a GPU at its first use: have it look now
                sys.modules["tensorflow"].config.list_physical_devices()
            failed = False
        finally:
            sys.stderr.flush()
            os.dup2(real, STANDARD_ERROR)
            if failed:
                held_back.seek(0)
                os.write(real, held_back.read())
            os.close(real)
