"""How to cite the course, where to report an error, and what a host of the website needs."""

import re
import zipfile
from importlib.metadata import version
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from gallery.report import NO_SOURCE, source_of
from r_fixtures import ROOT
from running import run_python

VERSION = version("simple-to-deep")
LECTURE = "https://github.com/andrewcparnell/intermediate_ML"
REPOSITORY = "https://github.com/somebody/a-course"
PAGES = {
    "index": "docs/index.rst",
    "cite": "docs/cite.rst",
    "reference/layers": "docs/reference/layers.rst",
    "lessons/index": "scripts/GALLERY_HEADER.rst",
    "lessons/iris_nopackages": "scripts/iris_nopackages.py",
    "lessons/exercises/index": "scripts/exercises/GALLERY_HEADER.rst",
    "lessons/exercises/iris_nopackages_exercises": "scripts/exercises/iris_nopackages_exercises.py",
}
CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "docs" / "_ext")!r})
extensions = ["gallery.report"]
html_theme = "furo"
templates_path = [{str(ROOT / "docs" / "_templates")!r}]
version = release = {VERSION!r}
"""


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# Cite -------------------------------------------------------------------------------------------


def test_the_citation_is_that_of_the_course_and_of_the_lecture():
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)  # what 1.2.0 asks for
    assert citation["cff-version"] == "1.2.0"
    project = re.search(r'^project = "(.+)"$', text_of("docs/conf.py"), flags=re.M)[1]
    assert citation["title"] == project
    assert citation["version"] == VERSION
    assert citation["license"] == "MIT"
    assert citation["authors"] == [{"name": "The course's authors"}]
    (lecture,) = citation["references"]
    assert lecture["authors"][0]["family-names"] == "Parnell"
    assert (lecture["type"], lecture["url"]) == ("slides", LECTURE)


def test_the_version_is_the_one_of_the_project_and_the_last_of_the_changes():
    assert f'\nversion = "{VERSION}"\n' in text_of("pyproject.toml")
    assert re.findall(r"^## (.+)$", text_of("CHANGELOG.md"), flags=re.M)[0] == VERSION


def test_the_page_has_the_year_of_the_licence():
    year = re.search(r"Copyright \(c\) (\d{4}) ", text_of("LICENSE"))[1]
    page = text_of("docs/cite.rst")
    assert f"({year})" in page
    assert f"year = {{{year}}}" in page


# Report -----------------------------------------------------------------------------------------


def build(folder: Path, repository: str | None):
    """Build a few pages that have nothing but the foot, and the page that says how to cite."""
    for page in PAGES:
        file = folder / f"{page}.rst"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f":orphan:\n\nPage\n====\n\n{page}\n", encoding="utf-8")
    cite = text_of("docs/cite.rst").replace(":doc:`data`", "data")
    (folder / "cite.rst").write_text(f":orphan:\n\n{cite}", encoding="utf-8")
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    setting = [] if repository is None else ["-D", f"course_repository={repository}"]
    return run_python("-m", "sphinx", "-W", "-q", *setting, folder, folder / "html")


@pytest.fixture(scope="module", params=["", REPOSITORY])
def built(request, tmp_path_factory):
    """A small website, and the repository that it was told of."""
    folder = tmp_path_factory.mktemp("report")
    result = build(folder, request.param or None)
    assert result.returncode == 0, result.stderr
    return folder / "html", request.param


def soup_of(website: Path, page: str) -> BeautifulSoup:
    return BeautifulSoup((website / f"{page}.html").read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize("page", [*PAGES, "search"])
def test_the_foot_of_a_page_says_where_to_report_an_error(built, page):
    website, repository = built
    (foot,) = soup_of(website, page).select("footer p.report")
    links = {link.get_text(): link["href"] for link in foot.select("a")}
    if not repository:
        assert links == {}
        words = " ".join(foot.get_text().split())
        assert words.endswith(f"Tell whoever gave you this copy: page {page}, version {VERSION}.")
        return
    form = urlsplit(links.pop("Report an error"))
    assert f"{form.scheme}://{form.netloc}{form.path}" == f"{repository}/issues/new"
    assert " " not in form.query
    filled_in = parse_qs(form.query, strict_parsing=True)
    assert page in filled_in["title"][0]
    assert f"Page: {page}\nVersion: {VERSION}\n" in filled_in["body"][0]
    source = (
        {"Source of this page": f"{repository}/blob/HEAD/{PAGES[page]}"} if page in PAGES else {}
    )
    assert links == source


def test_the_page_names_the_version_wherever_it_stands(built):
    website, _ = built
    page = soup_of(website, "cite")
    assert "VERSION" not in page.get_text()
    assert f"(version {VERSION})" in " ".join(page.get_text().split())
    course, lecture = [block.get_text() for block in page.select(".highlight-bibtex pre")]
    assert f"Version {VERSION}." in course
    assert LECTURE in lecture


@pytest.mark.parametrize("address", ["a-course", "https://github.com/somebody", REPOSITORY + "/"])
def test_an_address_that_leads_nowhere_stops_the_build(tmp_path, address):
    result = build(tmp_path, address)
    assert result.returncode != 0
    assert "course_repository: expected an address such as" in result.stderr
    assert f"Received: {address!r}" in result.stderr


def test_every_page_of_the_website_has_a_foot_and_a_source(site, read):
    for path in site.rglob("*.html"):
        page = path.relative_to(site).with_suffix("").as_posix()
        assert len(read(f"{page}.html").select("footer p.report")) == 1, page
        assert page in NO_SOURCE or (ROOT / source_of(page)).is_file(), page


# Publish ----------------------------------------------------------------------------------------


def test_the_website_and_its_copy_can_lie_on_github_pages(site):
    """Without the file, folders such as _static would be left out there."""
    assert (site / ".nojekyll").is_file()
    with zipfile.ZipFile(site / "website.zip") as archive:
        assert "simple-to-deep/.nojekyll" in archive.namelist()
