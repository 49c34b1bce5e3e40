#!/usr/bin/env bash
# Builds the wheel into dist/.
source "$(dirname "$0")/_setup.sh"
setup
.venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
ls dist/*.whl
