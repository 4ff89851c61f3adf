"""How Sphinx builds this site. What the site adds to Sphinx is ``_extensions/symlib_site``."""

import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_extensions"), str(HERE / "simulations")]

# The same bytes on every machine: one thread for sums, one date for all files.
for threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(threads, "1")
os.environ.setdefault("SOURCE_DATE_EPOCH", "1767225600")

import symlib  # noqa: E402 - after the environment is set

project = "symlib"
author = "The symlib developers"
project_copyright = "The symlib developers. Code: BSD-3-Clause. Prose and figures: CC BY 4.0"
version = release = symlib.__version__
language = "en"

# What the site says of itself where no page speaks
symlib_summary = (
    "Why the initial weights of a neural network are random, and not all 0.5: every claim "
    "executed, measured and checked."
)

# Where the site will be served; only then can a downloaded script fetch the library from it.
html_baseurl = os.environ.get("SYMLIB_BASEURL") or os.environ.get("READTHEDOCS_CANONICAL_URL", "")
# The processes that draw the figures ask whether there will be cards, which need an address.
os.environ.setdefault("SYMLIB_CARDS", "yes" if html_baseurl else "")

# A page's name in SYMLIB_PAGE: execute that page alone, and call the result a draft.
symlib_draft = os.environ.get("SYMLIB_PAGE", "")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "myst_nb",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
    "symlib_site",
]
exclude_patterns = [
    "_build",
    "_extensions",
    "_fonts",
    "_static",
    "requirements.txt",
    # myst-nb would take the gallery's notebooks for pages and push the real ones out
    *(f"gallery/**/*.{kind}" for kind in ("ipynb", "py", "zip", "json", "md5")),
    "gallery/**/GALLERY_HEADER.rst",
    "sg_execution_times.rst",
    "gallery/**/sg_execution_times.rst",
    # in _static, and not for the site: the image of the README, and the style of figures
    "**/tied_units.svg",
    "**/symlib.mplstyle",
]
templates_path = ["_templates"]
nitpicky = True

# Prose
myst_enable_extensions = [
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
    "substitution",
]
myst_substitutions = {"version": version}
myst_heading_anchors = 3
bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "plain"
bibtex_reference_style = "author_year"
html_math_renderer = "mathml"

# Notebooks: executed on every build
nb_execution_mode = "force"
nb_execution_raise_on_error = False  # a warning, which shows the claim that failed
nb_execution_timeout = 120
nb_execution_excludepatterns = [
    page.name
    for folder in ("bench", "explanation", "how_to", "study", "zoo")
    for page in HERE.glob(f"{folder}/*.md")
    if symlib_draft not in ("", page.stem)
]
nb_execution_show_tb = True
nb_output_stderr = "error"  # a warning inside a cell is a fault of the page
nb_merge_streams = True

# Addresses outside the site: only `nox -s linkcheck` asks them
linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_report_timeouts_as_broken = False  # a slow host is not a dead one
linkcheck_ignore = [
    r"http://(localhost|127\.0\.0\.1)",
    r"https://doi\.org/",  # leads to publishers, who refuse machines
    r"(\.\./)*(wheels/|symlib-)",  # made when the pages are
]

# Reference: shapes such as (fan_in, units) are prose, not names to look up
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style")]
default_role = "any"

# Gallery: executed on every build; a path on Windows has backslashes, which a pattern must escape
EXECUTED = re.escape(os.sep) + (rf"{symlib_draft}\.py$" if symlib_draft else "plot_")
sphinx_gallery_conf = {
    "examples_dirs": ["../gallery"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": EXECUTED,
    "subsection_order": "symlib_site.gallery.section_order",
    "within_subsection_order": "symlib_site.gallery.page_order",
    "image_scrapers": ("symlib_site.figures.scraper",),
    "reset_modules": ("symlib_site.gallery.reset",),
    "reset_modules_order": "both",
    "abort_on_example_error": True,
    "run_stale_examples": not tags.has("live"),  # noqa: F821
    "capture_repr": (),
    "min_reported_time": 1_000_000,
    "write_computation_times": False,
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
    "thumbnail_size": (400, 280),
    "junit": str(HERE / "_build" / "junit.xml"),
    "plot_gallery": True,
    "parallel": os.cpu_count() or 1,
    "download_all_examples": True,
}

# Looks
html_theme = "furo"
html_title = "symlib"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["symlib.css"]
html_scaled_image_link = False
html_copy_source = False
html_domain_indices = html_use_index = False  # the search finds what they list
html_show_sphinx = False
html_last_updated_fmt = None
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0f6097",
        "color-brand-content": "#0f6097",
    },
    "dark_css_variables": {
        "color-brand-primary": "#6cb8ee",
        "color-brand-content": "#6cb8ee",
    },
    "navigation_with_keys": False,
}
if symlib_draft:
    html_theme_options["announcement"] = f"A draft: of all pages only {symlib_draft} was executed."
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
