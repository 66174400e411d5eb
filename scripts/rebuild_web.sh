#!/bin/sh
# Rebuilds suyuan/web/static/graphiql from suyuan/web/source.
# With --check it fails when the result differs from what is committed.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
export PATH

if ! command -v npm >/dev/null; then
    echo "No npm found. Run 'make setup', which installs Node with the development tools." >&2
    exit 1
fi

(
    cd suyuan/web/source
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    npm run --silent check
    npm run --silent build
)

if [ "${1:-}" = "--check" ]; then
    changes=$(git status --porcelain -- suyuan/web/static/graphiql)
    if [ -n "$changes" ]; then
        printf 'The built files differ from the committed ones:\n%s\n' "$changes" >&2
        echo "Run scripts/rebuild_web.sh and commit suyuan/web/static/graphiql." >&2
        exit 1
    fi
    echo "The built files are those that are committed."
fi
