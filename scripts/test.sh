#!/usr/bin/env bash
# Lint, types, import contract and tests. Arguments go to pytest, but for the first:
# --quick runs only tests that start no program; --coverage measures what of sim/ the tests run, in twice the time.
source "$(dirname "$0")/_setup.sh"
kind=
case "${1:-}" in
  --quick | --coverage)
    kind="${1#--}"
    shift
    ;;
esac
setup test
[ "$kind" = quick ] || setup_npm
# Tests start hundreds of programs, each of which would compile the sources anew.
unset PYTHONDONTWRITEBYTECODE
# Nor do they need the threads that each of them would start for linear algebra.
export OPENBLAS_NUM_THREADS=1
.venv/bin/python -m compileall -q sim kitchensim_pytest.py

# The types take as long as they like beside the tests; what they say comes after them.
types="$(mktemp)"
.venv/bin/mypy > "$types" 2>&1 &
mypy=$!
# In a new checkout the engine is compiled here, beside the linters, instead of by a worker that others wait for.
[ "$kind" = quick ] || .venv/bin/python -c "from sim.experiment.compiling import compile_now; compile_now()" &
compiling=$!
trap 'kill "$mypy" "$compiling" 2> /dev/null || true; rm -f "$types"' EXIT
.venv/bin/ruff check --quiet .
.venv/bin/ruff format --check --quiet .
.venv/bin/lint-imports --no-logo
# Without npm nobody looks at the JavaScript; in CI that fails.
if [ -x node_modules/.bin/biome ] || [ "${CI:-}" = true ]; then
  node_modules/.bin/biome check --log-level=warn
  node_modules/.bin/tsc
fi
wait "$compiling"

workers=$(($(getconf _NPROCESSORS_ONLN) + 1))
status=0
case "$kind" in
  quick) .venv/bin/pytest -n auto --dist worksteal --quick "$@" tests || status=$? ;;
  coverage) # the thorough way, as in CI: property tests try more examples
    .venv/bin/coverage erase
    .venv/bin/coverage run -m pytest -n "$workers" --dist worksteal --hypothesis-profile=thorough "$@" tests || status=$?
    .venv/bin/coverage combine --quiet
    .venv/bin/coverage report || status=$?
    ;;
  *) .venv/bin/pytest -n "$workers" --dist worksteal "$@" tests || status=$? ;;
esac
wait "$mypy" || status=$?
cat "$types"
exit "$status"
