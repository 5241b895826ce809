# Everything is installed into .venv, pinned by version and hash. Needs git, make and Python 3.11 or newer with venv.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/python scripts/uv.py

# A stamp is named after what it stands for, so nothing is installed twice, and nothing is asked of the network.
hash = $(shell cat $(1) 2>/dev/null | sha256sum | cut -c1-16)
TOOLS := .venv/.tools-$(call hash,requirements/tools.txt)
RUN := .venv/.run-$(call hash,requirements/tools.txt requirements/run.txt pyproject.toml)
DEV := .venv/.dev-$(call hash,requirements/tools.txt requirements/dev.txt pyproject.toml)

.PHONY: help demo install test test-external soak bench pictures lint format types guards lock upgrade clean
help: ## say what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 15

demo: $(RUN) ## run maildock with sample mails, until Ctrl-C
	@exec $(BIN)/maildock demo

install: $(DEV) ## install maildock and what its tests need into .venv

test: $(DEV) ## run all tests, in a real browser and on two PostgreSQLs
	@$(BIN)/python -m scripts.run_tests

test-external: $(DEV) ## run all tests on the system's PostgreSQL, those too that `make test` runs on one only
	@$(BIN)/python -m scripts.run_tests external

soak: $(DEV) ## kill it over and over, and see that nothing is lost
	@$(BIN)/python -m pytest -m soak

bench: $(DEV) ## measure against the floors
	@$(BIN)/python -m scripts.bench

pictures: $(DEV) ## take the pictures in docs/images anew
	@scripts/need.sh chromium chromium
	@$(BIN)/python -m scripts.pictures

lint: $(DEV) ## ruff's view
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

format: $(DEV) ## let ruff mend what it can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

types: $(DEV) ## mypy's view
	@$(BIN)/mypy

guards: $(DEV) ## check the rules of the house (some read what `make test` left)
	@$(BIN)/python -m scripts.guards

lock: $(TOOLS) ## bring the locks in step with pyproject.toml, keeping versions
	@$(BIN)/python -m scripts.lock

upgrade: $(TOOLS) ## the same, with the newest versions
	@$(BIN)/python -m scripts.lock --upgrade

clean: ## remove all that was made
	rm -rf .venv .reports .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
	find src tests scripts -name __pycache__ -prune -exec rm -rf {} +

$(TOOLS):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "maildock needs Python 3.11 or newer; name one: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "maildock needs Python's venv; on Debian: sudo apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/tools.txt
	@touch $@

$(RUN): $(TOOLS)
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements/run.txt
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): $(TOOLS)
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@ $(RUN)
