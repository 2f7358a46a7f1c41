"""The pages on data, slides and checks say what is the case."""

import hashlib
import re

import pytest
from conftest import ALL_LESSONS
from r_fixtures import DATASETS, ROOT
from reference.data_card import facts_of

from course.cifar10 import ARCHIVE_BYTES, ARCHIVE_SHA256

# The headings of the lecture's slides, in their order.
SLIDES = [
    "Class 2: From simple to deep neural networks",
    "Learning outcomes",
    "Reminder: structure of a keras model",
    "What do all these functions and arguments mean?",
    "What if we were to run this without the keras package?",
    "Remember the steps",
    "1 Data Prep",
    "2a Model initialisation",
    "2b Model initialisation",
    "2c Some functions we need",
    "3 Forward propagation",
    "4 Loss computation",
    "5 Backpropagation",
    "6 Weight updates",
    "7 Repeat",
    "Reminder of the tunable hyper-parameters",
    "Activation functions",
    "From simple NN to Deep NN",
    "Changing the layers",
    "Common types of layers",
    "Focus on convolutional layers",
    "Hyper-parameters for convolutional layers",
    "A bigger example of image analysis",
    "Summary",
]


# Data -----------------------------------------------------------------------------------------


def test_checksums_on_the_page_are_those_of_the_files(read):
    lists = read("data.html").select("dl.data-file")
    shown = {}
    for facts in lists:
        names = [dt.get_text().strip(" :") for dt in facts.select("dt")]
        values = [dd.get_text().strip() for dd in facts.select("dd")]
        entry = dict(zip(names, values, strict=True))
        shown[entry["File"]] = entry
    expected = {
        f"course/datasets/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in DATASETS.glob("*.csv")
    }
    expected["cifar-10-python.tar.gz"] = ARCHIVE_SHA256
    assert {name: entry["SHA-256"] for name, entry in shown.items()} == expected
    assert shown["course/datasets/iris.csv"]["Size"].startswith("150 rows, 5 columns, ")
    assert shown["course/datasets/mtcars.csv"]["Size"].startswith("32 rows, 11 columns, ")
    assert shown["cifar-10-python.tar.gz"]["Size"] == f"{ARCHIVE_BYTES:,} bytes"


def test_no_checksum_is_typed():
    for path in (ROOT / "docs").glob("*.rst"):
        assert not re.search(r"\b[0-9a-f]{64}\b", path.read_text(encoding="utf-8")), path


def test_another_content_has_another_checksum(tmp_path):
    content = (DATASETS / "iris.csv").read_text(encoding="utf-8")
    (tmp_path / "iris.csv").write_text(content.replace("5.1", "5.2", 1), encoding="utf-8")
    here, there = facts_of("iris.csv"), facts_of("iris.csv", tmp_path)
    assert here["SHA-256"] != there["SHA-256"]
    assert here["Size"] == there["Size"]


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"iris\.csv, .*Received: flowers\.csv\. Correct"):
        facts_of("flowers.csv")


def test_every_card_says_where_from_and_on_which_terms(read):
    cards = read("data.html").select("article section section")
    assert len(cards) == 5
    for card in cards:
        names = {dt.get_text().strip(" :") for dt in card.select("dt")}
        assert {"Source", "Terms", "Known errors", "To read it"} <= names
        assert {"Columns", "Content"} & names


# Slides -----------------------------------------------------------------------------------------


def test_every_slide_has_its_place(read):
    page = read("lecture_map.html")
    rows = [row.select("td") for row in page.select("table.slides tbody tr")]
    assert [int(number.get_text()) for number, _, _ in rows] == [*range(1, len(SLIDES) + 1)]
    for number, what, where in rows:
        assert len(what.get_text().strip()) >= len("Title"), number
        links = where.select("a.internal[href]")
        assert links, what
        for link in links:
            file, _, mark = link["href"].partition("#")
            target = read(file or "lecture_map.html")
            assert target.find(id=mark) if mark else target.select_one("h1"), link
    steps = [what.get_text() for _, what, _ in rows[6:15]]
    for title, heading in zip(steps, SLIDES[6:15], strict=True):
        assert title.startswith(f"Step {heading.split()[0]}:")


def test_the_lessons_that_follow_the_lecture_are_on_the_list(read):
    """All but those that have no slide, which stand above the table."""
    links = {
        a["href"].partition("#")[0] for a in read("lecture_map.html").select("article a.internal")
    }
    named = {name for name in ALL_LESSONS if f"lessons/{name}.html" in links}
    assert {"keras_model", "iris_nopackages", "layer_types", "convolution"} <= named
    assert len(named) >= 15


# Checks -----------------------------------------------------------------------------------------


def test_every_file_that_the_page_of_checks_names_exists():
    text = (ROOT / "docs" / "checks.rst").read_text(encoding="utf-8")
    named = set(re.findall(r"``(test_\w+\.py)``", text))
    assert len(named) > 20
    assert len(named) == len(set(re.findall(r"test_\w+", text)))
    for name in named:
        assert (ROOT / "tests" / name).is_file(), name


def test_every_claim_on_the_page_of_checks_names_a_file():
    text = (ROOT / "docs" / "checks.rst").read_text(encoding="utf-8")
    items = re.findall(r"^- (.*?)(?=\n\n|\n- |\Z)", text, flags=re.M | re.S)
    assert len(items) > 12
    for item in items:
        assert "``test_" in item, item
