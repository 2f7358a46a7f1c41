"""No number from memory: what the prose of a page says in numbers, the page shows.

A *measured number* is one with a decimal point, an exponent, a per cent sign or three digits or
more, and also a ratio in words such as "ten times". Each one in the prose (text, headings, tables,
and the descriptions of figures) must be among the numbers of the page's own code and output.
Comments and texts in the code do not count, since they are typed as well. What a page quotes from
elsewhere is listed below, and the page names the source in the same paragraph.
"""

import io
import re
import tokenize
from pathlib import Path

import pypdfium2
import pytest
from bs4 import BeautifulSoup
from conftest import ALL_LESSONS, LESSONS_ON_SITE, everything
from gallery.wheel import wheel_name
from lesson_checks import without_bounds

NUMBER = re.compile(
    r"(?<![\w.,])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?(?:\s*(?:%|per cent))?(?!\w)"
)
WORDS = (
    r"twice|double|half|third|quarter|two|three|four|five|six|seven|eight|nine|ten|twenty|"
    r"fifty|hundreds?|thousands?|millions?|billions?"
)
RATIO = re.compile(
    rf"\b(?:\d[\d.,]*|{WORDS})(?: (?:{WORDS}))?(?: of (?:{WORDS}))?[- ](?:times|fold)\b"
    r"(?! (?:in a row|each|more\b))",
    flags=re.I,
)
YEAR = re.compile(r"(?:1[6-9]|20)\d\d")
NOT_PROSE = "pre, .math, .katex, script, style, .sphx-glr-footer, .sphx-glr-timing, .headerlink"

# What is quoted: the page, the number as it stands there, and words of the same paragraph that
# name the source, or say that this is a setting of another page.
QUOTED = [
    ("lessons/cifar_keras_cnn", "60,000", "Krizhevsky"),
    ("lessons/cifar_keras_cnn", "42 %", "in runs of our own"),
    ("lessons/cifar_keras_cnn", "50,000", "in runs of our own"),
    ("lessons/cifar_keras_cnn", "57 %", "in runs of our own"),
    ("lessons/cifar_nopackages_cnn", "ten times", "The learning rate is ten times that of"),
    ("lessons/activations", "0.2", "default 0.2"),
    ("lessons/attention_nopackages", "10 times", "let each query be 10 times the key"),
    ("lessons/attention_nopackages", "three times", "went in three times"),
    ("lessons/learning_rate", "ten times", "drawn ten times"),
    ("lessons/batch_size", "four times", "To halve the noise takes four times"),
    ("lessons/mtcars_agreement", "10,000 times", "gets the batch 10,000 times"),
    ("lessons/mtcars_nopackages", "1000", "in 1000 lb"),
    ("lessons/exercises/batch_size_exercises", "Four times", "falls with the root of"),
    ("further", "100", "CIFAR-100"),
    *[(page, wheel_name()[15:18], wheel_name()) for page in ("downloads", "run_it_yourself")],
    *[("run_it_yourself", f"3.{minor}", "Python 3.11") for minor in (11, 12, 13)],
    ("data", "391", "Biometrics"),
    ("data", "411", "Biometrics"),
    ("data", "179", "Annals of Eugenics"),
    ("data", "188", "Annals of Eugenics"),
    *[("data", number, "Krizhevsky") for number in ["60,000", "50,000", "10,000", "255"]],
    ("data", "4.0", "Creative Commons Attribution"),
    ("data", "2.0", "Creative Commons Attribution"),
    ("data", "3.25 %", "Barz and J. Denzler"),
    ("data", "0.5 %", "Northcutt"),
]
# The pages of the modules have few outputs. Their numbers are settings of the code, or belong to
# the title of a work.
REFERENCE = "reference/"


def numbers_of_code(code: str) -> set[str]:
    """The numbers in a piece of Python or R, without those in comments and texts."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
        return {token.string.replace("_", "") for token in tokens if token.type == tokenize.NUMBER}
    except (tokenize.TokenError, SyntaxError):
        bare = re.sub(r"\"[^\"]*\"|'[^']*'|#.*", "", code)
        return set(re.findall(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?", bare))


def value_of(text: str) -> float:
    """The value of a number as it is written: ``10,000``, ``70 %``, ``1e-12``."""
    value = float(re.sub(r"[,\s]|%|per cent", "", text))
    return value / 100 if re.search(r"%|per cent", text) else value


def is_measured(text: str) -> bool:
    """Whether it may be the result of a measurement, rather than a small count or a year."""
    digits = re.sub(r"\D", "", text)
    return bool(re.search(r"[.e%]|per cent", text) or len(digits) >= 3) and not YEAR.fullmatch(text)


def values_of_page(article) -> set[float]:
    """The numbers of the page's own code and output."""
    values = set()
    for block in article.select("pre"):
        text = block.get_text()
        is_code = block.find_parent(class_=re.compile(r"^highlight-(python|Python|r|ipython3)$"))
        found = numbers_of_code(text) if is_code else NUMBER.findall(text.replace("_", " "))
        for number in found:
            values.add(round(value_of(number), 15))
    for measured in article.select(".measured"):
        values |= {round(value_of(number), 15) for number in NUMBER.findall(measured.get_text())}
    return values


