"""Every term is defined once, and its first use on a page is a link to the definition."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from r_fixtures import ROOT
from reference import glossary_links
from reference.glossary_links import EVERYDAY, pattern_of, singular, way_of
from running import run_python
from test_site import all_html

GLOSSARY = """
Glossary
========

.. glossary::

   activation function
      It ends a layer. A batch may be mentioned.

   activations
      Outputs.

   batch
   mini-batch
      Some cases.

   loss
      A number.

   position
      A place.

   query
      A row.
"""


def build(folder: Path, pages: dict[str, str]) -> dict[str, BeautifulSoup]:
    """Build small pages with the extension, strictly and in two processes."""
    source, target = folder / "src", folder / "html"
    source.mkdir(exist_ok=True)
    extensions = str(ROOT / "docs" / "_ext")
    (source / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {extensions!r})\n"
        "extensions = ['reference.glossary_links']\nroot_doc = 'page0'\n"
        "suppress_warnings = ['toc.not_included']\n",
        encoding="utf-8",
    )
    for name, text in pages.items():
        path = source / f"{name}.rst"
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")  # otherwise it counts as unchanged
    result = run_python("-m", "sphinx", "-W", "-n", "-j", "2", source, target)
    assert result.returncode == 0, result.stderr
    return {
        name: BeautifulSoup((target / f"{name}.html").read_text("utf-8"), "html.parser")
        for name in pages
    }


def links_on(page: BeautifulSoup) -> list[tuple[str, str]]:
    """The words that are links to the glossary, and where to."""
    return [(" ".join(a.get_text().split()), a["href"]) for a in page.select("a.glossary-link")]


# A text, and the words in it that become links.
TEXTS = [
    ("A batch, then a batch.", ["batch"]),
    ("Batches are many; one batch.", ["Batches"]),
    ("A mini-batch is a batch.", ["mini-batch"]),
    ("Losses, and queries.", ["Losses", "queries"]),
    ("An activation\nfunction gives activations.", ["activation function", "activations"]),
    ("The activation functions.", ["activation functions"]),
    ("No lossy, glossy or batch-wise words, and no BATCH.", []),
    ("The position of the batch.", ["batch"]),
    ("- in a list: loss\n- and the *query*", ["loss", "query"]),
    ("::\n\n   batch\n\nA loss.", ["loss"]),
    ("A ``batch`` and :math:`loss` and a loss.", ["loss"]),
    ("**Is the loss small?** The batch.", ["batch"]),
    ("Batch\n-----\n\nA loss.", ["loss"]),
    ("A `batch <https://example.org>`__ and a batch.", ["batch"]),
    ("Only a `batch <https://example.org>`__.", []),
    ("The :term:`loss` is here. A loss and a batch.", ["batch"]),
    (".. note::\n\n   A batch.\n\n.. admonition:: The loss\n\n   No.", ["batch"]),
    (".. list-table::\n\n   * - batch\n     - loss\n\nA loss.", ["loss"]),
    (".. rubric:: A batch\n\nNo.", []),
    (".. code-block:: python\n\n   loss = 1\n\nNo.", []),
    (".. raw:: html\n\n   <p>A loss.</p>\n\nNo.", []),
]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The texts above, each on a page of its own, one of them in a folder."""
    pages = {f"page{i}": f"Title\n=====\n\n{text}\n" for i, (text, _) in enumerate(TEXTS)}
    pages |= {
        "glossary": GLOSSARY,
        "lessons/page": "Title\n=====\n\nSome *losses* of a mini-batch; an activation function.\n",
    }
    return build(tmp_path_factory.mktemp("small"), pages)


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_what_becomes_a_link(small, number):
    words = [word for word, _ in links_on(small[f"page{number}"])]
    assert words == TEXTS[number][1], TEXTS[number][0]


def test_the_links_lead_to_the_terms(small):
    assert links_on(small["lessons/page"]) == [
        ("losses", "../glossary.html#term-loss"),
        ("mini-batch", "../glossary.html#term-mini-batch"),
        ("activation function", "../glossary.html#term-activation-function"),
    ]


def test_the_text_stays_as_it_was(small):
    text = small["lessons/page"].get_text()
    assert "Some losses of a mini-batch; an activation function." in text


def test_no_links_within_the_glossary(small):
    assert links_on(small["glossary"]) == []


def test_a_new_term_reaches_pages_that_have_not_changed(tmp_path):
    page = "Title\n=====\n\nA loss and a seed.\n"
    counts = []
    for more in ["", "\n   seed\n      A number.\n"]:
        pages = build(tmp_path, {"page0": page, "glossary": GLOSSARY + more})
        counts.append(len(links_on(pages["page0"])))
    assert counts == [1, 2]


def test_a_site_without_a_glossary(tmp_path):
    pages = build(tmp_path, {"page0": "Title\n=====\n\nA loss.\n"})
    assert links_on(pages["page0"]) == []


