#!/usr/bin/env bash
# Runs the assignment's scenario; leaves scripts/result.txt, scripts/page.html and scripts/charts/ behind.
source "$(dirname "$0")/_setup.sh"
setup fast
.venv/bin/sim run scenarios/assignment.yaml --out scripts "$@"
echo "Look at scripts/result.txt and scripts/page.html; then try:"
echo "  .venv/bin/sim new lunch"