def unsupported(html: str, page: str = "") -> list[str]:
    """The measured numbers in the prose that the page does not show, with what stands around."""
    soup = BeautifulSoup(html, "html.parser")
    article = soup.select_one("article") or soup
    values = values_of_page(article)
    for node in article.select("dl.py > dt"):
        node.decompose()
    try_it = article.find(id="try-it")
    for literal in try_it.select("code") if try_it else []:
        literal.decompose()  # a setting that the reader is asked to try
    texts = [image.get("alt", "") for image in article.select("img")]
    for node in article.select(NOT_PROSE):
        node.decompose()
    blocks = article.select("p, li, h1, h2, h3, td, th, dd, dt, figcaption")
    texts += [b.get_text(" ") for b in blocks if not b.select("p, li, td, dd")]
    found = []
    for text in texts:
        text = " ".join(text.split())
        allowed = {number for name, number, words in QUOTED if name == page and words in text}
        for match in [*NUMBER.finditer(text), *RATIO.finditer(text)]:
            number = match.group()
            if number in allowed or not (RATIO.fullmatch(number) or is_measured(number)):
                continue
            if NUMBER.fullmatch(number) and round(value_of(number), 15) in values:
                continue
            found.append(f"{number!r} in: {text[max(0, match.start() - 50) : match.end() + 30]}")
    return found


def all_pages(site: Path) -> list[str]:
    pages = [path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")]
    pages = {page for page in pages if not page.startswith(REFERENCE)}
    return sorted(pages - {"genindex", "py-modindex", "search"})


def test_every_measured_number_is_shown_by_its_page(site):
    pages = all_pages(site)
    assert len(pages) > 10
    for page in pages:
        html = (site / f"{page}.html").read_text(encoding="utf-8")
        assert unsupported(html, page) == [], page


def test_a_wrong_number_on_any_page_is_found(site):
    """Planted into paragraphs, a heading and a figure's description of every page."""
    wrong = ["0.98765", "37.4 %", "123,457", "4.2e-09", "seven hundred times"]
    plants = "".join(f"<p>It is {number} here.</p>" for number in wrong)
    plants += '<h2>About 0.87654</h2><img alt="Accuracy 0.76543">'
    for page in all_pages(site):
        html = (site / f"{page}.html").read_text(encoding="utf-8")
        assert html.count("</article>") == 1
        found = unsupported(html.replace("</article>", f"{plants}</article>"), page)
        for number in [*wrong, "0.87654", "0.76543"]:
            assert any(f"{number!r} in: " in text for text in found), (page, number)


def test_what_is_quoted_is_still_there(site):
    """Nothing stays on the list after the page has changed."""
    for page, number, words in QUOTED:
        lesson = page.rpartition("/")[2].removesuffix("_exercises")
        if lesson in ALL_LESSONS and lesson not in LESSONS_ON_SITE:
            continue  # the small website has its title only
        html = (site / f"{page}.html").read_text(encoding="utf-8")
        text = " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split())
        assert words in text, (page, words)
        assert number in text, (page, number)


PAGE = """<article><p>{prose}</p>
<div class="highlight-Python"><pre>rate = 0.25  # 0.75
print("0.5")
n = 10_000</pre></div>
<div class="sphx-glr-script-out"><pre>accuracy: 0.9778
[1] 6.351131</pre></div></article>"""


@pytest.mark.parametrize(
    "prose",
    [
        *["The rate 0.25, or 25 %, and 10,000 steps.", "It prints 6.351131 and 0.9778."],
        *["In 1936 there were 3 of 12.", "W1 and float64 are names.", "See steps 3 to 6."],
    ],
)
def test_numbers_of_code_and_output_may_be_told(prose):
    assert unsupported(PAGE.format(prose=prose)) == []


@pytest.mark.parametrize(
    "prose",
    [
        *["The rate 0.75.", "It is 0.5.", "About 98 %.", "97 per cent.", "About 10,001 steps."],
        *["An error of 1e-12.", "It has 105 rows.", "Loss 6.35.", "It is ten times as fast."],
    ],
)
def test_other_numbers_may_not(prose):
    """Nor those that stand in comments and texts of the code, nor rounded ones."""
    assert len(unsupported(PAGE.format(prose=prose))) == 1


# Two builds -------------------------------------------------------------------------------------


def text_of(page: Path) -> list[str]:
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    for timing in soup.select(".sphx-glr-timing"):
        timing.decompose()
    text = without_bounds(soup.get_text())
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def text_on_paper(path: Path) -> str:
    """What a PDF says above its footers, where the date of the build is."""
    with pypdfium2.PdfDocument(path) as pdf:
        texts = [page.get_textpage().get_text_bounded(0, 60, *page.get_size()) for page in pdf]
    text = re.sub(r"built on \d+ \w+ \d+", "", "\n".join(texts))  # once on a title page
    return without_bounds(text)


@pytest.fixture(scope="module")
def second_site(second_site_job) -> Path:
    """The website, built once more from nothing, from a copy and with the same pictures."""
    return second_site_job.result()


@everything("two clean builds, and that they give the same")
def test_two_clean_builds_give_the_same_text(site, second_site):
    """Timings aside. That a lesson's run is the same again is seen beside its script and notebook.

    So the second build takes the runs of the lessons from the first, and makes all else anew.
    """
    pages = [path.relative_to(site) for path in site.rglob("*.html")]
    assert len(pages) > 15
    for page in pages:
        assert text_of(site / page) == text_of(second_site / page), page
    papers = [path.relative_to(site) for path in site.glob("handouts/*.pdf")]
    assert len(papers) > 30
    for paper in papers:
        assert text_on_paper(site / paper) == text_on_paper(second_site / paper), paper
    notebooks = {path.name: path for path in site.glob("_downloads/*/*.ipynb")}
    assert len(notebooks) > 30
    for path in second_site.glob("_downloads/*/*.ipynb"):
        assert path.read_bytes() == notebooks.pop(path.name).read_bytes(), path.name
    assert not notebooks
