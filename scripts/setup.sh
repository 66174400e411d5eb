#!/usr/bin/env bash
# Makes .venv in the project root with the locked requirements of one set: core, neo4j-local or dev.
# Needs Python 3.11 to 3.14; uses uv where it is installed, otherwise venv and pip.
set -euo pipefail
cd "$(dirname "$0")/.."
set_name="${1:-core}"
lock="requirements/${set_name}.txt"
stamp=".venv/.suyuan-${set_name}"

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3.14 python3 python; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  echo "Suyuan needs Python 3.11 to 3.14, and none was found. Install one (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python) and run this again." >&2
  return 1
}

make_venv() {
  local python
  python="$(find_python)"
  if command -v uv >/dev/null; then
    uv venv -q --python "$python" .venv
    return
  fi
  if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      apt-get update -q >/dev/null && apt-get install -y -q python3-venv >/dev/null
    else
      echo "This Python has no venv module. Run: sudo apt-get install python3-venv" >&2
      return 1
    fi
  fi
  "$python" -m venv .venv
}

install_locked() {
  if command -v uv >/dev/null; then
    uv pip install -q --python .venv/bin/python "$@"
  else
    .venv/bin/python -m pip install -q --disable-pip-version-check "$@"
  fi
}

newest_input() { cat "$lock" requirements/build.txt pyproject.toml | cksum; }

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(newest_input)" ]; then
  exit 0
fi
[ -x .venv/bin/python ] || { echo "Making .venv ..." >&2; make_venv; }
echo "Installing the locked requirements (${set_name}) ..." >&2
install_locked --require-hashes -r "$lock"
install_locked --require-hashes -r requirements/build.txt
install_locked --no-deps --no-build-isolation -e .
newest_input > "$stamp"
