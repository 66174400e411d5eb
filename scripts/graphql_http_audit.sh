#!/bin/sh
# Audits a running server against GraphQL over HTTP: scripts/graphql_http_audit.sh http://127.0.0.1:8000/graphql
set -eu
folder="$(dirname "$0")/../tests/api/graphql_http_audit"
PATH="$(cd "$(dirname "$0")/.." && pwd)/.venv/bin:$PATH"
export PATH
[ -d "$folder/node_modules" ] || (cd "$folder" && npm ci --ignore-scripts --loglevel=error >&2)
exec node "$folder/audit.mjs" "$@"
