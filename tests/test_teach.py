"""The plans for teaching add up, and all that they name exists."""

import re
from pathlib import Path

import pytest
from lecture import LESSONS
from r_fixtures import ROOT, SCRIPTS

NAMES = [Path(lesson).stem for lesson in LESSONS]
HEADING = re.compile(r"^(\S.*)\n([-=~])\2{2,}$", flags=re.M)
LESSON = re.compile(r":doc:`lessons/(\w+)`")
EXERCISE = re.compile(r":doc:`([^<`]+?)\s+<lessons/exercises/(\w+)_exercises>`")
PLANS = {"50 minutes": 50, "3 × 50 minutes": 3 * 50, "A day of 6 hours": 6 * 60}
PARTS = {
    **dict.fromkeys(["First: forward", "Second: backward, and Keras"], 50),
    "Third: deeper, and pictures": 50,
    **dict.fromkeys(["Morning", "Afternoon"], 3 * 60),
}


def sections(text: str) -> dict[str, str]:
    """What stands under each heading, to the next of the same rank or a higher one."""
    found = list(HEADING.finditer(text))
    ranks = ["=-~".index(heading[2]) for heading in found]
    result = {}
    for place, heading in enumerate(found):
        later = [h.start() for h, rank in zip(found, ranks, strict=True) if rank <= ranks[place]]
        end = min([start for start in later if start > heading.start()], default=len(text))
        result[heading[1].replace("``", "")] = text[heading.end() : end]
    return result


def rows(text: str) -> list[list[str]]:
    """The rows of the tables in a text, without their heads."""
    result = []
    for table in text.split(".. list-table::")[1:]:
        lines = re.sub(r"\n {7,}", " ", table).split("\n")  # a cell goes on
        cells = [line for line in lines if re.match(r"   ( |\*) -", line)]
        starts = [place for place, cell in enumerate(cells) if cell.startswith("   * -")]
        for start, end in zip(starts[1:], [*starts[2:], len(cells)], strict=True):
            result.append([cell[6:].strip() for cell in cells[start:end]])
    return result


PAGE = sections((ROOT / "docs" / "teach.rst").read_text(encoding="utf-8"))
OUTCOMES, MISTAKES = PAGE["After each lesson, students can ..."], PAGE["Mistakes to expect"]
SLIDES = [
    match[1].replace("``", "")
    for match in HEADING.finditer((ROOT / "docs" / "deck.rst").read_text(encoding="utf-8"))
    if match[2] == "~"
]


def minutes(text: str) -> int:
    """The sum of the first column of the tables in a text."""
    return sum(int(row[0]) for row in rows(text))


def slides_of(cell: str) -> list[int]:
    """The numbers of the slides that a cell names by how their titles begin."""
    found = []
    for start in re.findall(r"\*(.+?)\*", cell):
        numbers = [n for n, title in enumerate(SLIDES) if title.startswith(start)]
        assert len(numbers) == 1, f"{start!r} begins the titles of {len(numbers)} slides"
        found += numbers
    return found


@pytest.mark.parametrize(("heading", "expected"), [*PLANS.items(), *PARTS.items()])
def test_the_minutes_of_a_plan_add_up(heading, expected):
    assert minutes(PAGE[heading]) == expected


def test_minutes_are_called_estimates():
    assert "The minutes are estimates" in PAGE["Teach it"]


def test_a_minute_more_is_found():
    text = PAGE["50 minutes"]
    assert minutes(text.replace("* - 12\n", "* - 13\n")) == minutes(text) + 1


@pytest.mark.parametrize("plan", PLANS)
def test_the_slides_of_a_plan_exist_and_come_in_order(plan):
    """Each step goes on after the one before; in a day every slide has its turn."""
    shown = []
    for row in rows(PAGE[plan]):
        assert len(row) == 4, row
        numbers = slides_of(row[1])
        assert re.fullmatch(r"|\*[^*]+\*( to \*[^*]+\*)?", row[1]), row
        assert numbers or EXERCISE.search(row[2]) or row[3] == "Pause", row
        shown += range(numbers[0], numbers[-1] + 1) if numbers else []
    assert shown == sorted(set(shown))
    if plan.startswith("A day"):
        assert shown == [*range(len(SLIDES))]


def test_every_lesson_and_exercise_that_is_named_exists():
    text = "".join(PAGE.values())
    assert set(LESSON.findall(text)) == set(NAMES)
    found = set(EXERCISE.findall(text))
    assert len(found) > len(NAMES)
    assert text.count("_exercises>`") == len(EXERCISE.findall(text))
    for words, name in found:
        source = (SCRIPTS / "exercises" / f"{name}_exercises.py").read_text(encoding="utf-8")
        headings = re.findall(r"^# Exercise (.+)\n# -+$", source, flags=re.M)
        assert re.findall(r"\w+", words) in [re.findall(r"\w+", h) for h in headings], words


def test_each_lesson_has_its_outcome_with_an_exercise_of_its_own():
    """In the order of the lessons; what it needs comes before it."""
    table = rows(OUTCOMES)
    assert [LESSON.fullmatch(row[0])[1] for row in table] == NAMES
    for place, (_, outcome, exercise, needs) in enumerate(table):
        assert EXERCISE.fullmatch(exercise)[2] == NAMES[place]
        assert len(outcome) > 20
        needed = re.findall(r"``(\w+)``", needs)
        assert set(needed) <= set(NAMES[:place]), NAMES[place]
        assert needed or NAMES[place] == "keras_model"


def test_each_mistake_belongs_to_an_exercise_and_has_a_remedy():
    table = rows(MISTAKES)
    assert len(table) > 15
    exercises = [EXERCISE.fullmatch(row[0]) for row in table]
    assert all(exercises)
    places = [NAMES.index(exercise[2]) for exercise in exercises]
    assert places == sorted(places)
    assert all(len(mistake) > 10 and len(remedy) > 10 for _, mistake, remedy in table)