def test_the_pattern_takes_the_longest_term():
    pattern = pattern_of({"batch": 1, "batch size": 2})
    found = pattern.findall("Batch size, batch\nsizes, batch, size")
    assert found == ["Batch size", "batch\nsizes", "batch"]
    assert re.fullmatch(way_of("bias"), "biases")
    assert re.fullmatch(way_of("epoch"), "Epochs")
    assert re.fullmatch(way_of("cross-entropy"), "cross-entropies")
    assert not re.fullmatch(way_of("key"), "keies")


# The built site -------------------------------------------------------------------------------


def terms_of(page: BeautifulSoup) -> dict[str, str]:
    """The terms of the glossary by their marks."""
    for link in page.select("dl.glossary a.headerlink"):
        link.extract()
    return {dt["id"]: dt.get_text().strip() for dt in page.select("dl.glossary dt")}


def test_every_term_is_defined_once(read):
    page = read("glossary.html")
    terms = terms_of(page)
    assert len(terms) >= 60
    lower = [term.lower() for term in terms.values()]
    assert len(set(lower)) == len(lower)
    definitions = page.select("dl.glossary dd")
    assert all(10 < len(dd.get_text().split()) + 6 < 60 for dd in definitions)
    assert {term for term in EVERYDAY if term in lower} == EVERYDAY


def test_every_term_is_found_in_a_text_or_named_as_not_linked():
    """One of the terms that share a definition is enough."""
    glossary = (ROOT / "docs" / "glossary.rst").read_text(encoding="utf-8")
    introduction, _, entries = glossary.partition(".. glossary::")
    not_linked = re.search(r"Not linked are ([^,]*(?:, [^,]*)*?), which", introduction)[1]
    assert set(re.findall(r"\*(\w+)\*", not_linked)) == EVERYDAY
    definitions = re.findall(r"^((?:   \w.*\n)+)      ", entries, re.M)
    terms = {term: text for text in definitions for term in text.strip().split("\n   ")}
    wanted = {term: text for term, text in terms.items() if term not in EVERYDAY}
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.rst")]
    texts = [text for text in texts if text != glossary]
    for path in (ROOT / "scripts").rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        texts.append("\n".join(line[2:] for line in lines if line.startswith("# ")))
    plain = [re.sub(r"``[^`]*``|`[^`]*`", "", text) for text in texts]
    pattern = pattern_of(wanted)
    found = {singular(match, wanted) for text in plain for match in pattern.finditer(text)}
    assert set(wanted.values()) == {wanted[term] for term in found}


def test_the_terms_stand_in_their_order(read):
    """Those that share a definition stand under the first of them."""
    groups = read("glossary.html").select("dl.glossary > dd")
    first = [dd.find_previous_siblings(True) for dd in groups]
    names = []
    for before in first:
        terms = []
        for node in before:
            if node.name != "dt":
                break
            terms.append(node.get_text().strip(" #\n¶").lower())
        names.append(terms[-1])
    assert names == sorted(names)


def test_every_glossary_link_leads_to_its_term(site, read):
    terms = terms_of(read("glossary.html"))
    pages_with_links = 0
    for path in all_html(site):
        links = read(path).select("a.glossary-link")
        pages_with_links += bool(links)
        for link in links:
            assert link["href"].split("#")[0].endswith("glossary.html"), link
            term = terms[link["href"].split("#")[1]]
            word = " ".join(link.get_text().split())
            assert re.fullmatch(way_of(term), word), (path, link)
            assert link.find_parent(["p", "li"]), (path, link)
            assert not link.find_parent(["h1", "h2", "h3", "pre", "code", "table", "strong"])
    assert pages_with_links > 15


def test_no_page_has_two_links_for_one_definition(site, read):
    page = read("glossary.html")
    definition = {dt["id"]: id(dt.find_next("dd")) for dt in page.select("dl.glossary dt")}
    for path in set(all_html(site)) - {Path("genindex.html")}:
        marks = [
            a["href"].split("#")[1] for a in read(path).select("article a[href*='glossary.html#']")
        ]
        found = [definition[mark] for mark in marks]
        assert len(set(found)) == len(found), path
    assert read("glossary.html").select("a.glossary-link") == []


def test_the_first_use_is_the_link_on_the_lesson_by_hand(read):
    page = read("lessons/iris_nopackages.html")
    links = links_on(page)
    for word in ["hidden layer", "weights", "one-hot", "learning rate", "epochs", "ReLU"]:
        assert word in [found for found, _ in links], word
    paragraph = page.select_one("a[href$='#term-hidden-layer']").find_parent("p").get_text()
    assert "computes five numbers from them in a" in " ".join(paragraph.split())


def test_the_weight_of_a_car_is_no_term(read):
    found = [word for word, _ in links_on(read("lessons/mtcars_nopackages.html"))]
    assert "weight" not in found
    assert "weights" in found


def test_the_sources_of_the_lessons_have_no_markup_for_it():
    assert glossary_links.GLOSSARY == "glossary"
    for path in (ROOT / "scripts").rglob("*.py"):
        assert ":term:" not in path.read_text(encoding="utf-8"), path
