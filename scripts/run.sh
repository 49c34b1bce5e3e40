#!/usr/bin/env bash
# Runs the assignment's scenario; leaves scripts/result.txt, scripts/page.html and scripts/charts/ behind.
source "$(dirname "$0")/_setup.sh"
setup
.venv/bin/sim run scenarios/assignment.yaml --out scripts "$@"
