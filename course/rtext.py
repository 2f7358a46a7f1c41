"""Text as R has it: its order, its escapes and its width."""

import unicodedata

# The order of text, for `collation`: what comes before the digits, and the accents.
BEFORE_DIGITS = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
ACCENTS = "\u0301\u0300\u0306\u0302\u030c\u030a\u0308\u030b\u0303\u0307\u0338\u0327\u0328\u0304"
WITH_STROKE = {"ð": "d\u0338", "ø": "o\u0338", "æ": "a\u0335e", "ß": "s\u0335s"}
WITH_STROKE |= {"Ð": "D\u0338", "Ø": "O\u0338", "Æ": "A\u0335E", "ẞ": "S\u0335S"}

ESCAPES = {"\\": r"\\", "\a": r"\a", "\b": r"\b", "\t": r"\t", "\n": r"\n"}
ESCAPES |= {"\v": r"\v", "\f": r"\f", "\r": r"\r"}


def collation(text: str) -> tuple[list, list, list]:
    """What to sort text by: letters, then accents, then case, as the locales of R do.

    Source: the root collation of CLDR, on which that of the European languages rests.
    """
    letters, accents, capitals = [], [], []
    spelt_out = "".join(WITH_STROKE.get(c, c) for c in text)
    for c in unicodedata.normalize("NFD", spelt_out):
        kind = unicodedata.category(c)[0]
        if unicodedata.combining(c):
            accents.append(1 + ACCENTS.find(c) if c in ACCENTS else ord(c))
            continue
        if c in BEFORE_DIGITS:
            letters.append((0, BEFORE_DIGITS.index(c), ""))
        elif kind != "C":  # control characters do not count
            letters.append(({"N": 2, "L": 3}.get(kind, 1), 0, c.lower()))
        else:
            continue
        accents.append(0)
        capitals.append(c != c.lower())
    return letters, accents, capitals


def escaped(text: str, who: str) -> str:
    """A name as R prints it: line breaks and the like as in R code."""
    shown = []
    for c in text:
        category = unicodedata.category(c)
        if c == "\0" or category in ("Cs", "Cn"):
            raise ValueError(
                f"{who} expects names of characters that R has. Received: {text!r}. Remove {c!r}."
            )
        if c in ESCAPES:
            c = ESCAPES[c]
        elif c < " " or c == "\x7f":
            c = f"\\{ord(c):03o}"
        elif category in ("Cc", "Zl", "Zp"):
            c = f"\\u{ord(c):04x}"
        shown.append(c)
    return "".join(shown)


def width_of(text: str) -> int:
    """How many places a text takes on the screen: Japanese two a character, accents none.

    R 4.2 knows Unicode 13. Some 170 characters that came later take another width in R.
    """
    return sum(map(_places, text))


def _places(c: str) -> int:
    if " " <= c <= "~":
        return 1
    if "\u1160" <= c <= "\u11ff":  # the second and third parts of Korean syllables
        return 0
    if unicodedata.category(c) in ("Mn", "Me", "Cf") and c != "\xad":
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def left_aligned(text: str, width: int) -> str:
    """With spaces after it."""
    return text + " " * (width - width_of(text))


def right_aligned(text: str, width: int) -> str:
    """With spaces before it."""
    return " " * (width - width_of(text)) + text
