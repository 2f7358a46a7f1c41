"""A folder of your own pictures: PNG and JPEG files in ``train/CLASS`` and ``test/CLASS``."""

import unicodedata
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from course.reading import SIDE, Pictures, is_file, is_folder, wrong

FORMATS = ("PNG", "JPEG")
SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif")
# What Pillow makes of them: 8 bits for each colour, and grey in 16 bits.
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK")
GREY_16 = ("I;16", "I;16B", "I")


def folder_of_pictures(folder: Path) -> tuple[Pictures, str]:
    """The pictures in ``train/CLASS`` and ``test/CLASS``, and what was left out, in words."""
    _, left_out = _sorted_out(folder, lambda path: path.name in ("train", "test"))
    train, test = (_classes(folder / part, left_out) for part in ("train", "test"))
    if train.keys() != test.keys() or not train:
        found = f"{', '.join(train) or 'none'} in train and {', '.join(test) or 'none'} in test"
        if differing := sorted(train.keys() ^ test.keys()):
            found += f"; in one of them only: {', '.join(map(ascii, differing))}"
        expected = "the same folders, one for each class, in train and in test"
        raise wrong(folder, expected, found, "Correct the folders, so that both have all classes.")
    parts = [_labelled([part[name] for name in sorted(part)], left_out) for part in (train, test)]
    return (parts[0], parts[1], sorted(train)), _told(left_out)


def _sorted_out(folder: Path, is_wanted: Callable[[Path], bool]) -> tuple[list[Path], list[Path]]:
    """What is wanted of the things in the folder, and the others; both by name, none hidden."""
    if not is_folder(folder):
        raise FileNotFoundError(
            f"{folder}: expected a folder with a folder of pictures for each class. Found none. "
            "Make it: the pictures to test with must be others than those to train with."
        )
    wanted, others = list[Path](), list[Path]()
    for path in sorted(folder.iterdir()):
        if not path.name.startswith("."):
            (wanted if is_wanted(path) else others).append(path)
    return wanted, others


def _classes(part: Path, left_out: list[Path]) -> dict[str, Path]:
    """The folders of the classes by their names. What is left out is added to the list."""
    folders, others = _sorted_out(part, is_folder)
    left_out += others
    classes = {}
    for path in folders:
        # macOS writes an accent as a letter of its own: the same name in other bytes.
        name = unicodedata.normalize("NFC", path.name)
        if name in classes or not name.isprintable():
            expected = "folders whose names can be printed and told apart"
            raise wrong(part, expected, ascii(path.name), "Rename the folder.")
        classes[name] = path
    return classes


def _labelled(folders: list[Path], left_out: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """The pictures of all classes, mixed in an order that is always the same, and their labels.

    What is left out is added to the list.
    """
    pictures, labels = list[np.ndarray](), list[int]()
    for label, folder in enumerate(folders):
        paths, others = _sorted_out(folder, _is_picture)
        if not paths:
            remedy = "Put some there, or remove the class from train and from test."
            raise wrong(folder, f"pictures ({', '.join(SUFFIXES)})", "none", remedy)
        left_out += others
        pictures += map(_picture, paths)
        labels += [label] * len(paths)
    # Keras' validation_split takes the last pictures as they come: they must not be of one class.
    order = np.random.default_rng(0).permutation(len(labels))
    return np.stack(pictures)[order], np.array(labels, dtype=np.int64)[order]


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and is_file(path)


def _told(left_out: list[Path]) -> str:
    """How many things were left out, and of which kinds, for the line about the pictures."""
    if not left_out:
        return ""
    kinds = Counter(map(_kind, left_out)).most_common(6)
    return (
        f"; {len(left_out):,} left out, as they are no PNG or JPEG files in train/CLASS or "
        f"test/CLASS: {', '.join(f'{kind} ({n:,})' for kind, n in kinds)}"
    )


def _kind(path: Path) -> str:
    if is_folder(path):
        return "folder"
    if not is_file(path):
        return "pipe or broken link"
    suffix = path.suffix.lower()
    return suffix if suffix.isascii() and suffix[1:].isalnum() else "without a known suffix"


def _picture(path: Path) -> np.ndarray:
    """The red, green and blue of the picture in a file, upright and on white."""
    from PIL import Image, ImageOps

    try:
        # What Pillow only warns of, such as a damaged EXIF tag, it goes on without.
        with (
            warnings.catch_warnings(action="error", category=UserWarning),
            Image.open(path, formats=FORMATS) as image,
        ):
            unfit = _unfit(image)
            if not unfit:
                upright = ImageOps.exif_transpose(image)
                if upright.mode in GREY_16:  # Pillow would cut off all above 255
                    upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
                page = Image.new("RGBA", upright.size, "white")
                page.alpha_composite(upright.convert("RGBA"))
                return np.array(page.convert("RGB"))
    except Exception as error:  # damaged bytes can lead to any
        if isinstance(error, OSError) and error.errno is not None:  # it could not be opened
            raise
        remedy = "Save it again as a PNG file, or remove it."
        raise wrong(path, "a picture", f"none: {error}", remedy) from error
    raise wrong(path, *unfit)


def _unfit(image: Any) -> tuple[str, str, str] | None:
    """What is expected of a picture, found, and to do, before it is decoded; None if it is fit."""
    if image.size != (SIDE, SIDE):
        found = "{} by {}".format(*image.size)
        return f"{SIDE} by {SIDE} pixels", found, "Make all pictures of this size first."
    # A JPEG file of a phone may have a second picture; the first is the photograph.
    if image.format == "PNG" and image.is_animated:
        return "a single picture", f"{image.n_frames} frames", "Save one of them as a PNG file."
    if image.mode not in (*MODES, *GREY_16):
        found = f"the mode {image.mode}"
        return f"one of the modes {', '.join(MODES)}", found, "Save it again as a PNG file."
    # Of a picture with other than 8 bits, Pillow compares the colour before with that after.
    depth = image.tile[0][3]
    if "transparency" in image.info and image.mode != "P" and depth not in ("1", "L", "RGB"):
        expected = "8 bits where one colour is transparent"
        return expected, f"the depth {depth}", "Save it again as a PNG file with 8 bits."
    return None
