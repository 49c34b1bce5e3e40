#!/usr/bin/env bash
# Lint, types, import contract and tests. Arguments go to pytest.
source "$(dirname "$0")/_setup.sh"
setup test
setup_npm
.venv/bin/ruff check --quiet .
.venv/bin/ruff format --check --quiet .
.venv/bin/mypy
.venv/bin/lint-imports --no-logo
.venv/bin/pytest -n 3 --nbmake "$@" tests notebooks
