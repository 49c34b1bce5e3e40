"""How Sphinx makes the documentation site: `sphinx-build -W --keep-going docs site`."""

from importlib.metadata import version as version_of

project = "kitchensim"
version = release = version_of("kitchensim")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["README.md"]
html_theme = "furo"
html_title = "kitchensim"
myst_heading_anchors = 4
autodoc_member_order = "bysource"
