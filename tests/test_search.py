"""The search finds the lesson that answers."""

from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import ALL_LESSONS
from gallery.search import ANSWERS

RIGHT = {
    "backpropagation": "iris_nopackages",
    "softmax overflow": "activations",
    "learning rate": "learning_rate",
    "relu": "iris_nopackages",
    "W1": "iris_nopackages",
    "max.col": "iris_nopackages",
    "dropout": "layer_types",
    "one-hot": "iris_nopackages",
    "rnorm": "iris_nopackages",
    "overfitting": "learning_rate",
}


def finds(page, site: Path, words: str) -> list[str]:
    """The addresses that the search lists, the best first."""
    page.goto(f"{(site / 'search.html').as_uri()}?q={quote(words)}")
    page.wait_for_function("/found|did not match/.test(document.body.textContent)")
    page.wait_for_function("document.querySelectorAll('ul.search li').length >= 3", timeout=5000)
    return [a.get_attribute("href") for a in page.locator("ul.search li > a").all()]


@pytest.fixture
def search(open_page):
    return open_page("search.html")


@pytest.mark.parametrize("words", RIGHT)
def test_the_right_lesson_is_among_the_first_three(search, site, words):
    found = finds(search, site, words)[:3]
    assert any(f"lessons/{RIGHT[words]}.html" in address for address in found), found


def test_what_is_looked_for_leads_to_its_passage(search, site):
    (address, *_) = finds(search, site, "backpropagation")
    search.goto(f"{site.as_uri()}/{address}")
    section = "document.getElementById('step-5-backward').getBoundingClientRect()"
    search.wait_for_function(f"Math.abs({section}.top) < 500")  # the page scrolls there


def test_every_word_is_an_entry_of_the_index(read):
    index = read("genindex.html").get_text().lower()
    assert set(ANSWERS) <= set(ALL_LESSONS)
    for words in (word for lesson in ANSWERS.values() for word in lesson.values()):
        for word in words:
            assert word.lower() in index, word


@pytest.mark.parametrize("lesson", ALL_LESSONS)
def test_a_lesson_is_described_by_its_question(read, lesson):
    description = read(f"lessons/{lesson}.html").select_one('meta[name="description"]')
    assert description["content"].endswith("?")
