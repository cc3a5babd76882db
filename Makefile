# Pantau from a bare machine: `make run` starts it, `make test` tests it, `make help` tells the rest.

SHELL       := /bin/sh
VENV        := .venv
BIN         := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
TOOLS       := build/deploy-tools
ARGS        ?=

.DEFAULT_GOAL := help
.PHONY: setup run test demo check deploy-check deb deb-check bench chaos generate lock clean help

setup: $(VENV)/.run  ## build .venv with what running needs

run: $(VENV)/.run  ## start the daemon on checks.yaml
	$(BIN)/pantau run $(ARGS)

test: $(VENV)/.dev  ## run the whole test suite
	sh tests/install_peers.sh
	$(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

demo: $(VENV)/.run  ## a small simulated city on loopback, watched by the real daemon
	$(BIN)/pantau demo $(ARGS)

check: $(VENV)/.dev  ## format, lint, types, import contracts, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pip check --quiet --disable-pip-version-check
	$(BIN)/python -m tests.generate --check

deploy-check: $(VENV)/.dev $(TOOLS)/.done  ## judge deploy/ with the tools of those who run it
	DEPLOY_TOOLS=$(TOOLS)/bin $(BIN)/pytest tests/deploy $(ARGS)

deb: $(VENV)/.run  ## build the package for Debian, for this Debian's Python
	PIP=$(BIN)/pip deploy/debian/build.sh

deb-check: deb  ## as root: judge that package, and install, upgrade, remove and purge it in a Debian of its own
	sh tests/deploy/try_deb.sh dist/pantau_*.deb

bench: $(VENV)/.dev  ## measure performance, side by side
	sh tests/install_peers.sh
	$(BIN)/python -m tests.bench $(ARGS)

chaos: $(VENV)/.dev  ## the long fault-injection suite
	sh tests/install_peers.sh
	$(BIN)/pytest tests/chaos $(ARGS)

generate: $(VENV)/.dev  ## write the files that are made from the code
	$(BIN)/python -m tests.generate

# Names and hashes only: any package index serves them. The second file is the part that running needs,
# the third what make deploy-check needs.
FORM    = --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
COMPILE = $(BIN)/uv pip compile pyproject.toml $(FORM)
COMPILE_DEPLOY = $(BIN)/uv pip compile --group deploy $(FORM)

lock: $(VENV)/.dev  ## pin the newest releases that pyproject.toml allows
	@$(PIP_INSTALL) uv
	$(COMPILE) --upgrade --all-extras --group dev --output-file requirements.lock
	$(COMPILE) --extra report --group build --constraints requirements.lock --output-file requirements-run.lock
	$(COMPILE_DEPLOY) --upgrade --output-file requirements-deploy.lock

clean:  ## remove what make and the tools built; the daemon's data stays
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  make \1 \2/p' Makefile | awk '{printf "  make %-12s", $$2; $$1=$$2=""; print}'

# Stamps: a finished step is not repeated until what it was made from changes.
$(VENV)/.run: requirements-run.lock pyproject.toml | $(BIN)/pip
	@echo "Installing what Pantau needs into $(VENV): a minute, once."
	@$(PIP_INSTALL) --require-hashes -r requirements-run.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements.lock $(VENV)/.run
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@touch $@

$(TOOLS)/.done: requirements-deploy.lock $(VENV)/.run
	@echo "Installing what judges deploy/ into $(TOOLS): two minutes, once."
	@$(BIN)/python -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-deploy.lock
	@touch $@

# PYTHON names the interpreter; unset, it is the first of these that is new enough.
$(BIN)/pip:
	@for candidate in $${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do \
		"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && python="$$candidate" && break; \
	done; \
	test -n "$$python" || { echo "Pantau needs Python 3.11 or newer: install it, or name it with make PYTHON=/path/to/python3." >&2; exit 1; }; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$$python cannot make a virtual environment: install its venv module (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; }; \
	"$$python" -m venv $(VENV)
