# shellcheck shell=bash
# Sourced by the other scripts: makes .venv and installs kitchensim into it, unless that is done already.
# Usage: setup [EXTRA]

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.14; do
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

# What package.json names: the libSQL server and the browser that tests run against, and what checks JavaScript, pages and
# workflow files. Without them those tests are skipped, or fail where CI=true. There is a server for Linux, and for macOS
# on Apple silicon; the browser is one for Linux, to which tests prefer one of the machine.
unpack_chromium() {
  node -e 'const [source, target] = process.argv.slice(1);
    const { createReadStream, createWriteStream } = require("node:fs");
    const unpacked = createReadStream(source).pipe(require("node:zlib").createBrotliDecompress());
    unpacked.pipe(createWriteStream(target, { mode: 0o755 }));' \
    node_modules/@sparticuz/chromium/bin/chromium.br node_modules/chromium
}

setup_npm() {
  local wanted
  wanted="$(cksum < package.json)"
  if [ "$(cat node_modules/installed 2>/dev/null)" = "$wanted" ]; then
    return
  fi
  echo "Installing a libSQL server, a browser and linters into node_modules ..." >&2
  if npm install --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error >&2; then
    if [ "$(uname -sm)" = "Linux x86_64" ]; then
      unpack_chromium || echo "the browser cannot be unpacked: tests of pages need one of the machine" >&2
    fi
    echo "$wanted" > node_modules/installed
  else
    echo "npm failed, or there is none: tests that need a libSQL server or a linter are skipped" >&2
  fi
}
