# Centric: what a person types. Each target makes the environment it needs: with uv where there is
# one, with pip where not. Needs Python 3.11 or newer, git and make.

PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
  && echo $$p && break; done)
BIN := .venv/bin
DEMO ?= $(HOME)/.local/share/centric/demo.db

.PHONY: help demo test lint types contracts servers check bench soak screenshots docs clean

help:
	@echo "make demo         build a fictional store and open it"
	@echo "make test         prove this checkout: lint, types, layer contracts, tests"
	@echo "make bench        measure, as ratios to a floor or a peer in the same run"
	@echo "make soak         the longer fault and scale runs"
	@echo "make screenshots  draw screenshots/ anew from the demo store"
	@echo "make docs         generate the pages that are generated"

# The stamp says: this environment fits these files.
.venv/.ready: pyproject.toml uv.lock
	@if [ -z "$(PYTHON)" ]; then echo "Centric needs Python 3.11 or newer: none was found." >&2; exit 1; fi
	@if command -v uv >/dev/null 2>&1; then \
	  uv sync --quiet --frozen --group dev --compile-bytecode --python $(PYTHON) \
	  || { rm -rf .venv; echo "uv could not use its lock here: falling back to pip"; $(MAKE) --no-print-directory .venv-pip; }; \
	else $(MAKE) --no-print-directory .venv-pip; fi
	@touch $@

.PHONY: .venv-pip
.venv-pip:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev
	$(BIN)/python -m compileall -q console connectors db || true

demo: .venv/.ready
	@$(BIN)/python -m compileall -q console connectors db
	@$(BIN)/python -m console demo --store "$(DEMO)"

lint: .venv/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/.ready
	$(BIN)/mypy

contracts: .venv/.ready
	$(BIN)/lint-imports --no-cache

# The tests of the store run on PostgreSQL too, those of mail on Dovecot, of ssh:// on OpenSSH, of
# power cuts under strace; where these cannot be installed the tests say so and skip.
servers:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then missing=; \
	  ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null 2>&1 || command -v pg_ctl >/dev/null 2>&1 \
	    || missing="$$missing postgresql"; \
	  command -v dovecot >/dev/null 2>&1 || missing="$$missing dovecot-imapd openssl"; \
	  command -v sshd >/dev/null 2>&1 || missing="$$missing openssh-server"; \
	  command -v strace >/dev/null 2>&1 || missing="$$missing strace"; \
	  command -v bindfs >/dev/null 2>&1 || missing="$$missing bindfs"; \
	  if [ -n "$$missing" ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq -y --no-install-recommends $$missing; fi; fi

check: .venv/.ready servers
	$(BIN)/python -m compileall -q console connectors db
	$(BIN)/pytest -n 3 --dist loadfile

test: lint types contracts check

bench: .venv/.ready
	$(BIN)/python -m compileall -q console connectors db bench
	$(BIN)/python -m bench

# Servers that take over from each other need Patroni and etcd too.
soak: .venv/.ready servers
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && ! command -v patroni >/dev/null 2>&1; then \
	  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends patroni etcd-server; fi
	CENTRIC_SOAK=1 $(BIN)/pytest -n 2 -m soak tests

screenshots: .venv/.ready
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && ! { command -v rsvg-convert && fc-list | grep CJK; } >/dev/null 2>&1; then \
	  apt-get update -qq && apt-get install -qq -y --no-install-recommends librsvg2-bin fontconfig fonts-dejavu-core fonts-noto-cjk fonts-noto-color-emoji; fi
	$(BIN)/python -m screenshots

docs: .venv/.ready
	$(BIN)/python -m docs

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build dist
