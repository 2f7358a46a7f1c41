"""The website in a real browser, opened from the disk: light, dark, and on a 360-pixel phone."""

import json
import re
from pathlib import Path

import axe_playwright_python
import pytest
from conftest import everything
from test_site import ALL_PAGES

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
QUICK = [
    *["index", "deck", "downloads", "glossary", "search", "lessons/index"],
    "lessons/iris_nopackages",
]
WIDTHS = {"desktop": 1280, "phone": 360}


def check(page, where: str, without: str = "", **options) -> None:
    """The page does not scroll sideways, and axe finds nothing.

    Args:
        page: of the browser, as it is now.
        where: what to call its state.
        without: a selector of what axe leaves out.
        options: which of its rules axe takes; all without any.
    """
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], f"{where}: the page scrolls sideways"
    context = {"exclude": [without]} if without else {"include": ["html"]}
    # Not with all that is well: axe would gather it, and the browser send it, for seconds.
    options = {"preload": False, "resultTypes": ["violations"], **options}
    found = page.evaluate(
        f"axe.run({json.dumps(context)}, {json.dumps(options)}).then("
        "result => result.violations.map(v => [v.id, v.nodes[0].html]))"
    )
    assert [(where, *violation) for violation in found] == []


def check_all_ways(page) -> None:
    """Light, dark, and on a phone: one page that is switched."""
    page.add_script_tag(content=AXE)
    # Colours that fade from one to the other would be looked at on their way.
    page.add_style_tag(content="*, ::before, ::after { transition: none !important }")
    page.set_viewport_size({"width": WIDTHS["desktop"], "height": 900})
    for scheme in ["dark", "light"]:
        page.emulate_media(color_scheme=scheme)
        check(page, scheme)
    page.set_viewport_size({"width": WIDTHS["phone"], "height": 780})
    # What the page does when its size changes, it does when it is next drawn.
    page.wait_for_function(f"window.innerWidth === {WIDTHS['phone']}")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    # The many colours of code are those of the wide page; whatever else is shown is looked at.
    check(page, "phone", rules={"color-contrast": {"enabled": False}})
    check(page, "phone", without="pre", runOnly=["color-contrast"])


@pytest.mark.parametrize(
    "path",
    [
        path if path in QUICK else pytest.param(path, marks=everything("the other pages"))
        for path in [*ALL_PAGES, "genindex", "search"]
    ],
)
def test_page(open_page, path):
    page = open_page(f"{path}.html", color_scheme="light")
    assert page.outside == []
    assert page.complaints == []
    check_all_ways(page)


def test_the_first_screen_says_what_to_do(open_page):
    """The heading, the picture and the three buttons are seen without scrolling."""
    page = open_page("index.html", viewport={"width": 1280, "height": 800})
    page.wait_for_load_state("load")
    buttons = page.locator("article a.sd-btn")
    assert buttons.all_inner_texts() == ["Start", "Run it yourself", "Teach it"]
    picture = page.locator("article img")
    assert picture.evaluate("image => image.naturalWidth") > 0
    assert len(picture.get_attribute("alt")) > 15
    for element in [page.locator("h1"), picture, *buttons.all()]:
        box = element.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 800


def test_the_side_bar_shows_the_entry_of_its_page(open_page):
    page = open_page("lessons/transformer_forecast.html", viewport={"width": 1280, "height": 800})
    bar = page.locator(".sidebar-scroll").bounding_box()
    entry = page.locator(".sidebar-tree .current-page > a").bounding_box()
    assert bar["y"] <= entry["y"]
    assert entry["y"] + entry["height"] <= bar["y"] + bar["height"]


def test_choosing_r_switches_every_tab_of_the_page(open_page):
    page = open_page("lessons/iris_nopackages.html")
    r_blocks = page.locator("div.highlight-r")
    count = r_blocks.count()
    assert count >= 12
    assert not any(r_blocks.nth(i).is_visible() for i in range(count))
    page.locator("label.sd-tab-label", has_text=re.compile(r"^\s*R\s*$")).first.click()
    assert all(r_blocks.nth(i).is_visible() for i in range(count))
    page.goto(page.url.replace("iris_nopackages", "mtcars_nopackages"))
    assert page.locator("div.highlight-r").first.is_visible()  # and the next page follows


def test_tabs_and_formulas_need_no_script(open_page):
    page = open_page("lessons/iris_nopackages.html", java_script_enabled=False)
    assert page.locator(".katex-html").first.is_visible()
    page.locator("label.sd-tab-label", has_text=re.compile(r"^\s*R\s*$")).first.click()
    assert page.locator("div.highlight-r").first.is_visible()


def test_a_solution_unfolds_from_the_keyboard_without_a_script(open_page):
    path = "lessons/exercises/iris_nopackages_exercises.html"
    page = open_page(path, java_script_enabled=False)
    solution = page.locator("details").first
    output = solution.locator(".sphx-glr-script-out pre")
    assert not output.is_visible()
    solution.locator("summary").focus()
    page.keyboard.press("Enter")
    assert output.is_visible()
    assert not page.locator("details").nth(1).locator("pre").first.is_visible()


def test_unfolded_solutions_are_as_accessible_as_the_rest(open_page):
    page = open_page("lessons/exercises/iris_nopackages_exercises.html")
    for summary in page.locator("details > summary").all():
        summary.click()
    check_all_ways(page)


def test_differences_from_the_lecture_are_open_where_the_page_is_printed(open_page):
    page = open_page("lessons/iris_nopackages.html")
    first = page.locator("details.differences li").first
    assert not first.is_visible()
    page.emulate_media(media="print")
    assert first.is_visible()


def test_figures_and_fonts_are_found(open_page):
    page = open_page("lessons/iris_nopackages.html")
    page.wait_for_load_state("load")
    sizes = page.evaluate("[...document.querySelectorAll('article img')].map(i => i.naturalWidth)")
    assert sizes
    assert min(sizes) > 0
    assert page.evaluate(
        "document.fonts.ready.then(() => [...document.fonts].some("
        "f => f.family.startsWith('KaTeX') && f.status === 'loaded'))"
    )


def test_search_finds_a_word_from_the_disk(open_page):
    page = open_page("search.html?q=backpropagation")
    page.wait_for_selector("#search-results li a")
    assert "Iris by hand" in page.locator("#search-results").inner_text()


def test_the_tab_that_is_chosen_stays_where_it_is(open_page):
    """The tabs above it switch, too, and change the height of what stands above."""
    page = open_page("lessons/iris_nopackages.html", viewport={"width": 1280, "height": 800})
    label = page.locator("label.sd-tab-label", has_text=re.compile(r"^\s*R\s*$")).nth(6)
    label.scroll_into_view_if_needed()
    before = label.bounding_box()["y"]
    label.click()
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert label.bounding_box()["y"] == pytest.approx(before, abs=2)


def test_paper_has_no_link_to_skip_to_the_content(open_page):
    page = open_page("lessons/iris_nopackages.html")
    page.emulate_media(media="print")
    assert not page.locator(".skip-to-content").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_only_links_are_underlined_in_code(open_page, scheme):
    page = open_page("lessons/iris_nopackages.html", color_scheme=scheme)
    underlined = (
        "[...document.querySelectorAll('.highlight span')].filter(span => !span.closest('a') && "
        "getComputedStyle(span).textDecorationLine === 'underline').map(span => span.textContent)"
    )
    assert page.evaluate(underlined) == []
