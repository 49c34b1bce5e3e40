#!/usr/bin/env bash
# Builds the documentation site into site/; any warning is an error.
source "$(dirname "$0")/_setup.sh"
setup docs
rm -rf site
.venv/bin/sphinx-build --quiet --fail-on-warning --keep-going --fresh-env docs site
echo "open site/index.html"
