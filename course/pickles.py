"""The pickles of CIFAR-10, read by a machine that can do no more than pictures need."""

import pickletools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from course.reading import wrong

PICKLE_INSTRUCTIONS = 1_000_000  # five times as many as a batch has


class _Type:
    """Stands for NumPy's dtype while a pickle is read.

    Args:
        name: ``u1`` for uint8, and so on.
        _: two more settings that NumPy writes; they have no meaning here.
    """

    def __init__(self, name: str | bytes, *_: object):
        self.name, self.order = name, "|"

    def set_state(self, state: tuple) -> None:
        """Take what NumPy writes of the type; its second part is the order of bytes."""
        self.order = state[1]

    def dtype(self) -> np.dtype:
        """The true type, if it is one of whole numbers."""
        texts = (self.order, self.name)
        name = "".join(text.decode() if isinstance(text, bytes) else text for text in texts)
        if not re.fullmatch("[|<>=]?[iu][1248]", name):
            raise ValueError(f"it has an array of the type {name!r}, not of whole numbers")
        return np.dtype(name)


class Array:
    """Stands for NumPy's array while a pickle is read.

    Args:
        _: what NumPy makes an empty array of; the true shape and content come afterwards.
    """

    def __init__(self, *_: object):
        self.values: np.ndarray | None = None

    def set_state(self, state: tuple) -> None:
        """Take what NumPy writes of the array."""
        _, shape, kind, by_columns, content = state
        values = np.frombuffer(content, kind.dtype())
        self.values = values.reshape(shape, order="F" if by_columns else "C")


def _array_from_buffer(content: bytes, kind: _Type, shape: tuple, order: str) -> Array:
    array = Array()
    array.set_state((1, shape, kind, order == "F", content))
    return array


def _number(kind: _Type, content: bytes) -> int:
    return np.frombuffer(content, kind.dtype()).item()


# All that a pickle of arrays may ask for, and what it gets. So NumPy never sees the pickle.
STAND_INS: dict[str, Callable] = {
    "numpy.dtype": _Type,
    "numpy.ndarray": Array,
    "numpy.core.multiarray._reconstruct": Array,
    "numpy.core.multiarray.scalar": _number,
    "numpy.core.numeric._frombuffer": _array_from_buffer,
    "_codecs.encode": lambda text, _: text.encode("latin1"),  # so Python 3 writes bytes for 2
}


# What stands beside these instructions goes on the stack as it is.
LITERALS = (
    *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
    *("BINUNICODE", "SHORT_BINUNICODE"),
    *("BINBYTES", "SHORT_BINBYTES"),
)
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list}
# How many things these take from the stack; or all down to the last mark.
TAKEN = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3, "APPEND": 1, "SETITEM": 2}
TAKEN |= {"STACK_GLOBAL": 2, "REDUCE": 2, "BUILD": 1}
TO_THE_MARK = ("TUPLE", "APPENDS", "SETITEMS")


def unpickled(where: Path, content: bytes) -> object:
    """The content of a pickle. Nothing of it is run."""
    try:
        return _rebuilt(content)
    except Exception as error:  # damaged or hostile bytes can lead to any
        reason = str(error).rstrip(".")[:200]
        found = f"another, or a damaged one: {reason}. Nothing of it was run"
        raise wrong(where, "a pickle of numbers and texts", found) from error


def _rebuilt(content: bytes) -> object:
    """What a pickle describes, if it is made of numbers, texts and arrays.

    A pickle is a row of instructions for a machine with a stack. Python's own machine trusts them:
    a few bytes can keep it busy for ever, or end it. This one has the instructions that the two
    Pythons and NumPy write for a batch; it calls the stand-ins and nothing else.
    """
    stack, marks, memory, n_made = list[Any](), list[int](), dict[int, Any](), 0
    argument: Any
    for count, (opcode, argument, _) in enumerate(pickletools.genops(content)):
        if count == PICKLE_INSTRUCTIONS:
            raise ValueError(f"it has more than {PICKLE_INSTRUCTIONS:,} instructions")
        name, taken = opcode.name, []
        if name in TO_THE_MARK:
            start = marks.pop()
            taken = stack[start:]
            del stack[start:]
        elif name in TAKEN:
            taken = [stack.pop() for _ in range(TAKEN[name])][::-1]

        if name in LITERALS:
            stack.append(argument)
        elif name in ("BINSTRING", "SHORT_BINSTRING"):  # a text of Python 2: bytes
            stack.append(argument.encode("latin1"))
        elif name == "BYTEARRAY8":
            stack.append(bytes(argument))
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name in EMPTY:
            stack.append(EMPTY[name]())
        elif name == "MARK":
            marks.append(len(stack))
        elif name in ("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"):
            stack.append(tuple(taken))
        elif name in ("APPEND", "APPENDS"):
            stack[-1].extend(taken)
        elif name in ("SETITEM", "SETITEMS"):
            # To look up a tuple of tuples of tuples can take for ever, or end Python.
            if not all(isinstance(key, str | bytes) for key in taken[::2]):
                raise ValueError("it has a dictionary with keys that are no texts")
            stack[-1].update(zip(taken[::2], taken[1::2], strict=True))
        elif name in ("BINPUT", "LONG_BINPUT"):
            memory[argument] = stack[-1]
        elif name == "MEMOIZE":
            memory[len(memory)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memory[argument])
        elif name == "GLOBAL":
            stack.append(_stand_in(*argument.split(" ", 1)))
        elif name == "STACK_GLOBAL":
            stack.append(_stand_in(*taken))
        elif name == "REDUCE":
            stack.append(_called(*taken))
            n_made += len(stack[-1]) if isinstance(stack[-1], bytes) else 0
            if n_made > len(content):  # the same text again and again
                raise ValueError("it makes more bytes than it has")
        elif name == "BUILD":
            stack[-1].set_state(*taken)
        elif name == "STOP":
            return stack.pop()
        elif name not in ("PROTO", "FRAME"):
            raise ValueError(f"it has the instruction {name}, which no picture needs")
    raise ValueError("it has no end")


def _stand_in(module: object, name: object) -> Callable:
    if not isinstance(module, str) or not isinstance(name, str):
        raise ValueError("it asks for something whose name is no text")
    asked = f"{module.replace('numpy._core.', 'numpy.core.')}.{name}"
    if asked not in STAND_INS:
        raise ValueError(f"it asks for {module:.80}.{name:.80}, which no picture needs")
    return STAND_INS[asked]


def _called(function: Callable, arguments: tuple) -> object:
    """What a stand-in makes of its arguments, which are few."""
    if len(arguments) > 4:
        raise ValueError(f"it hands over {len(arguments):,} arguments at once")
    return function(*arguments)
