#!/usr/bin/env bash
# Renews the locks in requirements/ from pyproject.toml (needs uv). Locks hold hashes and no host names.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() {
  local out="$1"
  shift
  uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
    pyproject.toml "$@" -o "requirements/${out}.txt"
}
lock core
lock neo4j-local --extra neo4j-local
lock notebook --extra notebook
lock dev --extra neo4j-local --extra notebook --group dev
printf 'hatchling\neditables\n' | uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-header --no-annotate - -o requirements/build.txt
