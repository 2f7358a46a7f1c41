"""What readers take away is there: PDFs, notebooks, scripts, and the website as one ZIP."""

import json
import re
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from conftest import ALL_LESSONS, LESSONS_ON_SITE
from gallery import downloads, wheel
from lecture import LESSONS
from r_fixtures import pairs
from sphinx.errors import ExtensionError

ORDER = [Path(lesson).stem for lesson in LESSONS]
STARTS = {".pdf": b"%PDF-", ".zip": b"PK", ".ipynb": b"{", ".py": b'r"""', ".R": b"# "}
PAGES = ["downloads.html", "index.html"]  # of a small website
HIDDEN = shutil.ignore_patterns(".*")


def files_of(folder: Path) -> dict[str, Path]:
    """The files in a folder by their names there; of those that are hidden, the one for a host."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {
        name: path
        for name, path in files.items()
        if path.is_file() and (name == ".nojekyll" or not name.startswith("."))
    }


@pytest.fixture(scope="module")
def unpacked(site, tmp_path_factory) -> Path:
    """The folder that comes out of the ZIP, on its way through a name with a space."""
    folder = tmp_path_factory.mktemp("unpacked") / "a stick"
    with zipfile.ZipFile(site / "website.zip") as archive:
        archive.extractall(folder)
    (inside,) = folder.iterdir()
    return inside


# Links ----------------------------------------------------------------------------------------


def r_files_of(name: str) -> list[str]:
    """The R file of a lesson, if the website under test shows R lines of it."""
    return [f"{name}.R"] if name in LESSONS_ON_SITE and pairs(name) else []


def offered_by(page) -> list[str]:
    """Where the links at the end of a lesson lead, as they are written."""
    return [link["href"] for link in page.select(".sphx-glr-footer a[href]")]


@pytest.mark.parametrize("name", ALL_LESSONS)
def test_a_lesson_offers_its_handouts_slides_notebook_and_script(read, name):
    page = read(f"lessons/{name}.html")
    links = offered_by(page)
    assert links[:3] == [
        f"../handouts/{name}.pdf",
        f"../handouts/{name}-solutions.pdf",
        "../handouts/slides.pdf",
    ]
    names = [Path(link).name for link in links]
    assert {f"{name}.ipynb", f"{name}.py"} <= set(names)
    assert [name for name in names if name.endswith(".R")] == r_files_of(name)
    for link in page.select(".sphx-glr-footer a[href]"):
        assert link.get_text().endswith(Path(link["href"]).name)  # it says what comes
    note = " ".join(page.select_one(".sphx-glr-download-link-note").get_text().split())
    assert "to download the handout, the slides, the notebook" in note
    assert ("R lines" in note) == bool(r_files_of(name))


@pytest.mark.parametrize("name", ALL_LESSONS)
def test_exercises_offer_the_handouts_of_their_lesson(read, name):
    page = read(f"lessons/exercises/{name}_exercises.html")
    handouts = [f"../../handouts/{name}.pdf", f"../../handouts/{name}-solutions.pdf"]
    assert offered_by(page)[:2] == handouts
    assert [Path(link).name for link in offered_by(page)[3:]] == [
        *[f"{name}_student.ipynb", f"{name}_student.py"],
        *[f"{name}_exercises.ipynb", f"{name}_exercises.py"],
    ]
    for link in page.select(".sphx-glr-footer a[href]"):
        assert link.get_text().endswith(Path(link["href"]).name)  # it says what comes
        assert ("with solutions" in link.get_text()) == any(
            end in link["href"] for end in ["-solutions.", "_exercises."]
        )
    assert "handout" in page.select_one(".sphx-glr-download-link-note").get_text()


def test_a_row_for_each_lesson_in_order_with_all_its_files(read):
    rows = read("downloads.html").select("table.downloads tbody tr")
    lessons = [row.select_one("th a")["href"] for row in rows]
    assert lessons == [f"lessons/{name}.html" for name in ORDER]
    for name, row in zip(ORDER, rows, strict=True):
        title = read(f"lessons/{name}.html").select_one("h1").get_text().rstrip("¶")
        assert row.select_one("th").get_text().strip() == title
        assert [Path(link["href"]).name for link in row.select("td a")] == [
            *[f"{name}.pdf", f"{name}-solutions.pdf", f"{name}.ipynb", f"{name}.py"],
            *r_files_of(name),
            *[f"{name}_student.ipynb", f"{name}_student.py"],
            *[f"{name}_exercises.ipynb", f"{name}_exercises.py"],
        ]


def test_the_page_offers_what_is_for_the_whole_course(read):
    links = {link["href"] for link in read("downloads.html").select("article li a.external")}
    assert links - {"teach.html", "run_it_yourself.html"} == {
        "website.zip",
        "notebooks.zip",
        f"{wheel.FOLDER}/{wheel.wheel_name()}",
        "handouts/course.pdf",
        "handouts/slides.pdf",
        "handouts/slides-notes.pdf",
    }


def test_every_file_that_is_offered_is_there(site, read):
    pages = ["downloads.html", *(f"lessons/{name}.html" for name in ALL_LESSONS)]
    pages += [f"lessons/exercises/{name}_exercises.html" for name in ALL_LESSONS]
    missing = set()
    for page in pages:
        folder = (site / page).parent
        for link in read(page).select(
            ".sphx-glr-footer a[href], table.downloads td a[href], article li a[href*='.']"
        ):
            path = (folder / link["href"]).resolve()
            if path.suffix not in STARTS:
                continue
            if not path.is_file() or not path.read_bytes().startswith(STARTS[path.suffix]):
                missing.add(path.relative_to(site.resolve()).as_posix())
    assert missing == set()


def test_another_text_of_the_gallery_stops_the_build(tmp_path):
    app = SimpleNamespace(srcdir=tmp_path)
    page = (
        "to download the full example code.\n\n"
        "  .. container:: sphx-glr-footer sphx-glr-footer-example\n\n"
    )
    source = [page]
    downloads.write_footer(app, "lessons/iris_keras", source)
    assert "<../handouts/iris_keras-solutions.pdf>" in source[0]
    for changed in [page.replace("full", "whole"), page.replace("footer-example", "foot"), ""]:
        with pytest.raises(ExtensionError, match=r"lessons/iris_keras: expected one '.*gallery"):
            downloads.write_footer(app, "lessons/iris_keras", [changed])
    for other in ["lessons/index", "lessons/exercises/index", "glossary"]:
        source = [page]
        downloads.write_footer(app, other, source)
        assert source == [page]


# The ZIP ----------------------------------------------------------------------------------------


def test_the_zip_holds_the_website(site):
    """All of it, byte for byte, but that the page of downloads says where the copy is from."""
    expected = {name: path for name, path in files_of(site).items() if name != "website.zip"}
    with zipfile.ZipFile(site / "website.zip") as archive:
        names = archive.namelist()
        assert names == sorted(f"simple-to-deep/{name}" for name in [*expected, "README.txt"])
        for name, path in expected.items():
            content = archive.read(f"simple-to-deep/{name}")
            if name == "downloads.html":
                link = '<a class="reference external" href="website.zip">website.zip</a>'
                told = "website.zip (this copy of the website came out of it)"
                page = path.read_text(encoding="utf-8")
                assert page.count(link) == 1
                assert content.decode() == page.replace(link, told)
            else:
                assert content == path.read_bytes(), name
        for info in archive.infolist():
            packed = Path(info.filename).suffix in {".pdf", ".png", ".woff2", ".zip"}
            assert info.compress_type == (zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED)


def test_a_readme_names_the_page_to_open(unpacked):
    text = (unpacked / "README.txt").read_text(encoding="utf-8")
    assert text.startswith("From simple to deep neural networks\n=====")
    (named,) = re.findall(r"\b\w+\.html", text)
    assert (unpacked / named).is_file()


def small_website(folder: Path) -> Path:
    """A website that has one of everything that the ZIP treats in its own way."""
    for name, text in {
        "index.html": "home",
        "downloads.html": '<a class="external" href="website.zip">website.zip</a>',
        "b/picture.png": "picture",
        "a/style.css": "style " * 100,
        ".buildinfo": "hidden",
        ".nojekyll": "",
        ".doctrees/index.doctree": "hidden",
        "website.zip.part": "left by a build that was cut off",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_two_zips_of_the_same_website_are_the_same(site, tmp_path):
    zips = []
    for name in ["one", "two"]:
        folder = shutil.copytree(site, tmp_path / name, ignore=HIDDEN, copy_function=shutil.copy)
        (folder / "website.zip").unlink()
        (folder / "index.html").chmod(0o600 if name == "one" else 0o644)
        assert downloads.zip_website(folder, "Course")
        zips.append((folder / "website.zip").read_bytes())
        shutil.rmtree(folder)
    assert zips[0] == zips[1]


def test_neither_dates_nor_hidden_files_nor_remains_are_in_the_zip(tmp_path, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    website = small_website(tmp_path)
    downloads.zip_website(website, "Course")
    with zipfile.ZipFile(website / "website.zip") as archive:
        assert archive.namelist() == [
            f"simple-to-deep/{name}"
            for name in [".nojekyll", "README.txt", "a/style.css", "b/picture.png", *PAGES]
        ]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(365 * 24 * 3600 * 50))
    assert downloads.zip_website(website, "Course")
    with zipfile.ZipFile(website / "website.zip") as archive:
        assert {info.date_time[0] for info in archive.infolist()} == {2019}


def test_the_zip_is_only_written_if_something_has_changed(tmp_path):
    website = small_website(tmp_path)
    assert downloads.zip_website(website, "Course")
    before = (website / "website.zip").stat()
    assert not downloads.zip_website(website, "Course")
    after = (website / "website.zip").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    (website / "index.html").write_text("another", encoding="utf-8")
    assert downloads.zip_website(website, "Course")
    assert not (website / "website.zip.part").exists()


def test_a_build_that_is_cut_off_leaves_no_half_zip(tmp_path, monkeypatch):
    website = small_website(tmp_path)
    downloads.zip_website(website, "Course")
    before = (website / "website.zip").read_bytes()
    (website / "index.html").write_text("another", encoding="utf-8")
    whole = zipfile.ZipFile.writestr

    def cut_off(self, info, data):
        if info.filename.endswith("downloads.html"):
            raise KeyboardInterrupt
        whole(self, info, data)

    monkeypatch.setattr(zipfile.ZipFile, "writestr", cut_off)
    with pytest.raises(KeyboardInterrupt):
        downloads.zip_website(website, "Course")
    assert (website / "website.zip").read_bytes() == before
    assert not (website / "website.zip.part").exists()


def test_a_link_to_the_zip_that_is_not_as_expected_stops_the_build(tmp_path):
    website = small_website(tmp_path)
    page = website / "downloads.html"
    for text in ["", page.read_text(encoding="utf-8") * 2]:
        page.write_text(text, encoding="utf-8")
        with pytest.raises(ExtensionError, match=r"expected one link to website\.zip"):
            downloads.zip_website(website, "Course")


def test_only_a_website_that_was_built_is_packed(tmp_path, monkeypatch):
    website = small_website(tmp_path)
    monkeypatch.setattr(downloads, "zip_notebooks", lambda source, website: b"notebooks")

    def build(builder: str, exception: Exception | None) -> bool:
        app = SimpleNamespace(
            builder=SimpleNamespace(name=builder),
            config=SimpleNamespace(project="Course"),
            srcdir=str(website),
            outdir=str(website),
        )
        downloads.make_archives(app, exception)
        there = {(website / f"{name}.zip").exists() for name in ["website", "notebooks"]}
        assert len(there) == 1
        return there.pop()

    assert not build("text", None)
    assert not build("html", ValueError("a lesson failed"))
    assert build("html", None)


def test_the_website_is_packed_after_the_wheel_and_the_handouts_are_made():
    from paper import handouts

    def priority(extension) -> int:
        found = {}
        ignore = SimpleNamespace(
            add_directive=lambda *a, **k: None,
            add_config_value=lambda *a, **k: None,
            connect=lambda event, function, priority=500: found.setdefault(event, priority),
        )
        extension.setup(ignore)
        return found["build-finished"]

    assert priority(downloads) > max(priority(handouts), priority(wheel))


# The notebooks ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def notebooks(site, tmp_path_factory) -> Path:
    """The folder that comes out of the ZIP of the notebooks."""
    folder = tmp_path_factory.mktemp("notebooks")
    with zipfile.ZipFile(site / "notebooks.zip") as archive:
        archive.extractall(folder)
    (inside,) = folder.iterdir()
    return inside


def test_the_zip_has_all_notebooks_and_the_wheel(site, notebooks):
    offered = {path.name: path for path in site.glob("_downloads/*/*.ipynb")}
    offered[wheel.wheel_name()] = site / wheel.FOLDER / wheel.wheel_name()
    expected = [f"{name}{end}.ipynb" for name in ALL_LESSONS for end in ["", "_student"]]
    assert sorted(path.name for path in notebooks.iterdir()) == sorted(
        [*expected, wheel.wheel_name()]
    )
    for path in notebooks.iterdir():
        assert path.read_bytes() == offered[path.name].read_bytes()


def test_in_the_zip_each_notebook_leads_on_and_finds_the_wheel(notebooks):
    """The links between them, and the line that installs, as they are in the folder."""
    linked = set()
    for path in notebooks.glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        (file,) = re.findall(r'%pip install "(.+?\.whl)', "".join(cells[0]["source"]))
        assert (path.parent / file).is_file()
        for cell in cells:
            if cell["cell_type"] == "markdown":
                text = re.sub(r"```.*?```", "", "".join(cell["source"]), flags=re.S)  # R lines
                links = re.findall(r"\]\((?!https?:|attachment:)(.+?)\)", text)
                linked |= {(path.parent / unquote(link)).resolve() for link in links}
    assert {path.name for path in linked if not path.is_file()} == set()
    # Each notebook of exercises leads to its lesson.
    assert linked >= {(notebooks / f"{name}.ipynb").resolve() for name in ALL_LESSONS}


def test_run_it_yourself_offers_the_notebooks(read):
    assert read("run_it_yourself.html").select_one('article a[href="notebooks.zip"]')


# The copy that comes out of it -----------------------------------------------------------------


def test_no_link_of_the_copy_is_dead(unpacked):
    dead = set()
    pages = list(unpacked.rglob("*.html"))
    assert len(pages) > 2 * len(ALL_LESSONS)
    for page in pages:
        for address in re.findall(r'(?:href|src)="([^"#?]+)', page.read_text(encoding="utf-8")):
            if re.match(r"(https?|data|mailto):", address):
                continue
            target = (page.parent / unquote(address)).resolve()
            if not target.is_file() or not target.is_relative_to(unpacked.resolve()):
                dead.add(f"{page.relative_to(unpacked)}: {address}")
    assert dead == set()


@pytest.mark.parametrize("path", ["index", "lessons/iris_nopackages", "downloads", "search"])
def test_the_copy_opens_from_the_disk(open_page, unpacked, path):
    page = open_page(f"{path}.html", unpacked)
    page.wait_for_load_state("networkidle")
    assert page.locator("h1").is_visible()
    assert (page.outside, page.missing, page.complaints) == ([], [], [])


def test_in_the_copy_links_lead_on(open_page, unpacked):
    page = open_page("index.html", unpacked)
    page.locator("article a", has_text="Offline copy").click()
    page.wait_for_url("**/downloads.html")
    page.locator("table.downloads a", has_text="Iris by hand").click()
    page.wait_for_url("**/lessons/iris_nopackages.html")
    assert page.url.startswith(unpacked.as_uri())
    assert "Iris by hand" in page.locator("h1").inner_text()
    assert (page.outside, page.missing, page.complaints) == ([], [], [])


def test_in_the_copy_the_search_works(open_page, unpacked):
    page = open_page("search.html?q=backpropagation", unpacked)
    page.wait_for_selector("#search-results li a")
    assert "Iris by hand" in page.locator("#search-results").inner_text()
    assert (page.outside, page.missing, page.complaints) == ([], [], [])
