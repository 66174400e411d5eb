# Everything a user or developer runs. Each target makes .venv itself; only Python 3.11+ and make are needed.
STORE ?= sqlite
PORT ?= 8000
PY := .venv/bin/python

.PHONY: help setup demo test check bench faults web schema lock clean

help:
	@echo "make demo [STORE=neo4j] [PORT=8000]  simulate a market, ingest it, trace a listing, serve it"
	@echo "make test                            all tests, on SQLite and on a real Neo4j"
	@echo "make check                           format, lint, types, layers, generated files"
	@echo "make bench                           every benchmark, one table"
	@echo "make faults                          the long fault and crash tests"

setup:
	@scripts/setup.sh dev

demo:
	@scripts/setup.sh $(if $(filter neo4j,$(STORE)),neo4j-local,core)
	@.venv/bin/suyuan demo --store $(STORE) --port $(PORT) $(DEMO_ARGS)

# Two processes at most: one with all tests on the one Neo4j, which mostly wait for it, one with the others.
test: setup
	$(PY) -m pytest -q -n auto --maxprocesses=2 --no-loadscope-reorder

check: setup
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m pyright
	.venv/bin/lint-imports
	$(PY) scripts/generated.py --check
	scripts/rebuild_web.sh --check

bench: setup
	$(PY) -m benchmarks

faults: setup
	SUYUAN_FAULTS=1 $(PY) -m pytest -q -m "slow or not slow" tests

schema: setup
	$(PY) scripts/generated.py

lock:
	scripts/lock.sh

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache
