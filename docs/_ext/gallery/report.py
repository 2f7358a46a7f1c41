"""What a reader can do about an error: at the foot of each page stands where to report it.

With the setting ``course_repository`` this is a form of GitHub's, and a link leads to the source of
the page. Without it, whoever gave the copy is to be told. The words are those of the template
``page.html``.
"""

import re
from urllib.parse import quote, urlencode

from sphinx.errors import ConfigError

REPOSITORY = re.compile(r"https://[\w.-]+/[\w.-]+/[\w.-]+")
NO_SOURCE = {"genindex", "py-modindex", "search"}  # pages that Sphinx makes
BODY = "Page: {page}\nVersion: {version}\n\nWhat I did, what I saw, and what I expected:\n"


def check_repository(app, config):
    """Stop a build that would link to nowhere."""
    address = config.course_repository
    if address and not REPOSITORY.fullmatch(address):
        raise ConfigError(
            "course_repository: expected an address such as https://github.com/NAME/REPO, or "
            f"nothing. Received: {address!r}. Correct it."
        )


def source_of(page: str) -> str:
    """The file of the repository from which a page is made.

    Args:
        page: its name on the website, such as ``lessons/iris_nopackages``.
    """
    folder, _, name = page.rpartition("/")
    if folder not in ("lessons", "lessons/exercises"):
        return f"docs/{page}.rst"
    file = "GALLERY_HEADER.rst" if name == "index" else f"{name}.py"
    return f"{folder.replace('lessons', 'scripts')}/{file}"


def addresses(repository: str, page: str, version: str) -> dict[str, str]:
    """Where the source of a page is, if it has one, and the form that reports an error on it."""
    form = {"title": f"Error on page {page}", "body": BODY.format(page=page, version=version)}
    found = {"report": f"{repository}/issues/new?{urlencode(form, quote_via=quote)}"}
    if page not in NO_SOURCE:
        found["source"] = f"{repository}/blob/HEAD/{source_of(page)}"
    return found


def tell_template(app, pagename, templatename, context, doctree):
    """Give the template the addresses for a page, or none."""
    repository = app.config.course_repository
    context["addresses"] = addresses(repository, pagename, app.config.release) if repository else {}


def name_version(app, docname, source):
    """Write the version where code on the page that says how to cite has ``VERSION``."""
    if docname == "cite":
        source[0] = source[0].replace("VERSION", app.config.release)


def setup(app):
    """Register with Sphinx."""
    app.add_config_value("course_repository", "", "html", str)
    app.connect("config-inited", check_repository)
    app.connect("html-page-context", tell_template)
    app.connect("source-read", name_version)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
