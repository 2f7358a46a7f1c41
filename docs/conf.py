"""How Sphinx builds the website: python -m sphinx -M html docs docs/_build -W --keep-going ."""

import os
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
os.environ["MPLBACKEND"] = "agg"  # the figures go into files, not onto a screen
# A false alarm of OpenBLAS, see pyproject.toml; the lessons run in processes of their own.
os.environ["PYTHONWARNINGS"] = "ignore:invalid value encountered in matmul:RuntimeWarning"

project = "From simple to deep neural networks"
author = "The course's authors, after a lecture by Andrew Parnell"
project_copyright = f"2026, {author}"
version = release = installed_version("simple-to-deep")
language = "en-GB"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosectionlabel",
    "sphinx.ext.githubpages",  # writes .nojekyll
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "reference.data_card",
    "paper.deck",
    "gallery.differences",
    "gallery.downloads",
    "gallery.exercises",
    "gallery.figures",
    "reference.glossary_links",
    "paper.handouts",
    "gallery.language_tabs",
    "reference.layer_table",
    "lecture",
    "gallery.lesson_table",
    "gallery.made_with",
    "notebooks.notebooks",
    "reference.operations",
    "gallery.r_files",
    "gallery.report",
    "gallery.search",
    "gallery.wheel",
    "stale",
    "static_math",
]
exclude_patterns = ["_build"]
default_role = "py:obj"
nitpicky = True
nitpick_ignore_regex = [
    # Without a network the pages of other libraries cannot be looked up; their names stay.
    (r"py:.*", r"(collections|keras|matplotlib|numpy|np|os|pandas|pathlib|pd|statistics)\..*"),
    (r"py:.*", r"(Callable|Categorical|Figure|Iterable|Iterator|Mapping|PathLike|Sequence)"),
]
if tags.has("online"):  # noqa: F821 - Sphinx supplies it: python -m sphinx -t online ...
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "matplotlib": ("https://matplotlib.org/stable/", None),
        "numpy": ("https://numpy.org/doc/stable/", None),
        "pandas": ("https://pandas.pydata.org/docs/", None),
        "python": ("https://docs.python.org/3/", None),
    }

autosectionlabel_prefix_document = True  # :ref:`lessons/iris_nopackages:Step 1: data`

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True}

# The lessons ------------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": "../scripts",
    "gallery_dirs": "lessons",
    "filename_pattern": "",  # run every script, whatever its name
    "within_subsection_order": "lecture.LessonOrder",
    "parallel": 2,
    "capture_repr": ("_repr_html_",),
    "first_notebook_cell": (
        "# This notebook needs the package of the course. Its file lies beside the notebooks in\n"
        "# notebooks.zip, and alone on the page Downloads of the website. With the file in the\n"
        "# folder of this notebook, take the # from the next line and run it, once:\n"
        '# %pip install "simple_to_deep-VERSION-py3-none-any.whl[keras]"\n'
        "# (Where a line ends in a semicolon, Jupyter does not write what it returns.)"
    ),
    "image_srcset": ["2x"],
    "reset_modules": ("matplotlib", "lecture.reset_keras"),
    "show_memory": False,
    "show_signature": False,
    "download_all_examples": False,
    "remove_config_comments": True,
    "write_computation_times": False,
}

# The pages --------------------------------------------------------------------------------

html_theme = "furo"
html_title = project
html_math_renderer = "katex"
html_static_path = ["_static"]
templates_path = ["_templates"]
# Where the course lies, if on GitHub: -D course_repository=https://github.com/NAME/REPO
course_repository = ""
html_css_files = ["course.css"]
html_js_files = [("course.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_search_scorer = str(Path(__file__).parent / "_ext" / "gallery" / "search_scorer.js")
copybutton_exclude = ".linenos, .gp, .go"
suppress_warnings = [
    "config.cache",  # the gallery's settings hold objects that cannot be stored
    "sphinx_gallery.space_in_filename",  # a folder such as "My Courses" will do
    "autosectionlabel.*",  # a heading may stand twice on a page; links to it go to the first
]
