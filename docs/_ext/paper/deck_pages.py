"""The page with the lecture's slides, as the parts of two PDFs: slides, and notes for the speaker.

On the page ``deck`` each slide is a section of the third level. What the speaker may say is in a
container of the class ``speaker-notes`` inside it.
"""

from bs4 import BeautifulSoup, Tag
from paper.page_to_typst import title_of

DECK = "deck"
NARROW = 46  # columns of code that can stand beside something else


def slides_of(article: Tag) -> list[Tag]:
    """The sections of a deck that are slides."""
    return [heading.find_parent("section") for heading in article.select("h3")]


def drop_introduction(article: Tag) -> None:
    """Take away what stands between the title of the deck and its first part."""
    for element in article.h1.find_next_siblings(lambda tag: tag.name != "section"):
        element.decompose()


def only_slides(article: Tag) -> Tag:
    """The deck without its introduction and its notes, each slide laid out."""
    for notes in article.select(".speaker-notes"):
        notes.decompose()
    drop_introduction(article)
    for slide in slides_of(article):
        lay_out(slide)
        part = slide.find_previous_sibling("h2")
        frame = slide.wrap(division("slide"))
        if part is not None and part.find_next("h3") is slide.h3:
            frame.insert(0, part.extract())  # the first slide of a part bears its name
    return article


def only_notes(article: Tag) -> Tag:
    """The deck with nothing but titles and notes."""
    drop_introduction(article)
    for number, slide in enumerate(slides_of(article), start=1):
        for element in slide.find_all(recursive=False):
            if element.name != "h3" and "speaker-notes" not in element.get("class", []):
                element.decompose()
        for notes in slide.select(".speaker-notes"):
            notes.select_one(".rubric").decompose()
            notes.unwrap()
        slide.wrap(division("noted", number=str(number)))
    return article


def titles(article: Tag) -> list[str]:
    """The title of each slide."""
    return [title_of(slide) for slide in slides_of(article)]


def lay_out(slide: Tag) -> None:
    """A figure stands beside the rest, where the code is narrow enough."""
    widths = [
        len(line) for code in slide.select("pre") for line in code.get_text().splitlines()
    ] or [0]
    if max(widths) > NARROW:
        return
    pictures = slide.find_all("img", recursive=False)
    others = [
        tag
        for tag in slide.find_all(recursive=False)
        # A formula keeps the whole width.
        if tag.name not in {"h3", "img"} and "math-wrapper" not in tag.get("class", [])
    ]
    if pictures and others:
        beside = division("beside")
        left, right = division(), division()
        pictures[0].insert_before(beside)
        left.extend([tag.extract() for tag in others])
        right.extend([tag.extract() for tag in pictures])
        beside.extend([left, right])


def division(kind: str = "", **attributes: str) -> Tag:
    """A new element ``<div>``, marked."""
    return BeautifulSoup("", "html.parser").new_tag(
        "div", attrs=({"class": [kind]} if kind else {}) | attributes
    )
